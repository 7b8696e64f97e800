/*
 * pkcs7.c - walks the few elements of CMS that lead to the content. Runs in the parser worker and in `vcspgate parse`; the bytes are
 * hostile. Elements of unknown length (BER) are followed with a counter, not by recursion.
 */
#include "pkcs7.h"

#include <string.h>

#include "err.h"

#define SEQUENCE 0x30u
#define SET 0x31u
#define INTEGER 0x02u
#define OID 0x06u
#define OCTETS 0x04u
#define CONSTRUCTED 0x20u
#define EXPLICIT_0 0xa0u

struct ber {
	const unsigned char *p;
	size_t left;
};

struct element {
	unsigned tag;
	size_t len;
	bool open; /* its length is unknown; two zeros end it */
};

/* The head of the next element. */
static bool head(struct ber *b, struct element *e)
{
	size_t n, count;

	if (b->left < 2)
		return false;
	e->tag = b->p[0];
	n = b->p[1];
	e->open = n == 0x80;
	count = n > 0x80 ? n - 0x80 : 0;
	if (count > 4 || b->left < 2 + count)
		return false;
	if (count > 0)
		n = 0;
	for (size_t i = 0; i < count; i++)
		n = n << 8 | b->p[2 + i];
	e->len = e->open ? 0 : n;
	b->p += 2 + count;
	b->left -= 2 + count;
	return true;
}

static bool enter(struct ber *b, unsigned tag)
{
	struct element e;

	return head(b, &e) && e.tag == tag;
}

static bool pass(struct ber *b, size_t n)
{
	if (n > b->left)
		return false;
	b->p += n;
	b->left -= n;
	return true;
}

/* The next element with all that is in it. */
static bool skip(struct ber *b, unsigned tag)
{
	struct element e;
	size_t depth;

	if (!head(b, &e) || e.tag != tag)
		return false;
	if (!e.open)
		return pass(b, e.len);
	for (depth = 1; depth > 0;) {
		if (!head(b, &e))
			return false;
		if (e.tag == 0 && e.len == 0)
			depth--;
		else if (e.open)
			depth++;
		else if (!pass(b, e.len))
			return false;
	}
	return true;
}

static bool oid(struct ber *b, const char *want, size_t n)
{
	struct element e;

	return head(b, &e) && e.tag == OID && e.len == n && b->left >= n && memcmp(b->p, want, n) == 0 && pass(b, n);
}

/* ContentInfo, up to the content of SignedData. */
static bool enter_signed(struct ber *b)
{
	static const char signed_data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

	return enter(b, SEQUENCE) && oid(b, signed_data, sizeof signed_data - 1) && enter(b, EXPLICIT_0) && enter(b, SEQUENCE);
}

bool pkcs7_is_signed(const unsigned char *p, size_t n)
{
	struct ber b = {p, n};

	return enter_signed(&b);
}

/* The pieces of an octet string. */
static int octets(struct buf *out, struct ber *b)
{
	struct element e, whole;
	const unsigned char *end;
	int err = VG_OK;

	if (!head(b, &whole) || (whole.tag & ~CONSTRUCTED) != OCTETS)
		return VG_ERR_SYNTAX;
	if ((whole.tag & CONSTRUCTED) == 0)
		return whole.len <= b->left ? buf_add(out, b->p, whole.len) : VG_ERR_SYNTAX;
	end = whole.open || whole.len > b->left ? b->p + b->left : b->p + whole.len;
	while (err == VG_OK && b->p < end) {
		if (!head(b, &e) || (e.tag != OCTETS && !(e.tag == 0 && e.len == 0)) || e.len > b->left)
			return VG_ERR_SYNTAX;
		if (e.tag == 0)
			break;
		err = buf_add(out, b->p, e.len);
		pass(b, e.len);
	}
	return err;
}

int pkcs7_content(struct buf *out, const unsigned char *p, size_t n)
{
	static const char data[] = "\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
	struct ber b = {p, n};

	if (!enter_signed(&b) || !skip(&b, INTEGER) || !skip(&b, SET) || !enter(&b, SEQUENCE) || !oid(&b, data, sizeof data - 1) ||
	    !enter(&b, EXPLICIT_0))
		return VG_ERR_SYNTAX;
	return octets(out, &b);
}
