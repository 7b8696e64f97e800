/*
 * gate_dns_msg.h - a DNS query as bytes, and the answer read from bytes that may come from anybody. No I/O.
 */
#ifndef VG_GATE_DNS_MSG_H
#define VG_GATE_DNS_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns_set.h"

#define GATE_DNS_UDP 1232u       /* what we say fits: no fragments on usual paths (DNS flag day 2020) */
#define GATE_DNS_QUERY_MAX 512u  /* header, longest name and the EDNS record need less */

struct gate_dns_reply {
	enum dns_status status;
	struct dns_record *records; /* owned, each with its data */
	size_t n;                   /* up to DNS_RECORDS_MAX + 1, so that the set sees that some were dropped */
	size_t bytes;               /* of all data, each with its NUL */
	uint32_t ttl;               /* seconds; the least of the answer */
};

/* Recursion wanted, EDNS, id 0. VG_OK, VG_ERR_MEMORY, VG_ERR_PROTO: the name cannot be asked. */
int gate_dns_msg_query(enum dns_type type, const char *name, unsigned char out[GATE_DNS_QUERY_MAX], size_t *len);
void gate_dns_msg_id(unsigned char *query, uint16_t id);
/* Whether it is an answer to this query: its id and its question. */
bool gate_dns_msg_answers(const unsigned char *query, size_t query_len, const unsigned char *msg, size_t len);
/* The rest needs a message that answers. */
bool gate_dns_msg_truncated(const unsigned char *msg);
/* Never DNS_PENDING; unreadable or no memory: DNS_FAILED. */
void gate_dns_msg_read(enum dns_type type, const unsigned char *msg, size_t len, struct gate_dns_reply *out);
void gate_dns_reply_clear(struct gate_dns_reply *reply);

#endif
