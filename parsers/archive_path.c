/*
 * archive_path.c - parser worker; names out of hostile archives. Called by archive_walk.c.
 */
#include "archive_path.h"

#include <archive_entry.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include "archive_name.h"
#include "archive_walk.h"
#include "ascii.h"
#include "buf.h"
#include "charset.h"
#include "err.h"
#include "oneline.h"
#include "utf8.h"

static bool has_controls(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7F)
			return true;
	return false;
}

/* Absolute, with a drive, or climbing. */
static bool is_trick(const char *p)
{
	if (p[0] == '/' || (ascii_alpha(p[0]) && p[1] == ':'))
		return true;
	while (p != NULL) {
		if (p[0] == '.' && p[1] == '.' && (p[2] == '/' || p[2] == '\0'))
			return true;
		p = strchr(p, '/');
		p = p != NULL ? p + 1 : NULL;
	}
	return false;
}

/* Bytes that are no UTF-8 are of the sender's code page. */
static void decode(char *out, size_t cap, const char *raw, size_t len)
{
	struct buf b;

	buf_init(&b, ARCHIVE_PATH_MAX * 4);
	if (!utf8_valid(raw, len) && charset_to_utf8(&b, archive_name_charset(raw, len), raw, len) == VG_OK)
		oneline(out, cap, buf_str(&b), b.len, ONELINE_CP437);
	else
		oneline(out, cap, raw, len, ONELINE_CP437);
	buf_free(&b);
}

bool archive_path_clean(char *out, size_t cap, const char *raw, size_t len)
{
	decode(out, cap, raw, len);
	for (char *c = out; *c != '\0'; c++)
		if (*c == '\\')
			*c = '/';
	if (out[0] == '\0')
		snprintf(out, cap, "unnamed");
	return !has_controls(raw, len) && !is_trick(out);
}

/* A wide name (7z keeps UTF-16) in our own UTF-8: libarchive's conversion needs a locale. */
static size_t from_wide(char *out, size_t cap, const wchar_t *w)
{
	size_t used = 0;

	for (; *w != L'\0' && used + 4 < cap; w++) {
		uint32_t cp = (uint32_t)*w;

		if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
			cp = 0xFFFD;
		used += utf8_put(out + used, cp);
	}
	return used;
}

bool archive_path_of(char *out, size_t cap, struct archive_entry *entry)
{
	const char *raw = archive_entry_pathname(entry);
	const wchar_t *wide;
	char utf8[ARCHIVE_PATH_MAX * 4];

	if (raw == NULL)
		raw = archive_entry_pathname_utf8(entry);
	if (raw != NULL)
		return archive_path_clean(out, cap, raw, strnlen(raw, ARCHIVE_PATH_MAX * 4));
	wide = archive_entry_pathname_w(entry);
	if (wide != NULL)
		return archive_path_clean(out, cap, utf8, from_wide(utf8, sizeof(utf8), wide));
	return archive_path_clean(out, cap, "", 0);
}

void archive_path_single(char *out, size_t cap, const char *archive_name)
{
	static const char *const endings[] = {".gz", ".bz2", ".xz", ".zst", ".gzip"};
	const char *slash = strrchr(archive_name, '/');
	size_t len;

	if (slash != NULL)
		archive_name = slash + 1;
	len = strlen(archive_name);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (len > strlen(endings[i]) && ascii_ends(archive_name, len, endings[i])) {
			archive_path_clean(out, cap, archive_name, len - strlen(endings[i]));
			return;
		}
	archive_path_clean(out, cap, archive_name, len);
}
