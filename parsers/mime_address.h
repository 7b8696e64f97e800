/*
 * mime_address.h - address fields (RFC 5322 3.4) that leave no room for judgement: `Ann Lee <ann@example.com>, "Lee, Bo" <bo@…>,
 * =?utf-8?Q?…?= <cy@…>, di@example.com`. Comments, groups, quoted pairs, obsolete and broken forms are GMime's. Pure, linear.
 */
#ifndef VG_MIME_ADDRESS_H
#define VG_MIME_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#define MIME_MAILBOXES_MAX 32

/* Borrowed from the field. */
struct mime_mailbox {
	const char *name; /* NULL: none */
	size_t name_len;
	bool encoded;     /* the name is a row of encoded words */
	const char *address;
	size_t address_len;
};

/* Reads a whole field's value, folded as it may be. False, and nothing is meant by *n, where any of it is of another form, where
 * there are more than MIME_MAILBOXES_MAX, or none. Names keep the blanks and line ends between their words. */
bool mime_mailboxes(struct mime_mailbox list[MIME_MAILBOXES_MAX], size_t *n, const char *value);

#endif
