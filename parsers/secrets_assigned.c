/*
 * secrets_assigned.c - parser worker; hostile text. Secrets that are named: "password: x", pwd=x; "the password is x", --password x,
 * in prose of several languages, connection strings, JSON, XML, command lines. Called by secrets.c. Pure.
 */
#include "secrets_private.h"

#include <string.h>

#include "ascii.h"

#define NAME_MAX_SCAN 32

/* How much a value must look like a secret behind a name. */
enum proof { ANY, LONG }; /* LONG: at least 12 bytes without blanks and odd: "token: expired" is none */

struct name {
	const char *text; /* lower case; a blank takes nothing, a blank, '-' or '_' */
	enum secrets_kind kind;
	enum proof proof;
};

static const struct name names[] = {
    {"password", SECRETS_PASSWORD, ANY}, {"passwords", SECRETS_PASSWORD, LONG}, {"passwd", SECRETS_PASSWORD, ANY}, {"passphrase", SECRETS_PASSWORD, ANY},
    {"pwd", SECRETS_PASSWORD, ANY}, {"passwort", SECRETS_PASSWORD, ANY}, {"kennwort", SECRETS_PASSWORD, ANY}, {"mot de passe", SECRETS_PASSWORD, ANY},
    {"contraseña", SECRETS_PASSWORD, ANY}, {"senha", SECRETS_PASSWORD, ANY}, {"wachtwoord", SECRETS_PASSWORD, ANY},
    {"hasło", SECRETS_PASSWORD, ANY}, {"lösenord", SECRETS_PASSWORD, ANY}, {"passord", SECRETS_PASSWORD, ANY},
    {"adgangskode", SECRETS_PASSWORD, ANY}, {"пароль", SECRETS_PASSWORD, ANY},
    {"Пароль", SECRETS_PASSWORD, ANY}, {"密码", SECRETS_PASSWORD, ANY},
    {"パスワード", SECRETS_PASSWORD, ANY}, {"pass", SECRETS_PASSWORD, LONG},
    {"pw", SECRETS_PASSWORD, LONG}, {"encryption key", SECRETS_KEY, LONG}, {"account key", SECRETS_KEY, LONG}, {"access key", SECRETS_KEY, LONG},
    {"secret key", SECRETS_KEY, LONG}, {"secret access key", SECRETS_KEY, LONG}, {"storage key", SECRETS_KEY, LONG},
    {"api key", SECRETS_KEY, LONG}, {"client secret", SECRETS_KEY, LONG}, {"application secret", SECRETS_KEY, LONG}, {"secret", SECRETS_KEY, LONG},
    {"client key data", SECRETS_PRIVATE_KEY, LONG}, {"private key", SECRETS_PRIVATE_KEY, LONG}, {"shared access signature", SECRETS_TOKEN, LONG},
    {"token", SECRETS_TOKEN, LONG}, {"sig", SECRETS_TOKEN, LONG}, {"session cookie", SECRETS_TOKEN, LONG}, {"license key", SECRETS_LICENCE, LONG},
    {"licence key", SECRETS_LICENCE, LONG}, {"product key", SECRETS_LICENCE, LONG}, {"lizenzschlüssel", SECRETS_LICENCE, LONG},
    {"activation key", SECRETS_LICENCE, LONG}, {"serial key", SECRETS_LICENCE, LONG}};

/* Whether text[0, end) ends with the name; nothing more than a word of its own or a camel's hump may stand before. */
static bool ends_with(const char *text, size_t end, const char *name)
{
	size_t n = strlen(name), at = end;

	while (n > 0) {
		if (name[n - 1] == ' ') {
			at -= at > 0 && strchr(" -_", text[at - 1]) != NULL;
			n--;
			continue;
		}
		if (at == 0 || ascii_fold(text[at - 1]) != name[n - 1])
			return false;
		at--;
		n--;
	}
	return at == 0 || !ascii_alnum(text[at - 1]) || (ascii_upper(text[at]) && !ascii_upper(text[at - 1]));
}

static const struct name *name_before(const char *text, size_t end)
{
	/* What the names end with: nearly every sign has something else before it. */
	static const char last[][3] = {"rd", "ds", "wd", "se", "rt", "\xB1\141", "ha", "\x82o", "de", "ь", "\xA0\x81", "\x83\x89", "ss", "pw",
	    "ey", "et", "ta", "re", "en", "ig", "ie", "el"};
	const struct name *best = NULL;
	size_t k = 0;

	while (end > 1 && k < ASCII_COUNT(last) && !(last[k][1] == ascii_fold(text[end - 1]) && last[k][0] == ascii_fold(text[end - 2])))
		k++;
	if (end < 2 || k == ASCII_COUNT(last))
		return NULL;

	for (size_t i = 0; i < ASCII_COUNT(names); i++)
		if ((best == NULL || strlen(names[i].text) > strlen(best->text)) && ends_with(text, end, names[i].text))
			best = &names[i];
	return best;
}

/* ---- values ---- */

static const char *closing_quote(const char *s, size_t len, size_t *open)
{
	static const char *const pairs[][2] = {{"\"", "\""}, {"'", "'"}, {"`", "`"}, {"“", "”"},
	    {"„", "“"}, {"«", "»"}, {"「", "」"}, {"\\\"", "\\\""}};

	for (size_t i = 0; i < ASCII_COUNT(pairs); i++) {
		*open = strlen(pairs[i][0]);
		if (len >= *open && memcmp(s, pairs[i][0], *open) == 0)
			return pairs[i][1];
	}
	*open = 0;
	return NULL;
}

/* A comma before a blank, an & before the next parameter: the end of a value, which may hold either. */
static bool parts(const char *s, size_t len)
{
	size_t n = 1;

	if (s[0] == ',')
		return len == 1 || (unsigned char)s[1] <= ' ';
	if (s[0] != '&')
		return false;
	while (n < len && n < 32 && (ascii_alnum(s[n]) || s[n] == '_' || s[n] == '-'))
		n++;
	return n > 1 && n < len && s[n] == '=';
}

size_t secrets_value(const char *s, size_t len, size_t *skip, bool *quoted)
{
	size_t i = 0, n = 0, open;
	const char *close;

	while (i < len && (ascii_blank(s[i]) || (len - i > 1 && memcmp(s + i, "\xC2\xA0", 2) == 0)))
		i += ascii_blank(s[i]) ? 1 : 2;
	close = closing_quote(s + i, len - i, &open);
	*quoted = close != NULL;
	*skip = i + open;
	s += i + open;
	len = len - i - open < SECRETS_VALUE_MAX ? len - i - open : SECRETS_VALUE_MAX;
	if (close != NULL) {
		size_t c = strlen(close);

		while (n + c <= len && s[n] != '\n' && memcmp(s + n, close, c) != 0)
			n++;
		return n + c <= len && s[n] != '\n' ? n : 0;
	}
	while (n < len && (unsigned char)s[n] > ' ' && strchr(";<>\"'`", s[n]) == NULL && !parts(s + n, len - n))
		n++;
	while (n > 1 && strchr(".):]}", s[n - 1]) != NULL)
		n--;
	return n;
}

bool secrets_odd(const char *s, size_t len)
{
	bool lower = false;

	for (size_t i = 0; i < len; i++) {
		if (ascii_digit(s[i]) || (!ascii_alnum(s[i]) && (unsigned char)s[i] < 0x80 && strchr("-'/.", s[i]) == NULL))
			return true;
		if (lower && ascii_upper(s[i]))
			return true;
		lower = ascii_lower(s[i]);
	}
	return false;
}

bool secrets_placeholder(const char *s, size_t len)
{
	static const char *const words[] = {"null", "none", "nil", "n/a", "na", "empty", "hidden", "redacted", "removed", "masked", "same", "true",
	    "false", "yes", "no", "unset", "not", "set", "changed", "unchanged", "default", "is", "was", "required", "incorrect", "wrong", "invalid",
	    "expired", "mismatch", "protected", "policy", "authentication", "reset", "missing", "unknown", "failed", "ok", "correct", "prompt", "ask",
	    "see", "sent", "via", "by", "will", "please", "the", "a", "an", "as", "in", "for", "user", "string", "system.string", "securestring",
	    "never", "expires", "denied", "error", "password", "passwort", "kennwort", "falsch", "abgelaufen", "folgt", "siehe", "per", "separat",
	    "kommt", "unbekannt", "keine", "keines", "nein", "ja", "leer", "gleich", "encrypted", "clear", "plain", "cleartext", "disabled", "enabled",
	    "undefined", "blank", "it", "this", "that", "your", "my", "our", "we", "i", "if", "and", "or", "of", "to", "on", "at", "with", "can",
	    "cannot", "must", "should", "has", "have", "been", "does", "did", "too", "accepted", "verified", "stored", "saved", "age", "length", "hash",
	    "complexity", "file", "prompted", "attached", "separately", "on request", "tbd", "todo", "xxx", "supplied", "provided", "given", "used",
	    "available", "bearer", "basic", "negotiate", "ntlm", "kerberos", "void", "var", "env", "object"};

	if (len == 0 || strchr("*<[{(", s[0]) != NULL || memmem(s, len, "***", len < 3 ? 4 : 3) != NULL)
		return true;
	if (len > 1 && (s[0] == '%' || s[0] == '$') && (s[1] == '(' || s[1] == '{' || s[1] == '%' || len <= 2 || s[len - 1] == '%'))
		return true;
	/* $DB_PASSWORD, %s, ••••, xxxx, …… */
	for (size_t i = 1; i < len && s[0] == '$' && (ascii_upper(s[i]) || s[i] == '_'); i++)
		if (i + 1 == len)
			return true;
	if (memcmp(s, "•", len < 3 ? len : 3) == 0 || memcmp(s, "●", len < 3 ? len : 3) == 0 ||
	    memcmp(s, "…", len < 3 ? len : 3) == 0)
		return true;
	for (size_t i = 0; i < len && ascii_fold(s[i]) == ascii_fold(s[0]); i++)
		if (i + 1 == len)
			return true;
	if (ascii_starts(s, len, "http://") || ascii_starts(s, len, "https://") || (len <= 10 && ascii_starts(s, len, "0x")))
		return true;
	return !secrets_odd(s, len) && ascii_word_at(s, len, words, ASCII_COUNT(words)) < ASCII_COUNT(words);
}

/* Whether the value ends its line or clause: "Password: veeam", but not "Password: veeam told us". */
static bool ends_clause(const char *s, size_t len)
{
	if (len > 0 && strchr(".)", *s) != NULL) {
		s++;
		len--;
	}
	for (; len > 0 && ascii_blank(*s); len--)
		s++;
	return len == 0 || strchr("\r\n,;|/(\"'`<&}]", *s) != NULL;
}

static bool take(const char *text, size_t len, size_t at, const struct name *name, bool strict, struct secrets_span *out)
{
	/* pass=x is one, "pass: 3 of 4" is none. */
	enum proof proof = strict || name->kind != SECRETS_PASSWORD ? name->proof : ANY;
	size_t skip, n;
	bool quoted;

	n = secrets_value(text + at, len - at, &skip, &quoted);
	if (n < (proof == LONG ? 12u : 3u) || secrets_placeholder(text + at + skip, n))
		return false;
	if (proof == LONG && (!secrets_odd(text + at + skip, n) || memchr(text + at + skip, ' ', n) != NULL))
		return false;
	/* In prose a value stands alone, in quotes, or is no word. */
	if (strict && !quoted && !secrets_odd(text + at + skip, n) && !ends_clause(text + at + skip + n, len - at - skip - n))
		return false;
	*out = (struct secrets_span){at + skip, n, name->kind};
	return true;
}

bool secrets_assigned(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	size_t end = at, sign = text[at] == '\xEF' ? 3 : 1;
	const struct name *name;

	/* ::, ==, :=, =>, -> */
	if (at + sign < len && strchr(":=>", text[at + sign]) != NULL && text[at] != '>')
		return false;
	if (at > 0 && strchr(":=>", text[at - 1]) != NULL) {
		if (!(text[at - 1] == ':' && text[at] == '=') && !(text[at - 1] == '=' && text[at] == '>'))
			return false;
		end--;
	}
	while (end > 0 && at - end < 4 && strchr(" \"'`*\\", text[end - 1]) != NULL)
		end--;
	/* "Password (case sensitive): x" */
	if (end > 0 && text[end - 1] == ')')
		for (size_t k = end; k > 1 && end - k < NAME_MAX_SCAN; k--)
			if (text[k - 2] == '(') {
				end = k - 2;
				end -= end > 0 && text[end - 1] == ' ';
				break;
			}
	if (end == 0 || text[end - 1] == '\n' || (name = name_before(text, end)) == NULL)
		return false;
	/* <password>x</password>, but not "password > x". */
	if (text[at] == '>' && (end != at || memchr(text + (end > NAME_MAX_SCAN ? end - NAME_MAX_SCAN : 0), '<', end < NAME_MAX_SCAN ? end : NAME_MAX_SCAN) == NULL))
		return false;
	return take(text, len, at + sign, name, text[at] != '=' && text[at] != '>', out);
}

/* The first two letters of what secrets_said() knows. */
static bool may_be_said(const char *s, size_t len)
{
	static const char two[][3] = {"pa", "pw", "ke", "mo", "co", "se", "wa", "ha", "l\xC3", "ad"};

	for (size_t i = 0; len > 1 && i < ASCII_COUNT(two); i++)
		if (two[i][0] == ascii_fold(s[0]) && two[i][1] == ascii_fold(s[1]))
			return true;
	return false;
}

bool secrets_said(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	static const char *const is[] = {"is", "was", "lautet", "ist", "est", "es", "è", "é", "=", "to", "auf"};
	const char *s = text + at;
	size_t left = len - at, i = 0, skip, n = 0;
	const struct name *name = NULL;
	bool quoted, option = false;

	if (*s == '-') {
		for (i = 0; i < 2 && i < left && s[i] == '-'; i++)
			;
		option = true;
	}
	if (!option && !may_be_said(s, left))
		return false;
	if (ascii_starts(s + i, left - i, "convertto-securestring ")) {
		static const struct name string = {"", SECRETS_PASSWORD, ANY};

		i += 23;
		if (ascii_starts(s + i, left - i, "-string "))
			i += 8;
		return take(text, len, at + i, &string, false, out);
	}
	for (size_t k = 0; k < ASCII_COUNT(names) && name == NULL; k++)
		if (names[k].proof == ANY && i < left && names[k].text[0] == ascii_fold(s[i]) && ascii_starts(s + i, left - i, names[k].text)) {
			name = &names[k];
			n = i + strlen(names[k].text);
			if (n >= left || !ascii_blank(s[n]))
				name = NULL;
		}
	if (name == NULL)
		return false;
	i = n + 1;
	if (option)
		return left > i && s[i] != '-' && take(text, len, at + i, name, s[1] != '-', out);
	for (size_t k = 0; k < ASCII_COUNT(is); k++) {
		size_t w = strlen(is[k]);

		if (!ascii_starts(s + i, left - i, is[k]) || i + w >= left || (!ascii_blank(s[i + w]) && s[i + w] != ':'))
			continue;
		i += w + (s[i + w] == ':');
		n = secrets_value(s + i, left - i, &skip, &quoted);
		if (n < 4 || secrets_placeholder(s + i + skip, n) || (!quoted && !secrets_odd(s + i + skip, n)))
			return false;
		*out = (struct secrets_span){at + i + skip, n, name->kind};
		return true;
	}
	return false;
}
