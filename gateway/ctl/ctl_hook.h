/*
 * ctl_hook.h - commands that are more than one request: each is a hook of its row in the table.
 */
#ifndef VG_CTL_HOOK_H
#define VG_CTL_HOOK_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Returned by a hook: go on with the row's own request. */
#define CTL_GO_ON (-1)

struct ctl_hooked {
	const char *socket;
	const char *operand; /* NULL without */
	json_t *body;        /* the options so far; a hook may change them */
	bool json;           /* the answer as JSON is wanted */
};

/* A sysexit with everything said and done, or CTL_GO_ON. */
typedef int ctl_hook(const struct ctl_hooked *h);

/* held release --register: makes the sender a contact first. Takes register, partner and external out of the body. */
ctl_hook ctl_register_first;
/* explain ID: a stored message, or an audit record, by its id; goes on for a file or standard input. */
ctl_hook ctl_explain_stored;
/* replay: runs stored mail through today's rules, without effect. */
ctl_hook ctl_replay;

/* "24h", "7d", "30m", "2026-11-24", "2026-11-24T02:31:00Z" as Unix milliseconds; false for anything else. now: seconds. */
bool ctl_since(const char *text, int64_t now, int64_t *ms);

#endif
