/*
 * log_foreign.h - line forms of what stands beside the product: RFC 5424, vmware.log, vmkernel, hostd and vpxd. Pure.
 */
#ifndef VG_LOG_FOREIGN_H
#define VG_LOG_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "log_line.h"

/* Takes what stands behind the time, where it has one of these forms; prioritised: `<PRI>` began the line. Sets
 * kind, text, component of out. */
bool log_foreign_parse(struct log_line *out, const char *s, size_t len, bool prioritised);
/* Cuts `vpxd[7F01] [Originator@6876 sub=Name opID=…] ` off out->text, Name becomes the component. */
bool log_foreign_originator(struct log_line *out);
/* The kind by the number of `<PRI>` that begins line (RFC 5424 6.2.1: severity 0-3 error, 4 warning). */
enum log_line_kind log_foreign_priority(const char *line, size_t len);

#endif
