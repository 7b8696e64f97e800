/*
 * errors_recent.c - parser worker; findings from hostile logs. A log says the same thing thousands of times, or with other numbers in
 * it. Numbers do not change a fingerprint, and where a code stands is told by what is around it: so texts that differ in digits
 * alone are one error, as long as their codes are the same bytes. Called by errors.c.
 *
 * Who makes two texts of one hash has them counted as one.
 */
#include "errors_recent.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "errors_private.h"

#define PLACES 2048 /* power of two */
#define WAYS 4      /* places where one hash may stand, side by side: power of two */

enum told {
	TOLD_NOT,    /* a free place */
	TOLD_ENTRY,  /* the entry is known */
	TOLD_CODE,   /* of a form: the bytes of the code at `at` tell more */
	TOLD_HEX,    /* of a form: these, if there is a code, and each number like 0x80070005 */
	TOLD_BYTES   /* of a form: all bytes do */
};

struct place {
	uint64_t hash;
	int16_t entry;
	uint16_t count; /* of entries, when one was dropped */
	uint16_t at, len; /* of the code */
	enum told told;
};

struct errors_recent {
	struct place place[PLACES];
};

struct errors_recent *errors_recent_new(void)
{
	return calloc(1, sizeof(struct errors_recent));
}

static inline uint64_t mix(uint64_t h, uint64_t w)
{
	h = (h ^ w) * UINT64_C(0x9E3779B97F4A7C15);
	return h ^ h >> 29;
}

/* All digits of eight bytes become '0'. */
static inline uint64_t alike(uint64_t w)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), low = w & 0x7F * ones;
	uint64_t digits = (low + 0x50 * ones) & ~(low + 0x46 * ones) & ~w & 0x80 * ones;

	return w & ~((digits >> 7) * 0x0F);
}

static uint64_t hash(uint64_t h, const char *s, size_t len, bool digits_alike)
{
	const uint64_t start = len;
	uint64_t w;

	for (; len >= sizeof(w); s += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, s, sizeof(w));
		h = mix(h, digits_alike ? alike(w) : w);
	}
	w = 0;
	if (len > 0)
		memcpy(&w, s, len);
	h = mix(h, digits_alike ? alike(w) : w) ^ start;
	return h * UINT64_C(0xBF58476D1CE4E5B9);
}

/* The place of that hash, or the one that it may take. */
static size_t place_of(const struct errors_recent *r, uint64_t h)
{
	size_t from = h >> 20 & (PLACES - WAYS);

	for (size_t i = from; i < from + WAYS; i++)
		if (r->place[i].hash == h || r->place[i].told == TOLD_NOT)
			return i;
	return from + (h >> 40 & (WAYS - 1));
}

static const struct place *known(const struct errors_recent *r, uint64_t h)
{
	const struct place *p = &r->place[place_of(r, h)];

	return p->told != TOLD_NOT && p->hash == h ? p : NULL;
}

/* Goes on with each hexadecimal number in s, as it is written. */
static uint64_t hash_hex(uint64_t h, const char *s, size_t len)
{
	for (size_t i = 1, from; i < len; i++) {
		if (ascii_fold(s[i]) != 'x' || !ascii_digit(s[i - 1]))
			continue;
		for (from = i - 1; i < len && ascii_alnum(s[i]); i++)
			;
		h = hash(h, s + from, i - from, false);
	}
	return h;
}

/* What tells a finding from others of its form. */
static uint64_t exact_of(enum told told, uint64_t form, const struct error_item *item, size_t at, size_t len)
{
	if (told == TOLD_ENTRY)
		return form;
	if (told == TOLD_BYTES)
		return hash(form, item->text, item->text_len, false);
	if (len > 0)
		form = hash(form, item->text + at, len, false);
	return told == TOLD_HEX ? hash_hex(form ^ 4, item->text, item->text_len) : form;
}

int errors_recent_find(const struct errors_recent *r, const struct error_item *item, size_t count, struct recent_key *key)
{
	const struct place *p;
	uint64_t h = 0;

	key->given = item->code != NULL && item->code[0] != '\0';
	if (item->exception != NULL && item->exception[0] != '\0')
		h = hash(h, item->exception, strlen(item->exception), false);
	if (key->given)
		h = hash(h ^ 1, item->code, strlen(item->code), false);
	if (item->other_code != NULL && item->other_code[0] != '\0')
		h = hash(h ^ 3, item->other_code, strlen(item->other_code), false);
	key->form = hash(h ^ 2, item->text, item->text_len, true);
	p = known(r, key->form);
	if (p != NULL && p->told != TOLD_ENTRY)
		p = known(r, exact_of(p->told, key->form, item, p->at, p->len));
	if (p == NULL || p->told != TOLD_ENTRY || (p->entry == RECENT_DROPPED && p->count != count))
		return RECENT_UNKNOWN;
	return p->entry;
}

static bool has_hex(const char *s, size_t len)
{
	for (size_t i = 0; i + 1 < len; i++)
		if (ascii_digit(s[i]) && ascii_fold(s[i + 1]) == 'x')
			return true;
	return false;
}

/* Which digits stand there decides what is a code, as they do in 0x80070005: HTTP 500, Win32 error 5. */
static bool digits_matter(const char *s, size_t len)
{
	const char *at = s, *end = s + len;

	for (; (at = ascii_find(at, (size_t)(end - at), "win")) != NULL; at++)
		if (end - at > 3 && ascii_digit(at[3]) && (end - at < 5 || memcmp(at + 3, "32", 2) != 0))
			return true;
	/* Of addresses goes on with `s` or `:`. */
	for (at = s; (at = ascii_find(at, (size_t)(end - at), "http")) != NULL; at++)
		if (end - at > 6 && (memchr(" /=#(", at[4], 5) != NULL || (at[4] == ':' && at[5] != '/')))
			return true;
	return false;
}

/* How findings of a form are told apart. */
static enum told told_by(const struct error_item *item, const struct recent_key *key, size_t *at, size_t *len)
{
	if (key->given)
		return TOLD_ENTRY;
	if (item->text_len > ERROR_TEXT_MAX || digits_matter(item->text, item->text_len))
		return TOLD_BYTES;
	/* Cleaning moves what stands behind two blanks or a byte of Windows-1252: the code is looked up where none is. */
	for (size_t i = 0; i < item->text_len; i++)
		if ((unsigned char)item->text[i] < ' ' || (unsigned char)item->text[i] >= 0x7F ||
		    (item->text[i] == ' ' && (i == 0 || item->text[i - 1] == ' ')))
			return TOLD_BYTES;
	if (!errors_code_at(item->text, item->text_len, at, len))
		*len = 0;
	return has_hex(item->text, item->text_len) ? TOLD_HEX : *len > 0 ? TOLD_CODE : TOLD_ENTRY;
}

static struct place *take(struct errors_recent *r, uint64_t h, enum told told)
{
	struct place *p = &r->place[place_of(r, h)];

	memset(p, 0, sizeof(*p));
	p->hash = h;
	p->told = told;
	return p;
}

void errors_recent_learn(struct errors_recent *r, const struct error_item *item, const struct recent_key *key, int entry, size_t count)
{
	size_t at = 0, len = 0;
	enum told told = told_by(item, key, &at, &len);
	struct place *p;

	if (told != TOLD_ENTRY) {
		p = take(r, key->form, told);
		p->at = (uint16_t)at;
		p->len = (uint16_t)len;
	}
	p = take(r, exact_of(told, key->form, item, at, len), TOLD_ENTRY);
	p->entry = (int16_t)entry;
	p->count = (uint16_t)count;
}
