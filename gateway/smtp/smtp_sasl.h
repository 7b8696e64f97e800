/*
 * smtp_sasl.h - responses of AUTH as bytes: strict base64, and the message of PLAIN (RFC 4616). Pure.
 */
#ifndef VG_SMTP_SASL_H
#define VG_SMTP_SASL_H

#include <stddef.h>

#include "smtp_cmd.h"

/* What the longest line can hold, and a NUL. */
#define SASL_MAX (SMTP_LINE_MAX / 4 * 3 + 1)

/* Decodes a line; *n bytes and a NUL in out. VG_ERR_SYNTAX: anything but canonical base64. */
int sasl_decode(unsigned char out[SASL_MAX], size_t *n, const char *text, size_t len);

struct sasl_plain {
	const char *user;              /* authcid */
	const unsigned char *password; /* n bytes; both point into the message */
	size_t n;
};

/* [authzid] NUL authcid NUL password; data has a NUL behind its len bytes. VG_ERR_SYNTAX; VG_ERR_DENIED: authzid is somebody
 * else, and nobody may act for somebody else. */
int sasl_plain(struct sasl_plain *out, const unsigned char *data, size_t len);

#endif
