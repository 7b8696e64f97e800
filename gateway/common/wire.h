/*
 * wire.h - structs to bytes and back, from one field table per struct (see ipc_messages.h).
 * Decoding borrows: strings, blobs and records point into the received frame and live as long
 * as it does. Every length is checked against the frame, strings carry a NUL, left-over bytes
 * are an error (VG_ERR_PROTO).
 */
#ifndef VG_WIRE_H
#define VG_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct blob {
	const unsigned char *data;
	size_t len;
};

/* A list: of strings, or of structs of one table, in encoded form. */
struct wlist {
	const unsigned char *data;
	size_t len;
	uint32_t n;
};

enum wire_type { W_u8, W_u32, W_u64, W_i64, W_str, W_blob, W_list };

typedef uint8_t wire_u8;
typedef uint32_t wire_u32;
typedef uint64_t wire_u64;
typedef int64_t wire_i64;
typedef const char *wire_str; /* NULL is sent as "" */
typedef struct blob wire_blob;
typedef struct wlist wire_list;

struct wire_field {
	enum wire_type type;
	size_t offset;
	const char *name;
};

struct wire_table {
	const char *name;
	size_t size; /* sizeof the struct */
	const struct wire_field *fields;
	size_t nfields;
};

#define WIRE_MEMBER(type, name) wire_##type name;
#define WIRE_FIELD(ftype, fname) { W_##ftype, offsetof(struct WIRE_SELF, fname), #fname },
/* In a header: declares `struct NAME` with the members of FIELDS and its table wire_NAME. */
#define WIRE_DECLARE(NAME, FIELDS) \
	struct NAME { \
		FIELDS(WIRE_MEMBER) \
	}; \
	extern const struct wire_table wire_##NAME;

/* Appends the encoded struct. VG_ERR_LIMIT, VG_ERR_MEMORY. */
int wire_put(struct buf *out, const struct wire_table *t, const void *obj);
/* Decodes exactly len bytes. VG_ERR_PROTO on anything odd. */
int wire_get(const struct wire_table *t, const unsigned char *data, size_t len, void *obj);

/* Building lists: the list borrows from buf, so take it (wlist_of) only after the last add. */
int wlist_add_str(struct buf *b, uint32_t *n, const char *s);
int wlist_add(struct buf *b, uint32_t *n, const struct wire_table *t, const void *obj);
struct wlist wlist_of(const struct buf *b, uint32_t n);

/* Walking lists: pos starts at 0. 1 one more, 0 end, VG_ERR_PROTO. */
int wlist_next_str(const struct wlist *l, size_t *pos, const char **s);
int wlist_next(const struct wlist *l, size_t *pos, const struct wire_table *t, void *obj);

#endif
