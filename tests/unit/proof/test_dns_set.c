/* dns_set.h: questions noted once, answered once, within their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "dns_set.h"

static void asks_once(void **state)
{
	struct dns_record r[] = {{(const unsigned char *)"b.test", 6, 20}, {(const unsigned char *)"a.test", 6, 10}};
	struct dns_set *set = dns_set_new();
	const struct dns_answer *a = dns_ask(set, DNS_MX, "Example.COM.");
	struct dns_question q;

	(void)state;
	assert_int_equal(a->status, DNS_PENDING);
	assert_ptr_equal(dns_ask(set, DNS_MX, "example.com"), a);
	assert_ptr_not_equal(dns_ask(set, DNS_A, "example.com"), a);
	assert_true(dns_set_next(set, &q));
	assert_string_equal(q.name, "example.com");
	assert_int_equal(dns_set_waiting(set), 1);
	assert_int_equal(dns_set_answer(set, q.id, DNS_FOUND, r, 2), 0);
	assert_int_equal(dns_set_answer(set, q.id, DNS_NXDOMAIN, NULL, 0), 0);
	assert_int_equal(a->status, DNS_FOUND);
	assert_int_equal(a->n, 2);
	assert_string_equal((const char *)a->records[0].data, "a.test");
	assert_int_equal(dns_set_waiting(set), 0);
	assert_true(dns_set_next(set, &q));
	assert_false(dns_set_next(set, &q));
	dns_set_free(&set);
	assert_null(set);
}

static void bounds(void **state)
{
	static struct dns_record r[DNS_RECORDS_MAX + 1];
	struct dns_set *set = dns_set_new();
	char name[300];
	struct dns_question q;
	const struct dns_answer *a = dns_ask(set, DNS_TXT, "many.test");

	(void)state;
	memset(name, 'a', sizeof(name));
	name[64] = '\0';
	assert_int_equal(dns_ask(set, DNS_A, name)->status, DNS_NXDOMAIN);
	name[63] = '\0';
	assert_int_equal(dns_ask(set, DNS_A, name)->status, DNS_PENDING);
	assert_int_equal(dns_ask(set, DNS_A, "")->status, DNS_NXDOMAIN);
	assert_int_equal(dns_ask(set, DNS_A, "a..test")->status, DNS_NXDOMAIN);
	assert_true(dns_set_next(set, &q));
	for (size_t i = 0; i <= DNS_RECORDS_MAX; i++)
		r[i] = (struct dns_record){(const unsigned char *)"x", 1, 0};
	assert_int_equal(dns_set_answer(set, q.id, DNS_FOUND, r, DNS_RECORDS_MAX + 1), 0);
	assert_true(a->cut);
	assert_int_equal(a->n, DNS_RECORDS_MAX);
	for (unsigned i = 2; i < DNS_QUESTIONS_MAX; i++) {
		snprintf(name, sizeof(name), "n%u.test", i);
		assert_int_equal(dns_ask(set, DNS_A, name)->status, DNS_PENDING);
	}
	assert_int_equal(dns_ask(set, DNS_A, "over.test")->status, DNS_FAILED);
	dns_set_free(&set);
}

static void labels(void **state)
{
	char name[260];

	(void)state;
	assert_int_equal(dns_name_labels("example"), 1);
	assert_int_equal(dns_name_labels("a.example."), 2);
	assert_int_equal(dns_name_labels(""), 0);
	assert_int_equal(dns_name_labels("."), 0);
	assert_int_equal(dns_name_labels(".example"), 0);
	assert_int_equal(dns_name_labels("a..example"), 0);
	assert_int_equal(dns_name_labels("a.example.."), 0);
	for (unsigned i = 0; i < sizeof(name); i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	name[253] = '\0'; /* 63 + 1 + 63 + 1 + 63 + 1 + 61 */
	assert_int_equal(dns_name_labels(name), 4);
	name[253] = 'a';
	name[254] = '\0';
	assert_int_equal(dns_name_labels(name), 0);
	name[253] = '.';
	assert_int_equal(dns_name_labels(name), 4);
	memset(name, 'a', 64);
	name[64] = '\0';
	assert_int_equal(dns_name_labels(name), 0);
	name[63] = '\0';
	assert_int_equal(dns_name_labels(name), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(labels),cmocka_unit_test(asks_once), cmocka_unit_test(bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
