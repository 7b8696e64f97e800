/*
 * test_fingerprint.c - groups of texts that are one error, and pairs that are two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fingerprint.h"

#define GROUP 6

static void print_of(char out[FINGERPRINT_HEX], const char *text)
{
	fingerprint(out, text, strlen(text), NULL, NULL);
}

static void test_same(void **state)
{
	static const char *const groups[][GROUP] = {
	    {"Operation was canceled by user HOST\\Administrator", "Operation was canceled by user OTHER\\svc-backup",
	        "operation was canceled by user admin@corp.example"},
	    {"Failed to connect to host esx01.lab.example (10.20.30.40:443).", "Failed to connect to host vc.corp.example (fe80::1:443).",
	        "Failed to connect to host ESX-PROD (192.0.2.7)"},
	    {"Cannot open file C:\\Backup\\Job 1\\vm.vbk for read", "Cannot open file \\\\nas01\\share\\a.vbk for read",
	        "Cannot open file D:\\x.vbk for read", "Cannot open file /mnt/backup/a.vbk for read"},
	    {"Session 9f6dd1fe-9ed2-4bb1-8a5c-1f4b8d1f6a10 has expired", "Session {00000000-0000-0000-0000-000000000000} has expired",
	        "Session 12 has expired"},
	    {"Processing 'SQL Server' failed at 16:43:06", "Processing \"Exchange\" failed at 03:00:59", "Processing [VM01] failed at 1:02:03"},
	    {"Job “Daily” was stopped", "Job 'Weekly long name, with comma' was stopped", "Job «x» was stopped"},
	    {"Read 0x7ff01234 bytes at 17", "Read 0xdeadbeef00 bytes at 99999", "Read 5 bytes at 6"},
	    {"Disk 1, 2, 3 failed", "Disk 7 failed"},
	    {"Unable to reach https://a.example/x?y=1", "Unable to reach http://b.example:8080/"},
	    /* amounts in any locale and unit */
	    {"Free space: 1,234.5 GB of 12 345 MB", "Free space: 1.234,5 GB of 12 TB", "Free space: 0 KB of 5.6 TB", "Free space: 12\xC2\xA0" "345 Bytes of 7 B",
	        "Free space: 7.5GB of 9"},
	    {"Timeout of 15 minutes at 24.11.2026 02:00:11", "Timeout of 1 hour at 2026-11-24T02:00:11+01:00", "Timeout of 30 sec at Nov 24, 2026 2:00 AM",
	        "Timeout of 30 s at 24. November 2026 02:00", "Timeout of 9 Tagen at 2026-11-24T02:00:11.123Z"},
	    /* names behind what says that one follows */
	    {"Host ACMEDC is unavailable", "Host acme-dc is unavailable", "Host dc.acme.example is unavailable", "Host 192.0.2.4 is unavailable",
	        "Host [Node A] is unavailable", "Host Kassel Nord is unavailable"},
	    {"Processing SQL01 Error: no snapshot", "Processing Exchange Server Error: no snapshot", "Processing 'Web 1' Error: no snapshot"},
	    {"Benutzer Schmidt ist gesperrt", "Benutzer ACME\\schmidt ist gesperrt", "Benutzer \u201EAnna Schmidt\u201C ist gesperrt",
	        "Benutzer \u00BBAnna Schmidt\u00AB ist gesperrt"},
	    {"Drive D: is full", "Drive E: is full"},
	    {"Cannot create Datacenter/vm/Prod folder", "Cannot create Lab/vm/Test folder", "Cannot create /Lab/vm/Test folder"},
	    {"Failed to open disk [[ds1] web/web.vmdk] (mode [true])", "Failed to open disk [[DS PROD 02] sql/sql_1.vmdk] (mode [false])"},
	    {"SID S-1-5-21-1004336348-1177238915-682003330-512 is unknown", "SID S-1-5-18 is unknown"},
	};
	char first[FINGERPRINT_HEX], other[FINGERPRINT_HEX], norm[512];

	(void)state;
	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++) {
		print_of(first, groups[g][0]);
		assert_int_equal(strlen(first), 32);
		for (size_t i = 1; i < GROUP && groups[g][i] != NULL; i++) {
			print_of(other, groups[g][i]);
			if (strcmp(first, other) != 0) {
				fingerprint_normalise(norm, sizeof(norm), groups[g][0], strlen(groups[g][0]));
				print_error("%s\n", norm);
				fingerprint_normalise(norm, sizeof(norm), groups[g][i], strlen(groups[g][i]));
				fail_msg("%s", norm);
			}
		}
	}
}

static void test_different(void **state)
{
	static const char *const pairs[][2] = {
	    {"Access is denied", "Access is granted"},
	    {"Failed to open disk", "Failed to close disk"},
	    {"VSS_E_WRITERERROR_TIMEOUT was reported", "VSS_E_WRITERERROR_RETRYABLE was reported"},
	    {"System.IO.IOException was thrown", "System.Net.WebException was thrown"},
	    {"host is unreachable", "host is full"},
	    {"I can't read the user's file", "I can't write the user's file"},
	    /* what is quoted may be the error itself */
	    {"Soap fault. Detail: 'connection was refused by peer'", "Soap fault. Detail: 'certificate is not valid'"},
	    {"Job failed [Access is denied]", "Job failed [The network path was not found]"},
	    {"Job failed \"Zugriff wurde verweigert\"", "Job failed \"Datei nicht gefunden, Fehler\""},
	    /* no names, though one might follow */
	    {"Internal Server Error", "Internal Server Timeout"}, {"Host: Connection refused", "Host: Permission denied"},
	    {"VM Tools are missing", "VM files are missing"}, {"The host is unreachable", "The host is overloaded"},
	    {"Repository read-only", "Repository non-existent"}, {"HTTP 401 Unauthorized", "HTTP 403 Forbidden"},
	    {"5 may fail", "5 will fail"}, {"an I/O error", "an R/W error"},
	};
	char a[FINGERPRINT_HEX], b[FINGERPRINT_HEX];

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		print_of(a, pairs[i][0]);
		print_of(b, pairs[i][1]);
		if (strcmp(a, b) == 0)
			fail_msg("%s = %s", pairs[i][0], pairs[i][1]);
	}
	/* Type and code are part of it, in any case and spacing. */
	fingerprint(a, "x failed", 8, "A.BException", "Code: 5");
	fingerprint(b, "x failed", 8, "A.BException", "code:5");
	assert_string_equal(a, b);
	fingerprint(b, "x failed", 8, "A.BException", "Code: 53");
	assert_string_not_equal(a, b);
	fingerprint(b, "x failed", 8, "A.CException", "Code: 5");
	assert_string_not_equal(a, b);
}

/* Nothing in the text may take it long or lead it astray. */
static void test_hostile(void **state)
{
	static const char *const units[] = {"'", "\"a", "[", "C:\\", "\\\\", "::", "a.", "x ", "“", "'a b", "://", "\xff"};
	char text[4000], norm[300];

	(void)state;
	for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
		size_t n = strlen(units[u]), len = 0;

		while (len + n <= sizeof(text)) {
			memcpy(text + len, units[u], n);
			len += n;
		}
		assert_true(fingerprint_normalise(norm, sizeof(norm), text, len) < sizeof(norm));
	}
	assert_int_equal(fingerprint_normalise(norm, 0, "x", 1), 0);
	assert_int_equal(fingerprint_normalise(norm, 1, "xyz", 3), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_different),
	    cmocka_unit_test(test_hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
