/*
 * registry_customer.c - whose customer an address is (POLICY T2). Runs in the queue process, in the thread that owns the
 * connection. Addresses come from strangers.
 */
#include <string.h>

#include "err.h"
#include "registry_private.h"

static int
look(struct registry *r, const char *key, const char *partner, bool *here, bool *elsewhere)
{
	sqlite3_stmt *row = db_query(r->db, "SELECT EXISTS (SELECT 1 FROM entry WHERE key = ?1 AND role = 'customer' AND owner = ?2),"
	    " EXISTS (SELECT 1 FROM entry WHERE key = ?1 AND role = 'customer' AND owner < ?2)"
	    " OR EXISTS (SELECT 1 FROM entry WHERE key = ?1 AND role = 'customer' AND owner > ?2)", "tt", key, partner);
	int err = db_step(r->db, row);

	if (err != 1)
		return err == VG_OK ? VG_ERR_STORE : err;
	*here |= sqlite3_column_int(row, 0) != 0;
	*elsewhere |= sqlite3_column_int(row, 1) != 0;
	sqlite3_reset(row);
	return VG_OK;
}

int
registry_customer(struct registry *r, const char *normal, const char *partner, bool *here, bool *elsewhere)
{
	char key[REGISTRY_KEY];
	int err;

	*here = *elsewhere = false;
	if (strchr(normal, '@') == NULL || registry_key(key, normal) != VG_OK)
		return VG_OK;
	err = look(r, key, partner, here, elsewhere);
	if (err == VG_OK && registry_key_up(key)) {
		registry_key_limit(key);
		do
			err = look(r, key, partner, here, elsewhere);
		while (err == VG_OK && registry_key_up(key));
	}
	return err;
}
