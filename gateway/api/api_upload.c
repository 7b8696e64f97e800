/*
 * api_upload.c - request bodies: JSON in memory, mail into a spool, other content sealed to a descriptor of the queue
 * once it is large.
 */
#include <string.h>
#include <sodium.h>
#include <unistd.h>

#include "api_private.h"
#include "err.h"
#include "spool.h"

static void too_large(struct api_request *r, uint64_t max)
{
	api_problem(r, MHD_HTTP_CONTENT_TOO_LARGE, "Too large", "at most %llu bytes are taken here", (unsigned long long)max);
}

static void disk_failed(struct api_request *r)
{
	api_problem(r, MHD_HTTP_INSUFFICIENT_STORAGE, "No space", "the content could not be stored");
}

static void ask_file(struct api_request *r)
{
	struct api *api = r->listener->api;

	if (api->queue != NULL && ipc_send(api->queue, IPC_SPOOL_ASK, r->id, NULL) == 0)
		r->wait = WAIT_FILE;
	else
		api_problem(r, MHD_HTTP_SERVICE_UNAVAILABLE, "Try again", "the store is restarting");
}

static bool feed_content(struct api_request *r, const char *data, size_t n)
{
	/* Files in JSON are base64, as they are in a mail; some blanks and a text are beside them. */
	uint64_t max = r->route->kind == API_UPLOAD ? API_UPLOAD_MAX : r->listener->api->ctx->conf->message_size + API_BODY_MAX;

	if (r->upload_size + n > max) {
		too_large(r, max);
		return false;
	}
	r->upload_size += n;
	if (r->upload != NULL) {
		if (seal_write(r->upload, data, n) == 0)
			return true;
		disk_failed(r);
		return false;
	}
	if (buf_add(&r->body, data, n) != 0) {
		disk_failed(r);
		return false;
	}
	if (r->body.len > MSG_INLINE_MAX)
		ask_file(r);
	return r->status == 0;
}

/* What a pipe hands over has the line ends of the system. */
static bool feed_mail(struct api_request *r, const char *data, size_t n)
{
	const struct conf *conf = r->listener->api->ctx->conf;
	int rc;

	if (r->spool == NULL)
		r->spool = spool_new(conf->message_size, MSG_HEAD_MAX);
	rc = r->spool == NULL ? VG_ERR_MEMORY : spool_feed_lines(r->spool, &r->cr, data, n);
	if (rc == VG_ERR_LIMIT)
		too_large(r, conf->message_size);
	else if (rc != 0)
		disk_failed(r);
	else if (spool_state(r->spool) == SPOOL_WANTS_FILE)
		ask_file(r);
	return r->status == 0;
}

bool api_body_feed(struct api_request *r, const char *data, size_t n)
{
	if (r->route->kind == API_INJECT)
		return feed_mail(r, data, n);
	if (r->route->kind == API_UPLOAD || r->route->kind == API_LARGE)
		return feed_content(r, data, n);
	if (buf_add(&r->body, data, n) == 0)
		return true;
	too_large(r, API_BODY_MAX);
	return false;
}

static int upload_begin(struct api_request *r, const struct spool_give *give, int fd)
{
	if (fd < 0 || give->key.len != SEAL_KEY)
		return VG_ERR_PROTO;
	memcpy(r->upload_key, give->key.data, SEAL_KEY);
	r->upload_number = give->spool;
	r->upload_fd = fd;
	r->upload = seal_writer_new(fd, r->upload_key);
	if (r->upload == NULL)
		return VG_ERR_MEMORY;
	return seal_write(r->upload, r->body.data, r->body.len);
}

void api_file_given(struct api_request *r, const struct spool_give *give, int fd)
{
	int rc;

	if (give->err != 0)
		rc = -(int)give->err;
	else if (r->spool != NULL)
		rc = spool_give(r->spool, give, fd);
	else
		rc = upload_begin(r, give, fd);
	if (give->err != 0 && fd >= 0)
		close(fd);
	if (rc != 0)
		disk_failed(r);
	else if (r->spool == NULL)
		buf_reset(&r->body);
}
