/*
 * role_table.h - the one table of roles: what each is given, whom it may talk to, what it may use. The supervisor
 * starts processes from it and role_run() drops privileges by it. A new role is a new row.
 */
#ifndef VG_ROLE_TABLE_H
#define VG_ROLE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "ipc_messages.h"

/* Where a role's file system begins when we are root. */
enum role_root {
	ROOT_EMPTY,
	ROOT_STATE,
	ROOT_OWN /* not changed: it runs programs; Landlock leaves these and its own folder */
};

/* The empty folder of ROOT_EMPTY, below the state folder; root's. */
#define ROLE_EMPTY_DIR "empty"
/* The folder of the one ROOT_OWN role, below the state folder; its user's. */
#define ROLE_VERIFY_DIR "verify"

#define ROLE_SECRET(kind) (1u << SECRET_##kind)
#define ROLE_LISTEN(proto) (1u << LISTEN_##proto)
#define ROLE_TIERS 4u

struct role_row {
	enum role role;
	unsigned tier;           /* stopped from 0 (channels) to 3 (the store), started the other way round */
	unsigned peers;          /* R() set; a link exists only where both rows name it */
	unsigned secrets;        /* ROLE_SECRET() set */
	unsigned listens;        /* ROLE_LISTEN() set */
	enum role_root root;
	bool many;               /* several processes, told apart by index in logs */
	bool all_metrics;        /* reads every process's counter page */
	uint64_t as_bytes;       /* RLIMIT_AS */
	unsigned nofile;         /* RLIMIT_NOFILE: fixed part */
	unsigned nofile_session; /* and for every configured session */
	uint64_t nproc;          /* RLIMIT_NPROC; UINT64_MAX for a role with threads */
};

/* Rows in order; *n their number. */
const struct role_row *role_rows(size_t *n);
/* NULL for a role without row. */
const struct role_row *role_row(enum role role);
/* Is there a link between the two? */
bool role_linked(enum role a, enum role b);
/* How many processes of the role this configuration wants. */
unsigned role_count(const struct role_row *row, const struct conf *c);
/* The user it becomes, NULL: none configured. */
const char *role_user(const struct role_row *row, const struct conf *c);
/* Name of one process for logs: "smtp", "parser/1". */
void role_title(char *out, size_t n, enum role role, uint32_t index);
uint64_t role_nofile(const struct role_row *row, const struct conf *c);

#endif
