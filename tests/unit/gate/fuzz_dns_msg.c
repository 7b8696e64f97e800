/* Any bytes as the resolver's answer to a question of each type (the first byte chooses): in bounds, records within the set's
 * limits, nothing pending. The question is put right, so that the reader behind it is reached. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "err.h"
#include "gate_dns_msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct gate_dns_reply *r)
{
	size_t bytes = 0;

	assert(r->status > DNS_PENDING && r->status <= DNS_FAILED);
	assert(r->n <= DNS_RECORDS_MAX + 1 && (r->status == DNS_FOUND) == (r->n > 0));
	for (size_t i = 0; i < r->n; i++)
		bytes += r->records[i].len + 1; /* and its NUL */
	assert(bytes == r->bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned char query[GATE_DNS_QUERY_MAX], msg[4096];
	struct gate_dns_reply reply;
	enum dns_type type;
	size_t len, question;

	if (size < 13 || size > sizeof(msg))
		return 0;
	type = (enum dns_type)(data[0] % DNS_TYPES);
	assert(gate_dns_msg_query(type, "some.test", query, &len) == VG_OK);
	question = 12 + 11 + 4;
	memcpy(msg, data + 1, size - 1);
	(void)gate_dns_msg_answers(query, len, msg, size - 1);
	if (size - 1 >= question) {
		memcpy(msg, query, 2);
		msg[2] |= 0x80;
		memcpy(msg + 4, "\0\1", 2);
		memcpy(msg + 12, query + 12, question - 12);
	}
	if (gate_dns_msg_answers(query, len, msg, size - 1) && !gate_dns_msg_truncated(msg)) {
		gate_dns_msg_read(type, msg, size - 1, &reply);
		check(&reply);
		gate_dns_reply_clear(&reply);
	}
	return 0;
}
