/*
 * log_header.c - parser worker; hostile log lines. Module, file version, machine of a log's header block. Called by
 * log_scan.c for the first lines of each log.
 */
#include "log_header.h"

#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "oneline.h"
#include "products.h"

/* The value behind `label`, in brackets or up to the end of the clause. */
static bool value_of(const char *line, size_t len, const char *label, const char **value, size_t *value_len)
{
	const char *at = ascii_find(line, len, label), *end = line + len, *close;

	if (at == NULL)
		return false;
	at += strlen(label);
	while (at < end && (ascii_blank(*at) || *at == ':' || *at == '.'))
		at++;
	if (at == end)
		return false;
	if (*at == '[') {
		at++;
		close = memchr(at, ']', (size_t)(end - at));
	} else {
		close = memchr(at, ',', (size_t)(end - at));
	}
	*value = at;
	*value_len = (size_t)((close != NULL ? close : end) - at);
	ascii_trim(value, value_len);
	return *value_len > 0;
}

static bool is_version(const char *s, size_t len)
{
	size_t dots = 0;

	for (size_t i = 0; i < len; i++) {
		if (!ascii_digit(s[i]) && s[i] != '.')
			return false;
		dots += s[i] == '.';
	}
	return len >= 3 && len < 24 && dots >= 1 && dots <= 3 && ascii_digit(s[0]) && ascii_digit(s[len - 1]);
}

static void take_version(struct log_facts *facts, const char *s, size_t len)
{
	if (facts->version[0] == '\0' && is_version(s, len))
		oneline(facts->version, sizeof(facts->version), s, len, ONELINE_CP1252);
}

static void take_product(struct log_facts *facts, const char *name)
{
	if (name != NULL && facts->product[0] == '\0')
		snprintf(facts->product, sizeof(facts->product), "%s", name);
}

/* `Module: [C:\…\Veeam.Backup.Manager.exe]. File version: [11.0.0.837]`. A version of another product is none. */
static void take_module(struct log_facts *facts, const char *line, size_t len)
{
	const char *path, *version, *name;
	size_t path_len, version_len;

	if (!value_of(line, len, "module:", &path, &path_len))
		return;
	name = product_by_module(path, path_len);
	if (name == NULL || (facts->product[0] != '\0' && strcmp(facts->product, name) != 0))
		return;
	take_product(facts, name);
	if (value_of(line, len, "file version", &version, &version_len) ||
	    value_of(line, len, "product version", &version, &version_len))
		take_version(facts, version, version_len);
}

/* `Product: NAME`, `Product version: 12.1.2.172`, or a sentence that names both. */
static void take_sentence(struct log_facts *facts, const char *line, size_t len)
{
	const char *value, *name = NULL;
	size_t value_len;
	char version[32];

	if (value_of(line, len, "product version", &value, &value_len)) {
		take_version(facts, value, value_len);
		return;
	}
	if (ascii_find(line, len, "veeam") == NULL)
		return;
	if (ascii_find(line, len, "version") == NULL && ascii_find(line, len, "product:") == NULL)
		return;
	product_find(line, len, &name, version, sizeof(version));
	if (name == NULL || (facts->product[0] != '\0' && strcmp(facts->product, name) != 0))
		return;
	take_product(facts, name);
	take_version(facts, version, strlen(version));
}

void log_header_take(struct log_facts *facts, const char *line, size_t len)
{
	const char *value;
	size_t value_len;

	if (len > 2000)
		len = 2000;
	if (facts->machine[0] == '\0' && value_of(line, len, "machinename", &value, &value_len))
		oneline(facts->machine, sizeof(facts->machine), value, value_len, ONELINE_CP1252);
	if (facts->product[0] != '\0' && facts->version[0] != '\0')
		return;
	take_module(facts, line, len);
	take_sentence(facts, line, len);
}
