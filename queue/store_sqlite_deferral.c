/*
 * store_sqlite_deferral.c - mails that could not be judged because the DNS failed, by sender and Message-ID: since when. The writer
 * notes, any connection of the queue process looks up.
 */
#include "store_sqlite.h"

#include <sodium.h>
#include <string.h>

#include "err.h"

#define KEY_LEN 16u
#define NEW_AFTER_MS (INT64_C(7) * 24 * 3600 * 1000) /* a mail tried again after so long is another attempt */

static void
key_of(unsigned char key[KEY_LEN], const char *sender, const char *message_id)
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, KEY_LEN);
	crypto_generichash_update(&h, (const unsigned char *)sender, strlen(sender) + 1);
	crypto_generichash_update(&h, (const unsigned char *)message_id, strlen(message_id));
	crypto_generichash_final(&h, key, KEY_LEN);
}

int
store_defer(struct store *s, const char *sender, const char *message_id, int64_t now)
{
	unsigned char key[KEY_LEN];

	if (*message_id == '\0')
		return VG_OK;
	key_of(key, sender, message_id);
	return db_run(s->d, sql_defer, "bii", (const void *)key, (size_t)KEY_LEN, now, now - NEW_AFTER_MS);
}

int
store_deferred_since(struct store *s, const char *sender, const char *message_id, int64_t now, int64_t *at)
{
	unsigned char key[KEY_LEN];
	int err;

	*at = 0;
	if (*message_id == '\0')
		return VG_OK;
	key_of(key, sender, message_id);
	err = db_number(s->d, at, sql_deferred, "bi", (const void *)key, (size_t)KEY_LEN, now - NEW_AFTER_MS);
	return err == VG_ERR_NOTFOUND ? VG_OK : err;
}

int
store_deferral_expire(struct store *s, int64_t now, unsigned max)
{
	return db_run(s->d, "DELETE FROM deferral WHERE key IN (SELECT key FROM deferral WHERE last_at < ? LIMIT ?)", "ii",
	    now - NEW_AFTER_MS, (int64_t)max);
}
