/*
 * queue_clock.h - first-response clocks (POLICY, clocks): `sla.warning` and `sla.breached` when their time has come.
 */
#ifndef VG_QUEUE_CLOCK_H
#define VG_QUEUE_CLOCK_H

#include "queue.h"

/* Looks once a second or so, in the writer. VG_ERR_MEMORY. */
int queue_clock_start(struct queue *q);
void queue_clock_stop(struct queue *q);

#endif
