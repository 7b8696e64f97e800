/*
 * imap_fetch.c - one mail out of the mailbox: asked for in pieces (BODY.PEEK, so that nobody's flags change), fed into a spool,
 * submitted to the gate. Its structure is never asked for: the server could answer what libetpan's recursive parser dies of.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "id.h"
#include "imap.h"
#include "imap_ids.h"
#include "imap_rcpt.h"
#include "imap_set.h"
#include "log.h"
#include "spool.h"

#define REPLY_BYTES (64u * 1024u) /* of a response, beside the piece */
#define META_BYTES (512u * 1024u)

/* ---- sizes and dates ---- */

static int64_t
unix_ms(const struct mailimap_date_time *d)
{
	struct tm tm = { .tm_year = d->dt_year - 1900, .tm_mon = d->dt_month - 1, .tm_mday = d->dt_day, .tm_hour = d->dt_hour,
		.tm_min = d->dt_min, .tm_sec = d->dt_sec };
	int zone = d->dt_zone, minutes = zone / 100 * 60 + zone % 100;
	int64_t now = id_now_ms(), at = ((int64_t)timegm(&tm) - (int64_t)minutes * 60) * 1000;

	/* A clock starts at receipt: not in the future, and not before there was mail. */
	return at > 0 && at <= now ? at : now;
}

static struct imap_job *
job_of(struct imap_job *jobs, size_t n, uint32_t uid)
{
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].item.uid == uid)
			return &jobs[i];
	}
	return NULL;
}

/* What one FETCH response says; every part may be missing. */
struct said {
	uint32_t uid, size;
	const struct mailimap_date_time *date;
	const struct mailimap_msg_att_body_section *body;
};

static void
read_att(struct said *out, const struct mailimap_msg_att *att)
{
	memset(out, 0, sizeof(*out));
	for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
		const struct mailimap_msg_att_item *item = clist_content(i);
		const struct mailimap_msg_att_static *s;

		if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC)
			continue;
		s = item->att_data.att_static;
		if (s->att_type == MAILIMAP_MSG_ATT_UID)
			out->uid = s->att_data.att_uid;
		else if (s->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE)
			out->size = s->att_data.att_rfc822_size;
		else if (s->att_type == MAILIMAP_MSG_ATT_INTERNALDATE)
			out->date = s->att_data.att_internal_date;
		else if (s->att_type == MAILIMAP_MSG_ATT_BODY_SECTION)
			out->body = s->att_data.att_body_section;
	}
}

static void
take_meta(struct imap_job *jobs, size_t n, clist *list)
{
	for (clistiter *i = clist_begin(list); i; i = clist_next(i)) {
		struct imap_job *j;
		struct said s;

		read_att(&s, clist_content(i));
		j = s.uid ? job_of(jobs, n, s.uid) : NULL;
		if (!j || (!s.size && !s.date))
			continue;
		j->gone = false;
		j->size = s.size;
		if (s.date)
			j->received_at = unix_ms(s.date);
	}
}

/* Once more where others took mails away meanwhile. Returns libetpan's result. */
static int
fetch_command(struct imap_conn *c, struct mailimap_set *set, struct mailimap_fetch_type *what, uint64_t bytes_max, clist **list)
{
	int rc;

	imap_conn_limit(c, bytes_max);
	rc = mailimap_uid_fetch(c->im, set, what, list);
	if (rc == MAILIMAP_NO_ERROR || !imap_conn_again(c))
		return rc;
	imap_conn_limit(c, bytes_max);
	return mailimap_uid_fetch(c->im, set, what, list);
}

int
imap_fetch_meta(struct imap_conn *c, struct imap_job *jobs, size_t n)
{
	struct mailimap_set *set = imap_set_of_jobs(jobs, n);
	struct mailimap_fetch_type *what = mailimap_fetch_type_new_fetch_att_list_empty();
	clist *list = NULL;
	int rc = MAILIMAP_ERROR_MEMORY;

	if (set && what && mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_uid()) == 0 &&
	    mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_rfc822_size()) == 0 &&
	    mailimap_fetch_type_new_fetch_att_list_add(what, mailimap_fetch_att_new_internaldate()) == 0)
		rc = fetch_command(c, set, what, META_BYTES, &list);
	if (what)
		mailimap_fetch_type_free(what);
	if (set)
		mailimap_set_free(set);
	if (rc != MAILIMAP_NO_ERROR) {
		/* A refusal for the whole set tells nothing about one mail. */
		imap_conn_failed(c, "fetch", rc);
		return VG_ERR_CLOSED;
	}
	for (size_t i = 0; i < n; i++) {
		jobs[i].gone = true;
		jobs[i].received_at = id_now_ms();
	}
	take_meta(jobs, n, list);
	mailimap_fetch_list_free(list);
	return imap_conn_same(c);
}

/* ---- pieces ---- */

struct fetching {
	struct imap_conn *c;
	struct imap_job *job;
	struct spool *spool;
	bool cr;
	uint64_t got;
};

static int
place(struct fetching *f)
{
	struct spool_give give = { 0 };
	unsigned char key[32];
	int fd, rc;

	if (spool_state(f->spool) != SPOOL_WANTS_FILE)
		return VG_OK;
	rc = imap_spool_ask(f->c->m, &give, key, &fd);
	if (rc != VG_OK) {
		if (fd >= 0)
			close(fd);
		return rc == VG_ERR_LIMIT ? VG_ERR_AGAIN : rc;
	}
	return spool_give(f->spool, &give, fd);
}

static int
feed(struct fetching *f, const struct mailimap_msg_att_body_section *body)
{
	int rc = VG_OK;

	if (body->sec_length == 0)
		return VG_OK;
	f->got += body->sec_length;
	rc = spool_feed_lines(f->spool, &f->cr, body->sec_body_part, body->sec_length);
	return rc == VG_OK ? place(f) : rc;
}

static int
ask_piece(struct fetching *f, clist **list)
{
	struct mailimap_section *section = mailimap_section_new(NULL);
	struct mailimap_fetch_att *att = section
	    ? mailimap_fetch_att_new_body_peek_section_partial(section, (uint32_t)f->got, IMAP_PIECE) : NULL;
	struct mailimap_fetch_type *what = att ? mailimap_fetch_type_new_fetch_att(att) : NULL;
	struct mailimap_set *set = mailimap_set_new_single(f->job->item.uid);
	int rc = MAILIMAP_ERROR_MEMORY;

	if (what && set)
		rc = fetch_command(f->c, set, what, IMAP_PIECE + REPLY_BYTES, list);
	if (set)
		mailimap_set_free(set);
	if (what)
		mailimap_fetch_type_free(what);
	return rc;
}

/* The bytes from f->got on. *more: another piece may follow. VG_ERR_NOTFOUND: the mail is gone. */
static int
piece(struct fetching *f, bool *more)
{
	clist *list = NULL;
	size_t n = 0;
	int rc = ask_piece(f, &list), found = VG_ERR_NOTFOUND;

	if (rc != MAILIMAP_NO_ERROR)
		return imap_conn_failed(f->c, "fetch", rc);
	for (clistiter *i = clist_begin(list); i && found == VG_ERR_NOTFOUND; i = clist_next(i)) {
		struct said s;

		read_att(&s, clist_content(i));
		if (!s.body || (s.uid && s.uid != f->job->item.uid))
			continue;
		n = s.body->sec_length;
		if (n > IMAP_PIECE) {
			f->c->step = "fetch";
			snprintf(f->c->why, sizeof(f->c->why), "more bytes than were asked for");
			f->c->trouble = TROUBLE_PROTOCOL;
		}
		found = n > IMAP_PIECE ? VG_ERR_PROTO : feed(f, s.body);
	}
	mailimap_fetch_list_free(list);
	/* Sizes are not to be relied upon (they differ with some servers): a mail ends where no more bytes come. */
	*more = n == IMAP_PIECE || (n > 0 && f->got < f->job->size);
	return found;
}

/* No answer: a server may know nothing of bytes beyond the end, or nothing of the mail any more. */
static int
no_answer(struct fetching *f)
{
	int rc = imap_fetch_meta(f->c, f->job, 1);

	if (rc == VG_OK && f->job->gone)
		return VG_ERR_NOTFOUND;
	if (rc != VG_OK || f->got > 0)
		return rc;
	f->c->excused = false;
	snprintf(f->c->why, sizeof(f->c->why), "no bytes in the answer");
	return VG_ERR_DENIED;
}

static int
fetch_all(struct fetching *f)
{
	bool more = true;
	int rc = VG_OK;

	while (rc == VG_OK && more)
		rc = piece(f, &more);
	if (rc == VG_ERR_NOTFOUND)
		rc = no_answer(f);
	if (rc == VG_OK && f->job->size && f->got != f->job->size)
		log_info(f->c->m->ids, "imap-size", "uid=%u said=%u got=%llu", f->job->item.uid, f->job->size,
		    (unsigned long long)f->got);
	return rc;
}

/* ---- to the gate ---- */

static int
recipients(struct imap *m, struct buf *list, uint32_t *n, const struct submit *s)
{
	static struct imap_rcpts r;
	int rc = imap_rcpts_read(&r, m->ctx->conf, (const char *)s->bytes.data, s->bytes.len);

	for (size_t i = 0; rc == VG_OK && i < r.n; i++) {
		/* A signed return path with a bad tag is no recipient, and audited (V0). */
		if (r.kind[i] != RCPT_BOUNCE || imap_rcpt_ok(m, r.address[i]))
			rc = wlist_add_str(list, n, r.address[i]);
	}
	if (rc == VG_OK && *n == 0)
		rc = wlist_add_str(list, n, m->conf->intake);
	return rc;
}

/* What a mail answers is judged before it, or it would open a ticket of its own. */
static int
in_turn(struct imap *m, struct imap_job *j, const struct submit *s)
{
	struct imap_ids ids;

	imap_ids_read(&ids, (const char *)s->bytes.data, s->bytes.len);
	j->message = ids.own;
	for (size_t i = 0; i < m->n_jobs; i++) {
		if (m->jobs[i].submit && imap_ids_follow(&ids, m->jobs[i].message))
			return imap_await(m, 0);
	}
	return VG_OK;
}

static int
submit(struct fetching *f)
{
	struct imap *m = f->c->m;
	struct imap_job *j = f->job;
	struct submit s = { .channel = CHANNEL_IMAP, .listener = m->ctx->index, .sess = j->sess, .real_peer = "imap", .client = "",
		.client_name = "", .helo = m->conf->host, .protocol = *net_stream_tls_text(f->c->stream) ? "IMAPS" : "IMAP",
		.tls = net_stream_tls_text(f->c->stream), .login = "", .certificate = "", .reverse_path = "",
		.received_at = j->received_at };
	struct buf list;
	uint32_t n = 0;
	int rc = spool_finish(f->spool, &s);

	buf_init(&list, IPC_SMALL / 2);
	if (rc == VG_OK)
		rc = recipients(m, &list, &n, &s);
	if (rc == VG_OK)
		rc = in_turn(m, j, &s) == VG_OK ? VG_OK : VG_ERR_CLOSED;
	s.rcpts = wlist_of(&list, n);
	j->spool = s.spool;
	j->submit = ++m->next_id;
	if (rc == VG_OK)
		rc = m->gate ? ipc_send_fd(m->gate, IPC_SUBMIT, j->submit, &s, spool_fd(f->spool), -1) : VG_ERR_CLOSED;
	buf_free(&list);
	if (rc != VG_OK) {
		j->submit = 0;
		return rc == VG_ERR_CLOSED ? VG_ERR_AGAIN : rc;
	}
	m->in_flight++;
	return VG_OK;
}

/* What cannot be taken however often it is tried. */
static void
give_up(struct fetching *f, const char *why)
{
	struct imap_item *i = &f->job->item;

	i->state = IMAP_FAILED;
	metrics_add(f->c->m->ctx->metrics, MT_IMAP_FAILED, 1);
	log_warn(f->c->m->ids, "imap-failed", "uid=%u size=%u tries=%u error=%s", i->uid, f->job->size, i->tries, log_q(why));
}

int
imap_fetch(struct imap_conn *c, struct imap_job *j)
{
	uint64_t max = c->m->ctx->conf->message_size;
	struct fetching f = { .c = c, .job = j, .spool = spool_new(max, MSG_HEAD_MAX) };
	int rc;

	if (!f.spool)
		return VG_ERR_MEMORY;
	id_session(j->sess);
	rc = j->size > max ? VG_ERR_LIMIT : fetch_all(&f);
	/* So looks one, with some servers, that somebody has just taken away. */
	if (rc == VG_OK && f.got == 0 && j->size > 0)
		rc = no_answer(&f);
	if (rc == VG_OK && f.got == 0)
		give_up(&f, "no bytes in it");
	else if (rc == VG_OK)
		rc = submit(&f);
	if (rc == VG_ERR_LIMIT) {
		give_up(&f, j->size > max || f.got > max ? "larger than limit message-size" : spool_why(f.spool));
		rc = VG_OK;
	} else if (rc == VG_ERR_NOTFOUND) {
		j->gone = true;
		rc = VG_OK;
	}
	if (!j->submit && spool_number(f.spool) != 0)
		imap_spool_drop(c->m, spool_number(f.spool));
	spool_free(&f.spool);
	return rc;
}

/* ---- and back ---- */

void
imap_put_off(struct imap_item *i, uint32_t random)
{
	i->state = IMAP_LATER;
	i->tries = 0;
	i->delays++;
	i->next_at = id_now_ms() + imap_delay_ms(i->delays, random);
}

static void
settle(struct imap *m, struct imap_job *j, const struct verdict_say *v)
{
	struct imap_item *i = &j->item;
	bool known = v && v->outcome >= OUT_ACCEPTED && v->outcome <= OUT_DUPLICATE;

	if (!known || v->outcome == OUT_TEMPFAIL) {
		imap_put_off(i, (uint32_t)m->next_id * 2654435761u);
	} else {
		i->state = IMAP_COMMITTED;
		i->outcome = v->outcome;
		i->next_at = 0;
		metrics_add(m->ctx->metrics, MT_IMAP_FETCHED, 1);
		m->progress = true;
	}
	/* What was kept is the queue's. */
	if (!known || (v->outcome != OUT_ACCEPTED && v->outcome != OUT_HELD))
		imap_spool_drop(m, j->spool);
	log_info(m->ids, "imap-mail", "sess=%s uid=%u size=%u code=%u rule=%s msg=%s ticket=%llu", j->sess, i->uid, j->size,
	    v ? v->code : 0, v && v->rule[0] ? v->rule : "-", v && v->message_id[0] ? v->message_id : "-",
	    v ? (unsigned long long)v->ticket : 0ull);
}

void
imap_verdict(struct imap *m, uint64_t id, const struct verdict_say *v)
{
	for (size_t i = 0; i < m->n_jobs; i++) {
		struct imap_job *j = &m->jobs[i];

		if (j->submit != id)
			continue;
		j->submit = 0;
		m->in_flight--;
		m->settled = true;
		settle(m, j, v);
		return;
	}
}
