/*
 * calls_registry_list.c - lists of the registry, page by page. Queue process, reader threads, read-only connection; arguments come
 * from API clients.
 */
#include <stdlib.h>
#include <string.h>

#include "calls_registry.h"
#include "err.h"

#define LIST_DEFAULT 100
#define LIST_MAX 1000

struct page {
	const char *partner, *q, *status;
	char from[ADDR_MAX + 1];     /* the first name that may come, inclusive */
	char end[ADDR_MAX + 2];      /* the first that may not */
	char after[ADDR_MAX + 1];    /* cursor: name … */
	char after_owner[REGISTRY_ID + 1]; /* … and owner of the last row given */
	int64_t limit;
};

static const char *
given(const char *s)
{
	return s == NULL ? "" : s;
}

static int
parse_limit(const char *s, int64_t *out)
{
	char *end;
	long n;

	*out = LIST_DEFAULT;
	if (s == NULL)
		return VG_OK;
	n = strtol(s, &end, 10);
	if (*end != '\0' || s[0] < '0' || s[0] > '9' || n < 1 || n > LIST_MAX)
		return VG_ERR_SYNTAX;
	*out = n;
	return VG_OK;
}

/* A cursor is "NAME,OWNER"; neither holds a comma. */
static int
parse_cursor(const char *s, struct page *p)
{
	size_t n = strcspn(s, ",");

	if (n >= sizeof(p->after) || (s[n] != '\0' && strlen(s + n + 1) >= sizeof(p->after_owner)))
		return VG_ERR_SYNTAX;
	memcpy(p->after, s, n);
	p->after[n] = '\0';
	snprintf(p->after_owner, sizeof(p->after_owner), "%s", s[n] == '\0' ? "" : s + n + 1);
	return VG_OK;
}

/* Names are ASCII, so what begins with q ends before q and DEL. */
static void
set_range(struct page *p)
{
	size_t n = 0;

	for (const char *s = p->q; *s != '\0' && n < ADDR_MAX; s++)
		p->from[n++] = *s >= 'A' && *s <= 'Z' ? (char)(*s - 'A' + 'a') : *s;
	p->from[n] = '\0';
	memcpy(p->end, p->from, n);
	p->end[n] = '\x7f';
	p->end[n + 1] = '\0';
	if (strcmp(p->after, p->from) > 0)
		memcpy(p->from, p->after, sizeof(p->from));
}

static int
parse_page(json_t *args, struct page *p, struct reg_fault *fault)
{
	memset(p, 0, sizeof(*p));
	p->partner = given(call_query(args, "partner"));
	p->status = given(call_query(args, "status"));
	p->q = given(call_query(args, "q"));
	if (parse_limit(call_query(args, "limit"), &p->limit) != VG_OK)
		return reg_fault_set(fault, VG_ERR_SYNTAX, "limit", "limit is a number from 1 to %d", LIST_MAX);
	if (parse_cursor(given(call_query(args, "cursor")), p) != VG_OK)
		return reg_fault_set(fault, VG_ERR_SYNTAX, "cursor", "this is no cursor of ours; take `next` of the page before");
	set_range(p);
	return VG_OK;
}

static sqlite3_stmt *
query(struct registry *r, enum reg_kind kind, const struct page *p)
{
	if (kind == REG_PARTNER)
		return db_query(r->db, "SELECT " REG_PARTNER_COLUMNS " FROM partner WHERE id > ?1 AND (?2 = '' OR status = ?2) "
		    "AND (?3 = '' OR substr(id, 1, length(?3)) = lower(?3) OR lower(substr(name, 1, length(?3))) = lower(?3)) "
		    "ORDER BY id LIMIT ?4", "ttti", p->after, p->status, p->q, p->limit + 1);
	if (p->partner[0] != '\0')
		return db_query(r->db, "SELECT " REG_ENTRY_COLUMNS " FROM entry WHERE owner = ?1 AND role = ?2 AND name >= ?3 "
		    "AND name < ?4 AND name > ?5 ORDER BY name LIMIT ?6", "tttt" "ti", p->partner, reg_role(kind), p->from,
		    p->end, p->after, p->limit + 1);
	return db_query(r->db, "SELECT " REG_ENTRY_COLUMNS " FROM entry WHERE role = ?1 AND name >= ?2 AND name < ?3 "
	    "AND (name > ?4 OR (name = ?4 AND owner > ?5)) ORDER BY name, owner LIMIT ?6", "ttttti", reg_role(kind), p->from, p->end,
	    p->after, p->after_owner, p->limit + 1);
}

static json_t *
cursor_of(enum reg_kind kind, sqlite3_stmt *row)
{
	if (kind == REG_PARTNER)
		return json_string(db_text(row, 0));
	return json_sprintf("%s,%s", db_text(row, 2), db_text(row, 1));
}

/* Collects up to limit rows; one more means there is a next page. */
static int
collect(struct registry *r, enum reg_kind kind, const struct page *p, json_t *items, json_t **next)
{
	sqlite3_stmt *row = query(r, kind, p);
	int err;

	while ((err = db_step(r->db, row)) == 1) {
		if ((int64_t)json_array_size(items) == p->limit) {
			sqlite3_reset(row);
			return VG_OK;
		}
		json_decref(*next);
		*next = cursor_of(kind, row);
		if (json_array_append_new(items, kind == REG_PARTNER ? reg_partner_json(r, row) : reg_entry_json(r, row)) != 0) {
			sqlite3_reset(row);
			return VG_ERR_MEMORY;
		}
	}
	json_decref(*next);
	*next = json_null();
	return err;
}

void
registry_list(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind)
{
	struct reg_fault fault = { .field = "" };
	json_t *items = json_array(), *next = json_null();
	struct page p;
	int err = parse_page(args, &p, &fault);

	if (err == VG_OK)
		err = collect(env->registry, kind, &p, items, &next);
	if (err != VG_OK) {
		json_decref(items);
		json_decref(next);
		registry_refuse(res, err, &fault);
		return;
	}
	registry_answer(res, 200, json_pack("{so so}", "items", items, "next", next));
}
