/*
 * letter.c - composes a mail. Runs in the role `deliver`; the letter comes from the queue, its texts from participants: no line
 * end of theirs reaches a header.
 */
#include <gmime/gmime.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "letter.h"
#include "letter_files.h"
#include "letter_stream.h"
#include "letter_text.h"

#define REFERENCES_MAX 30u

/* ---- addresses ---- */

/* base+ext@domain. */
static int with_tag(char out[ADDR_MAX + 1], const char *address, const char *ext)
{
	const char *at = strrchr(address, '@');
	int n = at == NULL ? -1 : snprintf(out, ADDR_MAX + 1, "%.*s+%s%s", (int)(at - address), address, ext, at);

	return n > 0 && n <= ADDR_MAX ? VG_OK : VG_ERR_LIMIT;
}

static int make_addresses(struct letter_mail *m, char own[ADDR_MAX + 1], const struct letter_sender *from, const struct deliver_job *job,
    uint64_t number, const char **why)
{
	struct token bounce = {.purpose = TOKEN_BOUNCE, .number = number};
	struct token thread = {.purpose = TOKEN_CASE, .number = job->ticket, .participant = job->participant};
	char tag[TOKEN_MAX + 1];
	struct addr a;
	int rc = addr_parse(&a, job->recipient, strlen(job->recipient), 0, why);

	if (rc != VG_OK)
		return rc;
	snprintf(m->recipient, sizeof m->recipient, "%s", a.normal);
	*why = "no addresses of ours, or no key, to send it from";
	if (from->case_address == NULL || from->bounce_address == NULL)
		return VG_ERR_SYNTAX;
	if ((rc = token_mint(tag, &bounce, from->keys)) != VG_OK || (rc = with_tag(m->reverse_path, from->bounce_address, tag)) != VG_OK)
		return rc;
	if (job->ticket == 0) {
		snprintf(own, ADDR_MAX + 1, "%s", from->case_address);
		snprintf(m->message_id, sizeof m->message_id, "%s.%llu@%s", job->kind == LETTER_DIGEST ? "digest" : "notice", (unsigned long long)number, from->hostname);
		return VG_OK;
	}
	if ((rc = token_mint(tag, &thread, from->keys)) != VG_OK || (rc = with_tag(own, from->case_address, tag)) != VG_OK)
		return rc;
	return token_message_id(m->message_id, job->ticket, number, from->hostname, from->keys);
}

/* ---- headers ---- */

static void set_text(GMimeMessage *m, const char *name, const char *value)
{
	g_mime_object_set_header(GMIME_OBJECT(m), name, value, "utf-8");
}

/* The subject that mail programs thread by: the tag, then the ticket's subject, the same in every letter. */
static void set_subject(GMimeMessage *m, json_t *letter, const struct deliver_job *job)
{
	json_t *ticket = json_object_get(letter, "ticket");
	const char *reference = letter_string(json_object_get(ticket, "reference"));
	char subject[LETTER_LINE_MAX + 1], own[LETTER_LINE_MAX + 1], line[3 * LETTER_LINE_MAX];

	letter_line(subject, letter_string(json_object_get(letter, "subject")));
	letter_line(own, reference);
	if (job->ticket == 0) {
		g_mime_message_set_subject(m, subject, "utf-8");
		return;
	}
	snprintf(line, sizeof line, "[#%llu]%s%s%s %s", (unsigned long long)job->ticket, own[0] != '\0' ? " [" : "", own,
	    own[0] != '\0' ? "]" : "", subject);
	g_mime_message_set_subject(m, line, "utf-8");
}

static bool is_message_id(const char *s)
{
	size_t n = strlen(s);

	return n > 2 && n < 500 && strchr(s, '@') != NULL && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	    "!#$%&'*+-/=?^_`{|}~.@[]:") == n;
}

static int set_thread(GMimeMessage *m, json_t *letter)
{
	const char *answered = letter_string(json_object_get(letter, "in_reply_to"));
	json_t *list = json_object_get(letter, "references"), *one;
	struct buf refs;
	unsigned kept = 0;
	size_t i;
	int rc = VG_OK;

	buf_init(&refs, REFERENCES_MAX * 520);
	json_array_foreach(list, i, one)
		if (rc == VG_OK && is_message_id(letter_string(one)) && kept++ < REFERENCES_MAX)
			rc = buf_addf(&refs, "%s<%s>", refs.len > 0 ? " " : "", letter_string(one));
	if (rc == VG_OK && refs.len > 0)
		set_text(m, "References", buf_str(&refs));
	buf_reset(&refs);
	if (rc == VG_OK && is_message_id(answered) && (rc = buf_addf(&refs, "<%s>", answered)) == VG_OK)
		set_text(m, "In-Reply-To", buf_str(&refs));
	buf_free(&refs);
	return rc;
}

/* Notices say that no person wrote them (RFC 3834 5); no program is to answer any of our letters. */
static int set_loop(GMimeMessage *m, const struct letter_sender *from, const struct deliver_job *job, bool automatic)
{
	struct token loop = {.purpose = TOKEN_LOOP, .number = job->ticket > 0 ? job->ticket : 1};
	char tag[TOKEN_MAX + 1];
	int rc = token_mint(tag, &loop, from->keys);

	if (rc != VG_OK)
		return rc;
	set_text(m, "X-Vcspgate-Loop", tag);
	set_text(m, "X-Auto-Response-Suppress", automatic ? "All" : "OOF, AutoReply");
	if (automatic)
		set_text(m, "Auto-Submitted", job->kind == LETTER_ACK || job->kind == LETTER_REFUSED ? "auto-replied" : "auto-generated");
	return VG_OK;
}

static void set_from(GMimeMessage *m, const struct letter_sender *from, json_t *letter, const char *own, bool automatic)
{
	char name[LETTER_LINE_MAX + 1], line[2 * LETTER_LINE_MAX + 20];

	letter_line(name, automatic ? "" : letter_string(json_object_get(letter, "from_name")));
	snprintf(line, sizeof line, "%s%s%s", name, name[0] != '\0' ? " via " : "", from->support);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, line, own);
	internet_address_set_charset(internet_address_list_get_address(g_mime_message_get_from(m), 0), "utf-8");
}

static void set_to(GMimeMessage *m, const struct deliver_job *job, const char *recipient)
{
	char name[LETTER_LINE_MAX + 1];

	letter_line(name, job->name);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_TO, name[0] != '\0' ? name : NULL, recipient);
	internet_address_set_charset(internet_address_list_get_address(g_mime_message_get_to(m), 0), "utf-8");
}

static int set_headers(GMimeMessage *m, const struct letter_sender *from, const struct deliver_job *job, json_t *letter,
    const struct letter_mail *out, const char *own, int64_t now)
{
	bool automatic = json_is_true(json_object_get(letter, "automatic"));
	GDateTime *date = g_date_time_new_from_unix_utc(now);
	int rc;

	set_from(m, from, letter, own, automatic);
	set_to(m, job, out->recipient);
	set_subject(m, letter, job);
	g_mime_message_set_date(m, date);
	g_date_time_unref(date);
	g_mime_message_set_message_id(m, out->message_id);
	rc = set_thread(m, letter);
	return rc == VG_OK ? set_loop(m, from, job, automatic) : rc;
}

/* ---- body ---- */

/* Not a GMimeTextPart: that looks for the smallest character set, and converters are files. */
static GMimeObject *text_part(const char *subtype, const struct buf *text)
{
	GMimePart *part = g_mime_part_new_with_type("text", subtype);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer((const char *)text->data, text->len);
	GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

	g_mime_object_set_content_type_parameter(GMIME_OBJECT(part), "charset", "utf-8");
	g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
	g_mime_part_set_content(part, content);
	g_object_unref(content);
	g_object_unref(stream);
	return GMIME_OBJECT(part);
}

/* GMime's own constructor reads a boundary from /dev/urandom, which is a file. */
static GMimeMultipart *new_multipart(const char *subtype)
{
	GMimeMultipart *m = g_object_new(GMIME_TYPE_MULTIPART, NULL);
	GMimeContentType *type = g_mime_content_type_new("multipart", subtype);
	char boundary[48];

	snprintf(boundary, sizeof boundary, "=_%08x%08x%08x%08x", randombytes_random(), randombytes_random(), randombytes_random(),
	    randombytes_random());
	g_mime_content_type_set_parameter(type, "boundary", boundary);
	g_mime_object_set_content_type(GMIME_OBJECT(m), type);
	g_object_unref(type);
	return m;
}

static GMimeObject *both_texts(const struct buf *text, const struct buf *html)
{
	GMimeMultipart *both = new_multipart("alternative");
	GMimeObject *plain = text_part("plain", text), *rich = text_part("html", html);

	g_mime_multipart_add(both, plain);
	g_mime_multipart_add(both, rich);
	g_object_unref(plain);
	g_object_unref(rich);
	return GMIME_OBJECT(both);
}

/* Takes over body. */
static GMimeObject *with_files(GMimeObject *body, json_t *letter, struct seal_reader *files)
{
	GMimeMultipart *mixed;

	if (json_array_size(json_object_get(letter, "attached")) == 0)
		return body;
	mixed = new_multipart("mixed");
	g_mime_multipart_add(mixed, body);
	letter_files_add(mixed, letter, files);
	g_object_unref(body);
	return GMIME_OBJECT(mixed);
}

static int set_body(GMimeMessage *m, const struct letter_sender *from, const struct deliver_job *job, json_t *letter,
    struct seal_reader *files, const char **why)
{
	struct buf text, html;
	int rc;

	buf_init(&text, LETTER_MAX);
	buf_init(&html, 6 * LETTER_MAX);
	rc = letter_text(&text, from->texts, letter, job, from->support, why);
	if (rc == VG_OK)
		rc = letter_html(&html, buf_str(&text), text.len);
	if (rc == VG_OK) {
		GMimeObject *body = with_files(both_texts(&text, &html), letter, files);

		g_mime_message_set_mime_part(m, body);
		g_object_unref(body);
	}
	buf_free(&text);
	buf_free(&html);
	return rc;
}

static int compose(struct letter_mail *out, const struct letter_sender *from, const struct deliver_job *job, json_t *letter,
    const char *own, int64_t now, const char **why)
{
	GMimeMessage *m = g_mime_message_new(TRUE);
	int rc = letter_files_sort(letter, job, out->files);

	if (rc == VG_OK)
		rc = set_headers(m, from, job, letter, out, own, now);
	if (rc == VG_OK)
		rc = set_body(m, from, job, letter, out->files, why);
	out->message = m;
	out->streams = json_array_size(json_object_get(letter, "attached")) > 0;
	return rc == VG_OK ? letter_sign(out, from, now) : rc;
}

static int open_files(struct letter_mail *out, const struct deliver_job *job, int fd)
{
	if (fd < 0 || job->key.len != SEAL_KEY)
		return VG_OK;
	return seal_reader_new(fd, job->key.data, &out->files);
}

int letter_make(struct letter_mail *out, const struct letter_sender *from, const struct deliver_job *job, int fd, uint64_t number,
    int64_t now, const char **why)
{
	json_t *letter = json_loadb((const char *)job->letter.data, job->letter.len, 0, NULL);
	char own[ADDR_MAX + 1];
	int rc;

	*why = "";
	memset(out, 0, sizeof *out);
	buf_init(&out->bytes, 9 * LETTER_MAX);
	rc = make_addresses(out, own, from, job, number, why);
	if (rc == VG_OK && !json_is_object(letter)) {
		*why = "the letter cannot be read";
		rc = VG_ERR_SYNTAX;
	}
	if (rc == VG_OK)
		rc = open_files(out, job, fd);
	if (rc == VG_OK)
		rc = compose(out, from, job, letter, own, now, why);
	json_decref(letter);
	return rc;
}

void letter_free(struct letter_mail *m)
{
	buf_free(&m->bytes);
	if (m->message != NULL)
		g_object_unref(m->message);
	m->message = NULL;
	seal_reader_free(&m->files);
}

void letter_warm(void)
{
	GMimeMessage *m;

	g_mime_init();
	/* Types are made, tables are filled, at first use. */
	m = g_mime_message_new(TRUE);
	g_mime_message_add_mailbox(m, GMIME_ADDRESS_TYPE_FROM, "\xc3\x84nn", "a@b.example");
	g_mime_message_set_subject(m, "\xc3\xa4 \xe2\x82\xac", "utf-8");
	g_object_unref(m);
	g_object_unref(letter_stream_file(NULL, 0, 0));
}
