/*
 * imap_ids.c - Message-IDs as numbers (FNV-1a). Two that collide cost a little waiting, nothing else.
 */
#include "imap_ids.h"

#include <string.h>

#include "err.h"
#include "gate_header.h"

static uint64_t
number_of(const char *s, size_t n)
{
	uint64_t h = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < n; i++)
		h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
	return h ? h : 1;
}

/* The next <identifier> from *pos on; 0: none is left. */
static uint64_t
next_id(const char *s, size_t len, size_t *pos)
{
	const char *open = *pos < len ? memchr(s + *pos, '<', len - *pos) : NULL;
	const char *close = open ? memchr(open, '>', (size_t)(s + len - open)) : NULL;

	if (!close)
		return 0;
	*pos = (size_t)(close - s) + 1;
	return number_of(open, (size_t)(close - open));
}

static void
take_refs(struct imap_ids *out, const struct gate_header *h, const char *name)
{
	const struct gate_field *f;
	size_t field = 0;

	while ((f = gate_header_next(h, name, &field)) != NULL) {
		size_t pos = 0;
		uint64_t id;

		while (out->n < IMAP_REFS_MAX && (id = next_id(f->value, f->value_len, &pos)) != 0)
			out->refs[out->n++] = id;
	}
}

void
imap_ids_read(struct imap_ids *out, const char *head, size_t len)
{
	const struct gate_field *f;
	struct gate_header h;
	size_t field = 0, pos = 0;

	memset(out, 0, sizeof(*out));
	if (gate_header_read(&h, head, len) == VG_OK) {
		f = gate_header_next(&h, "Message-ID", &field);
		out->own = f ? next_id(f->value, f->value_len, &pos) : 0;
		take_refs(out, &h, "In-Reply-To");
		take_refs(out, &h, "References");
	}
	gate_header_free(&h);
}

bool
imap_ids_follow(const struct imap_ids *ids, uint64_t own)
{
	if (own == 0)
		return false;
	for (size_t i = 0; i < ids->n; i++) {
		if (ids->refs[i] == own)
			return true;
	}
	return ids->own == own;
}
