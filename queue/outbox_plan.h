/*
 * outbox_plan.h - what becomes of a copy after a try. Pure.
 */
#ifndef VG_OUTBOX_PLAN_H
#define VG_OUTBOX_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "outbox.h"

#define OUTBOX_GIVE_UP_MS (INT64_C(5) * 24 * 3600 * 1000) /* RFC 5321 4.5.4.1: at least 4 to 5 days */

/* Milliseconds until try number attempts + 1: doubling from one minute to four hours, a fifth up or down by chance (any
 * number), so that what waited together does not come back together. */
int64_t outbox_pause(unsigned attempts, uint32_t chance);
/* State, attempts, next_at, code, answer of the row after the role's word. A letter of which the smarthost said nothing keeps its
 * place in the order. answer borrows from done. */
void outbox_settle(struct outbox_row *r, const struct deliver_done *done, int64_t now, uint32_t chance);
bool outbox_expired(const struct outbox_row *r, int64_t now);
/* Does this status of a refusal say that the address will never take mail (RFC 3463: no such mailbox, domain, or it is closed)? */
bool outbox_hard(const char *status);

/* The smarthosts as a whole. Zeroed: well. */
struct outbox_away {
	unsigned failures;
	int64_t until;     /* of the pause */
};

/* None was reached, or would deal with us: a pause from ten seconds doubling to five minutes, a fifth up or down; then one letter tries.
 * What comes in during the pause changes nothing. True: the pause is new. */
bool outbox_away_note(struct outbox_away *a, int64_t now, uint32_t chance);
/* How many letters may be under way at once: none, one that tries, UINT_MAX. */
unsigned outbox_away_allows(const struct outbox_away *a, int64_t now);

#endif
