/*
 * master_outgoing.c - what stands in files for outgoing mail: authorities and passwords of the smarthosts, keys that sign. Only the
 * supervisor reads them; the role `deliver` gets them by message.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "letter.h"
#include "master.h"
#include "template.h"
#include "utf8.h"

#define DKIM_KEY_MAX 16384u
#define TEMPLATE_MAX 49152u

void
master_outgoing_wipe(struct secrets *s)
{
	for (size_t i = 0; i < s->n_smarthosts; i++) {
		buf_free(&s->smarthosts[i].ca);
		buf_wipe(&s->smarthosts[i].password);
	}
	for (size_t i = 0; i < s->n_dkim_keys; i++)
		buf_wipe(&s->dkim_keys[i]);
	for (size_t i = 0; s->templates && i < LETTER_KINDS; i++)
		buf_free(&s->templates[i]);
	free(s->smarthosts);
	free(s->dkim_keys);
	free(s->templates);
	s->smarthosts = NULL;
	s->dkim_keys = NULL;
	s->templates = NULL;
	s->n_smarthosts = s->n_dkim_keys = 0;
}

/* Nothing where the file is not there. */
static int
load_template(const char *dir, enum letter_kind kind, struct buf *out, struct fault *f)
{
	char path[PATH_MAX];
	const char *why;
	unsigned line;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, letter_file(kind)) >= sizeof(path))
		return fault_set(f, EX_CONFIG, "templates %s: the name is too long", dir);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return VG_OK;
	if (master_read_file("template", path, TEMPLATE_MAX, out, f) != VG_OK)
		return VG_ERR_CONFIG;
	if (out->len == 0 || memchr(out->data, '\0', out->len) || !utf8_valid((const char *)out->data, out->len))
		return fault_set(f, EX_CONFIG, "template %s: it must be UTF-8 text, and not empty", path);
	if (template_check((const char *)out->data, out->len, letter_values, &line, &why) != VG_OK)
		return fault_set(f, EX_CONFIG, "template %s:%u: %s", path, line, why);
	return VG_OK;
}

static int
load_templates(const struct conf *c, struct secrets *fresh, struct fault *f)
{
	struct stat st;
	int rc = VG_OK;

	if (!c->templates)
		return VG_OK;
	if (stat(c->templates, &st) < 0 || !S_ISDIR(st.st_mode))
		return fault_set(f, EX_CONFIG, "templates %s: no such folder", c->templates);
	for (int k = LETTER_ACK; k < LETTER_KINDS && rc == VG_OK; k++)
		rc = load_template(c->templates, (enum letter_kind)k, &fresh->templates[k], f);
	return rc;
}

static int
load_all(const struct conf *c, struct secrets *fresh, struct fault *f)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < c->n_smarthosts; i++)
		rc = master_login_load(c->smarthosts[i].ca, c->smarthosts[i].password_file, &fresh->smarthosts[i], f);
	for (size_t i = 0; rc == VG_OK && i < c->n_dkims; i++)
		rc = master_read_file("dkim key", c->dkims[i].key_file, DKIM_KEY_MAX, &fresh->dkim_keys[i], f);
	return rc == VG_OK ? load_templates(c, fresh, f) : rc;
}

int
master_outgoing_load(const struct conf *c, struct secrets *s, struct fault *f)
{
	struct secrets fresh = { .n_smarthosts = c->n_smarthosts, .n_dkim_keys = c->n_dkims };
	int rc;

	fresh.smarthosts = calloc(c->n_smarthosts + 1, sizeof(*fresh.smarthosts));
	fresh.dkim_keys = calloc(c->n_dkims + 1, sizeof(*fresh.dkim_keys));
	fresh.templates = calloc(LETTER_KINDS, sizeof(*fresh.templates));
	if (!fresh.smarthosts || !fresh.dkim_keys || !fresh.templates) {
		free(fresh.smarthosts);
		free(fresh.dkim_keys);
		free(fresh.templates);
		return fault_set(f, EX_OSERR, "no memory");
	}
	rc = load_all(c, &fresh, f);
	if (rc != VG_OK) {
		master_outgoing_wipe(&fresh);
		return rc;
	}
	master_outgoing_wipe(s);
	s->smarthosts = fresh.smarthosts;
	s->n_smarthosts = fresh.n_smarthosts;
	s->dkim_keys = fresh.dkim_keys;
	s->n_dkim_keys = fresh.n_dkim_keys;
	s->templates = fresh.templates;
	return VG_OK;
}

static void
send_one(struct ipc *ipc, enum secret_kind kind, const struct buf *b)
{
	struct m_secret m = { .kind = kind, .data = { b->data, b->len } };

	ipc_send(ipc, IPC_M_SECRET, 0, &m);
}

void
master_outgoing_send(const struct secrets *s, struct ipc *ipc)
{
	for (size_t i = 0; i < s->n_smarthosts; i++) {
		send_one(ipc, SECRET_CA, &s->smarthosts[i].ca);
		send_one(ipc, SECRET_PASSWORD, &s->smarthosts[i].password);
	}
	for (size_t i = 0; i < s->n_dkim_keys; i++)
		send_one(ipc, SECRET_DKIM_KEY, &s->dkim_keys[i]);
	for (int k = LETTER_ACK; s->templates && k < LETTER_KINDS; k++)
		send_one(ipc, SECRET_TEMPLATE, &s->templates[k]);
}
