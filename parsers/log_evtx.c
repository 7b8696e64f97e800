/*
 * log_evtx.c - parser worker; hostile event logs. Chunks and their records; called by log_scan.c. Bounded by one chunk of memory, and by
 * EVENT_BUDGET of work for each.
 */
#include "log_evtx.h"

#include <stdlib.h>
#include <string.h>

#include "little.h"
#include "log_binxml.h"

#define FILE_HEADER 4096
#define CHUNK_SIZE 65536
#define CHUNK_HEADER 512
#define RECORD_HEADER 24
/* Eight times a chunk, and twice what a chunk full of small events is written as. */
#define EVENT_BUDGET ((size_t)512 * 1024)

struct log_evtx {
	struct log_winxml *xml; /* borrowed */
	size_t header;          /* bytes of the file's header that are still to come */
	size_t used;
	uint64_t events;
	bool damaged;
	unsigned char chunk[CHUNK_SIZE];
};

struct log_evtx *log_evtx_new(struct log_winxml *x)
{
	struct log_evtx *e = malloc(sizeof *e);

	if (e == NULL)
		return NULL;
	memset(e, 0, offsetof(struct log_evtx, chunk));
	e->xml = x;
	e->header = FILE_HEADER;
	return e;
}

void log_evtx_free(struct log_evtx **e)
{
	free(*e);
	*e = NULL;
}

static void to_xml(void *arg, const char *s, size_t n)
{
	log_winxml_feed(arg, s, n);
}

/* A record that is all there: signature, size, number, time, binary XML, size once more. How many bytes it has; 0: there is none. */
static size_t record_size(const struct log_evtx *e, size_t at, uint64_t after)
{
	const unsigned char *p = e->chunk + at;
	size_t n;

	if (e->used - at < RECORD_HEADER + 4 || memcmp(p, "**\0\0", 4) != 0)
		return 0;
	n = little32(p + 4);
	/* Behind the last one stands what an earlier use of the chunk has left. */
	return n >= RECORD_HEADER + 4 && n <= e->used - at && (after == 0 || little64(p + 8) > after) ? n : 0;
}

static void read_chunk(struct log_evtx *e)
{
	struct binxml x = {.chunk = e->chunk, .size = e->used, .out = to_xml, .arg = e->xml, .budget = EVENT_BUDGET};
	size_t at = CHUNK_HEADER, n, end;
	uint64_t number = 0;

	end = little32(e->chunk + 48) < e->used ? little32(e->chunk + 48) : e->used; /* of its records, when it was closed */
	for (; at < e->used && (n = record_size(e, at, number)) > 0; at += n) {
		number = little64(e->chunk + at + 8);
		e->xml->line = number;
		e->events++;
		e->damaged = !binxml_write(&x, at + RECORD_HEADER, at + n - 4) || e->damaged;
		log_winxml_end(e->xml);
	}
	e->damaged = e->damaged || at < end;
}

static bool is_blank(const struct log_evtx *e)
{
	for (size_t i = 0; i < e->used; i++)
		if (e->chunk[i] != 0)
			return false;
	return true;
}

/* Windows makes the file larger than it needs: chunks of zeros follow. */
static void take_chunk(struct log_evtx *e)
{
	if (e->used > CHUNK_HEADER && memcmp(e->chunk, "ElfChnk", 8) == 0)
		read_chunk(e);
	else
		e->damaged = e->damaged || !is_blank(e);
	e->used = 0;
}

void log_evtx_feed(struct log_evtx *e, const unsigned char *p, size_t n)
{
	size_t skip = n < e->header ? n : e->header;

	e->header -= skip;
	p += skip;
	n -= skip;
	while (n > 0) {
		size_t room = CHUNK_SIZE - e->used, k = n < room ? n : room;

		memcpy(e->chunk + e->used, p, k);
		e->used += k;
		p += k;
		n -= k;
		if (e->used == CHUNK_SIZE)
			take_chunk(e);
	}
}

void log_evtx_end(struct log_evtx *e)
{
	e->damaged = e->damaged || e->used > 0 || e->header > 0;
	if (e->used > 0)
		take_chunk(e);
}

uint64_t log_evtx_events(const struct log_evtx *e, bool *damaged)
{
	*damaged = e->damaged;
	return e->events;
}
