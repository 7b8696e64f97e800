/*
 * registry_rows.c - an import file as rows: which format it has, and what all formats share. Runs in the queue process,
 * registry thread. The bytes are an operator's and may be anything; memory is bounded by one row.
 */
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "registry_rows.h"
#include "seal.h"

long
reg_source_read(struct reg_source *s, uint64_t off, void *out, size_t n)
{
	if (off >= s->size)
		return 0;
	if (s->text == NULL)
		return seal_read(s->sealed, off, out, n);
	if (n > s->size - off)
		n = (size_t)(s->size - off);
	memcpy(out, s->text + off, n);
	return (long)n;
}

bool
rows_wanted(const struct rows *r, int kind)
{
	return (kind == REG_PARTNER) == (r->pass == REG_PASS_PARTNERS);
}

int
rows_bad(struct rows *r, uint64_t line, const char *field, const char *text)
{
	return r->pass == REG_PASS_PARTNERS ? rows_bad_now(r, line, field, text) : VG_OK;
}

int
rows_bad_now(struct rows *r, uint64_t line, const char *field, const char *text)
{
	struct reg_row row = { .line = line, .kind = -1, .fault = &r->fault };

	reg_fault_set(&r->fault, VG_ERR_SYNTAX, field, "%s", text);
	return r->fn(r->arg, &row);
}

int
rows_good(struct rows *r, uint64_t line, int kind, json_t *obj)
{
	struct reg_row row = { .line = line, .kind = kind, .obj = obj, .fault = &r->fault };

	return rows_wanted(r, kind) ? r->fn(r->arg, &row) : VG_OK;
}

int
rows_kind(struct rows *r, uint64_t line, json_t *obj)
{
	const char *word = json_string_value(json_object_get(obj, "kind"));
	int kind = word == NULL ? -1 : reg_word_value(WORD_KIND, word);

	if (kind < 0)
		return rows_bad(r, line, "kind", "kind is one of partner, contact, customer, direct, agent");
	json_object_del(obj, "kind");
	return rows_good(r, line, kind, obj);
}

/* JSON lines are known by a first line that is an object with a kind. */
static bool
begins_with_line(const char *text, size_t len)
{
	const char *end = memchr(text, '\n', len);
	json_t *obj = json_loadb(text, end == NULL ? len : (size_t)(end - text), 0, NULL);
	bool is = json_is_string(json_object_get(obj, "kind"));

	json_decref(obj);
	return is;
}

enum reg_format
reg_format_guess(struct reg_source *s)
{
	char head[8192];
	long n = reg_source_read(s, 0, head, sizeof(head));
	size_t at = 0, len = n < 0 ? 0 : (size_t)n;

	while (at < len && strchr(" \t\r\n", head[at]) != NULL && head[at] != '\0')
		at++;
	if (at == len || (head[at] != '{' && head[at] != '['))
		return REG_CSV;
	return begins_with_line(head + at, len - at) ? REG_JSON_LINES : REG_JSON;
}

int
reg_rows(struct reg_source *s, enum reg_format format, enum reg_pass pass, reg_row_fn *fn, void *arg)
{
	struct rows r = { .source = s, .pass = pass, .fn = fn, .arg = arg };
	int err;

	if (format == REG_ANY || (format == REG_JSON && reg_format_guess(s) == REG_JSON_LINES))
		format = reg_format_guess(s);
	if (format == REG_JSON_LINES)
		return rows_json_lines(&r);
	if (format == REG_JSON)
		return rows_json(&r);
	if ((r.csv = csv_new()) == NULL)
		return VG_ERR_MEMORY;
	err = rows_csv(&r);
	csv_free(&r.csv);
	return err;
}
