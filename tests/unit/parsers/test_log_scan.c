/*
 * test_log_scan.c - logs to errors: every form of line, every encoding, every split.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"
#include "log_line.h"
#include "log_scan.h"

static const struct error_where in_a1 = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1"};

/* A log, and severity|text|code|exception|component|time|count of its errors. */
static const struct {
	const char *log, *expect;
} forms[] = {
    /* service logs */
    {"[07.07.2021 16:43:06] <01> Error    [SimplePointGenerationPolicy] Operation was canceled by user HOST\\Administrator "
     "(Veeam.Backup.Common.CStopSessionException)\n",
        "error|Operation was canceled by user HOST\\Administrator|-|Veeam.Backup.Common.CStopSessionException|"
        "SimplePointGenerationPolicy|2021-07-07T16:43:06|1\n"},
    {"[24.03.2023 10:41:47.123]    <52>   Error (3)    [CApp] No scale-out repository extents are available\n",
        "error|No scale-out repository extents are available|-|-|CApp|2023-03-24T10:41:47.123|1\n"},
    {"[07.07.2021 16:43:06] <01> Info     [JobSession] 3 errors, Error: none\n", ""},
    {"[07.07.2021 16:43:06] <01> Debug    Error: x failed\n", ""},
    {"[07.07.2021 16:43:06] <01> Error\n", ""},
    {"[07.07.2021 16:43:06] <01> Error    ============\n", ""},
    {"[07.07.2021 16:43:06] <01> Warning  [Dns] Host not resolved\n", "warning|Host not resolved|-|-|Dns|2021-07-07T16:43:06|1\n"},
    /* the stack is left out, in whatever lines it comes */
    {"[07.07.2021 16:43:06] <01> Error    Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED)) "
     "(System.UnauthorizedAccessException)\n"
     "[07.07.2021 16:43:06] <01> Error       at System.Management.ThrowWithExtendedInfo(ManagementStatus errorCode)\n"
     "[07.07.2021 16:43:06] <01> Error       bei Veeam.Backup.X.Y(String s)\n"
     "   at Veeam.Backup.Core.Run()\n",
        "error|Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))|0x80070005|"
        "System.UnauthorizedAccessException|-|2021-07-07T16:43:06|1\n"},
    {"[07.07.2021 16:43:06] <01> Error    Failed to lock file   at Veeam.Backup.Core.Run(String x)   at A.B()\n",
        "error|Failed to lock file|-|-|-|2021-07-07T16:43:06|1\n"},
    {"[07.07.2021 16:43:06] <01> Error    The RPC server is unavailable\n"
     "[07.07.2021 16:43:06] <01> Error    System.Runtime.InteropServices.COMException: The RPC server is unavailable\n"
     "[07.07.2021 16:43:06] <01> Error       at A.B()\n",
        "error|The RPC server is unavailable|-|System.Runtime.InteropServices.COMException|-|2021-07-07T16:43:06|1\n"},
    /* continuation lines */
    {"[07.07.2021 16:43:06] <01> Error    Failed to truncate logs.\nDetails: timeout of writer\n\n"
     "[07.07.2021 16:43:07] <01> Info     next\nignored\n",
        "error|Failed to truncate logs. Details: timeout of writer|-|-|-|2021-07-07T16:43:06|1\n"},
    /* agents */
    {"[12.03.2023 03:11:25] < 15204> dsk| ERR |Failed to open disk.\n"
     "[12.03.2023 03:11:25] < 15204> dsk| >>  |VDDK error: 2 (One of the parameters was invalid)\n"
     "[12.03.2023 03:11:25] < 15204> dsk| >>  |--tr:Failed to open VMDK\n"
     "[12.03.2023 03:11:25] < 15204> dsk| >>  |An exception was thrown from thread [15204].\n",
        "error|Failed to open disk. VDDK error: 2 (One of the parameters was invalid)|VDDK error: 2|-|dsk|"
        "2023-03-12T03:11:25|1\n"},
    {"[12.03.2023 03:11:25] <1> cli | Failed to process command\n", "error|Failed to process command|-|-|cli|2023-03-12T03:11:25|1\n"},
    {"[12.03.2023 03:11:25] <1> cli | processed command\n", ""},
    {"[12.03.2023 03:11:25] <1> cli | >> |orphan\n", ""},
    /* others */
    {"12.03.2023 03:11:25.042 ERROR: share is offline\n", "error|share is offline|-|-|-|2023-03-12T03:11:25.042|1\n"},
    {"2024-03-02 02:00:06,120 [worker-3] ERROR RestoreSession - mailbox is locked\n",
        "error|RestoreSession - mailbox is locked|-|-|-|2024-03-02T02:00:06.120|1\n"},
    {"2024-03-02T02:00:06Z level=error msg=\"tape library is busy\"\n",
        "error|tape library is busy|-|-|-|2024-03-02T02:00:06Z|1\n"},
    {"2024-03-02T02:00:06.5+0100 host app[1]: Unable to mount volume\n",
        "error|Unable to mount volume|-|-|app|2024-03-02T02:00:06.5+01:00|1\n"},
    {"2024/03/02 02:00:06 [crit] 12#0: no space left\n", "error|12#0: no space left|-|-|-|2024-03-02T02:00:06|1\n"},
    {"Mar  2 02:00:07 host prog[5]: FATAL no licence\n", "error|no licence|-|-|prog|-|1\n"},
    {"2024-03-02 02:00:07 host error: x is gone\n", "error|x is gone|-|-|-|2024-03-02T02:00:07|1\n"},
    {"<11>1 2024-03-02T02:00:06Z host app 1 - - ERROR disk gone\n", "error|disk gone|-|-|app|2024-03-02T02:00:06Z|1\n"},
    {"7/25/2021 4:43:06 PM Error Failed to start\n", "error|Failed to start|-|-|-|2021-07-25T16:43:06|1\n"},
    {"25/07/2021 16:43:06 Error Failed to start\n", "error|Failed to start|-|-|-|2021-07-25T16:43:06|1\n"},
    {"07/08/2021 16:43:06 Error Failed to start\n", "error|Failed to start|-|-|-|-|1\n"},
    {"ERROR: cannot reach gateway\n", "error|cannot reach gateway|-|-|-|-|1\n"},
    {"[warning] low space\n", "warning|low space|-|-|-|-|1\n"},
    {"Errors were found in this text, and no log line\n", ""},
    {"2024-03-02 02:00:06 INFO retry after ERROR\n", ""},
    {"2024-03-02 02:00:06 the error budget is fine\n", ""},
    {"99.99.2021 16:43:06 Error bad date\n", ""},
    {"2024-03-02 02:00:06 WARN a\n2024-03-02 02:00:06 ERROR first\r\n2024-03-02 02:00:07 ERROR second",
        "error|first|-|-|-|2024-03-02T02:00:06|1\nerror|second|-|-|-|2024-03-02T02:00:07|1\n"},
    /* Windows-1252, and controls within */
    {"[07.07.2021 16:43:06] <01> Error    Ger\xe4t \x84nicht\x93 gefunden \x1b[31m\x01.\n",
        "error|Gerät „nicht“ gefunden [31m .|-|-|-|2021-07-07T16:43:06|1\n"},
    {"[07.07.2021 16:43:06] <01> Error    Datei f\xfcr Job fehlt\n", "error|Datei für Job fehlt|-|-|-|2021-07-07T16:43:06|1\n"},
};

static void test_line_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		char *got = help_scan(forms[i].log, strlen(forms[i].log), 0, NULL);

		if (strcmp(got, forms[i].expect) != 0)
			print_error("row %zu\n%s", i, forms[i].log);
		assert_string_equal(got, forms[i].expect);
		free(got);
	}
}

/* The result must not depend on how the bytes arrive. */
static void check_splits(const void *data, size_t len)
{
	char *whole = help_scan(data, len, 0, NULL);

	assert_true(strlen(whole) > 0);
	for (size_t step = 1; step <= 7; step++) {
		char *got = help_scan(data, len, step, NULL);

		assert_string_equal(got, whole);
		free(got);
	}
	for (size_t at = 0; at <= len; at++) {
		struct error_set *set = error_set_new();
		struct log_scanner *s = log_scanner_new(set, &in_a1, NULL);
		char *got;

		log_scanner_feed(s, data, at);
		log_scanner_feed(s, (const char *)data + at, len - at);
		log_scanner_end(s);
		got = help_errors(set);
		assert_string_equal(got, whole);
		free(got);
		log_scanner_free(&s);
		error_set_free(&set);
	}
	free(whole);
}

static size_t to_utf16(const char *s, size_t len, unsigned char *out, bool big, bool mark)
{
	size_t n = 0;

	if (mark) {
		out[n++] = big ? 0xFE : 0xFF;
		out[n++] = big ? 0xFF : 0xFE;
	}
	for (size_t i = 0; i < len; i++) {
		out[n + (big ? 1 : 0)] = (unsigned char)s[i];
		out[n + (big ? 0 : 1)] = 0;
		n += 2;
	}
	return n;
}

static void test_every_split(void **state)
{
	static const char *const files[] = {"tests/corpus/logs/Job.Backup_Job_1.log", "tests/corpus/logs/Agent.Job.Source.VM01.log",
	    "tests/corpus/logs/linux-agent.log"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t len, n;
		char *text = help_file(files[i], &len), *plain = help_scan(text, len, 0, NULL);
		unsigned char *wide = malloc(2 * len + 2);

		check_splits(text, len);
		for (int form = 0; form < 4; form++) {
			char *got;

			n = to_utf16(text, len, wide, form & 1, form & 2);
			got = help_scan(wide, n, 0, NULL);
			assert_string_equal(got, plain);
			free(got);
			if (i == 2)
				check_splits(wide, n);
		}
		free(wide);
		free(plain);
		free(text);
	}
}

static void test_utf16_beyond_ascii(void **state)
{
	/* U+00FC, U+1F4A5 as a pair, then a lone surrogate */
	static const char head[] = "2024-03-02 02:00:06 ERROR g";
	unsigned char wide[256];
	size_t n = to_utf16(head, strlen(head), wide, false, true);
	static const unsigned char tail[] = {0xFC, 0, 'n', 0, 0x3D, 0xD8, 0xA5, 0xDC, 0x3D, 0xD8, 'x', 0, '\n', 0, 'y'};
	char *got;

	(void)state;
	memcpy(wide + n, tail, sizeof(tail));
	got = help_scan(wide, n + sizeof(tail), 0, NULL);
	assert_string_equal(got, "error|g\xC3\xBCn\xF0\x9F\x92\xA5\xEF\xBF\xBDx|-|-|-|2024-03-02T02:00:06|1\n");
	free(got);
}

/* A line is cut at the bound, wherever blocks end, and the next one is whole again. */
static void test_long_line(void **state)
{
	static const char start[] = "2024-03-02 02:00:06 ERROR big ", next[] = "\r\n2024-03-02 02:00:07 ERROR after\r\n";
	size_t len = 3u << 20;
	char *text = malloc(len + 200), *got;

	(void)state;
	memcpy(text, start, strlen(start));
	memset(text + strlen(start), 'x', len);
	memcpy(text + strlen(start) + len, next, sizeof(next));
	for (size_t step = 0; step < 3; step++) {
		got = help_scan(text, strlen(start) + len + strlen(next), step * 4093, NULL);
		assert_non_null(strstr(got, "error|after|"));
		assert_true(strlen(got) < ERROR_TEXT_MAX + 200);
		free(got);
	}
	free(text);
}

static void test_facts(void **state)
{
	struct log_facts facts = {.product = ""};
	size_t len;
	char *text = help_file("tests/corpus/logs/Job.Backup_Job_1.log", &len), *got = help_scan(text, len, 0, &facts);
	static const char other[] = "Module: [C:\\x\\Veeam.Archiver.Service.exe]. File version: [8.0.0.1]\n";

	(void)state;
	free(got);
	free(text);
	assert_string_equal(facts.product, "Veeam Backup & Replication");
	assert_string_equal(facts.version, "11.0.0.837");
	assert_string_equal(facts.machine, "BACKUP01");
	/* The first found stays; another product's version is none of this one. */
	free(help_scan(other, strlen(other), 0, &facts));
	assert_string_equal(facts.version, "11.0.0.837");
}

static void test_looks_like(void **state)
{
	static const struct {
		const char *name, *head;
		size_t len; /* 0: strlen */
		bool log;
	} rows[] = {
	    {"Job.log", "anything at all", 0, true},
	    {"Job.log", "\x00\x01\x02\x03", 4, false},
	    {"Job.log", "", 0, false},
	    {"Job.log.1", "text", 0, true},
	    {"notes.txt", "Dear all,\nplease find attached\n", 0, false},
	    {"notes.txt", "[07.07.2021 16:43:06] <01> Info  x\n", 0, true},
	    {"data.csv", "2024-03-02 02:00:06,1\n2024-03-02 02:00:07,2\n", 0, false},
	    {"report.html", "<html>", 0, false},
	    {"messages", "Mar  2 02:00:07 h p: x\nMar  2 02:00:08 h p: y\n", 0, true},
	    {"messages", "Mar  2 02:00:07 h p: x\nnothing\n", 0, false},
	    {"wide.log", "\xFF\xFE[\0" "0\0" "7\0", 8, true},
	    {"noise.log", "\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f", 10, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (log_looks_like(rows[i].name, (const unsigned char *)rows[i].head,
		        rows[i].len > 0 ? rows[i].len : strlen(rows[i].head)) != rows[i].log)
			fail_msg("row %zu: %s", i, rows[i].name);
}

static void test_frames(void **state)
{
	static const char *const frames[] = {"   at A.B(C d)", "at Veeam.Backup.Core.X`1.Run()", "   bei A.B()", "--- End of inner ---",
	    "  at java.lang.Thread.run(Thread.java:1)", "==========", "Server stack trace:", "\t... 12 more",
	    "\tat java.base/java.io.FileInputStream.open0(Native Method)", "\tat java.base@17.0.1/java.lang.Thread.run(Thread.java:833)",
	    "\tat app//com.example.Main.run(Main.java:10)", "\tat com.example.Worker$$Lambda$14/0x0000000800066840.run(Unknown Source)"};
	static const char *const texts[] = {"in the folder/share.d (10 files)", "in /srv/backup/job.py(12)", "at least one disk failed", "at host.example (10.0.0.1)", "in total 5 errors", "bei uns"};

	(void)state;
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		if (!log_line_is_frame(frames[i], strlen(frames[i])))
			fail_msg("no frame: %s", frames[i]);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (log_line_is_frame(texts[i], strlen(texts[i])))
			fail_msg("frame: %s", texts[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_line_forms), cmocka_unit_test(test_every_split), cmocka_unit_test(test_utf16_beyond_ascii),
	    cmocka_unit_test(test_long_line), cmocka_unit_test(test_facts), cmocka_unit_test(test_looks_like),
	    cmocka_unit_test(test_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
