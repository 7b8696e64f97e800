/*
 * dkim_sign.c - signatures by GnuTLS over the canonical forms of gateway/proof. Runs in the role `deliver`; the mail is of our own
 * making.
 */
#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/gnutls.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dkim_canon.h"
#include "dkim_sign.h"
#include "err.h"
#include "ipc_messages.h"

#define NAME_MAX_LEN 253u
#define SIGNATURE_MAX 1024u /* RSA of 8192 bits */
#define FIELD_MAX 8192u

struct dkim_signer {
	char domain[NAME_MAX_LEN + 1], selector[NAME_MAX_LEN + 1];
	gnutls_privkey_t key;
	bool ed25519;
};

/* What a reader believes or a program follows; each is named once more than it stands there. */
static const char *const signed_fields[] = {
	"From", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Reply-To", "Sender", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "Auto-Submitted",
};

int dkim_signer_new(struct dkim_signer **out, const char *domain, const char *selector, const void *pem, size_t len, const char **why)
{
	gnutls_datum_t data = {(unsigned char *)(uintptr_t)pem, (unsigned)len};
	struct dkim_signer *s = *out = calloc(1, sizeof(*s));
	unsigned bits = 0;
	int algorithm;

	*why = "out of memory";
	if (s == NULL || gnutls_privkey_init(&s->key) < 0) {
		free(s);
		*out = NULL;
		return VG_ERR_MEMORY;
	}
	snprintf(s->domain, sizeof(s->domain), "%s", domain);
	snprintf(s->selector, sizeof(s->selector), "%s", selector);
	*why = "no private key in PEM";
	algorithm = gnutls_privkey_import_x509_raw(s->key, &data, GNUTLS_X509_FMT_PEM, NULL, 0) < 0 ? -1
	    : gnutls_privkey_get_pk_algorithm(s->key, &bits);
	if (algorithm >= 0)
		*why = "neither RSA from 1024 bits nor Ed25519";
	s->ed25519 = algorithm == GNUTLS_PK_EDDSA_ED25519;
	if (s->ed25519 || (algorithm == GNUTLS_PK_RSA && bits >= 1024))
		return VG_OK;
	dkim_signer_free(out);
	return VG_ERR_SYNTAX;
}

void dkim_signer_free(struct dkim_signer **sp)
{
	struct dkim_signer *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	gnutls_privkey_deinit(s->key);
	free(s);
}

static int put_base64(struct buf *out, const void *data, size_t n)
{
	char text[SIGNATURE_MAX * 2];

	if (n > SIGNATURE_MAX)
		return VG_ERR_LIMIT;
	sodium_bin2base64(text, sizeof(text), data, n, sodium_base64_VARIANT_ORIGINAL);
	for (size_t at = 0; at < strlen(text); at += 70) {
		int rc = buf_addf(out, "%s%.70s", at > 0 ? "\r\n\t " : "", text + at);

		if (rc != VG_OK)
			return rc;
	}
	return VG_OK;
}

/* The last one first (RFC 6376 5.4.2); each field once, though a mail of ours has no field twice. */
static int put_fields(struct buf *names, struct buf *canon, const struct gate_header *h)
{
	int rc = VG_OK;

	for (size_t i = 0; i < sizeof(signed_fields) / sizeof(signed_fields[0]) && rc == VG_OK; i++) {
		const struct gate_field *f;
		size_t pos = 0;

		while (rc == VG_OK && (f = gate_header_next(h, signed_fields[i], &pos)) != NULL)
			if ((rc = dkim_canon_field(canon, f, true, NULL, 0)) == VG_OK)
				rc = buf_addf(names, "%s:", signed_fields[i]);
		if (rc == VG_OK)
			rc = buf_addf(names, "%s:%s", signed_fields[i], i % 4 == 3 ? "\r\n\t " : "");
	}
	return rc;
}

static int sign_hash(struct buf *out, const struct dkim_signer *s, const struct buf *text)
{
	unsigned char hash[BODY_HASH_LEN];
	gnutls_datum_t data = {hash, sizeof(hash)}, signature = {0};
	int e = gnutls_hash_fast(GNUTLS_DIG_SHA256, text->data, text->len, hash), rc;

	/* RFC 8463 3: Ed25519 signs the hash as its message. */
	if (e >= 0)
		e = s->ed25519 ? gnutls_privkey_sign_data2(s->key, GNUTLS_SIGN_EDDSA_ED25519, 0, &data, &signature)
		    : gnutls_privkey_sign_hash2(s->key, GNUTLS_SIGN_RSA_SHA256, 0, &data, &signature);
	if (e < 0)
		return VG_ERR_CRYPTO;
	rc = put_base64(out, signature.data, signature.size);
	gnutls_free(signature.data);
	return rc;
}

/* The field up to b=, then the same in canonical form behind what it signs. */
static int sign_fields(struct buf *out, const struct dkim_signer *s, struct buf *canon, const struct buf *field)
{
	struct gate_field self = {.name = "DKIM-Signature", .name_len = 14, .value = (const char *)field->data + 15,
	    .value_len = field->len - 15, .raw = (const char *)field->data, .raw_len = field->len};
	int rc = dkim_canon_field(canon, &self, true, NULL, 0);

	if (rc != VG_OK)
		return rc;
	canon->len -= 2; /* without its line end (RFC 6376 3.7) */
	if ((rc = buf_add(out, field->data, field->len)) == VG_OK)
		rc = sign_hash(out, s, canon);
	return rc == VG_OK ? buf_adds(out, "\r\n") : rc;
}

static int make(struct buf *out, const struct dkim_signer *s, const struct gate_header *h, const unsigned char hash[BODY_HASH_LEN], int64_t now)
{
	struct buf names, canon, field;
	int rc;

	buf_init(&names, FIELD_MAX);
	buf_init(&canon, MSG_HEAD_MAX * 2);
	buf_init(&field, FIELD_MAX);
	rc = put_fields(&names, &canon, h);
	while (names.len > 0 && strchr(": \t\r\n", names.data[names.len - 1]) != NULL)
		names.len--;
	if (rc == VG_OK)
		rc = buf_addf(&field, "DKIM-Signature: v=1; a=%s; c=relaxed/relaxed; d=%s; s=%s;\r\n\tt=%" PRId64 "; h=%s;\r\n\tbh=",
		    s->ed25519 ? "ed25519-sha256" : "rsa-sha256", s->domain, s->selector, now, buf_str(&names));
	if (rc == VG_OK)
		rc = put_base64(&field, hash, BODY_HASH_LEN);
	if (rc == VG_OK)
		rc = buf_adds(&field, ";\r\n\tb=");
	if (rc == VG_OK)
		rc = sign_fields(out, s, &canon, &field);
	buf_free(&names);
	buf_free(&canon);
	buf_free(&field);
	return rc;
}

int dkim_sign(struct buf *out, const struct dkim_signer *s, const char *head, size_t len, const unsigned char body[BODY_HASH_LEN],
    int64_t now)
{
	struct gate_header h = {0};
	int rc = gate_header_read(&h, head, len);

	if (rc == VG_OK && h.n == 0)
		rc = VG_ERR_SYNTAX;
	if (rc == VG_OK)
		rc = make(out, s, &h, body, now);
	gate_header_free(&h);
	return rc;
}
