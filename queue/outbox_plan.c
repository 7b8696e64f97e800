/*
 * outbox_plan.c - retries, giving up, hard refusals. Called by the writer of the queue process. Pure.
 */
#include "outbox_plan.h"

#include <string.h>

#define PAUSE_MIN_MS INT64_C(60000)
#define PAUSE_MAX_MS (INT64_C(4) * 3600 * 1000)

int64_t
outbox_pause(unsigned attempts, uint32_t chance)
{
	int64_t pause = PAUSE_MIN_MS;

	while (attempts-- > 1 && pause < PAUSE_MAX_MS)
		pause *= 2;
	if (pause > PAUSE_MAX_MS)
		pause = PAUSE_MAX_MS;
	return pause * 4 / 5 + (int64_t)chance % (pause * 2 / 5);
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
	r->next_at = now + outbox_pause(r->attempts, chance);
	if (done->outcome == DELIVERY_REFUSED || now - r->created_at >= OUTBOX_GIVE_UP_MS)
		r->state = OUTBOX_FAILED;
}
