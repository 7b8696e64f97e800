/*
 * completeness.h - what the support programme asks of a ticket (P1, P4), and what of it is there. Pure.
 */
#ifndef VG_COMPLETENESS_H
#define VG_COMPLETENESS_H

#include <jansson.h>

/* The CONTRACT object from the other parts of the message object: `missing` in the order logs, error, product,
 * version, triage. New reference; NULL on no memory. */
json_t *completeness_json(const json_t *attachments, const json_t *errors, const json_t *fields);

#endif
