/*
 * verify_job.h - one question to the role `verify`, answered: is the mail signed as a whole by a registered key? And the two
 * ways to check it: OpenPGP by gpgme, S/MIME by GnuTLS. Blocking; for a process that does nothing else.
 */
#ifndef VG_VERIFY_JOB_H
#define VG_VERIFY_JOB_H

#include "ipc_messages.h"
#include "signed_mail.h"

#define VERIFY_WHY_MAX 200u
#define VERIFY_SIGNATURES_MAX 8u   /* looked at in one mail; further ones count as not there */
#define VERIFY_CREDENTIALS_MAX 16u /* of one author */
#define VERIFY_FINGERPRINT 64u     /* hex digits, at most */

struct verify_result {
	enum signature_state state;
	char why[VERIFY_WHY_MAX];
	char fingerprint[VERIFY_FINGERPRINT + 1]; /* as facts_credential has it; "" without */
	struct buf embedded;                   /* what an opaque signature held; buf_init'ed by the caller */
};

/* why: in one clause, "" for a valid one; copied. */
void verify_result_set(struct verify_result *out, enum signature_state state, const char *why);
/* home: an existing empty folder for gpg, ours alone, absolute; "" : there is none (VG_ERR_SYSTEM). The public keys among credentials are the only ones that it
 * will know. VG_ERR_SYSTEM where gpg cannot be run. */
int verify_openpgp(struct verify_result *out, const char *home, const struct wlist *credentials, const struct signed_mail *m);
/* A registered certificate is trusted as it stands: no chain, no revocation list (there is no network to ask). Its term and
 * uses count, at now (Unix seconds). */
int verify_smime(struct verify_result *out, int64_t now, const struct wlist *credentials, const struct signed_mail *m);

/* fd: of a spooled message, -1. Appends the encoded VERIFY_SAY to out. VG_ERR_* where it cannot be said now. */
int verify_job(struct buf *out, const struct verify_ask *ask, int fd, const char *home);

#endif
