/*
 * quotes_attribution.c - "On …, Ann wrote:" in the languages of the mail programs, on one line or wrapped over several. Runs in
 * the parser worker; each place looks at a bounded number of lines and bytes.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_private.h"
#include "word_list.h"

#define JOINED_MAX 600
#define MAIL_DASHES 2 /* "---- On …, Ann wrote ----" */

struct words {
	const char *s;
	size_t n;
};

/* What an attribution begins with where it begins with a date. */
static const char *const starters[] = {"on ", "at ", "am ", "le ", "el ", "il ", "em ", "op ", "w dniu ",
	"dnia ", "den ", "på ", "om ", "a ", "às ", "в ", "у ", "in data ", "pe ", "on\xc2\xa0", "在 ", "在2", "在", "於", "于",
	"wiadomość napisana przez ", NULL};
static const char *const days[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun", "mo", "di", "mi", "do",
	"fr", "sa", "so", "lun", "mar", "mer", "jeu", "ven", "sam", "dim", "mié", "jue", "vie", "sáb", "dom", "gio",
	"seg", "ter", "qua", "qui", "sex", "ma ", "wo ", "za ", "zo ", "pon", "wt", "śr", "czw", "pt", "sob",
	"niedz", "nie", "пн", "вт", "ср", "чт", "пт", "сб", "вс", "нд", "пон", "втор", "сред", "четв", "пятн",
	"субб", "воскр", "вівт", "сере", "п'ят", "субо", "неді", "mån", "tis", "ons", "tor", "fre", "lör", "sön",
	"man.", "tir", "lør", "søn", "周", "星期", "週", NULL};

static const char *const verbs[] = {"wrote", "writes", "sent", "said", "wrote the following", "schrieb",
	"geschrieben", "schreibt", "schrieb folgendes", "a écrit", "écrit", "écrivait", "escribió", "ha escrito",
	"escribio", "ha scritto", "scrive", "escreveu", "schreef", "geschreven", "het volgende geschreven",
	"napisał", "napisała", "napisał(a)", "napisał/a", "napisał/-a", "napisal", "napisal(a)", "pisze", "написал",
	"написала", "написал(а)", "написало", "пишет", "писал", "писал(а)", "пише", "написав", "написав(ла)",
	"написав(-ла)", "написала(в)", "skrev", "skrev följande", "skrev følgende", "skriver", "kirjoitti",
	"napsal", "napsal(a)", "a scris", "yazdı", "írta", "写道", "寫道", "写到", "提到", "のメール", "さんは書きました", "は書きました",
	"さんのメール", "님이 작성", "작성", "のメッセージ", NULL};
static const char *const inner_verbs[] = {" schrieb ", " schreef ", " skrev ", " heeft ", " napisał ",
	" napisała ", " napisał(a) ", "wiadomość napisana przez ", " użytkownik ", "schrieb am ", " skrev den ",
	" wrote on ", " a écrit le ", NULL};

/* "Am 23.11.2026 um 17:02 schrieb Ann Lee:" ends in a name, "… schrieb uns der Kunde:" in a sentence's words. */
static bool ends_in_name(const struct words *w)
{
	static const char *const by[] = {" schrieb ", " schreef ", " skrev ", NULL};
	static const char *const words[] = {"der ", "die ", "das ", "den ", "dem ", "mir ", "uns ", "ein ", "eine ", "unser ", "unsere ",
		"ich ", "er ", "sie ", "wir ", "folgende", "de ", "het ", "een ", "ik ", "ons ", "onze ", "en ", "et ", "jag ", "jeg ", "vi ", "kunden ",
		"klant", "kunde", NULL};

	for (size_t i = 0; by[i] != NULL; i++) {
		size_t k = strlen(by[i]);
		const char *at = memmem(w->s, w->n, by[i], k), *end = w->s + w->n;

		if (at != NULL && at + k < end)
			return word_list_starts(at + k, (size_t)(end - at) - k, words) == 0 && word_count(at + k, (size_t)(end - at) - k) <= 5;
	}
	return false;
}

/* "On Monday, November 23, 2026, Ann Lee wrote": no sentence has so many commas before its verb. */
static bool has_commas(const struct words *w)
{
	const char *first = memchr(w->s, ',', w->n);

	return first != NULL && memchr(first + 1, ',', w->n - (size_t)(first + 1 - w->s)) != NULL && w->n <= 160;
}

static const char *const users[] = {" пользователь ", " użytkownik ", " via ", NULL}; /* "23.11.2026 użytkownik Ann napisał" */

/* Some programs leave the colon out: then everything else must be there. */
static bool is_whole_without_colon(const struct words *w, bool address)
{
	return address && w->n <= 250 && word_list_ends(w->s, w->n, verbs) && word_list_starts(w->s, w->n, starters) > 0 &&
	    text_has_date(w->s, w->n) && text_has_time(w->s, w->n);
}

/* What a person's name does not begin with: then somebody is told about, not quoted by a program. */
static bool is_person(const char *s, size_t n)
{
	static const char *const others[] = {"the ", "a ", "an ", "our ", "my ", "your ", "this ", "that ", "his ", "her ", "their ", "he ",
		"she ", "they ", "we ", "i ", "it ", "who ", "which ", "what ", "customer", "client", "user", "vendor", "support ", "job ",
		"server", "veeam", "der ", "die ", "das ", "ein ", "eine ", "unser", "mein", "kunde", "er ", "sie ", "wir ", "ich ", "le ",
		"la ", "les ", "un ", "une ", "notre ", "mon ", "elle ", "nous ", "je ", "el ", "los ", "las ", "una ", "nuestro", "lo ",
		"il ", "gli ", "nostro", "o ", "os ", "as ", "um ", "uma ", "nosso", "de ", "het ", "een ", "onze ", "klant", "ik ", "wij ",
		"klient", "клиент", "наш ", "мы ", "я ", "он ", "клієнт", "ми ", "kund", "vår ", "vi ", "jag ", "jeg ", "en ", "et ", "客户",
		"客戶", "我", "他", "顧客", "お客様", NULL};
	size_t words = word_count(s, n);

	return words >= 1 && words <= 5 && n <= 80 && word_list_starts(s, n, others) == 0 && !ascii_digit(s[0]);
}

/* "Ann Lee schreef op 2026-11-23 10:12:" */
static bool is_name_then_date(const struct words *w)
{
	static const char *const by[] = {" schreef op ", " skrev den ", " wrote on ", " schrieb am ", " a écrit le ", " escreveu em ",
		" escribió el ", " ha scritto il ", " napisał(a) w dniu ", " napisał w dniu ", " napisał(a) dnia ", " писал ", " писал(а) ",
		" писали ", " написал ", " написал(а) ", " пишет ", NULL};
	const char *end = w->s + w->n;

	for (size_t i = 0; by[i] != NULL; i++) {
		size_t k = strlen(by[i]), left;
		const char *at = memmem(w->s, w->n, by[i], k);

		if (at == NULL)
			continue;
		left = (size_t)(end - at) - k;
		return left <= 45 && text_has_date(at + k, left) && text_has_time(at + k, left) && is_person(w->s, (size_t)(at - w->s));
	}
	return false;
}

/* "On 2026-11-23 10:12 Ann Lee wrote:": a name and the verb stand behind the last number. */
static bool is_date_then_name(const struct words *w)
{
	static const char *const zones[] = {"am ", "pm ", "a.m. ", "p.m. ", "uhr ", "gmt ", "utc ", "cet ", "cest ", "est ", "edt ", "bst ",
		NULL};
	const char *end = w->s + w->n, *s = end;
	size_t k;

	while (s > w->s && !ascii_digit(s[-1]))
		s--;
	while (s < end && *s != ' ')
		s++;
	for (; s < end && *s == ' '; s++)
		;
	if ((k = word_list_starts(s, (size_t)(end - s), zones)) > 0)
		s += k;
	return word_count(s, (size_t)(end - s)) >= 2 && is_person(s, (size_t)(end - s));
}

/* "Ann Lee <ann@partner.example> wrote:" */
static bool is_name_with_address(const struct words *w)
{
	const char *at = memchr(w->s, '@', w->n), *open = at, *close;

	while (open > w->s && *open != '<' && *open != '(' && *open != ' ')
		open--;
	close = memchr(at, *open == '(' ? ')' : '>', (size_t)(w->s + w->n - at));
	return (*open == '<' || *open == '(') && close != NULL && w->s + w->n - close <= 24 && is_person(w->s, (size_t)(open - w->s));
}

/* An address ends it: "Nov 23, 2026, 10:12 by ann@partner.example:" */
static bool ends_in_address(const struct words *w)
{
	static const char *const told[] = {" to ", " an ", " à ", " sent ", " mail ", NULL};
	const char *end = w->s + w->n, *s = end;

	if (word_list_within(w->s, w->n, told))
		return false;
	while (s > w->s && s[-1] != ' ')
		s--;
	return memchr(s, '@', (size_t)(end - s)) != NULL && word_count(w->s, w->n) <= 12;
}

/* "From Ann Lee <ann@partner.example> on 23 Nov 2026 10:12:" */
static bool is_from_on(const struct words *w)
{
	static const char *const on[] = {"> on ", "> am ", ") on ", NULL};

	return ascii_starts(w->s, w->n, "from ") && word_count(w->s, w->n) <= 12 && word_list_within(w->s, w->n, on);
}

/* "wrote: (23 november 2026 10:12:00 CET)": the date goes, *w ends with the verb. */
static bool cut_date_behind(struct words *w)
{
	size_t open = w->n, depth = 0;

	if (w->n < 12 || w->s[w->n - 1] != ')')
		return false;
	for (; open > 0; open--) {
		depth += w->s[open - 1] == ')';
		if (w->s[open - 1] == '(' && --depth == 0)
			break;
	}
	if (open == 0 || !text_has_date(w->s + open, w->n - open) || !text_has_time(w->s + open, w->n - open))
		return false;
	for (w->n = open - 1; w->n > 0 && (w->s[w->n - 1] == ' ' || w->s[w->n - 1] == ':'); w->n--)
		;
	return w->n > 0;
}

static bool begins_dated(const struct words *w)
{
	return word_list_starts(w->s, w->n, starters) > 0 || word_list_starts(w->s, w->n, days) > 0 || ascii_digit(w->s[0]);
}

/* Forms without a date before the verb, or without the verb at all; the colon is there. */
static enum attribution judge_rare(const struct words *w, bool address, bool date, size_t dashes)
{
	static const char *const quoters[] = {"zitat von ", "quoting ", "citando ", "citation de ", "cytowanie ", "цитирование ",
		"цитата ", "citerar ", "citat fra ", "citeren ", "citato da ", NULL};
	static const char *const at[] = {"於", "于", NULL};
	bool time = date && text_has_time(w->s, w->n);

	if (word_list_starts(w->s, w->n, quoters) > 0 && word_count(w->s, w->n) <= 8)
		return address ? ATTRIBUTION_LONE : ATTRIBUTION_WEAK;
	if (time && !address && is_name_then_date(w))
		return ATTRIBUTION_LONE;
	if (word_list_ends(w->s, w->n, verbs)) {
		if (address && w->n <= 160 && (dashes >= 3 || is_name_with_address(w)))
			return ATTRIBUTION_LONE;
		if (time && ((begins_dated(w) && is_date_then_name(w)) || (w->n <= 100 && word_list_within(w->s, w->n, at))))
			return ATTRIBUTION_LONE;
	}
	if (address && time && ends_in_address(w) && (begins_dated(w) || text_has_date(w->s, w->n < 16 ? w->n : 16)) &&
	    word_list_starts(w->s, w->n, starters) == 0)
		return ATTRIBUTION_LONE;
	return address && time && is_from_on(w) ? ATTRIBUTION_LONE : ATTRIBUTION_NONE;
}

/* Is all of the text an attribution; how strong? */
static enum attribution judge(const struct words *joined)
{
	struct words w = *joined, verb;
	size_t before = 0, behind = 0;
	bool colon, address, date;
	enum attribution rare;

	for (; w.n > 0 && (*w.s == '-' || *w.s == ' '); w.s++, w.n--)
		before += *w.s == '-';
	for (; w.n > 0 && (w.s[w.n - 1] == '-' || w.s[w.n - 1] == ' '); w.n--)
		behind += w.s[w.n - 1] == '-';
	colon = w.n > 0 && w.s[w.n - 1] == ':';
	for (; w.n > 0 && (w.s[w.n - 1] == ':' || w.s[w.n - 1] == ' '); w.n--)
		;
	/* "2026/11/23 Ann Lee <ann@partner.example>" */
	if (w.n > 12 && !colon && ascii_digit(w.s[0]) && w.s[w.n - 1] == '>' && memchr(w.s, '@', w.n) != NULL &&
		text_has_date(w.s, 12))
		return ATTRIBUTION_WEAK;
	if (w.n < 6)
		return ATTRIBUTION_NONE;
	address = memchr(w.s, '@', w.n) != NULL;
	verb = w;
	if (address && cut_date_behind(&verb) && word_list_ends(verb.s, verb.n, verbs))
		return ATTRIBUTION_LONE;
	if (!colon && (before < MAIL_DASHES || behind < MAIL_DASHES) && !is_whole_without_colon(&w, address))
		return ATTRIBUTION_NONE;
	date = text_has_date(w.s, w.n);
	if (*w.s == '(' && date && w.n > 12) { /* "(2026/11/23 10:12), Ann wrote:" */
		w.s++;
		w.n--;
	}
	if (!colon && address && !word_list_ends(w.s, w.n, verbs)) /* "---- …, Ann <ann@partner.example> … ----" */
		return ATTRIBUTION_WEAK;
	if (colon && (rare = judge_rare(&w, address, date, before)) != ATTRIBUTION_NONE)
		return rare;
	if (word_list_ends(w.s, w.n, verbs)) {
		bool begun = begins_dated(&w);

		if (date && (address || (begun && text_has_time(w.s, w.n) && (before > 0 || memchr(w.s, ',', w.n) != NULL)) ||
			(begun && (has_commas(&w) || word_list_within(w.s, w.n, users)))))
			return ATTRIBUTION_LONE;
		return begun && date && text_has_time(w.s, w.n) ? ATTRIBUTION_DATED : ATTRIBUTION_WEAK;
	}
	if (date && !address && begins_dated(&w) && text_has_time(w.s, w.n) && ends_in_name(&w))
		return ATTRIBUTION_LONE;
	if (date && word_list_within(w.s, w.n, inner_verbs) &&
		(address || word_list_starts(w.s, w.n, starters) > 0 || word_list_starts(w.s, w.n, days) > 0))
		return address ? ATTRIBUTION_LONE : text_has_time(w.s, w.n) ? ATTRIBUTION_DATED : ATTRIBUTION_WEAK;
	/* "2026-11-23 17:02 GMT+01:00 Ann Lee <ann@partner.example>:" */
	if ((w.s[w.n - 1] == '>' || w.s[w.n - 1] == ')') && address && date && text_has_time(w.s, w.n) &&
	    (ascii_digit(w.s[0]) || word_list_starts(w.s, w.n, days) > 0 || word_list_starts(w.s, w.n, starters) > 0))
		return ATTRIBUTION_LONE;
	/* Other languages: an address and a date right above a marked quote. */
	if (colon && address && date && w.n <= 250)
		return ATTRIBUTION_WEAK;
	return ATTRIBUTION_NONE;
}

/* May the attribution that begins with this line go on with the next? */
static bool may_wrap(const struct line *l)
{
	struct words w = {l->f, l->flen};

	while (w.n > 0 && (*w.s == '-' || *w.s == ' ')) {
		w.s++;
		w.n--;
	}
	return word_list_starts(w.s, w.n, starters) > 0 || word_list_starts(w.s, w.n, days) > 0 ||
		   memchr(w.s, '@', w.n) != NULL || text_has_date(w.s, w.n) || (w.n > 0 && w.s[w.n - 1] == '<');
}

static enum attribution joined_at(const struct split *sp, size_t at, size_t *count)
{
	char joined[JOINED_MAX];
	struct words w = {joined, 0};

	for (size_t i = at; i < sp->n && i < at + ATTRIBUTION_LINES; i++) {
		const struct line *l = &sp->lines[i];
		enum attribution a;

		if ((i > at && l->gap) || l->depth > 0 || l->code || w.n + l->flen + 1 >= sizeof joined)
			return ATTRIBUTION_NONE;
		if (w.n > 0)
			joined[w.n++] = ' ';
		memcpy(joined + w.n, l->f, l->flen);
		w.n += l->flen;
		a = judge(&w);
		if (a != ATTRIBUTION_NONE) {
			*count = i - at + 1;
			return a;
		}
		if (i == at && !may_wrap(l))
			return ATTRIBUTION_NONE;
	}
	return ATTRIBUTION_NONE;
}

enum attribution quotes_attribution(const struct split *sp, size_t at, size_t *count)
{
	enum attribution a = joined_at(sp, at, count);
	size_t later;

	/* The text before it does not belong to it. */
	for (size_t i = 1; a != ATTRIBUTION_NONE && i < *count; i++) {
		struct words w = {sp->lines[at + i].f, sp->lines[at + i].flen};

		/* "Mark" begins as a day does */
		if ((word_list_starts(w.s, w.n, starters) > 0 || (word_list_starts(w.s, w.n, days) > 0 && text_has_date(w.s, w.n))) &&
			joined_at(sp, at + i, &later) >= a && later == *count - i)
			return ATTRIBUTION_NONE;
	}
	return a;
}
