/*
 * gate_rate.h - the rate fuses on automatic mail that V5 or --automatic open let in: what is too much is held, not dropped.
 */
#ifndef VG_GATE_RATE_H
#define VG_GATE_RATE_H

#include "fuse.h"
#include "gate_decide.h"

/* Counts a decided case by sender and ticket. Where a fuse is blown, the verdict becomes a hold with reason `rate` and
 * c->rate names the fuse ("sender", "ticket"). Other mail is not counted. now: Unix milliseconds. */
void gate_rate(struct gate_case *c, struct fuses *fuses, int64_t now);

#endif
