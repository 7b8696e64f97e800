/*
 * registry_rows.h - what the readers of an import file share. Private to registry_rows*.c.
 */
#ifndef VG_REGISTRY_ROWS_H
#define VG_REGISTRY_ROWS_H

#include "csv.h"
#include "registry_private.h"

struct rows {
	struct reg_source *source;
	enum reg_pass pass;
	reg_row_fn *fn;
	void *arg;
	struct reg_fault fault;
	struct csv *csv;
	unsigned n_columns; /* 0 before the header line */
	char columns[CSV_FIELDS_MAX][32];
};

/* A row that cannot be read; told in the pass of partners only. */
int rows_bad(struct rows *r, uint64_t line, const char *field, const char *text);
/* The same in whatever pass this is: for a row that is known to belong to it. */
int rows_bad_now(struct rows *r, uint64_t line, const char *field, const char *text);
/* Hands a row on when its kind belongs to this pass. */
int rows_good(struct rows *r, uint64_t line, int kind, json_t *obj);
bool rows_wanted(const struct rows *r, int kind);
/* Takes "kind" out of obj and hands it on. */
int rows_kind(struct rows *r, uint64_t line, json_t *obj);

int rows_csv(struct rows *r);
int rows_json_lines(struct rows *r);
int rows_json(struct rows *r);

#endif
