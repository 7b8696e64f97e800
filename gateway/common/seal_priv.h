/*
 * seal_priv.h - what the two ends of a sealed blob (seal_write.c, seal_read.c) agree on.
 */
#ifndef VG_SEAL_PRIV_H
#define VG_SEAL_PRIV_H

#include <stdbool.h>

#include "seal.h"

#define SEAL_MAGIC "VGB1"
#define SEAL_SALT 16u
#define SEAL_CELL (SEAL_CHUNK + SEAL_TAG) /* a full chunk on disk */

struct seal_box {
	unsigned char key[SEAL_KEY];
	unsigned char salt[SEAL_SALT];
};

/* Seals n plain bytes of chunk `number` where they stand; the tag goes to data + n. */
void seal_box_seal(const struct seal_box *b, uint64_t number, bool last, unsigned char *data, size_t n);
/* Opens n plain bytes and the tag behind them where they stand. VG_ERR_CRYPTO. */
int seal_box_open(const struct seal_box *b, uint64_t number, bool last, unsigned char *data, size_t n);
/* The blob's first SEAL_HEAD bytes, of a box whose salt is drawn here. VG_ERR_SYSTEM: no cryptography here. */
int seal_box_start(struct seal_box *b, const unsigned char key[SEAL_KEY], unsigned char head[SEAL_HEAD]);
/* VG_ERR_CRYPTO when the head is another's. */
int seal_box_read(struct seal_box *b, const unsigned char key[SEAL_KEY], const unsigned char head[SEAL_HEAD]);
/* Chunks and plain bytes of a blob of `size` bytes. VG_ERR_CRYPTO where no blob has that size. */
int seal_layout(uint64_t size, uint64_t *chunks, uint64_t *plain);

#endif
