/*
 * message_password.c - runs in the parser worker and in `vcspgate parse`; the text is hostile. Called by message.c.
 */
#include "message_password.h"

#include <string.h>

#include "err.h"
#include "message_check.h"
#include "utf8.h"

_Static_assert(PASSWORD_HINTS_MAX <= ARCHIVE_PASSWORDS_MAX, "every hint is tried");

static void find_in(struct message_passwords *p, const struct buf *b)
{
	if (b->len > 0)
		password_hints_find(&p->hints, (const char *)b->data, b->len);
}

void message_passwords_find(struct message_passwords *p, const struct message *m)
{
	memset(p, 0, sizeof *p);
	find_in(p, &m->body.text); /* what is new comes first */
	password_hints_find(&p->hints, m->subject, strlen(m->subject));
	if (m->body.full.len != m->body.text.len) /* else it is the same */
		find_in(p, &m->body.full);
	for (size_t i = 0; i < p->hints.n; i++)
		p->list[i] = p->hints.list[i].text;
	p->tried = (struct archive_passwords){.list = p->list, .n = p->hints.n};
}

static int mask_buf(const struct password_hints *h, unsigned which, struct buf *b, bool *masked)
{
	struct buf out;

	if (b->len == 0)
		return VG_OK;
	buf_init(&out, b->max + MESSAGE_TEXT_MAX);
	if (password_hints_mask(h, which, &out, (const char *)b->data, b->len)) {
		*masked = true;
		b->len = 0;
		/* Longer than the text may be: its end goes, not the mask. */
		if (buf_add(b, out.data, utf8_cut((const char *)out.data, out.len, b->max)) != VG_OK) {
			buf_wipe(&out);
			return VG_ERR_MEMORY;
		}
	}
	buf_wipe(&out);
	return VG_OK;
}

static void mask_subject(struct message *m, const struct password_hints *h, unsigned which, bool *masked)
{
	struct buf out;

	buf_init(&out, 2 * MESSAGE_LINE_MAX);
	if (password_hints_mask(h, which, &out, m->subject, strlen(m->subject))) {
		m->subject = message_line(m, buf_str(&out), out.len);
		*masked = true;
	}
	buf_free(&out);
}

int message_passwords_mask(struct message *m, const struct message_passwords *p, bool sealed)
{
	struct buf *const parts[] = {&m->body.full, &m->body.text, &m->body.quoted, &m->body.signature};
	unsigned which = p->tried.opened;
	bool masked = false;
	int err = VG_OK;

	for (size_t i = 0; (sealed || which != 0) && i < p->hints.n; i++)
		which |= p->hints.list[i].plain ? 1u << i : 0;
	if (which == 0)
		return VG_OK;
	for (size_t i = 0; i < sizeof parts / sizeof parts[0] && err == VG_OK; i++)
		err = mask_buf(&p->hints, which, parts[i], &masked);
	mask_subject(m, &p->hints, which, &masked);
	if (masked)
		message_note(m, "secret.password", "the mail names the password of an archive in clear text; it is masked here");
	return err;
}
