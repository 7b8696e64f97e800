/*
 * conf_remote.h - servers that we log in to: their values, and what these must be together. Private to conf/. Pure.
 */
#ifndef VG_CONF_REMOTE_H
#define VG_CONF_REMOTE_H

#include "conf.h"

/* "mail.example:993", "192.0.2.1:993", "[2001:db8::1]:993". VG_ERR_SYNTAX with *why, VG_ERR_MEMORY. */
int conf_remote_endpoint(const char *s, struct conf_imap *out, const char **why);
/* "https://HOST[:PORT]/PATH"; http:// for a server on this machine only. */
int conf_remote_url(const char *s, struct conf_url *out, const char **why);
/* "smtp://relay.example:587". As above. */
int conf_remote_smarthost(const char *s, struct conf_smarthost *out, const char **why);
/* What is wrong with the last of these lines, NULL: nothing. Static. */
const char *conf_remote_smarthost_bad(const struct conf_smarthost *all, size_t n);
/* UTF-8 without controls, at most max bytes, at least one; newly allocated in place of *slot. */
int conf_remote_text(const char *s, uint64_t max, char **slot, const char **why);
/* Sets what the last of these lines left out; what is wrong with it, NULL: nothing. Static. */
const char *conf_remote_imap_bad(struct conf_imap *all, size_t n);
/* The intake address of a mailbox, set where none was given. NULL: it is not one of ours. */
const char *conf_remote_intake(const struct conf *c, struct conf_imap *m);
/* Do both configurations name the same mailboxes in the same way? */
bool conf_remote_same(const struct conf *a, const struct conf *b);
void conf_remote_free(struct conf *c);

#endif
