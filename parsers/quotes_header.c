/*
 * quotes_header.c - pasted header blocks of the message that is answered: "From: … Sent: … To: … Subject: …" in the languages
 * of the mail programs. Runs in the parser worker; linear, as a block has a bounded number of lines.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_private.h"
#include "word_list.h"

#define BLOCK_LINES 24 /* with long lists of recipients */
#define FIELD_MAX 40
#define FOLDED_MAX 8   /* lines of one field */

enum field { F_NONE, F_FROM, F_DATE, F_TO, F_SUBJECT, F_OTHER, F_RAW };

/* Folded. A name may stand for two fields ("data", "van"): the first fits. */
static const struct {
	const char *name;
	enum field field;
} fields[] = {
	{"from", F_FROM}, {"von", F_FROM}, {"de", F_FROM}, {"da", F_FROM}, {"van", F_FROM}, {"od", F_FROM},
	{"от", F_FROM}, {"від", F_FROM}, {"från", F_FROM}, {"fra", F_FROM}, {"发件人", F_FROM}, {"寄件者", F_FROM},
	{"寄件人", F_FROM}, {"差出人", F_FROM}, {"送信者", F_FROM}, {"发送人", F_FROM}, {"feladó", F_FROM},
	{"lähettäjä", F_FROM}, {"kimden", F_FROM}, {"expéditeur", F_FROM}, {"remitente", F_FROM},
	{"mittente", F_FROM}, {"nadawca", F_FROM}, {"отправитель", F_FROM}, {"відправник", F_FROM},
	{"absender", F_FROM}, {"보낸 사람", F_FROM}, {"sent", F_DATE}, {"date", F_DATE}, {"gesendet", F_DATE},
	{"datum", F_DATE}, {"gesendet am", F_DATE}, {"envoyé", F_DATE}, {"envoyé le", F_DATE},
	{"date d'envoi", F_DATE}, {"enviado", F_DATE}, {"enviado el", F_DATE}, {"enviado em", F_DATE},
	{"enviada", F_DATE}, {"enviada em", F_DATE}, {"fecha", F_DATE}, {"data", F_DATE}, {"inviato", F_DATE},
	{"verzonden", F_DATE}, {"wysłano", F_DATE}, {"wysłane", F_DATE}, {"отправлено", F_DATE}, {"дата", F_DATE},
	{"дата отправки", F_DATE}, {"надіслано", F_DATE}, {"відправлено", F_DATE}, {"skickat", F_DATE},
	{"sendt", F_DATE}, {"dato", F_DATE}, {"发送时间", F_DATE}, {"日期", F_DATE}, {"时间", F_DATE}, {"寄件日期", F_DATE},
	{"傳送時間", F_DATE}, {"送信日時", F_DATE}, {"日付", F_DATE}, {"日時", F_DATE}, {"date sent", F_DATE},
	{"odesláno", F_DATE}, {"elküldve", F_DATE}, {"lähetetty", F_DATE}, {"보낸 날짜", F_DATE}, {"to", F_TO},
	{"an", F_TO}, {"à", F_TO}, {"a", F_TO}, {"para", F_TO}, {"aan", F_TO}, {"do", F_TO}, {"кому", F_TO},
	{"till", F_TO}, {"til", F_TO}, {"收件人", F_TO}, {"收件者", F_TO}, {"宛先", F_TO}, {"destinataire", F_TO},
	{"destinatario", F_TO}, {"empfänger", F_TO}, {"komu", F_TO}, {"받는 사람", F_TO}, {"címzett", F_TO},
	{"vastaanottaja", F_TO}, {"subject", F_SUBJECT}, {"betreff", F_SUBJECT}, {"objet", F_SUBJECT},
	{"asunto", F_SUBJECT}, {"oggetto", F_SUBJECT}, {"assunto", F_SUBJECT}, {"onderwerp", F_SUBJECT},
	{"temat", F_SUBJECT}, {"тема", F_SUBJECT}, {"ämne", F_SUBJECT}, {"emne", F_SUBJECT}, {"主题", F_SUBJECT},
	{"主旨", F_SUBJECT}, {"主題", F_SUBJECT}, {"件名", F_SUBJECT}, {"sujet", F_SUBJECT}, {"předmět", F_SUBJECT},
	{"tárgy", F_SUBJECT}, {"aihe", F_SUBJECT}, {"konu", F_SUBJECT}, {"제목", F_SUBJECT}, {"cc", F_OTHER},
	{"bcc", F_OTHER}, {"kopie", F_OTHER}, {"kopi", F_OTHER}, {"kopia", F_OTHER}, {"copie", F_OTHER},
	{"copie à", F_OTHER}, {"copia", F_OTHER}, {"cópia", F_OTHER}, {"копия", F_OTHER}, {"копія", F_OTHER},
	{"dw", F_OTHER}, {"抄送", F_OTHER}, {"副本", F_OTHER}, {"kopia till", F_OTHER}, {"kopi til", F_OTHER},
	{"reply-to", F_OTHER}, {"reply to", F_OTHER}, {"antwort an", F_OTHER}, {"répondre à", F_OTHER},
	{"responder a", F_OTHER}, {"rispondi a", F_OTHER}, {"importance", F_OTHER}, {"priority", F_OTHER},
	{"wichtigkeit", F_OTHER}, {"priorität", F_OTHER}, {"attachments", F_OTHER}, {"anlagen", F_OTHER},
	{"sent by", F_OTHER}, {"gesendet von", F_OTHER}, {"organization", F_OTHER}, {"organisation", F_OTHER},
	{"thema", F_SUBJECT}, {"categories", F_OTHER}, {"sensitivity", F_OTHER}, {"mailing list", F_OTHER},
	{"importancia", F_OTHER}, {"priorità", F_OTHER}, {"message-id", F_RAW}, {"received", F_RAW},
	{"mime-version", F_RAW}, {"content-type", F_RAW}, {"return-path", F_RAW}, {"dkim-signature", F_RAW},
	{"authentication-results", F_RAW}, {"x-mailer", F_RAW},
};

/* The field that a line begins with; *value behind its colon. */
static enum field field_of(const struct line *l, const char **value, size_t *n)
{
	const char *s = l->f, *colon;
	size_t k;

	while (s < l->f + l->flen && (*s == '>' || *s == ' ' || *s == '|'))
		s++;
	k = (size_t)(l->f + l->flen - s);
	colon = memchr(s, ':', k < FIELD_MAX ? k : FIELD_MAX);
	if (colon == NULL)
		return F_NONE;
	*value = colon + 1;
	*n = (size_t)(l->f + l->flen - *value);
	for (k = (size_t)(colon - s); k > 0 && s[k - 1] == ' ';)
		k--;
	for (size_t i = 0; i < ASCII_COUNT(fields); i++)
		if (k > 0 && fields[i].name[0] == s[0] && strlen(fields[i].name) == k && memcmp(fields[i].name, s, k) == 0)
			return fields[i].field;
	return F_NONE;
}

/* A line in an unknown language that could be a field: a short name and something behind it. */
static bool could_be_field(const struct line *l)
{
	const char *colon = memchr(l->f, ':', l->flen < FIELD_MAX ? l->flen : FIELD_MAX);

	return colon != NULL && colon > l->f && colon + 2 < l->f + l->flen && colon[1] == ' ';
}

struct block {
	unsigned seen[F_RAW + 1];
	size_t fields, foreign;
	bool address, date; /* a sender's address, a sending date are there */
};

static void note_field(struct block *b, enum field f, const char *value, size_t n)
{
	b->seen[f]++;
	b->fields++;
	if (f == F_FROM)
		b->address |= memchr(value, '@', n) != NULL;
	if (f == F_DATE)
		b->date |= text_has_date(value, n) || text_has_time(value, n);
}

/* Lines of the block; what it holds. */
static size_t read_block(const struct split *sp, size_t at, bool sure, struct block *b)
{
	size_t i = at, end = at, folded = 0;
	enum field last = F_NONE;

	for (; i < sp->n && i < at + BLOCK_LINES; i++) {
		const struct line *l = &sp->lines[i];
		const char *value;
		size_t n;
		enum field f = field_of(l, &value, &n);

		if (i > at && l->gap && b->seen[F_SUBJECT] > 0 && f != F_OTHER)
			break;
		if (f != F_NONE) {
			if (b->seen[f] > 0 && f != F_OTHER && f != F_RAW)
				break;
			note_field(b, f, value, n);
			last = f;
			folded = 0;
			end = i + 1;
		} else if (sure && could_be_field(l) && !l->gap && last == F_NONE) {
			b->foreign++;
			end = i + 1;
		} else if (i == at || l->gap || last == F_NONE || last == F_SUBJECT || last == F_DATE ||
				   ++folded > FOLDED_MAX) {
			break; /* a subject may be folded too, but nobody can tell it from text */
		}
	}
	return end - at;
}

static bool presented(const struct split *sp, size_t at)
{
	const struct line *above = at > 0 ? &sp->lines[at - 1] : NULL;

	return above != NULL && above->part == NEW && line_last(above) == ':';
}

/* A whole block that lost its line ends: "From: … Sent: … To: … Subject: …". */
static bool is_one_line(const char *value, size_t n)
{
	static const char *const dates[] = {" sent: ", " date: ", " gesendet: ", " datum: ", " envoyé : ", " envoyé: ", " enviado: ",
		" enviado el: ", " enviada em: ", " inviato: ", " verzonden: ", " wysłano: ", " отправлено: ", " надіслано: ", " skickat: ",
		" sendt: ", NULL};
	static const char *const subjects[] = {" subject: ", " betreff: ", " objet : ", " objet: ", " asunto: ", " oggetto: ", " assunto: ",
		" onderwerp: ", " temat: ", " тема: ", " ämne: ", " emne: ", NULL};

	return word_list_within(value, n, dates) && word_list_within(value, n, subjects) && text_has_date(value, n);
}

size_t quotes_header_block(const struct split *sp, size_t at, bool sure)
{
	struct block b = {0};
	const char *value;
	size_t n, count;
	enum field first = at < sp->n ? field_of(&sp->lines[at], &value, &n) : F_NONE;

	if (at >= sp->n || (!sure && first != F_FROM && first != F_DATE && first != F_SUBJECT))
		return 0;
	if (first == F_FROM && is_one_line(value, n))
		return presented(sp, at) ? 0 : 1;
	count = read_block(sp, at, sure, &b);
	if (sure)
		return b.fields >= 2 || b.foreign >= 3 || (b.fields == 1 && b.seen[F_FROM]) ? count : 0;
	if (b.seen[F_RAW] > 0 || presented(sp, at))
		return 0;
	if (b.seen[F_FROM] && b.seen[F_DATE] && (b.seen[F_TO] || b.seen[F_SUBJECT]))
		return b.date || b.address || b.fields >= 4 ? count : 0;
	if (b.seen[F_FROM] && b.seen[F_TO] && b.seen[F_SUBJECT])
		return b.address ? count : 0;
	if (sp->lines[at].gap && b.seen[F_FROM] && b.seen[F_DATE])
		return b.date && b.address ? count : 0;
	return sp->lines[at].gap && b.seen[F_DATE] && b.seen[F_TO] && b.date ? count : 0;
}
