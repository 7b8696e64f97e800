/*
 * password_hint.c - parser worker; the text of hostile mails. Finds the places where a password stands by what people write
 * before it. Called by the message assembly. Pure.
 */
#include "password_hint.h"

#include <stdint.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "utf8.h"

#define GAP_MAX 60      /* bytes between the word and its sign: "password for the second archive: " */
#define VARIANTS_MAX 3  /* readings of one place */
#define VALUE_MIN 3
#define REST_MAX 64     /* bytes of a passphrase of several words */

/* Longer ones first where one begins like another; capitals outside ASCII are spelt out. */
static const struct label {
	const char *word;
	bool inside; /* also at the end of a compound: Archivpasswort */
	bool far;    /* words may stand before the sign */
} labels[] = {
    {"passphrase", true, true}, {"password", true, true}, {"passwort", true, true}, {"passcode", true, true},
    {"kennwort", true, true}, {"passwd", false, true}, {"passw", false, false}, {"passord", true, true}, {"pass", false, false},
    {"pwd", false, false}, {"pw", false, false}, {"mot de passe", false, true}, {"mdp", false, false},
    {"contraseña", false, true}, {"contrasena", false, true}, {"CONTRASEÑA", false, true}, {"clave", false, true},
    {"senha", false, true}, {"palavra-passe", false, true}, {"parola chiave", false, true}, {"wachtwoord", true, true},
    {"hasło", false, true}, {"haslo", false, true}, {"HASŁO", false, true}, {"пароль", false, true}, {"Пароль", false, true},
    {"ПАРОЛЬ", false, true}, {"lösenord", true, true}, {"losenord", true, true}, {"adgangskode", true, true},
    {"kodeord", true, true}, {"heslo", false, true}, {"salasana", true, true}, {"jelszó", false, true},
    {"密码", true, true}, {"密碼", true, true}, {"パスワード", true, true},
};

/* Between the word and the password, with the blanks that belong to them. */
static const struct verb {
	const char *word;
	bool plain;
} verbs[] = {{" is ", false}, {" ist ", false}, {" lautet ", false}, {" est ", false}, {" es ", false}, {" é ", false}, {" è ", false},
    {" jest ", false}, {" to ", false}, {" är ", false}, {" er ", false}, {" on ", false}, {" je ", false}, {" - ", true},
    {" – ", true}, {" — ", true}, {" -> ", true}, {"は", true}, {"是", true}};

/* What follows the word in sentences about passwords. In lower case. */
static const char *const no_passwords[] = {"a", "an", "and", "another", "as", "asked", "at", "attached", "below",
    "by", "changed", "correct", "different", "empty", "expired", "falsch", "field", "folgt", "follows", "for",
    "from", "in", "incorrect", "invalid", "is", "ist", "kein", "keine", "known", "kommt", "korrekt", "manager",
    "missing", "needed", "next", "nicht", "no", "none", "not", "null", "of", "ok", "on", "or", "per", "phone",
    "policy", "protected", "required", "reset", "richtig", "same", "see", "separat", "separately", "sent", "set",
    "siehe", "sms", "telefonisch", "that", "the", "to", "true", "false", "under", "unknown", "valid", "via", "was",
    "wird", "will", "with", "wrong", "yes", "your"};

struct span {
	const char *s;
	size_t len;
	bool plain;
};

/* A place where a password stands, and the ways it can be read. */
struct place {
	struct span v[VARIANTS_MAX];
	size_t n;
};

static bool is_word(char c)
{
	return ascii_alnum(c) || (unsigned char)c >= 0x80;
}

/* What the labels begin with. */
static bool may_begin(char c)
{
	switch (ascii_fold(c)) {
	case 'a': case 'c': case 'h': case 'j': case 'k': case 'l': case 'm': case 'p': case 's': case 'w':
		return true;
	default:
		return (unsigned char)c >= 0x80;
	}
}

/* The label that stands at s, NULL for none. */
static const struct label *label_at(const char *begin, const char *s, const char *end)
{
	bool inside = s > begin && is_word(s[-1]);
	size_t len = (size_t)(end - s), n;

	for (size_t i = 0; may_begin(*s) && i < ASCII_COUNT(labels); i++) {
		const char *word = labels[i].word;

		if ((ascii_fold(*s) != *word && *s != *word) || (inside && !labels[i].inside))
			continue;
		n = strlen(word);
		if (len < n || !(ascii_starts(s, len, word) || memcmp(s, word, n) == 0))
			continue;
		if (len == n || !is_word(s[n]) || (unsigned char)word[0] >= 0xE3)
			return &labels[i];
	}
	return NULL;
}

static bool starts_with(const char *s, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - s) >= n && memcmp(s, what, n) == 0;
}

static const struct verb *verb_at(const char *s, const char *end)
{
	if (*s == ' ' || (unsigned char)*s >= 0x80)
		for (size_t i = 0; i < ASCII_COUNT(verbs); i++)
			if (ascii_starts(s, (size_t)(end - s), verbs[i].word) || starts_with(s, end, verbs[i].word))
				return &verbs[i];
	return NULL;
}

/* The byte behind the next sign (or verb, where verbs count) that leads to a password; NULL: none. */
static const char *behind_sign(const char *s, const char *end, bool far, bool with_verbs, bool *plain)
{
	const char *stop = far && end - s > GAP_MAX ? s + GAP_MAX : end;
	const struct verb *v;

	for (; s < stop; s++) {
		*plain = true;
		if (*s == ':' || *s == '=')
			return s + 1;
		if (starts_with(s, end, "：") || starts_with(s, end, "→"))
			return s + 3;
		v = with_verbs ? verb_at(s, end) : NULL;
		if (v != NULL) {
			*plain = v->plain;
			return s + strlen(v->word);
		}
		if (strchr(".!?;,", *s) != NULL || (!far && !ascii_blank(*s)))
			return NULL;
	}
	return NULL;
}

static const char *skip_signs(const char *s, const char *end, bool *plain)
{
	for (;;) {
		if (s < end && (ascii_blank(*s) || *s == ':' || *s == '=' || *s == '>' || *s == '*')) {
			*plain = *plain || *s == ':' || *s == '=';
			s++;
		} else if (starts_with(s, end, "\xC2\xA0")) {
			s += 2;
		} else if (starts_with(s, end, "：") || starts_with(s, end, "　")) {
			s += 3;
		} else {
			return s;
		}
	}
}

/* ---- what stands there ---- */

static bool is_no_password(const char *s, size_t len)
{
	return ascii_one_of(s, len, no_passwords, ASCII_COUNT(no_passwords)) < ASCII_COUNT(no_passwords) || ascii_starts(s, len, "http://") || ascii_starts(s, len, "https://") || ascii_starts(s, len, "[password");
}

/* Not a word of a sentence: a digit, a sign, or a capital inside. */
static bool looks_secret(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_word(s[i]) ? s[i] != '-' && s[i] != '\'' : ascii_digit(s[i]) || (i > 0 && ascii_upper(s[i])))
			return true;
	return false;
}

static void add(struct place *p, const char *s, size_t len, bool plain)
{
	if (p->n < VARIANTS_MAX && len >= VALUE_MIN && len <= PASSWORD_HINT_MAX && !is_no_password(s, len))
		p->v[p->n++] = (struct span){s, len, plain};
}

/* "…", '…', „…“, «…», 「…」 */
static bool take_quoted(struct place *p, const char *s, const char *end)
{
	static const char *const quotes[][2] = {{"\"", "\""}, {"'", "'"}, {"`", "`"}, {"„", "“"}, {"„", "”"}, {"“", "”"},
	    {"‘", "’"}, {"‚", "‘"}, {"«", "»"}, {"»", "«"}, {"「", "」"}, {"『", "』"}};

	for (size_t i = 0; i < ASCII_COUNT(quotes); i++) {
		size_t open = strlen(quotes[i][0]), close = strlen(quotes[i][1]);
		const char *e;

		if (!starts_with(s, end, quotes[i][0]) || (size_t)(end - s) <= open + close)
			continue;
		e = memmem(s + open, (size_t)(end - s) - open, quotes[i][1], close);
		if (e == NULL)
			continue;
		add(p, s + open, (size_t)(e - s) - open, true);
		return true;
	}
	return false;
}

/* One word; signs of Chinese and Japanese end one that is not in them. */
static size_t word_length(const char *s, const char *end)
{
	size_t n = 0;
	uint32_t cp;

	while (s + n < end && (unsigned char)s[n] > ' ') {
		unsigned step = utf8_next(s + n, (size_t)(end - s) - n, &cp);

		if (cp == 0xA0 || (step > 2 && cp >= 0x2E80 && n > 0 && (unsigned char)s[0] < 0x80))
			break;
		n += step > 0 ? step : 1;
	}
	return n;
}

/* The word as it is, and without what belongs to the sentence around it. */
static void take_word(struct place *p, const char *s, const char *end, bool plain)
{
	size_t len = word_length(s, end), bare = len, rest = (size_t)(end - s);
	bool last;

	while (bare > 0 && strchr(".,;:!?)]>*'\"", s[bare - 1]) != NULL)
		bare--;
	last = len == rest || (bare < len && s[bare] != ',');
	if (!plain && !looks_secret(s, bare) && !(last && bare >= 4))
		return;
	if (bare < len && (s[bare] == '!' || s[bare] == '?'))
		add(p, s, len, plain);
	add(p, s, bare, plain);
	if (bare < len)
		add(p, s, len, plain);
	if (plain && !is_no_password(s, bare) && rest > len && rest <= REST_MAX)
		add(p, s, rest, false);
}

/* Behind `label: ` stands nothing: the password is a line of its own. */
static void take_next_line(struct place *p, const char *s, const char *end)
{
	const char *line;
	size_t len, blank = 0;

	while (ascii_line(&s, end, &line, &len)) {
		while (len > 0 && (ascii_blank(*line) || *line == '>')) {
			line++;
			len--;
		}
		ascii_trim(&line, &len);
		if (len == 0 && ++blank <= 2)
			continue;
		if (len > 0 && !take_quoted(p, line, line + len) && word_length(line, line + len) == len)
			take_word(p, line, line + len, true);
		return;
	}
}

/* What stands behind a label that ends at s; its line ends at end, the text at text_end. */
static void take_value(struct place *p, const struct label *label, const char *s, const char *end, const char *text_end)
{
	/* A verb may lead nowhere ("password to open it: …"): then the sign counts. */
	for (int verbs_count = 1; verbs_count >= 0 && p->n == 0; verbs_count--) {
		bool plain;
		const char *at = behind_sign(s, end, label->far, verbs_count != 0, &plain);

		if (at == NULL)
			continue;
		at = skip_signs(at, end, &plain);
		if (at == end && plain)
			take_next_line(p, end, text_end);
		else if (at < end && !take_quoted(p, at, end))
			take_word(p, at, end, plain);
	}
	if (p->n > 0 || s == end || !ascii_blank(*s))
		return;
	/* No sign between: only what cannot be a word of the sentence. */
	while (s < end && ascii_blank(*s))
		s++;
	if (s < end && !take_quoted(p, s, end) && looks_secret(s, word_length(s, end)))
		take_word(p, s, end, false);
}

/* The next place from *s on; *s moves behind its word. False at the end. */
static bool next_place(const char *text, const char **s, const char *text_end, struct place *p)
{
	const char *at = *s;

	p->n = 0;
	while (at < text_end) {
		const char *lf = memchr(at, '\n', (size_t)(text_end - at)), *line_end = lf != NULL ? lf : text_end;
		const char *end = line_end > at && line_end[-1] == '\r' ? line_end - 1 : line_end;

		for (; at < end; at++) {
			const struct label *label = label_at(text, at, end);

			/* An earlier mask, in a quotation, names none. */
			if (label != NULL && at > text && starts_with(at - 1, end, PASSWORD_MASK))
				label = NULL;
			if (label == NULL)
				continue;
			at += strlen(label->word);
			take_value(p, label, at, end, text_end);
			*s = at;
			if (p->n > 0)
				return true;
			at--;
		}
		at = line_end + (lf != NULL);
	}
	return false;
}

/* ---- the list ---- */

static size_t find(const struct password_hints *h, const struct span *v)
{
	size_t i = 0;

	while (i < h->n && (strlen(h->list[i].text) != v->len || memcmp(h->list[i].text, v->s, v->len) != 0))
		i++;
	return i;
}

static void keep(struct password_hints *h, const struct span *v)
{
	size_t i = find(h, v);

	if (i == PASSWORD_HINTS_MAX || memchr(v->s, '\0', v->len) != NULL)
		return;
	if (i == h->n) {
		memcpy(h->list[i].text, v->s, v->len);
		h->list[i].text[v->len] = '\0';
		h->list[i].plain = false;
		h->n++;
	}
	h->list[i].plain = h->list[i].plain || v->plain;
}

void password_hints_find(struct password_hints *h, const char *text, size_t len)
{
	const char *s = text, *end = text + len;
	struct place p;

	while (h->n < PASSWORD_HINTS_MAX && s < end && next_place(text, &s, end, &p)) {
		for (size_t i = 0; i < p.n; i++)
			keep(h, &p.v[i]);
		s = p.v[0].s + p.v[0].len;
	}
}

/* The longest reading of a place that is to be masked; NULL: none. */
static const struct span *to_mask(const struct password_hints *h, unsigned which, const struct place *p)
{
	const struct span *best = NULL;

	for (size_t i = 0; i < p->n; i++) {
		size_t k = find(h, &p->v[i]);

		if (k < h->n && (which >> k & 1) != 0 && (best == NULL || p->v[i].len > best->len))
			best = &p->v[i];
	}
	return best;
}

bool password_hints_mask(const struct password_hints *h, unsigned which, struct buf *out, const char *text, size_t len)
{
	const char *s = text, *end = text + len, *from = text;
	bool masked = false;
	struct place p;
	int err = VG_OK;

	while (err == VG_OK && s < end && next_place(text, &s, end, &p)) {
		const struct span *v = to_mask(h, which, &p);

		if (v == NULL || v->s < from)
			continue;
		err = buf_add(out, from, (size_t)(v->s - from));
		if (err == VG_OK)
			err = buf_adds(out, PASSWORD_MASK);
		from = s = v->s + v->len;
		masked = true;
	}
	if (err == VG_OK)
		err = buf_add(out, from, (size_t)(end - from));
	return masked && err == VG_OK;
}
