/*
 * imap_move.c - mail that is settled leaves the folder: MOVE (RFC 6851); else COPY and EXPUNGE of just these (UIDPLUS,
 * RFC 4315); else COPY and \Deleted, for an EXPUNGE would take along what others have marked. Only after the ledger has it.
 */
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "imap.h"
#include "imap_set.h"
#include "imap_utf7.h"
#include "log.h"

#define MOVE_BYTES (256u * 1024u)
#define RETRY_MS (15 * 60000)

const char *
imap_target(const struct conf_imap *m, const struct imap_item *item)
{
	if (item->state == IMAP_FAILED)
		return m->failed;
	if (item->state != IMAP_COMMITTED)
		return NULL;
	return item->outcome == OUT_REJECTED ? m->rejected : m->processed;
}

static int
mark_deleted(struct imap_conn *c, struct mailimap_set *set)
{
	struct mailimap_flag_list *flags = mailimap_flag_list_new_empty();
	struct mailimap_store_att_flags *att;
	int rc = MAILIMAP_ERROR_MEMORY;

	if (!flags)
		return rc;
	if (mailimap_flag_list_add(flags, mailimap_flag_new_deleted()) != MAILIMAP_NO_ERROR ||
	    !(att = mailimap_store_att_flags_new_add_flags_silent(flags))) {
		mailimap_flag_list_free(flags);
		return rc;
	}
	rc = mailimap_uid_store(c->im, set, att);
	mailimap_store_att_flags_free(att);
	return rc;
}

static int
carry_over(struct imap_conn *c, struct mailimap_set *set, const char *folder)
{
	int rc;

	imap_conn_limit(c, MOVE_BYTES);
	if (c->move)
		return mailimap_uid_move(c->im, set, folder);
	rc = mailimap_uid_copy(c->im, set, folder);
	if (rc == MAILIMAP_NO_ERROR)
		rc = mark_deleted(c, set);
	if (rc == MAILIMAP_NO_ERROR && c->uidplus)
		rc = mailimap_uid_expunge(c->im, set);
	return rc;
}

/* The folder is made where it is missing. */
static int
carry(struct imap_conn *c, struct mailimap_set *set, const char *folder)
{
	char name[IMAP_UTF7_MAX];
	int rc;

	if (imap_utf7(name, sizeof(name), folder) != VG_OK)
		return VG_ERR_DENIED;
	rc = carry_over(c, set, name);
	/* Twice: a person who tidies up is not done with one mail. */
	for (int i = 0; i < 2 && rc != MAILIMAP_NO_ERROR && imap_conn_again(c); i++)
		rc = carry_over(c, set, name);
	if (rc == MAILIMAP_NO_ERROR)
		return VG_OK;
	if (imap_conn_failed(c, "move", rc) == VG_ERR_CLOSED)
		return VG_ERR_CLOSED;
	if (c->trouble == TROUBLE_LIMIT)
		return VG_ERR_DENIED;
	/* Refused: somebody else may have made it at this moment (RFC 5530 ALREADYEXISTS). */
	if (mailimap_create(c->im, name) == MAILIMAP_NO_ERROR)
		log_info(c->m->ids, "imap-folder", "made=%s", log_q(folder));
	else if (net_stream_error(c->stream) != VG_OK)
		return VG_ERR_CLOSED;
	rc = carry_over(c, set, name);
	return rc == MAILIMAP_NO_ERROR ? VG_OK : imap_conn_failed(c, "move", rc);
}

/* All items that go to this folder, in one command. */
static int
move_to(struct imap_conn *c, struct imap_item *items, const bool *in, size_t n, const char *folder)
{
	struct mailimap_set *set = imap_set_of_items(items, in, n);
	unsigned count = 0;
	int rc;

	if (!set)
		return VG_ERR_MEMORY;
	rc = carry(c, set, folder);
	mailimap_set_free(set);
	if (rc == VG_ERR_CLOSED)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (!in[i])
			continue;
		count++;
		if (rc == VG_OK)
			items[i].state = IMAP_MOVED;
		else
			items[i].next_at = id_now_ms() + RETRY_MS;
	}
	if (rc == VG_OK)
		metrics_add(c->m->ctx->metrics, MT_IMAP_MOVED, count);
	else
		log_warn(c->m->ids, "imap-move", "folder=%s mails=%u error=%s", log_q(folder), count, log_q(c->why));
	return VG_OK;
}

int
imap_move(struct imap_conn *c, struct imap_item *items, size_t n)
{
	bool *in = calloc(n + 1, sizeof(*in)), *done = calloc(n + 1, sizeof(*done));
	int rc = in && done ? imap_conn_same(c) : VG_ERR_MEMORY;

	for (size_t i = 0; rc == VG_OK && i < n; i++) {
		const char *folder = done[i] ? NULL : imap_target(c->m->conf, &items[i]);

		if (!folder)
			continue;
		for (size_t k = i; k < n; k++) {
			const char *other = imap_target(c->m->conf, &items[k]);

			in[k] = !done[k] && other && strcmp(other, folder) == 0;
			done[k] = done[k] || in[k];
		}
		rc = move_to(c, items, in, n, folder);
		memset(in, 0, n * sizeof(*in));
	}
	free(in);
	free(done);
	return rc;
}
