/*
 * secrets_assigned.c - parser worker; hostile text. Secrets that are named: "password: x", pwd=x; "the password is x", --password x,
 * in prose of several languages, connection strings, JSON, XML, command lines. Called by secrets.c. Pure.
 */
#include "secrets_private.h"

#include <string.h>

#include "ascii.h"

#define NAME_MAX_SCAN 32
#define CLAUSE_MAX 60

/* How much a value must look like a secret behind a name; ODD: six bytes, no word. */
enum proof { ANY, ODD, LONG }; /* LONG: at least 12 bytes without blanks and odd: "token: expired" is none */

struct name {
	const char *text; /* lower case; a blank takes nothing, a blank, '-' or '_' */
	size_t len;
	enum secrets_kind kind;
	enum proof proof;
};

#define NAME(s) (s), sizeof(s) - 1
static const struct name names[] = {
    {NAME("password"), SECRETS_PASSWORD, ANY}, {NAME("passwords"), SECRETS_PASSWORD, LONG}, {NAME("passwd"), SECRETS_PASSWORD, ANY},
    {NAME("passphrase"), SECRETS_PASSWORD, ANY}, {NAME("pwd"), SECRETS_PASSWORD, ANY}, {NAME("passwort"), SECRETS_PASSWORD, ANY},
    {NAME("kennwort"), SECRETS_PASSWORD, ANY}, {NAME("mot de passe"), SECRETS_PASSWORD, ANY}, {NAME("contraseña"), SECRETS_PASSWORD, ANY},
    {NAME("senha"), SECRETS_PASSWORD, ANY}, {NAME("wachtwoord"), SECRETS_PASSWORD, ANY}, {NAME("hasło"), SECRETS_PASSWORD, ANY},
    {NAME("lösenord"), SECRETS_PASSWORD, ANY}, {NAME("passord"), SECRETS_PASSWORD, ANY}, {NAME("adgangskode"), SECRETS_PASSWORD, ANY},
    {NAME("пароль"), SECRETS_PASSWORD, ANY}, {NAME("Пароль"), SECRETS_PASSWORD, ANY}, {NAME("密码"), SECRETS_PASSWORD, ANY},
    {NAME("パスワード"), SECRETS_PASSWORD, ANY}, {NAME("pass"), SECRETS_PASSWORD, ODD}, {NAME("passcode"), SECRETS_PASSWORD, ANY},
    {NAME("passhash"), SECRETS_PASSWORD, ANY}, {NAME("jsessionid"), SECRETS_TOKEN, LONG},
    {NAME("rest svc session id"), SECRETS_TOKEN, LONG}, {NAME("pw"), SECRETS_PASSWORD, ODD}, {NAME("encryption key"), SECRETS_KEY, LONG},
    {NAME("account key"), SECRETS_KEY, LONG}, {NAME("access key"), SECRETS_KEY, LONG}, {NAME("secret key"), SECRETS_KEY, LONG},
    {NAME("secret access key"), SECRETS_KEY, LONG}, {NAME("storage key"), SECRETS_KEY, LONG}, {NAME("api key"), SECRETS_KEY, LONG},
    {NAME("client secret"), SECRETS_KEY, LONG}, {NAME("application secret"), SECRETS_KEY, LONG}, {NAME("secret"), SECRETS_KEY, LONG},
    {NAME("client key data"), SECRETS_PRIVATE_KEY, LONG}, {NAME("private key"), SECRETS_PRIVATE_KEY, LONG},
    {NAME("shared access signature"), SECRETS_TOKEN, LONG}, {NAME("token"), SECRETS_TOKEN, LONG}, {NAME("sig"), SECRETS_TOKEN, LONG},
    {NAME("session cookie"), SECRETS_TOKEN, LONG}, {NAME("license key"), SECRETS_LICENCE, LONG},
    {NAME("licence key"), SECRETS_LICENCE, LONG}, {NAME("product key"), SECRETS_LICENCE, LONG},
    {NAME("lizenzschlüssel"), SECRETS_LICENCE, LONG}, {NAME("activation key"), SECRETS_LICENCE, LONG},
    {NAME("serial key"), SECRETS_LICENCE, LONG}};

/* Whether text[0, end) ends with the name; nothing more than a word of its own or a camel's hump may stand before. */
static bool ends_with(const char *text, size_t end, const char *name, size_t n)
{
	size_t at = end;

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

/* What the names end with, by the low five bits of the last byte, which letter case does not change: those of the byte before it. Nearly
 * every sign has something else before it. */
static bool may_end_name(const char *text, size_t end)
{
	static const uint32_t before_last[32] = {
	    [SECRETS_LOW('a')] = SECRETS_BIT('\xB1') | SECRETS_BIT('h') | SECRETS_BIT('t') | SECRETS_BIT('\xA0') /* the last of 密码 */,
	    [SECRETS_LOW('d')] = SECRETS_BIT('r') | SECRETS_BIT('w') | SECRETS_BIT('i'),
	    [SECRETS_LOW('e')] = SECRETS_BIT('s') | SECRETS_BIT('d') | SECRETS_BIT('r') | SECRETS_BIT('i'),
	    [SECRETS_LOW('g')] = SECRETS_BIT('i'), [SECRETS_LOW('h')] = SECRETS_BIT('s'), [SECRETS_LOW('l')] = SECRETS_BIT('e') | SECRETS_BIT('\xD1') /* пароль */,
	    [SECRETS_LOW('n')] = SECRETS_BIT('e'), [SECRETS_LOW('o')] = SECRETS_BIT('\x82'), [SECRETS_LOW('\x89')] = SECRETS_BIT('\x83') /* パスワード */,
	    [SECRETS_LOW('s')] = SECRETS_BIT('d') | SECRETS_BIT('s'), [SECRETS_LOW('t')] = SECRETS_BIT('r') | SECRETS_BIT('e'),
	    [SECRETS_LOW('w')] = SECRETS_BIT('p'), [SECRETS_LOW('y')] = SECRETS_BIT('e')};

	return end > 1 && (before_last[SECRETS_LOW(text[end - 1])] & SECRETS_BIT(text[end - 2])) != 0;
}

static const struct name *name_before(const char *text, size_t end)
{
	const struct name *best = NULL;

	if (!may_end_name(text, end))
		return NULL;
	for (size_t i = 0; i < ASCII_COUNT(names); i++)
		if ((best == NULL || names[i].len > best->len) && ends_with(text, end, names[i].text, names[i].len))
			best = &names[i];
	return best;
}

/* Whether the value ends its line or clause: "Password: veeam", but not "Password: veeam told us". */
static bool ends_clause(const char *s, size_t len)
{
	if (len > 0 && strchr(".)", *s) != NULL) {
		s++;
		len--;
	}
	/* don't */
	if (len > 1 && *s == '\'' && ascii_alpha(s[1]))
		return false;
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
	if (n < (proof == LONG ? 12u : proof == ODD ? 6u : 3u) || secrets_placeholder(text + at + skip, n))
		return false;
	if (proof != ANY && (!secrets_odd(text + at + skip, n) || memchr(text + at + skip, ' ', n) != NULL))
		return false;
	/* $password = get_it($x) */
	if (!quoted && memchr(text + at + skip, '(', n) != NULL && !secrets_strong(text + at + skip, n))
		return false;
	/* In prose a value stands alone, in quotes, or is no word. */
	if (strict && !quoted && !secrets_odd(text + at + skip, n) && !ends_clause(text + at + skip + n, len - at - skip - n))
		return false;
	*out = (struct secrets_span){at + skip, n, name->kind};
	return true;
}

static bool is_sign(char c)
{
	return c == ':' || c == '=' || c == '>' || c == '\0';
}

static bool is_mark(char c)
{
	return c == ' ' || c == '"' || c == '\'' || c == '`' || c == '*' || c == '\\' || c == '\0';
}

/* Where the name before a sign ends: signs of pairs, quotes and a remark in brackets left out. 0: no name can stand there. */
static size_t name_end(const char *text, size_t len, size_t at)
{
	size_t end = at, sign = text[at] == '\xEF' ? 3 : 1;

	/* ::, ==, :=, =>, -> */
	if (at + sign < len && is_sign(text[at + sign]) && text[at] != '>')
		return 0;
	if (at > 0 && is_sign(text[at - 1])) {
		if (!(text[at - 1] == ':' && text[at] == '=') && !(text[at - 1] == '=' && text[at] == '>'))
			return 0;
		end--;
	}
	while (end > 0 && at - end < 4 && is_mark(text[end - 1]))
		end--;
	/* "Password (case sensitive): x" */
	for (size_t k = end; end > 0 && text[end - 1] == ')' && k > 1 && end - k < NAME_MAX_SCAN; k--)
		if (text[k - 2] == '(') {
			end = k - 2;
			end -= end > 0 && text[end - 1] == ' ';
			break;
		}
	/* key="Password" value="x" */
	if (end > 8 && text[at] == '=' && ascii_ends(text, end, "value") && strchr(" \t", text[end - 6]) != NULL) {
		end -= 6;
		while (end > 0 && strchr(" \t\"'", text[end - 1]) != NULL)
			end--;
	}
	return end > 0 && text[end - 1] != '\n' ? end : 0;
}

/* "Login: admin / Passw0rd!", "Zugangsdaten: admin/Winter24!": the second of a pair. */
static bool pair(const char *text, size_t len, size_t at, size_t end, struct secrets_span *out)
{
	static const char *const labels[] = {"user", "username", "login", "logon", "credentials", "creds", "benutzer", "zugangsdaten", "anmeldedaten",
	    "account", "acceso", "identifiants", "credenziali", "inloggegevens"};
	size_t i = at + 1, from = end, n = 0;

	while (from > 0 && ascii_alpha(text[from - 1]) && end - from < NAME_MAX_SCAN)
		from--;
	if (ascii_one_of(text + from, end - from, labels, ASCII_COUNT(labels)) == ASCII_COUNT(labels))
		return false;
	while (i < len && ascii_blank(text[i]))
		i++;
	while (i < len && n < 64 && (unsigned char)text[i] > ' ' && text[i] != '/') {
		i++;
		n++;
	}
	while (i < len && ascii_blank(text[i]))
		i++;
	if (n == 0 || i == len || text[i] != '/')
		return false;
	for (i++; i < len && ascii_blank(text[i]);)
		i++;
	for (n = 0; i + n < len && n < SECRETS_VALUE_MAX && (unsigned char)text[i + n] > ' ' && text[i + n] != '/' && text[i + n] != ',';)
		n++;
	*out = (struct secrets_span){i, n, SECRETS_PASSWORD};
	return secrets_strong(text + i, n);
}

/* "The password for the archive is: Veeam123!": the name stands further before in the clause. */
static bool told(const char *text, size_t len, size_t at, size_t end, struct secrets_span *out)
{
	static const char *const words[] = {"password", "passwort", "kennwort", "passphrase", "mot de passe", "wachtwoord", "senha", "pw"};
	size_t from = end, skip, n;
	bool quoted;

	n = secrets_value(text + at + 1, len - at - 1, &skip, &quoted);
	if (!secrets_strong(text + at + 1 + skip, n) || secrets_placeholder(text + at + 1 + skip, n) || memchr(text + at + 1 + skip, '/', n) != NULL)
		return false;
	while (from > 0 && end - from < CLAUSE_MAX && strchr(".\n;:=?!", text[from - 1]) == NULL)
		from--;
	*out = (struct secrets_span){at + 1 + skip, n, SECRETS_PASSWORD};
	return ascii_find_any(text + from, end - from, words, ASCII_COUNT(words), NULL) != NULL;
}

bool secrets_assigned(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	size_t end = name_end(text, len, at), scan = end < NAME_MAX_SCAN ? end : NAME_MAX_SCAN;
	const struct name *name = end > 0 ? name_before(text, end) : NULL;

	if (name == NULL)
		return end > 0 && text[at] == ':' && at + 1 < len && ascii_blank(text[at + 1]) &&
		    (pair(text, len, at, end, out) || told(text, len, at, end, out));
	/* <password>x</password>, but not "password > x". */
	if (text[at] == '>' && (end != at || memchr(text + end - scan, '<', scan) == NULL))
		return false;
	return take(text, len, at + (text[at] == '\xEF' ? 3 : 1), name, text[at] != '=' && text[at] != '>', out);
}

/* The name that s begins with, a blank behind it; its length goes to *n. */
static const struct name *name_at(const char *s, size_t len, size_t *n)
{
	char first = len > 1 ? ascii_fold(s[0]) : '\0', second = len > 1 ? ascii_fold(s[1]) : '\0';

	for (size_t k = 0; k < ASCII_COUNT(names); k++) {
		if (names[k].text[0] != first || names[k].text[1] != second || names[k].proof == LONG)
			continue;
		*n = names[k].len;
		/* "pass to x" is what code does */
		if (*n < len && (names[k].proof == ANY || *n == 2) && ascii_blank(s[*n]) && ascii_starts(s, len, names[k].text))
			return &names[k];
	}
	return NULL;
}

/* "-u name:password" of curl. */
static bool user_option(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	const char *s = text + at + 3, *end = text + len, *colon = s;
	size_t n = 0, letters = 0;

	while (colon < end && (unsigned char)*colon > ' ' && *colon != ':' && colon - s < NAME_MAX_SCAN)
		colon++;
	if (colon == s || colon == end || *colon != ':')
		return false;
	for (; colon + 1 + n < end && (unsigned char)colon[1 + n] > ' ' && n < SECRETS_VALUE_MAX; n++)
		letters += ascii_alpha(colon[1 + n]);
	*out = (struct secrets_span){(size_t)(colon + 1 - text), n, SECRETS_PASSWORD};
	return n >= 4 && letters > 0 && !secrets_placeholder(colon + 1, n);
}

static bool option(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	const struct name *name;
	size_t i = at, n;

	if (at > 0 && strchr(" \t\n\"'`[(", text[at - 1]) == NULL) /* update-passwd */
		return false;
	while (i < len && i - at < 2 && text[i] == '-')
		i++;
	if (i - at == 1 && len - at > 6 && text[at + 1] == 'u' && text[at + 2] == ' ')
		return user_option(text, len, at, out);
	name = name_at(text + i, len - i, &n);
	return name != NULL && i + n + 1 < len && text[i + n + 1] != '-' && take(text, len, i + n + 1, name, i - at == 1, out);
}

bool secrets_said(const char *text, size_t len, size_t at, struct secrets_span *out)
{
	static const char *const is[] = {"is", "was", "lautet", "ist", "est", "es", "è", "é", "=", "to", "auf"};
	enum { IS_TO = ASCII_COUNT(is) - 2 };
	static const struct name string = {NAME(""), SECRETS_PASSWORD, ANY};
	const char *s = text + at;
	size_t left = len - at, i, skip, n;
	const struct name *name;
	bool quoted;

	if (*s == '-')
		return option(text, len, at, out);
	if (ascii_starts(s, left, "convertto-securestring "))
		return take(text, len, at + 23 + (ascii_starts(s + 23, left - 23, "-string ") ? 8 : 0), &string, false, out);
	if ((name = name_at(s, left, &i)) == NULL)
		return false;
	i++;
	for (size_t k = 0; k < ASCII_COUNT(is); k++) {
		size_t w = strlen(is[k]);

		if (!ascii_starts(s + i, left - i, is[k]) || i + w >= left || (!ascii_blank(s[i + w]) && s[i + w] != ':'))
			continue;
		i += w + (s[i + w] == ':');
		n = secrets_value(s + i, left - i, &skip, &quoted);
		*out = (struct secrets_span){at + i + skip, n, name->kind};
		if (!quoted && !secrets_strong(s + i + skip, n) && (k >= IS_TO || memchr(s + i + skip, '(', n) != NULL))
			return false;
		return n >= 4 && !secrets_placeholder(s + i + skip, n) && (quoted || secrets_odd(s + i + skip, n));
	}
	/* "Passwort Sommer24!" without a sign: then it must be plain that it is one. */
	n = secrets_value(s + i, left - i, &skip, &quoted);
	*out = (struct secrets_span){at + i + skip, n, name->kind};
	return !quoted && secrets_strong(s + i + skip, n) && !secrets_placeholder(s + i + skip, n) && memchr(s + i + skip, '/', n) == NULL;
}
