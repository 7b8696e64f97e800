/*
 * csv.h - comma-separated values as spreadsheets write them: RFC 4180 quoting, lines ended by CRLF or LF, a
 * UTF-8 byte-order mark passed over. The first of `,` `;` TAB that stands outside quotes in the first line is the separator.
 * Reads any split of the input, one row at a time, in bounded memory. Pure.
 */
#ifndef VG_CSV_H
#define VG_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define CSV_ROW_MAX (256u * 1024u) /* bytes of one row's fields */
#define CSV_FIELDS_MAX 64u

struct csv;
/* NULL on no memory. */
struct csv *csv_new(void);
void csv_free(struct csv **c);
/* Takes bytes up to the end of one row; *used: how many. 1 a row is complete, 0 all bytes are taken and the row goes on;
 * VG_ERR_SYNTAX or VG_ERR_LIMIT: this row is bad (csv_why), its line is passed over and the next call starts behind it.
 * Empty lines are no rows. */
int csv_feed(struct csv *c, const char *data, size_t n, size_t *used);
/* The input has ended: 1 a last row without line end, 0 nothing, or the error of the last row. */
int csv_end(struct csv *c);
/* The line on which the last row, or bad row, began; the first is 1. */
uint64_t csv_line(const struct csv *c);
unsigned csv_fields(const struct csv *c);
/* Field i of the row, NUL-terminated and without NULs inside; "" beyond the last. Valid until the next csv_feed. */
const char *csv_field(const struct csv *c, unsigned i);
const char *csv_why(const struct csv *c);

/* Appends one field, quoted where it needs to be, with a comma before it unless it is the first of the row. */
int csv_put(struct buf *out, const char *field, int first);
/* Ends the row with CRLF. */
int csv_put_end(struct buf *out);

#endif
