/*
 * imap_token.h - access tokens for XOAUTH2 (RFC 6749 4.4, 6), got from the token end-point and kept until shortly before they
 * expire.
 */
#ifndef VG_IMAP_TOKEN_H
#define VG_IMAP_TOKEN_H

#include "imap_backoff.h"
#include "net_http.h"

struct imap_token {
	char *client_secret, *refresh; /* handed over, or the last that came; NULL without */
	char *access;                  /* NULL: none */
	int64_t until;                 /* Unix milliseconds */
};

/* Sets one of the secrets to a copy. */
void imap_token_secret(char **slot, const unsigned char *data, size_t len);
/* Makes sure that t->access is there and valid for a while. VG_OK, or the trouble and why (why: n bytes). */
int imap_token_get(struct imap_token *t, const struct conf *c, const struct conf_imap *m, struct net_trust *trust, net_wait_cb *wait,
    void *arg, enum imap_trouble *trouble, char *why, size_t n);
/* What a token-command printed: its first line. VG_ERR_SYNTAX: no token. */
int imap_token_take(struct imap_token *t, const unsigned char *data, size_t len, int64_t now);
/* Is there one for a while? */
bool imap_token_good(const struct imap_token *t, int64_t now);
/* The server refused it: the next one is asked for anew. */
void imap_token_refused(struct imap_token *t);
/* The answer of an end-point. VG_OK: t has the token. VG_ERR_DENIED: it was refused, VG_ERR_PROTO: not understood; why as above. Pure
 * but for now. */
int imap_token_read(struct imap_token *t, unsigned status, const char *body, size_t len, int64_t now, char *why, size_t n);

#endif
