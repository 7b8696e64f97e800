/*
 * mime.c - runs GMime behind the pre-scan and decides what each part is. Runs in the parser worker and in
 * `vcspgate parse`; the message is hostile. Recursion is bounded by the pre-scan's depth.
 */
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "charset.h"
#include "err.h"
#include "message_check.h"
#include "mime.h"
#include "mime_content.h"
#include "mime_name.h"
#include "mime_stream.h"
#include "uu.h"

#define BODIES_MAX 200
#define TEXT_KEPT (256u * 1024u) /* bytes */

GMimeParserOptions *mime_options;

struct walk {
	struct mime *m;
	size_t messages; /* attached messages met so far */
	unsigned inside; /* attached messages that are open */
	bool cut;        /* the current multipart has no end: its last leaf may be cut */
};

/* What a part is asked for where it stands. */
enum place {
	PLACE_ROOT,  /* the message itself */
	PLACE_BODY,  /* unnamed text here is the mail's text */
	PLACE_FILE,  /* everything is an attachment */
	PLACE_INNER  /* inside an attached message: its text is no attachment of its own */
};

static void walk(struct walk *w, GMimeObject *o, enum place place, bool related);

const char *mime_problem(unsigned i, const char **detail)
{
	static const struct {
		const char *code, *detail;
	} texts[MIME_PROBLEMS] = {
		{"mime.boundary-missing", "a multipart names no boundary; its content is taken as text"},
		{"mime.boundary-missing", "the boundary of a multipart never comes; its content is taken as text"},
		{"mime.end-missing", "the closing boundary of a multipart is missing; the message may be cut off"},
		{"body.encrypted", "an encrypted part cannot be read"},
		{"mime.too-many-attachments", "more attachments than are kept; the rest was left out"},
		{"mime.unparseable", "the message cannot be taken apart; everything is taken as text"},
		{"mime.partial", "a fragment of a larger message; the other fragments are other mails"},
		{"mime.external-body", "content that is not in the mail, only a reference to it"},
	};

	*detail = texts[i].detail;
	return texts[i].code;
}

/* ---- leaves ---- */

static struct mime_leaf *add(struct mime_leaf **list, size_t *n, size_t max)
{
	struct mime_leaf *l;

	if (*n >= max)
		return NULL;
	if ((*n & (*n - 1)) == 0) /* room is the next power of two */
		*list = g_realloc_n(*list, *n > 0 ? 2 * *n : 1, sizeof **list);
	l = &(*list)[(*n)++];
	memset(l, 0, sizeof *l);
	l->range = SIZE_MAX;
	return l;
}

static struct mime_leaf *add_body(struct walk *w, enum mime_kind kind)
{
	struct mime_leaf *l = add(&w->m->bodies, &w->m->n_bodies, BODIES_MAX);

	if (l != NULL)
		l->kind = kind;
	return l;
}

static struct mime_leaf *add_file(struct walk *w, GMimeObject *o, enum mime_kind kind, bool related, char *name)
{
	struct mime_leaf *l = add(&w->m->files, &w->m->n_files, MESSAGE_ATTACHMENTS_MAX);
	const char *disposition = g_mime_object_get_disposition(o);

	if (l == NULL) {
		w->m->problems |= MIME_ATTACHMENTS;
		g_free(name);
		return NULL;
	}
	l->name = name != NULL || kind == MIME_UU ? name : mime_name_guess(o);
	l->kind = kind;
	l->part = GMIME_IS_PART(o) ? GMIME_PART(o) : NULL;
	l->related = related || g_mime_object_get_content_id(o) != NULL;
	l->is_inline = disposition != NULL ? g_ascii_strcasecmp(disposition, "inline") == 0 : related;
	l->cut = w->cut;
	l->inner = w->inside > 0;
	return l;
}

/* Text that a reader would see in the window; *kind by its type. */
static bool is_text(GMimeObject *o, enum mime_kind *kind)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);

	if (t != NULL && g_mime_content_type_is_type(t, "text", "html"))
		*kind = MIME_HTML;
	else if (t == NULL || g_mime_content_type_is_type(t, "text", "plain") || g_mime_content_type_is_type(t, "text", "markdown") ||
	    g_mime_content_type_is_type(t, "text", "enriched") || g_mime_content_type_is_type(t, "message", "partial"))
		*kind = MIME_PLAIN;
	else
		return false;
	return true;
}

/* What a part is that cannot be read, or only in part. */
static void note_type(struct walk *w, GMimeObject *o)
{
	static const struct {
		const char *type, *subtype;
		unsigned problem;
	} types[] = {{"message", "partial", MIME_PARTIAL}, {"message", "external-body", MIME_EXTERNAL},
	    {"application", "pkcs7-mime", MIME_ENCRYPTED}, {"application", "x-pkcs7-mime", MIME_ENCRYPTED}};
	GMimeContentType *t = g_mime_object_get_content_type(o);
	const char *smime = t != NULL ? g_mime_object_get_content_type_parameter(o, "smime-type") : NULL;

	for (size_t i = 0; t != NULL && i < sizeof types / sizeof types[0]; i++)
		if (g_mime_content_type_is_type(t, types[i].type, types[i].subtype) &&
		    (types[i].problem != MIME_ENCRYPTED || smime == NULL || g_ascii_strcasecmp(smime, "enveloped-data") == 0 ||
		    g_ascii_strcasecmp(smime, "authEnveloped-data") == 0)) {
			w->m->problems |= types[i].problem;
			if (types[i].problem == MIME_EXTERNAL && w->m->external[0] == '\0')
				mime_external_place(o, w->m->external);
			if (types[i].problem == MIME_PARTIAL)
				mime_partial_number(o, w->m->partial);
		}
}

/* Of a reference: the name that its address ends in. */
static char *external_name(GMimeObject *o)
{
	GMimeContentType *t = g_mime_object_get_content_type(o);
	char place[MIME_PLACE_MAX];

	if (t == NULL || !g_mime_content_type_is_type(t, "message", "external-body"))
		return NULL;
	mime_external_place(o, place);
	return mime_external_name(place);
}

static void walk_part(struct walk *w, GMimePart *part, enum place place, bool related)
{
	GMimeObject *o = GMIME_OBJECT(part);
	const char *disposition = g_mime_object_get_disposition(o);
	char *name = mime_name(o);
	bool attached = disposition != NULL && g_ascii_strcasecmp(disposition, "attachment") == 0;
	enum mime_kind kind;

	note_type(w, o);
	if (name == NULL && (w->m->problems & MIME_EXTERNAL) != 0)
		name = external_name(o);
	if (!is_text(o, &kind) || attached || place == PLACE_FILE || (name != NULL && place != PLACE_ROOT)) {
		add_file(w, o, MIME_FILE, related, name);
		return;
	}
	g_free(name);
	if (place != PLACE_INNER) {
		struct mime_leaf *l = add_body(w, kind);

		if (l != NULL)
			l->part = part;
	}
}

/* ---- attached messages ---- */

static void walk_message(struct walk *w, GMimeMessagePart *mp, bool related)
{
	GMimeMessage *inner = g_mime_message_part_get_message(mp);
	size_t n = w->m->n_files;

	note_type(w, GMIME_OBJECT(mp));
	add_file(w, GMIME_OBJECT(mp), MIME_MESSAGE, related, mime_name(GMIME_OBJECT(mp)));
	if (inner == NULL)
		return;
	if (w->m->n_files > n) {
		w->m->files[n].message = inner;
		w->m->files[n].range = w->messages < w->m->scan->n_messages ? w->messages : SIZE_MAX;
	}
	w->messages++;
	w->inside++;
	if (g_mime_message_get_mime_part(inner) != NULL)
		walk(w, g_mime_message_get_mime_part(inner), PLACE_INNER, false);
	w->inside--;
}

/* ---- multiparts ---- */

static bool type_is(GMimeMultipart *mp, const char *subtype)
{
	GMimeContentType *t = g_mime_object_get_content_type(GMIME_OBJECT(mp));

	return t != NULL && g_mime_content_type_is_type(t, "multipart", subtype);
}

#define ALTERNATIVES_MAX 32
#define STUB_MAX 300 /* bytes of a text that only points to another part */

/* A few words that only say where the text is. Where they say something else, the markup says it too. */
static bool is_stub(const struct buf *b)
{
	static const char *const words[] = {"html viewer", "html-capable", "html capable", "html mail", "html-mail",
		"html e-mail", "html email", "html format", "html-format", "in html", "support html", "html nicht",
		"html version", "au format html", "formato html"};

	if (b->len > STUB_MAX)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(words); i++)
		if (ascii_find((const char *)b->data, b->len, words[i]) != NULL)
			return true;
	return false;
}

/* Does a text part show nothing that is worth it? */
static bool is_blank(const struct mime_leaf *l)
{
	struct buf b;
	bool more = false, blank = true;

	if (l->kind != MIME_PLAIN)
		return false;
	buf_init(&b, 4096);
	if (mime_content_read(l->part, &b, &more) == VG_OK)
		for (size_t i = 0; blank && i < b.len; i++)
			blank = b.data[i] <= ' ';
	blank = blank || is_stub(&b);
	buf_free(&b);
	return blank && !more;
}

/* Which of the children gives the best text: the first plain one that shows something, else the last markup, else
 * the first that gave anything. Child i gave the bodies from starts[i] up to starts[i + 1]. n: none gave any. */
static size_t best_alternative(const struct mime *m, const size_t *starts, size_t n)
{
	size_t any = n, markup = n;

	for (size_t i = 0; i < n; i++) {
		const struct mime_leaf *l;

		if (starts[i] == starts[i + 1])
			continue;
		l = &m->bodies[starts[i]];
		if (l->kind == MIME_PLAIN && !is_blank(l))
			return i;
		if (l->kind != MIME_PLAIN)
			markup = i;
		any = any == n ? i : any;
	}
	return markup < n ? markup : any;
}

/* Keeps one child's bodies. */
static void choose(struct walk *w, const size_t *starts, size_t n)
{
	struct mime *m = w->m;
	size_t best = best_alternative(m, starts, n), kept;

	if (best == n)
		return;
	kept = starts[best + 1] - starts[best];
	memmove(&m->bodies[starts[0]], &m->bodies[starts[best]], kept * sizeof m->bodies[0]);
	m->n_bodies = starts[0] + kept;
}


static void walk_alternative(struct walk *w, GMimeMultipart *mp, enum place place)
{
	size_t starts[ALTERNATIVES_MAX + 1], n = (size_t)g_mime_multipart_get_count(mp), most;
	enum mime_kind kind;

	for (size_t i = 0; i < n; i++) {
		GMimeObject *child = g_mime_multipart_get_part(mp, (int)i);
		GMimeContentType *t = g_mime_object_get_content_type(child);

		if (i < ALTERNATIVES_MAX)
			starts[i] = w->m->n_bodies;
		/* An unnamed text of a kind that is not shown (AMP, rich text) is only another alternative. */
		if (GMIME_IS_PART(child) && !is_text(child, &kind) && t != NULL && g_mime_content_type_is_type(t, "text", "*") &&
		    !g_mime_content_type_is_type(t, "text", "calendar") && g_mime_part_get_filename(GMIME_PART(child)) == NULL)
			continue;
		walk(w, child, place, false);
	}
	most = n < ALTERNATIVES_MAX ? n : ALTERNATIVES_MAX;
	starts[most] = w->m->n_bodies;
	choose(w, starts, most);
}

static size_t related_root(GMimeMultipart *mp, size_t n)
{
	const char *start = g_mime_object_get_content_type_parameter(GMIME_OBJECT(mp), "start");
	size_t len = start != NULL ? strlen(start) : 0;

	for (size_t i = 0; len > 2 && i < n; i++) {
		const char *id = g_mime_object_get_content_id(g_mime_multipart_get_part(mp, (int)i));

		if (id != NULL && (strcmp(id, start) == 0 || (strlen(id) == len - 2 && strncmp(id, start + 1, len - 2) == 0)))
			return i;
	}
	return 0;
}

static void walk_children(struct walk *w, GMimeMultipart *mp, enum place place)
{
	size_t n = (size_t)g_mime_multipart_get_count(mp);
	bool related = type_is(mp, "related"), is_signed = type_is(mp, "signed"), encrypted = type_is(mp, "encrypted");
	size_t root = related ? related_root(mp, n) : 0;

	if (encrypted)
		w->m->problems |= MIME_ENCRYPTED;
	for (size_t i = 0; i < n; i++) {
		bool beside = (related || is_signed) && i != root;
		enum place p = place == PLACE_INNER && !beside ? PLACE_INNER : encrypted || beside ? PLACE_FILE : place;

		walk(w, g_mime_multipart_get_part(mp, (int)i), p, related && beside);
	}
}

/* GMime puts all of a multipart that it cannot split into the prologue. */
static void walk_prologue(struct walk *w, GMimeMultipart *mp, enum place place)
{
	const char *boundary = g_mime_object_get_content_type_parameter(GMIME_OBJECT(mp), "boundary");
	const char *text = g_mime_multipart_get_prologue(mp);
	struct mime_leaf *l;

	w->m->problems |= boundary == NULL ? MIME_NO_BOUNDARY : MIME_BOUNDARY_UNSEEN;
	if (text != NULL && (place == PLACE_ROOT || place == PLACE_BODY) && (l = add_body(w, MIME_PROLOGUE)) != NULL)
		l->prologue = text;
}

static void walk_multipart(struct walk *w, GMimeMultipart *mp, enum place place)
{
	size_t files = w->m->n_files;
	bool cut = w->cut;

	if (place == PLACE_ROOT)
		place = PLACE_BODY;
	if (g_mime_multipart_get_count(mp) == 0) {
		walk_prologue(w, mp, place);
		return;
	}
	if (!mp->write_end_boundary)
		w->m->problems |= MIME_UNENDED;
	w->cut = false;
	if (type_is(mp, "alternative"))
		walk_alternative(w, mp, place);
	else
		walk_children(w, mp, place);
	w->cut = cut;
	if (!mp->write_end_boundary && w->m->n_files > files && place != PLACE_INNER)
		w->m->files[w->m->n_files - 1].cut = true;
}

static void walk(struct walk *w, GMimeObject *o, enum place place, bool related)
{
	if (GMIME_IS_MULTIPART(o))
		walk_multipart(w, GMIME_MULTIPART(o), place);
	else if (GMIME_IS_MESSAGE_PART(o))
		walk_message(w, GMIME_MESSAGE_PART(o), related);
	else if (GMIME_IS_PART(o))
		walk_part(w, GMIME_PART(o), place, related);
}

/* ---- files in texts ---- */

/* Files that stand uuencoded in a text become attachments behind all others. */
static void find_uuencoded(struct walk *w, struct mime_leaf *body)
{
	struct uu_block b = {0};
	struct buf text;
	bool more = false;
	int err;

	if (body->kind != MIME_PLAIN)
		return;
	buf_init(&text, MIME_TEXT_MAX);
	err = mime_content_read(body->part, &text, &more);
	if (err == VG_OK)
		while (uu_find(buf_str(&text), text.len, b.to, &b)) {
			struct mime_leaf *l = add_file(w, GMIME_OBJECT(body->part), MIME_UU, false, g_strndup(b.name, b.name_len));

			if (l == NULL)
				break;
			l->part = body->part;
			l->uu_from = b.from;
			l->uu_to = b.to;
			l->is_inline = l->related = false;
			l->cut = b.cut;
		}
	if (err != VG_OK || more || text.len > TEXT_KEPT)
		buf_free(&text);
	body->text = text; /* it is read once more soon */
}

/* ---- parsing ---- */

static GMimeMessage *construct(struct parse_input *in, const struct prescan *scan)
{
	GMimeStream *stream = mime_stream_new(in, scan);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, mime_options);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

int mime_parse(struct parse_input *in, unsigned parts, unsigned depth, struct mime **out)
{
	struct mime *m = calloc(1, sizeof *m);
	struct walk w = {.m = m};
	int err;

	*out = m;
	if (m == NULL)
		return VG_ERR_MEMORY;
	mime_warm();
	err = prescan_run(in, parts, depth, &m->scan);
	if (err != VG_OK) {
		mime_free(out);
		return err;
	}
	if ((m->scan->problems & PRESCAN_NO_HEADER) == 0) {
		m->message = construct(in, m->scan);
		if (m->message == NULL)
			m->problems |= MIME_UNPARSEABLE;
	}
	if (m->message != NULL && g_mime_message_get_mime_part(m->message) != NULL)
		walk(&w, g_mime_message_get_mime_part(m->message), PLACE_ROOT, false);
	for (size_t i = 0; i < m->n_bodies; i++)
		find_uuencoded(&w, &m->bodies[i]);
	/* Where GMime saw other messages than the pre-scan, its ranges mean nothing. */
	for (size_t i = 0; w.messages != m->scan->n_messages && i < m->n_files; i++)
		m->files[i].range = SIZE_MAX;
	return VG_OK;
}

void mime_free(struct mime **m)
{
	if (*m == NULL)
		return;
	if ((*m)->message != NULL)
		g_object_unref((*m)->message);
	prescan_free(&(*m)->scan);
	for (size_t i = 0; i < (*m)->n_files; i++)
		g_free((*m)->files[i].name);
	for (size_t i = 0; i < (*m)->n_bodies; i++)
		buf_free(&(*m)->bodies[i].text);
	g_free((*m)->bodies);
	g_free((*m)->files);
	free(*m);
	*m = NULL;
}

/* GMime keeps only a few converters; ours stay open, so that their code stays loaded. */
static void warm_charsets(void)
{
	static iconv_t open_for_good[128];
	const char *name;

	for (size_t i = 0; i < sizeof open_for_good / sizeof open_for_good[0] && (name = charset_name(i)) != NULL; i++) {
		char *word = g_strdup_printf("=?%s?Q?=E4?=", name);

		open_for_good[i] = iconv_open("UTF-8", g_mime_charset_iconv_name(name));
		if (open_for_good[i] != (iconv_t)-1)
			g_free(g_mime_utils_header_decode_text(mime_options, word));
		g_free(word);
	}
}

void mime_warm(void)
{
	static const char *fallback[] = {"utf-8", "windows-1252", NULL};
	static const char sample[] = "From: =?utf-8?q?A?= <a@b.example>\r\nSubject: =?iso-8859-1?b?4Q==?=\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\ntext\r\n--b\r\nContent-Type: image/png; name*=utf-8''a\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n";
	struct parse_source src = {.data = sample, .len = sizeof sample - 1, .fd = -1};
	struct parse_input *in;
	struct mime *m;

	if (mime_options != NULL)
		return;
	g_mime_init();
	mime_options = g_mime_parser_options_new();
	g_mime_parser_options_set_fallback_charsets(mime_options, fallback);
	warm_charsets();
	if (parse_input_open(&src, &in) == VG_OK) {
		if (mime_parse(in, 0, 0, &m) == VG_OK)
			mime_free(&m);
		parse_input_close(&in);
	}
}
