/*
 * bench_parse.c - the message object of every mail of a folder, beside what GMime alone needs to parse the same mails, to decode
 * their parts, texts to UTF-8, and the fields that a reader needs. Both from memory, in one process.
 *
 *     bench_parse ours|json|gmime ROUNDS FOLDER     ours: without printing JSON
 *
 * Prints mails, bytes and seconds.
 */
#include <dirent.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "message.h"
#include "message_check.h"

#define MAILS_MAX 10000
#define MAIL_MAX (64u << 20)

struct mail {
	char *bytes;
	size_t len;
};

static struct mail mails[MAILS_MAX];
static size_t n_mails;

static void load(const char *folder, const char *name)
{
	char path[4096];
	struct buf b;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if ((f = fopen(path, "r")) == NULL)
		return;
	buf_init(&b, MAIL_MAX);
	if (buf_read(&b, fileno(f)) == VG_OK && b.len > 0 && n_mails < MAILS_MAX) {
		mails[n_mails].bytes = buf_take(&b, &mails[n_mails].len);
		n_mails++;
	}
	buf_free(&b);
	fclose(f);
}

static void load_all(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name);

		if (len > 4 && strcmp(e->d_name + len - 4, ".eml") == 0)
			load(folder, e->d_name);
	}
	if (d != NULL)
		closedir(d);
}

static void parse(const struct mail *m, struct buf *json)
{
	struct parse_source src = {.data = m->bytes, .len = m->len, .fd = -1};
	struct parse_limits limits = {.now_ms = 1764000000000};
	char sender[ADDR_MAX + 1];

	if (message_parse(&src, &limits, json, sender) != VG_OK)
		fprintf(stderr, "a mail failed\n");
}

static void ours(const struct mail *m)
{
	parse(m, NULL);
}

static void printed(const struct mail *m)
{
	struct buf json;

	buf_init(&json, MESSAGE_JSON_MAX);
	parse(m, &json);
	buf_free(&json);
}

/* All that a reader of mails needs of a part: its name, its bytes; a text in UTF-8. */
static void decode(GMimeObject *parent, GMimeObject *part, gpointer null)
{
	(void)parent;
	if (GMIME_IS_MESSAGE_PART(part)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(part));

		if (inner != NULL)
			g_mime_message_foreach(inner, decode, null);
	} else if (GMIME_IS_TEXT_PART(part)) {
		g_free(g_mime_text_part_get_text(GMIME_TEXT_PART(part)));
	} else if (GMIME_IS_PART(part) && g_mime_part_get_content(GMIME_PART(part)) != NULL) {
		g_mime_part_get_filename(GMIME_PART(part));
		g_mime_data_wrapper_write_to_stream(g_mime_part_get_content(GMIME_PART(part)), null);
	}
}

/* GMime decodes a field when it is asked for. */
static void headers(GMimeMessage *message)
{
	static const GMimeAddressType lists[] = {GMIME_ADDRESS_TYPE_FROM, GMIME_ADDRESS_TYPE_REPLY_TO, GMIME_ADDRESS_TYPE_TO,
	    GMIME_ADDRESS_TYPE_CC};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		internet_address_list_length(g_mime_message_get_addresses(message, lists[i]));
	g_mime_message_get_subject(message);
	g_mime_message_get_date(message);
	g_mime_message_get_message_id(message);
}

static void bare(const struct mail *m)
{
	GMimeStream *in = g_mime_stream_mem_new_with_buffer(m->bytes, m->len), *null = g_mime_stream_null_new();
	GMimeParser *parser = g_mime_parser_new_with_stream(in);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	if (message != NULL) {
		headers(message);
		g_mime_message_foreach(message, decode, null);
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(null);
	g_object_unref(in);
}

static void (*reader_of(const char *name))(const struct mail *)
{
	return strcmp(name, "ours") == 0 ? ours : strcmp(name, "json") == 0 ? printed : bare;
}

int main(int argc, char **argv)
{
	struct timespec a, b;
	size_t bytes = 0;
	long rounds;
	const char *why;

	void (*read)(const struct mail *);

	if (argc != 4 || message_warm(&why) != VG_OK)
		return 64;
	load_all(argv[3]);
	read = reader_of(argv[1]);
	rounds = atol(argv[2]);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (long r = 0; r < rounds; r++) {
		for (size_t i = 0; i < n_mails; i++) {
			read(&mails[i]);
			bytes += mails[i].len;
		}
	}
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%zu %zu %.6f\n", n_mails * (size_t)rounds, bytes, (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
	return 0;
}
