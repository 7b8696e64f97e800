/*
 * message_private.h - a message while it is taken apart; shared by the files that fill and print it.
 */
#ifndef VG_MESSAGE_PRIVATE_H
#define VG_MESSAGE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "addr.h"
#include "arena.h"
#include "body.h"
#include "buf.h"
#include "message_check.h"
#include "report.h"

struct message_address {
	const char *name, *address;
};

/* At most MESSAGE_ADDRESSES_MAX; the list grows in the arena. */
struct message_addresses {
	struct message_address *list;
	size_t n, cap;
};

struct message_ids {
	const char *list[MESSAGE_IDS_MAX];
	size_t n;
};

struct message_problem {
	const char *code, *detail;
};

/* Strings live in the arena or are static; valid UTF-8, one line each. */
struct message {
	struct arena *arena;
	const char *message_id; /* NULL: none */
	bool has_date;
	int64_t date_ms;
	struct message_addresses from, reply_to, to, cc;
	const char *subject;    /* never NULL */
	const char *automatic;  /* NULL: not */
	char sender[ADDR_MAX + 1];
	struct report *report;  /* owned; NULL: none */
	struct body body;
	size_t n_problems;
	struct message_problem problems[MESSAGE_PROBLEMS_MAX]; /* from here on never cleared, but for the counts */
	struct message_ids in_reply_to, references;
};

/* NULL on no memory. */
struct message *message_new(void);
void message_free(struct message **m);
/* Notes a problem, each code once. code and detail static. */
void message_note(struct message *m, const char *code, const char *detail);
/* Bytes as one clean line of at most MESSAGE_LINE_MAX bytes in the arena; "" for NULL or on no memory. */
const char *message_line(struct message *m, const char *s, size_t len);

#endif
