/*
 * tls_dialogue.h - dialogues with a listener that speaks TLS, for the tests of the role smtp.
 */
#ifndef VG_TLS_DIALOGUE_H
#define VG_TLS_DIALOGUE_H

#include "common/tls_fake.h"
#include "smtp_fake.h"

struct dialogue {
	struct fake *f;
	struct tls_client tls;
	const struct tls_pem *own; /* the client's certificate, NULL without */
	bool up;
	char got[8192];
	size_t len;
};

static inline void
give_certificate(struct fake *f)
{
	struct tls_pem pem;

	tls_fake_pem(&pem);
	smtp_role.on_secret(&f->ctx, SECRET_TLS_CERT, pem.cert.data, pem.cert.size);
	smtp_role.on_secret(&f->ctx, SECRET_TLS_KEY, pem.key.data, pem.key.size);
	assert_non_null(fake_smtp(f)->tls);
	tls_fake_pem_free(&pem);
}

static inline void
begin(struct dialogue *d, enum conf_tls tls, const char *peer)
{
	memset(d, 0, sizeof(*d));
	d->f = fake_new(FAKE_CONF);
	give_certificate(d->f);
	d->f->listener.tls = tls;
	fake_connect(d->f, peer);
	fake_settle(d->f);
}

static inline void
shake(struct dialogue *d)
{
	int rc = GNUTLS_E_AGAIN;

	tls_client_new(&d->tls, d->f->client, NULL);
	if (d->own)
		tls_fake_ok(gnutls_certificate_set_x509_key_mem(d->tls.cred, &d->own->cert, &d->own->key, GNUTLS_X509_FMT_PEM));
	for (int i = 0; i < 100 && rc == GNUTLS_E_AGAIN; i++) {
		rc = gnutls_handshake(d->tls.session);
		evloop_turn(d->f->ctx.loop, 0);
	}
	assert_int_equal(rc, 0);
	d->up = true;
}

static inline void
end(struct dialogue *d)
{
	if (d->up)
		tls_client_free(&d->tls);
	fake_free(&d->f);
}

/* Says text and returns all that was answered. */
static inline const char *
talk(struct dialogue *d, const char *text)
{
	d->len = 0;
	if (!d->up) {
		buf_reset(&d->f->got);
		fake_send(d->f, text, strlen(text));
		fake_settle(d->f);
		snprintf(d->got, sizeof(d->got), "%s", buf_str(&d->f->got));
		return d->got;
	}
	if (*text)
		assert_int_equal(gnutls_record_send(d->tls.session, text, strlen(text)), strlen(text));
	for (int i = 0; i < 20; i++) {
		ssize_t n;

		evloop_turn(d->f->ctx.loop, 0);
		n = gnutls_record_recv(d->tls.session, d->got + d->len, sizeof(d->got) - 1 - d->len);
		d->len += n > 0 ? (size_t)n : 0;
	}
	d->got[d->len] = '\0';
	return d->got;
}

#define assert_begins(got, want) assert_memory_equal(got, want, strlen(want))

#endif
