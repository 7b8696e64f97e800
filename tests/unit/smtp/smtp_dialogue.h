/*
 * smtp_dialogue.h - what the tests of whole dialogues say and expect, on top of the played gate and queue.
 */
#ifndef VG_SMTP_DIALOGUE_H
#define VG_SMTP_DIALOGUE_H

#include "smtp_fake.h"

#define HELLO "EHLO client.example\r\n"
#define MAIL_RCPT "MAIL FROM:<ann@partner.example>\r\nRCPT TO:<support@support.example>\r\n"

/* Waits for a whole line and takes it out of what the client got. */
static inline void
next_line(struct fake *f, char *line, size_t size)
{
	char *end = NULL;
	size_t n;

	for (int i = 0; i < 300 && !end; i++) {
		end = f->got.len > 0 ? memmem(f->got.data, f->got.len, "\r\n", 2) : NULL;
		if (!end) {
			evloop_turn(f->ctx.loop, f->client_eof ? 0 : 10);
			fake_read(f);
		}
	}
	if (!end)
		fail_msg("no reply, eof=%d", f->client_eof);
	n = (size_t)(end - (char *)f->got.data);
	assert_true(n < size);
	memcpy(line, f->got.data, n);
	line[n] = '\0';
	buf_consume(&f->got, n + 2);
}

/* Each expected line, separated by '|', is the beginning of the next reply line. */
static inline void
expect(struct fake *f, const char *lines)
{
	char line[2048];

	while (*lines) {
		size_t n = strcspn(lines, "|");

		next_line(f, line, sizeof(line));
		if (strncmp(line, lines, n) != 0)
			fail_msg("expected %.*s, got %s", (int)n, lines, line);
		lines += n + (lines[n] == '|');
	}
}

static inline void
expect_nothing(struct fake *f)
{
	fake_settle(f);
	if (f->got.len > 0)
		fail_msg("unexpected: %s", buf_str(&f->got));
}

static inline void
expect_eof(struct fake *f)
{
	for (int i = 0; i < 300 && !f->client_eof; i++) {
		evloop_turn(f->ctx.loop, 10);
		fake_read(f);
	}
	assert_true(f->client_eof);
}

static inline void
say(struct fake *f, const char *text)
{
	fake_send(f, text, strlen(text));
}

/* Reads a multi-line reply to its end; returns whether a line was in it. */
static inline bool
reply_has(struct fake *f, const char *want)
{
	char line[2048];
	bool found = false;

	do {
		next_line(f, line, sizeof(line));
		found |= strcmp(line + 4, want) == 0;
	} while (line[3] == '-');
	return found;
}

static inline void
hello(struct fake *f)
{
	expect(f, "220 support.example ESMTP");
	say(f, HELLO);
	reply_has(f, "");
}

static inline struct fake *
begin(const char *peer)
{
	struct fake *f = fake_new(FAKE_CONF);

	fake_connect(f, peer);
	hello(f);
	return f;
}

#endif
