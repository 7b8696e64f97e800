/*
 * gate_verify.c - puts questions to the role `verify`. Runs in the gate.
 */
#include "ascii.h"
#include "err.h"
#include "gate_verify.h"

static bool has_key(const struct facts_say *say)
{
	struct facts_credential c;
	size_t pos = 0;

	while (wlist_next(&say->credentials, &pos, &wire_facts_credential, &c) == 1)
		if (c.kind == CREDENTIAL_OPENPGP || c.kind == CREDENTIAL_SMIME)
			return true;
	return false;
}

static bool claims(const struct gate_header *h)
{
	static const char *const types[] = {"multipart/signed", "application/pkcs7-mime", "application/x-pkcs7-mime"};
	const struct gate_field *f;
	size_t pos = 0;

	while ((f = gate_header_next(h, "Content-Type", &pos)) != NULL) {
		const char *value = f->value;
		size_t len = f->value_len;

		ascii_trim(&value, &len);
		if (ascii_starts_any(value, len, types, ASCII_COUNT(types)))
			return true;
	}
	return false;
}

bool gate_verify_wanted(const struct gate_header *h, const struct facts_say *say)
{
	return claims(h) && has_key(say);
}

int gate_verify_ask(struct ipc *verify, uint64_t id, const struct submit *s, const char *from, const struct facts_say *say, int fd)
{
	struct verify_ask ask = {.from = from, .credentials = say->credentials, .size = s->size};

	if (verify == NULL)
		return VG_ERR_CLOSED;
	if (s->spool == 0)
		ask.bytes = s->bytes;
	else
		ask.key = s->key;
	return ipc_send_fd(verify, IPC_VERIFY_ASK, id, &ask, s->spool == 0 ? -1 : fd, -1);
}
