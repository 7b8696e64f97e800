/*
 * test_inspect.c - whole attachments to the contract's object, and files as the command-line tool gives them.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive_help.h"
#include "err.h"
#include "extract_help.h"
#include "inspect.h"
#include "logs_json.h"

static int make_inspector(void **state)
{
	*state = inspector_new();
	return *state == NULL;
}

static int drop_inspector(void **state)
{
	struct inspector *in = *state;

	inspector_free(&in);
	return 0;
}

static json_t *look(void **state, struct inspect_job *job, const char *name, const char *type, const void *data, size_t len)
{
	const struct inspect_attachment a = {.id = "a1", .name = name, .content_type = type, .disposition = "attachment"};
	struct source src;

	source_memory(&src, data, len);
	return inspect(*state, job, &a, &src);
}

static const char *text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static void test_log(void **state)
{
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	size_t len;
	char *log = help_file("tests/corpus/logs/Job.Backup_Job_1.log", &len);
	json_t *a = look(state, &job, "C:\\logs\\Job.log", "Text/PLAIN; charset=x", log, len);

	assert_string_equal(text_of(a, "name"), "Job.log");
	assert_string_equal(text_of(a, "kind"), "log");
	assert_string_equal(text_of(a, "content_type"), "text/plain");
	assert_string_equal(text_of(a, "detected_type"), "text/plain");
	assert_int_equal(json_integer_value(json_object_get(a, "size")), len);
	assert_int_equal(strlen(text_of(a, "blake2b")), 64);
	assert_int_equal(json_array_size(json_object_get(a, "problems")), 0);
	assert_true(job.logs);
	assert_string_equal(job.facts.version, "11.0.0.837");
	assert_int_equal(error_set_errors(set), 3);
	json_decref(a);
	free(log);
	error_set_free(&set);
}

static void test_bundle(void **state)
{
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	struct help_archive h;
	size_t len;
	char *log = help_file("tests/corpus/logs/Job.Backup_Job_1.log", &len), *entries;
	json_t *a, *list;

	help_open(&h, "zip", "none", NULL);
	help_add(&h, "Backup_Job_1/Job.log", log, len);
	help_add(&h, "shot.png", "\x89PNG\r\n\x1A\n", 8);
	help_add(&h, "empty.log", "", 0);
	help_close(&h);
	a = look(state, &job, "VeeamBackupLogs.zip", "application/zip", h.data, h.len);
	assert_string_equal(text_of(a, "kind"), "log-archive");
	assert_string_equal(text_of(a, "detected_type"), "application/zip");
	entries = json_dumps(json_object_get(a, "entries"), JSON_COMPACT);
	assert_string_equal(entries, "[{\"path\":\"Backup_Job_1/Job.log\",\"size\":1648,\"kind\":\"log\",\"log\":{\"product\":"
	                             "\"Veeam Backup & Replication\",\"version\":\"11.0.0.837\",\"machine\":\"BACKUP01\",\"os\":\"Microsoft "
	                             "Windows Server 2019 Standard (10.0.17763)\",\"job\":\"Backup Job 1\"}},{\"path\":\"shot.png\","
	                             "\"size\":8,\"kind\":\"screenshot\"},{\"path\":\"empty.log\",\"size\":0,\"kind\":\"log\"}]");
	free(entries);
	list = error_set_json(set);
	entries = json_dumps(json_object_get(json_array_get(list, 0), "source"), JSON_COMPACT);
	assert_string_equal(entries, "{\"kind\":\"attachment\",\"attachment\":\"a1\",\"path\":\"Backup_Job_1/Job.log\",\"line\":9}");
	free(entries);
	json_decref(list);
	json_decref(a);
	free(h.data);
	free(log);
	error_set_free(&set);
}

static void test_sealed_bundle(void **state)
{
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	struct help_archive h;
	json_t *a;

	help_open(&h, "zip", "none", "zip:encryption=aes256");
	help_add(&h, "Job.log", "ERROR: x\n", 9);
	help_close(&h);
	a = look(state, &job, "logs.zip", "application/zip", h.data, h.len);
	/* No log that could be read: not a log archive. */
	assert_string_equal(text_of(a, "kind"), "archive");
	assert_string_equal(json_string_value(json_array_get(json_object_get(a, "problems"), 0)), "encrypted");
	assert_false(job.logs);
	assert_int_equal(error_set_count(set), 0);
	json_decref(a);
	free(h.data);
	error_set_free(&set);
}

static void test_report(void **state)
{
	static const char html[] = "<html><head><style>td{}</style></head><body><b>Veeam Backup job: Daily</b><table>"
	    "<tr><td>Start time</td><td>End time</td><td>Data read</td><td>Transferred</td></tr></table>"
	    "<p>Error: Failed to create snapshot of the machine</p></body></html>";
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	json_t *a = look(state, &job, "", "text/html", html, strlen(html)), *list = error_set_json(set);

	assert_string_equal(text_of(a, "name"), "attachment.html");
	assert_string_equal(text_of(a, "kind"), "report");
	assert_int_equal(json_array_size(list), 1);
	assert_string_equal(text_of(json_array_get(list, 0), "text"), "Failed to create snapshot of the machine");
	assert_string_equal(text_of(json_object_get(json_array_get(list, 0), "source"), "kind"), "report");
	job_reports_free(&job.reports);
	json_decref(list);
	json_decref(a);
	error_set_free(&set);
}

static void test_name(void **state)
{
	static const struct {
		const char *name, *type, *expect;
	} rows[] = {{"../../etc/passwd", "", "passwd"}, {"C:\\a\\b.log", "", "b.log"}, {"", "image/png", "attachment.png"},
	    {"..", "message/rfc822", "message.eml"}, {"a/", "application/x", "attachment.bin"}, {" x\ny.log ", "", "x y.log"},
	    {"caf\xE9.log", "", "café.log"}, {"a\xE2\x80\xAEgpj.exe", "", "agpj.exe"}};
	char out[256], name[600];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		inspect_name(out, sizeof(out), rows[i].name, rows[i].type);
		assert_string_equal(out, rows[i].expect);
	}
	memset(name, 'n', sizeof(name));
	memcpy(name + 590, ".log.gz", 8);
	inspect_name(out, sizeof(out), name, "");
	assert_int_equal(strlen(out), 200);
	assert_string_equal(out + 197, ".gz");
	inspect_name(out, 8, name, "");
	assert_int_equal(strlen(out), 7);
}

/* A source that breaks off, and one that cannot seek. */
static ssize_t broken_read(struct source *s, const void **block)
{
	(void)s;
	(void)block;
	return VG_ERR_SYSTEM;
}

static void test_broken_source(void **state)
{
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	const struct inspect_attachment a = {.id = "a1", .name = "x.log", .content_type = "", .disposition = "inline"};
	struct source src;
	json_t *o;

	source_memory(&src, "x", 1);
	src.read = broken_read;
	o = inspect(*state, &job, &a, &src);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "problems"), 0)), "unreadable");
	json_decref(o);
	source_memory(&src, "x", 1);
	src.seek = NULL;
	o = inspect(*state, &job, &a, &src);
	assert_string_equal(json_string_value(json_array_get(json_object_get(o, "problems"), 0)), "unreadable");
	json_decref(o);
	error_set_free(&set);
}

static void test_files(void **state)
{
	static const char *const names[] = {"tests/corpus/logs/Job.Backup_Job_1.log", "tests/corpus/logs/Agent.Job.Source.VM01.log"};
	struct source src[2];
	struct logs_file files[2];
	json_t *o;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(source_fd(&src[i], open(names[i], O_RDONLY)), VG_OK);
		files[i] = (struct logs_file){names[i], &src[i]};
	}
	o = logs_parse(files, 2);
	assert_int_equal(json_array_size(json_object_get(o, "attachments")), 2);
	assert_string_equal(text_of(json_array_get(json_object_get(o, "attachments"), 1), "id"), "a2");
	assert_true(json_array_size(json_object_get(o, "errors")) >= 5);
	json_decref(o);
	for (int i = 0; i < 2; i++) {
		close(src[i].fd);
		source_close(&src[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_log), cmocka_unit_test(test_bundle), cmocka_unit_test(test_sealed_bundle),
	    cmocka_unit_test(test_report), cmocka_unit_test(test_name), cmocka_unit_test(test_broken_source),
	    cmocka_unit_test(test_files)};

	return cmocka_run_group_tests(tests, make_inspector, drop_inspector);
}
