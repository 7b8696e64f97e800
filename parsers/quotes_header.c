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

/* Folded. */
static const char *const from[] = {"from", "von", "de", "da", "van", "od", "от", "від", "från", "fra", "发件人", "寄件者",
	"寄件人", "差出人", "送信者", "发送人", "feladó", "lähettäjä", "kimden", "expéditeur", "remitente", "mittente", "nadawca",
	"отправитель", "відправник", "absender", "보낸 사람", NULL};
static const char *const date[] = {"sent", "date", "gesendet", "datum", "gesendet am", "envoyé", "envoyé le",
	"date d'envoi", "enviado", "enviado el", "enviado em", "enviada", "enviada em", "fecha", "data", "inviato",
	"verzonden", "wysłano", "wysłane", "отправлено", "дата", "дата отправки", "надіслано", "відправлено", "skickat",
	"sendt", "dato", "发送时间", "日期", "时间", "寄件日期", "傳送時間", "送信日時", "日付", "日時", "date sent", "odesláno", "elküldve",
	"lähetetty", "보낸 날짜", NULL};
static const char *const to[] = {"to", "an", "à", "a", "para", "aan", "do", "кому", "till", "til", "收件人", "收件者",
	"宛先", "destinataire", "destinatario", "empfänger", "komu", "받는 사람", "címzett", "vastaanottaja", NULL};
static const char *const subject[] = {"subject", "betreff", "objet", "asunto", "oggetto", "assunto", "onderwerp",
	"temat", "тема", "ämne", "emne", "主题", "主旨", "主題", "件名", "sujet", "předmět", "tárgy", "aihe", "konu", "제목", "thema", NULL};
static const char *const other[] = {"cc", "bcc", "kopie", "kopi", "kopia", "copie", "copie à", "copia", "cópia",
	"копия", "копія", "dw", "抄送", "副本", "kopia till", "kopi til", "reply-to", "reply to", "antwort an", "répondre à",
	"responder a", "rispondi a", "importance", "priority", "wichtigkeit", "priorität", "attachments", "anlagen",
	"sent by", "gesendet von", "organization", "organisation", "categories", "sensitivity", "mailing list",
	"importancia", "priorità", NULL};
static const char *const raw[] = {"message-id", "received", "mime-version", "content-type", "return-path",
	"dkim-signature", "authentication-results", "x-mailer", NULL};

static enum field field_named(const char *s, size_t n)
{
	static const char *const *const names[] = {[F_FROM] = from, [F_DATE] = date, [F_TO] = to, [F_SUBJECT] = subject, [F_OTHER] = other,
	    [F_RAW] = raw};

	for (enum field f = F_FROM; f <= F_RAW; f++)
		if (word_list_is(s, n, names[f]))
			return f;
	return F_NONE;
}

/* The field that a line begins with; *value behind its colon. */
static enum field field_of(const struct line *l, const char **value, size_t *n)
{
	const char *s = l->f, *colon, *end;
	bool cell = l->flen > 0 && *s == '|'; /* "| From | Ann Lee |" */
	size_t k;

	while (s < l->f + l->flen && (*s == '>' || *s == ' ' || *s == '|'))
		s++;
	k = (size_t)(l->f + l->flen - s);
	k = k < FIELD_MAX ? k : FIELD_MAX;
	colon = memchr(s, ':', k);
	if (cell && (end = memchr(s, '|', colon != NULL ? (size_t)(colon - s) : k)) != NULL)
		colon = end;
	if (colon == NULL)
		return F_NONE;
	*value = colon + 1;
	*n = (size_t)(l->f + l->flen - *value);
	for (k = (size_t)(colon - s); k > 0 && s[k - 1] == ' ';)
		k--;
	return field_named(s, k);
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
