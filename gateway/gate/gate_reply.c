/*
 * gate_reply.c - answers to channels. Runs in the gate. A 5xx leaves only with its audit record stored: where that failed
 * the sender is asked to come again instead of being refused without a trace.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "gate_reply.h"

/* One line of ASCII, whatever a configured text holds. */
static void say(struct gate_reply *r, enum outcome outcome, unsigned code, const char *enhanced, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static void say(struct gate_reply *r, enum outcome outcome, unsigned code, const char *enhanced, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	for (char *p = r->text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	r->say.outcome = (uint8_t)outcome;
	r->say.code = code;
	r->say.enhanced = enhanced;
	r->say.text = r->text;
}

static void start(struct gate_reply *r)
{
	memset(r, 0, sizeof(*r));
	r->say.rule = r->say.reason = r->say.message_id = r->say.reference = "";
}

void gate_reply_later(struct gate_reply *r, int err)
{
	start(r);
	if (err == VG_ERR_FULL)
		say(r, OUT_TEMPFAIL, 452, "4.3.1", "insufficient system storage, try again later");
	else if (err == VG_ERR_LIMIT)
		say(r, OUT_TEMPFAIL, 451, "4.3.2", "too much mail at once, try again later");
	else
		say(r, OUT_TEMPFAIL, 451, "4.3.0", "temporary failure, try again later");
}

static void say_refused(struct gate_reply *r, const struct verdict *v, const struct commit_say *done, bool after_queue)
{
	r->refused_after_queue = after_queue && v->quiet_after_queue;
	if (r->refused_after_queue)
		say(r, OUT_REJECTED, 250, "2.0.0", "not accepted as a case, recorded (reference %s)", done->reference);
	else
		say(r, OUT_REJECTED, v->code, v->enhanced, "%s (reference %s)", v->text, done->reference);
}

void gate_reply_verdict(struct gate_reply *r, const struct verdict *v, const struct commit_say *done, bool after_queue)
{
	start(r);
	r->say.rule = v->rule;
	r->say.reason = v->reason;
	if (done == NULL || v->action == COMMIT_DEFER) {
		say(r, OUT_TEMPFAIL, v->code, v->enhanced, "%s", v->text);
		return;
	}
	r->say.message_id = done->message_id;
	r->say.reference = done->reference;
	if (v->action == COMMIT_REFUSE) {
		say_refused(r, v, done, after_queue);
		return;
	}
	if (v->action == COMMIT_HOLD) {
		/* No ticket is named to somebody of whom we are not sure, also not for a mail seen before. */
		say(r, done->duplicate ? OUT_DUPLICATE : OUT_HELD, 250, "2.0.0", "accepted for review as %s", done->message_id);
		return;
	}
	r->say.ticket = done->ticket;
	if (v->action == COMMIT_RETURN)
		say(r, done->duplicate ? OUT_DUPLICATE : OUT_ACCEPTED, 250, "2.0.0", "accepted as %s", done->message_id);
	else if (done->ticket == 0) /* the first of two equal mails is held */
		say(r, OUT_DUPLICATE, 250, "2.0.0", "accepted for review as %s", done->message_id);
	else
		say(r, done->duplicate ? OUT_DUPLICATE : OUT_ACCEPTED, 250, "2.0.0", "accepted as %s, case %" PRIu64, done->message_id,
		    done->ticket);
}
