/*
 * verify_job.c - reads the mail, finds its signature, has it checked, says what it covers. Runs in a worker of the role
 * `verify`; the mail is hostile, the frame comes from the gate.
 */
#include <stdio.h>
#include <time.h>

#include "err.h"
#include "parse_input.h"
#include "seal.h"
#include "verify_job.h"

/* What a worker holds in memory; a larger mail counts as unsigned. */
#define MAIL_MAX (128u * 1024u * 1024u)

void verify_result_set(struct verify_result *out, enum signature_state state, const char *why)
{
	out->state = state;
	snprintf(out->why, sizeof out->why, "%s", why);
}

static int open_input(struct parse_input **in, const struct verify_ask *ask, int fd)
{
	struct parse_source src = {.data = ask->bytes.data, .len = ask->bytes.len, .fd = -1};

	if (ask->key.len != 0 && (ask->key.len != SEAL_KEY || fd < 0))
		return VG_ERR_PROTO;
	if (ask->key.len != 0)
		src = (struct parse_source){.fd = fd, .key = ask->key.data};
	return parse_input_open(&src, in);
}

static int read_mail(struct buf *out, const struct verify_ask *ask, int fd)
{
	struct parse_input *in;
	uint64_t size;
	int rc = open_input(&in, ask, fd);

	if (rc != VG_OK)
		return rc;
	size = parse_input_size(in);
	rc = size > MAIL_MAX ? VG_ERR_LIMIT : buf_reserve(out, (size_t)size);
	while (rc == VG_OK && out->len < size) {
		long n = parse_input_read(in, out->len, out->data + out->len, (size_t)size - out->len);

		if (n <= 0)
			rc = n < 0 ? (int)n : VG_ERR_SYSTEM;
		else
			out->len += (size_t)n;
	}
	parse_input_close(&in);
	return rc;
}

static int check(struct verify_result *r, const struct verify_ask *ask, const struct signed_mail *m, const char *home)
{
	if (m->kind == SIGNED_OPENPGP)
		return verify_openpgp(r, home, &ask->credentials, m);
	return verify_smime(r, (int64_t)time(NULL), &ask->credentials, m);
}

static int answer(struct buf *out, const struct verify_result *r, const struct signed_mail *m, struct buf *fields)
{
	struct verify_say say = {.state = (uint8_t)r->state, .kind = "", .fingerprint = r->fingerprint, .why = r->why, .protected = ""};

	if (m->kind != SIGNED_NOT)
		say.kind = m->kind == SIGNED_OPENPGP ? "openpgp" : "smime";
	say.protected = buf_str(fields);
	return wire_put(out, &wire_verify_say, &say);
}

static int check_mail(struct buf *out, const struct verify_ask *ask, const struct buf *mail, const char *home)
{
	struct verify_result r = {.state = SIGNATURE_NONE};
	struct signed_mail m;
	struct buf fields;
	int rc = signed_mail_read(&m, (const char *)mail->data, mail->len);

	buf_init(&r.embedded, MAIL_MAX);
	buf_init(&fields, VERIFY_WHY_MAX);
	if (rc == VG_OK && m.kind == SIGNED_NOT)
		verify_result_set(&r, SIGNATURE_NONE, m.why);
	else if (rc == VG_OK)
		rc = check(&r, ask, &m, home);
	if (rc == VG_OK && r.state == SIGNATURE_VALID && m.kind == SIGNED_SMIME_OPAQUE)
		rc = signed_mail_protected(&fields, (const char *)mail->data, mail->len, (const char *)r.embedded.data, r.embedded.len);
	else if (rc == VG_OK && r.state == SIGNATURE_VALID)
		rc = signed_mail_protected(&fields, (const char *)mail->data, mail->len, m.content, m.content_len);
	if (rc == VG_OK)
		rc = answer(out, &r, &m, &fields);
	buf_free(&fields);
	buf_free(&r.embedded);
	signed_mail_free(&m);
	return rc;
}

int verify_job(struct buf *out, const struct verify_ask *ask, int fd, const char *home)
{
	struct buf mail;
	int rc;

	buf_init(&mail, MAIL_MAX);
	rc = read_mail(&mail, ask, fd);
	if (rc == VG_OK)
		rc = check_mail(out, ask, &mail, home);
	buf_free(&mail);
	return rc;
}
