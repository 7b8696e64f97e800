/*
 * imap_batch.h - some mails of the folder, from "under way" in the ledger to their place in a folder.
 */
#ifndef VG_IMAP_BATCH_H
#define VG_IMAP_BATCH_H

#include "imap.h"

/* Fetches, submits, notes and moves n (<= IMAP_BATCH) mails. items: sorted by UID; afterwards as the ledger has them, state
 * IMAP_MOVED for those that somebody else took away. VG_OK; VG_ERR_CLOSED: the connection broke; VG_ERR_AGAIN: queue or gate could not take it. In
 * both cases the items are what is known, and the ledger as far as it can be. */
int imap_batch(struct imap_conn *c, struct imap_item *items, size_t n);

#endif
