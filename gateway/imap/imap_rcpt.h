/*
 * imap_rcpt.h - whom a fetched mail was for: an envelope is gone, its header must do (POLICY V0). Pure.
 */
#ifndef VG_IMAP_RCPT_H
#define VG_IMAP_RCPT_H

#include <stddef.h>

#include "addr.h"
#include "conf.h"

#define IMAP_RCPTS_MAX 32u

struct imap_rcpts {
	char address[IMAP_RCPTS_MAX][ADDR_MAX + 1]; /* normal form, each once */
	enum conf_rcpt kind[IMAP_RCPTS_MAX];
	size_t n;
};

/* Addresses of ours in Delivered-To, X-Original-To, (X-)Envelope-To, To and Cc of a header block, in this order. Whoever wrote the header chose
 * them, as a client chooses its RCPT. VG_ERR_MEMORY. */
int imap_rcpts_read(struct imap_rcpts *out, const struct conf *c, const char *head, size_t len);

#endif
