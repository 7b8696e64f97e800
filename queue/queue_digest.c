/*
 * queue_digest.c - writes the letter about held mail: who, why, since when, and the subject; no text of it.
 */
#include "queue_digest.h"

#include <stdlib.h>

#include "err.h"
#include "id.h"
#include "outbox.h"

#define SHOWN_MAX 100u

static int
add_one(struct store *s, const struct store_held *h, json_t *list)
{
	struct store_message m;
	char since[32];
	int err = store_message(s, h->message, &m);

	id_rfc3339(since, h->held_at, 0);
	if (err == VG_OK)
		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", m.ulid, "reason", h->reason, "sender", m.sender,
		    "subject", m.subject, "since", since));
	store_message_free(&m);
	return err;
}

static json_t *
letter_of(json_t *list, uint64_t count)
{
	char subject[80];

	snprintf(subject, sizeof(subject), "%llu held mails", (unsigned long long)count);
	return json_pack("{s:{}, s:s, s:s, s:b, s:s, s:[], s:s, s:O, s:I, s:I}", "ticket", "subject", subject, "from_name", "", "automatic",
	    1, "in_reply_to", "", "references", "text", "", "held", list, "count", (json_int_t)count, "more",
	    (json_int_t)(count > json_array_size(list) ? count - json_array_size(list) : 0));
}

static int
write_letter(struct store *s, const struct conf *conf, json_t *list, uint64_t count, int64_t now)
{
	char none[] = "";
	struct outbox_row row = { .kind = LETTER_DIGEST, .recipient = conf->hold_digest, .shown = conf->hold_digest, .name = none,
		.role = PART_AGENT };
	json_t *letter = letter_of(list, count);
	int err;

	row.letter = letter != NULL ? json_dumps(letter, JSON_COMPACT) : NULL;
	err = row.letter != NULL ? store_outbox_add(s, &row, now) : VG_ERR_MEMORY;
	free(row.letter);
	json_decref(letter);
	return err == VG_OK ? store_note_set(s, "digest_at", now) : err;
}

int
queue_digest(struct store *s, const struct conf *conf, int64_t now, bool *queued)
{
	struct store_queue_stats stats;
	struct store_held held[SHOWN_MAX];
	json_t *list;
	int64_t last = 0;
	int n, err;

	*queued = false;
	if (conf->hold_digest == NULL || conf->n_smarthosts == 0)
		return VG_OK;
	store_note_get(s, "digest_at", &last);
	if (now - last < conf->hold_digest_ms || (err = store_queue_stats(s, CONSUMER_QUEUE, &stats)) != VG_OK || stats.held == 0)
		return VG_OK;
	if ((n = store_held_list(s, 0, NULL, held, SHOWN_MAX)) < 0)
		return n;
	list = json_array();
	for (int i = 0; i < n && err == VG_OK; i++)
		err = add_one(s, &held[i], list);
	if (err == VG_OK)
		err = write_letter(s, conf, list, stats.held, now);
	json_decref(list);
	*queued = err == VG_OK;
	return err;
}
