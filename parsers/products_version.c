/*
 * products_version.c - parser worker; prose and log headers. Which numbers are versions of our products, and which are dates,
 * addresses, amounts or versions of other software. Called by products.c. Pure.
 */
#include "products_private.h"

#include <string.h>

#include "ascii.h"

#define MAJOR_MAX 20   /* of a bare number behind a name; beyond it is an amount or a year */
#define CLAUSE_MAX 60  /* bytes before the word version that are looked at for other software */

static bool goes_on(const char *s, size_t len)
{
	if (len == 0)
		return false;
	if (ascii_alnum(s[0]) || strchr("%@_\\", s[0]) != NULL)
		return true;
	/* 12/03, 12-03, 12:30, 192.0.2.1/24; a fifth part; 12.example */
	if (len > 1 && strchr("/-:", s[0]) != NULL && ascii_digit(s[1]))
		return true;
	return len > 1 && s[0] == '.' && ascii_alnum(s[1]) && s[1] != 'x' && s[1] != 'X';
}

static bool is_year(unsigned long n)
{
	return n >= 1990 && n <= 2100;
}

static bool is_date(const struct version *v)
{
	if (v->parts > 1 && is_year(v->part[0]))
		return true;
	return v->parts == 3 && is_year(v->part[2]);
}

void version_read(struct version *v, const char *s, size_t len)
{
	size_t i = 0;
	bool padded = false;

	memset(v, 0, sizeof(*v));
	if (len > 1 && ascii_fold(s[0]) == 'v' && ascii_digit(s[1])) {
		v->marked = true;
		i = 1;
	}
	for (; v->parts < VERSION_PARTS; i++) {
		size_t from = i;

		for (; i < len && ascii_digit(s[i]) && i - from < 7; i++)
			v->part[v->parts] = v->part[v->parts] * 10 + (unsigned long)(s[i] - '0');
		if (i == from || i - from > 6)
			return;
		padded = padded || (s[from] == '0' && i - from > 1);
		v->parts++;
		if (i + 1 >= len || s[i] != '.' || !ascii_digit(s[i + 1]))
			break;
	}
	if (v->parts > VERSION_PARTS)
		return;
	/* 11a, but not 12th */
	if (i < len && v->parts <= 2 && ascii_fold(s[i]) >= 'a' && ascii_fold(s[i]) <= 'c' && (i + 1 == len || !ascii_alnum(s[i + 1]))) {
		i++;
		v->marked = true;
	}
	if (!padded && !goes_on(s + i, len - i) && !is_date(v))
		v->len = i;
}

/* ---- what stands behind a version: "Update 4b", "U4", "P20230227", "CP2" ---- */

static size_t digits(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && ascii_digit(s[n]))
		n++;
	return n;
}

#define PATCH_OF_DAY 5

/* Bytes of an update or patch at s, 0 for none; *from, *n: what of it is kept. */
static size_t patch_at(const char *s, size_t len, const char **from, size_t *n)
{
	static const char *const words[] = {"update ", "upd ", "u", "cp", "cu", "p", "patch "};
	size_t gap = products_gap(s, len, false), i = gap, d;
	bool bracket = i < len && s[i] == '(';

	i += bracket;
	*from = s + i;
	for (size_t k = 0; k < ASCII_COUNT(words); k++) {
		size_t w = strlen(words[k]);

		if (!ascii_starts(s + i, len - i, words[k]) || (d = digits(s + i + w, len - i - w)) == 0)
			continue;
		/* A patch of the day it was made has eight digits, everything else one or two. */
		if ((k >= PATCH_OF_DAY) != (d == 8) || (k < PATCH_OF_DAY && d > 2))
			continue;
		i += w + d;
		if (i < len && ascii_fold(s[i]) >= 'a' && ascii_fold(s[i]) <= 'd' && k < PATCH_OF_DAY)
			i++;
		if (i < len && ascii_alnum(s[i]))
			return 0;
		*n = (size_t)(s + i - *from);
		return i;
	}
	return 0;
}

/* Writes the version and a patch behind it. */
static bool write_version(const char *s, size_t len, const struct version *v, char *out, size_t cap)
{
	const char *patch;
	size_t n = 0, gap = 0;

	if (v->len == 0 || v->len >= cap)
		return false;
	memcpy(out, s, v->len);
	if (patch_at(s + v->len, len - v->len, &patch, &n) == 0 || v->len + n + 2 > cap)
		n = 0;
	if (n > 0) {
		gap = patch > s + v->len;
		out[v->len] = ' ';
		memcpy(out + v->len + gap, patch, n);
	}
	out[v->len + gap + n] = '\0';
	return true;
}

/* ---- right behind a name ---- */

static bool is_amount(const char *s, size_t len)
{
	static const char *const units[] = {"day", "days", "hour", "hours", "hrs", "h", "minute", "minutes", "min", "mins", "second", "seconds", "sec",
	    "time", "times", "week", "weeks", "month", "months", "year", "years", "server", "servers", "job", "jobs", "vm", "vms",
	    "tb", "gb", "mb", "kb", "proxy", "proxies", "repository", "repositories", "task", "tasks", "instance", "instances", "agents",
	    "socket", "sockets", "ticket", "tickets", "x", "license", "licenses", "licence", "licences", "user", "users", "host", "hosts", "node",
	    "nodes", "of", "tage", "tagen", "stunden", "minuten", "mal", "jahre", "jahren", "jours", "heures", "fois", "horas", "veces", "giorni",
	    "dagen", "uur", "dni", "customers", "clients", "tenants", "machines", "errors", "warnings", "points", "other", "more"};
	size_t gap = products_gap(s, len, false);

	return gap > 0 && ascii_word_at(s + gap, len - gap, units, ASCII_COUNT(units)) < ASCII_COUNT(units);
}

static bool is_address(const struct version *v)
{
	if (v->parts != 4 || v->marked)
		return false;
	for (unsigned i = 0; i < 4; i++)
		if (v->part[i] > 255)
			return false;
	return true;
}

static bool is_network(const struct version *v)
{
	return v->part[0] == 10 || v->part[0] == 127 || v->part[0] > 30;
}

/* Builds of Windows: 10.0.17763, 6.3.9600. */
static bool is_windows(const struct version *v)
{
	return v->parts >= 3 && ((v->part[0] == 10 && v->part[1] == 0 && v->part[2] >= 10240) ||
	    (v->part[0] == 6 && v->part[1] <= 3 && v->part[2] >= 6000));
}

/* What may stand between a name and its version; beyond `host` the number may be an address. */
static const char *const fillers[] = {"version", "versione", "versie", "wersja", "ver.", "ver", "release", "build", "buildnummer",
    "number", "server", "no.", "nr.", "nummer", "community edition", "community", "enterprise plus", "enterprise", "standard", "edition", "update",
    "is", "ist", "v.", "currently", "running", "on version", "in version", "in der version", "en version", "em", "console",
    "upgraded to", "updated to", "upgrade to", "update to", "from", "von", "vom", "de la", "desde", "ce"};
#define FILLER_EXPLICIT 10 /* so many of them say that a version follows */
enum { FILLER_BUILD = 7, FILLER_SERVER = FILLER_EXPLICIT };

struct behind {
	bool explicit_word, build, server;
};

static bool acceptable(const struct version *v, const char *s, size_t len, const struct behind *b)
{
	if (v->len == 0 || is_windows(v))
		return false;
	if (product_build(NULL, s, v->len) != NULL)
		return true;
	if (is_address(v) && (is_network(v) || (b->server && !b->explicit_word)))
		return false;
	if (b->build && v->parts == 1)
		return false;
	if (b->explicit_word || v->marked)
		return true;
	if (v->part[0] > MAJOR_MAX || (v->parts == 1 && v->part[0] < 4))
		return false;
	return v->parts > 1 || !is_amount(s + v->len, len - v->len);
}

/* "from 11a to 12.1": where the version begins that took the place of the one before s; 0 for none. */
static size_t successor(const char *s, size_t len, struct version *number)
{
	static const char *const words[] = {"to ", "auf ", "-> ", "=> ", "\xE2\x86\x92 ", "naar ", "vers "};
	size_t i = products_gap(s, len, false);

	if (i == 0)
		return 0;
	for (size_t k = 0; k < ASCII_COUNT(words); k++)
		if (ascii_starts(s + i, len - i, words[k])) {
			i += strlen(words[k]);
			i += ascii_starts(s + i, len - i, "version ") ? 8 : 0;
			version_read(number, s + i, len - i);
			return number->len > 0 ? i : 0;
		}
	return 0;
}

/* Behind a number that was read at s: writes it, or the one that follows it. */
static bool take_version(const char *s, size_t len, const struct behind *b, char *out, size_t cap, struct version *number)
{
	const char *patch;
	struct version next;
	size_t n, i = number->len, j;

	if (!acceptable(number, s, len, b))
		return false;
	i += patch_at(s + i, len - i, &patch, &n);
	j = successor(s + i, len - i, &next);
	if (j > 0 && acceptable(&next, s + i + j, len - i - j, b)) {
		*number = next;
		return write_version(s + i + j, len - i - j, number, out, cap);
	}
	return write_version(s, len, number, out, cap);
}

bool version_behind(const char *s, size_t len, bool explicit_word, char *out, size_t cap, struct version *number)
{
	struct behind b = {explicit_word, false, false};
	size_t i = 0, k;

	for (int step = 0; step < 6; step++) {
		for (size_t gap = 1; gap > 0; i += gap) {
			gap = products_gap(s + i, len - i, false);
			if (gap == 0 && i < len && s[i] != '\0' && strchr(",:(=[#*-", s[i]) != NULL)
				gap = 1;
		}
		i += ascii_starts(s + i, len - i, "v.") && len - i > 2 && ascii_digit(s[i + 2]) ? 2 : 0;
		version_read(number, s + i, len - i);
		if (number->len > 0)
			return take_version(s + i, len - i, &b, out, cap, number);
		k = ascii_word_at(s + i, len - i, fillers, ASCII_COUNT(fillers));
		if (k == ASCII_COUNT(fillers))
			break;
		b.explicit_word = b.explicit_word || k < FILLER_EXPLICIT;
		b.build = b.build || k == FILLER_BUILD;
		b.server = b.server || k == FILLER_SERVER;
		i += strlen(fillers[k]);
	}
	number->parts = 0;
	return false;
}

/* ---- anywhere ---- */

/* Whether the clause before the word version speaks of other software. */
static bool of_others(const char *text, const char *at)
{
	static const char *const others[] = {"windows", "vcenter", "esxi", "esx", "vsphere", "vmware", "vmfs", "hardware", "sql", "postgresql",
	    "postgres", "oracle", "powershell", "linux", "kernel", "exchange", "sharepoint", "net", "hyper", "proxmox", "nutanix", "aos",
	    "ahv", "rhel", "red hat", "ubuntu", "debian", "suse", "sles", "centos", "rocky", "firmware", "driver", "bios", "browser", "chrome",
	    "edge", "outlook", "office", "hana", "os", "openssl", "tls", "ssl", "java", "tools", "ontap", "netapp", "storeonce", "ilo", "idrac",
	    "kubernetes", "openshift", "microsoft", "smb", "nfs", "ssh", "db2", "python", "php", "mime", "api", "rest", "schema", "protocol",
	    "config", "database", "domino", "agent os", "macos", "aix", "solaris", "storage", "array", "template", "document"};
	const char *from = at;

	while (from > text && at - from < CLAUSE_MAX && strchr("\n,;()[]{}|", from[-1]) == NULL &&
	    !(from[-1] == ' ' && from - 1 > text && (from[-2] == '.' || from[-2] == '?' || from[-2] == '!')))
		from--;
	return ascii_find_any(from, (size_t)(at - from), others, ASCII_COUNT(others), NULL) != NULL;
}

/* "the v12 of VBR": a mark of its own, anywhere but of other software. */
static bool version_marked(const char *text, size_t len, char *out, size_t cap, struct version *number)
{
	for (size_t i = 0; i + 1 < len; i++) {
		if (ascii_fold(text[i]) != 'v' || !ascii_digit(text[i + 1]) ||
		    (i > 0 && (ascii_alnum(text[i - 1]) || strchr("._-/\\@:", text[i - 1]) != NULL)))
			continue;
		version_read(number, text + i, len - i);
		if (number->len > 0 && number->part[0] > 3 && number->part[0] <= MAJOR_MAX && !is_windows(number) && !of_others(text, text + i))
			return write_version(text + i, len - i, number, out, cap);
	}
	return false;
}

static const char *const version_words[] = {"version", "versie", "versione", "wersja", "versión", "versão", "build",
    "buildnummer", "buildnumber"};
#define WORDS_OF_VERSIONS 6 /* the rest are words of builds: a build has points */

bool version_anywhere(const char *text, size_t len, char *out, size_t cap, struct version *number)
{
	const char *at = text, *end = text + len;
	char build[PRODUCT_VERSION_MAX] = "";
	struct version of_build, v;
	size_t k;

	out[0] = '\0';
	while ((at = ascii_find_any(at, (size_t)(end - at), version_words, ASCII_COUNT(version_words), &k)) != NULL) {
		const char *word = at;

		at += strlen(version_words[k]);
		if (of_others(text, word) || !version_behind(at, (size_t)(end - at), true, out, cap, &v))
			continue;
		if (k < WORDS_OF_VERSIONS) {
			*number = v;
			return true;
		}
		if (build[0] == '\0' && v.parts > 1 && strlen(out) < sizeof(build)) {
			memcpy(build, out, strlen(out) + 1);
			of_build = v;
		}
	}
	out[0] = '\0';
	if (build[0] == '\0' || strlen(build) >= cap)
		return version_marked(text, len, out, cap, number);
	memcpy(out, build, strlen(build) + 1);
	*number = of_build;
	return true;
}

static bool called_build(const char *text, const char *at)
{
	static const char *const words[] = {"build", "version", "buildnummer", "buildnumber"};
	const char *from = at;

	while (from > text && at - from < 24 && from[-1] != '\n')
		from--;
	return ascii_find_any(from, (size_t)(at - from), words, ASCII_COUNT(words), NULL) != NULL && !of_others(text, at);
}

static bool is_like(const struct version *v, const struct version *like)
{
	for (unsigned i = 0; i < like->parts; i++)
		if (v->part[i] != like->part[i])
			return false;
	return true;
}

bool version_exact(const char *text, size_t len, const struct version *like, const char *id, char *out, size_t cap, const char **of)
{
	for (size_t i = 0; i < len; i++) {
		const struct product_row *known;
		struct version v, later;

		if (!ascii_digit(text[i]))
			continue;
		if (i > 0 && (ascii_alnum(text[i - 1]) || strchr("._-/\\@:", text[i - 1]) != NULL) && !(ascii_fold(text[i - 1]) == 'v' &&
		    (i == 1 || !ascii_alnum(text[i - 2]))))
			goto next;
		version_read(&v, text + i, len - i);
		if (v.len == 0 || v.parts != VERSION_PARTS || is_windows(&v) || !is_like(&v, like) ||
		    (successor(text + i + v.len, len - i - v.len, &later) > 0 && later.parts == VERSION_PARTS && later.part[0] < MAJOR_MAX))
			goto next;
		known = product_build(id, text + i, v.len);
		if (known != NULL || (like->parts > 0 && called_build(text, text + i) && !(is_address(&v) && is_network(&v)))) {
			*of = known != NULL ? known->id : NULL;
			return write_version(text + i, len - i, &v, out, cap);
		}
	next:
		while (i + 1 < len && (ascii_digit(text[i + 1]) || text[i + 1] == '.'))
			i++;
	}
	return false;
}
