/*
 * fields.c - parser worker; text of a mail. What the sender states in a fixed form, and what prose says of product,
 * version and triage. Commands are in fields_commands.c, triage in fields_triage.c. Pure.
 */
#include "fields.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "fields_private.h"
#include "oneline.h"
#include "products.h"

#define FIELD_MAX 998
#define BLOCK_LINES 60 /* the block of fields ends within so many lines */
#define GREETING_MAX 60
#define PROSE_MAX ((size_t)64 * 1024) /* nobody names the product further down */

struct label {
	const char *key;
	const char *const *names; /* lower case */
	size_t n;
};

#define LABEL(key, ...) {(key), (const char *const[]){__VA_ARGS__}, ASCII_COUNT(((const char *const[]){__VA_ARGS__}))}
static const struct label labels[] = {
    LABEL("product", "product", "produkt", "veeam product", "affected product", "product name", "produkt/version"),
    LABEL("version", "version", "build", "product version", "veeam version", "vbr version", "build number",
        "version/build", "produktversion", "product build"),
    LABEL("severity", "severity", "sev", "severity level", "schweregrad"),
    LABEL("customer", "customer", "client", "tenant", "end customer", "kunde", "endkunde", "customer name"),
    LABEL("job", "job", "job name", "backup job", "jobname"),
    LABEL("error", "error", "error message", "fehler", "fehlermeldung"),
    LABEL("triage", "triage", "triage steps", "steps taken", "steps performed", "what we tried", "bereits unternommen",
        "bisherige schritte", "troubleshooting", "troubleshooting done", "troubleshooting steps"),
    LABEL("support_id", "support-id", "support id", "supportid", "contract", "contract id"),
    LABEL("reference", "reference", "your reference", "our reference", "ref", "our ref", "our ticket",
        "partner ticket", "our ticket number", "our case", "unsere referenz", "unser ticket"),
};

static bool is_mark(char c)
{
	return c == '*' || c == '-' || c == '_' || c == ' ' || c == '\0';
}

/* What lists and bold print leave around a label: `* Product: x`, `**Product:** x`. */
static void skip_marks(const char **s, size_t *len)
{
	while (*len > 0) {
		size_t n = is_mark(**s) || **s == '\t' ? 1 : **s < 0 && *len > 2 && memcmp(*s, "•", 3) == 0 ? 3 : 0;

		if (n == 0)
			return;
		*s += n;
		*len -= n;
	}
}

/* `Label: value`. *key is NULL for a label that means nothing to us. */
static bool parse_field(const char *line, size_t len, const char **key, const char **value, size_t *value_len)
{
	const char *colon;
	size_t n;

	*key = NULL;
	skip_marks(&line, &len);
	colon = memchr(line, ':', len < 40 ? len : 40);
	if (colon == NULL || colon == line || !ascii_alpha(line[0]))
		return false;
	for (const char *c = line; c < colon; c++)
		if (!ascii_alnum(*c) && !is_mark(*c) && *c != '/' && *c != '#')
			return false;
	n = (size_t)(colon - line);
	while (n > 0 && strchr(" *_", line[n - 1]) != NULL)
		n--;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]) && *key == NULL; i++)
		if (ascii_one_of(line, n, labels[i].names, labels[i].n) < labels[i].n)
			*key = labels[i].key;
	*value = colon + 1;
	*value_len = len - (size_t)(colon + 1 - line);
	while (*value_len > 0 && strchr("* \t", **value) != NULL) {
		(*value)++;
		(*value_len)--;
	}
	ascii_trim(value, value_len);
	return true;
}

static int set_string(json_t *o, const char *key, const char *s, size_t len, size_t max)
{
	char *clean;
	int rc = VG_OK;

	if (json_object_get(o, key) != NULL)
		return VG_OK;
	clean = oneline_dup(s, len, max);
	if (clean == NULL)
		return VG_ERR_MEMORY;
	if (clean[0] != '\0' && json_object_set_new(o, key, json_string(clean)) != 0)
		rc = VG_ERR_MEMORY;
	free(clean);
	return rc;
}

int fields_severity(const char *s, size_t len)
{
	static const char *const words[] = {"critical", "high", "medium", "low"};

	for (size_t i = 0; i < 4; i++)
		if (ascii_starts(s, len, words[i]))
			return (int)i + 1;
	if (ascii_starts(s, len, "s"))
		for (; len > 0 && (ascii_alpha(*s) || *s == ' '); s++)
			len--;
	if (len == 0 || s[0] < '1' || s[0] > '4' || (len > 1 && (ascii_alnum(s[1]) || s[1] == '.' || s[1] == '/')))
		return 0;
	return s[0] - '0';
}

static int set_severity(json_t *o, int severity)
{
	if (severity == 0 || json_object_get(o, "severity") != NULL)
		return VG_OK;
	return json_object_set_new(o, "severity", json_integer(severity)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

/* The product's name of our table where the words name one, else as written; a version beside it too. */
static int set_product(json_t *o, const char *s, size_t len)
{
	const char *name, *id;
	char version[PRODUCT_VERSION_MAX], *clean = oneline_dup(s, len, FIELD_MAX);
	int rc;

	if (clean == NULL)
		return VG_ERR_MEMORY;
	product_find(clean, strlen(clean), &name, version, sizeof(version));
	if (name == NULL && (id = product_id(clean)) != NULL)
		name = product_name(id);
	if (name == NULL)
		name = clean;
	rc = set_string(o, "product", name, strlen(name), FIELD_MAX);
	/* Kept aside: a Version field that follows says it better. */
	if (rc == VG_OK && version[0] != '\0')
		rc = set_string(o, ".version", version, strlen(version), FIELD_MAX);
	free(clean);
	return rc;
}

static int set_field(json_t *o, const char *key, const char *value, size_t len)
{
	if (len == 0)
		return VG_OK;
	if (strcmp(key, "severity") == 0)
		return set_severity(o, fields_severity(value, len));
	if (strcmp(key, "product") == 0)
		return set_product(o, value, len);
	return set_string(o, key, value, len, FIELD_MAX);
}

static bool is_greeting(const char *line, size_t len)
{
	static const char *const words[] = {"hi", "hello", "dear", "good morning", "good afternoon", "good evening", "good day",
	    "hey", "greetings", "team"};

	if (len > GREETING_MAX || memchr(line, ':', len) != NULL)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (ascii_starts(line, len, words[i]))
			return true;
	return line[len - 1] == ',';
}

/* Triage may run over the following lines, up to a blank one or the next known field. */
static int read_triage(json_t *o, const char **pos, const char *end, const char *value, size_t value_len)
{
	struct triage_text t;
	const char *line, *v, *key;
	size_t len, v_len;

	triage_begin(&t);
	triage_add(&t, value, value_len);
	for (const char *next = *pos; ascii_line(&next, end, &line, &len); *pos = next) {
		ascii_trim(&line, &len);
		if (len == 0 || line[0] == '#')
			break;
		if (parse_field(line, len, &key, &v, &v_len) && key != NULL)
			break;
		triage_add(&t, line, len);
	}
	return triage_set(&t, o);
}

/* The pseudo-header: `Label: value` lines at the start, a greeting and blank lines aside. */
static int read_block(json_t *o, const char *body, const char *end)
{
	const char *line, *key, *value;
	size_t len, value_len;
	bool begun = false, greeted = false;
	int rc = VG_OK;

	for (int n = 0; n < BLOCK_LINES && rc == VG_OK && ascii_line(&body, end, &line, &len); n++) {
		ascii_trim(&line, &len);
		if (len == 0 || line[0] == '#')
			continue;
		if (!parse_field(line, len, &key, &value, &value_len)) {
			if (begun || greeted || !is_greeting(line, len))
				break;
			greeted = true;
			continue;
		}
		begun = true;
		if (key != NULL && strcmp(key, "triage") == 0)
			rc = read_triage(o, &body, end, value, value_len);
		else if (key != NULL)
			rc = set_field(o, key, value, value_len);
	}
	return rc;
}

/* A `Triage: …` line that comes later: whoever wrote it shall not be asked for one. */
static int find_triage(json_t *o, const char *body, const char *end)
{
	const char *line, *key, *value;
	size_t len, value_len;
	int rc = VG_OK;

	if (json_object_get(o, "triage") != NULL)
		return VG_OK;
	while (rc == VG_OK && ascii_line(&body, end, &line, &len)) {
		ascii_trim(&line, &len);
		if (len == 0 || !parse_field(line, len, &key, &value, &value_len) || key == NULL || strcmp(key, "triage") != 0)
			continue;
		rc = read_triage(o, &body, end, value, value_len);
		if (json_object_get(o, "triage") != NULL)
			break;
	}
	return rc;
}

/* `[Sev 2]`, `[SEV1]`, `[Severity: 1]` in the subject. */
static int subject_severity(const char *subject)
{
	size_t len = strlen(subject);

	for (const char *at = subject; (at = strchr(at, '[')) != NULL; at++) {
		const char *s = at + 1, *close = strchr(at, ']');
		size_t n = close != NULL ? (size_t)(close - s) : 0, word = 0;

		if (n == 0 || n > 14 || !ascii_starts(s, n, "sev"))
			continue;
		word = ascii_starts(s, n, "severity") ? 8 : 3;
		while (word < n && strchr(" :=-", s[word]) != NULL)
			word++;
		if (word < n && fields_severity(s + word, n - word) > 0 && (size_t)(s - subject) < len)
			return fields_severity(s + word, n - word);
	}
	return 0;
}

/* "our Veeam 12.1": a version of something of theirs, though not said of what. */
static bool names_maker(const char *subject, const char *body, size_t len)
{
	return ascii_find_word(subject, strlen(subject), "veeam") != NULL || ascii_find_word(body, len, "veeam") != NULL;
}

/* Product and version that no field stated: the logs, then the prose. */
static int find_product(json_t *o, const char *subject, const char *body, size_t len, const struct log_facts *facts)
{
	const char *stated = json_string_value(json_object_get(o, "product")), *name = NULL, *other;
	char version[PRODUCT_VERSION_MAX] = "", more[PRODUCT_VERSION_MAX];
	int rc = VG_OK;

	len = len < PROSE_MAX ? len : PROSE_MAX;
	product_find(subject, strlen(subject), &name, version, sizeof(version));
	if (name == NULL || version[0] == '\0') {
		product_find(body, len, &other, more, sizeof(more));
		if (other == NULL || name == NULL || strcmp(name, other) == 0)
			memcpy(version, more, sizeof(version));
		name = name != NULL ? name : other;
	}
	if (stated == NULL && facts != NULL && name == NULL && facts->product[0] != '\0')
		name = facts->product;
	if (stated == NULL && name != NULL)
		rc = set_string(o, "product", name, strlen(name), FIELD_MAX);
	stated = json_string_value(json_object_get(o, "product"));
	if (rc == VG_OK && json_object_get(o, ".version") != NULL) {
		const char *beside = json_string_value(json_object_get(o, ".version"));

		rc = set_string(o, "version", beside, strlen(beside), FIELD_MAX);
	}
	if (rc == VG_OK && facts != NULL && stated != NULL && strcmp(stated, facts->product) == 0)
		rc = set_string(o, "version", facts->version, strlen(facts->version), FIELD_MAX);
	if (rc == VG_OK && (stated != NULL ? name == NULL || strcmp(stated, name) == 0 : names_maker(subject, body, len)))
		rc = set_string(o, "version", version, strlen(version), FIELD_MAX);
	json_object_del(o, ".version");
	return rc;
}

/* The release behind a build number; and its product, where nothing else names one. */
static int find_release(json_t *o)
{
	const char *product = json_string_value(json_object_get(o, "product")), *of = NULL;
	const char *version = json_string_value(json_object_get(o, "version"));
	char release[64];
	int rc;

	if (version == NULL || !product_release(product, version, release, sizeof(release), &of))
		return VG_OK;
	rc = set_string(o, "release", release, strlen(release), FIELD_MAX);
	return rc == VG_OK && product == NULL && of != NULL ? set_string(o, "product", of, strlen(of), FIELD_MAX) : rc;
}

/* The last #severity that was given. */
static int command_severity(const json_t *commands)
{
	int severity = 0;
	size_t i;
	json_t *c;

	json_array_foreach(commands, i, c)
		if (strcmp(json_string_value(json_object_get(c, "name")), "severity") == 0)
			severity = fields_severity(json_string_value(json_object_get(c, "argument")), 1);
	return severity;
}

int fields_read(struct fields *out, const char *subject, const char *body, size_t len, const struct log_facts *facts)
{
	int rc;

	out->fields = json_object();
	out->commands = json_array();
	out->unknown = json_array();
	rc = out->fields != NULL && out->commands != NULL && out->unknown != NULL ? VG_OK : VG_ERR_MEMORY;
	if (rc == VG_OK)
		rc = fields_commands(out->commands, out->unknown, body, len);
	if (rc == VG_OK)
		rc = set_severity(out->fields, command_severity(out->commands));
	if (rc == VG_OK)
		rc = read_block(out->fields, body, body + len);
	if (rc == VG_OK)
		rc = find_triage(out->fields, body, body + len);
	if (rc == VG_OK)
		rc = set_severity(out->fields, subject_severity(subject));
	if (rc == VG_OK)
		rc = find_product(out->fields, subject, body, len, facts);
	if (rc == VG_OK)
		rc = find_release(out->fields);
	if (rc == VG_OK && json_object_get(out->fields, "severity") == NULL)
		rc = fields_hint(out->fields, subject, body, len);
	if (rc == VG_OK && facts != NULL && !facts->jobs_differ)
		rc = set_string(out->fields, "job", facts->job, strlen(facts->job), FIELD_MAX);
	if (rc == VG_OK && json_object_get(out->fields, "triage") == NULL)
		rc = fields_triage(out->fields, body, len);
	if (rc != VG_OK)
		fields_free(out);
	return rc;
}

void fields_free(struct fields *f)
{
	json_decref(f->fields);
	json_decref(f->commands);
	json_decref(f->unknown);
	f->fields = f->commands = f->unknown = NULL;
}
