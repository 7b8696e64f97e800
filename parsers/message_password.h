/*
 * message_password.h - passwords that a mail names for its own archives: tried on them, then out of the object. The raw mail
 * keeps them.
 */
#ifndef VG_MESSAGE_PASSWORD_H
#define VG_MESSAGE_PASSWORD_H

#include "archive_walk.h"
#include "message_private.h"
#include "password_hint.h"

struct message_passwords {
	struct password_hints hints;
	const char *list[PASSWORD_HINTS_MAX];
	struct archive_passwords tried; /* for the archive budget */
};

/* The candidates of subject and body. p must not be moved afterwards. */
void message_passwords_find(struct message_passwords *p, const struct message *m);
/* Masks in subject and body what opened an archive, and where some archive is encrypted (sealed or opened) all that stands
 * plainly as a password; notes `secret.password`. VG_ERR_MEMORY. */
int message_passwords_mask(struct message *m, const struct message_passwords *p, bool sealed);

#endif
