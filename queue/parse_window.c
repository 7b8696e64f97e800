/*
 * parse_window.c - the ready list and the lines of tickets (parse_window.h).
 */
#include "parse_window.h"

#include <stdlib.h>

void
window_init(struct parse_window *w)
{
	*w = (struct parse_window){ 0 };
	w->ready_tail = &w->ready;
}

struct pending *
window_take(struct parse_window *w)
{
	struct pending *p = w->ready;

	if (p == NULL)
		return NULL;
	w->ready = p->next;
	if (w->ready == NULL)
		w->ready_tail = &w->ready;
	return p;
}

void
window_again(struct parse_window *w, struct pending *p)
{
	p->next = w->ready;
	w->ready = p;
	if (p->next == NULL)
		w->ready_tail = &p->next;
}

static void
ready_last(struct parse_window *w, struct pending *p)
{
	p->next = NULL;
	*w->ready_tail = p;
	w->ready_tail = &p->next;
}

static struct pending **
bucket(struct parse_window *w, uint64_t ticket)
{
	return &w->last[ticket % WINDOW_BUCKETS];
}

/* Puts p at the end of its ticket's line; true: nobody is before it. */
static bool
line_up(struct parse_window *w, struct pending *p)
{
	struct pending **at = bucket(w, p->ticket), *before;

	while (*at != NULL && (*at)->ticket != p->ticket)
		at = &(*at)->chained;
	before = *at;
	p->chained = before != NULL ? before->chained : NULL;
	*at = p;
	if (before == NULL)
		return true;
	before->chained = NULL;
	before->follower = p;
	return false;
}

void
window_add(struct parse_window *w, struct pending *p)
{
	w->n++;
	if (p->ticket == 0 || line_up(w, p))
		ready_last(w, p);
}

void
window_finish(struct parse_window *w, struct pending *p)
{
	if (p->follower != NULL) {
		window_again(w, p->follower);
	} else if (p->ticket != 0) {
		struct pending **at = bucket(w, p->ticket);

		while (*at != NULL && *at != p)
			at = &(*at)->chained;
		if (*at == p)
			*at = p->chained;
	}
	w->cached -= p->len;
	free(p->frame);
	free(p);
	w->n--;
}
