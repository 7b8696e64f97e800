/*
 * ctl_print.c - JSON for people. What senders wrote reaches a terminal here: no control byte does.
 */
#include "ctl_print.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 12
#define WIDTH_MAX 60u
#define DEPTH_MAX 8

static bool is_c1(const char *s)
{
	return (unsigned char)s[0] == 0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0;
}

void ctl_print_text(FILE *f, const char *s)
{
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (is_c1(s)) {
			fputc('?', f);
			s++;
		} else if (c < 0x20 || c == 0x7f) {
			fputc(c == '\n' || c == '\t' ? ' ' : '?', f);
		} else {
			fputc(c, f);
		}
	}
}

/* Columns that a UTF-8 text takes, counting each character as one. */
static size_t width(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A value in one line, newly allocated, NULL on no memory. */
static char *cell(const json_t *v)
{
	char *text;

	if (v == NULL || json_is_null(v))
		return strdup("-");
	if (json_is_string(v))
		return strdup(json_string_value(v));
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	return text;
}

static const json_t *member(const json_t *o, const char *path, size_t len)
{
	char name[64];

	while (len > 0 && o != NULL) {
		size_t n = 0;

		while (n < len && path[n] != '.')
			n++;
		if (n >= sizeof(name))
			return NULL;
		memcpy(name, path, n);
		name[n] = '\0';
		o = json_object_get(o, name);
		n += n < len;
		path += n;
		len -= n;
	}
	return o;
}

static void put_row(FILE *f, const char *const *cells, const size_t *widths, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		ctl_print_text(f, cells[i]);
		for (size_t w = width(cells[i]); i + 1 < n && w < widths[i] + 2; w++)
			fputc(' ', f);
	}
	fputc('\n', f);
}

struct table {
	const char *name[COLUMNS_MAX];
	size_t len[COLUMNS_MAX], widths[COLUMNS_MAX], n;
};

static void read_columns(struct table *t, const char *columns)
{
	memset(t, 0, sizeof(*t));
	while (*columns != '\0' && t->n < COLUMNS_MAX) {
		t->name[t->n] = columns;
		t->len[t->n] = strcspn(columns, " ");
		t->widths[t->n] = t->len[t->n];
		columns += t->len[t->n] + (columns[t->len[t->n]] == ' ');
		t->n++;
	}
}

static void each_row(FILE *f, struct table *t, const json_t *items, int printing)
{
	for (size_t i = 0; i < json_array_size(items); i++) {
		char *cells[COLUMNS_MAX] = { 0 };
		int ok = 1;

		for (size_t c = 0; c < t->n; c++) {
			cells[c] = cell(member(json_array_get(items, i), t->name[c], t->len[c]));
			ok = ok && cells[c] != NULL;
			if (cells[c] != NULL && width(cells[c]) > t->widths[c])
				t->widths[c] = width(cells[c]) < WIDTH_MAX ? width(cells[c]) : WIDTH_MAX;
		}
		if (printing && ok)
			put_row(f, (const char *const *)cells, t->widths, t->n);
		for (size_t c = 0; c < t->n; c++)
			free(cells[c]);
	}
}

void ctl_print_list(FILE *f, const json_t *list, const char *columns)
{
	const json_t *items = json_object_get(list, "items"), *next = json_object_get(list, "next");
	struct table t;

	read_columns(&t, columns);
	each_row(f, &t, items, 0);
	for (size_t c = 0; c < t.n; c++)
		fprintf(f, "%-*.*s%s", c + 1 < t.n ? (int)t.widths[c] + 2 : 0, (int)t.len[c], t.name[c],
		    c + 1 < t.n ? "" : "\n");
	each_row(f, &t, items, 1);
	if (next != NULL && !json_is_null(next)) {
		char *cursor = cell(next);

		fprintf(f, "(more: --cursor %s)\n", cursor != NULL ? cursor : "");
		free(cursor);
	}
}

static void put_record(FILE *f, const json_t *v, int depth)
{
	const char *key;
	json_t *value;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)v, key, value) {
		fprintf(f, "%*s", depth * 2, "");
		ctl_print_text(f, key);
		if (json_is_object(value) && json_object_size(value) > 0 && depth < DEPTH_MAX) {
			fputs(":\n", f);
			put_record(f, value, depth + 1);
		} else if (json_is_array(value) && json_is_object(json_array_get(value, 0)) && depth < DEPTH_MAX) {
			json_t *item;

			fputs(":\n", f);
			json_array_foreach(value, i, item) {
				put_record(f, item, depth + 1);
				if (i + 1 < json_array_size(value))
					fprintf(f, "%*s--\n", (depth + 1) * 2, "");
			}
		} else {
			char *text = cell(value);

			fputs(": ", f);
			ctl_print_text(f, text != NULL ? text : "");
			fputc('\n', f);
			free(text);
		}
	}
}

void ctl_print_record(FILE *f, const json_t *record)
{
	put_record(f, record, 0);
}

void ctl_print_problem(FILE *f, const json_t *problem)
{
	const char *detail = json_string_value(json_object_get(problem, "detail"));
	const char *title = json_string_value(json_object_get(problem, "title"));

	ctl_print_text(f, detail != NULL ? detail : title != NULL ? title : "the daemon refused");
}
