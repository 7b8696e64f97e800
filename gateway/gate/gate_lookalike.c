/*
 * gate_lookalike.c - scripts of a domain's labels, by GLib's Unicode tables. Runs in the gate; hostile input; pure.
 * A label may mix what one writing system mixes (Japanese, Korean, Chinese with Latin: UTS 39 "highly restrictive").
 */
#include <stdbool.h>
#include <string.h>

#include <glib.h>
#include <idn2.h>

#include "gate_lookalike.h"

enum { LATIN = 1, HAN = 2, KANA = 4, HANGUL = 8, BOPOMOFO = 16, CYRILLIC = 32, GREEK = 64, OTHER = 128 };

static unsigned script_of(gunichar c)
{
	switch (g_unichar_get_script(c)) {
	case G_UNICODE_SCRIPT_COMMON:
	case G_UNICODE_SCRIPT_INHERITED:
		return 0;
	case G_UNICODE_SCRIPT_LATIN:
		return LATIN;
	case G_UNICODE_SCRIPT_HAN:
		return HAN;
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
		return KANA;
	case G_UNICODE_SCRIPT_HANGUL:
		return HANGUL;
	case G_UNICODE_SCRIPT_BOPOMOFO:
		return BOPOMOFO;
	case G_UNICODE_SCRIPT_CYRILLIC:
		return CYRILLIC;
	case G_UNICODE_SCRIPT_GREEK:
		return GREEK;
	default:
		return OTHER;
	}
}

static bool may_stand_together(unsigned scripts)
{
	static const unsigned systems[] = {LATIN | HAN | KANA, LATIN | HAN | HANGUL, LATIN | HAN | BOPOMOFO, CYRILLIC, GREEK, OTHER};

	for (size_t i = 0; i < sizeof(systems) / sizeof(systems[0]); i++)
		if ((scripts & ~systems[i]) == 0)
			return true;
	return false;
}

/* Small letters of Cyrillic and Greek whose usual shape is a Latin letter's. */
static bool looks_latin(gunichar c)
{
	static const gunichar list[] = {0x430, 0x441, 0x501, 0x435, 0x4bb, 0x456, 0x458, 0x4cf, 0x43e, 0x440, 0x51b, 0x455, 0x475,
	    0x51d, 0x445, 0x443, 0x4bd, 0x3bf, 0x3bd, 0x3c1, 0x3b9, 0x3c5, 0x3b1, 0x3f3};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (list[i] == c)
			return true;
	return false;
}

static const char *judge(const char *label, size_t len)
{
	unsigned scripts = 0;
	bool all_look_latin = true;

	for (const char *p = label; p < label + len; p += g_utf8_skip[(unsigned char)*p]) {
		gunichar c = g_utf8_get_char(p);
		unsigned script = script_of(c);

		scripts |= script;
		all_look_latin = all_look_latin && (script == 0 || looks_latin(c));
	}
	if (!may_stand_together(scripts))
		return "mixed-script";
	return scripts != 0 && (scripts & LATIN) == 0 && all_look_latin ? "latin-lookalike" : NULL;
}

const char *gate_lookalike(const char *domain)
{
	const char *found = NULL;
	char *shown = NULL;

	if (strstr(domain, "xn--") == NULL)
		return NULL;
	if (idn2_to_unicode_8z8z(domain, &shown, 0) != IDN2_OK || !g_utf8_validate(shown, -1, NULL))
		found = "undecodable";
	for (const char *p = shown; found == NULL && p != NULL;) {
		size_t n = strcspn(p, ".");

		found = judge(p, n);
		p = p[n] == '.' ? p + n + 1 : NULL;
	}
	idn2_free(shown);
	return found;
}
