/*
 * archive_walk.c - parser worker; hostile archives. The walk over members and inner archives, its bounds, extraction of
 * one member. libarchive itself is in archive_reader.c. Called by inspect.c and the extraction job.
 */
#include "archive_walk.h"

#include <archive_entry.h>
#include <iconv.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "archive_form.h"
#include "archive_path.h"
#include "archive_reader.h"
#include "archive_seen.h"
#include "ascii.h"
#include "buf.h"
#include "err.h"
#include "unpack.h"
#include "utf8.h"
#include "zip_directory.h"

struct walk {
	struct archive_budget *budget;
	const struct archive_visitor *visitor;
	const char *only; /* extraction: the one path that is wanted, NULL for all */
	struct extract *extract; /* of it */
	struct archive_seen seen;
	bool stop;
	unsigned problems;
};

/* Extraction of one member. */
struct extract {
	struct walk *walk;
	int (*sink)(void *arg, const void *p, size_t n);
	void *arg;
	int answer;
	bool found;
	bool open; /* the member that was wanted is being read */
	unsigned problems;
	const char *path;
};

/* A member on its way. */
struct member {
	struct archive_reader *r;
	struct archive_entry *entry;
	char path[ARCHIVE_PATH_MAX + 1];
	unsigned char head[ARCHIVE_HEAD];
	size_t head_len;
	const void *rest; /* what is left of the block that the head ended in */
	size_t rest_len;
	int64_t size;     /* counted so far */
	unsigned problems;
	bool at_end;
};

const char *archive_problem_name(unsigned i)
{
	static const char *const names[ARCHIVE_PROBLEMS] = {"encrypted", "truncated", "bomb", "too-large", "unsafe-path",
	    "unreadable", "duplicate-name", "split-volume", "nested-too-deep", "wrong-extension"};

	return i < ARCHIVE_PROBLEMS ? names[i] : "unreadable";
}

/* Reads the first bytes of the content. */
static void read_head(struct member *m)
{
	const void *data;
	size_t n, take;
	unsigned problem;
	int rc;

	while (m->head_len < sizeof(m->head)) {
		rc = archive_reader_data(m->r, &data, &n, &problem);
		m->problems |= problem;
		if (rc != 1) {
			m->at_end = true;
			return;
		}
		take = n < sizeof(m->head) - m->head_len ? n : sizeof(m->head) - m->head_len;
		if (take > 0)
			memcpy(m->head + m->head_len, data, take);
		m->head_len += take;
		m->size += (int64_t)n;
		m->rest = n > take ? (const char *)data + take : NULL;
		m->rest_len = n - take;
	}
}

/* Gives the whole content to put, head first, until it answers false. */
static void read_all(struct member *m, bool (*put)(void *arg, const void *p, size_t n), void *arg)
{
	const void *data;
	size_t n;
	unsigned problem;
	int rc = 1;

	if (m->head_len > 0 && !put(arg, m->head, m->head_len))
		return;
	if (m->rest_len > 0 && !put(arg, m->rest, m->rest_len))
		return;
	while (!m->at_end) {
		rc = archive_reader_data(m->r, &data, &n, &problem);
		m->problems |= problem;
		m->at_end = rc != 1;
		if (rc != 1)
			break;
		m->size += (int64_t)n;
		if (n > 0 && !put(arg, data, n))
			break;
	}
}

static bool put_visitor(void *arg, const void *p, size_t n)
{
	struct walk *w = arg;

	w->visitor->data(w->visitor->arg, p, n);
	return !w->stop;
}

static bool put_nowhere(void *arg, const void *p, size_t n)
{
	(void)arg;
	(void)p;
	(void)n;
	return true;
}

static bool put_buffer(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n) == VG_OK;
}

/* Size as the header states it, -1 where it does not. */
static int64_t stated_size(struct archive_entry *e)
{
	return archive_entry_size_is_set(e) && archive_entry_size(e) >= 0 ? archive_entry_size(e) : -1;
}

static void end_member(struct walk *w, struct member *m, int64_t size)
{
	if (w->visitor->end != NULL)
		w->visitor->end(w->visitor->arg, size < 0 ? m->size : size, m->problems);
	w->problems |= m->problems;
}

/* The rest of a member nobody wants: its real size where reading is needed anyway. */
static int64_t pass_over(struct member *m)
{
	int64_t stated = stated_size(m->entry);

	if (!m->at_end && (!archive_reader_skips(m->r) || stated < 0))
		read_all(m, put_nowhere, NULL);
	return m->at_end ? m->size : stated;
}

/* ---- inner archives ---- */

/* An inner archive that is read as it comes out of the outer one. */
struct inner {
	struct member *m;
	bool head_given, rest_given;
};

static ssize_t inner_read(struct source *src, const void **block)
{
	struct inner *in = src->arg;
	struct member *m = in->m;
	unsigned problem;
	size_t n = 0;

	if (!in->head_given) {
		in->head_given = true;
		*block = m->head;
		return (ssize_t)m->head_len;
	}
	if (!in->rest_given && m->rest_len > 0) {
		in->rest_given = true;
		*block = m->rest;
		return (ssize_t)m->rest_len;
	}
	while (!m->at_end && n == 0) {
		m->at_end = archive_reader_data(m->r, block, &n, &problem) != 1;
		m->problems |= problem;
		m->size += (int64_t)n;
	}
	/* Where the outer one breaks off, the inner one ends: what came before is still taken apart. */
	return (ssize_t)n;
}

static void walk_members(struct walk *w, struct archive_reader *r, const char *name, const char *prefix, unsigned depth);
static void walk_reader(struct walk *w, struct source *src, const char *name, const char *prefix, unsigned depth);

static void walk_stream(struct walk *w, struct member *m, const char *prefix, unsigned depth)
{
	struct inner in = {.m = m};
	struct source src = {.read = inner_read, .size = stated_size(m->entry), .fd = -1, .arg = &in};
	struct archive_reader r;

	if (archive_reader_open_stream(&r, &src, w->budget, m->head, m->head_len) == VG_OK)
		walk_members(w, &r, m->path, prefix, depth);
	/* A fault of the outer archive is told there. */
	w->problems |= m->problems != 0 ? r.problems & ~(unsigned)(ARCHIVE_UNREADABLE | ARCHIVE_TRUNCATED) : r.problems;
	archive_reader_close(&r);
}

static void walk_memory(struct walk *w, struct member *m, const char *prefix, unsigned depth)
{
	struct buf content;
	struct source src;
	bool whole;

	buf_init(&content, w->budget->nested);
	read_all(m, put_buffer, &content);
	whole = content.len == (size_t)m->size;
	if (!whole)
		m->problems |= ARCHIVE_TOO_LARGE;
	end_member(w, m, m->at_end ? m->size : stated_size(m->entry));
	if (whole && content.len > 0) {
		w->budget->nested -= content.len;
		source_memory(&src, content.data, content.len);
		walk_reader(w, &src, m->path, prefix, depth);
		w->budget->nested += content.len;
	}
	buf_free(&content);
}

/* Forms that are read in order need no memory; their size must be known before their members. */
static bool streams(const struct member *m)
{
	return stated_size(m->entry) >= 0 && m->head[0] != 'P' && m->head[0] != '7' && m->head[0] != 'R';
}

static void walk_inner(struct walk *w, struct member *m, unsigned depth)
{
	char prefix[ARCHIVE_PATH_MAX + 3];

	snprintf(prefix, sizeof(prefix), "%s!/", m->path);
	if (depth + 1 >= ARCHIVE_NESTING) {
		m->problems |= ARCHIVE_NESTED_TOO_DEEP;
		end_member(w, m, pass_over(m));
	} else if (streams(m)) {
		end_member(w, m, stated_size(m->entry));
		walk_stream(w, m, prefix, depth + 1);
		if (!w->stop)
			pass_over(m);
		w->problems |= m->problems;
	} else {
		walk_memory(w, m, prefix, depth + 1);
	}
}

/* ---- messages ---- */

static void extract_from_message(struct walk *w, struct source *src, enum unpack_form form, size_t prefix)
{
	struct extract *x = w->extract;
	int answer = unpack_extract(src, form, w->only + prefix, w->budget, x->sink, x->arg);

	x->found = answer != VG_ERR_NOTFOUND;
	x->answer = x->found ? answer : 0;
	w->stop = x->found;
}

/* A mail, .msg or winmail.dat: its text and attachments follow it as members. */
static void walk_message(struct walk *w, struct member *m, enum unpack_form form, bool wanted)
{
	char prefix[ARCHIVE_PATH_MAX + 3];
	struct buf content;
	struct source src;
	bool whole;

	snprintf(prefix, sizeof(prefix), "%s!/", m->path);
	buf_init(&content, w->budget->nested);
	read_all(m, put_buffer, &content);
	whole = content.len == (size_t)m->size;
	if (!whole)
		m->problems |= ARCHIVE_TOO_LARGE;
	if (wanted && content.len > 0)
		put_visitor(w, content.data, content.len);
	end_member(w, m, m->at_end ? m->size : stated_size(m->entry));
	if (whole && content.len > 0 && !w->stop) {
		w->budget->nested -= content.len;
		w->budget->messages++;
		source_memory(&src, content.data, content.len);
		if (w->extract != NULL)
			extract_from_message(w, &src, form, strlen(prefix));
		else
			w->problems |= unpack_walk(&src, form, prefix, w->budget, w->visitor);
		w->budget->messages--;
		w->budget->nested += content.len;
	}
	buf_free(&content);
}

/* Whether the member is opened as a message; the one that is wanted itself is not. */
static enum unpack_form message_form(struct walk *w, struct member *m, const struct archive_member *info, bool exact)
{
	enum unpack_form form = m->head_len > 0 && !exact ? unpack_form(info->name, "", m->head, m->head_len) : UNPACK_NONE;

	if (form == UNPACK_NONE || w->budget->messages < ARCHIVE_MESSAGES)
		return form;
	m->problems |= ARCHIVE_NESTED_TOO_DEEP;
	return UNPACK_NONE;
}

/* ---- members ---- */

/* Has content of its own. */
static bool is_file(struct archive_entry *e)
{
	return (archive_entry_filetype(e) == S_IFREG || archive_entry_filetype(e) == 0) && archive_entry_hardlink(e) == NULL;
}

/* A device, or a link whose target is a trick. Links inside the tree are common in honest bundles. */
static bool leads_away(struct archive_entry *e)
{
	const char *target = archive_entry_symlink(e);
	char clean[ARCHIVE_PATH_MAX + 1];

	if (target == NULL)
		target = archive_entry_hardlink(e);
	if (target == NULL)
		return !is_file(e);
	return !archive_path_clean(clean, sizeof(clean), target, strnlen(target, ARCHIVE_PATH_MAX));
}

/* Fills path and problems from the entry's header. False where the entry is not listed: a directory, or past the budget. */
static bool start_member(struct walk *w, struct member *m, const char *name, const char *prefix)
{
	char own[ARCHIVE_PATH_MAX + 1];
	size_t used = strlen(prefix), own_len;
	bool safe = true;

	if (archive_entry_filetype(m->entry) == S_IFDIR)
		return false;
	/* The raw "format" has one member, which it calls data. */
	if (m->r->single && archive_entry_pathname(m->entry) != NULL && strcmp(archive_entry_pathname(m->entry), "data") == 0 &&
	    archive_entry_filetype(m->entry) == S_IFREG && !archive_entry_size_is_set(m->entry))
		archive_path_single(own, sizeof(own), name);
	else
		safe = archive_path_of(own, sizeof(own), m->entry);
	if (used >= sizeof(m->path))
		used = sizeof(m->path) - 1;
	memcpy(m->path, prefix, used);
	own_len = utf8_cut(own, strlen(own), sizeof(m->path) - 1 - used);
	memcpy(m->path + used, own, own_len);
	m->path[used + own_len] = '\0';
	if (!safe || leads_away(m->entry))
		m->problems |= ARCHIVE_UNSAFE_PATH;
	if (m->r->passphrase == NULL &&
	    (archive_entry_is_data_encrypted(m->entry) || archive_entry_is_metadata_encrypted(m->entry)))
		m->problems |= ARCHIVE_ENCRYPTED;
	if (w->budget->members == 0 || w->budget->names < strlen(m->path)) {
		w->problems |= ARCHIVE_TOO_LARGE;
		w->stop = true;
		return false;
	}
	w->budget->members--;
	w->budget->names -= strlen(m->path);
	if (!archive_seen_add(&w->seen, m->path))
		m->problems |= ARCHIVE_DUPLICATE_NAME;
	return true;
}

/* Whether extraction has any use for the member: it is the wanted one, or an archive on the way there. */
static bool on_the_way(const struct walk *w, const char *path, bool *exact)
{
	size_t len = strlen(path);

	*exact = w->only != NULL && strcmp(w->only, path) == 0;
	return w->only == NULL || *exact || (strncmp(w->only, path, len) == 0 && strncmp(w->only + len, "!/", 2) == 0);
}

static void walk_member(struct walk *w, struct member *m, unsigned depth)
{
	const char *slash = strrchr(m->path, '/');
	struct archive_member info = {.path = m->path, .name = slash != NULL ? slash + 1 : m->path};
	enum unpack_form form;
	bool exact, wanted = false;

	if (!on_the_way(w, m->path, &exact)) {
		pass_over(m);
		return;
	}
	info.size = stated_size(m->entry);
	info.encrypted = (m->problems & ARCHIVE_ENCRYPTED) != 0;
	if (!info.encrypted && is_file(m->entry))
		read_head(m);
	else
		m->at_end = true;
	info.encrypted = (m->problems & ARCHIVE_ENCRYPTED) != 0;
	info.head = m->head;
	info.head_len = m->head_len;
	if (m->head_len > 0)
		m->problems |= archive_form_problems(info.name, m->head, m->head_len);
	info.problems = m->problems;
	info.archive = m->head_len > 0 && !exact && archive_looks_like(info.name, m->head, m->head_len);
	form = info.archive ? UNPACK_NONE : message_form(w, m, &info, exact);
	if (w->visitor->member != NULL)
		wanted = w->visitor->member(w->visitor->arg, &info);
	if (info.archive) {
		walk_inner(w, m, depth);
		return;
	}
	if (form != UNPACK_NONE) {
		walk_message(w, m, form, wanted);
		return;
	}
	if (wanted && !info.encrypted)
		read_all(m, put_visitor, w);
	end_member(w, m, info.encrypted || w->stop ? info.size : pass_over(m));
	w->stop = w->stop || exact;
}

static void walk_members(struct walk *w, struct archive_reader *r, const char *name, const char *prefix, unsigned depth)
{
	struct archive_entry *entry;

	while (!w->stop && archive_reader_next(r, &entry) == 1) {
		struct member m = {.r = r, .entry = entry};

		if (start_member(w, &m, name, prefix))
			walk_member(w, &m, depth);
	}
}

static void walk_reader(struct walk *w, struct source *src, const char *name, const char *prefix, unsigned depth)
{
	struct archive_reader r;
	bool overlap;

	w->problems |= zip_directory_problems(src, &overlap);
	/* Members that share bytes are not worth a look: honest tools make none. */
	if (overlap)
		return;
	if (archive_reader_open(&r, src, w->budget) == VG_OK)
		walk_members(w, &r, name, prefix, depth);
	w->problems |= r.problems;
	archive_reader_close(&r);
}

/* libarchive drops names outside ASCII without a UTF-8 character type. Made once: it is read from a file. */
static locale_t utf8_locale;

void archive_warm(void)
{
	static iconv_t kept = (iconv_t)-1;

	if (utf8_locale == (locale_t)0)
		utf8_locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	/* 7z and rar keep names in UTF-16; an open converter keeps its module loaded. */
	if (kept == (iconv_t)-1)
		kept = iconv_open("UTF-8", "UTF-16LE");
}

/* Of this thread only, and for the walk only. */
static void walk_outer(struct walk *w, struct source *src, const char *name)
{
	locale_t before = (locale_t)0;

	archive_warm();
	if (utf8_locale != (locale_t)0)
		before = uselocale(utf8_locale);
	walk_reader(w, src, name, "", 0);
	archive_seen_free(&w->seen);
	if (before != (locale_t)0)
		uselocale(before);
}

unsigned archive_walk(struct source *src, const char *name, struct archive_budget *budget,
    const struct archive_visitor *visitor)
{
	struct walk w = {.budget = budget, .visitor = visitor};

	walk_outer(&w, src, name);
	return w.problems;
}

/* ---- extraction ---- */

static bool extract_member(void *arg, const struct archive_member *m)
{
	struct extract *x = arg;

	if (x->found || strcmp(m->path, x->path) != 0)
		return false;
	x->found = x->open = true;
	return true;
}

static void extract_data(void *arg, const void *p, size_t n)
{
	struct extract *x = arg;

	if (x->answer == 0)
		x->answer = x->sink(x->arg, p, n);
	x->walk->stop = x->answer != 0;
}

static void extract_end(void *arg, int64_t size, unsigned problems)
{
	struct extract *x = arg;

	(void)size;
	if (x->open)
		x->problems = problems;
	x->open = false;
}

int archive_extract(struct source *src, const char *name, const char *path, struct archive_budget *budget,
    int (*sink)(void *arg, const void *p, size_t n), void *arg)
{
	struct walk w = {.budget = budget, .only = path};
	struct extract x = {.walk = &w, .sink = sink, .arg = arg, .path = path};
	const struct archive_visitor visitor = {&x, extract_member, extract_data, extract_end};

	w.visitor = &visitor;
	w.extract = &x;
	walk_outer(&w, src, name);
	if (!x.found)
		return (w.problems & (ARCHIVE_TOO_LARGE | ARCHIVE_BOMB)) != 0 ? VG_ERR_LIMIT : VG_ERR_NOTFOUND;
	if (x.answer != 0)
		return x.answer;
	if ((x.problems & ARCHIVE_ENCRYPTED) != 0)
		return VG_ERR_DENIED;
	if ((x.problems & (ARCHIVE_TOO_LARGE | ARCHIVE_BOMB)) != 0)
		return VG_ERR_LIMIT;
	return (x.problems & (ARCHIVE_TRUNCATED | ARCHIVE_UNREADABLE)) != 0 ? VG_ERR_SYNTAX : VG_OK;
}
