/*
 * registry_private.h - what the files of the registry share: the connection, and how things are read and changed.
 * Changes run inside db_begin … db_commit of the caller, who rolls back when one fails.
 */
#ifndef VG_REGISTRY_PRIVATE_H
#define VG_REGISTRY_PRIVATE_H

#include <limits.h>

#include "db_sqlite.h"
#include "registry.h"
#include "registry_item.h"
#include "registry_key.h"
#include "registry_word.h"

struct registry {
	struct db *db;
	char dir[PATH_MAX];
};

/* Who changes something, and when: for the audit. */
struct reg_who {
	const char *actor;
	int64_t now_ms;
};

/* ---- reading (registry_read.c) ---- */

/* Columns that reg_entry_json expects first in its row. */
#define REG_ENTRY_COLUMNS "role, owner, name, shown, label, case_admin, external, automatic"
#define REG_PARTNER_COLUMNS "id, name, vcsp_id, status, products, region, language, unlisted, unverified, proof"

/* The canonical object of a row: of a contact, customer, agent, or one address or domain of a direct holder. NULL: no memory. */
json_t *reg_entry_json(struct registry *r, sqlite3_stmt *row);
/* The canonical object of a row of REG_PARTNER_COLUMNS, domains and signers looked up. NULL: no memory or store. */
json_t *reg_partner_json(struct registry *r, sqlite3_stmt *row);
/* Role of a kind's entries: "contact", "customer", "direct", "agent"; of a partner: "domain". */
const char *reg_role(enum reg_kind kind);

int reg_partner_load(struct registry *r, const char *id, json_t **out);
/* The entry of this kind and owner ("" for any: the first); *id its row. VG_ERR_NOTFOUND. */
int reg_entry_load(struct registry *r, enum reg_kind kind, const char *name, const char *owner, int64_t *id, json_t **out);
/* A holder with all its entries: {"id","name","domains","addresses"}. */
int reg_holder_load(struct registry *r, const char *id, json_t **out);

/* ---- changing (registry_write.c) ---- */

enum reg_mode {
	REG_ADD, /* must not be there */
	REG_SET, /* must be there */
	REG_PUT  /* either */
};
enum reg_change { REG_UNCHANGED, REG_ADDED, REG_UPDATED };

/* Writes what obj names; what it does not name stays as it is, or has its default. *after: the canonical object as it is now, new
 * reference (may be NULL). VG_ERR_SYNTAX, VG_ERR_DENIED, VG_ERR_EXISTS, VG_ERR_NOTFOUND with fault; others without. */
int reg_put(struct registry *r, enum reg_kind kind, json_t *obj, enum reg_mode mode, const struct reg_who *who,
    enum reg_change *change, json_t **after, struct reg_fault *fault);
/* Removes a partner with all that hangs on it; without force only when no contacts or customers do. */
int reg_remove_partner(struct registry *r, const char *id, bool force, const struct reg_who *who, struct reg_fault *fault);
/* Removes one contact, customer (of partner; "" only when there is one) or agent. name: in any spelling. */
int reg_remove_entry(struct registry *r, enum reg_kind kind, const char *name, const char *partner,
    const struct reg_who *who, struct reg_fault *fault);
/* Removes a holder with its entries (name: an id), or one entry, and the holder with the last one. */
int reg_remove_direct(struct registry *r, const char *name, const struct reg_who *who, struct reg_fault *fault);
/* A customer of several partners must be named with the partner: VG_ERR_DENIED with fault when it is not. */
int reg_one_owner(struct registry *r, const char *normal, const char *partner, struct reg_fault *fault);
/* An address or domain in normal form. VG_ERR_SYNTAX. */
int reg_normal(char out[ADDR_MAX + 1], const char *name);

/* One audit record. before, after: may be NULL. */
int reg_audit(struct registry *r, const struct reg_who *who, const char *what, const char *subject, json_t *before,
    json_t *after);

/* ---- explaining (registry_explain.c) ---- */

/* Why the database refused this entry: looks for the rule and fills fault. Returns VG_ERR_DENIED, or VG_ERR_NOTFOUND for a partner
 * that is not there, or err when it is no refusal. */
int reg_explain(struct registry *r, int err, const char *role, const char *owner, const char *name, bool external,
    const char *field, struct reg_fault *fault);

/* ---- many at once (registry_rows.c, registry_import.c, registry_export.c) ---- */

struct seal_reader;

/* Bytes to read: from memory, or from a sealed descriptor. */
struct reg_source {
	const char *text;           /* NULL: sealed */
	struct seal_reader *sealed;
	uint64_t size;
};
long reg_source_read(struct reg_source *s, uint64_t off, void *out, size_t n);

enum reg_format { REG_ANY, REG_CSV, REG_JSON, REG_JSON_LINES };
#define REG_LINE_MAX (256u * 1024u) /* bytes of one JSON object */
#define REG_FAULTS_MAX 1000u

/* One row: what it is and its object (borrowed), or kind -1 and fault. line: where it begins in the file, from 1. */
struct reg_row {
	uint64_t line;
	int kind;
	json_t *obj;
	struct reg_fault *fault; /* also room for what is wrong with a good row */
};
/* Must not answer VG_ERR_SYNTAX. */
typedef int reg_row_fn(void *arg, struct reg_row *row);
/* A file is read twice, so that its rows may come in any order: partners (and what cannot be read), then all others. */
enum reg_pass { REG_PASS_PARTNERS, REG_PASS_OTHERS };
/* Hands every row of the pass to fn, stops at its first error. */
int reg_rows(struct reg_source *s, enum reg_format format, enum reg_pass pass, reg_row_fn *fn, void *arg);
/* Looks at the beginning when format is REG_ANY. */
enum reg_format reg_format_guess(struct reg_source *s);

struct reg_import {
	uint64_t rows, added, updated, unchanged, faults;
	json_t *list; /* the first REG_FAULTS_MAX faults: {"line","field","detail"}; owned */
};
/* All or nothing: VG_ERR_DENIED when rows are bad (and nothing changed). dry_run: all checks, no change. */
int reg_import(struct registry *r, struct reg_source *s, enum reg_format format, bool dry_run, const struct reg_who *who,
    struct reg_import *out);
/* Writes everything, a partner before what belongs to it; out takes pieces of at most some 100 KiB. */
typedef int reg_out_fn(void *arg, const void *data, size_t n);
int reg_export(struct registry *r, enum reg_format format, reg_out_fn *out, void *arg);

#endif
