/*
 * queue_facts.c - what registry and store know about a mail at the gate: sender, threads, seen before. Main thread of the
 * queue process on read-only connections, and the writer for a release; index look-ups only. The gate decides, not we.
 */
#include "facts.h"
#include "queue.h"

#include <string.h>

#include "err.h"
#include "log.h"

#define HITS_MAX 8u   /* tickets that one Message-ID may name */
#define MIDS_MAX 101u /* In-Reply-To and 100 References */
#define THREADS_MAX 64u

struct asking {
	struct store *store;
	const struct facts_ask *ask;
	struct buf *threads; /* facts_thread */
	uint32_t n;
	const char *partner;
};

static int
add_thread(struct asking *a, enum match_kind kind, uint32_t rank, uint64_t ticket, bool in_audience)
{
	struct facts_thread t = { .kind = (uint8_t)kind, .rank = rank, .in_audience = in_audience };
	int err = store_thread(a->store, ticket, a->ask->sender, &t);

	if (err == VG_ERR_NOTFOUND)
		return VG_OK;
	return err != VG_OK || a->n >= THREADS_MAX ? err : wlist_add(a->threads, &a->n, &wire_facts_thread, &t);
}

/* A token whose participant was removed no longer works (T7). */
static int
by_token(struct asking *a)
{
	bool own = false;
	int err = VG_OK;

	if (a->ask->token_ticket == 0)
		return VG_OK;
	if (a->ask->token_participant != 0)
		err = store_participant_valid(a->store, a->ask->token_ticket, a->ask->token_participant, a->ask->sender, &own);
	if (err != VG_OK)
		return err == VG_ERR_NOTFOUND ? VG_OK : err;
	return add_thread(a, MATCH_TOKEN, 0, a->ask->token_ticket, own);
}

static int
by_message_ids(struct asking *a)
{
	struct store_thread_hit hits[HITS_MAX];
	const char *mid;
	size_t pos = 0;
	int n, err = VG_OK;

	for (uint32_t rank = 0; rank < MIDS_MAX && err == VG_OK && a->n < THREADS_MAX; rank++) {
		if ((n = wlist_next_str(&a->ask->mids, &pos, &mid)) <= 0)
			return n;
		n = store_by_message_id(a->store, mid, a->partner, a->ask->sender, hits, HITS_MAX);
		if (n < 0)
			return n;
		for (int i = 0; i < n && err == VG_OK; i++)
			err = add_thread(a, hits[i].ours ? MATCH_OUR_MESSAGE_ID : MATCH_FOREIGN_MESSAGE_ID, rank, hits[i].ticket,
			    hits[i].in_audience);
	}
	return err;
}

static int
find_threads(struct asking *a)
{
	int err = by_token(a);

	if (err == VG_OK)
		err = by_message_ids(a);
	if (err == VG_OK && a->ask->subject_number > 0)
		err = add_thread(a, MATCH_SUBJECT, 0, a->ask->subject_number, false);
	return err;
}

static int
find_copies(struct store *store, const struct facts_ask *ask, struct facts_say *say, char ulid[ULID_LEN + 1])
{
	int err = ask->digest.len == 0 ? VG_ERR_NOTFOUND
	    : store_duplicate(store, ask->digest.data, ask->digest.len, ulid, &say->duplicate_ticket);

	if (err == VG_OK) {
		say->duplicate_of = ulid;
		return VG_OK;
	}
	if (err == VG_ERR_NOTFOUND && *ask->message_id != '\0') {
		if ((err = store_message_id_seen(store, ask->message_id)) < 0)
			return err;
		say->message_id_seen = (uint8_t)err;
		return VG_OK;
	}
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

static void
take_sender(struct facts_say *say, const struct registry_sender *s)
{
	say->cls = (uint8_t)s->cls;
	say->partner = s->partner;
	say->partner_status = (uint8_t)s->status;
	say->unlisted = (uint8_t)s->unlisted;
	say->unverified = (uint8_t)s->unverified;
	say->proof = (uint8_t)s->proof;
	say->automatic_open = s->automatic_open;
	say->holder = s->holder;
	say->sender_name = s->name;
}

/* What the sender's proofs are weighed with. */
static int
find_proofs(struct facts *f, struct registry *registry, const struct facts_ask *ask)
{
	unsigned shared = 0;
	uint32_t n = 0;
	int err = registry_signers(registry, f->sender.partner, &f->signers, &n);

	f->say.signers = wlist_of(&f->signers, n);
	if (err == VG_OK && (err = registry_credentials(registry, ask->sender, &f->credentials, &n)) == VG_OK) {
		f->say.credentials = wlist_of(&f->credentials, n);
		err = registry_shared_labels(registry, ask->author_domain, &shared);
	}
	f->say.shared_labels = shared;
	return err;
}

int
facts_find(struct facts *f, struct store *store, struct registry *registry, const struct facts_ask *ask)
{
	struct asking a = { .store = store, .ask = ask, .threads = &f->threads };
	int err;

	memset(f, 0, sizeof(*f));
	buf_init(&f->threads, IPC_LARGE / 2);
	buf_init(&f->signers, IPC_SMALL);
	buf_init(&f->credentials, IPC_LARGE / 4);
	if ((err = registry_sender(registry, ask->sender, &f->sender)) != VG_OK)
		return err;
	take_sender(&f->say, &f->sender);
	a.partner = f->sender.partner;
	if ((err = find_proofs(f, registry, ask)) == VG_OK && (err = find_threads(&a)) == VG_OK)
		err = store_deferred_since(store, ask->sender, ask->message_id, id_now_ms(), &f->say.deferred_since);
	if (err == VG_OK)
		err = find_copies(store, ask, &f->say, f->duplicate_of);
	f->say.threads = wlist_of(&f->threads, a.n);
	return err;
}

void
facts_free(struct facts *f)
{
	buf_free(&f->threads);
	buf_free(&f->signers);
	buf_free(&f->credentials);
}

void
queue_facts(struct link *l, struct ipc_msg *msg)
{
	struct facts_ask ask;
	struct facts f;
	int err;

	if (ipc_decode(msg, &ask) != VG_OK)
		return;
	if ((err = facts_find(&f, l->q->store, l->q->registry, &ask)) != VG_OK) {
		log_error("", "facts-failed", "error=%s", log_q(vg_strerror(err)));
		f.say = (struct facts_say){ .err = (uint32_t)-err };
	}
	ipc_send(l->ipc, IPC_FACTS_SAY, msg->id, &f.say);
	facts_free(&f);
}
