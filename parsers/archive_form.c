/*
 * archive_form.c - parser worker; hostile names and first bytes. Called by archive_walk.c, inspect.c and kinds.c. Pure.
 */
#include "archive_form.h"

#include <string.h>

#include "archive_walk.h"
#include "ascii.h"
#include "volume_name.h"

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
static bool promised(const char *name, size_t len, enum form *form)
{
	static const struct {
		const char *end;
		enum form form;
	} ends[] = {{".zip", FORM_ZIP}, {".7z", FORM_7Z}, {".rar", FORM_RAR}, {".tar", FORM_TAR}, {".gz", FORM_GZIP},
	    {".tgz", FORM_GZIP}, {".bz2", FORM_BZIP2}, {".tbz", FORM_BZIP2}, {".tbz2", FORM_BZIP2}, {".xz", FORM_XZ},
	    {".txz", FORM_XZ}, {".zst", FORM_ZSTD}, {".tzst", FORM_ZSTD}, {".log", FORM_NONE}, {".txt", FORM_NONE},
	    {".csv", FORM_NONE}, {".pdf", FORM_NONE}, {".png", FORM_NONE}, {".jpg", FORM_NONE}, {".jpeg", FORM_NONE},
	    {".gif", FORM_NONE}, {".bmp", FORM_NONE}, {".htm", FORM_NONE}, {".html", FORM_NONE}, {".xml", FORM_NONE}};

	for (size_t i = 0; i < ASCII_COUNT(ends); i++)
		if (ascii_ends(name, len, ends[i].end)) {
			*form = ends[i].form;
			return true;
		}
	return false;
}

bool archive_form_is_promised(const char *name, size_t len)
{
	enum form form;

	return promised(name, len, &form) && form != FORM_NONE;
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
	struct volume_name v;

	volume_name_read(&v, name);
	if (volume_name_is_telling(&v))
		return (v.scheme == VOLUMES_NUMBERED || v.scheme == VOLUMES_PARTS) && v.index == 0 ? VOLUME_FIRST : VOLUME_LATER;
	return is_rar_volume(head, n) ? VOLUME_FIRST : VOLUME_WHOLE;
}

bool archive_rar_goes_on(const unsigned char *tail, size_t n)
{
	static const unsigned char sizes[] = {7, 9, 11, 13, 15, 17, 18, 20}; /* of RAR 4's last block: a checksum, a number, spare bytes */

	/* RAR 5: size of the block, type 5, no flags or one that says it may be passed over, what follows */
	if (n >= 8 && tail[n - 4] == 3 && tail[n - 3] == 5 && (tail[n - 2] & ~4) == 0)
		return (tail[n - 1] & 1) != 0;
	for (size_t i = 0; i < sizeof(sizes); i++) {
		const unsigned char *p = tail + n - sizes[i];

		if (n >= sizes[i] && p[2] == 0x7B && p[5] == sizes[i] && p[6] == 0)
			return (p[3] & 1) != 0;
	}
	return false;
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

	if (!promised(name, strlen(name), &want) || want == is)
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
