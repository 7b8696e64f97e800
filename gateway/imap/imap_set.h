/*
 * imap_set.h - sets of UIDs for libetpan. NULL on no memory; the caller frees them with mailimap_set_free().
 */
#ifndef VG_IMAP_SET_H
#define VG_IMAP_SET_H

#include "imap.h"

struct mailimap_set *imap_set_of_jobs(const struct imap_job *jobs, size_t n);
/* Those of the items (in order of UID) whose place in `in` is true. */
struct mailimap_set *imap_set_of_items(const struct imap_item *items, const bool *in, size_t n);

#endif
