/*
 * imap_backoff.h - what went wrong with a server, and how long to leave it alone. Pure.
 */
#ifndef VG_IMAP_BACKOFF_H
#define VG_IMAP_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum imap_trouble {
	TROUBLE_NETWORK,     /* not reached, hung up, silent */
	TROUBLE_TLS,         /* not the server that was meant */
	TROUBLE_LOGIN,       /* it does not know us */
	TROUBLE_UNAVAILABLE, /* RFC 5530 UNAVAILABLE, or BYE */
	TROUBLE_LIMIT,       /* RFC 5530 LIMIT, RFC 9208 OVERQUOTA */
	TROUBLE_PROTOCOL,    /* not understood, or a command was refused */
	TROUBLE_TOKEN,       /* a token that was good before is refused: another one is due */
	TROUBLE_OURS         /* queue or gate cannot be reached */
};

/* By a response code (RFC 3501 7.1, RFC 5530), letter case aside; other for those that say nothing of this kind. */
enum imap_trouble imap_trouble_of_code(const char *code, enum imap_trouble other);
/* By the last line of a server that hung up; other unless it is a BYE, whose text is at *why then, else NULL. */
enum imap_trouble imap_trouble_of_bye(const char *line, enum imap_trouble other, const char **why);
/* The code says that the server has enough of us or cannot work now, which is no fault of the mail that was asked for. */
bool imap_code_excuses(const char *code);
/* The same for a last line that is a BYE. */
bool imap_bye_excuses(const char *line);
const char *imap_trouble_name(enum imap_trouble t);
/* Pause in milliseconds before attempt failures + 1 (failures >= 1), doubling from the trouble's first pause to its last, with a
 * quarter more or less by random, so that many mailboxes do not come back at once. */
int64_t imap_backoff_ms(enum imap_trouble t, unsigned failures, uint32_t random);
/* The same for a mail that the gate put off. */
int64_t imap_delay_ms(unsigned delays, uint32_t random);
/* How long to wait for news: poll_ms, less where something is due in due_ms (negative: at once, but never without a pause), and with
 * IDLE less than the 29 minutes after which it must be renewed (RFC 2177). */
int64_t imap_wait_ms(bool idle, int64_t poll_ms, int64_t due_ms);

#endif
