/*
 * outbox_plan.c - retries, giving up, hard refusals. Called by the writer of the queue process. Pure.
 */
#include "outbox_plan.h"

#include <limits.h>
#include <string.h>

#define PAUSE_MIN_MS INT64_C(60000)
#define PAUSE_MAX_MS (INT64_C(4) * 3600 * 1000)
#define AWAY_MIN_MS INT64_C(10000)
#define AWAY_MAX_MS (INT64_C(5) * 60 * 1000)

/* Doubling with every attempt but the first, a fifth up or down. */
static int64_t
doubling(int64_t pause, int64_t most, unsigned attempts, uint32_t chance)
{
	while (attempts-- > 1 && pause < most)
		pause *= 2;
	if (pause > most)
		pause = most;
	return pause * 4 / 5 + (int64_t)chance % (pause * 2 / 5);
}

int64_t
outbox_pause(unsigned attempts, uint32_t chance)
{
	return doubling(PAUSE_MIN_MS, PAUSE_MAX_MS, attempts, chance);
}

bool
outbox_hard(const char *status)
{
	static const char *const codes[] = { "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (strcmp(status, codes[i]) == 0)
			return true;
	return false;
}

void
outbox_settle(struct outbox_row *r, const struct deliver_done *done, int64_t now, uint32_t chance)
{
	r->attempts++;
	r->code = done->code;
	r->answer = (char *)(uintptr_t)done->text;
	if (done->outcome == DELIVERY_SENT) {
		r->state = OUTBOX_SENT;
		return;
	}
	/* The code is of a word about the letter. */
	if (done->outcome == DELIVERY_AWAY)
		r->code = 0;
	else
		r->next_at = now + outbox_pause(r->attempts, chance);
	if (done->outcome == DELIVERY_REFUSED || outbox_expired(r, now))
		r->state = OUTBOX_FAILED;
}

bool
outbox_expired(const struct outbox_row *r, int64_t now)
{
	return now - r->created_at >= OUTBOX_GIVE_UP_MS;
}

bool
outbox_away_note(struct outbox_away *a, int64_t now, uint32_t chance)
{
	if (a->failures > 0 && now < a->until)
		return false;
	a->failures++;
	a->until = now + doubling(AWAY_MIN_MS, AWAY_MAX_MS, a->failures, chance);
	return true;
}

unsigned
outbox_away_allows(const struct outbox_away *a, int64_t now)
{
	return a->failures == 0 ? UINT_MAX : now < a->until ? 0 : 1;
}
