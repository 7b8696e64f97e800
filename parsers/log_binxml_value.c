/*
 * log_binxml_value.c - parser worker; values of hostile event logs. Called by log_binxml.c.
 */
#include "log_binxml_value.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "id.h"
#include "little.h"
#include "utf8.h"

#define LIST 0x80u
#define BINARY_MAX 32 /* bytes that are shown */

enum type {
	V_NULL, V_STRING, V_ANSI, V_INT8, V_UINT8, V_INT16, V_UINT16, V_INT32, V_UINT32, V_INT64, V_UINT64, V_FLOAT, V_DOUBLE, V_BOOL,
	V_BINARY, V_GUID, V_SIZE, V_FILETIME, V_SYSTEMTIME, V_SID, V_HEX32, V_HEX64
};

struct writer {
	void (*out)(void *arg, const char *s, size_t n);
	void *arg;
	size_t used;
	char s[512];
};

static void flush(struct writer *w)
{
	if (w->used > 0)
		w->out(w->arg, w->s, w->used);
	w->used = 0;
}

/* A character, as an entity where it would be read as markup or begin a line. */
static void put_character(struct writer *w, uint32_t c)
{
	if (w->used + 8 > sizeof w->s)
		flush(w);
	if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'' || c == '\n' || c == '\r')
		w->used += (size_t)snprintf(w->s + w->used, sizeof w->s - w->used, "&#%u;", (unsigned)c);
	else
		w->used += utf8_put(w->s + w->used, c);
}

static void put_word(struct writer *w, const char *s)
{
	if (w->used + strlen(s) > sizeof w->s)
		flush(w);
	memcpy(w->s + w->used, s, strlen(s));
	w->used += strlen(s);
}

/* Between the items of a list, which stand in elements of their own then. */
static void separate(struct writer *w)
{
	put_word(w, "</Data><Data>");
}

/* UTF-16; a NUL ends it, or an item of a list; empty items are none. */
static void put_string(struct writer *w, const unsigned char *p, size_t n, bool list)
{
	bool any = false, ended = false;

	for (size_t i = 0; i + 1 < n; i += 2) {
		uint32_t u = little16(p + i), low = i + 3 < n ? little16(p + i + 2) : 0;

		if (u == 0 && !list)
			return;
		ended = ended || u == 0;
		if (u == 0)
			continue;
		if (ended && any)
			separate(w);
		any = true;
		ended = false;
		if (u >= 0xD800 && u <= 0xDBFF && low >= 0xDC00 && low <= 0xDFFF) {
			put_character(w, 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00));
			i += 2;
		} else {
			put_character(w, u >= 0xD800 && u <= 0xDFFF ? 0xFFFD : u);
		}
	}
}

/* In the code page of its machine, which nothing names: UTF-8 where it is that, else Windows-1252's Latin. */
static void put_ansi(struct writer *w, const unsigned char *p, size_t n)
{
	const unsigned char *nul = memchr(p, 0, n);
	size_t len = nul != NULL ? (size_t)(nul - p) : n;
	bool utf8 = utf8_valid((const char *)p, len);

	for (size_t i = 0; i < len;) {
		uint32_t c = p[i];

		i += utf8 ? utf8_next((const char *)p + i, len - i, &c) : 1;
		put_character(w, c);
	}
}

static void put_binary(struct writer *w, const unsigned char *p, size_t n)
{
	char hex[3];

	for (size_t i = 0; i < n && i < BINARY_MAX; i++) {
		snprintf(hex, sizeof hex, "%02X", p[i]);
		put_word(w, hex);
	}
}

/* 100 nanoseconds since 1601. */
static void put_filetime(struct writer *w, uint64_t t)
{
	const uint64_t epoch = 116444736000000000u, last = 2650467743990000000u; /* 1970; the end of 9999 */
	char out[32];

	if (t < epoch || t > last)
		return;
	id_rfc3339(out, (int64_t)((t - epoch) / 10000), 1);
	put_word(w, out);
}

static void put_systemtime(struct writer *w, const unsigned char *p)
{
	char out[64];

	snprintf(out, sizeof out, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ", little16(p), little16(p + 2), little16(p + 6), little16(p + 8),
	    little16(p + 10), little16(p + 12), little16(p + 14));
	put_word(w, out);
}

static void put_guid(struct writer *w, const unsigned char *p)
{
	char out[40];

	snprintf(out, sizeof out, "{%08" PRIX32 "-%04X-%04X-%02X%02X-%02X%02X%02X%02X%02X%02X}", little32(p), little16(p + 4),
	    little16(p + 6), p[8], p[9], p[10], p[11], p[12], p[13], p[14], p[15]);
	put_word(w, out);
}

/* Revision, number of parts, authority in six bytes with the highest first, parts of four bytes. */
static void put_sid(struct writer *w, const unsigned char *p, size_t n)
{
	char out[40];

	if (n < 8 || n < 8 + (size_t)4 * p[1])
		return;
	snprintf(out, sizeof out, "S-%u-%" PRIu64, p[0], (uint64_t)p[2] << 40 | (uint64_t)p[3] << 32 | (uint64_t)p[4] << 24 |
	    (uint64_t)p[5] << 16 | (uint64_t)p[6] << 8 | p[7]);
	put_word(w, out);
	for (size_t i = 0; i < p[1]; i++) {
		snprintf(out, sizeof out, "-%" PRIu32, little32(p + 8 + 4 * i));
		put_word(w, out);
	}
}

/* How many bytes a value of a type has; 0: as many as there are. */
static size_t size_of(unsigned type)
{
	static const unsigned char sizes[] = {[V_INT8] = 1, [V_UINT8] = 1, [V_INT16] = 2, [V_UINT16] = 2, [V_INT32] = 4, [V_UINT32] = 4,
	    [V_INT64] = 8, [V_UINT64] = 8, [V_FLOAT] = 4, [V_DOUBLE] = 8, [V_BOOL] = 4, [V_GUID] = 16, [V_FILETIME] = 8,
	    [V_SYSTEMTIME] = 16, [V_HEX32] = 4, [V_HEX64] = 8};

	return type < sizeof sizes ? sizes[type] : 0;
}

/* An integer of n bytes, with its sign where it has one. */
static uint64_t integer(const unsigned char *p, size_t n, bool is_signed)
{
	switch (n) {
	case 1:
		return is_signed ? (uint64_t)(int8_t)p[0] : p[0];
	case 2:
		return is_signed ? (uint64_t)(int16_t)little16(p) : little16(p);
	case 4:
		return is_signed ? (uint64_t)(int32_t)little32(p) : little32(p);
	default:
		return n == 8 ? little64(p) : 0;
	}
}

static void put_number(struct writer *w, unsigned type, const unsigned char *p, size_t n)
{
	bool is_signed = type == V_INT8 || type == V_INT16 || type == V_INT32 || type == V_INT64;
	uint64_t v = integer(p, n, is_signed);
	char out[64];
	double d;
	float f;

	if (type == V_FLOAT) {
		memcpy(&f, p, sizeof f);
		snprintf(out, sizeof out, "%g", (double)f);
	} else if (type == V_DOUBLE) {
		memcpy(&d, p, sizeof d);
		snprintf(out, sizeof out, "%g", d);
	} else if (type == V_BOOL) {
		snprintf(out, sizeof out, "%s", v != 0 ? "true" : "false");
	} else if (type == V_HEX32 || type == V_HEX64 || type == V_SIZE) {
		snprintf(out, sizeof out, "0x%" PRIx64, v);
	} else if (is_signed) {
		snprintf(out, sizeof out, "%" PRId64, (int64_t)v);
	} else {
		snprintf(out, sizeof out, "%" PRIu64, v);
	}
	put_word(w, out);
}

static void put_one(struct writer *w, unsigned type, const unsigned char *p, size_t n, bool list)
{
	switch (type) {
	case V_NULL:
		break;
	case V_STRING:
		put_string(w, p, n, list);
		break;
	case V_ANSI:
		put_ansi(w, p, n);
		break;
	case V_BINARY:
		put_binary(w, p, n);
		break;
	case V_GUID:
		put_guid(w, p);
		break;
	case V_FILETIME:
		put_filetime(w, little64(p));
		break;
	case V_SYSTEMTIME:
		put_systemtime(w, p);
		break;
	case V_SID:
		put_sid(w, p, n);
		break;
	default:
		if (type <= V_HEX64)
			put_number(w, type, p, n);
	}
}

void binxml_value(unsigned type, const unsigned char *p, size_t n, void (*out)(void *arg, const char *s, size_t n), void *arg)
{
	struct writer w = {.out = out, .arg = arg};
	bool list = (type & LIST) != 0;
	size_t size = size_of(type & ~LIST);

	type &= ~LIST;
	if (size == 0 || n < size) {
		if (size == 0)
			put_one(&w, type, p, n, list);
		flush(&w);
		return;
	}
	for (size_t i = 0; n - i >= size && (i == 0 || list); i += size) {
		if (i > 0)
			separate(&w);
		put_one(&w, type, p + i, size, list);
	}
	flush(&w);
}
