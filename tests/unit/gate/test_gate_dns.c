/*
 * gate_dns.h over a resolver that is played here: every kind of answer, silence, truncation, forgery, sharing, cancelling.
 * What it does stands in the first label of the name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "err.h"
#include "gate_dns.h"

#define SOCKETS_MAX 400u
#define TIMEOUT_MS 300

struct pending {
	uint64_t id;
	bool tcp;
};

struct world {
	struct evloop *loop;
	struct gate_dns *dns;
	struct pending dials[SOCKETS_MAX];
	unsigned n_dials, served;
	struct ev_io *io[SOCKETS_MAX];
	int fd[SOCKETS_MAX];
	bool tcp[SOCKETS_MAX];
	unsigned n;
	unsigned queries, tcp_queries;
	bool no_sockets;
	unsigned done;
};

/* ---- the resolver ---- */

static size_t question_end(const unsigned char *q, size_t n)
{
	size_t at = 12;

	while (at < n && q[at] != 0)
		at += q[at] + 1u;
	return at + 5;
}

static bool first_label_is(const unsigned char *q, const char *label)
{
	return q[12] == strlen(label) && memcmp(q + 13, label, q[12]) == 0;
}

static size_t add_record(unsigned char *out, size_t at, unsigned type, const void *data, size_t len)
{
	const unsigned char head[] = {0xc0, 12, 0, (unsigned char)type, 0, 1, 0, 0, 0, 60, (unsigned char)(len >> 8), (unsigned char)len};

	memcpy(out + at, head, sizeof(head));
	memcpy(out + at + sizeof(head), data, len);
	out[7]++;
	return at + sizeof(head) + len;
}

/* The answer's records by the type that is asked for. */
static size_t add_answer(unsigned char *out, size_t at)
{
	switch (out[at - 3]) {
	case 16:
		at = add_record(out, at, 16, "\x06v=spf1\x05 -all", 13);
		return add_record(out, at, 16, "\x05other", 6);
	case 1:
		return add_record(out, at, 1, "\xc0\0\2\1", 4);
	case 28:
		return add_record(out, at, 28, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	case 15:
		at = add_record(out, at, 15, "\0\x14\2MX\4test\0", 11);
		return add_record(out, at, 15, "\0\x0a\1a\4test\0", 10);
	case 12:
		return add_record(out, at, 12, "\4Host\4test\0", 11);
	default:
		return at;
	}
}

static size_t make_answer(unsigned char out[1500], const unsigned char *q, size_t n, bool tcp)
{
	size_t at = question_end(q, n);

	assert_true(n >= at && at < 400);
	memcpy(out, q, at);
	memset(out + 6, 0, 6); /* no records yet */
	out[2] = (unsigned char)(q[2] | 0x80);
	out[3] = 0x80;
	if (first_label_is(q, "nx"))
		out[3] |= 3;
	else if (first_label_is(q, "broken"))
		out[3] |= 2;
	else if (first_label_is(q, "large") && !tcp)
		out[2] |= 2;
	else if (!first_label_is(q, "nodata"))
		at = add_answer(out, at);
	return at;
}

static void forge(int fd, const unsigned char *answer, size_t n)
{
	unsigned char copy[1500];

	memcpy(copy, answer, n);
	copy[0] ^= 1; /* another id */
	copy[3] |= 3;
	assert_int_equal(write(fd, copy, n), n);
	memcpy(copy, answer, n);
	copy[13] ^= 1; /* another name */
	copy[3] |= 3;
	assert_int_equal(write(fd, copy, n), n);
	memcpy(copy, answer, n);
	copy[2] &= 0x7f; /* no answer at all */
	assert_int_equal(write(fd, copy, n), n);
}

static void on_query(int fd, unsigned events, void *arg)
{
	struct world *w = arg;
	unsigned char in[1500], out[1502];
	ssize_t n = read(fd, in, sizeof(in));
	unsigned which = 0;
	size_t len;

	(void)events;
	if (n <= 14)
		return;
	while (w->fd[which] != fd)
		which++;
	if (w->tcp[which]) {
		w->tcp_queries++;
		len = make_answer(out + 2, in + 2, (size_t)n - 2, true);
		out[0] = (unsigned char)(len >> 8);
		out[1] = (unsigned char)len;
		assert_int_equal(write(fd, out, 1), 1); /* in pieces */
		assert_int_equal(write(fd, out + 1, len + 1), len + 1);
		return;
	}
	w->queries++;
	if (first_label_is(in, "silent"))
		return;
	len = make_answer(out, in, (size_t)n, false);
	if (first_label_is(in, "forged"))
		forge(fd, out, len);
	assert_int_equal(write(fd, out, len), len);
}

static int dial(void *arg, bool tcp, uint64_t id)
{
	struct world *w = arg;

	assert_true(w->n_dials < SOCKETS_MAX);
	w->dials[w->n_dials++] = (struct pending){id, tcp};
	return VG_OK;
}

static void serve_dials(struct world *w)
{
	while (!w->no_sockets && w->served < w->n_dials) {
		struct pending p = w->dials[w->served++];
		int fd[2];

		assert_int_equal(socketpair(AF_UNIX, (p.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd), 0);
		w->fd[w->n] = fd[1];
		w->tcp[w->n] = p.tcp;
		w->io[w->n++] = ev_io_add(w->loop, fd[1], EV_READ, on_query, w);
		gate_dns_dialed(w->dns, p.id, p.tcp, fd[0]);
	}
}

static int set_up(void **state)
{
	struct world *w = *state = calloc(1, sizeof(*w));
	struct gate_dns_ops ops = {.dial = dial, .arg = w};

	w->loop = evloop_new();
	w->dns = gate_dns_new(w->loop, &ops, TIMEOUT_MS);
	assert_non_null(w->dns);
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	for (unsigned i = 0; i < w->n; i++) {
		ev_io_del(&w->io[i]);
		close(w->fd[i]);
	}
	gate_dns_free(&w->dns);
	evloop_free(&w->loop);
	free(w);
	return 0;
}

static void on_done(void *arg)
{
	((struct world *)arg)->done++;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void turn_until(struct world *w, unsigned done)
{
	int64_t end = now_ms() + 5000;

	while (w->done < done && now_ms() < end) {
		serve_dials(w);
		evloop_turn(w->loop, 20);
	}
	assert_int_equal(w->done, done);
}

static const struct dns_answer *look_up(struct world *w, struct dns_set *set, enum dns_type type, const char *name)
{
	const struct dns_answer *a = dns_ask(set, type, name);
	struct gate_dns_run *run;

	assert_int_equal(gate_dns_start(&run, w->dns, set, on_done, w), VG_OK);
	turn_until(w, w->done + 1);
	assert_int_equal(dns_set_waiting(set), 0);
	return a;
}

/* ---- tests ---- */

static void every_type(void **state)
{
	static const struct {
		enum dns_type type;
		const char *first;
		size_t len, n;
	} rows[] = {
		{DNS_TXT, "v=spf1 -all", 11, 2}, {DNS_A, "\xc0\0\2\1", 4, 1},
		{DNS_AAAA, "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16, 1}, {DNS_MX, "a.test", 6, 2}, {DNS_PTR, "host.test", 9, 1},
	};
	struct dns_set *set = dns_set_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct dns_answer *a = look_up(*state, set, rows[i].type, "some.test");

		assert_int_equal(a->status, DNS_FOUND);
		assert_int_equal(a->n, rows[i].n);
		assert_int_equal(a->records[0].len, rows[i].len);
		assert_memory_equal(a->records[0].data, rows[i].first, rows[i].len);
	}
	dns_set_free(&set);
}

static void every_failure(void **state)
{
	struct dns_set *set = dns_set_new();

	assert_int_equal(look_up(*state, set, DNS_TXT, "nx.test")->status, DNS_NXDOMAIN);
	assert_int_equal(look_up(*state, set, DNS_TXT, "nodata.test")->status, DNS_NODATA);
	assert_int_equal(look_up(*state, set, DNS_TXT, "broken.test")->status, DNS_FAILED);
	assert_int_equal(look_up(*state, set, DNS_TXT, "silent.test")->status, DNS_FAILED);
	dns_set_free(&set);
}

static void forged_answers_are_passed_over(void **state)
{
	struct dns_set *set = dns_set_new();

	assert_int_equal(look_up(*state, set, DNS_TXT, "forged.test")->status, DNS_FOUND);
	dns_set_free(&set);
}

static void what_is_cut_comes_over_tcp(void **state)
{
	struct world *w = *state;
	struct dns_set *set = dns_set_new();

	assert_int_equal(look_up(w, set, DNS_TXT, "large.test")->status, DNS_FOUND);
	assert_int_equal(w->tcp_queries, 1);
	dns_set_free(&set);
}

/* More than may be open at once: those above the limit wait for a place, or for their time-out; nothing is lost. */
static void many_are_cut(void **state)
{
	struct world *w = *state;
	struct dns_set *set[100];
	struct gate_dns_run *run[100];
	unsigned found = 0;
	char name[40];

	for (unsigned i = 0; i < 100; i++) {
		set[i] = dns_set_new();
		snprintf(name, sizeof(name), "large.%u.test", i);
		dns_ask(set[i], DNS_TXT, name);
		assert_int_equal(gate_dns_start(&run[i], w->dns, set[i], on_done, w), VG_OK);
	}
	turn_until(w, 100);
	for (unsigned i = 0; i < 100; i++) {
		const struct dns_answer *a;

		snprintf(name, sizeof(name), "large.%u.test", i);
		a = dns_ask(set[i], DNS_TXT, name);
		assert_true(a->status == DNS_FOUND || a->status == DNS_FAILED);
		found += a->status == DNS_FOUND;
		dns_set_free(&set[i]);
	}
	print_message("%u of 100 over TCP\n", found);
	assert_true(found >= 64);
}

static void equal_questions_share_and_are_kept(void **state)
{
	struct world *w = *state;
	struct dns_set *set[20];
	struct gate_dns_run *run[20];
	unsigned asked;

	for (unsigned i = 0; i < 20; i++) {
		set[i] = dns_set_new();
		dns_ask(set[i], DNS_TXT, "shared.test");
		dns_ask(set[i], DNS_TXT, "broken.test");
		assert_int_equal(gate_dns_start(&run[i], w->dns, set[i], on_done, w), VG_OK);
	}
	turn_until(w, 20);
	asked = w->queries;
	assert_true(asked <= 6); /* two names, and what was said again */
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(dns_ask(set[i], DNS_TXT, "shared.test")->status, DNS_FOUND);
		dns_set_free(&set[i]);
	}
	set[0] = dns_set_new();
	assert_int_equal(look_up(w, set[0], DNS_TXT, "SHARED.test")->status, DNS_FOUND);
	assert_int_equal(w->queries, asked);
	/* a failure is asked again */
	assert_int_equal(look_up(w, set[0], DNS_TXT, "broken.test")->status, DNS_FAILED);
	assert_true(w->queries > asked);
	dns_set_free(&set[0]);
}

static void without_a_socket_time_ends_it(void **state)
{
	struct world *w = *state;
	struct dns_set *set = dns_set_new();
	int64_t start = now_ms();

	w->no_sockets = true;
	assert_int_equal(look_up(w, set, DNS_TXT, "some.test")->status, DNS_FAILED);
	assert_true(now_ms() - start >= TIMEOUT_MS - 20);
	dns_set_free(&set);
}

static void cancelled_runs_say_nothing(void **state)
{
	struct world *w = *state;
	struct dns_set *gone = dns_set_new(), *set = dns_set_new();
	struct gate_dns_run *run;

	dns_ask(gone, DNS_TXT, "some.test");
	dns_ask(gone, DNS_TXT, "silent.test");
	assert_int_equal(gate_dns_start(&run, w->dns, gone, on_done, w), VG_OK);
	serve_dials(w);
	gate_dns_cancel(&run);
	dns_set_free(&gone);
	assert_int_equal(look_up(w, set, DNS_TXT, "silent.test")->status, DNS_FAILED);
	assert_int_equal(w->done, 1);
	gate_dns_cancel(&run);
	dns_set_free(&set);
}

#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_type), TEST(every_failure), TEST(forged_answers_are_passed_over), TEST(what_is_cut_comes_over_tcp),
		TEST(many_are_cut), TEST(equal_questions_share_and_are_kept), TEST(without_a_socket_time_ends_it), TEST(cancelled_runs_say_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
