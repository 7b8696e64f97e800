/*
 * gate_named.h - does an address field name one of our addresses? A proof that covers such a field was made for us
 * and is no old one that somebody sends on (POLICY, authentication (a)). Pure.
 */
#ifndef VG_GATE_NAMED_H
#define VG_GATE_NAMED_H

#include <stdbool.h>

#include "conf.h"
#include "gate_header.h"

/* Looks at every field called name: a mailbox in it, readable as strictly as From, is an address that takes mail
 * here. What cannot be read so names nobody. */
bool gate_named_ours(const struct gate_header *h, const char *name, const struct conf *conf);

#endif
