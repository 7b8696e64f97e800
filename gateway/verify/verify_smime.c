/*
 * verify_smime.c - one S/MIME signature (RFC 8551, CMS: RFC 5652) against registered certificates, by GnuTLS. Runs in a worker
 * of the role `verify`; the signature is hostile. Certificates that come along in it are not looked at.
 */
#include <gnutls/gnutls.h>
#include <gnutls/pkcs7.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "verify_job.h"

#define SERIAL_MAX 64u

/* Which certificate made it: by issuer and serial number, or by key identifier (RFC 5652 5.3). */
static bool names(const gnutls_pkcs7_signature_info_st *info, gnutls_x509_crt_t crt)
{
	unsigned char id[SERIAL_MAX];
	size_t n = sizeof id;
	gnutls_datum_t dn = {0};
	bool same;

	if (info->signer_serial.size > 0) {
		if (gnutls_x509_crt_get_serial(crt, id, &n) < 0 || gnutls_x509_crt_get_raw_issuer_dn(crt, &dn) < 0)
			return false;
		same = n == info->signer_serial.size && memcmp(id, info->signer_serial.data, n) == 0 &&
		    dn.size == info->issuer_dn.size && memcmp(dn.data, info->issuer_dn.data, dn.size) == 0;
		gnutls_free(dn.data);
		return same;
	}
	return info->issuer_keyid.size > 0 && gnutls_x509_crt_get_subject_key_id(crt, id, &n, NULL) >= 0 &&
	    n == info->issuer_keyid.size && memcmp(id, info->issuer_keyid.data, n) == 0;
}

/* RFC 8551 4.4: a certificate that says what it is for must say signing, and mail. */
static bool may_sign(gnutls_x509_crt_t crt)
{
	unsigned usage = 0;
	bool any = false;

	if (gnutls_x509_crt_get_key_usage(crt, &usage, NULL) >= 0 &&
	    !(usage & (GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_NON_REPUDIATION)))
		return false;
	for (unsigned i = 0; i < VERIFY_CREDENTIALS_MAX; i++) {
		char oid[64];
		size_t n = sizeof oid;

		if (gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &n, NULL) < 0)
			break;
		any = true;
		if (strcmp(oid, GNUTLS_KP_EMAIL_PROTECTION) == 0 || strcmp(oid, GNUTLS_KP_ANY) == 0)
			return true;
	}
	return !any;
}

static const char *unfit(gnutls_x509_crt_t crt, int64_t now)
{
	if (now >= (int64_t)gnutls_x509_crt_get_expiration_time(crt))
		return "the registered certificate has expired";
	if (now < (int64_t)gnutls_x509_crt_get_activation_time(crt))
		return "the registered certificate is not valid yet";
	return may_sign(crt) ? NULL : "the registered certificate is not for signing mail";
}

/* The signature number i against one certificate that it names. */
static void judge(struct verify_result *out, gnutls_pkcs7_t p7, unsigned i, gnutls_x509_crt_t crt, int64_t now,
    const struct signed_mail *m)
{
	gnutls_datum_t data = {(unsigned char *)(uintptr_t)m->content, (unsigned)m->content_len};
	int e = gnutls_pkcs7_verify_direct(p7, crt, i, m->kind == SIGNED_SMIME ? &data : NULL, 0);
	const char *why = unfit(crt, now);

	if (e == GNUTLS_E_INSUFFICIENT_SECURITY)
		verify_result_set(out, SIGNATURE_INVALID, "its hash or key proves nothing any more");
	else if (e < 0)
		verify_result_set(out, SIGNATURE_INVALID, "what is signed was changed");
	else if (why != NULL)
		verify_result_set(out, SIGNATURE_INVALID, why);
	else
		verify_result_set(out, SIGNATURE_VALID, "");
}

static void try_credential(struct verify_result *out, gnutls_pkcs7_t p7, unsigned i, const gnutls_pkcs7_signature_info_st *info,
    const struct facts_credential *c, int64_t now, const struct signed_mail *m)
{
	gnutls_datum_t pem = {(unsigned char *)(uintptr_t)c->data.data, (unsigned)c->data.len};
	struct verify_result one = *out;
	gnutls_x509_crt_t crt;

	if (gnutls_x509_crt_init(&crt) < 0)
		return;
	if (gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM) >= 0 && names(info, crt)) {
		judge(&one, p7, i, crt, now, m);
		if (out->state == SIGNATURE_NONE || one.state < out->state) {
			*out = one;
			snprintf(out->fingerprint, sizeof out->fingerprint, "%s", c->fingerprint);
		}
	}
	gnutls_x509_crt_deinit(crt);
}

static void try_all(struct verify_result *out, gnutls_pkcs7_t p7, int64_t now, const struct wlist *credentials,
    const struct signed_mail *m)
{
	int count = gnutls_pkcs7_get_signature_count(p7);

	for (unsigned i = 0; i < (unsigned)(count > 0 ? count : 0) && i < VERIFY_SIGNATURES_MAX; i++) {
		gnutls_pkcs7_signature_info_st info = {0};
		struct facts_credential c;
		size_t pos = 0;

		if (gnutls_pkcs7_get_signature_info(p7, i, &info) < 0)
			continue;
		for (unsigned n = 0; n < VERIFY_CREDENTIALS_MAX && wlist_next(credentials, &pos, &wire_facts_credential, &c) == 1; n++)
			if (c.kind == CREDENTIAL_SMIME)
				try_credential(out, p7, i, &info, &c, now, m);
		gnutls_pkcs7_signature_info_deinit(&info);
	}
	if (count > 0 && out->state == SIGNATURE_NONE)
		verify_result_set(out, SIGNATURE_OTHER, "its certificate is not registered to the author");
}

static int keep_embedded(struct verify_result *out, gnutls_pkcs7_t p7)
{
	gnutls_datum_t data = {0};
	int rc;

	if (gnutls_pkcs7_get_embedded_data(p7, 0, &data) < 0)
		return VG_OK;
	rc = buf_add(&out->embedded, data.data, data.size);
	gnutls_free(data.data);
	return rc;
}

int verify_smime(struct verify_result *out, int64_t now, const struct wlist *credentials, const struct signed_mail *m)
{
	gnutls_datum_t der = {m->signature.data, (unsigned)m->signature.len};
	gnutls_pkcs7_t p7;
	int rc = VG_OK;

	verify_result_set(out, SIGNATURE_NONE, "there is no S/MIME signature in it");
	if (gnutls_pkcs7_init(&p7) < 0)
		return VG_ERR_MEMORY;
	if (gnutls_pkcs7_import(p7, &der, GNUTLS_X509_FMT_DER) >= 0) {
		try_all(out, p7, now, credentials, m);
		if (out->state == SIGNATURE_VALID && m->kind == SIGNED_SMIME_OPAQUE)
			rc = keep_embedded(out, p7);
	}
	gnutls_pkcs7_deinit(p7);
	return rc;
}
