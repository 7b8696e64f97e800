/*
 * text_marks.c - a bounded list of marks. Runs in the parser worker.
 */
#include <stdlib.h>

#include "err.h"
#include "text_marks.h"

int text_marks_add(struct text_marks *m, enum text_mark_kind kind, size_t from, size_t to)
{
	if (m->n >= TEXT_MARKS_MAX)
		return VG_OK;
	if (m->n == m->cap) {
		size_t cap = m->cap > 0 ? 2 * m->cap : 16;
		struct text_mark *list = realloc(m->list, cap * sizeof *list);

		if (list == NULL)
			return VG_ERR_MEMORY;
		m->list = list;
		m->cap = cap;
	}
	m->list[m->n++] = (struct text_mark){from, to, kind};
	return VG_OK;
}

void text_marks_move(struct text_marks *m, size_t first, size_t by)
{
	for (size_t i = first; i < m->n; i++) {
		m->list[i].from += by;
		m->list[i].to += by;
	}
}

void text_marks_free(struct text_marks *m)
{
	free(m->list);
	*m = (struct text_marks){0};
}
