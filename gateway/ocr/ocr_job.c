/*
 * ocr_job.c - role ocr; a hostile mail. Takes the attachment out by the parsers' own code, chooses, has the engine read, and
 * makes text and errors of what it saw.
 */
#include "ocr_job.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "archive_form.h"
#include "archive_walk.h"
#include "ascii.h"
#include "err.h"
#include "errors.h"
#include "image.h"
#include "kinds.h"
#include "ocr_choice.h"

struct reading {
	struct ocr_engine *engine;
	struct ocr_limits limits; /* time_ms: what is left of it */
	const struct parse_job *job;
	struct error_set *errors;
	struct buf text;
	unsigned problems;        /* ARCHIVE_* bits */
	bool cut;
	const char *skipped;
	/* of a document */
	struct buf member;
	char path[ARCHIVE_PATH_MAX + 1];
	bool is_archive;          /* of logs and pictures, no document */
	unsigned pictures;
};

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- one picture ---- */

static int keep_page(struct reading *r, const struct ocr_page *page, const char *path)
{
	const struct error_where where = {.kind = ORIGIN_SCREENSHOT, .attachment = r->job->part, .path = path};
	struct dialog d;
	int err = dialog_text(&d, page->lines, page->n, (int)page->width, (int)page->height);

	if (err == VG_OK) {
		dialog_errors(r->errors, &d, &where);
		if (r->text.len > 0 && d.text.len > 0)
			buf_adds(&r->text, "\n");
		if (d.title[0] != '\0' && buf_adds(&r->text, d.title) == VG_OK)
			buf_adds(&r->text, "\n");
		/* What does not fit is left out: a document full of screens. */
		buf_add(&r->text, d.text.data, d.text.len);
	}
	dialog_free(&d);
	return err;
}

/* path: of a document's member; "" for the attachment itself, which alone may be a logo. */
static int read_picture(struct reading *r, const struct buf *image, const char *name, const char *path)
{
	struct ocr_facts facts = {.name = name, .is_inline = r->job->is_inline != 0, .in_signature = r->job->in_signature != 0};
	int64_t start = now_ms();
	struct ocr_page page = {0};
	enum ocr_choice choice;
	struct image head;
	int err = image_head(&head, image->data, image->len);

	facts.width = head.width;
	facts.height = head.height;
	if (err == VG_OK && (choice = ocr_choose(&facts)) != OCR_READ) {
		r->skipped = ocr_choice_name(choice);
		return VG_OK;
	}
	if (err == VG_OK && r->limits.time_ms > 0)
		err = ocr_engine_read(r->engine, image->data, image->len, &r->limits, &page);
	r->cut |= page.cut || r->limits.time_ms <= 0;
	if (err == VG_OK)
		err = keep_page(r, &page, path);
	ocr_page_free(&page);
	r->limits.time_ms -= now_ms() - start;
	if (err == VG_ERR_LIMIT)
		r->problems |= ARCHIVE_TOO_LARGE;
	else if (err == VG_ERR_SYNTAX)
		r->problems |= ARCHIVE_UNREADABLE;
	return err == VG_ERR_MEMORY ? err : VG_OK;
}

/* ---- the pictures of a document or an archive ---- */

static bool on_member(void *arg, const struct archive_member *m)
{
	struct reading *r = arg;

	buf_reset(&r->member);
	strncpy(r->path, m->path, sizeof r->path - 1);
	if (r->pictures >= OCR_PICTURES_MAX || image_format(m->head, m->head_len) == IMAGE_NONE)
		return false;
	return r->is_archive ? !kind_name_of_signature(m->name) : ascii_find(m->path, strlen(m->path), "media/") != NULL;
}

static void on_data(void *arg, const void *p, size_t n)
{
	struct reading *r = arg;

	if (buf_add(&r->member, p, n) != VG_OK)
		r->problems |= ARCHIVE_TOO_LARGE;
}

static void on_end(void *arg, int64_t size, unsigned problems)
{
	struct reading *r = arg;
	const char *name = strrchr(r->path, '/');

	(void)size;
	if (r->member.len == 0)
		return;
	r->pictures++;
	r->problems |= problems;
	read_picture(r, &r->member, name != NULL ? name + 1 : r->path, r->path);
	buf_reset(&r->member);
}

static void read_document(struct reading *r, const struct buf *file, const char *name)
{
	const struct archive_visitor visitor = {r, on_member, on_data, on_end};
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct source src;

	r->is_archive = archive_looks_like(name, file->data, file->len);
	buf_init(&r->member, OCR_ATTACHMENT_MAX);
	source_memory(&src, file->data, file->len);
	r->problems |= archive_walk(&src, name, &budget, &visitor);
	source_close(&src);
	buf_free(&r->member);
}

/* ---- the job ---- */

static int gather(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static json_t *problem_words(unsigned problems)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < ARCHIVE_PROBLEMS && list != NULL; i++)
		if ((problems & 1u << i) != 0)
			json_array_append_new(list, json_string(archive_problem_name(i)));
	return list;
}

static int dump(const char *s, size_t n, void *arg)
{
	return buf_add(arg, s, n) == VG_OK ? 0 : -1;
}

static int put_result(struct reading *r, struct buf *json)
{
	json_t *o = json_pack("{s:s%, s:o, s:o, s:b, s:s?}", "text", buf_str(&r->text), r->text.len, "errors", error_set_json(r->errors),
	    "problems", problem_words(r->problems), "cut", r->cut, "skipped", r->skipped);
	int err = o != NULL && json_dump_callback(o, dump, json, JSON_COMPACT) == 0 ? VG_OK : VG_ERR_MEMORY;

	json_decref(o);
	return err;
}

int ocr_job(struct ocr_engine *e, const struct ocr_limits *limits, const struct parse_source *src, const struct parse_job *job,
    struct buf *json)
{
	struct reading r = {.engine = e, .limits = *limits, .job = job, .errors = error_set_new()};
	struct message_part_info info;
	struct buf file;
	int err = VG_ERR_MEMORY;

	buf_init(&file, OCR_ATTACHMENT_MAX);
	buf_init(&r.text, DIALOG_TEXT_MAX);
	if (r.errors != NULL)
		err = message_extract(src, job->part, "", gather, &file, &info);
	if (err == VG_ERR_LIMIT) {
		r.problems |= ARCHIVE_TOO_LARGE;
		err = VG_OK;
	} else if (err == VG_OK && ((file.len >= 2 && memcmp(file.data, "PK", 2) == 0) ||
	    archive_looks_like(info.name, file.data, file.len))) {
		read_document(&r, &file, info.name);
	} else if (err == VG_OK) {
		err = read_picture(&r, &file, info.name, "");
	}
	if (err == VG_OK)
		err = put_result(&r, json);
	buf_free(&file);
	buf_free(&r.text);
	error_set_free(&r.errors);
	return err;
}
