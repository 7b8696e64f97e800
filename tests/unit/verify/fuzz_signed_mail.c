/*
 * fuzz_signed_mail.c - any bytes as a signed mail: the signed range lies within them, a signature of S/MIME goes on to the
 * decoder of GnuTLS with no certificate to find.
 */
#include <assert.h>
#include <gmime/gmime.h>
#include <stdint.h>

#include "err.h"
#include "verify_job.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct signed_mail *m, const char *data, size_t size)
{
	struct verify_result r = {.state = SIGNATURE_VALID};
	struct wlist none = {0};
	struct buf fields;

	if (m->kind != SIGNED_SMIME_OPAQUE)
		assert(m->content >= data && m->content + m->content_len <= data + size);
	buf_init(&fields, VERIFY_WHY_MAX);
	if (m->kind != SIGNED_SMIME_OPAQUE)
		assert(signed_mail_protected(&fields, data, size, m->content, m->content_len) == VG_OK);
	buf_free(&fields);
	buf_init(&r.embedded, size + 1);
	if (m->kind != SIGNED_OPENPGP) {
		assert(verify_smime(&r, 0, &none, m) == VG_OK);
		assert(r.state == SIGNATURE_NONE || r.state == SIGNATURE_OTHER);
	}
	buf_free(&r.embedded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int started;
	struct signed_mail m;

	if (!started) {
		g_mime_init();
		started = 1;
	}
	if (signed_mail_read(&m, (const char *)data, size) == VG_OK && m.kind != SIGNED_NOT)
		check(&m, (const char *)data, size);
	signed_mail_free(&m);
	return 0;
}
