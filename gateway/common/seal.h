/*
 * seal.h - blobs sealed at rest: XChaCha20-Poly1305 in chunks of SEAL_CHUNK plain bytes, chunk number
 * and final flag as additional data, so that a range can be read and a cut is noticed (DESIGN: durability).
 * Layout: magic "VGB1", 16 random bytes, then per chunk cipher text and 16 bytes tag. The nonce of a chunk is the
 * 16 random bytes and its number (64 bit, little endian). The last chunk carries the final flag and may be empty.
 */
#ifndef VG_SEAL_H
#define VG_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

#define SEAL_KEY 32
#define SEAL_CHUNK 65536u
#define SEAL_HEAD 20u
#define SEAL_TAG 16u
#define SEAL_WRAPPED 72u /* nonce 24, key 32, tag 16 */

/* ---- writing to a descriptor (appends at its position) ---- */
struct seal_writer;
/* NULL on no memory. fd stays the caller's. */
struct seal_writer *seal_writer_new(int fd, const unsigned char key[SEAL_KEY]);
/* VG_ERR_FULL on ENOSPC/EDQUOT, else VG_ERR_SYSTEM. */
int seal_write(struct seal_writer *w, const void *data, size_t n);
/* Writes the final chunk; nothing may follow. */
int seal_finish(struct seal_writer *w);
/* Plain bytes written so far. */
uint64_t seal_written(const struct seal_writer *w);
void seal_writer_free(struct seal_writer **w);

/* ---- reading from a descriptor (pread; position untouched) ---- */
struct seal_reader;
/* Checks magic; VG_ERR_CRYPTO when it is not a sealed blob. fd stays the caller's. */
int seal_reader_new(int fd, const unsigned char key[SEAL_KEY], struct seal_reader **r);
/* Plain size, from the file's size. */
uint64_t seal_size(const struct seal_reader *r);
/* Reads up to n plain bytes at off: the number read, 0 at the end, or VG_ERR_CRYPTO, VG_ERR_SYSTEM. */
long seal_read(struct seal_reader *r, uint64_t off, void *out, size_t n);
void seal_reader_free(struct seal_reader **r);

/* ---- in memory (small messages in the database): same layout ---- */
int seal_bytes(struct buf *out, const unsigned char key[SEAL_KEY], const void *data, size_t n);
int unseal_bytes(struct buf *out, const unsigned char key[SEAL_KEY], const void *data, size_t n);

/* ---- message keys under the master key; context binds the owner (the message id) ---- */
int seal_wrap_key(unsigned char out[SEAL_WRAPPED], const unsigned char key[SEAL_KEY],
    const unsigned char master[SEAL_KEY], const char *context);
int seal_unwrap_key(unsigned char key[SEAL_KEY], const unsigned char *wrapped, size_t len,
    const unsigned char master[SEAL_KEY], const char *context);

#endif
