/*
 * test_quotes.c - new text, quoted text and signature of the common forms; and that no line is lost.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "quotes.h"

#define HEADER "From: Support <support@support.example>\nSent: Monday, November 23, 2026 5:02 PM\nTo: Ann\nSubject: x\n"

static const struct {
	const char *full;
	bool forward;
	const char *text, *quoted, *signature;
} cases[] = {
	{"", false, "", "", ""},
	{"\n\nhello\n\n\nyou\n\n", false, "hello\n\nyou", "", ""},
	/* marks and attributions */
	{"yes\n\nOn Mon, Nov 23, 2026 at 5:02 PM Ann Lee <ann@x.example> wrote:\n> why?\n", false, "yes",
	    "On Mon, Nov 23, 2026 at 5:02 PM Ann Lee <ann@x.example> wrote:\n> why?", ""},
	{"yes\n\nOn Mon, Nov 23, 2026 at 5:02 PM Ann Lee\n<ann@x.example> wrote:\n\n> why?\n>\n>> deep\n", false, "yes",
	    "On Mon, Nov 23, 2026 at 5:02 PM Ann Lee\n<ann@x.example> wrote:\n\n> why?\n>\n>> deep", ""},
	{"Ann Lee wrote:\n> why?\nbecause\n", false, "because", "Ann Lee wrote:\n> why?", ""},
	{"Am 23.11.2026 um 17:02 schrieb Ann Lee:\n> warum?\nDarum.\n", false, "Darum.",
	    "Am 23.11.2026 um 17:02 schrieb Ann Lee:\n> warum?", ""},
	{"top\n> a\nmiddle\n> b\nend\n", false, "top\n\nmiddle\n\nend", "> a\n\n> b", ""},
	{"Here is the log from 10:32:\n> line\n", false, "Here is the log from 10:32:", "> line", ""},
	{"yes\n\nOn Nov 23, 2026, at 17:02, Ann wrote:\n\nwhy not?\n", false, "yes",
	    "On Nov 23, 2026, at 17:02, Ann wrote:\n\nwhy not?", ""},
	/* Outlook */
	{"yes\n\n" HEADER "\nwhy?\n", false, "yes", HEADER "\nwhy?", ""},
	{"yes\n\n________________________________\n" HEADER "\nwhy?\n", false, "yes",
	    "________________________________\n" HEADER "\nwhy?", ""},
	{"yes\n\n-----Original Message-----\n" HEADER "\nwhy?\n", false, "yes", "-----Original Message-----\n" HEADER "\nwhy?", ""},
	{"yes\n\n*From:* Ann\n*Sent:* Monday\n*To:* Bob\n*Subject:* x\n\nwhy?", false, "yes",
	    "*From:* Ann\n*Sent:* Monday\n*To:* Bob\n*Subject:* x\n\nwhy?", ""},
	{"From: the proxy we cannot reach the host.\nSecond line\n", false, "From: the proxy we cannot reach the host.\nSecond line", "", ""},
	{"a\n________________________________\nb\n", false, "a\n________________________________\nb", "", ""},
	/* forwarded messages are content */
	{"see\n\n" HEADER "\nbroken\n> q\n", true, "see\n\n" HEADER "\nbroken\n> q", "", ""},
	{"see\n\n---------- Forwarded message ---------\nFrom: Bob\n\nbroken\n> q\n", false,
	    "see\n\n---------- Forwarded message ---------\nFrom: Bob\n\nbroken\n> q", "", ""},
	{"Begin forwarded message:\n\n> From: Bob\n", false, "Begin forwarded message:\n\n> From: Bob", "", ""},
	/* signatures */
	{"hello\n-- \nAnn Lee\nAcme\n", false, "hello", "", "-- \nAnn Lee\nAcme"},
	{"hello\n--\nAnn Lee\n", false, "hello", "", "--\nAnn Lee"},
	{"hello\n\nSent from my iPhone\n", false, "hello", "", "Sent from my iPhone"},
	{"hello\n\nGet Outlook for Android\n\n" HEADER "\nwhy?\n", false, "hello", HEADER "\nwhy?", "Get Outlook for Android"},
	{"hello\n-- \nAnn\n> old\n", false, "hello", "> old", "-- \nAnn"},
	{"-- \nAnn\n", false, "", "", "-- \nAnn"},
	/* pasted logs and code are neither */
	{"log:\n--\nSELECT a FROM b WHERE c = 'error';\n", false, "log:\n--\nSELECT a FROM b WHERE c = 'error';", "", ""},
	{"log:\n-- \n[07.07.2021 16:43:06] <01> Error x\n", false, "log:\n-- \n[07.07.2021 16:43:06] <01> Error x", "", ""},
	{">>> import os\n>>> os.getpid()\n", false, ">>> import os\n>>> os.getpid()", "", ""},
	{">From here it fails\n", false, ">From here it fails", "", ""},
	{"On 2024-01-05 10:32 the proxy wrote:\nError: failed\n", false, "On 2024-01-05 10:32 the proxy wrote:\nError: failed", "", ""},
	{"a\n---\nb\n", false, "a\n---\nb", "", ""},
};

static void split(const char *full, bool forward, struct buf out[3])
{
	struct quotes_hints hints = {.forward = forward};

	for (int i = 0; i < 3; i++)
		buf_init(&out[i], strlen(full) + 16);
	assert_int_equal(quotes_split(full, strlen(full), &hints, &out[0], &out[1], &out[2]), VG_OK);
}

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const char *want[3] = {cases[i].text, cases[i].quoted, cases[i].signature};
		struct buf out[3];

		split(cases[i].full, cases[i].forward, out);
		for (int k = 0; k < 3; k++) {
			if (strcmp(buf_str(&out[k]), want[k]) != 0)
				print_error("case %zu, part %d: %s\n", i, k, cases[i].full);
			assert_string_equal(buf_str(&out[k]), want[k]);
			buf_free(&out[k]);
		}
	}
}

static size_t filled_bytes(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s != '\n' && *s != ' ';
	return n;
}

static void test_nothing_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out[3];
		size_t n = 0;

		split(cases[i].full, cases[i].forward, out);
		for (int k = 0; k < 3; k++) {
			n += filled_bytes(buf_str(&out[k]));
			buf_free(&out[k]);
		}
		assert_int_equal(n, filled_bytes(cases[i].full));
	}
}

static void test_forward_subjects(void **state)
{
	(void)state;
	assert_true(quotes_is_forward("FW: x"));
	assert_true(quotes_is_forward(" Fwd: x"));
	assert_true(quotes_is_forward("WG: x"));
	assert_false(quotes_is_forward("Re: Fwd: x"));
	assert_false(quotes_is_forward("Forwarding fails"));
	assert_false(quotes_is_forward(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nothing_is_lost),
		cmocka_unit_test(test_forward_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
