/* Any bytes as the records of a whole check: in bounds, at an end, never more questions than the limits allow. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "spf.h"

/* 10 look-ups with 10 names each, the first record, the client's PTR with 10 names. */
#define QUESTIONS_MAX (1u + 10u + 10u * 10u + 1u + 10u)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dns_record record_of(enum dns_type type, const uint8_t *line, size_t len)
{
	static const unsigned char client[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
	struct dns_record r = {.data = line, .len = len};

	if (type == DNS_A || type == DNS_AAAA)
		r = (struct dns_record){.data = client, .len = type == DNS_A ? 4 : 16};
	return r;
}

/* The input's lines are the answers, one each, several of MX and PTR; an empty one fails, "-" does not exist. */
static unsigned answer_all(struct dns_set *set, const uint8_t **at, const uint8_t *end)
{
	struct dns_question q;
	unsigned asked = 0;

	for (; dns_set_next(set, &q); asked++) {
		const uint8_t *line = *at, *eol = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
		struct dns_record r[12];
		size_t len = (size_t)((eol != NULL ? eol : end) - line), n = 0;

		*at = eol != NULL ? eol + 1 : end;
		if (len <= 1) {
			dns_set_answer(set, q.id, len == 1 ? DNS_NXDOMAIN : line < end ? DNS_FAILED : DNS_NODATA,
				       NULL, 0);
			continue;
		}
		/* A TXT stays whole; elsewhere blanks part records. */
		for (size_t i = 0, start = 0; i <= len && n < 12; i++) {
			if (i < len && (q.type == DNS_TXT || line[i] != ' '))
				continue;
			r[n++] = record_of(q.type, line + start, i - start);
			start = i + 1;
		}
		dns_set_answer(set, q.id, DNS_FOUND, r, n);
	}
	return asked;
}

/* The sender is the input's first line. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_set *set = dns_set_new();
	struct spf_input in = {.domain = "example.com", .helo = "mail.example.com"};
	const uint8_t *eol = size > 0 ? memchr(data, '\n', size) : NULL, *at = eol != NULL ? eol + 1 : data + size;
	char sender[400];
	size_t len = eol != NULL ? (size_t)(eol - data) : 0;
	unsigned asked = 0;
	struct spf out;

	if (set == NULL)
		return 0;
	len = len < sizeof(sender) ? len : sizeof(sender) - 1;
	memcpy(sender, data, len);
	sender[len] = '\0';
	in.sender = sender;
	in.ip = size % 2 == 0 ? "2001:db8::1" : "32.1.13.184";
	while (!spf_check(&out, &in, set)) {
		unsigned n = answer_all(set, &at, data + size);

		assert(n > 0);
		asked += n;
	}
	assert(asked <= QUESTIONS_MAX && out.lookups <= 10 && out.result <= SPF_PERMERROR);
	assert(out.voids <= 2 || out.result == SPF_PERMERROR);
	assert(strlen(out.why) < SPF_WHY_MAX && strlen(out.mechanism) < SPF_WHY_MAX);
	dns_set_free(&set);
	return 0;
}
