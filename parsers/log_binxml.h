/*
 * log_binxml.h - the binary XML of Windows' event logs written as the text it stands for. As far as our reading of events goes:
 * elements, their texts, and the attributes Name and SystemTime; namespaces, further attributes and comments are left out. Offsets of
 * names and templates are relative to the chunk, so that nothing outside of it is ever looked at. Pure.
 */
#ifndef VG_LOG_BINXML_H
#define VG_LOG_BINXML_H

#include <stdbool.h>
#include <stddef.h>

struct binxml {
	const unsigned char *chunk; /* borrowed */
	size_t size;
	void (*out)(void *arg, const char *s, size_t n); /* UTF-8, `&`, `<`, quotes and line ends as entities */
	void *arg;
	size_t budget; /* bytes written, tokens and values read; a value that is named a thousand times counts as often */
};

/* Writes what stands in [at, end) of the chunk. False: it is damaged, or the budget is spent; what came before it has been written. */
bool binxml_write(struct binxml *x, size_t at, size_t end);

#endif
