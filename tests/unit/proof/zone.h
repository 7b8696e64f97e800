/* A small DNS for tests: a table of names, and a function that answers all open questions of a set from it. */
#ifndef TEST_ZONE_H
#define TEST_ZONE_H

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "dns_set.h"

/* One record a row; rows with an equal name and type make one answer. Names in lower case. A name that has no row does
 * not exist; one that has rows of other types only has no such records. */
struct zone_row {
	const char *name;
	enum dns_type type;
	enum dns_status status; /* other than DNS_FOUND: text is not read */
	const char *text;       /* an address; a TXT's text; a PTR's name; "10 mx.example.com" */
};

static size_t zone_record(struct dns_record *out, unsigned char ip[16], const struct zone_row *row)
{
	char *end;

	*out = (struct dns_record){.data = (const unsigned char *)row->text, .len = strlen(row->text)};
	if (row->type == DNS_A || row->type == DNS_AAAA) {
		out->data = ip;
		out->len = row->type == DNS_A ? 4 : 16;
		return inet_pton(row->type == DNS_A ? AF_INET : AF_INET6, row->text, ip) == 1;
	}
	if (row->type == DNS_MX) {
		out->preference = (unsigned)strtoul(row->text, &end, 10);
		out->data = (const unsigned char *)end + (*end == ' ');
		out->len = strlen((const char *)out->data);
	}
	return 1;
}

static void zone_answer(struct dns_set *set, const struct dns_question *q, const struct zone_row *rows, size_t n)
{
	static unsigned char ips[DNS_RECORDS_MAX + 1][16];
	struct dns_record records[DNS_RECORDS_MAX + 1];
	enum dns_status status = DNS_NXDOMAIN;
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (rows[i].name == NULL || strcmp(rows[i].name, q->name) != 0)
			continue;
		if (status == DNS_NXDOMAIN)
			status = DNS_NODATA;
		if (rows[i].type != q->type)
			continue;
		status = rows[i].status;
		if (status == DNS_FOUND && found <= DNS_RECORDS_MAX)
			found += zone_record(&records[found], ips[found], &rows[i]);
	}
	dns_set_answer(set, q->id, status, records, found);
}

/* How many questions there were. */
static unsigned zone_answer_all(struct dns_set *set, const struct zone_row *rows, size_t n)
{
	struct dns_question q;
	unsigned asked = 0;

	for (; dns_set_next(set, &q); asked++)
		zone_answer(set, &q, rows, n);
	return asked;
}

#endif
