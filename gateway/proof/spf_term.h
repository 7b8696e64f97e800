/*
 * spf_term.h - the terms of an SPF record (RFC 7208 4.6, 5, 6, 12): what each is, not what it means. Pure.
 */
#ifndef VG_SPF_TERM_H
#define VG_SPF_TERM_H

#include "spf.h"

enum spf_kind {
	SPF_ALL, SPF_INCLUDE, SPF_A, SPF_MX, SPF_PTR, SPF_IP4, SPF_IP6, SPF_EXISTS, /* mechanisms */
	SPF_REDIRECT, SPF_EXP, SPF_UNKNOWN                                          /* modifiers */
};

struct spf_term {
	enum spf_kind kind;
	enum spf_result qualifier; /* of a mechanism: the result when it matches */
	const char *text;          /* as written */
	size_t len;
	const char *spec; /* domain-spec */
	size_t spec_len;  /* 0: none */
	unsigned char ip[16];
	unsigned bits4, bits6; /* lengths of the prefix */
};

enum spf_read { SPF_READ_END, SPF_READ_TERM, SPF_READ_BAD };

/* Takes the next term off the text behind "v=spf1". On SPF_READ_BAD, text and len of the term are set. */
enum spf_read spf_term_next(struct spf_term *t, const char **at, const char *end);

#endif
