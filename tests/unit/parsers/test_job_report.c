/*
 * test_job_report.c - job reports as the product writes them and as mail clients hand them on; what only looks like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"
#include "job_report.h"
#include "job_report_value.h"
#include "kb_articles.h"

#define HEADS "Name | Status | Start time | End time | Size | Read | Transferred | Duration | Details\n"
#define SESSION \
	"Success | 2 | Start time | 10:00:12 PM | Total size | 1.2 TB | Backup size | 12.3 GB\n" \
	"Warning | 0 | End time | 10:32:44 PM | Data read | 100 GB | Dedupe | 1.3x\n" \
	"Error | 1 | Duration | 0:32:32 | Transferred | 1 GB | Compression | 2.0x\n" \
	"Details\n"
#define DAY "Tuesday, November 24, 2026 10:00:12 PM\n"

static void put(char *out, size_t cap, const json_t *o, const char *const *keys)
{
	for (; *keys != NULL; keys++) {
		const json_t *v = json_object_get(o, *keys);
		size_t n = strlen(out);

		if (json_is_integer(v))
			snprintf(out + n, cap - n, "%lld|", (long long)json_integer_value(v));
		else
			snprintf(out + n, cap - n, "%s|", help_or_dash(v));
	}
}

static void put_messages(char *out, size_t cap, const json_t *o)
{
	size_t i;
	json_t *m;

	json_array_foreach(json_object_get(o, "messages"), i, m)
		snprintf(out + strlen(out), cap - strlen(out), " {%s}", json_string_value(m));
	snprintf(out + strlen(out), cap - strlen(out), "\n");
}

/* A line for each report, for each of its objects, for each finding, and what is left of the text. To free. */
static char *read_reports(const char *text)
{
	static const char *const session[] = {"type", "job", "status", "processed", "total", "started_at", "ended_at", "duration",
	    "size", "backup_size", "read", "transferred", "dedupe", "compression", NULL};
	static const char *const object[] = {"name", "status", "started_at", "ended_at", "duration", "size", "read", "transferred",
	    NULL};
	const struct error_where where = {.kind = ORIGIN_BODY};
	struct error_set *set = error_set_new();
	struct job_reports r = JOB_REPORTS_INIT(set, NULL);
	size_t cap = 1u << 20, i, k;
	char *out = calloc(1, cap), *copy = strdup(text);
	json_t *o, *j, *errors;

	assert_int_equal(job_reports_scan(&r, copy, strlen(copy), &where), 0);
	json_array_foreach(r.list, i, o) {
		put(out, cap, o, session);
		put_messages(out, cap, o);
		json_array_foreach(json_object_get(o, "objects"), k, j) {
			snprintf(out + strlen(out), cap - strlen(out), "- ");
			put(out, cap, j, object);
			put_messages(out, cap, j);
		}
	}
	errors = error_set_json(set);
	json_array_foreach(errors, i, o)
		snprintf(out + strlen(out), cap - strlen(out), "! %s|%s|%s|%lld\n", help_or_dash(json_object_get(o, "severity")),
		    help_or_dash(json_object_get(o, "text")), help_or_dash(json_object_get(json_object_get(o, "source"), "object")),
		    (long long)json_integer_value(json_object_get(json_object_get(o, "source"), "line")));
	for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n"))
		if (strspn(line, " ") < strlen(line))
			snprintf(out + strlen(out), cap - strlen(out), "= %s\n", line);
	json_decref(errors);
	job_reports_free(&r);
	error_set_free(&set);
	free(copy);
	return out;
}

struct row {
	const char *text, *expect;
};

static void check(const struct row *rows, size_t n)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		char *got = read_reports(rows[i].text);

		if (strcmp(got, rows[i].expect) != 0)
			print_error("row %zu: %.200s\nexpected:\n%s\ngot:\n%s\n", i, rows[i].text, rows[i].expect, got);
		bad += strcmp(got, rows[i].expect) != 0;
		free(got);
	}
	assert_int_equal(bad, 0);
}

#define DAILY "2026-11-24T22:00:12|2026-11-24T22:32:44|0:32:32|1.2 TB|12.3 GB|100 GB|1 GB|1.3x|2.0x|\n"

static void test_html_rows(void **state)
{
	static const struct row rows[] = {
	    {"Backup job: Daily VMs (Retry 1)\nCreated by HOST\\admin at 8/12/2025 9:36 AM. | Error\n2 of 3 VMs processed\n" DAY SESSION HEADS
	     "VM01 | Success | 10:00:35 PM | 10:05:35 PM | 100 GB | 1 GB | 0.5 GB | 0:05:00\n"
	     "VM 02 | Failed | 10:01:00 PM | 10:05:00 PM | 40 GB | 0 B | 0 B | 0:04:00 | Error: Failed to open VDDK disk [[ds1] a/a.vmdk]\n"
	     "Failed to open disk for read.\nAgent failed to process method {DataTransfer.SyncDisk}.\n\n"
	     "Veeam Backup & Replication 12.1.2.172\n\nRegards\nAnn\n",
	        "Backup|Daily VMs|failed|2|3|" DAILY
	        "- VM01|success|2026-11-24T22:00:35|2026-11-24T22:05:35|0:05:00|100 GB|1 GB|0.5 GB|\n"
	        "- VM 02|failed|2026-11-24T22:01:00|2026-11-24T22:05:00|0:04:00|40 GB|0 B|0 B| {Failed to open VDDK disk [[ds1] a/a.vmdk] "
	        "Failed to open disk for read. Agent failed to process method {DataTransfer.SyncDisk}.}\n"
	        "! error|Failed to open VDDK disk [[ds1] a/a.vmdk] Failed to open disk for read. Agent failed to process method "
	        "{DataTransfer.SyncDisk}.|VM 02|11\n= Regards\n= Ann\n"},
	    /* Warnings: each sentence of a cell without labels is one. */
	    {"Backup Copy job: Copy A\nWarning\n" DAY SESSION HEADS
	     "sql | Warning | 10:00:35 PM | 10:05:35 PM | 1 GB | 0 B | 0 B | 0:05:00 | Failed to truncate transaction logs.\n"
	     "Failed to index guest file system.\n",
	        "Backup Copy|Copy A|warning|-|-|" DAILY
	        "- sql|warning|2026-11-24T22:00:35|2026-11-24T22:05:35|0:05:00|1 GB|0 B|0 B| {Failed to truncate transaction logs.} "
	        "{Failed to index guest file system.}\n! warning|Failed to truncate transaction logs.|sql|9\n"
	        "! warning|Failed to index guest file system.|sql|10\n"},
	    /* The job itself failed; no object was begun. */
	    {"Backup job: Weekly | Error\n0 of 4 VMs processed\n" DAY
	     "Success | 0 | Start time | 10:00:12 PM | Total size | 0 B | Backup size | 0 B | Job has failed. Error: No proxy is available\n"
	     "Warning | 0 | End time | 10:00:20 PM | Data read | 0 B | Dedupe | 1.0x\n"
	     "Error | 0 | Duration | 0:00:08 | Transferred | 0 B | Compression | 1.0x\n",
	        "Backup|Weekly|failed|0|4|2026-11-24T22:00:12|2026-11-24T22:00:20|0:00:08|0 B|0 B|0 B|0 B|1.0x|1.0x| "
	        "{Job has failed. Error: No proxy is available}\n! error|No proxy is available|-|4\n"},
	    /* Two reports in one mail; midnight lies between start and end. */
	    {"Replication job: R1\nSuccess\nTuesday, November 24, 2026 11:50:00 PM\nStart time | 11:50:00 PM | Total size | 1 GB\n"
	     "End time | 12:10:00 AM | Data read | 1 GB\nSureBackup job: S1\nFailed\n24.11.2026 23:00:00\n"
	     "Start time | 23:00:00\nEnd time | 23:10:00\nDuration | 0:10:00\nName | Status | Start time | End time | Details\n"
	     "dc | Failed | 23:01:00 | 23:02:00 | Error: Results: [Ping] test failed\n",
	        "Replication|R1|success|-|-|2026-11-24T23:50:00|2026-11-25T00:10:00|-|1 GB|-|1 GB|-|-|-|\n"
	        "SureBackup|S1|failed|-|-|2026-11-24T23:00:00|2026-11-24T23:10:00|0:10:00|-|-|-|-|-|-|\n"
	        "- dc|failed|2026-11-24T23:01:00|2026-11-24T23:02:00|-|-|-|-| {Results: [Ping] test failed}\n"
	        "! error|Results: [Ping] test failed|dc|13\n"},
	    /* Labels that are not known, and remarks behind values. */
	    {"File Backup job: Shares\nWarning\n23 November 2026 21:00:00\n"
	     "Warning | 1 | Start time | 21:00:00 | Source size | 1.2 TB (1,234 files) | New thing | 12 GB\n"
	     "Error | 0 | End time | 21:30:00 | Data read | 3 GB | Files processed | 1234\n"
	     "Name | Status | Start time | Size | Read | Details\n"
	     "\\\\nas\\share one | Warning | 21:00:05 | 1.2 TB (1,234 files) | 3 GB | 3 files were skipped\n",
	        "File Backup|Shares|warning|-|-|2026-11-23T21:00:00|2026-11-23T21:30:00|-|1.2 TB|-|3 GB|-|-|-|\n"
	        "- \\\\nas\\share one|warning|2026-11-23T21:00:05|-|-|1.2 TB|3 GB|-| {3 files were skipped}\n"
	        "! warning|3 files were skipped|\\\\nas\\share one|7\n"},
	    /* Only the table was pasted. */
	    {"This is what we see:\n" HEADS "srv | Failed | 1:00:00 AM | 1:02:00 AM | 1 GB | 0 B | 0 B | 0:02:00 | Error: Access is denied\n\n"
	     "What now?\n",
	        "-|-|-|-|-|-|-|-|-|-|-|-|-|-|\n- srv|failed|1:00:00 AM|1:02:00 AM|0:02:00|1 GB|0 B|0 B| {Access is denied}\n"
	        "! error|Access is denied|srv|3\n= This is what we see:\n= What now?\n"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

static void test_clients(void **state)
{
	static const struct row rows[] = {
	    /* One cell a line, in bold marks. */
	    {"*Backup job: Daily*\n*Failed*\n1 of 2 VMs processed\nDienstag, 24. November 2026 22:00:12\n*Success*\n1\n*Start time*\n22:00:12\n"
	     "*Total size*\n1,2 TB\n*Warning*\n0\n*End time*\n22:32:44\n*Error*\n1\n*Duration*\n0:32:32\nDetails\n*Name*\n*Status*\n"
	     "*Start time*\n*End time*\n*Size*\n*Duration*\n*Details*\nVM01\nSuccess\n22:00:35\n22:05:35\n100,0 GB\n0:05:00\ndc 02\nFailed\n"
	     "22:00:40\n22:05:35\n90,0 GB\n0:04:55\nError: Cannot connect to host [esx1]\nAccess is denied.\n\nVeeam Backup & Replication 12\n",
	        "Backup|Daily|failed|1|2|2026-11-24T22:00:12|2026-11-24T22:32:44|0:32:32|1,2 TB|-|-|-|-|-|\n"
	        "- VM01|success|2026-11-24T22:00:35|2026-11-24T22:05:35|0:05:00|100,0 GB|-|-|\n"
	        "- dc 02|failed|2026-11-24T22:00:40|2026-11-24T22:05:35|0:04:55|90,0 GB|-|-| {Cannot connect to host [esx1] Access is denied.}\n"
	        "! error|Cannot connect to host [esx1] Access is denied.|dc 02|39\n"},
	    /* Cells parted by single blanks. */
	    {"Backup job: Copy to DC2\nCreated by H\\a at 24.11.2025 09:36. Warning\n24 November 2026 01:00:12\n"
	     "Success 1 Start time 01:00:12 Total size 1.2 TB Backup size 12.3 GB\nWarning 1 End time 01:32:44 Data read 100 GB Dedupe 1.3x\n"
	     "Error 0 Duration 0:32:32 Transferred 1 GB Compression 2.0x\nDetails\n"
	     "Name Status Start time End time Size Read Transferred Duration Details\n"
	     "web 01 Success 01:00:35 01:05:35 100 GB 0 B 0 B 0:05:00\n"
	     "sql-01 Warning 01:00:35 01:05:35 100 GB 0 B 0 B 0:05:00 Guest credentials are wrong\n",
	        "Backup|Copy to DC2|warning|-|-|2026-11-24T01:00:12|2026-11-24T01:32:44|0:32:32|1.2 TB|12.3 GB|100 GB|1 GB|1.3x|2.0x|\n"
	        "- web 01|success|2026-11-24T01:00:35|2026-11-24T01:05:35|0:05:00|100 GB|0 B|0 B|\n"
	        "- sql-01|warning|2026-11-24T01:00:35|2026-11-24T01:05:35|0:05:00|100 GB|0 B|0 B| {Guest credentials are wrong}\n"
	        "! warning|Guest credentials are wrong|sql-01|10\n"},
	    /* Tabs, quoted. */
	    {"> Agent Backup job: Srv\n> Success\t0\tStart time\t11:50:12 PM\tTotal size\t40 GB\n> Error\t1\tEnd time\t11:52:44 PM\n"
	     "> Name\tStatus\tStart time\tEnd time\tSize\tDetails\n> srv1\tFailed\t11:51:00 PM\t11:52:40 PM\t40 GB\tError: No space\n",
	        "Agent Backup|Srv|failed|-|-|11:50:12 PM|11:52:44 PM|-|40 GB|-|-|-|-|-|\n"
	        "- srv1|failed|11:51:00 PM|11:52:40 PM|-|40 GB|-|-| {No space}\n! error|No space|srv1|5\n"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

static void test_alarms(void **state)
{
	static const struct row rows[] = {
	    {"Veeam ONE\nError\nAlarm: Backup job state\nTime: 11/24/2026 10:32:44 PM\nObject: Daily VMs\nObject type: Backup job\nDetails:\n"
	     "Job \"Daily VMs\" has failed.\nError: Cannot get service content.\n\nKnowledge:\nSee the job.\n\nRegards, Ann\n",
	        "Alarm: Backup job state|-|failed|-|-|2026-11-24T22:32:44|-|-|-|-|-|-|-|-|\n"
	        "- Daily VMs|failed|2026-11-24T22:32:44|-|-|-|-|-| {Job \"Daily VMs\" has failed.} {Cannot get service content.}\n"
	        "! error|Cannot get service content.|Daily VMs|9\n! error|Job \"Daily VMs\" has failed.|Daily VMs|8\n"
	        "= Veeam ONE\n= Error\n= Regards, Ann\n"},
	    {"Alarm name | Job state\nStatus | Warning\nCompany | Acme\nObject | SRV\nTime | 24.11.2026 22:31\nDetails | Low free space\n",
	        "Alarm: Job state|-|warning|-|-|2026-11-24T22:31:00|-|-|-|-|-|-|-|-|\n"
	        "- SRV|warning|2026-11-24T22:31:00|-|-|-|-|-| {Low free space}\n! warning|Low free space|SRV|6\n"},
	    {"Alarm: Agent state\nStatus: Resolved\nObject: SRV\nTime: 22:31\nDescription: The agent is back\n",
	        "Alarm: Agent state|-|success|-|-|22:31|-|-|-|-|-|-|-|-|\n- SRV|success|22:31|-|-|-|-|-| {The agent is back}\n"},
	    {"The alarm: it rang at night.\nStatus: open\nObject: none\n",
	        "= The alarm: it rang at night.\n= Status: open\n= Object: none\n"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* What looks like the beginning of a report, and is none: everything stays in the text. */
static void test_none(void **state)
{
	static const char *const texts[] = {
	    "Backup job: Daily\nVersion: 12.1\nThe job fails since Monday.\n",
	    "The backup job: it does not start.\nStart time is at 10 PM.\n",
	    "Job: Backup Job 1\nSeverity: 2\n",
	    "Name and status of the machine are unknown.\nDuration is long.\n",
	    "Success of the project depends on it.\nError 5 times a day.\nWarning signs everywhere.\n",
	    "Name\nAnn\nStatus\nDirector\n",
	    "Backup job: Daily\n\n\nHello\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\nStart time: 22:00\nEnd time: 23:00\nDuration: 1:00\n",
	    "",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		char *got = read_reports(texts[i]);

		for (char *line = strtok(got, "\n"); line != NULL; line = strtok(NULL, "\n"))
			if (line[0] != '=')
				fail_msg("%s: %s", texts[i], line);
		free(got);
	}
}

static void test_titles(void **state)
{
	static const struct {
		const char *text, *type, *name;
	} rows[] = {
	    {"Backup job: Daily VMs", "Backup", "Daily VMs"},
	    {"Backup Copy job: A \\ B (Incremental)", "Backup Copy", "A \\ B"},
	    {"Backup to tape job: LTO (Full)", "Backup to tape", "LTO"},
	    {"Backup job: X (Retry 2)Created by H\\a at 25/05/2016 22:51.", "Backup", "X"},
	    {"Backup job: Prod (DMZ)", "Backup", "Prod (DMZ)"},
	    {"Agent Backup policy: Laptops", "Agent Backup", "Laptops"},
	    {"Configuration Backup for VBR01", "Configuration Backup", "VBR01"},
	    {"Scale-out Backup Repository: SOBR 1", "Scale-out Backup Repository", "SOBR 1"},
	    {"Job: Daily", NULL, NULL}, {"backup job: Daily", NULL, NULL}, {"Backup job:", NULL, NULL},
	    {"The backup, which is a job: it fails", NULL, NULL}, {"", NULL, NULL},
	    {"We have seen that this very long sentence ends with a backup job: really", NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *type, *name;
		size_t type_len = 0, name_len = 0;
		bool got = job_title(rows[i].text, strlen(rows[i].text), &type, &type_len, &name, &name_len);

		if (got != (rows[i].type != NULL))
			fail_msg("%s", rows[i].text);
		if (got && (type_len != strlen(rows[i].type) || memcmp(type, rows[i].type, type_len) != 0 ||
		    name_len != strlen(rows[i].name) || memcmp(name, rows[i].name, name_len) != 0))
			fail_msg("%s: '%.*s' '%.*s'", rows[i].text, (int)type_len, type, (int)name_len, name);
	}
}

static void test_subjects(void **state)
{
	static const struct {
		const char *text, *job;
	} rows[] = {
	    {"[Failed] Daily VMs (3 VMs) 1 failed, 1 warning", "Daily VMs"}, {"FW: [Warning] A (DMZ) (2 machines)", "A (DMZ)"},
	    {"WG: [Success] Nightly (1 VMs)", "Nightly"}, {"[Failed] nothing counted", ""}, {"[Failed] (3 VMs)", ""},
	    {"Daily VMs (3 VMs)", ""}, {"[#123] Daily (3 VMs)", ""}, {"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const char *name = "";
		size_t len = 0;
		bool got = job_subject(rows[i].text, strlen(rows[i].text), &name, &len);

		if (got != (rows[i].job[0] != '\0') || (got && (len != strlen(rows[i].job) || memcmp(name, rows[i].job, len) != 0)))
			fail_msg("%s: '%.*s'", rows[i].text, (int)len, name);
	}
}

static void test_articles(void **state)
{
	static const struct {
		const char *text, *line;
	} rows[] = {
	    {"We tried kb1234 and https://www.veeam.com/kb2345.", "kb1234, kb2345"}, {"KB 1999, KB-1999, KB#1999 and kb1999", "kb1999"},
	    {"KB article 4245 helped; so did KB5034439 (Windows)", "kb4245, kb5034439"}, {"512 KB 1024 and 4KB 2048, kb12, kb12345", ""},
	    {"512 KB1024 free", "kb1024"}, {"akb1234 kb1234a kb1234.5", ""}, {"kb", ""}, {"", ""}, {"(see KB1234)", "kb1234"},
	    {"kb1001 kb1002 kb1003 kb1004 kb1005 kb1006 kb1007 kb1008 kb1009 kb1010 kb1011",
	        "kb1001, kb1002, kb1003, kb1004, kb1005, kb1006, kb1007, kb1008, kb1009, kb1010"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char line[KB_LINE_MAX] = "";

		kb_articles_find(line, rows[i].text, strlen(rows[i].text));
		assert_string_equal(line, rows[i].line);
	}
}

static void test_values(void **state)
{
	static const struct {
		enum job_value v;
		const char *text;
		size_t taken;
	} rows[] = {
	    {JOB_START, "10:00:12 PM", 11}, {JOB_START, "22:00", 5}, {JOB_START, "22.00.12", 8}, {JOB_START, "22.00", 0},
	    {JOB_START, "24.11.2026 22:00:12", 19}, {JOB_START, "11/24/2026 10:00:12 PM rest", 22}, {JOB_START, "25:00", 0},
	    {JOB_START, "13:00 PM", 0}, {JOB_START, "", 0}, {JOB_START, "2 GB", 0}, {JOB_END, "9:05:00 a.m.", 12},
	    {JOB_DURATION, "0:32:32", 7}, {JOB_DURATION, "1.02:03:04", 10}, {JOB_DURATION, "00:32", 5}, {JOB_DURATION, "32", 0},
	    {JOB_DURATION, "123:00:00", 9}, {JOB_DURATION, "0:32:32x", 0},
	    {JOB_TOTAL_SIZE, "1.2 TB", 6}, {JOB_TOTAL_SIZE, "1,2\xc2\xa0TB", 7}, {JOB_TOTAL_SIZE, "0 B 0 B", 3}, {JOB_TOTAL_SIZE, "512", 0},
	    {JOB_TOTAL_SIZE, "5 Bytes", 7}, {JOB_TOTAL_SIZE, "5 Boxes", 0}, {JOB_TOTAL_SIZE, "1.234,5 MB", 10},
	    {JOB_DEDUPE, "1.3x", 4}, {JOB_DEDUPE, "1,3 x", 3}, {JOB_DEDUPE, "2", 1}, {JOB_DEDUPE, "xx", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		size_t got = job_value(rows[i].text, strlen(rows[i].text), rows[i].v);

		if (got != rows[i].taken)
			fail_msg("%s: %zu", rows[i].text, got);
	}
}

static void test_days(void **state)
{
	static const struct {
		const char *text;
		int year, month, day, seconds;
	} rows[] = {
	    {"Tuesday, November 24, 2026 10:00:12 PM", 2026, 11, 24, 79212}, {"Dienstag, 24. November 2026 22:00:12", 2026, 11, 24, 79212},
	    {"mardi 24 novembre 2026 22:00:12", 2026, 11, 24, 79212}, {"martes, 3 de marzo de 2026 1:00:00", 2026, 3, 3, 3600},
	    {"вторник, 24 ноября 2026 г. 22:00:12", 2026, 11, 24, 79212}, {"2026年11月24日 22:00:12", 2026, 11, 24, 79212},
	    {"24.11.2026 22:00:12", 2026, 11, 24, 79212}, {"2026-11-24 22:00:12", 2026, 11, 24, 79212},
	    {"11/24/2026 10:00:12 PM", 2026, 11, 24, 79212}, {"Samstag, 1. März 2025 00:00:01", 2025, 3, 1, 1},
	    {"24.11.2026 22:31", 2026, 11, 24, 81060}, {"11/24/2026 10:31 PM", 2026, 11, 24, 81060},
	    {"10:00:12 PM", 0, 0, 0, 0}, {"3 of 5 VMs processed", 0, 0, 0, 0}, {"November 2026", 0, 0, 0, 0}, {"", 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct job_day d = {0, 0, 0};
		int seconds = 0;
		bool got = job_day(rows[i].text, strlen(rows[i].text), &d, &seconds);

		if (got != (rows[i].year > 0) || d.year != rows[i].year || d.month != rows[i].month || d.day != rows[i].day ||
		    (got && seconds != rows[i].seconds))
			fail_msg("%s: %d-%d-%d %d", rows[i].text, d.year, d.month, d.day, seconds);
	}
}

/* Hostile: bounded results, and no more than linear work (a run of minutes would be noticed). */
static void test_bounds(void **state)
{
	const struct error_where where = {.kind = ORIGIN_BODY};
	struct error_set *set = error_set_new();
	struct job_reports r = JOB_REPORTS_INIT(set, NULL);
	size_t cap = 10u << 20, n = 0, objects = 0, i;
	char *text = malloc(cap);
	json_t *o;

	(void)state;
	while (n + 200 < cap)
		n += (size_t)snprintf(text + n, cap - n, "Backup job: J%zu\n" HEADS "v | Failed | 1:00:00 | Error: x\n", n);
	assert_int_equal(job_reports_scan(&r, text, n, &where), 0);
	assert_int_equal(json_array_size(r.list), JOB_REPORTS_MAX);
	job_reports_free(&r);
	for (n = 0; n + 300 < cap;)
		n += n == 0 ? (size_t)snprintf(text, cap, "Backup job: J\n" DAY SESSION HEADS) :
		    (size_t)snprintf(text + n, cap - n, "v%zu | Failed | 1:00:00 | Error: y\nmore\n", n);
	r = (struct job_reports)JOB_REPORTS_INIT(set, NULL);
	assert_int_equal(job_reports_scan(&r, text, n, &where), 0);
	json_array_foreach(r.list, i, o)
		objects += json_array_size(json_object_get(o, "objects"));
	assert_int_equal(objects, JOB_OBJECTS_MAX);
	job_reports_free(&r);
	/* Long messages: the text of all of them is bounded. */
	for (n = (size_t)snprintf(text, cap, "Backup job: J\n" DAY SESSION HEADS); n + 4000 < cap;) {
		n += (size_t)snprintf(text + n, cap - n, "v%zu | Failed | 1:00:00 | Error: ", n);
		memset(text + n, 'x', 1990);
		n += 1990;
		text[n++] = '\n';
	}
	r = (struct job_reports)JOB_REPORTS_INIT(set, NULL);
	assert_int_equal(job_reports_scan(&r, text, n, &where), 0);
	assert_true(r.bytes >= JOB_TEXT_MAX && r.bytes < JOB_TEXT_MAX + 4000);
	job_reports_free(&r);
	memset(text, '|', cap);
	r = (struct job_reports)JOB_REPORTS_INIT(set, NULL);
	assert_int_equal(job_reports_scan(&r, text, cap, &where), 0);
	assert_null(r.list);
	free(text);
	error_set_free(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_html_rows), cmocka_unit_test(test_clients),
	    cmocka_unit_test(test_alarms), cmocka_unit_test(test_none),
	    cmocka_unit_test(test_titles), cmocka_unit_test(test_values),
	    cmocka_unit_test(test_subjects), cmocka_unit_test(test_articles), cmocka_unit_test(test_days), cmocka_unit_test(test_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
