/*
 * fuzz_dkim.c - any bytes as a mail with DKIM signatures and an ARC chain. The first line is the key record that every
 * name in the DNS has ("-" in front: the DNS fails), the rest the mail. In bounds, ends, and says only what it may.
 */
#include <assert.h>
#include <stdint.h>

#include "dkim_help.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	assert(n < size);
	for (size_t i = 0; i < n; i++)
		assert(s[i] >= ' ' && s[i] < 0x7f);
}

static void check_signature(const struct mail_check *c, size_t i)
{
	const struct dkim_signature *s = dkim_at(c->dkim, i);

	check_text(s->domain, sizeof(s->domain));
	check_text(s->selector, sizeof(s->selector));
	check_text(s->algorithm, sizeof(s->algorithm));
	check_text(s->why, sizeof(s->why));
	assert(s->result != DKIM_NONE && s->result <= DKIM_PERMERROR);
	assert((s->why[0] == '\0') == (s->result == DKIM_PASS));
	assert(!s->invalid || s->result == DKIM_FAIL);
	assert(s->result != DKIM_PASS || (s->domain[0] != '\0' && (s->bits >= 1024 || s->bits == 256)));
	if (s->result == DKIM_PASS)
		assert(s->from_signed == dkim_covers(c->dkim, i, "From") &&
		       s->subject_signed == dkim_covers(c->dkim, i, "subject"));
	assert(dkim_covered(c->dkim, i) != NULL);
}

static void answer_all(struct dns_set *dns, const uint8_t *record, size_t len)
{
	struct dns_question q;

	while (dns_set_next(dns, &q)) {
		struct dns_record r = {record, len, 0};
		bool fails = len > 0 && record[0] == '-';

		assert(q.type == DNS_TXT);
		dns_set_answer(dns, q.id, fails ? DNS_FAILED : DNS_FOUND, &r, fails ? 0 : 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct dkim_options o = {1024, SAMPLES_NOW};
	const uint8_t *end = memchr(data, '\n', size);
	struct mail_check c;
	bool done = false;

	if (end == NULL)
		return 0;
	check_begin(&c, (const char *)end + 1, size - (size_t)(end + 1 - data), &o, 1 + size % 61);
	for (unsigned round = 0; round < 2; round++) {
		bool dkim = dkim_check(c.dkim, c.dns), arc = arc_check(c.arc, c.dns);

		done = dkim && arc;
		answer_all(c.dns, data, (size_t)(end - data));
	}
	assert(done);
	assert(dkim_count(c.dkim) <= DKIM_SIGNATURES_MAX);
	for (size_t i = 0; i < dkim_count(c.dkim); i++)
		check_signature(&c, i);
	check_text(arc_chain(c.arc)->why, sizeof(arc_chain(c.arc)->why));
	check_text(arc_chain(c.arc)->sealer, sizeof(arc_chain(c.arc)->sealer));
	assert(arc_chain(c.arc)->n <= ARC_SETS_MAX &&
	       (arc_chain(c.arc)->results != NULL || arc_chain(c.arc)->result != ARC_PASS));
	check_end(&c);
	return 0;
}
