/*
 * fuzz_html.c - any bytes as HTML, through the charset reader as the parsers do: valid UTF-8 lines within the bound.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "charset.h"
#include "err.h"
#include "html.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct text_marks marks = {0};
	struct buf utf8, text;
	char name[64];

	buf_init(&utf8, 1u << 20);
	buf_init(&text, 1u << 16);
	html_meta_charset(name, sizeof name, (const char *)data, size);
	if (charset_to_utf8(&utf8, name, data, size) != VG_OK || (utf8.len > 0 && !utf8_valid((const char *)utf8.data, utf8.len)))
		abort();
	if (html_to_marked_text(&text, &marks, buf_str(&utf8), utf8.len) != VG_OK || text.len > text.max)
		abort();
	for (size_t i = 0; i < marks.n; i++)
		if (marks.list[i].from > marks.list[i].to || marks.list[i].to > text.len || marks.list[i].kind >= MARK_KINDS)
			abort();
	text_marks_free(&marks);
	if (text.len > 0 && text.len + 4 < text.max && !utf8_valid((const char *)text.data, text.len))
		abort();
	if (text.len > 0 && (memchr(text.data, '\r', text.len) != NULL || memchr(text.data, 0, text.len) != NULL))
		abort();
	buf_free(&utf8);
	buf_free(&text);
	return 0;
}
