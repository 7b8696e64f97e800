/*
 * smtp_peers.h - how many sessions each client address has open. IPv6 clients are counted by their /64.
 */
#ifndef VG_SMTP_PEERS_H
#define VG_SMTP_PEERS_H

#include <stdbool.h>

struct smtp_peers;

/* NULL on no memory. */
struct smtp_peers *smtp_peers_new(void);
void smtp_peers_free(struct smtp_peers **peers);
/* Counts one more session of an address in text form; false, counting nothing, when it has max already or on no memory.
 * What is no address ("unix") is not limited. */
bool smtp_peers_enter(struct smtp_peers *peers, const char *address, unsigned max);
/* The mirror of a successful enter. */
void smtp_peers_leave(struct smtp_peers *peers, const char *address);

#endif
