/*
 * content.h - the bytes of a stored message, from the store or from its blob file. For all threads of the queue process.
 */
#ifndef VG_CONTENT_H
#define VG_CONTENT_H

#include "blob.h"
#include "store.h"

/* As received: by descriptor with its key (*fd >= 0, owned by the caller), or unsealed and appended to plain (*fd -1).
 * VG_ERR_NOTFOUND: removed. VG_ERR_CRYPTO: another master key, or damaged. */
int content_open(struct store *s, struct blobs *b, const unsigned char wrap_key[SEAL_KEY], const struct store_message *m,
    int *fd, unsigned char key[SEAL_KEY], struct buf *plain);

#endif
