/*
 * log_evtx.h - Windows' own event logs (.evtx): chunks of 64 KiB, each with records in binary XML that refer to nothing outside of their
 * chunk, so that a stream of bytes and one chunk of memory are enough. Written as XML they are read like exported events
 * (log_winxml.h). The line of an event is its record number, as the Event Viewer shows it (EventRecordID).
 */
#ifndef VG_LOG_EVTX_H
#define VG_LOG_EVTX_H

#include "log_winxml.h"

struct log_evtx;

/* x borrowed until free. NULL on no memory. */
struct log_evtx *log_evtx_new(struct log_winxml *x);
void log_evtx_feed(struct log_evtx *e, const unsigned char *p, size_t n);
/* The stream has ended; a chunk that is cut off is read as far as it goes. */
void log_evtx_end(struct log_evtx *e);
/* Events that were read, and whether some could not be. */
uint64_t log_evtx_events(const struct log_evtx *e, bool *damaged);
void log_evtx_free(struct log_evtx **e);

#endif
