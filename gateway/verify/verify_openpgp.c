/*
 * verify_openpgp.c - one detached OpenPGP signature by gpgme, which runs gpg. Runs in a worker of the role `verify`; the
 * signature and what it covers are hostile, the keys are the registry's. gpg knows no key but these, asks nobody, and may
 * make no socket.
 */
#include <fcntl.h>
#include <gpgme.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "verify_job.h"

/* Whom a key belongs to is the registry's word; SHA-1 proves nothing any more. */
static const char gpg_conf[] = "trust-model always\nno-auto-check-trustdb\ndisable-dirmngr\nno-autostart\nweak-digest SHA1\n";

static int write_conf(const char *home)
{
	char path[4096];
	int fd, rc = VG_OK;

	if ((size_t)snprintf(path, sizeof path, "%s/gpg.conf", home) >= sizeof path)
		return VG_ERR_LIMIT;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, gpg_conf, sizeof gpg_conf - 1) != (ssize_t)(sizeof gpg_conf - 1))
		rc = VG_ERR_SYSTEM;
	if (fd >= 0)
		close(fd);
	return rc;
}

static gpgme_error_t import(gpgme_ctx_t ctx, const struct blob *key)
{
	gpgme_data_t data;
	gpgme_error_t e = gpgme_data_new_from_mem(&data, (const char *)key->data, key->len, 0);

	if (e == 0) {
		e = gpgme_op_import(ctx, data);
		gpgme_data_release(data);
	}
	return e;
}

static gpgme_error_t import_all(gpgme_ctx_t ctx, const struct wlist *credentials)
{
	struct facts_credential c;
	gpgme_error_t e = 0;
	size_t pos = 0;

	for (unsigned n = 0; n < VERIFY_CREDENTIALS_MAX && wlist_next(credentials, &pos, &wire_facts_credential, &c) == 1; n++)
		if (c.kind == CREDENTIAL_OPENPGP && e == 0)
			e = import(ctx, &c.data);
	return e;
}

static gpgme_error_t open_context(gpgme_ctx_t *ctx, const char *home)
{
	gpgme_error_t e;

	gpgme_check_version(NULL);
	if ((e = gpgme_new(ctx)) != 0)
		return e;
	if ((e = gpgme_set_protocol(*ctx, GPGME_PROTOCOL_OpenPGP)) != 0)
		return e;
	gpgme_set_offline(*ctx, 1);
	return gpgme_ctx_set_engine_info(*ctx, GPGME_PROTOCOL_OpenPGP, NULL, home);
}

/* ---- what gpg says ---- */

/* The signature's own key may be a subkey; the registry knows the primary one. */
static void name_key(struct verify_result *out, gpgme_ctx_t ctx, const char *fpr)
{
	gpgme_key_t key = NULL;

	snprintf(out->fingerprint, sizeof out->fingerprint, "%s", fpr != NULL ? fpr : "");
	if (fpr != NULL && gpgme_get_key(ctx, fpr, &key, 0) == 0 && key->fpr != NULL)
		snprintf(out->fingerprint, sizeof out->fingerprint, "%s", key->fpr);
	if (key != NULL)
		gpgme_key_unref(key);
	for (char *p = out->fingerprint; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'F')
			*p = (char)(*p - 'A' + 'a');
}

static void judge(struct verify_result *out, const struct _gpgme_signature *s)
{
	switch (gpgme_err_code(s->status)) {
	case GPG_ERR_NO_ERROR:
		/* Belt and braces: gpgme's summary never calls a bad one good. */
		if (s->summary & (GPGME_SIGSUM_RED | GPGME_SIGSUM_KEY_MISSING | GPGME_SIGSUM_KEY_REVOKED | GPGME_SIGSUM_SYS_ERROR))
			verify_result_set(out, SIGNATURE_INVALID, "the signature is not good");
		else
			verify_result_set(out, SIGNATURE_VALID, "");
		break;
	case GPG_ERR_NO_PUBKEY:
		verify_result_set(out, SIGNATURE_OTHER, "its key is not registered to the author");
		break;
	case GPG_ERR_BAD_SIGNATURE:
		verify_result_set(out, SIGNATURE_INVALID, "what is signed was changed");
		break;
	case GPG_ERR_SIG_EXPIRED:
		verify_result_set(out, SIGNATURE_INVALID, "the signature has expired");
		break;
	case GPG_ERR_KEY_EXPIRED:
		verify_result_set(out, SIGNATURE_INVALID, "the registered key has expired");
		break;
	case GPG_ERR_CERT_REVOKED:
		verify_result_set(out, SIGNATURE_INVALID, "the registered key is revoked");
		break;
	default:
		verify_result_set(out, SIGNATURE_INVALID, gpgme_strerror(s->status));
	}
}

/* The best of several: valid, then invalid, then of other keys. */
static void judge_all(struct verify_result *out, gpgme_ctx_t ctx)
{
	gpgme_verify_result_t r = gpgme_op_verify_result(ctx);
	unsigned n = 0;

	for (gpgme_signature_t s = r != NULL ? r->signatures : NULL; s != NULL && n < VERIFY_SIGNATURES_MAX; s = s->next, n++) {
		struct verify_result one = *out;

		judge(&one, s);
		if (n > 0 && one.state >= out->state)
			continue;
		*out = one;
		name_key(out, ctx, s->fpr);
	}
	if (n == 0)
		verify_result_set(out, SIGNATURE_NONE, "there is no OpenPGP signature in it");
}

static gpgme_error_t check(struct verify_result *out, gpgme_ctx_t ctx, const struct signed_mail *m)
{
	gpgme_data_t content = NULL, signature = NULL;
	gpgme_error_t e = gpgme_data_new_from_mem(&content, m->content, m->content_len, 0);

	if (e == 0)
		e = gpgme_data_new_from_mem(&signature, (const char *)m->signature.data, m->signature.len, 0);
	if (e == 0)
		e = gpgme_op_verify(ctx, signature, content, NULL);
	gpgme_data_release(content);
	gpgme_data_release(signature);
	if (e == 0 || gpgme_err_code(e) == GPG_ERR_NO_DATA || gpgme_err_code(e) == GPG_ERR_BAD_DATA) {
		judge_all(out, ctx);
		return 0;
	}
	return e;
}

int verify_openpgp(struct verify_result *out, const char *home, const struct wlist *credentials, const struct signed_mail *m)
{
	gpgme_ctx_t ctx = NULL;
	gpgme_error_t e;
	int rc = home[0] != '\0' ? write_conf(home) : VG_ERR_SYSTEM;

	if (rc != VG_OK)
		return rc;
	e = open_context(&ctx, home);
	if (e == 0)
		e = import_all(ctx, credentials);
	if (e == 0)
		e = check(out, ctx, m);
	if (ctx != NULL)
		gpgme_release(ctx);
	if (e == 0)
		return VG_OK;
	log_warn("", "gpg-failed", "error=%s", log_q(gpgme_strerror(e)));
	return gpgme_err_code(e) == GPG_ERR_ENOMEM ? VG_ERR_MEMORY : VG_ERR_SYSTEM;
}
