/*
 * id.h - ULIDs (message, event, audit reference ids), monotonic within a process, and short session ids.
 */
#ifndef VG_ID_H
#define VG_ID_H

#include <stdint.h>

#define ULID_LEN 26

/* Writes a new ULID (Crockford base 32, upper case) for the given Unix milliseconds. Thread-safe. */
void id_ulid(char out[ULID_LEN + 1], int64_t unix_ms);
/* Writes a short random id for log lines: 10 characters a-z2-7. */
void id_session(char out[11]);
/* Wall clock in Unix milliseconds. */
int64_t id_now_ms(void);
/* RFC 3339 in UTC with seconds ("2026-11-24T02:31:00Z"), or with milliseconds. */
void id_rfc3339(char out[32], int64_t unix_ms, int with_ms);

#endif
