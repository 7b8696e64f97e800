/*
 * archive_name.c - parser worker; names out of hostile archives. Called by archive_path.c. Pure.
 */
#include "archive_name.h"

#include <stdbool.h>

#include "ascii.h"

typedef const unsigned char *bytes;

static bool between(unsigned char c, unsigned char from, unsigned char to)
{
	return c >= from && c <= to;
}

/* Every byte outside ASCII belongs to a pair, pairs stand together, and the letters are what Japanese is made of. */
static bool is_shift_jis(bytes s, size_t len)
{
	size_t letters = 0, run = 0, longest = 0;

	for (size_t i = 0; i < len;) {
		if (s[i] < 0x80) {
			run = 0;
			i++;
			continue;
		}
		if (i + 1 == len || !(between(s[i], 0x81, 0x9F) || between(s[i], 0xE0, 0xEF)) ||
		    !(between(s[i + 1], 0x40, 0x7E) || between(s[i + 1], 0x80, 0xFC)))
			return false;
		letters += (s[i] == 0x82 && s[i + 1] >= 0x9F) || (s[i] == 0x83 && s[i + 1] <= 0x96) || between(s[i], 0x88, 0x9F);
		longest = ++run > longest ? run : longest;
		i += 2;
	}
	return letters >= 2 && longest >= 2;
}

/* Pairs of the first plane of GB 2312. */
static bool is_gbk(bytes s, size_t len)
{
	bool low = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < 0x80)
			continue;
		if (i + 1 == len || !between(s[i], 0xB0, 0xF7) || s[i + 1] < 0xA1)
			return false;
		low = low || s[i] < 0xC0 || s[i + 1] < 0xC0;
		i++;
	}
	return low;
}

/* At least two letters in a row, and nothing else beyond ASCII. */
static bool is_run_of(bytes s, size_t len, bool (*letter)(unsigned char c))
{
	size_t run = 0, longest = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] >= 0x80 && !letter(s[i]))
			return false;
		run = s[i] >= 0x80 ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest >= 3;
}

static bool is_cp866_letter(unsigned char c)
{
	return between(c, 0x80, 0xAF) || between(c, 0xE0, 0xF7) || c == 0xFC;
}

static bool is_cp1251_letter(unsigned char c)
{
	return c >= 0xC0 || c == 0xA8 || c == 0xB8 || c == 0xB3 || c == 0xBF;
}

/* No letters in code page 850, but in 852: in the middle of a word they must be. */
static bool is_cp852(bytes s, size_t len)
{
	static const unsigned char only_852[] = {0x9E, 0x9F, 0xA6, 0xA7, 0xA9, 0xAB, 0xBD, 0xBE, 0xFD};

	for (size_t i = 1; i < len; i++)
		for (size_t k = 0; k < sizeof(only_852); k++)
			if (s[i] == only_852[k] && ascii_lower((char)s[i - 1]))
				return true;
	return false;
}

/* A letter of the OEM pages stands below 0xA6, where Windows-1252 has signs. */
static bool is_oem(bytes s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (between(s[i], 0x80, 0xA5) || s[i] == 0xE1 || (s[i] == 0xC6 && i > 0 && ascii_lower((char)s[i - 1])))
			return true;
	return false;
}

const char *archive_name_charset(const char *raw, size_t len)
{
	bytes s = (bytes)raw;

	if (is_shift_jis(s, len))
		return "shift_jis";
	if (is_run_of(s, len, is_cp866_letter))
		return "cp866";
	if (is_run_of(s, len, is_cp1251_letter))
		return "windows-1251";
	if (is_gbk(s, len))
		return "gbk";
	if (is_cp852(s, len))
		return "cp852";
	return is_oem(s, len) ? "cp850" : "windows-1252";
}
