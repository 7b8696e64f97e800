/*
 * test_message.c - message_parse and message_extract: the same from memory, file and sealed file; hostile mails end in
 * bounded time with what text they have; the sender that GMime finds.
 */
#include "message_help.h"

#include <sodium.h>
#include <time.h>
#include <unistd.h>

#include "seal.h"

#define FROM "From: Ann Lee <ann@partner.example>\nSubject: x\n"
#define MIXED(b) FROM "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=" b "\n\n"

/* ---- sources ---- */

static int file_of(const char *bytes, size_t len, const unsigned char *key)
{
	FILE *f = tmpfile();
	int fd;

	assert_non_null(f);
	fd = dup(fileno(f));
	fclose(f);
	if (key == NULL) {
		assert_int_equal(write(fd, bytes, len), len);
	} else {
		struct seal_writer *w = seal_writer_new(fd, key);

		assert_int_equal(seal_write(w, bytes, len), VG_OK);
		assert_int_equal(seal_finish(w), VG_OK);
		seal_writer_free(&w);
	}
	return fd;
}

static char *parse_text(const struct parse_source *src)
{
	char sender[ADDR_MAX + 1];
	struct buf json;
	size_t len;

	buf_init(&json, MESSAGE_JSON_MAX);
	assert_int_equal(message_parse(src, NULL, &json, sender), VG_OK);
	assert_string_equal(sender, "ann@partner.example");
	return buf_take(&json, &len);
}

static void test_sources(void **state)
{
	static const char *const files[] = {"tests/corpus/zip-with-logs.eml", "tests/corpus/attached-message.eml",
		"tests/corpus/nul-bytes.eml", "tests/corpus/no-empty-line.eml"};
	unsigned char key[SEAL_KEY];

	(void)state;
	randombytes_buf(key, sizeof key);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		size_t len;
		char *bytes = help_read(files[i], &len), *text[3];
		struct parse_source src[3] = {{.data = bytes, .len = len, .fd = -1}, {.fd = file_of(bytes, len, NULL)},
			{.fd = file_of(bytes, len, key), .key = key}};

		for (int k = 0; k < 3; k++)
			text[k] = parse_text(&src[k]);
		assert_string_equal(text[0], text[1]);
		assert_string_equal(text[0], text[2]);
		for (int k = 0; k < 3; k++) {
			free(text[k]);
			if (src[k].fd >= 0)
				close(src[k].fd);
		}
		free(bytes);
	}
}

static void test_empty_and_broken(void **state)
{
	unsigned char key[SEAL_KEY] = {1};
	struct parse_source empty = {.data = "", .len = 0, .fd = -1}, plain = {.fd = file_of("abc", 3, NULL), .key = key};
	char sender[ADDR_MAX + 1];
	struct buf json;

	(void)state;
	buf_init(&json, MESSAGE_JSON_MAX);
	assert_int_equal(message_parse(&empty, NULL, &json, sender), VG_ERR_SYNTAX);
	assert_int_equal(message_parse(&plain, NULL, &json, sender), VG_ERR_CRYPTO);
	assert_int_equal(json.len, 0);
	close(plain.fd);
	buf_free(&json);
}

/* ---- senders ---- */

static void test_sender(void **state)
{
	static const struct {
		const char *mail, *sender;
	} cases[] = {
		{"From: Ann <ANN@Partner.Example>\n\nx", "ann@partner.example"},
		{"From: ann@partner.example\nFrom: eve@evil.example\n\nx", "ann@partner.example,eve@evil.example"},
		{"From: ann@partner.example, Ann@partner.example\n\nx", "ann@partner.example"},
		{"From: \"ann@partner.example\" <eve@evil.example>\n\nx", "eve@evil.example"},
		{"From: ann@partner.example\0@evil.example\n\nx", ""},
		{"From: x@xn--bcher-kva.example\n\nx", "x@xn--bcher-kva.example"},
		{"From: John [Company] Doe <john@partner.example>\n\nx", ""},
		{"Subject: x\n\nx", ""},
		{"no header", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char sender[ADDR_MAX + 1];
		json_t *m = help_parse(cases[i].mail, strlen(cases[i].mail) + (i == 4 ? 17 : 0), sender);

		if (i == 4) /* what stands behind the NUL must not be hidden: never the address before it alone */
			assert_string_not_equal(sender, "ann@partner.example");
		else
			assert_string_equal(sender, cases[i].sender);
		json_decref(m);
	}
}

/* ---- hostile mails ---- */

static void add(struct buf *b, const char *s, size_t times)
{
	for (size_t i = 0; i < times; i++)
		assert_int_equal(buf_adds(b, s), VG_OK);
}

static void add_numbered(struct buf *b, const char *format_a, const char *format_b, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(buf_addf(b, "%s%u%s%u\n", format_a, i, format_b, i), VG_OK);
}

static const struct {
	const char *name, *head, *piece;
	size_t times;
	const char *tail, *problem, *text; /* text: must stand in body.full; NULL: none asked */
} hostile[] = {
	{"a million parts", MIXED("b"), "--b\n\n", 1000000, "", "mime.too-many-parts", NULL},
	{"parameters", FROM "Content-Type: text/plain", "; a=b", 50000, "\n\nhello", "mime.parameters", "hello"},
	{"many parameters", FROM "Content-Type: text/plain", "; a=b", 5000, "\n\nhello", "mime.parameters", "hello"},
	{"groups", FROM "To: ", "g:", 30000, "\n\nhello", "header.groups", "hello"},
	{"groups in an attached message", MIXED("b") "--b\n\nhello\n--b\nContent-Type: message/rfc822\n\nCc: ", "g:", 30000,
	    "\n\nx\n--b--", "header.groups", "hello"},
	{"groups in a part header", MIXED("b") "--b\nTo: ", "g:", 30000, "\n\nhello\n--b--", "header.groups", "hello"},
	{"attached messages in each other", FROM, "Content-Type: message/rfc822\n\n", 20000, "\nx", "mime.too-deep", NULL},
	{"fields", FROM, "X: y\n", 200000, "\nhello", "header.too-large", "hello"},
	{"a long field", FROM "X: ", "0123456789", 100000, "\n\nhello", "header.field-too-long", "hello"},
	{"recipients", FROM "To: a@b.example", ", c@d.example", 50000, "\n\nhello", "header.field-too-long", "hello"},
	{"comments", FROM "Cc: ", "(", 60000, "\n\nhello", "header.address", "hello"},
	{"encoded words", FROM "Cc: ", "=?utf-8?q?a?= ", 4000, "<a@b.example>\n\nhello", NULL, "hello"},
	{"no empty line", FROM, "text without colon\n", 100000, "", "header.unterminated", "text without colon"},
	{"boundary lines of nobody", MIXED("b") "--b\n\nhello\n", "--x\n", 400000, "", "mime.end-missing", "hello"},
	{"empty boundary", FROM "Content-Type: multipart/mixed; boundary=\"\"\n\n", "--\n\nx\n", 100000, "", "mime.too-many-parts", NULL},
	{"marks", FROM "\n", "> x\ny\n", 100000, "", NULL, "> x"},
	{"attributions", FROM "\n", "On x, y\n", 200000, "", "body.truncated", "On x, y"},
	{"html attributes", FROM "Content-Type: text/html\n\nhello<a ", "a=1 ", 200000, ">x</a>", NULL, "hello"},
	{"html nesting", FROM "Content-Type: text/html\n\n", "<div>", 200000, "hello", NULL, "hello"},
	{"only blanks", "", "\n", 100000, "", "header.missing", NULL},
	{"binary", "", "\x01\x02\xff\xfe", 100000, "", "header.missing", NULL},
};

static void test_hostile(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 16u << 20);
	for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
		clock_t start = clock();
		const char *full;
		json_t *m;

		buf_reset(&b);
		add(&b, hostile[i].head, 1);
		add(&b, hostile[i].piece, hostile[i].times);
		add(&b, hostile[i].tail, 1);
		m = help_parse(b.data, b.len, NULL);
		full = help_text(m, "full");
		if (hostile[i].problem != NULL && !help_has_problem(m, hostile[i].problem))
			fail_msg("%s: no problem %s", hostile[i].name, hostile[i].problem);
		if (hostile[i].text != NULL && strstr(full, hostile[i].text) == NULL)
			fail_msg("%s: text is %.200s", hostile[i].name, full);
		if ((double)(clock() - start) / CLOCKS_PER_SEC > 5.0)
			fail_msg("%s: %.1f s", hostile[i].name, (double)(clock() - start) / CLOCKS_PER_SEC);
		json_decref(m);
	}
	buf_free(&b);
}

static void test_nested(void **state)
{
	struct buf b;
	json_t *m;

	(void)state;
	buf_init(&b, 16u << 20);
	add(&b, FROM, 1);
	add_numbered(&b, "Content-Type: multipart/mixed; boundary=b", "\n\n--b", 100000);
	add(&b, "\ndeep\n", 1);
	m = help_parse(b.data, b.len, NULL);
	assert_true(help_has_problem(m, "mime.too-deep"));
	json_decref(m);

	buf_reset(&b);
	add(&b, FROM, 1);
	add_numbered(&b, "Content-Type: multipart/mixed; boundary=b", "\n\n--b", 150);
	add(&b, "\ndeep text\n", 1);
	m = help_parse(b.data, b.len, NULL);
	assert_non_null(strstr(help_text(m, "full"), "deep text"));
	json_decref(m);
	buf_free(&b);
}

/* Attachments up to the limit, the rest named as left out. */
static void test_many_attachments(void **state)
{
	struct buf b;
	json_t *m;

	(void)state;
	buf_init(&b, 16u << 20);
	add(&b, MIXED("b"), 1);
	add(&b, "--b\nContent-Disposition: attachment; filename=a.bin\n\nx\n", MESSAGE_ATTACHMENTS_MAX + 5);
	add(&b, "--b--\n", 1);
	m = help_parse(b.data, b.len, NULL);
	assert_int_equal(json_array_size(json_object_get(m, "attachments")), MESSAGE_ATTACHMENTS_MAX);
	assert_true(help_has_problem(m, "mime.too-many-attachments"));
	json_decref(m);
	buf_free(&b);
}

static void test_limits(void **state)
{
	static const char mail[] = MIXED("b") "--b\n\none\n--b\nContent-Disposition: attachment\n\n0123456789\n"
	    "--b\nContent-Disposition: attachment\n\nlate\n--b--\n";
	struct parse_source src = {.data = mail, .len = sizeof mail - 1, .fd = -1};
	struct parse_limits parts = {.parts = 2}, decoded = {.decoded_bytes = 5};
	char sender[ADDR_MAX + 1];
	struct buf json;

	(void)state;
	buf_init(&json, MESSAGE_JSON_MAX);
	assert_int_equal(message_parse(&src, &parts, &json, sender), VG_OK);
	assert_non_null(strstr(buf_str(&json), "mime.too-many-parts"));
	assert_non_null(strstr(buf_str(&json), "\"a1\""));
	assert_null(strstr(buf_str(&json), "\"a2\""));
	buf_reset(&json);
	assert_int_equal(message_parse(&src, &decoded, &json, sender), VG_OK);
	assert_non_null(strstr(buf_str(&json), "mime.decoded-limit"));
	assert_non_null(strstr(buf_str(&json), "too-large"));
	buf_free(&json);
}

/* ---- extraction ---- */

static int collect(void *arg, const void *data, size_t n)
{
	return buf_add(arg, data, n);
}

static int stop(void *arg, const void *data, size_t n)
{
	(void)arg;
	(void)data;
	(void)n;
	return VG_ERR_FULL;
}

static int extract(const char *file, const char *part, const char *entry, struct buf *out, struct message_part_info *info)
{
	size_t len;
	char *bytes = help_read(file, &len);
	struct parse_source src = {.data = bytes, .len = len, .fd = -1};
	int err;

	buf_reset(out);
	err = message_extract(&src, part, entry, collect, out, info);
	assert_int_equal(info->size, out->len);
	free(bytes);
	return err;
}

static void test_extract(void **state)
{
	static const char zip[] = "tests/corpus/zip-with-logs.eml", message[] = "tests/corpus/attached-message.eml";
	struct message_part_info info;
	struct buf out;

	(void)state;
	buf_init(&out, 1u << 20);
	assert_int_equal(extract(zip, "a1", NULL, &out, &info), VG_OK);
	assert_memory_equal(out.data, "PK", 2);
	assert_string_equal(info.name, "VeeamBackupLogs.zip");
	assert_string_equal(info.content_type, "application/zip");
	assert_int_equal(extract(zip, "a1", "readme.txt", &out, &info), VG_OK);
	assert_string_equal(buf_str(&out), "collected by support tool\r\n");
	assert_string_equal(info.name, "readme.txt");
	assert_int_equal(extract(zip, "a1", "missing", &out, &info), VG_ERR_NOTFOUND);
	assert_int_equal(extract(zip, "a2", NULL, &out, &info), VG_ERR_NOTFOUND);
	assert_int_equal(extract(zip, "a1x", NULL, &out, &info), VG_ERR_NOTFOUND);
	assert_int_equal(extract(zip, "", NULL, &out, &info), VG_ERR_NOTFOUND);
	assert_int_equal(extract(zip, "a99999999999999999999", NULL, &out, &info), VG_ERR_NOTFOUND);
	assert_int_equal(extract(message, "a1", "", &out, &info), VG_OK);
	assert_int_equal(strncmp(buf_str(&out), "From: Bob Miller <bob@acme.example>\r\n", 37), 0);
	assert_non_null(strstr(buf_str(&out), "--inner--\r\n"));
	assert_int_equal(extract("tests/corpus/no-header.eml", "a1", NULL, &out, &info), VG_ERR_NOTFOUND);
	buf_free(&out);
}

/* The text of the mail opens the archive for extraction too; without it there is no way in. */
static void test_extract_sealed(void **state)
{
	static const char member[] = "Backup_Job_1/readme.txt", mail[] = "tests/corpus/archive-password-zip.eml";
	struct message_part_info info;
	struct buf out;
	size_t len;
	char *bytes = help_read(mail, &len), *hint = strstr(bytes, "Password:");
	struct parse_source src = {.data = bytes, .len = len, .fd = -1};

	(void)state;
	buf_init(&out, 1000);
	assert_int_equal(extract(mail, "a1", member, &out, &info), VG_OK);
	assert_string_equal(buf_str(&out), "collected by hand\n");
	memcpy(hint, "Pass-word", 9);
	assert_int_equal(message_extract(&src, "a1", member, collect, &out, &info), VG_ERR_DENIED);
	buf_free(&out);
	free(bytes);
}

static void test_extract_stops(void **state)
{
	size_t len;
	char *bytes = help_read("tests/corpus/zip-with-logs.eml", &len);
	struct parse_source src = {.data = bytes, .len = len, .fd = -1};
	struct message_part_info info;

	(void)state;
	assert_int_equal(message_extract(&src, "a1", NULL, stop, NULL, &info), VG_ERR_FULL);
	assert_int_equal(message_extract(&src, "a1", "readme.txt", stop, NULL, &info), VG_ERR_FULL);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_empty_and_broken),
		cmocka_unit_test(test_sender),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nested),
		cmocka_unit_test(test_many_attachments),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_extract), cmocka_unit_test(test_extract_sealed),
		cmocka_unit_test(test_extract_stops),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
