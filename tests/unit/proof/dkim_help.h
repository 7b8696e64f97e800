/*
 * dkim_help.h - what the tests of DKIM and ARC share: signed mails from samples/, a DNS of key records, a whole check
 * of one mail, and a signer for mails that are canonical as they stand.
 */
#ifndef VG_DKIM_HELP_H
#define VG_DKIM_HELP_H

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arc.h"
#include "dkim.h"
#include "err.h"

#define SAMPLES "tests/unit/proof/samples/"
#define SAMPLES_NOW 1790000000 /* NOW of make_samples.py */
#define RECORDS_MAX 64

struct key_zone {
	struct {
		char name[160];
		char text[2048];
		enum dns_status status; /* DNS_FOUND: text */
	} records[RECORDS_MAX];
	size_t n;
};

struct mail_check {
	struct gate_header header;
	struct body_hashes *bodies;
	struct dns_set *dns;
	struct dkim *dkim;
	struct arc *arc;
};

_Noreturn static inline void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

static inline void zone_add(struct key_zone *z, const char *name, enum dns_status status, const char *text)
{
	if (z->n == RECORDS_MAX)
		die("too many records");
	snprintf(z->records[z->n].name, sizeof(z->records[0].name), "%s", name);
	snprintf(z->records[z->n].text, sizeof(z->records[0].text), "%s", text);
	z->records[z->n++].status = status;
}

/* One file whole, NUL-terminated; the caller frees it. */
static inline char *read_sample(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	char *s = calloc(1, 1 << 20);

	if (f == NULL || s == NULL)
		die(path);
	*len = fread(s, 1, (1 << 20) - 1, f);
	fclose(f);
	return s;
}

/* Replaces the first `from` by `to`; the caller frees it. */
static inline char *edit(const char *mail, const char *from, const char *to, size_t *len)
{
	const char *at = strstr(mail, from);
	size_t size = strlen(mail) + strlen(to) + 1;
	char *out = malloc(size);

	if (at == NULL || out == NULL)
		die(from);
	*len = (size_t)snprintf(out, size, "%.*s%s%s", (int)(at - mail), mail, to, at + strlen(from));
	return out;
}

/* Lines of: name, tab, text. */
static inline void zone_read(struct key_zone *z, const char *path)
{
	size_t len;
	char *all = read_sample(path, &len), *save = NULL;

	for (char *line = strtok_r(all, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *tab = strchr(line, '\t');

		if (tab == NULL)
			continue;
		*tab = '\0';
		if (strcmp(tab + 1, "SERVFAIL") == 0)
			zone_add(z, line, DNS_FAILED, "");
		else
			zone_add(z, line, DNS_FOUND, tab + 1);
	}
	free(all);
}

/* Answers whatever is asked and not answered yet; how many. */
static inline unsigned zone_answer(const struct key_zone *z, struct dns_set *dns)
{
	struct dns_question q;
	unsigned asked = 0;

	for (; dns_set_next(dns, &q); asked++) {
		struct dns_record found[RECORDS_MAX];
		enum dns_status status = DNS_NXDOMAIN;
		size_t n = 0;

		for (size_t i = 0; i < z->n; i++) {
			if (q.type != DNS_TXT || strcmp(z->records[i].name, q.name) != 0)
				continue;
			status = z->records[i].status;
			if (status == DNS_FOUND)
				found[n++] =
				    (struct dns_record){(const unsigned char *)z->records[i].text, strlen(z->records[i].text), 0};
		}
		if (dns_set_answer(dns, q.id, status, found, n) != VG_OK)
			die("dns_set_answer");
	}
	return asked;
}

/* Everything about one mail, its body fed in pieces of `step` bytes. */
static inline void check_begin(
    struct mail_check *c, const char *mail, size_t len, const struct dkim_options *o, size_t step)
{
	size_t body;

	memset(c, 0, sizeof(*c));
	if (gate_header_read(&c->header, mail, len) != VG_OK || (c->bodies = body_hashes_new()) == NULL ||
	    (c->dns = dns_set_new()) == NULL || (c->dkim = dkim_new(&c->header, o, c->bodies)) == NULL ||
	    (c->arc = arc_new(&c->header, o, c->bodies)) == NULL)
		die("no memory");
	body = c->header.length + 2 <= len ? c->header.length + 2 : len;
	for (size_t i = body; i < len; i += step)
		if (body_hashes_feed(c->bodies, mail + i, len - i < step ? len - i : step) != VG_OK)
			die("body_hashes_feed");
	if (body_hashes_end(c->bodies) != VG_OK)
		die("body_hashes_end");
}

static inline void check_run(struct mail_check *c, const struct key_zone *z)
{
	for (unsigned i = 0; i < 4; i++) {
		bool dkim = dkim_check(c->dkim, c->dns), arc = arc_check(c->arc, c->dns);

		if (dkim && arc)
			return;
		if (zone_answer(z, c->dns) == 0)
			die("waits for nothing");
	}
	die("never ends");
}

static inline void check_end(struct mail_check *c)
{
	arc_free(&c->arc);
	dkim_free(&c->dkim);
	dns_set_free(&c->dns);
	body_hashes_free(&c->bodies);
	gate_header_free(&c->header);
}

/* A signer for tests: RSA-2048 or Ed25519, simple/simple only, whose canonical form is the text itself. */
struct signer {
	bool ed25519;
	gnutls_privkey_t rsa;
	unsigned char secret[crypto_sign_SECRETKEYBYTES];
	char record[1024]; /* for the DNS */
};

static inline void base64_of(char *out, size_t size, const void *data, size_t len)
{
	if (sodium_bin2base64(out, size, data, len, sodium_base64_VARIANT_ORIGINAL) == NULL)
		die("base 64");
}

static inline void signer_init(struct signer *s, bool ed25519)
{
	gnutls_pubkey_t pub;
	gnutls_datum_t der;
	char text[800];

	memset(s, 0, sizeof(*s));
	s->ed25519 = ed25519;
	if (ed25519) {
		unsigned char point[crypto_sign_PUBLICKEYBYTES];

		crypto_sign_keypair(point, s->secret);
		base64_of(text, sizeof(text), point, sizeof(point));
	} else {
		if (gnutls_privkey_init(&s->rsa) < 0 || gnutls_privkey_generate(s->rsa, GNUTLS_PK_RSA, 2048, 0) < 0 ||
		    gnutls_pubkey_init(&pub) < 0 || gnutls_pubkey_import_privkey(pub, s->rsa, 0, 0) < 0 ||
		    gnutls_pubkey_export2(pub, GNUTLS_X509_FMT_DER, &der) < 0)
			die("no key");
		base64_of(text, sizeof(text), der.data, der.size);
		gnutls_free(der.data);
		gnutls_pubkey_deinit(pub);
	}
	snprintf(s->record, sizeof(s->record), "v=DKIM1; k=%s; p=%s", ed25519 ? "ed25519" : "rsa", text);
}

static inline void signer_free(struct signer *s)
{
	if (s->rsa != NULL)
		gnutls_privkey_deinit(s->rsa);
}

/* base 64 of the signature over data. */
static inline void signer_sign(struct signer *s, char *out, size_t size, const void *data, size_t len)
{
	unsigned char hash[32], ed[crypto_sign_BYTES];
	gnutls_datum_t digest = {hash, sizeof(hash)}, sig;

	if (gnutls_hash_fast(GNUTLS_DIG_SHA256, data, len, hash) < 0)
		die("hash");
	if (s->ed25519) {
		crypto_sign_detached(ed, NULL, hash, sizeof(hash), s->secret);
		base64_of(out, size, ed, sizeof(ed));
		return;
	}
	if (gnutls_privkey_sign_hash(s->rsa, GNUTLS_DIG_SHA256, 0, &digest, &sig) < 0)
		die("sign");
	base64_of(out, size, sig.data, sig.size);
	gnutls_free(sig.data);
}

/* DKIM-Signature + fields + empty line + body into out. fields: exactly the signed ones, in the order of h= in `tags`,
 * which stands between v=, a=, bh= and b=. The body ends in one CRLF. */
static inline size_t signer_mail(
    struct signer *s, char *out, size_t size, const char *tags, const char *fields, const char *body)
{
	unsigned char hash[32];
	char bh[64], b[800], field[4096], *data = malloc(strlen(fields) + sizeof(field));
	int n;

	if (data == NULL || gnutls_hash_fast(GNUTLS_DIG_SHA256, body, strlen(body), hash) < 0)
		die("hash");
	base64_of(bh, sizeof(bh), hash, sizeof(hash));
	snprintf(field, sizeof(field),
	    "DKIM-Signature: v=1; a=%s; %s; bh=%s; b=", s->ed25519 ? "ed25519-sha256" : "rsa-sha256", tags, bh);
	n = snprintf(data, strlen(fields) + sizeof(field), "%s%s", fields, field);
	signer_sign(s, b, sizeof(b), data, (size_t)n);
	free(data);
	n = snprintf(out, size, "%s%s\r\n%s\r\n%s", field, b, fields, body);
	if (n < 0 || (size_t)n >= size)
		die("too long");
	return (size_t)n;
}

#endif
