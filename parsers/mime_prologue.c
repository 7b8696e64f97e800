/*
 * mime_prologue.c - makes the best of a multipart that cannot be split. Runs in the parser worker and in `vcspgate parse`;
 * the text is hostile.
 */
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "mime_prologue.h"

struct strip {
	const char *token; /* the line that begins parts, "--…" */
	size_t token_len;
	bool head;         /* in a part's header */
	bool encoded;      /* the part is no text that can be read */
};

/* The first "--" line that a Content- field follows. */
static void find_token(struct strip *st, const char *s, const char *end)
{
	const char *line, *previous = NULL;
	size_t len, previous_len = 0;

	while (ascii_line(&s, end, &line, &len)) {
		if (previous != NULL && ascii_starts(line, len, "content-") && memchr(line, ':', len) != NULL) {
			st->token = previous;
			st->token_len = previous_len;
			return;
		}
		previous = len > 2 && line[0] == '-' && line[1] == '-' ? line : NULL;
		previous_len = len;
	}
}

/* The token, or the token with "--" behind it. */
static bool is_token(const struct strip *st, const char *line, size_t len)
{
	size_t n = st->token_len;

	return len >= n && memcmp(line, st->token, n) == 0 && (len == n || (len == n + 2 && memcmp(line + n, "--", 2) == 0));
}

static void part_field(struct strip *st, const char *line, size_t len)
{
	if (ascii_starts(line, len, "content-transfer-encoding:") &&
	    (ascii_find(line, len, "base64") != NULL || ascii_find(line, len, "uuencode") != NULL))
		st->encoded = true;
}

int mime_prologue_text(struct buf *out, const char *text, size_t len)
{
	struct strip st = {0};
	const char *s = text, *end = text + len, *line;
	int err = VG_OK;
	size_t n;

	find_token(&st, text, end);
	if (st.token == NULL)
		return buf_add(out, text, len);
	while (err == VG_OK && ascii_line(&s, end, &line, &n)) {
		if (is_token(&st, line, n)) {
			st.head = n == st.token_len;
			st.encoded = false;
		} else if (st.head && n > 0) {
			part_field(&st, line, n);
		} else if (st.head) {
			st.head = false;
		} else if (!st.encoded) {
			err = buf_add(out, line, n);
			if (err == VG_OK)
				err = buf_add(out, "\n", 1);
		}
	}
	return err;
}
