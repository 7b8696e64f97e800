/*
 * products.c - parser worker for prose and logs; also whoever maps a product to a route. Pure tables and matching.
 */
#include "products.h"

#include <string.h>
#include <strings.h>

#include "ascii.h"

struct product {
	const char *id;
	const char *name;
	const char *aliases; /* lower case, parted by '|'; matched as whole words */
	const char *modules; /* beginnings of program names in log headers, lower case, parted by '|' */
};

/* A longer alias wins where two begin at the same place. */
static const struct product products[] = {
    {"vbr", "Veeam Backup & Replication",
        "veeam backup & replication|veeam backup and replication|veeam backup&replication|backup & replication|"
        "backup and replication|veeam b&r|veeam vbr|vbr",
        "veeam.backup.|veeamagent.exe|veeam.guest|veeamtransport|veeamdeployment"},
    {"one", "Veeam ONE", "veeam one|veeamone", "veeam.one|veeamone|veeamdcs|veeamrss"},
    {"vb365", "Veeam Backup for Microsoft 365",
        "veeam backup for microsoft 365|veeam backup for microsoft office 365|veeam backup for office 365|"
        "backup for microsoft 365|veeam backup for m365|vb365|vbm365|vbo365|vbo",
        "veeam.archiver"},
    {"vaw", "Veeam Agent for Microsoft Windows",
        "veeam agent for microsoft windows|veeam agent for windows|agent for microsoft windows|"
        "veeam endpoint backup|veeam windows agent|vaw",
        "veeam.endpoint|veeam.agent.configurator"},
    {"val", "Veeam Agent for Linux", "veeam agent for linux|agent for linux|veeam linux agent", "veeamservice|veeamjobman"},
    {"vam", "Veeam Agent for Mac", "veeam agent for mac|veeam agent for macos", ""},
    {"vspc", "Veeam Service Provider Console",
        "veeam service provider console|service provider console|veeam availability console|vspc|vac",
        "veeam.mbp|veeam.availability.console|veeam.serviceprovider"},
    {"vcc", "Veeam Cloud Connect", "veeam cloud connect|cloud connect", "veeam.backup.cloudservice"},
    {"vro", "Veeam Recovery Orchestrator",
        "veeam recovery orchestrator|recovery orchestrator|veeam disaster recovery orchestrator|veeam availability orchestrator",
        "veeam.orchestrator"},
    {"vbaws", "Veeam Backup for AWS", "veeam backup for aws|backup for aws", ""},
    {"vbazure", "Veeam Backup for Microsoft Azure",
        "veeam backup for microsoft azure|veeam backup for azure|backup for azure", ""},
    {"vbgcp", "Veeam Backup for Google Cloud", "veeam backup for google cloud|backup for google cloud", ""},
    {"vbsf", "Veeam Backup for Salesforce", "veeam backup for salesforce|backup for salesforce", ""},
    {"k10", "Veeam Kasten for Kubernetes", "veeam kasten for kubernetes|veeam kasten|kasten k10|kasten", ""},
};
#define PRODUCTS (ASCII_COUNT(products))
#define ALIAS_MAX 64

/* The next alternative of a '|' list as a string; false at the end. */
static bool next_word(const char **list, char word[ALIAS_MAX])
{
	size_t n = strcspn(*list, "|");

	if (n == 0 || n >= ALIAS_MAX)
		return false;
	memcpy(word, *list, n);
	word[n] = '\0';
	*list += n + ((*list)[n] == '|');
	return true;
}

const char *product_id(const char *name)
{
	char word[ALIAS_MAX];
	size_t len = strlen(name);

	ascii_trim(&name, &len);
	for (size_t i = 0; i < PRODUCTS; i++) {
		const char *list = products[i].aliases;

		if (ascii_is(name, len, products[i].id))
			return products[i].id;
		while (next_word(&list, word))
			if (ascii_is(name, len, word))
				return products[i].id;
		if (strlen(products[i].name) == len && strncasecmp(products[i].name, name, len) == 0)
			return products[i].id;
	}
	return NULL;
}

const char *product_name(const char *id)
{
	for (size_t i = 0; i < PRODUCTS; i++)
		if (strcmp(products[i].id, id) == 0)
			return products[i].name;
	return NULL;
}

/* Length of a version at s as people write it: v12, 12.3, 12.1.2.172, 11a; 0 for none. */
static size_t version_at(const char *s, size_t len)
{
	size_t i = 0, digits = 0, dots = 0;

	if (len > 1 && ascii_fold(s[0]) == 'v' && ascii_digit(s[1]))
		i = 1;
	while (i < len && i < 24 && (ascii_digit(s[i]) || (s[i] == '.' && i + 1 < len && ascii_digit(s[i + 1])))) {
		digits = s[i] == '.' ? 0 : digits + 1;
		dots += s[i] == '.';
		if (digits > 6 || dots > 3)
			return 0;
		i++;
	}
	if (i == 0 || !ascii_digit(s[i - 1]))
		return 0;
	/* 11a, but not 12th */
	if (i < len && ascii_lower(s[i]) && s[i] <= 'c' && dots == 0 && (i + 1 == len || !ascii_alnum(s[i + 1])))
		i++;
	return i < len && (ascii_alnum(s[i]) || s[i] == '%' || s[i] == '@') ? 0 : i;
}

static bool copy_version(char *out, size_t cap, const char *s, size_t len)
{
	if (len == 0 || len >= cap)
		return false;
	memcpy(out, s, len);
	out[len] = '\0';
	return true;
}

/* A version right behind a product's name, over words that may stand between. */
static bool version_behind(const char *s, size_t len, char *out, size_t cap)
{
	static const char *const filler[] = {"version", "ver.", "ver", "build", "release", "community edition",
	    "enterprise plus", "enterprise", "edition", "server", "update", "is", "v."};
	size_t i = 0;

	for (int step = 0; step < 5; step++) {
		bool skipped = false;

		while (i < len && s[i] != '\0' && strchr(" \t,:(=[", s[i]) != NULL)
			i++;
		if (copy_version(out, cap, s + i, version_at(s + i, len - i)))
			return true;
		for (size_t k = 0; k < ASCII_COUNT(filler) && !skipped; k++) {
			size_t n = strlen(filler[k]);

			if (ascii_starts(s + i, len - i, filler[k]) && (i + n == len || !ascii_alnum(s[i + n]))) {
				i += n;
				skipped = true;
			}
		}
		if (!skipped)
			return false;
	}
	return false;
}

/* "version 12.3" or "build 12.1.2.172" anywhere; a build has points. */
static bool version_anywhere(const char *text, size_t len, char *out, size_t cap)
{
	static const char *const words[] = {"version", "build"};

	for (size_t k = 0; k < 2; k++) {
		const char *at = text, *end = text + len;

		while ((at = ascii_find_word(at, (size_t)(end - at), words[k])) != NULL) {
			at += strlen(words[k]);
			if (version_behind(at, (size_t)(end - at), out, cap) && (k == 0 || strchr(out, '.') != NULL))
				return true;
		}
	}
	out[0] = '\0';
	return false;
}

/* Length of the alias that *list begins with where s begins with it, else 0; moves *list to the next one. */
static size_t alias_length(const char **list, const char *s, size_t len)
{
	const char *alias = *list;
	size_t n = 0;

	while (n < len && alias[n] != '|' && alias[n] != '\0' && ascii_fold(s[n]) == alias[n])
		n++;
	*list = alias + n;
	while (**list != '|' && **list != '\0')
		(*list)++;
	if (*list != alias + n)
		n = 0;
	*list += **list == '|';
	return n;
}

/* The longest alias at s that ends with its word; 0 for none. */
static size_t name_at(const char *s, size_t len, const struct product **which)
{
	size_t best = 0;

	for (size_t i = 0; i < PRODUCTS; i++)
		for (const char *list = products[i].aliases; *list != '\0';) {
			size_t n = alias_length(&list, s, len);

			if (n <= best || (n < len && ascii_alnum(s[n])))
				continue;
			best = n;
			*which = &products[i];
		}
	return best;
}

/* The first name of a product in text: where, how long, which. */
static const char *find_name(const char *text, size_t len, size_t *name_len, const struct product **which)
{
	/* What an alias begins with; looked at closely only there. */
	static const char *const starts[] = {"veeam", "veeamone", "backup &", "backup and", "backup for", "agent for", "service provider",
	    "cloud connect", "recovery orchestrator", "kasten", "vbr",
	    "vb365", "vbm365", "vbo365", "vbo", "vaw", "vspc", "vac"};
	const char *at = text, *end = text + len;

	while ((at = ascii_find_any(at, (size_t)(end - at), starts, ASCII_COUNT(starts), NULL)) != NULL) {
		*name_len = name_at(at, (size_t)(end - at), which);
		if (*name_len > 0)
			return at;
		while (at < end && ascii_alnum(*at))
			at++;
	}
	return NULL;
}

void product_find(const char *text, size_t len, const char **name, char *version, size_t cap)
{
	const struct product *which = NULL;
	size_t n = 0;
	const char *at = find_name(text, len, &n, &which);

	version[0] = '\0';
	*name = which != NULL ? which->name : NULL;
	if (at == NULL)
		return;
	if (!version_behind(at + n, len - (size_t)(at - text) - n, version, cap))
		version_anywhere(text, len, version, cap);
}

const char *product_by_module(const char *module, size_t len)
{
	const char *name = NULL;
	char word[ALIAS_MAX];
	size_t best = 0;

	for (size_t i = len; i > 0; i--)
		if (module[i - 1] == '\\' || module[i - 1] == '/') {
			module += i;
			len -= i;
			break;
		}
	for (size_t i = 0; i < PRODUCTS; i++) {
		const char *list = products[i].modules;

		while (next_word(&list, word))
			if (strlen(word) > best && ascii_starts(module, len, word)) {
				best = strlen(word);
				name = products[i].name;
			}
	}
	return name;
}
