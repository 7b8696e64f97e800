/*
 * message_json.c - prints the message object (vcspgate/message/1). Runs in the parser worker and in `vcspgate parse`;
 * every string is valid UTF-8 by now.
 */
#include <string.h>

#include "err.h"
#include "id.h"
#include "message_json.h"

struct writer {
	struct buf *out;
	int err;
};

static void raw(struct writer *w, const char *s, size_t n)
{
	if (w->err == VG_OK && n > 0)
		w->err = buf_add(w->out, s, n);
}

static void lit(struct writer *w, const char *s)
{
	raw(w, s, strlen(s));
}

static void escaped(struct writer *w, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	const char u[] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};

	if (c == '"')
		lit(w, "\\\"");
	else if (c == '\\')
		lit(w, "\\\\");
	else if (c == '\n')
		lit(w, "\\n");
	else if (c == '\t')
		lit(w, "\\t");
	else
		raw(w, u, sizeof u);
}

static void string_n(struct writer *w, const char *s, size_t n)
{
	size_t from = 0;

	lit(w, "\"");
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= ' ' && c != '"' && c != '\\')
			continue;
		raw(w, s + from, i - from);
		escaped(w, c);
		from = i + 1;
	}
	raw(w, s + from, n - from);
	lit(w, "\"");
}

static void string(struct writer *w, const char *s)
{
	if (s != NULL)
		string_n(w, s, strlen(s));
	else
		lit(w, "null");
}

static void member(struct writer *w, const char *key, const char *s)
{
	lit(w, key);
	string(w, s);
}

static void text(struct writer *w, const char *key, const struct buf *b)
{
	lit(w, key);
	string_n(w, b->len > 0 ? (const char *)b->data : "", b->len);
}

static void ids(struct writer *w, const char *key, const struct message_ids *l)
{
	lit(w, key);
	for (size_t i = 0; i < l->n; i++) {
		lit(w, i > 0 ? "," : "");
		string(w, l->list[i]);
	}
	lit(w, "]");
}

static void addresses(struct writer *w, const char *key, const struct message_addresses *l)
{
	lit(w, key);
	for (size_t i = 0; i < l->n; i++) {
		lit(w, i > 0 ? "," : "");
		member(w, "{\"name\":", l->list[i].name);
		member(w, ",\"address\":", l->list[i].address);
		lit(w, "}");
	}
	lit(w, "]");
}

static int dump(const char *s, size_t n, void *arg)
{
	struct writer *w = arg;

	raw(w, s, n);
	return w->err == VG_OK ? 0 : -1;
}

static void value(struct writer *w, const char *key, const json_t *v, const char *missing)
{
	lit(w, key);
	if (v == NULL)
		lit(w, missing);
	else if (json_dump_callback(v, dump, w, JSON_COMPACT) != 0 && w->err == VG_OK)
		w->err = VG_ERR_MEMORY;
}

static void body(struct writer *w, const struct body *b)
{
	text(w, ",\"body\":{\"text\":", &b->text);
	text(w, ",\"quoted\":", &b->quoted);
	text(w, ",\"signature\":", &b->signature);
	text(w, ",\"full\":", &b->full);
	member(w, ",\"source\":", b->source);
	lit(w, "}");
}

static void problems(struct writer *w, const struct message *m)
{
	lit(w, ",\"problems\":[");
	for (size_t i = 0; i < m->n_problems; i++) {
		lit(w, i > 0 ? "," : "");
		member(w, "{\"code\":", m->problems[i].code);
		member(w, ",\"detail\":", m->problems[i].detail);
		lit(w, "}");
	}
	lit(w, "]}");
}

/* null where the report says nothing. */
static void said(struct writer *w, const char *key, const char *s)
{
	member(w, key, s[0] != '\0' ? s : NULL);
}

static void report(struct writer *w, const struct report *r)
{
	if (r == NULL)
		return;
	member(w, ",\"report\":{\"kind\":", report_kind_name(r->kind));
	said(w, ",\"original_message_id\":", r->original_message_id);
	said(w, ",\"reporting_mta\":", r->reporting_mta);
	said(w, ",\"disposition\":", r->disposition);
	lit(w, ",\"recipients\":[");
	for (size_t i = 0; i < r->n; i++) {
		const struct report_recipient *to = &r->recipients[i];

		lit(w, i > 0 ? "," : "");
		said(w, "{\"final\":", to->final);
		said(w, ",\"original\":", to->original);
		said(w, ",\"action\":", to->action);
		said(w, ",\"status\":", to->status);
		said(w, ",\"diagnostic\":", to->diagnostic);
		lit(w, "}");
	}
	lit(w, "]}");
}

int message_json(struct buf *out, const struct message *m, const struct message_findings *f)
{
	struct writer w = {out, VG_OK};
	char date[32] = "";

	if (m->has_date)
		id_rfc3339(date, m->date_ms, 0);
	member(&w, "{\"schema\":\"vcspgate/message/1\",\"message_id\":", m->message_id);
	ids(&w, ",\"in_reply_to\":[", &m->in_reply_to);
	ids(&w, ",\"references\":[", &m->references);
	member(&w, ",\"date\":", m->has_date ? date : NULL);
	addresses(&w, ",\"from\":[", &m->from);
	addresses(&w, ",\"reply_to\":[", &m->reply_to);
	addresses(&w, ",\"to\":[", &m->to);
	addresses(&w, ",\"cc\":[", &m->cc);
	member(&w, ",\"subject\":", m->subject);
	member(&w, ",\"automatic\":", m->automatic);
	report(&w, m->report);
	value(&w, ",\"fields\":", f->fields, "{}");
	value(&w, ",\"commands\":", f->commands, "[]");
	body(&w, &m->body);
	value(&w, ",\"attachments\":", f->attachments, "[]");
	if (f->job_reports != NULL)
		value(&w, ",\"job_reports\":", f->job_reports, "[]");
	value(&w, ",\"errors\":", f->errors, "[]");
	value(&w, ",\"completeness\":", f->completeness, "{}");
	problems(&w, m);
	return w.err;
}
