/*
 * master_secrets.c - the master key, what is derived from it, and the TLS files. Only the supervisor reads them; each
 * role gets by message what its row names. The master key itself is wiped at once.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "master.h"
#include "tls.h"

#define PEM_MAX (512u * 1024u)
/* Never reused for anything else: these numbers are part of the format of stored data. */
#define KDF_CONTEXT "vcspgate"
enum { KDF_WRAP = 1 }; /* 2: master_tokens.c */

_Static_assert(crypto_kdf_KEYBYTES == MASTER_KEY, "the master key feeds crypto_kdf");
_Static_assert(sizeof(KDF_CONTEXT) - 1 == crypto_kdf_CONTEXTBYTES, "context length");

static int
check_key_file(const char *file, int fd, struct fault *f)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return fault_set(f, EX_CONFIG, "key file %s: %s", file, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return fault_set(f, EX_CONFIG, "key file %s: not a file", file);
	if (st.st_mode & 077)
		return fault_set(f, EX_CONFIG, "key file %s: readable for group or others; chmod 600 it", file);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return fault_set(f, EX_CONFIG, "key file %s: belongs to another user", file);
	if (st.st_size != MASTER_KEY)
		return fault_set(f, EX_CONFIG, "key file %s: has %lld bytes, must have %d", file, (long long)st.st_size,
		    MASTER_KEY);
	return VG_OK;
}

static int
read_key(const char *file, int fd, unsigned char key[MASTER_KEY], struct fault *f)
{
	if (check_key_file(file, fd, f) != VG_OK)
		return VG_ERR_SYSTEM;
	if (pread(fd, key, MASTER_KEY, 0) != MASTER_KEY)
		return fault_set(f, EX_CONFIG, "key file %s: cannot be read", file);
	return VG_OK;
}

int
master_sync_folder(const char *file)
{
	char folder[4096];
	int fd, rc;

	snprintf(folder, sizeof(folder), "%s", file);
	fd = open(dirname(folder), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

static int
write_key(const char *path, const unsigned char key[MASTER_KEY])
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return -1;
	rc = write(fd, key, MASTER_KEY) == MASTER_KEY && fsync(fd) == 0 ? 0 : -1;
	close(fd);
	return rc;
}

/* First under another name, so that a crash never leaves half a key; on disk before anything is sealed with it. */
static int
make_key(const char *file, unsigned char key[MASTER_KEY], struct fault *f)
{
	char fresh[4096], folder[4096];
	int n = snprintf(fresh, sizeof(fresh), "%s.new", file);

	snprintf(folder, sizeof(folder), "%s", file);
	dirname(folder);
	if (n < 0 || (size_t)n >= sizeof(fresh))
		return fault_set(f, EX_CANTCREAT, "key file %s: %s", file, strerror(ENAMETOOLONG));
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return fault_set(f, EX_CANTCREAT, "key file %s: folder %s: %s", file, folder, strerror(errno));
	randombytes_buf(key, MASTER_KEY);
	unlink(fresh);
	if (write_key(fresh, key) < 0 || rename(fresh, file) < 0 || master_sync_folder(file) < 0) {
		fault_set(f, EX_CANTCREAT, "key file %s: cannot be made: %s", file, strerror(errno));
		unlink(fresh);
		return VG_ERR_SYSTEM;
	}
	log_info("", "key-made", "file=%s", log_q(file));
	return VG_OK;
}

/* The key file's key; VG_ERR_NOTFOUND where there is none. */
static int
open_key(const struct conf *c, unsigned char key[MASTER_KEY], struct fault *f)
{
	int fd = open(c->key_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	if (fd < 0) {
		rc = errno == ENOENT ? VG_ERR_NOTFOUND : VG_ERR_SYSTEM;
		fault_set(f, EX_CONFIG, "key file %s: %s", c->key_file, strerror(errno));
		return rc;
	}
	rc = read_key(c->key_file, fd, key, f);
	close(fd);
	return rc;
}

int
master_key_load(const struct conf *c, bool has_store, struct secrets *s, struct fault *f)
{
	unsigned char key[MASTER_KEY];
	int rc = open_key(c, key, f);

	if (rc == VG_ERR_NOTFOUND && has_store)
		rc = fault_set(f, EX_CONFIG, "key file %s: missing, and the store in %s cannot be read without it",
		    c->key_file, c->state);
	else if (rc == VG_ERR_NOTFOUND)
		rc = make_key(c->key_file, key, f);
	if (rc == VG_OK) {
		crypto_kdf_derive_from_key(s->wrap, sizeof(s->wrap), KDF_WRAP, KDF_CONTEXT, key);
		rc = master_tokens_derive(&s->tokens, c->key_file, key, f);
	}
	sodium_memzero(key, sizeof(key));
	return rc;
}

int
master_tokens_reload(const struct conf *c, struct secrets *s, struct fault *f)
{
	unsigned char key[MASTER_KEY];
	int rc = open_key(c, key, f);

	if (rc == VG_OK)
		rc = master_tokens_derive(&s->tokens, c->key_file, key, f);
	sodium_memzero(key, sizeof(key));
	return rc;
}

int
master_read_file(const char *what, const char *file, size_t max, struct buf *out, struct fault *f)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc;

	buf_init(out, max);
	if (fd < 0)
		return fault_set(f, EX_CONFIG, "%s %s: %s", what, file, strerror(errno));
	rc = buf_read(out, fd);
	if (rc == VG_ERR_SYSTEM)
		rc = fault_set(f, EX_CONFIG, "%s %s: %s", what, file, strerror(errno));
	else if (rc != VG_OK)
		rc = fault_set(f, EX_CONFIG, "%s %s: too large", what, file);
	close(fd);
	return rc;
}

int
master_tls_load(const struct conf *c, struct secrets *s, struct fault *f)
{
	struct buf cert, key;
	struct tls_ctx *ctx = NULL;
	const char *why = "";
	int rc;

	if (!c->tls_certificate) {
		buf_wipe(&s->cert);
		buf_wipe(&s->key);
		return VG_OK;
	}
	buf_init(&key, PEM_MAX);
	rc = master_read_file("tls certificate", c->tls_certificate, PEM_MAX, &cert, f);
	if (rc == VG_OK)
		rc = master_read_file("tls key", c->tls_key, PEM_MAX, &key, f);
	if (rc == VG_OK && tls_ctx_new(&ctx, cert.data, cert.len, key.data, key.len, &why) != VG_OK)
		rc = fault_set(f, EX_CONFIG, "tls certificate %s, key %s: %s", c->tls_certificate, c->tls_key, why);
	tls_ctx_unref(&ctx);
	if (rc != VG_OK) {
		buf_wipe(&cert);
		buf_wipe(&key);
		return rc;
	}
	buf_wipe(&s->cert);
	buf_wipe(&s->key);
	s->cert = cert;
	s->key = key;
	return VG_OK;
}

void
master_secrets_wipe(struct secrets *s)
{
	sodium_memzero(s->wrap, sizeof(s->wrap));
	sodium_memzero(&s->tokens, sizeof(s->tokens));
	buf_wipe(&s->cert);
	buf_wipe(&s->key);
	master_mailboxes_wipe(s);
	master_outgoing_wipe(s);
}

void
master_secrets_send(const struct secrets *s, const struct role_row *row, uint32_t index, struct ipc *ipc, bool reload)
{
	static const struct mailbox_secrets none;
	const struct mailbox_secrets *box = row->role == ROLE_IMAP && index < s->n_mailboxes ? &s->mailboxes[index] : &none;
	const struct m_secret all[] = {
		{ .kind = SECRET_WRAP_KEY, .data = { s->wrap, sizeof(s->wrap) } },
		{ .kind = SECRET_TOKEN_KEY, .data = { s->tokens.key[0], s->tokens.n * TOKEN_KEY } },
		{ .kind = SECRET_TLS_CERT, .data = { s->cert.data, s->cert.len } },
		{ .kind = SECRET_TLS_KEY, .data = { s->key.data, s->key.len } },
		{ .kind = SECRET_CA, .data = { box->ca.data, box->ca.len } },
		{ .kind = SECRET_PASSWORD, .data = { box->password.data, box->password.len } },
		{ .kind = SECRET_CLIENT, .data = { box->client.data, box->client.len } },
		{ .kind = SECRET_REFRESH, .data = { box->refresh.data, box->refresh.len } },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		bool fixed = all[i].kind == SECRET_WRAP_KEY;

		if ((row->secrets & (1u << all[i].kind)) && all[i].data.len && !(fixed && reload))
			ipc_send(ipc, IPC_M_SECRET, 0, &all[i]);
	}
	if (row->role == ROLE_DELIVER)
		master_outgoing_send(s, ipc);
}
