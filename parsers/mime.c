/*
 * mime.c - walks the tree that the pre-scan made and decides what each part is. Runs in the parser worker and in
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
#include "mime_name.h"
#include "uu.h"

#define BODIES_MAX 200
#define TEXT_KEPT (256u * 1024u) /* bytes */

GMimeParserOptions *mime_options;

struct walk {
	struct mime *m;
	struct parse_input *in;
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

static void walk(struct walk *w, const struct mime_node *o, enum place place, bool related);

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
	return l;
}

static struct mime_leaf *add_body(struct walk *w, const struct mime_node *node, enum mime_kind kind)
{
	struct mime_leaf *l = add(&w->m->bodies, &w->m->n_bodies, BODIES_MAX);

	if (l == NULL)
		return NULL;
	l->kind = kind;
	l->node = node;
	return l;
}

static struct mime_leaf *add_file(struct walk *w, const struct mime_node *node, enum mime_kind kind, bool related, char *name)
{
	struct mime_leaf *l = add(&w->m->files, &w->m->n_files, MESSAGE_ATTACHMENTS_MAX);

	if (l == NULL) {
		w->m->problems |= MIME_ATTACHMENTS;
		g_free(name);
		return NULL;
	}
	l->name = name != NULL || kind == MIME_UU ? name : mime_name_guess(node);
	l->kind = kind;
	l->node = node;
	l->related = related || node->fields[NODE_ID] != NULL;
	l->is_inline = node->fields[NODE_DISPOSITION] != NULL ? mime_node_disposed(node, "inline") : related;
	l->cut = w->cut;
	l->inner = w->inside > 0;
	return l;
}

/* Text that a reader would see in the window; *kind by its type. */
static bool is_text(const struct mime_node *node, enum mime_kind *kind)
{
	if (mime_node_is(node, "text", "html"))
		*kind = MIME_HTML;
	else if (mime_node_is(node, "text", "plain") || mime_node_is(node, "text", "markdown") ||
	    mime_node_is(node, "text", "enriched") || mime_node_is(node, "message", "partial"))
		*kind = MIME_PLAIN;
	else
		return false;
	return true;
}

/* What a part is that cannot be read, or only in part. */
static void note_type(struct walk *w, const struct mime_node *node)
{
	static const struct {
		const char *type, *subtype;
		unsigned problem;
	} types[] = {{"message", "partial", MIME_PARTIAL}, {"message", "external-body", MIME_EXTERNAL},
	    {"application", "pkcs7-mime", MIME_ENCRYPTED}, {"application", "x-pkcs7-mime", MIME_ENCRYPTED}};
	const char *smime = mime_node_parameter(node, "smime-type");

	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (mime_node_is(node, types[i].type, types[i].subtype) &&
		    (types[i].problem != MIME_ENCRYPTED || smime == NULL || g_ascii_strcasecmp(smime, "enveloped-data") == 0 ||
		    g_ascii_strcasecmp(smime, "authEnveloped-data") == 0)) {
			w->m->problems |= types[i].problem;
			if (types[i].problem == MIME_EXTERNAL && w->m->external[0] == '\0')
				mime_external_place(node, w->m->external);
			if (types[i].problem == MIME_PARTIAL)
				mime_partial_number(node, w->m->partial);
		}
}

/* Of a reference: the name that its address ends in. */
static char *external_name(const struct mime_node *node)
{
	char place[MIME_PLACE_MAX];

	if (!mime_node_is(node, "message", "external-body"))
		return NULL;
	mime_external_place(node, place);
	return mime_external_name(place);
}

static void walk_part(struct walk *w, const struct mime_node *part, enum place place, bool related)
{
	bool attached = mime_node_disposed(part, "attachment");
	char *name = mime_name(part);
	enum mime_kind kind;

	note_type(w, part);
	if (name == NULL && (w->m->problems & MIME_EXTERNAL) != 0)
		name = external_name(part);
	if (!is_text(part, &kind) || attached || place == PLACE_FILE || (name != NULL && place != PLACE_ROOT)) {
		add_file(w, part, MIME_FILE, related, name);
		return;
	}
	g_free(name);
	if (place != PLACE_INNER)
		add_body(w, part, kind);
}

/* ---- attached messages ---- */

static void walk_message(struct walk *w, const struct mime_node *message, bool related)
{
	note_type(w, message);
	add_file(w, message, MIME_MESSAGE, related, mime_name(message));
	if (message->child == NULL)
		return;
	w->inside++;
	walk(w, message->child, PLACE_INNER, false);
	w->inside--;
}

/* ---- multiparts ---- */

#define ALTERNATIVES_MAX 32
#define STUB_MAX 300 /* bytes of a text that only points to another part */

/* A few words that only say where the text is. Where they say something else, the markup says it too. */
static bool is_stub(const struct mime_text *t)
{
	static const char *const words[] = {"html viewer", "html-capable", "html capable", "html mail", "html-mail",
		"html e-mail", "html email", "html format", "html-format", "in html", "support html", "html nicht",
		"html version", "au format html", "formato html"};

	if (t->len > STUB_MAX)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(words); i++)
		if (ascii_find(t->s, t->len, words[i]) != NULL)
			return true;
	return false;
}

/* Does a text part show nothing that is worth it? */
static bool is_blank(struct parse_input *in, const struct mime_leaf *l)
{
	struct mime_text t;
	bool blank = true;

	if (l->kind != MIME_PLAIN)
		return false;
	if (mime_text_open(&t, in, l->node, 4096) == VG_OK)
		for (size_t i = 0; blank && i < t.len; i++)
			blank = (unsigned char)t.s[i] <= ' ';
	blank = (blank || is_stub(&t)) && !t.more;
	mime_text_close(&t);
	return blank;
}

/* Which of the children gives the best text: the first plain one that shows something, else the last markup, else
 * the first that gave anything. Child i gave the bodies from starts[i] up to starts[i + 1]. n: none gave any. */
static size_t best_alternative(const struct walk *w, const size_t *starts, size_t n)
{
	const struct mime *m = w->m;
	size_t any = n, markup = n;

	for (size_t i = 0; i < n; i++) {
		const struct mime_leaf *l;

		if (starts[i] == starts[i + 1])
			continue;
		l = &m->bodies[starts[i]];
		if (l->kind == MIME_PLAIN && !is_blank(w->in, l))
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
	size_t best = best_alternative(w, starts, n), kept;

	if (best == n)
		return;
	kept = starts[best + 1] - starts[best];
	memmove(&m->bodies[starts[0]], &m->bodies[starts[best]], kept * sizeof m->bodies[0]);
	m->n_bodies = starts[0] + kept;
}


static void walk_alternative(struct walk *w, const struct mime_node *mp, enum place place)
{
	size_t starts[ALTERNATIVES_MAX + 1], n = 0;
	enum mime_kind kind;

	for (const struct mime_node *child = mp->child; child != NULL; child = child->next) {
		char *name = NULL;

		if (n < ALTERNATIVES_MAX)
			starts[n++] = w->m->n_bodies;
		/* An unnamed text of a kind that is not shown (AMP, rich text) is only another alternative. */
		if (child->kind == NODE_PART && !is_text(child, &kind) && mime_node_is(child, "text", "*") &&
		    !mime_node_is(child, "text", "calendar") && (name = mime_name(child)) == NULL)
			continue;
		g_free(name);
		walk(w, child, place, false);
	}
	starts[n] = w->m->n_bodies;
	choose(w, starts, n);
}

/* What stands in the angle brackets of an id, or all of it where it lacks them. */
static const char *bare_id(const char *id, size_t *n)
{
	id += strspn(id, " \t\r\n");
	if (*id == '<') {
		*n = strcspn(++id, ">\r\n");
		return id;
	}
	*n = strlen(id);
	ascii_trim(&id, n);
	return id;
}

/* Content-ID and start parameter name the same. */
static bool same_id(const char *a, const char *b)
{
	size_t n, m;

	a = bare_id(a, &n);
	b = bare_id(b, &m);
	return n == m && n > 0 && memcmp(a, b, n) == 0;
}

static const struct mime_node *related_root(const struct mime_node *mp)
{
	const char *start = mime_node_parameter(mp, "start");

	for (const struct mime_node *n = mp->child; start != NULL && n != NULL; n = n->next)
		if (n->fields[NODE_ID] != NULL && same_id(n->fields[NODE_ID], start))
			return n;
	return mp->child;
}

static void walk_children(struct walk *w, const struct mime_node *mp, enum place place)
{
	bool related = mime_node_is(mp, "multipart", "related"), is_signed = mime_node_is(mp, "multipart", "signed");
	bool encrypted = mime_node_is(mp, "multipart", "encrypted");
	const struct mime_node *root = related ? related_root(mp) : mp->child;

	if (encrypted)
		w->m->problems |= MIME_ENCRYPTED;
	for (const struct mime_node *n = mp->child; n != NULL; n = n->next) {
		bool beside = (related || is_signed) && n != root;
		enum place p = place == PLACE_INNER && !beside ? PLACE_INNER : encrypted || beside ? PLACE_FILE : place;

		walk(w, n, p, related && beside);
	}
}

/* All of a multipart that cannot be split stands before its first part. */
static void walk_prologue(struct walk *w, const struct mime_node *mp, enum place place)
{
	w->m->problems |= mime_node_parameter(mp, "boundary") == NULL ? MIME_NO_BOUNDARY : MIME_BOUNDARY_UNSEEN;
	if (mp->to > mp->from && (place == PLACE_ROOT || place == PLACE_BODY))
		add_body(w, mp, MIME_PROLOGUE);
}

static void walk_multipart(struct walk *w, const struct mime_node *mp, enum place place)
{
	size_t files = w->m->n_files;
	bool cut = w->cut;

	if (place == PLACE_ROOT)
		place = PLACE_BODY;
	if (mp->child == NULL) {
		walk_prologue(w, mp, place);
		return;
	}
	if (!mp->ended)
		w->m->problems |= MIME_UNENDED;
	w->cut = false;
	if (mime_node_is(mp, "multipart", "alternative"))
		walk_alternative(w, mp, place);
	else
		walk_children(w, mp, place);
	w->cut = cut;
	if (!mp->ended && w->m->n_files > files && place != PLACE_INNER)
		w->m->files[w->m->n_files - 1].cut = true;
}

static void walk(struct walk *w, const struct mime_node *node, enum place place, bool related)
{
	if (node->kind == NODE_MULTIPART)
		walk_multipart(w, node, place);
	else if (node->kind == NODE_MESSAGE)
		walk_message(w, node, related);
	else
		walk_part(w, node, place, related);
}

/* ---- files in texts ---- */

/* Files that stand uuencoded in a text become attachments behind all others. */
static void find_uuencoded(struct walk *w, struct mime_leaf *body)
{
	struct uu_block b = {0};

	if (body->kind != MIME_PLAIN || mime_text_open(&body->text, w->in, body->node, MIME_TEXT_MAX) != VG_OK)
		return;
	while (uu_find(body->text.s, body->text.len, b.to, &b)) {
		struct mime_leaf *l = add_file(w, body->node, MIME_UU, false, g_strndup(b.name, b.name_len));

		if (l == NULL)
			break;
		l->uu_from = b.from;
		l->uu_to = b.to;
		l->is_inline = l->related = false;
		l->cut = b.cut;
	}
	if (body->text.own.len > TEXT_KEPT)
		mime_text_close(&body->text);
}

/* ---- parsing ---- */

int mime_parse(struct parse_input *in, unsigned parts, unsigned depth, struct mime **out)
{
	struct mime *m = calloc(1, sizeof *m);
	struct walk w = {.m = m, .in = in};
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
	m->root = m->scan->root;
	if (m->root != NULL)
		walk(&w, m->root, PLACE_ROOT, false);
	for (size_t i = 0; i < m->n_bodies; i++)
		find_uuencoded(&w, &m->bodies[i]);
	return VG_OK;
}

void mime_free(struct mime **m)
{
	if (*m == NULL)
		return;
	prescan_free(&(*m)->scan);
	for (size_t i = 0; i < (*m)->n_files; i++)
		g_free((*m)->files[i].name);
	for (size_t i = 0; i < (*m)->n_bodies; i++)
		mime_text_close(&(*m)->bodies[i].text);
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
