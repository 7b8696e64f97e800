/*
 * queue_attach.c - attachments and archive members for the API: found in the store, taken out of the raw mail by a parser, passed
 * on as a sealed descriptor. Main thread of the queue process.
 */
#include "queue.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "utf8.h"

#define EXTRACTS_MAX 64u

struct attaching {
	struct extract x; /* first */
	uint64_t link, id;
	char name[256];
};

static void
problem(struct link *l, uint64_t id, unsigned status, const char *title, const char *detail)
{
	struct call_result res = { .fd = -1 };

	call_problem(&res, status, title, NULL, "%s", detail);
	queue_call_say(l->q, l->serial, id, &res);
}

/* The parser says how much it wrote; the file knows. */
static int
written(const struct extract *x, uint64_t *size)
{
	struct seal_reader *r;
	int err = seal_reader_new(x->fd, x->key, &r);

	if (err == VG_OK) {
		*size = seal_size(r);
		seal_reader_free(&r);
	}
	return err;
}

static void
extracted(struct extract *x, int err, const struct parse_done *result)
{
	struct attaching *a = (struct attaching *)x;
	struct call_result res = { .status = 200, .fd = -1 };

	if (err == VG_OK)
		err = written(x, &res.size);
	if (err == VG_OK) {
		res.fd = x->fd;
		x->fd = -1;
		memcpy(res.key, x->key, SEAL_KEY);
		res.content_type = *result->content_type != '\0' && strlen(result->content_type) < 256 ? result->content_type
		    : "application/octet-stream";
		memcpy(res.file_name, a->name, sizeof(res.file_name));
	} else if (err == VG_ERR_NOTFOUND) {
		call_problem(&res, 404, "not found", NULL, "there is no such attachment or member");
	} else if (err == VG_ERR_FULL) {
		call_problem(&res, 507, "store not available", NULL, "%s", vg_strerror(err));
	} else {
		call_problem(&res, 422, "not readable", NULL, "it cannot be taken out: %s", vg_strerror(err));
	}
	queue_call_say(x->q, a->link, a->id, &res);
	if (x->fd >= 0)
		close(x->fd);
	free(x->entry);
	sodium_memzero(x->key, SEAL_KEY);
	free(a);
}

/* The name that the parser gave the attachment. */
static void
attachment_name(struct queue *q, int64_t message, const char *part, char out[256])
{
	struct buf json;
	json_t *object = NULL, *one;
	size_t i;

	buf_init(&json, IPC_HUGE + (1u << 20));
	if (store_object(q->store, message, &json) == VG_OK)
		object = json_loadb((char *)json.data, json.len, 0, NULL);
	snprintf(out, 256, "%s", part);
	json_array_foreach(json_object_get(object, "attachments"), i, one)
	{
		const char *id = json_string_value(json_object_get(one, "id"));
		const char *name = json_string_value(json_object_get(one, "name"));

		if (id != NULL && name != NULL && strcmp(id, part) == 0)
			snprintf(out, 256, "%.*s", (int)utf8_cut(name, strlen(name), 255), name);
	}
	json_decref(object);
	buf_free(&json);
}

static void
entry_name(const char *entry, char out[256])
{
	const char *slash = strrchr(entry, '/');
	const char *name = slash != NULL ? slash + 1 : entry;

	snprintf(out, 256, "%.*s", (int)utf8_cut(name, strlen(name), 255), name);
}

static unsigned
count(const struct queue *q)
{
	unsigned n = 0;

	for (const struct extract *x = q->extracts; x != NULL; x = x->next)
		n++;
	return n;
}

static void
start(struct link *l, uint64_t id, int64_t message, const char *part, const char *entry)
{
	struct attaching *a = count(l->q) < EXTRACTS_MAX ? calloc(1, sizeof(*a)) : NULL;

	if (a == NULL) {
		problem(l, id, 503, "too busy", "try again later");
		return;
	}
	a->link = l->serial;
	a->id = id;
	a->x.q = l->q;
	a->x.message = message;
	a->x.what = PARSE_EXTRACT;
	a->x.done = extracted;
	snprintf(a->x.part, sizeof(a->x.part), "%s", part);
	randombytes_buf(a->x.key, SEAL_KEY);
	if (entry != NULL)
		entry_name(entry, a->name);
	else
		attachment_name(l->q, message, part, a->name);
	if (blob_scratch(l->q->blobs, &a->x.fd) != VG_OK || (entry != NULL && (a->x.entry = strdup(entry)) == NULL)) {
		problem(l, id, 507, "store not available", "no space for the attachment");
		if (a->x.fd >= 0)
			close(a->x.fd);
		free(a);
		return;
	}
	queue_extract_add(&a->x);
}

static void
by_hash(struct link *l, uint64_t id, json_t *args)
{
	const char *hex = call_param(args, "blake2b");
	unsigned char hash[32];
	char part[16];
	int64_t message;
	size_t n;

	if (hex == NULL || sodium_hex2bin(hash, sizeof(hash), hex, strlen(hex), NULL, &n, NULL) != 0 || n != sizeof(hash) ||
	    store_attachment_by_hash(l->q->store, hash, &message, part) != VG_OK)
		problem(l, id, 404, "not found", "there is no such attachment");
	else
		start(l, id, message, part, NULL);
}

static void
by_message(struct link *l, uint64_t id, json_t *args, bool member)
{
	const char *ulid = call_param(args, "id"), *part = call_param(args, "a");
	const char *entry = member ? call_param(args, "path") : NULL;
	struct store_message m;

	if (ulid == NULL || part == NULL || strlen(part) >= 16 || (member && (entry == NULL || *entry == '\0'))) {
		problem(l, id, 404, "not found", "there is no such attachment");
		return;
	}
	if (store_message_by_ulid(l->q->store, ulid, &m) != VG_OK || !m.has_key)
		problem(l, id, 404, "not found", "there is no such message");
	else
		start(l, id, m.id, part, entry);
	store_message_free(&m);
}

bool
queue_attach(struct link *l, uint64_t id, const char *op, json_t *args)
{
	if (strcmp(op, "blobs.get") == 0)
		by_hash(l, id, args);
	else if (strcmp(op, "messages.attachment") == 0)
		by_message(l, id, args, false);
	else if (strcmp(op, "messages.entry") == 0)
		by_message(l, id, args, true);
	else
		return false;
	return true;
}
