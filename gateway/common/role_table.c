/*
 * role_table.c - the one table of roles. Read by the supervisor (root) and by every child; holds no state.
 * The links are the security design: the parser, which hostile bytes reach first, meets nobody but the queue,
 * and the processes that face the network meet each other only through the gate.
 */
#include <stdio.h>
#include <string.h>

#include "role.h"
#include "role_table.h"

#define MIB (1024ull * 1024ull)
#define GIB (1024ull * MIB)

static const struct role_row rows[] = {
	{ .role = ROLE_QUEUE, .tier = 3, .peers = R(SMTP) | R(GATE) | R(PARSER) | R(OCR) | R(API) | R(IMAP) | R(DELIVER),
	    .secrets = ROLE_SECRET(WRAP_KEY), .root = ROOT_STATE,
	    .as_bytes = 8 * GIB, .nofile = 1024, .nofile_session = 2, .nproc = UINT64_MAX },
	{ .role = ROLE_PARSER, .tier = 2, .peers = R(QUEUE), .root = ROOT_EMPTY, .many = true,
	    .as_bytes = 1 * GIB, .nofile = 64 },
	{ .role = ROLE_OCR, .tier = 2, .peers = R(QUEUE), .root = ROOT_EMPTY, .many = true,
	    .as_bytes = 2 * GIB, .nofile = 64 },
	{ .role = ROLE_GATE, .tier = 1, .peers = R(SMTP) | R(QUEUE) | R(API) | R(VERIFY) | R(IMAP),
	    .secrets = ROLE_SECRET(TOKEN_KEY), .root = ROOT_EMPTY,
	    .as_bytes = 4 * GIB, .nofile = 256, .nofile_session = 1 },
	{ .role = ROLE_VERIFY, .tier = 2, .peers = R(GATE), .root = ROOT_OWN,
	    .as_bytes = 1 * GIB, .nofile = 128, .nproc = UINT64_MAX },
	{ .role = ROLE_SMTP, .tier = 0, .peers = R(GATE) | R(QUEUE),
	    .secrets = ROLE_SECRET(TLS_CERT) | ROLE_SECRET(TLS_KEY),
	    .listens = ROLE_LISTEN(SMTP) | ROLE_LISTEN(LMTP), .root = ROOT_EMPTY,
	    .as_bytes = 4 * GIB, .nofile = 256, .nofile_session = 2 },
	{ .role = ROLE_IMAP, .tier = 0, .peers = R(GATE) | R(QUEUE), .secrets = ROLE_SECRET(CA) | ROLE_SECRET(PASSWORD) |
	    ROLE_SECRET(CLIENT) | ROLE_SECRET(REFRESH), .root = ROOT_EMPTY, .many = true, .as_bytes = 1 * GIB, .nofile = 64 },
	{ .role = ROLE_DELIVER, .tier = 2, .peers = R(QUEUE),
	    .secrets = ROLE_SECRET(TOKEN_KEY) | ROLE_SECRET(CA) | ROLE_SECRET(PASSWORD) | ROLE_SECRET(DKIM_KEY) |
	    ROLE_SECRET(TEMPLATE),
	    .root = ROOT_EMPTY, .many = true, .as_bytes = 1 * GIB, .nofile = 64 },
	{ .role = ROLE_API, .tier = 0, .peers = R(QUEUE) | R(GATE),
	    .secrets = ROLE_SECRET(TLS_CERT) | ROLE_SECRET(TLS_KEY),
	    .listens = ROLE_LISTEN(HTTP), .root = ROOT_EMPTY, .all_metrics = true,
	    .as_bytes = 4 * GIB, .nofile = 4096 },
};

static const char *const names[] = {
	[ROLE_MASTER] = "master",
	[ROLE_SMTP] = "smtp",
	[ROLE_GATE] = "gate",
	[ROLE_PARSER] = "parser",
	[ROLE_OCR] = "ocr",
	[ROLE_QUEUE] = "queue",
	[ROLE_API] = "api",
	[ROLE_VERIFY] = "verify",
	[ROLE_IMAP] = "imap",
	[ROLE_DELIVER] = "deliver",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == ROLE_COUNT, "every role has a name");

const char *
role_name(enum role role)
{
	return (unsigned)role < ROLE_COUNT ? names[role] : "unknown";
}

int
role_by_name(const char *name)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		if (!strcmp(names[i], name))
			return i;
	}
	return -1;
}

const struct role_row *
role_rows(size_t *n)
{
	*n = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

const struct role_row *
role_row(enum role role)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].role == role)
			return &rows[i];
	}
	return NULL;
}

bool
role_linked(enum role a, enum role b)
{
	const struct role_row *ra = role_row(a), *rb = role_row(b);

	return ra && rb && (ra->peers & (1u << b)) && (rb->peers & (1u << a));
}

unsigned
role_count(const struct role_row *row, const struct conf *c)
{
	if (row->role == ROLE_OCR)
		return c->ocr_languages ? c->ocr_workers : 0;
	if (row->role == ROLE_DELIVER)
		return c->n_smarthosts > 0 ? c->deliveries : 0;
	return row->role == ROLE_PARSER ? c->parsers : row->role == ROLE_IMAP ? (unsigned)c->n_imaps : 1;
}

const char *
role_user(const struct role_row *row, const struct conf *c)
{
	return c->role_user[row->role] ? c->role_user[row->role] : c->user;
}

void
role_title(char *out, size_t n, enum role role, uint32_t index)
{
	const struct role_row *row = role_row(role);

	if (row && row->many)
		snprintf(out, n, "%s/%u", role_name(role), index);
	else
		snprintf(out, n, "%s", role_name(role));
}

uint64_t
role_nofile(const struct role_row *row, const struct conf *c)
{
	return row->nofile + (uint64_t)row->nofile_session * c->sessions;
}
