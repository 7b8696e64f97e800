/*
 * inspect_name.c - parser worker; names that senders gave to attachments. Called by inspect.c and the MIME walk. Pure.
 */
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "inspect.h"
#include "oneline.h"
#include "utf8.h"

#define NAME_MAX_BYTES 200
#define EXTENSION_MAX 16

static const char *made_up(const char *type)
{
	static const struct {
		const char *type, *name;
	} names[] = {{"image/png", "attachment.png"}, {"image/jpeg", "attachment.jpg"}, {"image/gif", "attachment.gif"},
	    {"image/bmp", "attachment.bmp"}, {"message/", "message.eml"}, {"text/calendar", "invite.ics"},
	    {"text/html", "attachment.html"}, {"text/", "attachment.txt"}, {"application/pdf", "attachment.pdf"},
	    {"application/zip", "attachment.zip"}, {"application/gzip", "attachment.gz"}, {"application/pgp-signature", "signature.asc"},
	    {"application/pkcs7-signature", "smime.p7s"}, {"application/x-pkcs7-signature", "smime.p7s"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (ascii_starts(type, strlen(type), names[i].type))
			return names[i].name;
	return "attachment.bin";
}

/* Cuts s to max bytes, keeping its extension. */
static void shorten(char *s, size_t max)
{
	size_t len = strlen(s), ext_len, keep;
	const char *dot = strrchr(s, '.');
	char ext[EXTENSION_MAX + 1] = "";

	if (len <= max)
		return;
	ext_len = dot != NULL ? strlen(dot) : 0;
	if (ext_len > 0 && ext_len <= EXTENSION_MAX)
		memcpy(ext, dot, ext_len);
	else
		ext_len = 0;
	keep = utf8_cut(s, len, max - ext_len);
	memcpy(s + keep, ext, ext_len);
	s[keep + ext_len] = '\0';
}

void inspect_name(char *out, size_t cap, const char *name, const char *type)
{
	char clean[1024];
	char *base = clean;

	oneline(clean, sizeof(clean), name, strnlen(name, 4096), ONELINE_CP1252);
	for (char *c = clean; *c != '\0'; c++)
		if (*c == '/' || *c == '\\')
			base = c + 1;
	while (*base == ' ')
		base++;
	shorten(base, NAME_MAX_BYTES < cap ? NAME_MAX_BYTES : cap - 1);
	if (base[0] == '\0' || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		base = NULL;
	snprintf(out, cap, "%s", base != NULL ? base : made_up(type));
}
