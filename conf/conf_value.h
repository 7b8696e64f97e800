/*
 * conf_value.h - typed values of the configuration: each takes one word and says what was wrong with it. Pure.
 */
#ifndef VG_CONF_VALUE_H
#define VG_CONF_VALUE_H

#include "conf.h"

/* All: 0, or VG_ERR_SYNTAX/VG_ERR_LIMIT with *why (static). */
int conf_value_uint(const char *s, uint64_t min, uint64_t max, uint64_t *out, const char **why);
/* Bytes: digits with an optional K, M or G (1,024-based). */
int conf_value_size(const char *s, uint64_t *out, const char **why);
/* Milliseconds: digits with ms, s, m, h, d or w; several may follow each other ("1h30m"). */
int conf_value_duration(const char *s, int64_t *out, const char **why);
/* "192.0.2.0/24", "2001:db8::/32", a lone address, "unix". Host bits must be zero. */
int conf_value_net(const char *s, struct conf_net *out, const char **why);
/* "127.0.0.1:53", "[::1]:53"; *out is zero beyond the address, so that addresses compare by memcmp. */
int conf_value_inet(const char *s, struct sockaddr_storage *out, socklen_t *len, const char **why);
/* "127.0.0.1:25", "[::1]:25", "unix:/absolute/path" into l->addr, l->unix_path, l->name. */
int conf_value_listen(const char *s, struct conf_listen *l, const char **why);
/* Octal permission bits, "0660". */
int conf_value_mode(const char *s, mode_t *out, const char **why);
/* An addr-spec in normal form without '+', newly allocated. */
int conf_value_address(const char *s, char **out, const char **why);
/* A host name: lower-case A-label, newly allocated. */
int conf_value_host(const char *s, char **out, const char **why);
/* An identifier: letters, digits, '-', '_', '.'; newly allocated. */
int conf_value_name(const char *s, char **out, const char **why);

#endif
