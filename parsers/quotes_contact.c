/*
 * quotes_contact.c - tables of closing phrases, labels and the words of disclaimers, in folded form. Runs in the parser
 * worker; every test is linear in its lines.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_contact.h"
#include "word_index.h"
#include "word_list.h"

#define SHORT_MAX 90
#define DISCLAIMER_MIN 70 /* bytes */

static const char *const strong[] = {"best regards", "kind regards", "regards", "warm regards",
	"warmest regards", "best wishes", "with best regards", "with kind regards", "kindest regards",
	"many thanks and regards", "thanks and regards", "thanks & regards", "thank you and regards",
	"thanks and best regards", "thanks & best regards", "thanks and kind regards", "sincerely",
	"yours sincerely", "sincerely yours", "yours faithfully", "yours truly", "respectfully", "cordially",
	"all the best", "br", "rgds", "kr", "b.r.", "rgrds", "with regards", "brgds", "best rgds", "kind rgds",
	"thanks & rgds", "thanks and rgds", "b/r", "thanks & br", "at your service", "with thanks and regards", "mit freundlichen grüßen",
	"mit freundlichen grüssen", "mit freundlichen gruessen", "mit freundlichem gruß", "mit freundlichem gruss",
	"freundliche grüße", "freundliche grüsse", "freundlicher gruß", "viele grüße", "viele grüsse",
	"viele gruesse", "beste grüße", "beste grüsse", "beste gruesse", "besten gruß", "schöne grüße",
	"schöne grüsse", "liebe grüße", "liebe grüsse", "herzliche grüße", "herzliche grüsse", "mit besten grüßen",
	"mit besten grüssen", "mit vielen grüßen", "mit bestem gruß", "gruß", "gruss", "grüße", "grüsse", "mfg",
	"vg", "lg", "hochachtungsvoll", "cordialement", "bien cordialement", "très cordialement", "salutations",
	"salutations distinguées", "meilleures salutations", "sincères salutations", "bien à vous",
	"respectueusement", "cdt", "cdlt", "bonne journée", "bonne réception", "saludos", "un saludo",
	"saludos cordiales", "un cordial saludo", "atentamente", "cordialmente", "muchas gracias y saludos",
	"gracias y saludos", "atte", "reciba un cordial saludo", "cordiali saluti", "distinti saluti", "saluti",
	"saluti cordiali", "un cordiale saluto", "cordialità", "grazie e saluti", "grazie e cordiali saluti",
	"i migliori saluti", "cari saluti", "atenciosamente", "att", "cumprimentos", "melhores cumprimentos",
	"com os melhores cumprimentos", "os melhores cumprimentos", "abraços", "abraço", "um abraço",
	"cordiais saudações", "respeitosamente", "met vriendelijke groet", "met vriendelijke groeten",
	"vriendelijke groet", "vriendelijke groeten", "groeten", "groet", "hartelijke groet", "hartelijke groeten",
	"met hartelijke groet", "mvg", "hoogachtend", "pozdrawiam", "z poważaniem", "z wyrazami szacunku",
	"serdecznie pozdrawiam", "pozdrawiam serdecznie", "pozdrowienia", "łączę pozdrowienia", "z pozdrowieniami",
	"с уважением", "с наилучшими пожеланиями", "всего доброго", "с наилучшими",
	"с уважением и наилучшими пожеланиями", "искренне ваш", "всего хорошего", "з повагою",
	"з найкращими побажаннями", "з найкращими", "всього найкращого", "щиро ваш",
	"з повагою та найкращими побажаннями", "med vänliga hälsningar", "med vänlig hälsning",
	"vänliga hälsningar", "vänlig hälsning", "hälsningar", "bästa hälsningar", "mvh", "med vennlig hilsen",
	"vennlig hilsen", "med venlig hilsen", "venlig hilsen", "hilsen", "beste hilsen", "bedste hilsner", "vh",
	"de bedste hilsner", "mange hilsner", "hilsner", "med venlige hilsner", "此致", "敬礼", "此致敬礼", "祝好", "顺颂商祺",
	"顺祝商祺", "敬礼!", "以上", "敬具", "よろしくお願いいたします", "よろしくお願い致します", "宜しくお願い致します", "宜しくお願いいたします", "よろしくお願いします",
	"以上,よろしくお願いいたします", "何卒よろしくお願いいたします", NULL};

static const char *const weak[] = {"thanks", "thank you", "thank you very much", "thanks a lot", "many thanks",
	"thx", "thanks again", "thanks in advance", "thank you in advance", "thanks so much", "cheers", "best",
	"ta", "yours", "ty", "tks", "take care", "have a nice day", "have a great day", "have a good day",
	"have a nice weekend", "schönen tag", "schönen tag noch", "schönes wochenende", "einen schönen tag",
	"danke", "vielen dank", "besten dank", "danke im voraus", "vielen dank im voraus", "danke und gruß",
	"danke & gruß", "danke und grüße", "danke und viele grüße", "vielen dank und viele grüße", "merci",
	"merci beaucoup", "merci d'avance", "merci par avance", "gracias", "muchas gracias", "gracias de antemano",
	"grazie", "grazie mille", "grazie in anticipo", "obrigado", "obrigada", "muito obrigado", "muito obrigada",
	"obrigado desde já", "bedankt", "alvast bedankt", "bij voorbaat dank", "dank je wel", "dziękuję", "dzięki",
	"z góry dziękuję", "спасибо", "заранее спасибо", "благодарю", "дякую", "заздалегідь дякую", "дякую!",
	"tack", "tack på förhand", "takk", "takk på forhånd", "tak", "på forhånd tak", "谢谢", "多谢", "感谢",
	"ありがとうございます", "ありがとうございました", NULL};

/* What the law wants below the mails of a company. */
static const char *const firm[] = {"handelsregister", "amtsgericht", "registergericht", "sitz der gesellschaft",
	"geschäftsführer:", "geschäftsführung:", "vorstand:", "aufsichtsrat:", "ust-id", "ust.-id",
	"registered in england", "registered in scotland", "registered in ireland", "registered office",
	"registered number", "company number", "company registration", "siège social", "sede legale",
	"domicilio social", "statutaire zetel", "capital social", "capitale sociale", "sąd rejonowy", "krs:",
	"nip:", NULL};

static size_t trimmed(const struct line *l)
{
	size_t n = l->flen;

	for (size_t k;; n -= k) {
		k = n > 0 && strchr(",.! ;-", l->f[n - 1]) != NULL;
		if (n >= 4 && (unsigned char)l->f[n - 4] >= 0xf0) /* an emoji */
			k = 4;
		if (k == 0)
			return n;
	}
}

/* "Regards, Ann Lee": the phrase, a comma or nothing, a name that begins with a capital. */
static bool closes_with_name(const struct line *l, const char *const *list, bool comma)
{
	const struct word_index *ix = word_index_list(list);
	unsigned b = word_bucket(l->f[0]);

	if (ix == NULL || !word_may_begin_exact(ix, l->f[0], l->flen > 1 ? l->f[1] : '\0'))
		return false;
	for (size_t i = ix->from[b]; i < ix->from[b + 1]; i++) {
		size_t k = ix->list[i].len, n;
		const char *rest = l->f + k;

		if (k < 4 || l->flen < k + 2 || l->flen > k + 40 || memcmp(l->f, ix->list[i].s, k) != 0 ||
			(*rest != ',' && *rest != ' ' && *rest != '!'))
			continue;
		if (comma && *rest == ' ')
			continue;
		for (n = l->flen - k; n > 0 && strchr(",! ", *rest) != NULL; n--)
			rest++;
		if (n < 2 || word_count(rest, n) > 3 || memchr(rest, ':', n) != NULL || strchr(".?!", rest[n - 1]) != NULL)
			continue;
		/* The original has capitals: as many words, each begun with one. */
		for (size_t at = l->len - (n < l->len ? n : l->len); at < l->len; at++)
			if (ascii_lower(l->s[at]) && at > 0 && l->s[at - 1] == ' ')
				return false;
		return true;
	}
	return false;
}

/* "Med venlig hilsen / Kind regards" */
static bool closes_twice(const struct line *l, size_t n)
{
	const char *s = l->f, *end = l->f + n;
	unsigned phrases = 0;

	for (const char *stop; s < end; s = stop + 1, phrases++) {
		size_t k;

		for (stop = s; stop < end && *stop != '/' && *stop != '|';)
			stop++;
		while (s < stop && *s == ' ')
			s++;
		for (k = (size_t)(stop - s); k > 0 && strchr(", ", s[k - 1]) != NULL;)
			k--;
		if (!word_list_is(s, k, strong))
			return false;
	}
	return phrases >= 2;
}

/* "Viele Grüße aus Berlin" */
static bool closes_from(const struct line *l, size_t n)
{
	static const char *const from[] = {" aus ", " from ", " vom ", " aus dem ", NULL};
	size_t k = word_list_starts(l->f, n, strong);

	/* The list has phrases that begin others. */
	for (size_t i = k; k > 3 && i < n && i < k + 20; i++)
		if (word_list_starts(l->f + i, n - i, from) > 0 && word_list_is(l->f, i, strong))
			return word_count(l->f + i, n - i) <= 4;
	return false;
}

enum closing line_closing(const struct line *l)
{
	size_t n = trimmed(l);

	if (n == 0 || l->flen > 90 || l->depth > 0)
		return CLOSING_NONE;
	if (word_list_is(l->f, n, strong) || closes_twice(l, n) || closes_from(l, n))
		return CLOSING_STRONG;
	if (word_list_is(l->f, n, weak))
		return CLOSING_WEAK;
	return closes_with_name(l, strong, false) || closes_with_name(l, weak, true) ? CLOSING_NAMED : CLOSING_NONE;
}

static bool begins_capital(const char *s, size_t n)
{
	return n > 0 && (ascii_upper(*s) || (unsigned char)*s >= 0xc3);
}

static bool is_small(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!ascii_lower(s[i]))
			return false;
	return n >= 2;
}

bool line_is_dash_name(const struct line *l)
{
	size_t first = 0, at;

	while (first < l->len && first < 2 && l->s[first] == ' ')
		first++;
	for (at = first; at < l->len && at < first + 2 && l->s[at] == '-';)
		at++;
	if (at == first && l->len > first + 3 && memcmp(l->s + first, "\xe2\x80\x94", 3) == 0)
		at = first + 3;
	if (at == 1 && l->len <= 12 && is_small(l->s + 1, l->len - 1)) /* "-ann" */
		return true;
	if (at == first || at >= l->len || l->len > 40 || !begins_capital(l->s + at, l->len - at) ||
		word_count(l->s, l->len) > 3)
		return false;
	for (size_t i = at; i < l->len; i++)
		if (strchr("=:/\\<>[](){}@\"0123456789,", l->s[i]) != NULL)
			return false;
	return true;
}

/* "Ph.D.", "Jr." */
static bool ends_in_abbreviation(const struct line *l)
{
	size_t n = l->len - 1, k = 0;

	while (k < n && l->s[n - 1 - k] != ' ' && l->s[n - 1 - k] != '.')
		k++;
	return l->s[n] == '.' && k > 0 && k <= 3;
}

bool line_is_name(const struct line *l)
{
	size_t words = word_count(l->s, l->len), capitals = 0;

	if (l->len > 60 || words == 0 || words > 6 || strchr(".?!:;", l->s[l->len - 1]) != NULL) {
		if (l->len > 40 || words == 0 || (words > 2 && !ends_in_abbreviation(l)) || l->s[l->len - 1] != '.')
			return false;
	}
	for (size_t i = 0; i < l->len; i++) {
		if (strchr("=<>[]{}@\"0123456789_:", l->s[i]) != NULL)
			return false;
		capitals += (i == 0 || l->s[i - 1] == ' ') && begins_capital(l->s + i, l->len - i);
	}
	return capitals * 2 >= words;
}

static bool has_phone(const char *s, size_t n)
{
	size_t digits = 0;

	for (size_t i = 0; i < n; i++) {
		if (ascii_digit(s[i]))
			digits++;
		else if (strchr(" +-()/.", s[i]) == NULL)
			digits = 0;
		if (digits >= 7)
			return true;
	}
	return false;
}

bool line_is_phone(const struct line *l)
{
	static const char *const labels[] = {"tel", "phone", "mobile", "mobil", "cell", "fax", "direct", "office",
		"t:", "m:", "p:", "f:", "t +", "m +", "t.", "m.", "tél", "téléphone", "telefon", "telefono", "teléfono",
		"telefone", "telefoon", "móvil", "cellulare", "komórka", "тел", "моб", "电话", "手机", "電話", "携帯", "+",
		"ph:", "ph.", "support:", "hotline", "helpdesk", "service desk", "emergency", "zentrale", "handy", "(+", "mob", "o:", "c:", "d:", NULL};
	const char *s = l->f;
	size_t n = l->flen;

	while (n >= 4 && (unsigned char)*s >= 0xe2) { /* a picture of a telephone */
		s += (unsigned char)*s >= 0xf0 ? 4 : 3;
		n = (size_t)(l->f + l->flen - s);
	}
	for (; n > 0 && *s == ' '; n--)
		s++;
	return n <= 160 &&
		   (word_list_starts(s, n, labels) > 0 || word_list_starts(l->f, l->flen, labels) > 0 ||
			   (n > 0 && *s == '0')) &&
		   has_phone(s, n);
}

unsigned contact_kinds(const struct line *l, size_t n)
{
	unsigned phone = 0, mail = 0, web = 0;

	for (size_t i = 0; i < n; i++) {
		if (!line_is_contact(&l[i]))
			continue;
		phone |= line_is_phone(&l[i]);
		mail |= memchr(l[i].f, '@', l[i].flen) != NULL;
		web |= memmem(l[i].f, l[i].flen, "www.", 4) != NULL || memmem(l[i].f, l[i].flen, "http", 4) != NULL;
	}
	return phone + mail + web;
}

/* Parts of an address side by side: "Acme | 1 High Street | London". */
static bool is_divided(const struct line *l)
{
	size_t bars = 0;

	for (size_t i = 0; i + 1 < l->flen; i++)
		bars += l->f[i] == '|' || memcmp(l->f + i, "\xc2\xb7", 2) == 0 ||
				(i + 2 < l->flen && memcmp(l->f + i, "\xe2\x80\xa2", 3) == 0);
	return bars >= 2 && l->flen <= 250;
}

bool line_is_contact(const struct line *l)
{
	if (l->flen > 160)
		return false;
	static const char *const numbers[] = {"hrb ", "siret ", "siret:", "rcs ", "p.iva", "p. iva", "partita iva",
		"kvk ", "kvk:", "kvk-", "btw ", "btw:", "btw-", "vat no", "vat:", "vat id", "vat-id", "org.nr",
		"org nr", "cvr ", "cvr:", "cvr-", "инн ", "инн:", "єдрпоу", "regon", NULL};

	if (word_list_within(l->f, l->flen, firm))
		return true;
	if (word_list_within(l->f, l->flen, numbers) && word_count(l->f, l->flen) <= 8 && has_phone(l->f, l->flen))
		return true; /* with the number itself */
	if (l->flen > 120 || word_count(l->f, l->flen) > 16)
		return false;
	if (line_is_phone(l))
		return true;
	if (memmem(l->f, l->flen, "www.", 4) != NULL || ascii_starts(l->f, l->flen, "http"))
		return word_count(l->f, l->flen) <= 6;
	return memchr(l->f, '@', l->flen) != NULL && word_count(l->f, l->flen) <= 5;
}

/* "Product: …" below a name is no part of the signature; "Web: …" is. */
static bool is_field(const struct line *l)
{
	static const char *const labels[] = {"skype", "linkedin", "web", "www", "site", "e-mail", "email", "mail",
		"address", "adresse", "dirección", "indirizzo", "endereço", "adres", "адрес", "adress", "office", "ext",
		"twitter", "teams", "hours", "working hours", "office hours", "p:", "e:", "w:", "a:", "t:", "m:", "f:",
		"o:", "d:", "c:", "tel", "phone", "mob", "fax", "cell", "direct", "手机", "电话", "邮箱", "地址", "電話", "住所",
		"url", "book ", "follow ", "sitz", "company", "firma", "dept", "department", "abteilung", NULL};
	const char *colon = memchr(l->f, ':', l->flen < 30 ? l->flen : 30);

	return colon != NULL && colon + 1 < l->f + l->flen && colon[1] == ' ' &&
		   word_list_starts(l->f, l->flen, labels) == 0;
}

bool line_is_short(const struct line *l)
{
	static const char *const never[] = {"ps:", "p.s.", "ps ", "nb:", "n.b.", "note:", "edit:", "update:", "- ",
		"* ", "• ", "1.", "2.", "1)", "i ", "we ", "you ", "please ", "can ", "could ", "see ", "here ", "if ",
		"when ", "how ", "what ", "hi ", "hello ", "dear ", "attached", "the ", "it ", "this ", "but ", "and ",
		"so ", NULL};
	size_t words = word_count(l->f, l->flen);
	char last = l->len > 0 ? l->s[l->len - 1] : ' ';

	if (l->flen > SHORT_MAX * (size_t)((unsigned char)l->s[0] >= 0xc3 ? 2 : 1) || l->depth > 0)
		return line_is_contact(l) || (l->depth == 0 && is_divided(l));
	if (word_list_starts(l->f, l->flen, never) > 0 || (l->s[0] == '*' && l->len > 1 && l->s[1] == ' '))
		return false;
	if (last == '?' || last == ':' || (is_field(l) && !line_is_contact(l)))
		return false;
	return words <= 4 || (last != '.' && last != '!' && words <= 12) || line_is_contact(l);
}

/* "ann" */
static bool is_small_name(const struct line *l)
{
	for (size_t i = 0; i < l->len; i++)
		if (!ascii_lower(l->s[i]) && !(i + 1 == l->len && l->s[i] == '.'))
			return false;
	return l->len >= 2 && l->len <= 15;
}

bool line_is_image(const struct line *l)
{
	static const char *const starts[] = {"![", "[image", "[cid:", "[logo", "[bild", "[inline", "<image", NULL};

	return word_list_starts(l->f, l->flen, starts) > 0 && word_count(l->f, l->flen) <= 10;
}

bool line_is_strict_name(const struct line *l)
{
	size_t words = word_count(l->s, l->len);

	for (size_t i = 0; i < l->len; i++)
		if ((i == 0 || l->s[i - 1] == ' ') && !begins_capital(l->s + i, l->len - i))
			return is_small_name(l);
	return words <= 3 && line_is_name(l);
}

bool lines_sign(const struct line *l, size_t n, bool named)
{
	bool name = !named, contact = false;
	size_t images = 0;

	for (size_t i = 0; i < n; i++) {
		if (line_is_image(&l[i])) {
			images++;
			continue;
		}
		if (!line_is_short(&l[i]))
			return false;
		name |= i < 2 + images && (line_is_name(&l[i]) || (n == 1 && is_small_name(&l[i])));
		contact |= line_is_contact(&l[i]);
	}
	return (name || images == n) && (n <= 6 + images || contact);
}

/* ---- disclaimers ---- */

static bool any_line_has(const struct line *l, size_t n, const char *const *list)
{
	for (size_t i = 0; i < n; i++)
		if (word_list_within(l[i].f, l[i].flen, list))
			return true;
	return false;
}

bool line_of_list(const struct line *l)
{
	static const char *const words[] = {"mailing list", "unsubscribe", "listinfo", "mailman", "list-",
		"abbestellen", NULL};

	return any_line_has(l, 1, words);
}

bool line_opens_disclaimer(const struct line *l)
{
	static const char *const words[] = {"disclaimer", "confidentiality", "legal notice", "this e-mail",
		"this email", "this message", "this communication", "the information contained",
		"the information in this", "the contents of this", "the content of this",
		"information contained in this", "diese e-mail", "diese mail", "diese nachricht", "der inhalt dieser",
		"die information in dieser", "die in dieser", "vertraulichkeitshinweis", "ce message", "ce courriel",
		"cet e-mail", "ce mail", "les informations contenues", "este mensaje", "este correo", "este e-mail",
		"esta mensagem", "este email", "aviso legal", "aviso de confidencialidad", "la información contenida",
		"questo messaggio", "questa e-mail", "questa email", "le informazioni contenute", "ai sensi del",
		"dit bericht", "deze e-mail", "deze email", "de informatie in dit", "ta wiadomość",
		"niniejsza wiadomość", "treść tej wiadomości", "informacje zawarte", "это сообщение",
		"данное сообщение", "настоящее сообщение", "это письмо", "данное письмо", "информация, содержащаяся",
		"це повідомлення", "цей лист", "дане повідомлення", "інформація, що міститься", "detta meddelande",
		"detta e-post", "denne e-post", "denne meldingen", "denne e-mail", "denne mail", "本邮件", "此邮件", "本电子邮件",
		"本郵件", "このメール", "本メール", "please consider the environment", "p please consider",
		"think before you print", "before printing", "please note that this", "notice:", "important notice",
		"caution:", "virus-free", "virenfrei", "libre de virus", NULL};
	const char *s = l->f;
	size_t n = l->flen;

	while (n > 0 && (*s == '-' || *s == ' ' || *s == '[' || *s == '"' || *s == '_')) {
		s++;
		n--;
	}
	return word_list_starts(s, n, words) > 0;
}

bool line_heads_disclaimer(const struct line *l)
{
	static const char *const words[] = {"disclaimer", "legal disclaimer", "email disclaimer", "e-mail disclaimer", "confidentiality",
		"confidentiality notice", "confidentiality note", "legal notice", "notice", "important notice", "haftungsausschluss",
		"vertraulichkeitshinweis", "rechtlicher hinweis", "avis de confidentialité", "aviso legal", "aviso de confidencialidad", "avviso",
		"informativa", "klauzula poufności", "zastrzeżenie", NULL};

	return word_list_is(l->f, trimmed(l) - (l->flen > 0 && l->f[l->flen - 1] == ':'), words);
}

static bool is_one_sign(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (s[i] != s[0])
			return false;
	return n >= 3 && strchr("-_=*~#", s[0]) != NULL;
}

bool line_is_drawn(const struct line *l)
{
	return is_one_sign(l->s, l->len) || is_one_sign(l->f, l->flen); /* folding takes stars away, and makes dashes of longer ones */
}

/* What a mail server puts on top of mail from outside: "CAUTION: This email originated from outside …". */
bool text_is_banner(const struct line *l, size_t n)
{
	static const char *const outside[] = {"originated from outside", "originated outside", "from an external sender", "from outside the organi",
		"from outside of", "external email", "external e-mail", "external sender", "outside your organi", "outside of your organi",
		"outside the company", "externe e-mail", "externer absender", "von außerhalb", "de l'extérieur", "expéditeur externe",
		"remitente externo", "correo externo", "mittente esterno", "externe afzender", NULL};
	static const char *const care[] = {"caution", "warning", "attention", "be careful", "do not click", "don't click", "links", "attachments",
		"achtung", "vorsicht", "anhänge", "pièces jointes", "adjuntos", "allegati", "bijlagen", NULL};
	static const char *const mail[] = {"mail", "message", "nachricht", "courriel", "correo", "mensaje", "messaggio", "bericht", NULL};
	size_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += l[i].flen;
	return n <= 5 && bytes <= 600 && any_line_has(l, n, outside) && any_line_has(l, n, care) && any_line_has(l, n, mail);
}

bool text_is_disclaimer(const struct line *l, size_t n)
{
	static const char *const secrecy[] = {"confidential", "privileged", "proprietary", "vertraulich",
		"confidentiel", "confidencia", "riservat", "vertrouwelijk", "poufn", "конфиденциал", "конфіденц",
		"konfidentiell", "konfidensiell", "fortrolig", "sekretess", "机密", "保密", "機密", "秘密", NULL};
	static const char *const addressee[] = {"recipient", "addressee", "intended", "notify the sender",
		"notify us", "destinataire", "empfänger", "adressat", "bestimmt", "destinatari", "destinatári",
		"geadresseerde", "bestemd", "adresat", "odbiorc", "получател", "адресат", "предназначен", "одержувач",
		"отримувач", "призначен", "mottagare", "mottaker", "modtager", "tilsiktede", "收件人", "受信者", "宛先",
		"delete", "destroy", "notify", "löschen", "vernichten", "supprimer", "détruire", "eliminar", "bórr",
		"elimin", "cancell", "apag", "verwijder", "usun", "usuń", "удал", "уничтож", "видал", "знищ", "radera",
		"slett", "slet ", "删除", "削除", NULL};
	static const char *const mail[] = {"mail", "message", "communication", "transmission", "nachricht",
		"courriel", "mensaje", "correo", "messaggio", "mensagem", "bericht", "wiadomoś", "сообщени", "письм",
		"повідомлен", "лист", "meddelande", "melding", "e-post", "meddelelse", "邮件", "郵件", "メール", NULL};
	static const char *const notes[] = {"consider the environment", "before you print", "before printing",
		"umwelt", "avant d'imprimer", "l'environnement", "antes de imprimir", "prima di stampare",
		"scanned for viruses", "virus-free", "virenfrei", "avast.com", "originated from outside",
		"libre de virus", "was scanned by", "denk aan het milieu", "reply to this email directly",
		"you are receiving this because", NULL};
	static const char *const mistake[] = {"received this e-mail in error", "received this email in error",
		"received this message in error", "received this communication in error", "received it in error",
		"received this in error", "received this mail in error", "received this e-mail by mistake",
		"received this email by mistake", "received this message by mistake", "irrtümlich", "versehentlich",
		"par erreur", "por error", "per errore", "por engano", "por erro", "ten onrechte", "abusievelijk",
		"per abuis", "omyłkowo", "по ошибке", "помилково", "av misstag", "ved en feil", "ved en fejl", "误收",
		"誤って", NULL};
	static const char *const liability[] = {"views or opinions", "opinions expressed", "views expressed",
		"accepts no liability", "accept no liability", "does not accept liability",
		"no liability for any damage", "checked for viruses", "scanned for viruses and malware", NULL};
	size_t bytes = 0;
	bool note;

	for (size_t i = 0; i < n; i++)
		bytes += l[i].flen;
	note = n <= 3 && bytes < 300 && any_line_has(l, n, notes);
	if (!note && bytes < DISCLAIMER_MIN)
		return false;
	for (size_t i = 0; i < n; i++)
		if (l[i].depth > 0 || (line_technical(&l[i]) && !line_is_drawn(&l[i]) && l[i].len <= 160 && !any_line_has(&l[i], 1, mail)))
			return false;
	if (note)
		return true;
	if ((n <= 6 && any_line_has(l, n, firm)) || any_line_has(l, n, liability))
		return true;
	if (!any_line_has(l, n, secrecy) && !any_line_has(l, n, mistake))
		return false;
	return any_line_has(l, n, addressee) && any_line_has(l, n, mail);
}
