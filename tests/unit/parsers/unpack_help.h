/*
 * unpack_help.h - a walk over a message in a file whose members are kept or counted.
 */
#ifndef VG_UNPACK_HELP_H
#define VG_UNPACK_HELP_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "message.h"
#include "unpack.h"

#define HELP_MEMBERS 64

struct help_unpacked {
	struct {
		char path[ARCHIVE_PATH_MAX + 1];
		struct buf content;
		unsigned problems;
	} members[HELP_MEMBERS];
	size_t n; /* members seen; the first ones are kept */
	bool open;
};

static inline bool help_on_member(void *arg, const struct archive_member *m)
{
	struct help_unpacked *u = arg;

	u->open = u->n < HELP_MEMBERS;
	if (u->open) {
		strncpy(u->members[u->n].path, m->path, ARCHIVE_PATH_MAX);
		buf_init(&u->members[u->n].content, 1u << 26);
	}
	u->n++;
	return true;
}

static inline void help_on_data(void *arg, const void *p, size_t n)
{
	struct help_unpacked *u = arg;

	if (u->open && buf_add(&u->members[u->n - 1].content, p, n) != VG_OK)
		abort();
}

static inline void help_on_end(void *arg, int64_t size, unsigned problems)
{
	struct help_unpacked *u = arg;

	(void)size;
	if (u->open)
		u->members[u->n - 1].problems = problems;
	u->open = false;
}

/* Free with help_unpacked_free. */
static inline struct help_unpacked *help_unpack(const void *p, size_t n, enum unpack_form form, unsigned *problems)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct help_unpacked *u = calloc(1, sizeof *u);
	const struct archive_visitor visitor = {u, help_on_member, help_on_data, help_on_end};
	struct source src;

	if (u == NULL)
		abort();
	source_memory(&src, p, n);
	*problems = unpack_walk(&src, form, "", &budget, &visitor);
	return u;
}

static inline void help_unpacked_free(struct help_unpacked *u)
{
	for (size_t i = 0; i < u->n && i < HELP_MEMBERS; i++)
		buf_free(&u->members[i].content);
	free(u);
}

static inline int help_collect(void *arg, const void *p, size_t n)
{
	return buf_add(arg, p, n);
}

static inline int help_unpack_one(const void *p, size_t n, enum unpack_form form, const char *path, struct buf *out)
{
	struct archive_budget budget = ARCHIVE_BUDGET_INIT;
	struct source src;

	source_memory(&src, p, n);
	return unpack_extract(&src, form, path, &budget, help_collect, out);
}

/* For fuzzing: any bytes are walked, the first members taken out again, the text read. */
static inline void help_unpack_any(const uint8_t *data, size_t size, enum unpack_form form)
{
	struct help_unpacked *u;
	struct buf text;
	const char *why;
	unsigned problems;

	if (message_warm(&why) != VG_OK)
		abort();
	u = help_unpack(data, size, form, &problems);
	for (size_t i = 0; i < u->n && i < 4; i++) {
		buf_init(&text, 1u << 26);
		help_unpack_one(data, size, form, u->members[i].path, &text);
		buf_free(&text);
	}
	help_unpacked_free(u);
	buf_init(&text, 1u << 20);
	if (size > 0) {
		struct source src;

		source_memory(&src, data, size);
		unpack_text(&text, &src, form);
	}
	buf_free(&text);
}

#endif
