/*
 * gate_dns_msg.c - builds queries and reads answers, both with c-ares; only the least TTL is looked up here, which its parsers
 * do not tell for every type. Runs in the gate; answers are hostile.
 */
#include <ares.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "err.h"
#include "gate_dns_msg.h"

#define HEADER 12u
#define CLASS_IN 1
#define RCODE_NXDOMAIN 3u

static const int wire_types[DNS_TYPES] = {
	[DNS_TXT] = 16, [DNS_A] = 1, [DNS_AAAA] = 28, [DNS_MX] = 15, [DNS_PTR] = 12
};

int gate_dns_msg_query(enum dns_type type, const char *name, unsigned char out[GATE_DNS_QUERY_MAX], size_t *len)
{
	unsigned char *made = NULL;
	int made_len = 0;
	int rc;

	/* c-ares would take a backslash for an escape and ask for another name */
	if (strchr(name, '\\') != NULL)
		return VG_ERR_PROTO;
	rc = ares_create_query(name, CLASS_IN, wire_types[type], 0, 1, &made, &made_len, (int)GATE_DNS_UDP);
	if (rc != ARES_SUCCESS)
		return rc == ARES_ENOMEM ? VG_ERR_MEMORY : VG_ERR_PROTO;
	rc = VG_ERR_PROTO;
	if (made_len > (int)HEADER && (size_t)made_len <= GATE_DNS_QUERY_MAX) {
		*len = (size_t)made_len;
		memcpy(out, made, *len);
		rc = VG_OK;
	}
	ares_free_string(made);
	return rc;
}

void gate_dns_msg_id(unsigned char *query, uint16_t id)
{
	query[0] = (unsigned char)(id >> 8);
	query[1] = (unsigned char)(id & 0xffu);
}

static unsigned get16(const unsigned char *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

static unsigned char lower(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c - 'A' + 'a') : c;
}

/* The place behind the name at `at`, 0: none. */
static size_t skip_name(const unsigned char *msg, size_t len, size_t at)
{
	while (at < len) {
		unsigned c = msg[at];

		if ((c & 0xc0u) == 0xc0u)
			return at + 2 <= len ? at + 2 : 0;
		if ((c & 0xc0u) != 0)
			return 0;
		if (c == 0)
			return at + 1;
		at += c + 1;
	}
	return 0;
}

bool gate_dns_msg_answers(const unsigned char *query, size_t query_len, const unsigned char *msg, size_t len)
{
	size_t end = skip_name(query, query_len, HEADER);

	if (end == 0 || end + 4 > query_len || len < end + 4 || memcmp(query, msg, 2) != 0)
		return false;
	/* QR set, opcode QUERY, one question */
	if ((msg[2] & 0xf8u) != 0x80u || get16(msg + 4) != 1)
		return false;
	/* a length byte is below 'A', so that the name may be compared as it stands */
	for (size_t i = HEADER; i < end; i++)
		if (lower(query[i]) != lower(msg[i]))
			return false;
	return memcmp(query + end, msg + end, 4) == 0;
}

bool gate_dns_msg_truncated(const unsigned char *msg)
{
	return (msg[2] & 0x02u) != 0;
}

static uint32_t least_ttl(const unsigned char *msg, size_t len)
{
	unsigned left = get16(msg + 6);
	size_t at = skip_name(msg, len, HEADER) + 4;
	uint32_t least = UINT32_MAX;

	for (; left > 0; left--) {
		uint32_t ttl;

		if ((at = skip_name(msg, len, at)) == 0 || at + 10 > len)
			return 0;
		ttl = (uint32_t)get16(msg + at + 4) << 16 | get16(msg + at + 6);
		if (ttl > INT32_MAX) /* RFC 2181, 8: as zero */
			ttl = 0;
		least = ttl < least ? ttl : least;
		at += 10 + get16(msg + at + 8);
	}
	return least;
}

/* Room for one more record of len bytes and its NUL; NULL: full, or no memory (then the status says so). */
static unsigned char *add(struct gate_dns_reply *r, size_t len)
{
	unsigned char *data;

	if (r->n > DNS_RECORDS_MAX)
		return NULL;
	if ((data = calloc(1, len + 1)) == NULL) {
		r->status = DNS_FAILED;
		return NULL;
	}
	r->records[r->n++] = (struct dns_record){.data = data, .len = len};
	r->bytes += len + 1;
	return data;
}

static void add_name(struct gate_dns_reply *r, const char *name, unsigned preference)
{
	size_t len = strlen(name);
	unsigned char *to;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if ((to = add(r, len)) == NULL)
		return;
	for (size_t i = 0; i < len; i++)
		to[i] = lower((unsigned char)name[i]);
	r->records[r->n - 1].preference = preference;
}

static int read_txt(const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	struct ares_txt_ext *list = NULL;
	int rc = ares_parse_txt_reply_ext(msg, len, &list);

	for (struct ares_txt_ext *t = list; t != NULL;) {
		struct ares_txt_ext *end = t->next;
		size_t all = t->length;
		unsigned char *to;

		for (; end != NULL && !end->record_start; end = end->next)
			all += end->length;
		if ((to = add(r, all)) == NULL)
			break;
		for (; t != end; t = t->next) {
			if (t->length > 0)
				memcpy(to, t->txt, t->length);
			to += t->length;
		}
	}
	if (list != NULL)
		ares_free_data(list);
	return rc;
}

static int read_a(const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	struct ares_addrttl found[DNS_RECORDS_MAX + 1];
	int n = DNS_RECORDS_MAX + 1;
	int rc = ares_parse_a_reply(msg, len, NULL, found, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		unsigned char *to = add(r, sizeof(found[i].ipaddr));

		if (to != NULL)
			memcpy(to, &found[i].ipaddr, sizeof(found[i].ipaddr));
	}
	return rc;
}

static int read_aaaa(const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	struct ares_addr6ttl found[DNS_RECORDS_MAX + 1];
	int n = DNS_RECORDS_MAX + 1;
	int rc = ares_parse_aaaa_reply(msg, len, NULL, found, &n);

	for (int i = 0; rc == ARES_SUCCESS && i < n; i++) {
		unsigned char *to = add(r, sizeof(found[i].ip6addr));

		if (to != NULL)
			memcpy(to, &found[i].ip6addr, sizeof(found[i].ip6addr));
	}
	return rc;
}

static int read_mx(const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	struct ares_mx_reply *list = NULL;
	int rc = ares_parse_mx_reply(msg, len, &list);

	for (const struct ares_mx_reply *m = list; m != NULL; m = m->next)
		add_name(r, m->host, m->priority);
	if (list != NULL)
		ares_free_data(list);
	return rc;
}

static int read_ptr(const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	static const unsigned char any[4]; /* only copied into the answer, which nobody looks at */
	struct hostent *host = NULL;
	int rc = ares_parse_ptr_reply(msg, len, any, sizeof(any), AF_INET, &host);

	if (rc != ARES_SUCCESS || host == NULL)
		return rc;
	for (char **name = host->h_aliases; name != NULL && *name != NULL; name++)
		add_name(r, *name, 0);
	if (r->n == 0 && host->h_name != NULL)
		add_name(r, host->h_name, 0);
	ares_free_hostent(host);
	return rc;
}

static int read_records(enum dns_type type, const unsigned char *msg, int len, struct gate_dns_reply *r)
{
	switch (type) {
	case DNS_TXT: return read_txt(msg, len, r);
	case DNS_A: return read_a(msg, len, r);
	case DNS_AAAA: return read_aaaa(msg, len, r);
	case DNS_MX: return read_mx(msg, len, r);
	case DNS_PTR: return read_ptr(msg, len, r);
	case DNS_TYPES: break;
	}
	return ARES_EBADRESP;
}

static void fail(struct gate_dns_reply *r, enum dns_status status)
{
	gate_dns_reply_clear(r);
	r->status = status;
}

void gate_dns_msg_read(enum dns_type type, const unsigned char *msg, size_t len, struct gate_dns_reply *out)
{
	unsigned rcode = len >= HEADER ? msg[3] & 0x0fu : 0;
	int rc;

	*out = (struct gate_dns_reply){.status = DNS_FAILED};
	if (len < HEADER || len > UINT16_MAX || (rcode != 0 && rcode != RCODE_NXDOMAIN))
		return;
	if (rcode == RCODE_NXDOMAIN) {
		out->status = DNS_NXDOMAIN;
		return;
	}
	if ((out->records = calloc(DNS_RECORDS_MAX + 1, sizeof(*out->records))) == NULL)
		return;
	out->status = DNS_FOUND;
	rc = read_records(type, msg, (int)len, out);
	if (rc == ARES_ENODATA || (rc == ARES_SUCCESS && out->n == 0 && out->status == DNS_FOUND))
		fail(out, DNS_NODATA);
	else if (rc != ARES_SUCCESS || out->status != DNS_FOUND)
		fail(out, DNS_FAILED);
	else
		out->ttl = least_ttl(msg, len);
}

void gate_dns_reply_clear(struct gate_dns_reply *reply)
{
	for (size_t i = 0; i < reply->n; i++)
		free((void *)(uintptr_t)reply->records[i].data); /* ours; const for those who read */
	free(reply->records);
	*reply = (struct gate_dns_reply){.status = DNS_FAILED};
}
