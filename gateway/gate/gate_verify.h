/*
 * gate_verify.h - the question to the role `verify`: which mails are worth it, and how it is put (POLICY (e)).
 */
#ifndef VG_GATE_VERIFY_H
#define VG_GATE_VERIFY_H

#include "gate_header.h"
#include "ipc.h"

/* A mail whose top says that it is signed as a whole, of an author with a registered key. Nothing is parsed for it: a mail
 * that only looks so costs one question. */
bool gate_verify_wanted(const struct gate_header *h, const struct facts_say *say);
/* Asks; the answer repeats id. fd: of a spooled message, stays the caller's. VG_ERR_*: it was not asked. */
int gate_verify_ask(struct ipc *verify, uint64_t id, const struct submit *s, const char *from, const struct facts_say *say, int fd);

#endif
