/*
 * master_mailboxes.c - authorities and passwords of the mailboxes that are fetched. Only the supervisor reads the files; each
 * `imap` process gets its own by message.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "err.h"
#include "master.h"

#define CA_MAX (512u * 1024u)
#define LINE_MAX_BYTES 16384u

void
master_mailboxes_wipe(struct secrets *s)
{
	for (size_t i = 0; i < s->n_mailboxes; i++) {
		buf_free(&s->mailboxes[i].ca);
		buf_wipe(&s->mailboxes[i].password);
		buf_wipe(&s->mailboxes[i].client);
		buf_wipe(&s->mailboxes[i].refresh);
	}
	free(s->mailboxes);
	s->mailboxes = NULL;
	s->n_mailboxes = 0;
}

/* Without its line end; a NUL or an empty line is no secret. */
static int
read_line(const char *what, const char *file, struct buf *out, struct fault *f)
{
	int rc = file ? master_read_file(what, file, LINE_MAX_BYTES, out, f) : VG_OK;
	const unsigned char *end;

	if (rc != VG_OK || !file)
		return rc;
	end = out->len ? memchr(out->data, '\n', out->len) : NULL;
	if (end)
		out->len = (size_t)(end - out->data);
	if (out->len && out->data[out->len - 1] == '\r')
		out->len--;
	if (out->len && !memchr(out->data, '\0', out->len))
		return VG_OK;
	return fault_set(f, EX_CONFIG, "%s %s: its first line is empty or has a NUL", what, file);
}

int
master_login_load(const char *ca, const char *password_file, struct mailbox_secrets *out, struct fault *f)
{
	int rc = ca ? master_read_file("ca", ca, CA_MAX, &out->ca, f) : VG_OK;

	if (rc == VG_OK)
		rc = read_line("password file", password_file, &out->password, f);
	return rc;
}

static int
load_one(const struct conf_imap *m, struct mailbox_secrets *out, struct fault *f)
{
	int rc = master_login_load(m->ca, m->password_file, out, f);

	if (rc == VG_OK)
		rc = read_line("secret file", m->secret_file, &out->client, f);
	return rc == VG_OK ? read_line("refresh file", m->refresh_file, &out->refresh, f) : rc;
}

int
master_mailboxes_load(const struct conf *c, struct secrets *s, struct fault *f)
{
	struct secrets fresh = { 0 };
	int rc = VG_OK;

	fresh.mailboxes = calloc(c->n_imaps + 1, sizeof(*fresh.mailboxes));
	if (!fresh.mailboxes)
		return fault_set(f, EX_OSERR, "no memory");
	fresh.n_mailboxes = c->n_imaps;
	for (size_t i = 0; rc == VG_OK && i < c->n_imaps; i++)
		rc = load_one(&c->imaps[i], &fresh.mailboxes[i], f);
	if (rc != VG_OK) {
		master_mailboxes_wipe(&fresh);
		return rc;
	}
	master_mailboxes_wipe(s);
	s->mailboxes = fresh.mailboxes;
	s->n_mailboxes = fresh.n_mailboxes;
	return VG_OK;
}
