/*
 * tls_fake.h - for tests: a self-signed certificate made on the spot, and a TLS client driven by hand.
 */
#ifndef VG_TLS_FAKE_H
#define VG_TLS_FAKE_H

#include <stdlib.h>
#include <time.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

struct tls_pem {
	gnutls_datum_t cert, key;
};

static inline void
tls_fake_ok(int rc)
{
	if (rc < 0)
		abort();
}

static inline void
tls_fake_pem(struct tls_pem *pem)
{
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	tls_fake_ok(gnutls_x509_privkey_init(&key));
	tls_fake_ok(gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0));
	tls_fake_ok(gnutls_x509_crt_init(&crt));
	tls_fake_ok(gnutls_x509_crt_set_version(crt, 3));
	tls_fake_ok(gnutls_x509_crt_set_serial(crt, "\1", 1));
	tls_fake_ok(gnutls_x509_crt_set_dn(crt, "CN=support.example", NULL));
	tls_fake_ok(gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600));
	tls_fake_ok(gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600));
	tls_fake_ok(gnutls_x509_crt_set_key(crt, key));
	tls_fake_ok(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0));
	tls_fake_ok(gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem->cert));
	tls_fake_ok(gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem->key));
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static inline void
tls_fake_pem_free(struct tls_pem *pem)
{
	gnutls_free(pem->cert.data);
	gnutls_free(pem->key.data);
}

struct tls_client {
	gnutls_session_t session;
	gnutls_certificate_credentials_t cred;
};

/* A client on a non-blocking descriptor that verifies nothing. priority NULL: the default. */
static inline void
tls_client_new(struct tls_client *c, int fd, const char *priority)
{
	tls_fake_ok(gnutls_certificate_allocate_credentials(&c->cred));
	tls_fake_ok(gnutls_init(&c->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL));
	if (priority)
		tls_fake_ok(gnutls_priority_set_direct(c->session, priority, NULL));
	else
		tls_fake_ok(gnutls_set_default_priority(c->session));
	tls_fake_ok(gnutls_credentials_set(c->session, GNUTLS_CRD_CERTIFICATE, c->cred));
	gnutls_transport_set_int(c->session, fd);
}

static inline void
tls_client_free(struct tls_client *c)
{
	gnutls_deinit(c->session);
	gnutls_certificate_free_credentials(c->cred);
}

#endif
