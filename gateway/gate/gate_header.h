/*
 * gate_header.h - the one strict header reader (POLICY V1). Splits the header block into fields and names everything
 * that two careful readers could read differently. Identity comes from here, never from a MIME library. Pure.
 */
#ifndef VG_GATE_HEADER_H
#define VG_GATE_HEADER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

#define GATE_FIELDS_MAX 1000u
#define GATE_FIELD_MAX 65536u
#define GATE_FAULTS_MAX 8u

struct gate_field {
	const char *name;  /* as written */
	size_t name_len;
	const char *value; /* behind the colon, folding kept, the last CRLF left out */
	size_t value_len;
	const char *raw;   /* the whole field with its last CRLF */
	size_t raw_len;
};

/* Why a header is malformed: a stable code ("header.nul") and a sentence. Both static. */
struct gate_fault {
	const char *code;
	const char *why;
};

struct gate_header {
	struct gate_field *fields; /* owned; they borrow the bytes that were read */
	size_t n;
	struct gate_fault faults[GATE_FAULTS_MAX]; /* each code once, in order of finding */
	size_t n_faults;
	size_t length;             /* bytes of the header block, without the empty line */
	size_t blank_fold;         /* first field folded over a line of white space only; SIZE_MAX */
};

/* Reads the header block at bytes (a whole message, or only its header). What is malformed stands in faults; the fields
 * then hold what could be read. VG_ERR_MEMORY. gate_header_free also after an error. */
int gate_header_read(struct gate_header *h, const char *bytes, size_t len);
void gate_header_free(struct gate_header *h);
/* Notes a fault once. */
void gate_header_fault(struct gate_header *h, const char *code, const char *why);

/* Is this the field called name (letter case aside)? */
bool gate_field_is(const struct gate_field *f, const char *name);
/* The next field called name at or behind *pos, which moves behind it. NULL at the end. */
const struct gate_field *gate_header_next(const struct gate_header *h, const char *name, size_t *pos);
size_t gate_header_count(const struct gate_header *h, const char *name);
/* Appends the value unfolded: line ends removed, white space at both ends cut. */
int gate_field_unfold(struct buf *out, const struct gate_field *f);

#endif
