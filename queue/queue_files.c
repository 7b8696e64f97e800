/*
 * queue_files.c - the files of letters: a parser takes them out of the stored mail into one sealed file without a name, and every
 * copy of that message gets a descriptor of it. Main thread of the queue process. Nothing here outlives the process: a copy that is tried
 * later has them taken out again, from the mail that the store keeps.
 */
#include "queue.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "letter_attachments.h"
#include "log.h"

#define BUNDLES_MAX 8u
#define IDS_MAX 4096u
#define LIST_MAX (64u * 1024u)
#define KEEP_MS 60000

enum bundle_state { BUNDLE_WORKING, BUNDLE_READY, BUNDLE_NONE, BUNDLE_LATER };

/* The files of a message that one kind of reader gets. */
struct bundle {
	struct extract x; /* first; its fd is the sealed file */
	struct bundle *next;
	enum bundle_state state;
	int err;          /* BUNDLE_LATER */
	char *list;       /* what is in it: message_files() */
	int64_t used_at;
};

struct files_state {
	struct queue *q;
	struct bundle *list;
};

static void
bundle_free(struct bundle *b)
{
	if (b->x.fd >= 0)
		close(b->x.fd);
	sodium_memzero(b->x.key, SEAL_KEY);
	free(b->x.entry);
	free(b->list);
	free(b);
}

static void
unlink_bundle(struct files_state *s, struct bundle *b)
{
	for (struct bundle **at = &s->list; *at != NULL; at = &(*at)->next)
		if (*at == b) {
			*at = b->next;
			return;
		}
}

/* ---- taking out ---- */

/* The parser's word on what it wrote; deliver checks it against the file. */
static int
accept_list(struct bundle *b, const struct parse_done *result)
{
	json_t *list = json_loadb((const char *)result->json.data, result->json.len, JSON_REJECT_DUPLICATES, NULL);
	int err = json_is_array(list) && result->json.len <= LIST_MAX ? VG_OK : VG_ERR_PROTO;

	if (err == VG_OK && (b->list = json_dumps(list, JSON_COMPACT)) == NULL)
		err = VG_ERR_MEMORY;
	json_decref(list);
	return err;
}

static void
taken_out(struct extract *x, int err, const struct parse_done *result)
{
	struct bundle *b = (struct bundle *)x;
	struct queue *q = x->q;

	if (q->files == NULL) {
		bundle_free(b);
		return;
	}
	if (err == VG_OK)
		err = accept_list(b, result);
	b->err = err;
	b->state = err == VG_OK ? BUNDLE_READY
	    : err == VG_ERR_FULL || err == VG_ERR_MEMORY || err == VG_ERR_STORE || q->stopping ? BUNDLE_LATER : BUNDLE_NONE;
	if (err != VG_OK)
		log_warn("", "letter-files", "row=%lld files=%s error=%s", (long long)x->message, log_q(x->entry), log_q(vg_strerror(err)));
	if (!q->stopping)
		queue_deliver_kick(q);
}

/* Room for one more: the one that was asked for longest ago goes. */
static bool
make_room(struct files_state *s)
{
	struct bundle *oldest = NULL;
	unsigned n = 0;

	for (struct bundle *b = s->list; b != NULL; b = b->next, n++)
		if (b->state != BUNDLE_WORKING && (oldest == NULL || b->used_at < oldest->used_at))
			oldest = b;
	if (n < BUNDLES_MAX)
		return true;
	if (oldest == NULL)
		return false;
	unlink_bundle(s, oldest);
	bundle_free(oldest);
	return true;
}

static int
begin(struct files_state *s, int64_t message, const char *ids)
{
	struct bundle *b = make_room(s) ? calloc(1, sizeof(*b)) : NULL;
	int err;

	if (b == NULL)
		return VG_ERR_AGAIN;
	b->x = (struct extract){ .q = s->q, .message = message, .what = PARSE_FILES, .entry = strdup(ids), .fd = -1, .done = taken_out };
	randombytes_buf(b->x.key, SEAL_KEY);
	err = b->x.entry == NULL ? VG_ERR_MEMORY : blob_scratch(s->q->blobs, &b->x.fd);
	if (err != VG_OK) {
		bundle_free(b);
		return err;
	}
	b->used_at = id_now_ms();
	b->next = s->list;
	s->list = b;
	queue_extract_add(&b->x);
	return VG_ERR_AGAIN;
}

/* ---- asking ---- */

static struct bundle *
find(struct files_state *s, int64_t message, const char *ids)
{
	for (struct bundle *b = s->list; b != NULL; b = b->next)
		if (b->x.message == message && strcmp(b->x.entry, ids) == 0)
			return b;
	return NULL;
}

static int
give(struct files_state *s, struct bundle *b, struct deliver_job *job, int *fd)
{
	int err = b->err;

	b->used_at = id_now_ms();
	switch (b->state) {
	case BUNDLE_WORKING:
		return VG_ERR_AGAIN;
	case BUNDLE_LATER:
		unlink_bundle(s, b);
		bundle_free(b);
		return err == VG_ERR_MEMORY ? err : VG_ERR_FULL;
	case BUNDLE_READY:
		job->files = (struct blob){ (const unsigned char *)b->list, strlen(b->list) };
		job->key = (struct blob){ b->x.key, SEAL_KEY };
		*fd = b->x.fd;
		break;
	case BUNDLE_NONE: /* its text says that they are kept */
		break;
	}
	return VG_OK;
}

int
queue_files_get(struct queue *q, const struct outbox_row *r, struct deliver_job *job, int *fd)
{
	struct buf ids;
	struct bundle *b;
	int err;

	*fd = -1;
	if (q->files == NULL)
		return VG_OK;
	buf_init(&ids, IDS_MAX);
	err = letter_attachments_ids(r->letter, &ids);
	if (err == VG_OK && ids.len > 0) {
		b = find(q->files, r->message, buf_str(&ids));
		err = b != NULL ? give(q->files, b, job, fd) : begin(q->files, r->message, buf_str(&ids));
	}
	buf_free(&ids);
	return err;
}

void
queue_files_expire(struct queue *q)
{
	int64_t now = id_now_ms();
	struct bundle **at = q->files != NULL ? &q->files->list : NULL, *b;

	while (at != NULL && (b = *at) != NULL) {
		if (b->state != BUNDLE_WORKING && now - b->used_at > KEEP_MS) {
			*at = b->next;
			bundle_free(b);
		} else {
			at = &b->next;
		}
	}
}

int
queue_files_start(struct queue *q)
{
	struct files_state *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return VG_ERR_MEMORY;
	s->q = q;
	q->files = s;
	return VG_OK;
}

/* Those under way are freed when their parser's answer, or queue_extract_stop(), comes. */
void
queue_files_stop(struct queue *q)
{
	struct bundle *b;

	if (q->files == NULL)
		return;
	while ((b = q->files->list) != NULL) {
		q->files->list = b->next;
		if (b->state != BUNDLE_WORKING)
			bundle_free(b);
	}
	free(q->files);
	q->files = NULL;
}
