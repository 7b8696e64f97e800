/*
 * sniff.c - signatures of common files, and plain text. Runs in the parser; the bytes are hostile.
 */
#include <stdbool.h>
#include <string.h>

#include "ascii.h"
#include "sniff.h"
#include "utf8.h"

#define SIGNATURE(bytes, type) {bytes, sizeof(bytes) - 1, type}

/* Of formats that nothing else begins like. Zip stands apart: half of the world's formats are one. */
static const struct {
	const char *bytes;
	size_t len;
	const char *type;
} signatures[] = {
	SIGNATURE("\x89PNG\r\n\x1a\n", "image/png"),
	SIGNATURE("\xff\xd8\xff", "image/jpeg"),
	SIGNATURE("GIF87a", "image/gif"),
	SIGNATURE("GIF89a", "image/gif"),
	SIGNATURE("%PDF-", "application/pdf"),
	SIGNATURE("\x1f\x8b\x08", "application/gzip"),
	SIGNATURE("\xfd" "7zXZ\0", "application/x-xz"),
	SIGNATURE("7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
	SIGNATURE("(\xb5/\xfd", "application/zstd"),
	SIGNATURE("Rar!\x1a\x07", "application/x-rar"),
};

/* The first member of a document or program that is a zip. */
static const char *const zip_formats[] = {"[content_types].xml", "_rels/", "docprops/", "mimetype", "meta-inf/", "word/", "xl/", "ppt/",
                                          "androidmanifest", "index/", "customxml/"};

#define ZIP_NAME 30u /* where the first member's name begins */

static const char *sniff_zip(const char *s, size_t n)
{
	if (n <= ZIP_NAME || memcmp(s, "PK\3\4", 4) != 0 ||
	    ascii_starts_any(s + ZIP_NAME, n - ZIP_NAME, zip_formats, ASCII_COUNT(zip_formats)))
		return NULL;
	return "application/zip";
}

/* White space and characters from 0x20 up; the head may end inside a character. */
static bool is_text(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && ((unsigned char)s[i] >= ' ' || (s[i] != '\0' && strchr("\t\n\r\f\x1b", s[i]) != NULL)))
		i++;
	for (unsigned cut = 0; i == n && cut < 4 && cut < n; cut++)
		if (utf8_valid(s, n - cut))
			return true;
	return false;
}

/* Texts with a type of their own, by how they begin (lower case). */
static const struct {
	const char *prefix, *type;
} texts[] = {
	{"from: ", "message/rfc822"},
	{"received: ", "message/rfc822"},
	{"return-path: ", "message/rfc822"},
	{"delivered-to: ", "message/rfc822"},
	{"date: ", "message/rfc822"},
	{"begin:vcalendar", "text/calendar"},
	{"<!doctype html", "text/html"},
	{"<html", "text/html"},
	{"-----begin pgp signature-", "application/pgp-signature"},
	{"-----begin pgp message-", "application/pgp-encrypted"},
};

/* Markup, scripts, sources, and what else libmagic knows by name. */
static bool has_language(const char *s, size_t n)
{
	static const char *const marks[] = {"begin:", "-----begin ", "diff ", "import ", "package ", "/*", "//"};

	for (; n > 0 && strchr(" \t\r\n", *s) != NULL; s++)
		n--;
	return n > 0 && (strchr("<{#!%\\(", s[0]) != NULL || ascii_starts_any(s, n, marks, ASCII_COUNT(marks)));
}

static const char *sniff_text(const char *s, size_t n)
{
	if (!is_text(s, n))
		return NULL;
	for (size_t i = 0; i < ASCII_COUNT(texts); i++)
		if (ascii_starts(s, n, texts[i].prefix))
			return texts[i].type;
	return has_language(s, n) ? NULL : "text/plain";
}

const char *sniff_type(const void *head, size_t n)
{
	const char *s = head;

	for (size_t i = 0; i < ASCII_COUNT(signatures); i++)
		if (n >= signatures[i].len && memcmp(s, signatures[i].bytes, signatures[i].len) == 0)
			return signatures[i].type;
	if (n >= 4 && memcmp(s, "PK\3\4", 4) == 0)
		return sniff_zip(s, n);
	return n > 0 ? sniff_text(s, n) : NULL;
}
