/* Domains that look like others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "addr.h"
#include "err.h"
#include "gate_lookalike.h"

static const struct {
	const char *domain; /* UTF-8 */
	const char *flag;
} domains[] = {
	{"partner.example", NULL},
	{"b\xc3\xbc" "cher.example", NULL},
	{"\xd0\xbf\xd0\xb0\xd1\x80\xd1\x82\xd0\xbd\xd1\x91\xd1\x80.example", NULL},                     /* a Russian word */
	{"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae" "abc.example", NULL},                           /* Japanese with Latin */
	{"\xed\x95\x9c\xea\xb5\xad\xe8\xaa\x9e.example", NULL},                                           /* Hangul and Han */
	{"p\xd0\xb0rtner.example", "mixed-script"},                                                       /* Cyrillic a */
	{"partn\xce\xb5r.example", "mixed-script"},                                                       /* Greek epsilon */
	{"www.p\xd0\xb0rtner.example", "mixed-script"},
	{"\xd1\x81\xd0\xbe\xd1\x80\xd0\xb5.example", "latin-lookalike"},                                   /* "cope" in Cyrillic */
	{"\xce\xbf\xcf\x85\xce\xbd.example", "latin-lookalike"},
	{"\xd0\xb0\xd0\xb1\xd0\xb2.example", NULL},                                                        /* be looks like nothing Latin */
};

static void flags(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		char normal[ADDR_DOMAIN_MAX + 1];
		const char *why = "", *found;

		assert_int_equal(addr_domain_normal(normal, domains[i].domain, strlen(domains[i].domain), &why), VG_OK);
		found = gate_lookalike(normal);
		if (domains[i].flag == NULL ? found != NULL : found == NULL || strcmp(found, domains[i].flag) != 0)
			fail_msg("%s (%s): %s, not %s", domains[i].domain, normal, found ? found : "none",
			    domains[i].flag ? domains[i].flag : "none");
	}
}

static void broken_labels(void **state)
{
	(void)state;
	assert_string_equal(gate_lookalike("xn--a\x01.example"), "undecodable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(flags), cmocka_unit_test(broken_labels)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
