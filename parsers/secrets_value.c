/*
 * secrets_value.c - parser worker; hostile text. What a value behind a name of secrets is, and what only stands for one. Called by
 * secrets_assigned.c. Pure.
 */
#include "secrets_private.h"

#include <string.h>

#include "ascii.h"

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

/* A blank, a control, a quote or a bracket: no value without quotes goes on behind it. */
static bool ends_value(char c)
{
	return (unsigned char)c <= ' ' || c == ';' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '`';
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
	while (n < len && !ends_value(s[n]) && !parts(s + n, len - n))
		n++;
	while (n > 1 && strchr(".):]}", s[n - 1]) != NULL)
		n--;
	return n;
}

bool secrets_odd(const char *s, size_t len)
{
	bool lower = false;

	for (size_t i = 0; i < len; i++) {
		if (ascii_digit(s[i]) || (!ascii_alnum(s[i]) && (unsigned char)s[i] < 0x80 && strchr("-_'/.", s[i]) == NULL))
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
	    "available", "bearer", "basic", "negotiate", "ntlm", "kerberos", "void", "var", "added", "deprecated", "fixed", "success", "successful", "successfully", "rejected", "validation",
	    "prompting", "manager", "vault", "managed", "inherited", "case", "env", "object"};

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

bool secrets_strong(const char *s, size_t len)
{
	bool digit = false, lower = false, upper = false, sign = false;

	for (size_t i = 0; i < len; i++) {
		digit = digit || ascii_digit(s[i]);
		lower = lower || ascii_lower(s[i]);
		upper = upper || ascii_upper(s[i]);
		sign = sign || strchr("!@#$%&*+?^~", s[i]) != NULL;
		if ((unsigned char)s[i] <= ' ')
			return false;
	}
	return len >= 6 && digit && (lower || upper) && ((lower && upper) || sign);
}
