/*
 * api_answer.c - answers of the HTTP API: problem documents (RFC 9457), JSON, content by range.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api_private.h"
#include "err.h"
#include "log.h"

void api_answer_text(struct api_request *r, unsigned status, const char *content_type, const char *text, size_t n)
{
	r->status = status;
	buf_reset(&r->answer);
	if (buf_add(&r->answer, text, n) != 0)
		r->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	snprintf(r->content_type, sizeof(r->content_type), "%s", content_type);
}

void api_problem(struct api_request *r, unsigned status, const char *title, const char *fmt, ...)
{
	char detail[512];
	va_list ap;
	json_t *o;
	char *text;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	o = json_pack("{s:s,s:s,s:i,s:s}", "type", "about:blank", "title", title, "status", (int)status, "detail", detail);
	text = o != NULL ? json_dumps(o, JSON_COMPACT) : NULL;
	json_decref(o);
	api_answer_text(r, status, "application/problem+json", text != NULL ? text : "", text != NULL ? strlen(text) : 0);
	free(text);
}

/* What a range answer reads from: the text first, then the sealed descriptor. */
struct content {
	struct buf head;
	struct seal_reader *reader;
	int fd;
	uint64_t start; /* of the range */
};

static ssize_t content_read(void *arg, uint64_t pos, char *out, size_t max)
{
	struct content *c = arg;
	long n;

	pos += c->start;
	if (pos < c->head.len) {
		n = (long)(c->head.len - pos < max ? c->head.len - pos : max);
		memcpy(out, c->head.data + pos, (size_t)n);
		return n;
	}
	n = c->reader != NULL ? seal_read(c->reader, pos - c->head.len, out, max) : 0;
	return n > 0 ? n : n == 0 ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR;
}

static void content_free(void *arg)
{
	struct content *c = arg;

	seal_reader_free(&c->reader);
	if (c->fd >= 0)
		close(c->fd);
	buf_free(&c->head);
	free(c);
}

/* Digits only, saturating: an offset beyond any file is simply not there. */
static bool range_number(const char **s, uint64_t *out)
{
	const char *start = *s;

	for (*out = 0; **s >= '0' && **s <= '9'; (*s)++)
		*out = *out > UINT64_MAX / 10 - 1 ? UINT64_MAX : *out * 10 + (uint64_t)(**s - '0');
	return *s > start;
}

/* "bytes=A-B", "bytes=A-", "bytes=-N" (RFC 9110 14.1.2), one range. 1: a range; 0: none to honour; -1: not satisfiable. */
static int parse_range(const char *s, uint64_t total, uint64_t *first, uint64_t *last)
{
	uint64_t a = 0, b = total - 1;
	bool from, to;

	if (s == NULL || strncmp(s, "bytes=", 6) != 0)
		return 0;
	s += 6;
	from = range_number(&s, &a);
	if (*s++ != '-')
		return 0;
	to = range_number(&s, &b);
	if (*s != '\0' || (!from && !to) || (from && to && b < a))
		return 0;
	if (!from) {
		a = b >= total ? 0 : total - b;
		b = total - 1;
	}
	if (a >= total)
		return -1;
	*first = a;
	*last = to && b < total ? b : total - 1;
	return 1;
}

static void header(struct MHD_Response *resp, const char *name, const char *value)
{
	if (MHD_add_response_header(resp, name, value) != MHD_YES)
		log_warn("", "header-refused", "name=%s", name);
}

/* Content-Disposition with an ASCII name and, where it differs, the real one (RFC 6266, RFC 8187). */
static void disposition(struct MHD_Response *resp, const char *name)
{
	char plain[256], value[1400];
	size_t n = 0, len;

	for (const char *s = name; *s != '\0' && n + 1 < sizeof(plain); s++)
		plain[n++] = (unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e || strchr("\"\\%;", *s) != NULL ? '_' : *s;
	plain[n] = '\0';
	len = (size_t)snprintf(value, sizeof(value), "attachment; filename=\"%s\"", plain);
	if (strcmp(plain, name) != 0) {
		len += (size_t)snprintf(value + len, sizeof(value) - len, "; filename*=UTF-8''");
		for (const char *s = name; *s != '\0' && len + 4 < sizeof(value); s++)
			len += (size_t)snprintf(value + len, sizeof(value) - len, "%%%02X", (unsigned char)*s);
	}
	header(resp, MHD_HTTP_HEADER_CONTENT_DISPOSITION, value);
}

static struct MHD_Response *content_response(struct api_request *r, uint64_t total, const char *range)
{
	struct content *c = calloc(1, sizeof(*c));
	uint64_t first = 0, last = total - 1;
	struct MHD_Response *resp;
	char value[96];
	int ranged = r->status == MHD_HTTP_OK ? parse_range(range, total, &first, &last) : 0;

	if (c == NULL)
		return NULL;
	c->head = r->answer;
	buf_init(&r->answer, r->answer.max);
	c->fd = r->answer_fd;
	r->answer_fd = -1;
	if (ranged < 0 || (c->fd >= 0 && seal_reader_new(c->fd, r->answer_key, &c->reader) != 0)) {
		content_free(c);
		r->status = ranged < 0 ? MHD_HTTP_RANGE_NOT_SATISFIABLE : MHD_HTTP_INTERNAL_SERVER_ERROR;
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	}
	c->start = ranged > 0 ? first : 0;
	resp = MHD_create_response_from_callback(ranged > 0 ? last - first + 1 : total, 65536, content_read, c, content_free);
	if (resp == NULL) {
		content_free(c);
		return NULL;
	}
	header(resp, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
	if (ranged > 0) {
		r->status = MHD_HTTP_PARTIAL_CONTENT;
		snprintf(value, sizeof(value), "bytes %llu-%llu/%llu", (unsigned long long)first, (unsigned long long)last,
		    (unsigned long long)total);
		header(resp, MHD_HTTP_HEADER_CONTENT_RANGE, value);
	}
	return resp;
}

enum MHD_Result api_send(struct api_request *r)
{
	uint64_t total = r->answer.len + (r->answer_fd >= 0 ? r->answer_size : 0);
	const char *range = MHD_lookup_connection_value(r->conn, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
	bool content = r->answer_fd >= 0 || (range != NULL && strncmp(r->content_type, "application/json", 16) != 0);
	struct MHD_Response *resp = content && total > 0
	    ? content_response(r, total, range)
	    : MHD_create_response_from_buffer(r->answer.len, r->answer.data, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (resp == NULL)
		return MHD_NO;
	if (r->content_type[0] != '\0')
		header(resp, MHD_HTTP_HEADER_CONTENT_TYPE, r->content_type);
	header(resp, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	header(resp, "X-Content-Type-Options", "nosniff");
	if (r->status == MHD_HTTP_UNAUTHORIZED)
		header(resp, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer realm=\"vcspgate\"");
	if (r->allow[0] != '\0')
		header(resp, MHD_HTTP_HEADER_ALLOW, r->allow);
	if (r->file_name[0] != '\0')
		disposition(resp, r->file_name);
	if (r->status >= 400)
		metrics_add(r->listener->api->ctx->metrics, MT_API_ERRORS, 1);
	rc = MHD_queue_response(r->conn, r->status, resp);
	MHD_destroy_response(resp);
	return rc;
}
