/*
 * archive_form.c - parser worker; hostile names and first bytes. Called by archive_walk.c, inspect.c and kinds.c. Pure.
 */
#include "archive_form.h"

#include <string.h>

#include "archive_walk.h"
#include "ascii.h"

#define TAR_MAGIC_AT 257

enum form { FORM_NONE, FORM_ZIP, FORM_7Z, FORM_RAR, FORM_TAR, FORM_GZIP, FORM_BZIP2, FORM_XZ, FORM_ZSTD };

static bool begins(const unsigned char *h, size_t n, const char *magic, size_t len)
{
	return n >= len && memcmp(h, magic, len) == 0;
}

static enum form form_of(const unsigned char *h, size_t n)
{
	if (begins(h, n, "PK\3\4", 4) || begins(h, n, "PK\5\6", 4) || begins(h, n, "PK\7\x08", 4))
		return FORM_ZIP;
	if (begins(h, n, "7z\xBC\xAF\x27\x1C", 6))
		return FORM_7Z;
	if (begins(h, n, "Rar!\x1A\x07", 6))
		return FORM_RAR;
	if (begins(h, n, "\xFD" "7zXZ", 6))
		return FORM_XZ;
	if (begins(h, n, "\x28\xB5\x2F\xFD", 4))
		return FORM_ZSTD;
	if (begins(h, n, "BZh", 3) && n >= 4 && ascii_digit((char)h[3]))
		return FORM_BZIP2;
	if (begins(h, n, "\x1F\x8B\x08", 3))
		return FORM_GZIP;
	return n >= TAR_MAGIC_AT + 5 && memcmp(h + TAR_MAGIC_AT, "ustar", 5) == 0 ? FORM_TAR : FORM_NONE;
}

/* What the extension promises; false where it promises nothing about archives. */
static bool promised(const char *name, enum form *form)
{
	static const struct {
		const char *end;
		enum form form;
	} ends[] = {{".zip", FORM_ZIP}, {".7z", FORM_7Z}, {".rar", FORM_RAR}, {".tar", FORM_TAR}, {".gz", FORM_GZIP},
	    {".tgz", FORM_GZIP}, {".bz2", FORM_BZIP2}, {".tbz", FORM_BZIP2}, {".tbz2", FORM_BZIP2}, {".xz", FORM_XZ},
	    {".txz", FORM_XZ}, {".zst", FORM_ZSTD}, {".tzst", FORM_ZSTD}, {".log", FORM_NONE}, {".txt", FORM_NONE},
	    {".csv", FORM_NONE}, {".pdf", FORM_NONE}, {".png", FORM_NONE}, {".jpg", FORM_NONE}, {".jpeg", FORM_NONE},
	    {".gif", FORM_NONE}, {".bmp", FORM_NONE}, {".htm", FORM_NONE}, {".html", FORM_NONE}, {".xml", FORM_NONE}};
	size_t len = strlen(name);

	for (size_t i = 0; i < ASCII_COUNT(ends); i++)
		if (ascii_ends(name, len, ends[i].end)) {
			*form = ends[i].form;
			return true;
		}
	return false;
}

/* Documents and programs that are zip files inside are no archives to us. */
static bool is_document(const char *name)
{
	static const char *const documents[] = {".docx", ".xlsx", ".pptx", ".docm", ".xlsm", ".pptm", ".odt", ".ods", ".odp",
	    ".vsdx", ".jar", ".epub", ".apk", ".msix"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ASCII_COUNT(documents); i++)
		if (ascii_ends(name, len, documents[i]))
			return true;
	return false;
}

bool archive_looks_like(const char *name, const unsigned char *h, size_t n)
{
	if (is_document(name))
		return false;
	return form_of(h, n) != FORM_NONE || (n > 0 && ascii_ends(name, strlen(name), ".tar"));
}

/* ---- volumes ---- */

/* The number that ends `name[0..len)`; returns where it begins, len where there is none. */
static size_t number_at_end(const char *name, size_t len, unsigned *number)
{
	size_t from = len;
	unsigned scale = 1;

	*number = 0;
	while (from > 0 && len - from < 4 && ascii_digit(name[from - 1])) {
		from--;
		*number += (unsigned)(name[from] - '0') * scale;
		scale *= 10;
	}
	return from;
}

/* `.zip.001`, `.tar.gz.002`: the number stands behind an extension of ours. */
static bool is_numbered(const char *name, size_t len, unsigned *number)
{
	size_t from = number_at_end(name, len, number);
	char stem[64];
	enum form form;

	if (len - from != 3 || from < 2 || name[from - 1] != '.')
		return false;
	len = from - 1;
	from = len < sizeof(stem) ? 0 : len - sizeof(stem) + 1;
	memcpy(stem, name + from, len - from);
	stem[len - from] = '\0';
	return promised(stem, &form) && form != FORM_NONE;
}

/* `.part1.rar` */
static bool is_part(const char *name, size_t len, unsigned *number)
{
	size_t from;

	if (!ascii_ends(name, len, ".rar"))
		return false;
	from = number_at_end(name, len - 4, number);
	return from < len - 4 && from >= 5 && ascii_ends(name, from, ".part");
}

/* `.z01`, `.r00`: never the first, which is the `.zip` or `.rar`. */
static bool is_continuation(const char *name, size_t len)
{
	return len > 4 && name[len - 4] == '.' && (ascii_fold(name[len - 3]) == 'z' || ascii_fold(name[len - 3]) == 'r') &&
	    ascii_digit(name[len - 2]) && ascii_digit(name[len - 1]);
}

/* The volume flag of a RAR's main header: RAR 4 at a fixed place, RAR 5 behind three numbers of variable length. */
static bool is_rar_volume(const unsigned char *h, size_t n)
{
	size_t at = 12;

	if (begins(h, n, "Rar!\x1A\x07\0", 7))
		return n >= 12 && h[9] == 0x73 && (h[10] & 1) != 0;
	if (!begins(h, n, "Rar!\x1A\x07\1\0", 8))
		return false;
	for (unsigned field = 0; field < 3; field++) { /* header size, type, flags */
		unsigned char value = at < n ? h[at] & 0x7F : 0;

		while (at < n && (h[at] & 0x80) != 0)
			at++;
		at++;
		if (field == 1 && value != 1)
			return false;
		if (field == 2 && (value & 1) != 0) /* an extra area: its size comes first */
			at++;
	}
	return at < n && (h[at] & 1) != 0;
}

enum archive_volume archive_volume_of(const char *name, const unsigned char *head, size_t n)
{
	size_t len = strlen(name);
	unsigned number = 0;

	if (is_numbered(name, len, &number) || is_part(name, len, &number))
		return number <= 1 ? VOLUME_FIRST : VOLUME_LATER;
	if (is_continuation(name, len))
		return VOLUME_LATER;
	return is_rar_volume(head, n) ? VOLUME_FIRST : VOLUME_WHOLE;
}

/* ---- names that lie ---- */

/* Something that a person could read, or a picture: no archive that is merely damaged. */
static bool is_readable(const unsigned char *h, size_t n)
{
	size_t odd = 0;

	if (begins(h, n, "%PDF", 4) || begins(h, n, "\x89PNG", 4) || begins(h, n, "\xFF\xD8\xFF", 3) || begins(h, n, "GIF8", 4) ||
	    begins(h, n, "\xFF\xFE", 2))
		return true;
	if (n > 512)
		n = 512;
	for (size_t i = 0; i < n; i++)
		odd += h[i] < 0x20 && h[i] != '\t' && h[i] != '\n' && h[i] != '\r';
	return odd == 0;
}

unsigned archive_form_problems(const char *name, const unsigned char *head, size_t n)
{
	unsigned problems = archive_volume_of(name, head, n) != VOLUME_WHOLE ? ARCHIVE_SPLIT : 0;
	enum form want, is = form_of(head, n);

	if (!promised(name, &want) || want == is)
		return problems;
	if (want == FORM_NONE || is != FORM_NONE)
		return problems | ARCHIVE_WRONG_EXTENSION;
	if (n == 0)
		return problems | ARCHIVE_TRUNCATED;
	/* Old tar has no magic. */
	if (want == FORM_TAR || (problems & ARCHIVE_SPLIT) != 0)
		return problems;
	return problems | (is_readable(head, n) ? ARCHIVE_WRONG_EXTENSION : ARCHIVE_UNREADABLE);
}
