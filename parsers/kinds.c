/*
 * kinds.c - parser worker; hostile names, types and first bytes. Decides what an attachment is. Called by inspect.c. Pure.
 */
#include "kinds.h"

#include <string.h>

#include "archive_form.h"
#include "ascii.h"
#include "image.h"
#include "log_scan.h"
#include "pkcs7.h"
#include "session_json.h"
#include "tnef.h"

const char *kind_name(enum kind k)
{
	static const char *const names[KIND_COUNT] = {"log", "log-archive", "archive", "screenshot", "report", "document",
	    "message", "calendar", "signature", "other"};

	return k >= 0 && k < KIND_COUNT ? names[k] : "other";
}

static uint32_t be16(const unsigned char *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be32(const unsigned char *p)
{
	return be16(p) << 16 | be16(p + 2);
}

static uint32_t le16(const unsigned char *p)
{
	return (uint32_t)p[1] << 8 | p[0];
}

/* Walks the markers of a JPEG up to its frame header. */
static bool jpeg_size(const unsigned char *h, size_t n, uint32_t *width, uint32_t *height)
{
	size_t i = 2;

	while (i + 9 < n) {
		unsigned marker = h[i + 1];

		if (h[i] != 0xFF)
			return false;
		if (marker == 0xFF) {
			i++;
			continue;
		}
		if (marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC) {
			*height = be16(h + i + 5);
			*width = be16(h + i + 7);
			return true;
		}
		if (be16(h + i + 2) < 2)
			return false;
		i += 2 + be16(h + i + 2);
	}
	return false;
}

bool kind_image_size(const unsigned char *h, size_t n, uint32_t *width, uint32_t *height)
{
	switch (image_format(h, n)) {
	case IMAGE_PNG:
		if (n < 24)
			return false;
		*width = be32(h + 16);
		*height = be32(h + 20);
		return true;
	case IMAGE_GIF:
		if (n < 10)
			return false;
		*width = le16(h + 6);
		*height = le16(h + 8);
		return true;
	case IMAGE_BMP:
		*width = le16(h + 18) | le16(h + 20) << 16;
		*height = le16(h + 22) | le16(h + 24) << 16;
		if (*height > INT32_MAX) /* negative: rows from the top */
			*height = UINT32_MAX - *height + 1;
		return true;
	case IMAGE_JPEG:
		return jpeg_size(h, n, width, height);
	case IMAGE_NONE:
		break;
	}
	return false;
}

static bool ends_in(const char *name, const char *const *list)
{
	size_t len = strlen(name);

	for (; *list != NULL; list++)
		if (ascii_ends(name, len, *list))
			return true;
	return false;
}

static bool type_in(const char *type, const char *const *list)
{
	size_t len = strcspn(type, "; ");

	for (; *list != NULL; list++)
		if (ascii_is(type, len, *list))
			return true;
	return false;
}

bool kind_name_of_signature(const char *name)
{
	static const char *const parts[] = {"logo", "signature", "banner", "facebook", "linkedin", "twitter", "icon", "footer"};
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (ascii_find(name, len, parts[i]) != NULL)
			return true;
	return false;
}

/* Pasted screenshots and signature logos are both called image001.png: size tells, the name only where it cannot. */
static enum kind image_kind(const struct kind_facts *f)
{
	uint32_t w = 0, h = 0;

	if (!kind_image_size(f->head, f->head_len, &w, &h))
		return f->is_inline && (kind_name_of_signature(f->name) || ascii_starts(f->name, strlen(f->name), "image0")) ?
		    KIND_SIGNATURE : KIND_SCREENSHOT;
	/* A line cut out of a window and attached is low, but long. */
	if (!f->is_inline && w >= 300 && h >= 20 && !kind_name_of_signature(f->name))
		return KIND_SCREENSHOT;
	if (h <= 100 || w <= 100 || (w <= 200 && h <= 200))
		return KIND_SIGNATURE;
	return kind_name_of_signature(f->name) && (h <= 300 || w <= 300) ? KIND_SIGNATURE : KIND_SCREENSHOT;
}

static bool is_html(const struct kind_facts *f)
{
	static const char *const names[] = {".html", ".htm", NULL};
	static const char *const types[] = {"text/html", "application/xhtml+xml", NULL};
	const char *h = (const char *)f->head;
	size_t n = f->head_len < 1024 ? f->head_len : 1024;

	return ends_in(f->name, names) || type_in(f->content_type, types) || ascii_find(h, n, "<html") != NULL ||
	    ascii_find(h, n, "<!doctype html") != NULL;
}

/* The heads of a session's protocol, `Time`, `Status`, `Text`, as cells. */
static bool has_protocol(const char *html, size_t n)
{
	return ascii_find(html, n, ">time<") != NULL && ascii_find(html, n, ">status<") != NULL &&
	    (ascii_find(html, n, ">text<") != NULL || ascii_find(html, n, ">message<") != NULL || ascii_find(html, n, ">action<") != NULL);
}

bool kind_is_report(const char *html, size_t n)
{
	static const char *const marks[] = {"start time", "end time", "total size", "data read", "transferred", "dedupe",
	    "backup size", "compression", "processed", "duration"};
	unsigned found = 0;

	if (has_protocol(html, n))
		return true;
	if (ascii_find(html, n, "veeam") == NULL && ascii_find(html, n, "job:") == NULL)
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]) && found < 4; i++)
		found += ascii_find(html, n, marks[i]) != NULL;
	return found >= 4;
}

static bool is_document(const struct kind_facts *f)
{
	static const char *const names[] = {".pdf", ".doc", ".docx", ".docm", ".xls", ".xlsx", ".xlsm", ".ppt", ".pptx", ".odt",
	    ".ods", ".odp", ".rtf", ".vsd", ".vsdx", ".txt", ".md", NULL};
	static const char *const types[] = {"application/pdf", "application/msword", "application/rtf", "application/vnd.ms-excel",
	    "application/vnd.ms-powerpoint", NULL};

	return (f->head_len >= 5 && memcmp(f->head, "%PDF-", 5) == 0) || ends_in(f->name, names) ||
	    type_in(f->content_type, types) ||
	    ascii_starts(f->content_type, strlen(f->content_type), "application/vnd.openxmlformats") ||
	    ascii_starts(f->content_type, strlen(f->content_type), "application/vnd.oasis");
}

enum kind kind_decide(const struct kind_facts *f)
{
	static const char *const signature_types[] = {"application/pkcs7-signature", "application/x-pkcs7-signature",
	    "application/pgp-signature", NULL};
	static const char *const signature_names[] = {".p7s", "signature.asc", NULL};
	static const char *const opaque_types[] = {"application/pkcs7-mime", "application/x-pkcs7-mime", NULL};
	static const char *const calendar_types[] = {"text/calendar", "application/ics", NULL};
	static const char *const calendar_names[] = {".ics", NULL};
	static const char *const message_types[] = {"message/rfc822", "message/global", "application/vnd.ms-outlook",
	    "application/ms-tnef", "application/vnd.ms-tnef", NULL};
	static const char *const message_names[] = {".eml", ".msg", ".mht", ".mhtml", "winmail.dat", NULL};

	if (type_in(f->content_type, signature_types) || ends_in(f->name, signature_names))
		return KIND_SIGNATURE;
	if (type_in(f->content_type, calendar_types) || ends_in(f->name, calendar_names))
		return KIND_CALENDAR;
	if (type_in(f->content_type, message_types) || ends_in(f->name, message_names))
		return KIND_MESSAGE;
	if (tnef_is(f->head, f->head_len) || (type_in(f->content_type, opaque_types) && pkcs7_is_signed(f->head, f->head_len)))
		return KIND_MESSAGE;
	if (image_format(f->head, f->head_len) != IMAGE_NONE)
		return image_kind(f);
	if (archive_looks_like(f->name, f->head, f->head_len))
		return KIND_ARCHIVE;
	if (session_json_begins(f->head, f->head_len))
		return KIND_REPORT;
	if (is_html(f))
		return kind_is_report((const char *)f->head, f->head_len) ? KIND_REPORT : KIND_OTHER;
	if (log_looks_like(f->name, f->head, f->head_len < 4096 ? f->head_len : 4096))
		return KIND_LOG;
	return is_document(f) ? KIND_DOCUMENT : KIND_OTHER;
}
