/*
 * fuzz_proxy.c - PROXY headers, and the same bytes as arguments of every command that has a parser of its own.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "smtp_proxy.h"
#include "smtp_xclient.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
args(const char *s, size_t n)
{
	struct smtp_refusal no;
	struct smtp_cmd cmd;
	struct smtp_mail mail;
	struct smtp_rcpt rcpt;
	struct smtp_bdat bdat;
	struct smtp_xclient x;

	if (smtp_cmd_parse(s, n, &cmd) == 0 && (cmd.args < s || cmd.args + cmd.len > s + n))
		abort();
	smtp_mail_parse(s, n, &mail, &no);
	smtp_rcpt_parse(s, n, true, &rcpt, &no);
	smtp_bdat_parse(s, n, &bdat, &no);
	if (smtp_xclient_parse(n & 1, s, n, &x, &no) == 0 && x.name[0] && !smtp_name_ok(x.name, strlen(x.name)))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct smtp_proxy p;
	const char *why;
	size_t used = 0;
	char *copy = malloc(size + 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (smtp_proxy_parse(data, size, &p, &used, &why) == 1 && (used == 0 || used > size || used > SMTP_PROXY_MAX))
		abort();
	args(copy, size);
	free(copy);
	return 0;
}
