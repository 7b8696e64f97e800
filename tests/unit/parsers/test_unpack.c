/*
 * test_unpack.c - winmail.dat, .msg and mails in files: text, attachments and messages inside, in the order they have, and taken
 * out again by their paths. The files are seeds of the fuzz harnesses.
 */
#include "message_help.h"
#include "mapi.h"
#include "unpack_help.h"

#define LOG_LINE "[24.11.2026 01:02:03] <01> Error   Something failed badly (System.Exception)\r\n"

struct want {
	const char *path, *content; /* content NULL: any */
};

static const struct {
	const char *file;
	enum unpack_form form;
	unsigned problems;
	struct want members[8];
} files[] = {
	{"fuzz_tnef.corpus/full", UNPACK_TNEF, 0,
	    {{"message.txt", "Subject: Job \xc3\xbc" "ber\n\nThe job \xc3\xbc" "ber Nacht failed \xe2\x80\x93 see log.\n\nSecond <line>"},
		{"Job \xc3\xbc" "bersicht.log", LOG_LINE}, {"PIC.PNG", NULL},
		{"Inner mail.msg!/message.txt", "Subject: inner subj\n\ninner body"}, {"Inner mail.msg!/inner job.log", LOG_LINE}}},
	{"fuzz_tnef.corpus/cut", UNPACK_TNEF, ARCHIVE_TRUNCATED,
	    {{"message.txt", NULL}, {"Job \xc3\xbc" "bersicht.log", LOG_LINE}, {"PIC.PNG", NULL}}},
	{"fuzz_tnef.corpus/rtf", UNPACK_TNEF, 0, {{"message.txt", "Plain rich text\nLine two \xc3\xbc\n"}}},
	{"fuzz_tnef.corpus/html", UNPACK_TNEF, 0, {{"message.txt", "\xc3\x9c" "ber HTML\n\n- one"}}},
	{"fuzz_tnef.corpus/codepage", UNPACK_TNEF, 0,
	    {{"message.txt", "Subject: \xd0\x9e\xd1\x88\xd0\xb8\xd0\xb1\xd0\xba\xd0\xb0\n\n"
		"\xd0\x97\xd0\xb0\xd0\xb4\xd0\xb0\xd0\xbd\xd0\xb8\xd0\xb5 \xd0\xb7\xd0\xb0\xd0\xb2\xd0\xb5\xd1\x80\xd1\x88\xd0\xb8\xd0\xbb\xd0\xbe"
		"\xd1\x81\xd1\x8c \xd1\x81 \xd0\xbe\xd1\x88\xd0\xb8\xd0\xb1\xd0\xba\xd0\xbe\xd0\xb9"}, {"\xd0\x96.LOG", LOG_LINE}}},
	{"fuzz_tnef.corpus/same-names", UNPACK_TNEF, 0, {{"A.LOG", "one"}, {"A (2).LOG", "two"}, {"evil.exe", "x"}}},
	{"fuzz_outlook_msg.corpus/full", UNPACK_MSG, 0,
	    {{"message.txt", "From: Ann Lee <ann@partner.example>\nTo: support\nSubject: Backup failed \xc3\xbc" "ber\n\n"
		"Hello,\r\nthe job failed.\r\n"},
		{"logs.zip", NULL}, {"logs.zip!/Backup/job.log", LOG_LINE LOG_LINE LOG_LINE}, {"job.log", NULL},
		{"Inner.msg!/message.txt", "Subject: Inner\n\ninner text"}, {"Inner.msg!/deep.log", LOG_LINE}}},
	/* The root names entries beside it, which no file has: its own ones count. */
	{"fuzz_outlook_msg.corpus/root-siblings", UNPACK_MSG, 0,
	    {{"message.txt", NULL}, {"logs.zip", NULL}, {"logs.zip!/Backup/job.log", LOG_LINE LOG_LINE LOG_LINE}, {"job.log", NULL},
		{"Inner.msg!/message.txt", "Subject: Inner\n\ninner text"}, {"Inner.msg!/deep.log", LOG_LINE}}},
	{"fuzz_outlook_msg.corpus/directory-loops", UNPACK_MSG, ARCHIVE_UNREADABLE, {{NULL, NULL}}},
	{"fuzz_outlook_msg.corpus/small", UNPACK_MSG, 0, {{"message.txt", "Subject: Hi\n\nGr\xc3\xbc\xc3\x9f" "e"}, {"a.txt", "text"}}},
	{"fuzz_outlook_msg.corpus/html", UNPACK_MSG, 0, {{"message.txt", "Subject: Hi\n\nonly html"}}},
	{"fuzz_outlook_msg.corpus/no-msg", UNPACK_MSG, ARCHIVE_UNREADABLE, {{NULL, NULL}}},
};

static char *read_seed(const char *file, size_t *len)
{
	char path[256];

	snprintf(path, sizeof path, "tests/unit/parsers/%s", file);
	return help_read(path, len);
}

static void test_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		unsigned problems;
		size_t len, n = 0;
		char *bytes = read_seed(files[i].file, &len);
		struct help_unpacked *u = help_unpack(bytes, len, files[i].form, &problems);

		if (problems != files[i].problems)
			print_error("%s: problems %x\n", files[i].file, problems);
		assert_int_equal(problems, files[i].problems);
		for (; n < 8 && files[i].members[n].path != NULL; n++) {
			const struct want *w = &files[i].members[n];

			assert_true(n < u->n);
			assert_string_equal(u->members[n].path, w->path);
			if (w->content != NULL)
				assert_string_equal(buf_str(&u->members[n].content), w->content);
		}
		assert_int_equal(u->n, n);
		help_unpacked_free(u);
		free(bytes);
	}
}

/* Whatever is listed comes out by its path with the same bytes; archives and their members too. */
static void test_extract(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		unsigned problems;
		size_t len;
		char *bytes = read_seed(files[i].file, &len);
		struct help_unpacked *u = help_unpack(bytes, len, files[i].form, &problems);
		struct buf out;

		for (size_t k = 0; k < u->n; k++) {
			bool archive = strcmp(u->members[k].path, "logs.zip") == 0;

			buf_init(&out, 1u << 20);
			assert_int_equal(help_unpack_one(bytes, len, files[i].form, u->members[k].path, &out), VG_OK);
			assert_true(archive ? out.len > 0 && memcmp(out.data, "PK", 2) == 0 :
			    out.len == u->members[k].content.len && memcmp(buf_str(&out), buf_str(&u->members[k].content), out.len) == 0);
			buf_free(&out);
		}
		buf_init(&out, 1024);
		assert_int_equal(help_unpack_one(bytes, len, files[i].form, "nothing of that name", &out), VG_ERR_NOTFOUND);
		assert_int_equal(out.len, 0);
		buf_free(&out);
		help_unpacked_free(u);
		free(bytes);
	}
}

/* Messages inside messages: opened to a depth, and said so. */
static void test_depth(void **state)
{
	static const char *const deep[] = {"fuzz_tnef.corpus/deep", "fuzz_outlook_msg.corpus/deep"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		unsigned problems;
		size_t len;
		char *bytes = read_seed(deep[i], &len);
		struct help_unpacked *u = help_unpack(bytes, len, i == 0 ? UNPACK_TNEF : UNPACK_MSG, &problems);

		assert_int_equal(u->n, MAPI_DEPTH_MAX + 1);
		assert_true((problems & ARCHIVE_TRUNCATED) != 0);
		help_unpacked_free(u);
		free(bytes);
	}
}

/* Members and bytes come out of the budget that the whole message shares. */
static void test_budget(void **state)
{
	size_t len;
	char *bytes = read_seed("fuzz_outlook_msg.corpus/full", &len);
	struct help_unpacked *u = calloc(1, sizeof *u);
	const struct archive_visitor visitor = {u, help_on_member, help_on_data, help_on_end};
	struct archive_budget few = ARCHIVE_BUDGET_INIT, small = ARCHIVE_BUDGET_INIT;
	struct source src;

	(void)state;
	assert_non_null(u);
	few.members = 2;
	source_memory(&src, bytes, len);
	assert_true((unpack_walk(&src, UNPACK_MSG, "", &few, &visitor) & ARCHIVE_TOO_LARGE) != 0);
	assert_int_equal(u->n, 2);
	small.output = 1000;
	assert_true((unpack_walk(&src, UNPACK_MSG, "", &small, &visitor) & ARCHIVE_TOO_LARGE) != 0);
	help_unpacked_free(u);
	free(bytes);
}

static void test_forms(void **state)
{
	static const char cfb[512] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
	static const struct {
		const char *name, *type, *head;
		size_t n;
		enum unpack_form form;
	} rows[] = {
		{"winmail.dat", "application/ms-tnef", "\x78\x9f\x3e\x22\1\0", 6, UNPACK_TNEF},
		{"whatever", "application/octet-stream", "\x78\x9f\x3e\x22\1\0", 6, UNPACK_TNEF},
		{"a.MSG", "application/octet-stream", cfb, 512, UNPACK_MSG},
		{"a", "application/vnd.ms-outlook", cfb, 512, UNPACK_MSG},
		{"a.doc", "application/msword", cfb, 512, UNPACK_NONE},
		{"a.eml", "application/octet-stream", "From: a", 7, UNPACK_MAIL},
		{"a", "message/rfc822", "From: a", 7, UNPACK_MAIL},
		{"a.eml", "application/octet-stream", "\0\1\2", 3, UNPACK_NONE},
		{"a.txt", "text/plain", "From: a", 7, UNPACK_NONE},
		{"a.eml", "message/delivery-status", "From: a", 7, UNPACK_NONE},
		{"a.eml", "", "", 0, UNPACK_NONE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(unpack_form(rows[i].name, rows[i].type, (const unsigned char *)rows[i].head, rows[i].n), rows[i].form);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_files), cmocka_unit_test(test_extract), cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_budget), cmocka_unit_test(test_forms)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
