/*
 * master_outgoing.c - what stands in files for outgoing mail: authorities and passwords of the smarthosts, keys that sign. Only the
 * supervisor reads them; the role `deliver` gets them by message.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "err.h"
#include "master.h"
#include "master_templates.h"

#define DKIM_KEY_MAX 16384u

void
master_outgoing_wipe(struct secrets *s)
{
	for (size_t i = 0; i < s->n_smarthosts; i++) {
		buf_free(&s->smarthosts[i].ca);
		buf_wipe(&s->smarthosts[i].password);
	}
	for (size_t i = 0; i < s->n_dkim_keys; i++)
		buf_wipe(&s->dkim_keys[i]);
	master_templates_free(&s->templates, &s->n_templates);
	free(s->smarthosts);
	free(s->dkim_keys);
	s->smarthosts = NULL;
	s->dkim_keys = NULL;
	s->n_smarthosts = s->n_dkim_keys = 0;
}

static int
load_all(const struct conf *c, struct secrets *fresh, struct fault *f)
{
	int rc = VG_OK;

	for (size_t i = 0; rc == VG_OK && i < c->n_smarthosts; i++)
		rc = master_login_load(c->smarthosts[i].ca, c->smarthosts[i].password_file, &fresh->smarthosts[i], f);
	for (size_t i = 0; rc == VG_OK && i < c->n_dkims; i++)
		rc = master_read_file("dkim key", c->dkims[i].key_file, DKIM_KEY_MAX, &fresh->dkim_keys[i], f);
	return rc == VG_OK ? master_templates_load(c, &fresh->templates, &fresh->n_templates, f) : rc;
}

int
master_outgoing_load(const struct conf *c, struct secrets *s, struct fault *f)
{
	struct secrets fresh = { .n_smarthosts = c->n_smarthosts, .n_dkim_keys = c->n_dkims };
	int rc;

	fresh.smarthosts = calloc(c->n_smarthosts + 1, sizeof(*fresh.smarthosts));
	fresh.dkim_keys = calloc(c->n_dkims + 1, sizeof(*fresh.dkim_keys));
	if (!fresh.smarthosts || !fresh.dkim_keys) {
		free(fresh.smarthosts);
		free(fresh.dkim_keys);
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
	s->n_templates = fresh.n_templates;
	return VG_OK;
}

static void
send_one(struct ipc *ipc, enum secret_kind kind, const struct buf *b)
{
	struct m_secret m = { .kind = kind, .data = { b->data, b->len } };

	ipc_send(ipc, IPC_M_SECRET, 0, &m);
}

static void
send_templates(const struct secrets *s, struct ipc *ipc)
{
	struct buf one;

	buf_init(&one, IPC_LARGE);
	send_one(ipc, SECRET_TEMPLATE, &one);
	for (size_t i = 0; i < s->n_templates; i++) {
		buf_reset(&one);
		if (buf_add(&one, s->templates[i].name, strlen(s->templates[i].name) + 1) == VG_OK &&
		    buf_add(&one, s->templates[i].text.data, s->templates[i].text.len) == VG_OK)
			send_one(ipc, SECRET_TEMPLATE, &one);
	}
	buf_free(&one);
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
	send_templates(s, ipc);
}
