/*
 * test_case.c - a mail's evidence as text, and the times that replay takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl_case.h"
#include "ctl_hook.h"

static char *shown(const char *json)
{
	json_t *v = json_loads(json, 0, NULL);
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	assert_non_null(v);
	assert_non_null(f);
	ctl_print_case(f, v);
	fclose(f);
	json_decref(v);
	return text;
}

static const char held[] =
    "{\"id\":\"01A\",\"reason\":\"unlisted-contact\",\"rule\":\"V15\",\"sender\":\"cat@partner.example\",\"subject\":\"x\\u001b[2J\","
    "\"cause\":{\"code\":\"unlisted-contact\",\"text\":\"Not listed.\",\"advice\":\"Ask.\",\"actions\":[\"register\",\"delete\"]},"
    "\"envelope\":{\"channel\":\"smtp\",\"peer\":\"192.0.2.1\",\"client\":\"192.0.2.1\",\"reverse_path\":\"\",\"recipients\":[\"a@b\"]},"
    "\"evidence\":{\"authentication\":{\"result\":\"authenticated\",\"method\":\"dkim\",\"spf\":\"fail\",\"dmarc\":\"pass\","
    "\"details\":{\"dkim\":[{\"result\":\"pass\",\"domain\":\"partner.example\",\"aligned\":true},{\"result\":\"fail\","
    "\"domain\":\"list.example\",\"aligned\":false,\"why\":\"body changed\"}],\"dmarc\":{\"policy\":\"reject\"}}},"
    "\"registry\":{\"class\":\"partner-domain\",\"partner\":\"acme-msp\",\"status\":\"active\",\"holder\":null},"
    "\"thread\":{\"candidates\":[{\"by\":\"subject\",\"ticket\":42,\"status\":\"open\",\"partner\":\"acme-msp\",\"role\":\"none\"}],"
    "\"chosen\":0,\"why\":\"subject numbers count for contacts\",\"foreign\":[7],\"forged_tags\":1},"
    "\"trace\":[[\"V1\",false],[\"V15\",true]]},\"message\":{\"body\":{\"text\":\"one\\ntwo\\u0007\"}}}";

static void test_held(void **state)
{
	static const char *const wanted[] = { "  sender        cat@partner.example\n", "  subject       x?[2J\n", "  return path   <>\n",
		"Why it is held (unlisted-contact)\n", "vcspgate held release 01A --register\n", "vcspgate held delete 01A\n",
		"Is it really them: authenticated, by dkim\n", "  SPF           fail\n",
		"  DKIM          pass - partner.example, aligned with From\n",
		"                fail - list.example, not aligned with From - body changed\n", "  DMARC         pass, policy reject\n",
		"  class         partner-domain\n", "  candidate     42 by subject, open, partner acme-msp, the sender is there as nobody\n",
		"  chosen        none\n", "also named    7 (not theirs", "  forged tags   1\n", "  no   V1", "  YES  V15",
		"colleague who is no listed contact\n", "  | one\n  | two?\n" };
	char *t = shown(held);

	(void)state;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (strstr(t, wanted[i]) == NULL)
			fail_msg("\"%s\" is missing in\n%s", wanted[i], t);
	assert_null(strstr(t, "held reject"));
	for (const char *s = t; *s != '\0'; s++)
		assert_true((unsigned char)*s >= 0x20 || *s == '\n');
	free(t);
}

static void test_strange_evidence(void **state)
{
	static const char *const odd[] = { "{}", "{\"evidence\":null}", "{\"evidence\":[],\"message\":\"01A\",\"facts\":{}}",
		"{\"evidence\":{\"trace\":[1,[],[2,3]],\"authentication\":{\"details\":{\"dkim\":[null,1]}},\"thread\":{\"candidates\":[0]}}}",
		"{\"cause\":{\"actions\":[1,null,\"fly\"]},\"envelope\":{\"recipients\":[\"a\",null,1]}}" };

	(void)state;
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		free(shown(odd[i]));
}

static void test_since(void **state)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: refused */
	} rows[] = { { "30m", 998200000 }, { "24h", 913600000 }, { "7d", 395200000 }, { "5s", 999995000 },
		{ "1970-01-02", 86400000 }, { "1970-01-01T00:01:00Z", 60000 }, { "1970-01-01T00:01Z", 60000 }, { "", -1 }, { "h", -1 },
		{ "7", -1 }, { "7x", -1 }, { "7dd", -1 }, { "1970-01-02x", -1 }, { "yesterday", -1 }, { "99999999999999999999s", -1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t ms = -1;
		bool ok = ctl_since(rows[i].text, 1000000, &ms);

		if (ok != (rows[i].ms >= 0) || (ok && ms != rows[i].ms))
			fail_msg("\"%s\" gives %lld", rows[i].text, (long long)ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_held), cmocka_unit_test(test_strange_evidence),
		cmocka_unit_test(test_since) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
