/*
 * smtp_reply.c - every reply is made here: code, enhanced code (RFC 2034), text of lines that fit, and the count of
 * refused commands. Text may come from the configuration or from the gate; nothing a peer chose reaches a reply raw.
 */
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "smtp_session.h"

/* RFC 5321 4.5.3.1.5 allows 512 octets a line, code and CRLF included. */
#define TEXT_MAX 480u

/* A client that is owed more than this has stopped reading; it finds out by time-out. */
static void
put(struct smtp_session *s, const char *data, size_t n)
{
	if (linebuf_write(s->lb, data, n) != VG_OK)
		log_warn(s->ids, "reply-lost", "queued=%zu", linebuf_backlog(s->lb));
	s->progress = true;
}

static void
put_line(struct smtp_session *s, unsigned code, char sep, const char *enhanced, const char *text, size_t n)
{
	char line[16 + 16 + TEXT_MAX];
	int len = snprintf(line, sizeof(line) - 2, "%03u%c%.10s%s%.*s", code % 1000, sep, enhanced,
	    enhanced[0] ? " " : "", (int)n, text);

	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 3)
		len = sizeof(line) - 3;
	memcpy(line + len, "\r\n", 2);
	put(s, line, (size_t)len + 2);
}

/* How much of the text goes on this line: cut at a space where there is one. */
static size_t
line_part(const char *text)
{
	size_t n = strlen(text), cut;

	if (n <= TEXT_MAX)
		return n;
	for (cut = TEXT_MAX; cut > TEXT_MAX / 2; cut--) {
		if (text[cut] == ' ')
			return cut;
	}
	return TEXT_MAX;
}

static void
put_reply(struct smtp_session *s, unsigned code, const char *enhanced, char *text)
{
	for (char *c = text; *c; c++) {
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	}
	for (;;) {
		size_t n = line_part(text);
		bool last = text[n] == '\0';

		put_line(s, code, last ? ' ' : '-', enhanced, text, n);
		if (last)
			return;
		text += n + (text[n] == ' ');
	}
}

void
smtp_reply(struct smtp_session *s, unsigned code, const char *enhanced, const char *fmt, ...)
{
	char text[SMTP_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_reply(s, code, enhanced, text);
	if (code >= 500) {
		s->errors++;
		log_info(s->ids, "refused", "code=%u enhanced=%s state=%s text=%s", code, enhanced,
		    smtp_state_name(s->state), log_q(text));
	}
}

void
smtp_reply_refusal(struct smtp_session *s, const struct smtp_refusal *no)
{
	smtp_reply(s, no->code, no->enhanced, "%s%s%s", no->text, no->why ? ": " : "", no->why ? no->why : "");
}

void
smtp_reply_line(struct smtp_session *s, unsigned code, bool last, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put_line(s, code, last ? ' ' : '-', "", text, strlen(text));
}

void
smtp_reply_close(struct smtp_session *s, bool linger, unsigned code, const char *enhanced, const char *text)
{
	smtp_reply(s, code, enhanced, "%s", text);
	if (code == 421)
		log_info(s->ids, "closing", "enhanced=%s text=%s", enhanced, log_q(text));
	s->linger = linger;
	smtp_state_set(s, S_CLOSING);
}
