/*
 * errors.h - the bounded set of distinct product errors of one message (CONTRACT `errors`). Every scanner
 * adds to it; equal fingerprints are counted, not repeated. Never fails: what exceeds a bound is dropped.
 */
#ifndef VG_ERRORS_H
#define VG_ERRORS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ERRORS_MAX 500         /* distinct errors kept */
#define ERRORS_MAX_WARNINGS 200 /* of these at most so many warnings: they never crowd errors out */
#define ERRORS_MAX_FINDINGS 1000000 /* findings counted; a log of nothing but errors costs no more */
#define ERROR_TEXT_MAX 2000    /* bytes of text */
#define ERROR_WORD_MAX 200     /* bytes of code, exception, component */

enum error_severity { SEVERITY_ERROR, SEVERITY_WARNING };
enum error_origin { ORIGIN_ATTACHMENT, ORIGIN_REPORT, ORIGIN_SCREENSHOT, ORIGIN_BODY };

/* Where an error stands. Strings are borrowed during a call; NULL or "" means none. */
struct error_where {
	enum error_origin kind;
	const char *attachment; /* "a1" */
	const char *path;       /* member path inside an archive */
	uint64_t line;          /* 1-based, 0: none */
	const char *object;     /* of a job report: the machine, file or mailbox that failed */
};

/* One finding. Any bytes are allowed: what is not UTF-8 is read as Windows-1252, controls become spaces,
 * runs of blanks one. Times as `2021-07-07T16:43:06`, an offset only where the log states one. */
struct error_item {
	const char *text;
	size_t text_len;
	const char *code;      /* as written; NULL or "": taken from the text (errors_find_code) */
	const char *other_code; /* used where neither is one; NULL or "": none */
	const char *exception; /* NULL or "": none */
	const char *component; /* NULL or "": none */
	const char *at;        /* NULL or "": no time */
	enum error_severity severity;
	bool weak; /* only a status says that something failed: counts where there is no other error */
	struct error_where where;
};

struct error_set;

/* NULL on no memory. */
struct error_set *error_set_new(void);
void error_set_free(struct error_set **set);
/* Adds one finding, or counts it where an equal one stands already. False when it was dropped (empty text, a
 * bound reached, no memory). */
bool error_set_add(struct error_set *set, const struct error_item *item);
/* Distinct errors held; of severity error only, weak ones left out. */
size_t error_set_count(const struct error_set *set);
size_t error_set_errors(const struct error_set *set);
/* The CONTRACT array, most significant first, as a new reference; NULL on no memory. Wrappers and repeats are folded onto their
 * root: of `Failed to process VM01. Error: X` and `X` only X is shown; what only says that a job failed, and what is weak, only
 * where a log has nothing else. Errors stand before warnings; then what both sender and log name (so add logs before the
 * body); then the errors of the last days; then those that name a cause before others, these before mere consequences; then
 * others with exception or code; then logs before reports before screenshots before the body; then by time and in the order
 * they were found in. Count does not rank. */
json_t *error_set_json(const struct error_set *set);

/* The first code in text (`0x80070005`, `Code: 53`, `VDDK error: 2`, `ORA-01017`, `HTTP 500` …), as written, copied
 * to out with a NUL. False, out "", where there is none. */
bool errors_find_code(char *out, size_t cap, const char *text, size_t len);
/* Such a code is an error wherever it stands (an HRESULT, `VSS_E_…`, `ORA-…`, `VDDK error: 2`); others need a message around them. */
bool errors_code_is_certain(const char *code);
/* False: the text has no such code. A quick look. */
bool errors_may_be_certain(const char *text, size_t len);

/* Finds product errors in text that people wrote or pasted (UTF-8): pasted log lines, `Error:` lines, `Processing
 * VM01 Error: …`, `Failed to …`, quoted dialogues. Prose about an error is none. `where` names the origin;
 * its line is counted from the first line of text. Linear. */
void errors_scan_body(struct error_set *set, const char *text, size_t len, const struct error_where *where);

#endif
