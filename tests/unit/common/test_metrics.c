/* metrics.h: sums over pages, the text format, pages of hostile processes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "metrics.h"

static struct metrics *page[2];
static int fd[2];

static int
setup(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		fd[i] = metrics_create();
		page[i] = metrics_map(fd[i], 1);
		if (!page[i])
			return -1;
	}
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		metrics_unmap(&page[i]);
		close(fd[i]);
	}
	return 0;
}

static void
assert_prints(const char *const *lines, size_t n)
{
	struct metrics *reader = metrics_map(fd[0], 0), *pages[3] = { reader, NULL, page[1] };
	struct buf out;

	buf_init(&out, 1 << 20);
	assert_non_null(reader);
	assert_int_equal(metrics_print(&out, pages, 3), VG_OK);
	for (size_t i = 0; i < n; i++) {
		if (!strstr(buf_str(&out), lines[i]))
			fail_msg("missing: %s", lines[i]);
	}
	assert_null(strstr(buf_str(&out), "\n\n"));
	metrics_unmap(&reader);
	assert_null(reader);
	buf_free(&out);
}

static void
test_sums(void **state)
{
	static const char *const lines[] = {
		"# HELP vcspgate_gate_accepted_total Mails accepted for a ticket\n",
		"# TYPE vcspgate_gate_accepted_total counter\nvcspgate_gate_accepted_total 7\n",
		"# TYPE vcspgate_queue_depth_events gauge\nvcspgate_queue_depth_events 12\n",
		"vcspgate_gate_held_total 0\n",
	};

	(void)state;
	metrics_add(page[0], MT_GATE_ACCEPTED, 3);
	metrics_add(page[0], MT_GATE_ACCEPTED, 0);
	metrics_add(page[1], MT_GATE_ACCEPTED, 4);
	metrics_set(page[0], MT_QUEUE_DEPTH, 99);
	metrics_set(page[0], MT_QUEUE_DEPTH, 12);
	assert_prints(lines, sizeof(lines) / sizeof(lines[0]));
}

static void
test_histogram(void **state)
{
	static const char *const lines[] = {
		"# TYPE vcspgate_smtp_data_seconds histogram\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"0.0005\"} 3\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"0.001\"} 3\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"0.5\"} 4\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"30\"} 4\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"60\"} 5\n",
		"vcspgate_smtp_data_seconds_bucket{le=\"+Inf\"} 6\n",
		"vcspgate_smtp_data_seconds_sum 160.500500000\n",
		"vcspgate_smtp_data_seconds_count 6\n",
		"vcspgate_api_request_seconds_count 0\n",
	};

	(void)state;
	metrics_observe(page[0], MT_SMTP_DATA, 0.0005); /* a bound belongs to its bucket */
	metrics_observe(page[0], MT_SMTP_DATA, -3);     /* the clock stepped back */
	metrics_observe(page[0], MT_SMTP_DATA, NAN);
	metrics_observe(page[0], MT_SMTP_DATA, 0.5);
	metrics_observe(page[1], MT_SMTP_DATA, 60);
	metrics_observe(page[1], MT_SMTP_DATA, 100);
	assert_prints(lines, sizeof(lines) / sizeof(lines[0]));
}

static void *
add_many(void *arg)
{
	for (int i = 0; i < 100000; i++)
		metrics_add(arg, MT_SMTP_BYTES, 2);
	return NULL;
}

static void
test_threads(void **state)
{
	static const char *const lines[] = { "vcspgate_smtp_message_bytes_total 800000\n" };
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&t[i], NULL, add_many, page[0]), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_prints(lines, 1);
}

static void
test_odd_pages(void **state)
{
	int other = memfd_create("other", MFD_CLOEXEC);

	(void)state;
	metrics_add(NULL, MT_SMTP_BYTES, 1);
	metrics_set(NULL, MT_SMTP_OPEN, 1);
	metrics_observe(NULL, MT_SMTP_DATA, 1);
	metrics_add(page[0], MT_COUNTER_COUNT, 1);
	metrics_set(page[0], MT_GAUGE_COUNT, 1);
	metrics_observe(page[0], MT_HISTOGRAM_COUNT, 1);
	assert_int_equal(ftruncate(fd[0], 1), -1); /* it cannot be pulled away under its reader */
	assert_int_equal(ftruncate(other, 1 << 20), 0);
	assert_null(metrics_map(other, 0));
	assert_null(metrics_map(-1, 0));
	close(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_sums),
		TEST(test_histogram),
		TEST(test_threads),
		TEST(test_odd_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
