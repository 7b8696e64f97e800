/*
 * automatic.h - was this written by a program (RFC 3834, RFC 5230, RFC 2076, and what ticket systems, lists and
 * responders really write)? One pure function over the fields of a header, for the gate (which knows the envelope and our
 * own mark too) and for the message object (which does not). Every instance of a field counts, letter case and comments
 * never do. A Return-Path field is never looked at: senders write it.
 */
#ifndef VG_AUTOMATIC_H
#define VG_AUTOMATIC_H

#include <stdbool.h>
#include <stddef.h>

/* Rising: the strongest that something in the mail proves. */
enum automatic {
	AUTOMATIC_NONE,
	AUTOMATIC_BULK,      /* lists, Precedence: bulk, mailboxes that nobody reads: only our acknowledgement is left out */
	AUTOMATIC_GENERATED,
	AUTOMATIC_REPLY,
	AUTOMATIC_BOUNCE,    /* DSN, MDN, and what looks like one */
	AUTOMATIC_LOOP
};

/* What X-Auto-Response-Suppress asks not to be sent (MS-OXCMAIL 2.2.3.2.14), as bits. It is no evidence of a program:
 * people's mail carries it too. */
enum {
	SUPPRESS_DR = 1 << 0,       /* delivery reports */
	SUPPRESS_NDR = 1 << 1,
	SUPPRESS_RN = 1 << 2,       /* read notifications */
	SUPPRESS_NRN = 1 << 3,
	SUPPRESS_OOF = 1 << 4,      /* out-of-office answers */
	SUPPRESS_AUTOREPLY = 1 << 5 /* other automatic answers: our acknowledgement is one */
};
#define SUPPRESS_COUNT 6u
#define SUPPRESS_ALL ((1u << SUPPRESS_COUNT) - 1)

/* Borrowed. value: behind the colon; folding, comments and line ends may still be in it. */
struct automatic_field {
	const char *name, *value;
	size_t name_len, value_len;
};

/* Gives the next field of the header; false at its end. */
typedef bool automatic_next(void *cursor, struct automatic_field *out);

struct automatic_input {
	automatic_next *next;
	void *cursor;
	const char *subject; /* decoded, UTF-8 */
	const char *sender;  /* normal form or "" */
	bool null_path;      /* only the gate: the envelope's return path is known, and is <> */
	bool loop;           /* only the gate: our own mark, with a MAC that holds */
};

struct automatic_result {
	enum automatic kind;
	const char *why;     /* the evidence; static, "" for none */
	unsigned suppress;   /* SUPPRESS_* bits */
};

/* Walks the header once. Never fails. */
void automatic_classify(struct automatic_result *out, const struct automatic_input *in);

/* "" for none, "auto-reply", … as CONTRACT has it. Static. */
const char *automatic_name(enum automatic kind);
/* The inverse; AUTOMATIC_NONE for anything else. */
enum automatic automatic_by_name(const char *name);
/* "dr" … of bit i < SUPPRESS_COUNT. Static. */
const char *automatic_suppress_name(unsigned i);

#endif
