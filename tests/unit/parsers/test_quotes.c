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
#include <time.h>

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
	{"ja\n\nAm 23.11.2026 um 17:02 schrieb Ann Lee:\n\nwarum?\n", false, "ja", "Am 23.11.2026 um 17:02 schrieb Ann Lee:\n\nwarum?", ""},
	{"Am 23.11.2026 um 17:02 schrieb der Kunde:\n\nEs geht nicht\n", false,
	    "Am 23.11.2026 um 17:02 schrieb der Kunde:\n\nEs geht nicht", "", ""},
	{"yes\n\nOn Monday, November 23, 2026, ann via Help Desk wrote:\n\nwhy?\n", false, "yes",
	    "On Monday, November 23, 2026, ann via Help Desk wrote:\n\nwhy?", ""},
	{"да\n\nпонедельник, 23 ноября 2026 г. пользователь ann написал:\n\nпочему?\n", false, "да",
	    "понедельник, 23 ноября 2026 г. пользователь ann написал:\n\nпочему?", ""},
	/* below the name */
	{"It fails.\n\nRegards,\nAnn\n\nPS: the other job too, since Monday.\n", false,
	    "It fails.\n\nPS: the other job too, since Monday.", "", "Regards,\nAnn"},
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
	{"see\n\nOn 23.11.2026, 17:02, \"Ann Lee\" <ann@x.example> wrote:\n\nbroken\n", true,
	    "see\n\nOn 23.11.2026, 17:02, \"Ann Lee\" <ann@x.example> wrote:\n\nbroken", "", ""},
	{"побачте\n\n----- Перенаправлене повідомлення -----\nВід: Bob\n\nне працює\n", false,
	    "побачте\n\n----- Перенаправлене повідомлення -----\nВід: Bob\n\nне працює", "", ""},
	{"see\n\n---------- Forwarded message ---------\nFrom: Bob\n\nbroken\n> q\n", false,
	    "see\n\n---------- Forwarded message ---------\nFrom: Bob\n\nbroken\n> q", "", ""},
	{"Begin forwarded message:\n\n> From: Bob\n", false, "Begin forwarded message:\n\n> From: Bob", "", ""},
	/* signatures */
	{"hello\n-- \nAnn Lee\nAcme\n", false, "hello", "", "-- \nAnn Lee\nAcme"},
	{"hello\n--\nAnn Lee\n", false, "hello", "", "--\nAnn Lee"},
	{"失敗します。\n\n----------------\n山田 太郎\n株式会社サンプル\nTEL: 03-1234-5678\n----------------\n", false, "失敗します。", "",
	    "----------------\n山田 太郎\n株式会社サンプル\nTEL: 03-1234-5678\n----------------"},
	{"hello\n\n==========\nAnn Lee\nAcme\n+44 20 7946 0000\n==========\n", false, "hello", "",
	    "==========\nAnn Lee\nAcme\n+44 20 7946 0000\n=========="},
	{"States:\n==========\nProxy-01\nProxy-02\n==========\n", false, "States:\n==========\nProxy-01\nProxy-02\n==========", "", ""},
	{"hello\n--\nAnn Lee\nSupport: +44 20 7946 0000\n", false, "hello", "", "--\nAnn Lee\nSupport: +44 20 7946 0000"},
	{"hello\n\nGet [Outlook for iOS](https://aka.example/x)\n", false, "hello", "", "Get [Outlook for iOS](https://aka.example/x)"},
	{"[root@esx1:~] vmkfstools -i a.vmdk b.vmdk\n> Failed to clone disk\n", false,
	    "[root@esx1:~] vmkfstools -i a.vmdk b.vmdk\n> Failed to clone disk", "", ""},
	{"hello\n\nSent from my iPhone\n", false, "hello", "", "Sent from my iPhone"},
	{"hello\n\nFrån min Android-telefon\n", false, "hello", "", "Från min Android-telefon"},
	{"bonjour\n\nEnvoyé sans fil par mon terminal mobile BlackBerry sur le réseau d'Example Mobile.\n", false, "bonjour", "",
	    "Envoyé sans fil par mon terminal mobile BlackBerry sur le réseau d'Example Mobile."},
	{"привет\n\nСкачайте Outlook для iOS\n", false, "привет", "", "Скачайте Outlook для iOS"},
	{"It works again.\n-ann\n", false, "It works again.", "", "-ann"},
	{"Run it with.\n- Proxy\n", false, "Run it with.\n- Proxy", "", ""},
	{"The modes are:\n-fast\n", false, "The modes are:\n-fast", "", ""},
	{"Call me.\n\nAt your service,\n\nAnn Lee\nAcme Ltd\n", false, "Call me.", "", "At your service,\n\nAnn Lee\nAcme Ltd"},
	{"hello\n\nGet Outlook for Android\n\n" HEADER "\nwhy?\n", false, "hello", HEADER "\nwhy?", "Get Outlook for Android"},
	{"hello\n-- \nAnn\n> old\n", false, "hello", "> old", "-- \nAnn"},
	{"-- \nAnn\n", false, "", "", "-- \nAnn"},
	{"yes\n\nDisclaimer\n\nThe information contained in this communication is confidential. It is intended for the recipient alone.\n\n"
	 "This email has been scanned for viruses and malware, and may have been archived by Example Ltd, who sell services for mail, "
	 "and for much else besides that is of use to a business, as anybody may read who follows the link that stands here in brackets "
	 "(https://www.example.com/).\n-----------------\n", false, "yes", "",
	    "Disclaimer\n\nThe information contained in this communication is confidential. It is intended for the recipient alone.\n\n"
	    "This email has been scanned for viruses and malware, and may have been archived by Example Ltd, who sell services for mail, "
	    "and for much else besides that is of use to a business, as anybody may read who follows the link that stands here in brackets "
	    "(https://www.example.com/).\n-----------------"},
	{"CAUTION: This email originated from outside of Acme. Do not click links.\n\nThe proxy is down.\n", false, "The proxy is down.", "",
	    "CAUTION: This email originated from outside of Acme. Do not click links."},
	{"Warning: the external sender of the alarm is down.\n\nWhat now?\n", false,
	    "Warning: the external sender of the alarm is down.\n\nWhat now?", "", ""},
	{"yes\n> The repository is full and the copy job waits for hours on the proxy and\nnothing of the retention has been applied to it since then.\n"
	 "> Why?\n", false, "yes",
	    "> The repository is full and the copy job waits for hours on the proxy and\nnothing of the retention has been applied to it since then.\n"
	    "> Why?", ""},
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

/* ---- nothing is lost ---- */

struct str {
	const char *s;
	size_t n;
};

static int by_bytes(const void *a, const void *b)
{
	const struct str *x = a, *y = b;
	int c = memcmp(x->s, y->s, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

/* Adds the lines that are not blank; the new count. */
static size_t add_lines(struct str *list, size_t n, const char *s)
{
	while (*s != '\0') {
		size_t k = strcspn(s, "\n");

		if (strspn(s, " \t") < k)
			list[n++] = (struct str){s, k};
		s += k + (s[k] == '\n');
	}
	return n;
}

static void assert_same_lines(const char *full, bool forward)
{
	size_t cap = strlen(full) + 1, n = 0, m;
	struct str *want = malloc(cap * sizeof *want), *got = malloc(2 * cap * sizeof *got);
	struct buf out[3];

	assert_non_null(want);
	assert_non_null(got);
	split(full, forward, out);
	m = add_lines(want, 0, full);
	for (int k = 0; k < 3; k++)
		n = add_lines(got, n, buf_str(&out[k]));
	assert_int_equal(n, m);
	qsort(want, m, sizeof *want, by_bytes);
	qsort(got, n, sizeof *got, by_bytes);
	for (size_t i = 0; i < n; i++) {
		/* blanks at the end of a line may go, but for the separator's */
		while (want[i].n > 0 && want[i].s[want[i].n - 1] == ' ' && !(want[i].n == 3 && memcmp(want[i].s, "-- ", 3) == 0))
			want[i].n--;
		assert_int_equal(want[i].n, got[i].n);
		assert_memory_equal(want[i].s, got[i].s, got[i].n);
	}
	for (int k = 0; k < 3; k++)
		buf_free(&out[k]);
	free(want);
	free(got);
}

static void test_nothing_is_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_same_lines(cases[i].full, cases[i].forward);
}

/* Seeded texts of everything that a rule looks for, in any order. */
static void test_nothing_is_lost_of_anything(void **state)
{
	static const char *const pieces[] = {"hello you", "Hello,", "", "", "> q", ">> r", ">>> s", ">", "On Mon, Nov 23, 2026 at 5:02 PM Ann",
		"<ann@x.example> wrote:", "Am 23.11.2026 um 17:02 schrieb Ann Lee:", "-----Original Message-----", "From: a@x.example",
		"Sent: Monday, November 23, 2026 5:02 PM", "To: b@x.example", "Subject: x", "________________________________", "-- ", "--", "---",
		"Ann Lee", "+49 30 1234567", "Best regards,", "Thanks", "Sent from my iPhone", "```", "---------- Forwarded message ---------",
		"[07.07.2021 16:43:06] <01> Error x", "This e-mail is confidential and for the intended recipient only; delete the message.",
		"-Ann", "< old", "\xe2\x80\x94", "\xd0\xa1 \xd1\x83\xd0\xb2\xd0\xb0\xd0\xb6\xd0\xb5\xd0\xbd\xd0\xb8\xd0\xb5\xd0\xbc,", "Reply above this line"};
	uint32_t seed = 20261124;

	(void)state;
	for (int round = 0; round < 4000; round++) {
		char full[4096];
		size_t n = 0;

		for (unsigned i = 0, lines = (seed >> 8) % 30; i < lines; i++) {
			const char *p;

			seed = seed * 1664525u + 1013904223u;
			p = pieces[(seed >> 8) % (sizeof pieces / sizeof pieces[0])];
			memcpy(full + n, p, strlen(p));
			n += strlen(p);
			full[n++] = '\n';
		}
		full[n] = '\0';
		seed = seed * 1664525u + 1013904223u;
		assert_same_lines(full, (seed >> 16 & 1) != 0);
	}
}

/* 1 MB of the same line must not take seconds. */
static void test_linear(void **state)
{
	static const char *const lines[] = {">\n", "> q\n", "\n", "a\n", "On Mon, 23 Nov\n", "--\n", "-- \n",
		"From: a@x.example\n", "```\n", "Best regards,\n", "Ann Lee\n", "Sent from my iPhone\n", "< x\n> y\n",
		"Thanks\nAnn\n> q\n", "On a@b\n> q\n", "- \n> \n", "This e-mail is confidential\n",
		"On 2026-11-23 10:10, a@b\nwrote:\n>\n", "________________\n", "\xc2\xa0\n"};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		size_t k = strlen(lines[i]), n = (1u << 20) / k;
		char *full = malloc(n * k + 1);
		clock_t start = clock();
		struct buf out[3];

		assert_non_null(full);
		for (size_t j = 0; j < n; j++)
			memcpy(full + j * k, lines[i], k);
		full[n * k] = '\0';
		split(full, false, out);
		if (getenv("VG_SPEED") != NULL)
			print_message("%-24.20s %.3f s\n", lines[i], (double)(clock() - start) / CLOCKS_PER_SEC);
		if ((double)(clock() - start) / CLOCKS_PER_SEC > 10)
			fail_msg("%s took too long", lines[i]);
		for (int j = 0; j < 3; j++)
			buf_free(&out[j]);
		free(full);
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
		cmocka_unit_test(test_nothing_is_lost_of_anything),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_forward_subjects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
