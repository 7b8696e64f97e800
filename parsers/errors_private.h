/*
 * errors_private.h - between errors.c (the set), errors_fold.c (what is the same failure) and errors_rank.c (what weighs
 * more).
 */
#ifndef VG_ERRORS_PRIVATE_H
#define VG_ERRORS_PRIVATE_H

#include "errors.h"
#include "fingerprint.h"

#define ERROR_TIME_MAX 40

/* How near a text is to the cause of a failure. */
enum error_class {
	CLASS_CAUSE,       /* names a cause that an engineer acts on: no space, denied, refused, writer failed */
	CLASS_PLAIN,       /* neither */
	CLASS_CONSEQUENCE, /* what goes wrong because something else did: cancelled, closed, clean-up failed */
	CLASS_WRAPPER      /* says only that something failed */
};

struct error_entry {
	char *text;
	char *code;
	char *exception;
	char *component;
	char *attachment;
	char *path;
	char *object; /* the machine a report names */
	char first_at[ERROR_TIME_MAX];
	char last_at[ERROR_TIME_MAX];
	char fp[FINGERPRINT_HEX];
	char text_fp[FINGERPRINT_HEX]; /* of the text alone: a person quotes neither exception nor code */
	uint64_t count;
	uint64_t line;
	enum error_severity severity;
	enum error_origin origin;
	enum error_class class;
	bool weak;
	bool cited; /* found in logs, and named by the sender too */
	size_t order;
};

/* One error as it is shown: an entry, with what others that were folded onto it add. All borrowed. */
struct error_shown {
	const struct error_entry *e;
	const char *code;      /* NULL: none */
	const char *component; /* NULL: none */
	const char *first_at;
	const char *last_at;
	bool cited;
	bool stale; /* not seen within a day of the latest error */
};

/* Where the first code of a text stands and how long it is. False where there is none. */
bool errors_code_at(const char *text, size_t len, size_t *at, size_t *n);
enum error_class errors_class(const char *text, size_t len);
/* Folds wrappers and repeats of n entries onto their roots; writes at most n to out and returns how many. */
size_t errors_fold(struct error_shown *out, const struct error_entry *list, size_t n);
/* Sorts by significance, as errors.h states it. */
void errors_rank(struct error_shown *list, size_t n);

#endif
