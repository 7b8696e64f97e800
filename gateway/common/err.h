/*
 * err.h - the one error convention.
 * Every fallible function returns 0 (VG_OK) or a negative enum vg_err; streams and
 * iterators return 1 for "one more", 0 for "end", negative for an error.
 * Where a text helps the reader, a `const char **why` parameter receives a static string.
 */
#ifndef VG_ERR_H
#define VG_ERR_H

enum vg_err {
	VG_OK = 0,
	VG_ERR_MEMORY = -1,   /* allocation failed */
	VG_ERR_SYSTEM = -2,   /* a system call failed, errno says which way */
	VG_ERR_SYNTAX = -3,   /* bytes that do not fit their grammar */
	VG_ERR_LIMIT = -4,    /* a configured or built-in bound was exceeded */
	VG_ERR_CLOSED = -5,   /* the other side is gone */
	VG_ERR_AGAIN = -6,    /* not now; try later */
	VG_ERR_NOTFOUND = -7, /* no such object */
	VG_ERR_EXISTS = -8,   /* it is there already, or in another role */
	VG_ERR_DENIED = -9,   /* a rule forbids it */
	VG_ERR_STORE = -10,   /* the store failed (I/O error, corrupt) */
	VG_ERR_FULL = -11,    /* no space left */
	VG_ERR_CRYPTO = -12,  /* authentication of sealed data failed, or no key */
	VG_ERR_PROTO = -13,   /* a peer process broke the message protocol */
	VG_ERR_VERSION = -14, /* data of a newer version */
	VG_ERR_TIMEOUT = -15, /* a deadline passed */
	VG_ERR_CONFIG = -16   /* the configuration forbids it */
};

/* English text of an enum vg_err, never NULL; static. */
const char *vg_strerror(int err);

#endif
