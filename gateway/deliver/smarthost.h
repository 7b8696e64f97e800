/*
 * smarthost.h - the client's side of SMTP towards the configured smarthosts, in their order: TLS, AUTH, one mail at a time over a
 * connection that is kept for the next. Blocks as its wait callback says. The smarthost is ours; the network between is not.
 */
#ifndef VG_SMARTHOST_H
#define VG_SMARTHOST_H

#include "conf.h"
#include "letter.h"
#include "net_stream.h"

#define SMARTHOST_TEXT_MAX 400u

/* One of conf->smarthosts with what stands in files. Borrowed. */
struct smarthost_peer {
	const struct conf_smarthost *conf;
	struct net_trust *trust;
	const char *password; /* NULL without */
};

struct smarthost_word {
	enum delivery_outcome outcome;
	unsigned code;                        /* 0: there was no reply */
	char enhanced[12];                    /* "" without */
	char text[SMARTHOST_TEXT_MAX];        /* printable ASCII, one line */
	char host[300];                       /* who said it; "" nobody */
};

struct smarthost;

/* NULL on no memory. wait, arg: as in net_stream_new(). n: smarthosts configured. */
struct smarthost *smarthost_new(net_wait_cb *wait, void *arg, size_t n);
void smarthost_free(struct smarthost **s);
/* Sends to the first that is well. A 4xx or 5xx about the mail is the answer. What is about us (not reached, greeting, TLS, AUTH, 421,
 * a connection that ends before the end of the mail left) makes the next one be tried, and is DELIVERY_AWAY when none is left. A
 * connection lost behind the end of the mail is DELIVERY_LATER: it may have been taken. Who failed is ill, and comes behind
 * the others, for a minute that doubles to a quarter of an hour. peers: always the same n. */
void smarthost_send(struct smarthost *s, const struct conf *c, const struct smarthost_peer *peers, size_t n, const struct letter_mail *mail,
    struct smarthost_word *out);
/* Ends a connection that was idle for so long that the other side may have ended it. */
void smarthost_rest(struct smarthost *s);

/* One reply of lines from in (RFC 5321 4.2.1): 1 and *used; 0: not all of it is there; VG_ERR_SYNTAX. Pure; fills code, enhanced and
 * text of out, the last line's. */
int smarthost_reply(struct smarthost_word *out, const char *in, size_t n, size_t *used);

#endif
