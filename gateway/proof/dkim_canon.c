/*
 * dkim_canon.c - the two canonical forms of a header field. Called by dkim_spec.c (DKIM, message signatures of ARC) and
 * arc.c (seals).
 */
#include "dkim_canon.h"
#include "err.h"

static void put(struct buf *out, char c)
{
	out->data[out->len++] = (unsigned char)c;
}

struct relaxing {
	bool text;  /* something stands before */
	bool space; /* white space that counts when something follows */
};

/* Unfolded, white space as one space, none at the ends. */
static void relax(struct buf *out, struct relaxing *r, const char *s, const char *end)
{
	for (; s < end; s++) {
		if (*s == '\r' && s + 1 < end && s[1] == '\n') {
			s++;
		} else if (*s == ' ' || *s == '\t') {
			r->space = r->text;
		} else {
			if (r->space)
				put(out, ' ');
			r->space = false;
			r->text = true;
			put(out, *s);
		}
	}
}

int dkim_canon_field(struct buf *out, const struct gate_field *f, bool relaxed, const char *cut, size_t n)
{
	const char *end = f->value + f->value_len, *first = cut != NULL ? cut : end, *second = cut != NULL ? cut + n : end;
	struct relaxing r = {false, false};
	int rc;

	if ((rc = buf_reserve(out, f->raw_len + 2)) != VG_OK)
		return rc;
	if (relaxed) {
		for (size_t i = 0; i < f->name_len; i++)
			put(out, f->name[i] >= 'A' && f->name[i] <= 'Z' ? (char)(f->name[i] + 32) : f->name[i]);
		put(out, ':');
		relax(out, &r, f->value, first);
		relax(out, &r, second, end);
	} else {
		for (const char *s = f->raw; s < end; s++)
			if (s < first || s >= second)
				put(out, *s);
	}
	put(out, '\r');
	put(out, '\n');
	return VG_OK;
}
