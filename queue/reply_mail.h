/*
 * reply_mail.h - a mail of our own making on its way into the store: into a sealed file of the blob folder, durable before a commit
 * names it. A reader's thread of the queue process writes it.
 */
#ifndef VG_REPLY_MAIL_H
#define VG_REPLY_MAIL_H

#include <sodium.h>

#include "blob.h"
#include "seal.h"

struct reply_mail {
	struct blobs *blobs;
	char blob[ULID_LEN + 1]; /* "" before reply_mail_open() */
	int fd;
	struct seal_writer *out;
	unsigned char key[SEAL_KEY], digest[32]; /* digest: of the content, from reply_mail_end() on */
	crypto_generichash_state hash;
	uint64_t size, max;
};

/* max: bytes of the whole mail. VG_ERR_FULL, VG_ERR_MEMORY, VG_ERR_SYSTEM. reply_mail_close() in any case. */
int reply_mail_open(struct reply_mail *m, struct blobs *blobs, uint64_t max);
/* VG_ERR_LIMIT past max. */
int reply_mail_add(struct reply_mail *m, const void *data, size_t n);
/* Lines of base64, 76 letters each; n must be a multiple of 57 but at the end. */
int reply_mail_base64(struct reply_mail *m, const void *data, size_t n);
/* Seals the end and syncs. */
int reply_mail_end(struct reply_mail *m);
/* keep: the store names the file now; else it is removed. */
void reply_mail_close(struct reply_mail *m, bool keep);

#endif
