/*
 * test_parse_window.c - messages of one ticket go one after the other, others beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "parse_window.h"

static void
add(struct parse_window *w, int64_t id, uint64_t ticket)
{
	struct pending *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->id = id;
	p->ticket = ticket;
	p->frame = malloc(10);
	p->len = 10;
	w->cached += 10;
	window_add(w, p);
}

static struct pending *
take(struct parse_window *w, int64_t id)
{
	struct pending *p = window_take(w);

	assert_non_null(p);
	assert_int_equal(p->id, id);
	return p;
}

static void
a_ticket_keeps_its_order(void **state)
{
	static struct parse_window w;
	struct pending *first, *other, *free_one;

	(void)state;
	window_init(&w);
	add(&w, 1, 7);
	add(&w, 2, 7);
	add(&w, 3, 7 + WINDOW_BUCKETS); /* same bucket */
	add(&w, 4, 0);
	add(&w, 5, 7);
	assert_int_equal(w.n, 5);
	assert_int_equal(w.cached, 50);
	first = take(&w, 1);
	other = take(&w, 3);
	free_one = take(&w, 4);
	assert_null(window_take(&w));
	window_finish(&w, other);
	window_finish(&w, free_one);
	assert_null(window_take(&w)); /* 2 waits for 1 */
	window_again(&w, first);
	window_finish(&w, take(&w, 1));
	window_finish(&w, take(&w, 2));
	add(&w, 6, 7); /* behind 5, which is ready */
	window_finish(&w, take(&w, 5));
	window_finish(&w, take(&w, 6));
	add(&w, 8, 7); /* nobody is before it */
	window_finish(&w, take(&w, 8));
	assert_null(window_take(&w));
	assert_int_equal(w.n, 0);
	assert_int_equal(w.cached, 0);
}

static void
the_next_of_a_ticket_goes_before_others(void **state)
{
	static struct parse_window w;

	(void)state;
	window_init(&w);
	add(&w, 1, 1);
	add(&w, 2, 1);
	add(&w, 3, 2);
	window_finish(&w, take(&w, 1));
	window_finish(&w, take(&w, 2));
	window_finish(&w, take(&w, 3));
	add(&w, 4, 3); /* the list was empty */
	window_finish(&w, take(&w, 4));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_keeps_its_order),
		cmocka_unit_test(the_next_of_a_ticket_goes_before_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
