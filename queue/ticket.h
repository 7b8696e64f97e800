/*
 * ticket.h - a ticket with everything an event or an answer says about it, and the writing of its events. For the writer
 * and the reader of the queue process.
 */
#ifndef VG_TICKET_H
#define VG_TICKET_H

#include "event.h"

struct ticket_view {
	struct store_ticket t;
	struct registry_partner partner;
	char holder_name[256];
	bool has_partner;
	struct store_related related[EVENT_RELATED_MAX];
	unsigned n_related;
	unsigned elsewhere;
};

/* VG_ERR_NOTFOUND. A partner that the registry no longer has keeps its id. ticket_close also after an error. */
int ticket_load(struct ticket_view *v, struct store *s, struct registry *r, uint64_t number);
void ticket_close(struct ticket_view *v);
/* Reads the participants anew. */
int ticket_reload(struct ticket_view *v, struct store *s);
/* Who takes part with this address (normal form), of t; NULL: nobody. Pure. */
const struct store_participant *ticket_participant(const struct store_ticket *t, const char *address);
/* Fills related and elsewhere anew: the ticket that this one continues, then the owner's tickets with errors in common (related.h);
 * of all others only how many. ticket_load has done it once. */
int ticket_related(struct ticket_view *v, struct store *s);
/* Notes the errors (CONTRACT `errors`) as seen on the ticket, then ticket_related(). */
int ticket_errors_seen(struct ticket_view *v, struct store *s, const json_t *errors);
/* For event.h. */
struct event_ticket ticket_event_view(const struct ticket_view *v);
/* Writes an event of the ticket with the next number of its sequence; object 0: no message. The ticket itself is saved
 * by the caller, once. */
int ticket_event(struct store *s, struct ticket_view *v, const char *kind, const char *const *changed, int64_t object,
    int64_t now);
/* Sets the first-response clock by severity and opening; one that was met or breached stays. */
void ticket_clock(struct store_ticket *t, const struct conf *conf);
/* What the first-response clock says at now: RUNNING, WARNED (the warning time has passed), BREACHED (the due time has), or what it said.
 * A closed ticket's clock stands still. Pure. */
enum store_sla_state ticket_clock_state(const struct store_ticket *t, const struct conf *conf, int64_t now);
/* Who owns it, as errors in common are noted: partner id, or ":" and the holder's. out: 72 bytes. */
void ticket_owner(const struct store_ticket *t, char out[72]);

#endif
