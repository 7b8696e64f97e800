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

/* Length up to the bracket that closes the one in front of s; brackets may nest. len where none does. */
static size_t bracketed(const char *s, size_t len)
{
	size_t depth = 1;

	for (size_t i = 0; i < len; i++) {
		depth += s[i] == '[';
		depth -= s[i] == ']';
		if (depth == 0)
			return i;
	}
	return len;
}

/* The value behind `label`, which stands as a word: in brackets, in quotes or up to the end of the clause. */
static bool value_of(const char *line, size_t len, const char *label, const char **value, size_t *value_len)
{
	const char *at = ascii_find(line, len, label), *end = line + len, *close = NULL;

	if (at == NULL || (at > line && ascii_alnum(at[-1])))
		return false;
	at += strlen(label);
	while (at < end && (ascii_blank(*at) || *at == ':' || *at == '.' || *at == '='))
		at++;
	if (at == end)
		return false;
	if (*at == '[') {
		at++;
		close = at + bracketed(at, (size_t)(end - at));
	} else if (*at == '\'' || *at == '"') {
		at++;
		close = memchr(at, at[-1], (size_t)(end - at));
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

static void take(char *out, size_t cap, const char *s, size_t len)
{
	if (out[0] == '\0')
		oneline(out, cap, s, len, ONELINE_CP1252);
}

/* Length of a GUID at s; 0 for none. */
static size_t guid(const char *s, size_t len)
{
	for (size_t i = 0; i < 36; i++)
		if (i >= len || (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !ascii_hex(s[i])))
			return 0;
	return 36;
}

static void take_id(struct log_facts *facts, const char *s, size_t len)
{
	for (size_t i = 0; i + 36 <= len; i++)
		if (guid(s + i, len - i) > 0) {
			take(facts->job_id, sizeof(facts->job_id), s + i, 36);
			return;
		}
}

/* `CmdLineParams: [startbackupjob owner=[vbsvc] Normal JOB-GUID SESSION-GUID]` */
static void take_command(struct log_facts *facts, const char *line, size_t len)
{
	const char *value;
	size_t n, first = 0, i;
	char mode[32];

	if (!value_of(line, len, "cmdlineparams", &value, &n))
		return;
	take_id(facts, value, n);
	while (first < n && ascii_alnum(value[first]))
		first++;
	if (first == 0 || first > 20)
		return;
	/* The mode is the word of letters in front of the ids. */
	for (i = first; i < n && guid(value + i, n - i) == 0; i++)
		;
	while (i > first && value[i - 1] == ' ')
		i--;
	memcpy(mode, value, first);
	n = first;
	for (size_t from = i; from > first; from--)
		if (value[from - 1] == ' ' || !ascii_alpha(value[from - 1])) {
			if (value[from - 1] == ' ' && i - from > 2 && i - from < sizeof(mode) - first - 1) {
				mode[n++] = ' ';
				memcpy(mode + n, value + from, i - from);
				n += i - from;
			}
			break;
		}
	take(facts->mode, sizeof(facts->mode), mode, n);
}

/* Job, its id and mode, as the lines behind the header state them. */
static void take_job(struct log_facts *facts, const char *line, size_t len)
{
	static const char *const names[] = {"job name", "jobname", "starting job", "job: ["}, *const ids[] = {"job id", "jobid"},
	    *const modes[] = {"job mode", "run mode", "mode: ["};
	const char *value;
	size_t n;

	for (size_t i = 0; i < ASCII_COUNT(names) && facts->job[0] == '\0'; i++)
		if (value_of(line, len, i == 3 ? "job" : names[i], &value, &n) && (i < 3 || ascii_find(line, len, names[3]) != NULL))
			take(facts->job, sizeof(facts->job), value, n);
	for (size_t i = 0; i < ASCII_COUNT(ids); i++)
		if (value_of(line, len, ids[i], &value, &n))
			take_id(facts, value, n);
	for (size_t i = 0; i < ASCII_COUNT(modes); i++)
		if (value_of(line, len, i == 2 ? "mode" : modes[i], &value, &n) && (i < 2 || ascii_find(line, len, modes[2]) != NULL) &&
		    n < sizeof(facts->mode))
			take(facts->mode, sizeof(facts->mode), value, n);
	/* `Job 'Backup Job 1' started` */
	if (facts->job[0] == '\0' && (value = ascii_find(line, len, " job '")) != NULL &&
	    ascii_find(line, len, "started") != NULL && value_of(value, len - (size_t)(value - line), "job", &value, &n))
		take(facts->job, sizeof(facts->job), value, n);
}

static void take_host(struct log_facts *facts, const char *line, size_t len)
{
	const char *value;
	size_t n;

	if (value_of(line, len, "machinename", &value, &n) || value_of(line, len, "host name", &value, &n))
		take(facts->machine, sizeof(facts->machine), value, n);
	if (value_of(line, len, "os:", &value, &n) || value_of(line, len, "os version", &value, &n))
		take(facts->os, sizeof(facts->os), value, n);
	if (value_of(line, len, "utc offset", &value, &n) && n < sizeof(facts->utc_offset))
		take(facts->utc_offset, sizeof(facts->utc_offset), value, n);
}

void log_header_take(struct log_facts *facts, const char *line, size_t len)
{
	if (len > 2000)
		len = 2000;
	take_host(facts, line, len);
	take_job(facts, line, len);
	take_command(facts, line, len);
	if (facts->product[0] != '\0' && facts->version[0] != '\0')
		return;
	take_module(facts, line, len);
	take_sentence(facts, line, len);
}

static void fill(char *to, const char *from, size_t cap)
{
	if (to[0] == '\0')
		memcpy(to, from, cap);
}

void log_facts_fill(struct log_facts *to, const struct log_facts *from)
{
	if (to->product[0] == '\0' || strcmp(to->product, from->product) == 0)
		fill(to->version, from->version, sizeof(to->version));
	fill(to->product, from->product, sizeof(to->product));
	fill(to->machine, from->machine, sizeof(to->machine));
	fill(to->os, from->os, sizeof(to->os));
	to->jobs_differ = to->jobs_differ || from->jobs_differ ||
	    (to->job[0] != '\0' && from->job[0] != '\0' && strcmp(to->job, from->job) != 0);
	/* Job, id and mode belong together. */
	if (to->job[0] == '\0' && to->job_id[0] == '\0') {
		fill(to->job, from->job, sizeof(to->job));
		fill(to->job_id, from->job_id, sizeof(to->job_id));
		fill(to->mode, from->mode, sizeof(to->mode));
	}
	fill(to->utc_offset, from->utc_offset, sizeof(to->utc_offset));
}

json_t *log_facts_json(const struct log_facts *f)
{
	const struct {
		const char *name, *value;
	} rows[] = {{"product", f->product}, {"version", f->version}, {"machine", f->machine}, {"os", f->os}, {"job", f->job},
	    {"job_id", f->job_id}, {"mode", f->mode}, {"utc_offset", f->utc_offset}};
	json_t *o = json_object();

	for (size_t i = 0; i < ASCII_COUNT(rows); i++)
		if (o != NULL && rows[i].value[0] != '\0')
			json_object_set_new(o, rows[i].name, json_string(rows[i].value));
	if (json_object_size(o) > 0)
		return o;
	json_decref(o);
	return NULL;
}
