/*
 * parse_input.h - where a message to be parsed comes from: bytes in memory, a plain descriptor, or a sealed one.
 * Reads at any offset; never maps a file (a file cut short under a mapping would kill the process).
 */
#ifndef VG_PARSE_INPUT_H
#define VG_PARSE_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct parse_source {
	const void *data;         /* fd < 0: the bytes, borrowed */
	size_t len;
	int fd;                   /* -1: in memory; else readable at offsets (pread), stays the caller's */
	const unsigned char *key; /* SEAL_KEY bytes: fd is a sealed blob (seal.h); NULL: plain */
};

struct parse_input;

/* VG_ERR_MEMORY, VG_ERR_CRYPTO, VG_ERR_SYSTEM. The source's bytes or descriptor must outlive the input. */
int parse_input_open(const struct parse_source *src, struct parse_input **out);
void parse_input_close(struct parse_input **in);
/* Plain size at the time of opening. */
uint64_t parse_input_size(const struct parse_input *in);
/* Reads up to n bytes at off (CR as LF where lines end in CR alone): the number read (short only at the end), 0 at the end, negative enum vg_err. */
long parse_input_read(struct parse_input *in, uint64_t off, void *out, size_t n);
/* The whole message when it lies in memory, else NULL. */
const unsigned char *parse_input_memory(const struct parse_input *in);

#endif
