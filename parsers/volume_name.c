/*
 * volume_name.c - parser worker; hostile names. Called by archive_form.c and volumes.c. Pure.
 */
#include "volume_name.h"

#include <stdio.h>
#include <string.h>

#include "archive_form.h"
#include "ascii.h"

/* The digits that end s[0..len), at most four: their value, *from where they begin. False where there are none, or more. */
static bool number_at_end(const char *s, size_t len, unsigned *value, size_t *from)
{
	*from = len;
	*value = 0;
	while (*from > 0 && ascii_digit(s[*from - 1]))
		(*from)--;
	if (*from == len || len - *from > 4)
		return false;
	for (size_t i = *from; i < len; i++)
		*value = *value * 10 + (unsigned)(s[i] - '0');
	return true;
}

static void set(struct volume_name *v, enum volume_scheme scheme, size_t stem, unsigned index, size_t digits)
{
	v->scheme = scheme;
	v->stem = stem;
	v->index = index;
	v->digits = (unsigned)digits;
}

/* `.zip.001`, `.z01`, `.r00` */
static void read_number(struct volume_name *v, const char *name, size_t len, size_t from, unsigned n)
{
	char letter = ascii_fold(name[from - 1]);

	/* `.zip.000` counts as a first one too, whoever wrote it. */
	if (len - from == 3 && letter == '.' && archive_form_is_promised(name, from - 1))
		set(v, VOLUMES_NUMBERED, from - 1, n > 0 ? n - 1 : 0, 3);
	else if (len - from != 2 || from < 3 || name[from - 2] != '.')
		return;
	else if (letter == 'z' && n > 0)
		set(v, VOLUMES_ZIP, from - 2, n - 1, 2);
	else if (letter == 'r')
		set(v, VOLUMES_RAR, from - 2, n + 1, 2);
}

void volume_name_read(struct volume_name *v, const char *name)
{
	size_t len = strlen(name), from;
	unsigned n;

	set(v, VOLUMES_UNNAMED, 0, 0, 0);
	if (len > 4 && ascii_ends(name, len, ".zip")) {
		set(v, VOLUMES_ZIP, len - 4, VOLUME_LAST, 0);
	} else if (len > 4 && ascii_ends(name, len, ".rar")) {
		set(v, VOLUMES_RAR, len - 4, 0, 0);
		if (number_at_end(name, len - 4, &n, &from) && from >= 5 && ascii_ends(name, from, ".part"))
			set(v, VOLUMES_PARTS, from - 5, n > 0 ? n - 1 : 0, len - 4 - from);
	} else if (number_at_end(name, len, &n, &from) && from > 1) {
		read_number(v, name, len, from, n);
	}
}

bool volume_name_is_telling(const struct volume_name *v)
{
	return v->scheme != VOLUMES_UNNAMED && v->digits > 0;
}

bool volume_name_same(const struct volume_name *a, const char *name_a, const struct volume_name *b, const char *name_b)
{
	if (a->scheme == VOLUMES_UNNAMED || a->scheme != b->scheme || a->stem != b->stem)
		return false;
	for (size_t i = 0; i < a->stem; i++)
		if (ascii_fold(name_a[i]) != ascii_fold(name_b[i]))
			return false;
	return true;
}

void volume_name_write(char *out, size_t cap, const struct volume_name *v, const char *name, unsigned index)
{
	int stem = (int)v->stem;

	switch (v->scheme) {
	case VOLUMES_NUMBERED:
		snprintf(out, cap, "%.*s.%03u", stem, name, index + 1);
		break;
	case VOLUMES_PARTS:
		snprintf(out, cap, "%.*s.part%0*u.rar", stem, name, (int)v->digits, index + 1);
		break;
	case VOLUMES_ZIP:
		if (index == VOLUME_LAST)
			snprintf(out, cap, "%.*s.zip", stem, name);
		else
			snprintf(out, cap, "%.*s.z%02u", stem, name, index + 1);
		break;
	case VOLUMES_RAR:
		if (index == 0)
			snprintf(out, cap, "%.*s.rar", stem, name);
		else
			snprintf(out, cap, "%.*s.r%02u", stem, name, index - 1);
		break;
	case VOLUMES_UNNAMED:
		snprintf(out, cap, "%s", name);
	}
}
