/*
 * content.c - opens stored messages. Queue process; what is sealed is checked by its tag.
 */
#include "content.h"

#include "err.h"

int
content_open(struct store *s, struct blobs *b, const unsigned char wrap_key[SEAL_KEY], const struct store_message *m,
    int *fd, unsigned char key[SEAL_KEY], struct buf *plain)
{
	struct buf sealed;
	int err;

	*fd = -1;
	if (!m->has_key)
		return VG_ERR_NOTFOUND;
	if ((err = seal_unwrap_key(key, m->key, SEAL_WRAPPED, wrap_key, m->ulid)) != VG_OK)
		return err;
	if (m->blob != NULL) {
		int opened = blob_open(b, m->blob);

		*fd = opened >= 0 ? opened : -1;
		return opened >= 0 ? VG_OK : opened;
	}
	buf_init(&sealed, 2 * MSG_INLINE_MAX);
	if ((err = store_message_sealed(s, m->id, &sealed)) == VG_OK)
		err = unseal_bytes(plain, key, sealed.data, sealed.len);
	buf_free(&sealed);
	return err;
}
