/*
 * queue_letters.h - the letters that follow from a message, queued in its transaction. The writer's thread.
 */
#ifndef VG_QUEUE_LETTERS_H
#define VG_QUEUE_LETTERS_H

#include "queue.h"
#include "queue_people.h"

struct queue_letters {
	struct writer_env *env;
	const struct apply_input *in;
	const struct store_message *m;
	const struct ticket_view *v;
	const struct queue_people *people; /* what queue_people() made of the message */
	bool opens;
	bool by_us;                        /* L2 wrote it through the API */
};

/* Queues them. Nothing while no smarthost is configured. */
int queue_letters(const struct queue_letters *l);

/* Parts of every letter: the ticket as its templates know it (caller owns); the language of its partner, "" without one; and the root
 * of its thread, appended to out. Somebody with name (or "") and address, as a string for people. */
json_t *queue_letters_ticket(const struct store_ticket *t);
const char *queue_letters_language(const struct ticket_view *v);
json_t *queue_letters_who(const char *name, const char *address);
int queue_letters_root(json_t *out, uint64_t ticket, const char *hostname);

/* Somebody was taken out of the ticket (T7): what waits for them is cancelled, and a customer or observer is told. message: that asked
 * for it, 0: an operator. */
int queue_letters_removed(struct store *s, const struct conf *conf, const struct ticket_view *v, const char *address, int64_t message,
    int64_t now);
/* Which of conf->notifies are told of what belongs to a route and that no agent wrote: indexes into out[LETTERS_MAX]; how many. */
size_t queue_letters_agents(size_t *out, const struct conf *conf, const char *route);
/* Queues row with this letter, which is taken over; NULL: VG_ERR_MEMORY. */
int queue_letters_add(struct store *s, struct outbox_row *row, json_t *letter, int64_t now);
/* The copy r of a participant failed for the reason why: those whom `notify agents` names for the route are told. stopped: nothing
 * more is sent to that address. */
int queue_letters_failed(struct store *s, const struct conf *conf, const struct ticket_view *v, const struct outbox_row *r, const char *why,
    bool stopped, int64_t now);

#endif
