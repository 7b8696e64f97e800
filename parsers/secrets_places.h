/*
 * secrets_places.h - where the secrets of a message stand: its subject, its text, its logs; gathered line by line and said in one
 * sentence that holds none of them. Pure.
 */
#ifndef VG_SECRETS_PLACES_H
#define VG_SECRETS_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "secrets.h"

#define SECRETS_PLACES_MAX 24
#define SECRETS_LINES_MAX 4    /* of one kind in one text that are named */
#define SECRETS_WHERE_MAX 120

struct secrets_place {
	char where[SECRETS_WHERE_MAX]; /* "body", "a1 Job/Job.log" */
	enum secrets_kind kind;
	uint64_t line[SECRETS_LINES_MAX]; /* 0: a text without lines */
	unsigned n;                       /* lines with one; more than are named */
};

/* Start with {0}. */
struct secrets_places {
	struct secrets_place list[SECRETS_PLACES_MAX];
	size_t n;
	unsigned more; /* texts beyond the list */
};

/* Adds the secrets of one line, whose number is given. */
void secrets_places_line(struct secrets_places *p, const char *where, const char *line, size_t len, uint64_t number);
/* Adds those of a whole text (LF), lines counted from 1. */
void secrets_places_text(struct secrets_places *p, const char *where, const char *text, size_t len);
/* "password in body line 3; token in a1 Job.log line 7, 9 and 4 more", cut at cap. Returns its length, 0 where there are none. */
size_t secrets_places_say(const struct secrets_places *p, char *out, size_t cap);
/* False for nearly all lines that hold no secret of the kinds that logs have; sixteen bytes at a time, for streams. */
bool secrets_glance(const char *line, size_t len);

#endif
