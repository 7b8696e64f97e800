/*
 * log.h - the one log API: one line an event, ids first, then event=NAME and key=value pairs.
 *   log_info("sess=a1b2 msg=01J…", "accepted", "size=%zu rule=%s", size, rule);
 * prints  `role[pid]: sess=a1b2 msg=01J… event=accepted size=4096 rule=V11`.
 * Every process writes whole lines to descriptor 2; the supervisor forwards to syslog when it
 * runs in the background. Values that a peer chose pass log_q().
 */
#ifndef VG_LOG_H
#define VG_LOG_H

#include <stdbool.h>

enum log_level { LOG_LVL_ERROR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

/* Names the process in every line ("smtp", "parser/1") and sets the level. Copies role. */
void log_setup(const char *role, enum log_level level);
/* Writes one line, cut at 2,000 bytes, control bytes escaped. ids may be "" (none). */
void log_put(enum log_level level, const char *ids, const char *event, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
bool log_enabled(enum log_level level);
/* s as a log value: unchanged where it is plain, else in double quotes with escapes, cut at 200 bytes.
 * Valid until 16 more calls. NULL gives "-". */
const char *log_q(const char *s);

#define log_error(ids, event, ...) log_put(LOG_LVL_ERROR, ids, event, __VA_ARGS__)
#define log_warn(ids, event, ...) log_put(LOG_LVL_WARN, ids, event, __VA_ARGS__)
#define log_info(ids, event, ...) log_put(LOG_LVL_INFO, ids, event, __VA_ARGS__)
#define log_debug(ids, event, ...) \
	do { \
		if (log_enabled(LOG_LVL_DEBUG)) \
			log_put(LOG_LVL_DEBUG, ids, event, __VA_ARGS__); \
	} while (0)

#endif
