/* Any bytes as a DMARC record, and as the records of a whole walk: in bounds, never more than eight names, never
 * an organisation that the author's domain does not belong to. */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "addr.h"
#include "dmarc.h"

#define AUTHOR "a.b.c.d.e.f.g.mail.example.com"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input's lines are the answers to the walk's questions, one each; an empty one fails, "-" does not exist. */
static void answer_all(struct dns_set *set, const uint8_t **at, const uint8_t *end)
{
	struct dns_question q;

	while (dns_set_next(set, &q)) {
		const uint8_t *line = *at, *eol = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
		struct dns_record r = {.data = line};

		if (eol == NULL)
			eol = end;
		r.len = (size_t)(eol - line);
		*at = eol < end ? eol + 1 : end;
		if (r.len == 0)
			dns_set_answer(set, q.id, line < end ? DNS_FAILED : DNS_NODATA, NULL, 0);
		else if (r.len == 1 && *line == '-')
			dns_set_answer(set, q.id, DNS_NXDOMAIN, NULL, 0);
		else
			dns_set_answer(set, q.id, DNS_FOUND, &r, 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dns_set *set = dns_set_new();
	const uint8_t *at = data;
	struct dmarc_record r;
	struct dmarc d;
	enum dmarc_alignment is;

	if (dmarc_parse(&r, (const char *)data, size))
		assert(r.p <= DMARC_POLICY_REJECT && r.sp <= DMARC_POLICY_REJECT && r.np <= DMARC_POLICY_REJECT && r.psd != 0);
	if (set == NULL)
		return 0;
	for (unsigned rounds = 0; !dmarc_discover(&d, AUTHOR, set); rounds++) {
		assert(rounds < 3);
		answer_all(set, &at, data + size);
	}
	assert(d.org_domain[0] == '\0' ? d.temperror : addr_domain_within(AUTHOR, d.org_domain));
	assert(d.policy <= d.published);
	while ((is = dmarc_align(&d, AUTHOR, "x.mail.example.com", DMARC_RELAXED, set)) == DMARC_PENDING)
		answer_all(set, &at, data + size);
	assert(is != DMARC_ALIGNED || addr_domain_within("x.mail.example.com", d.org_domain));
	dns_set_free(&set);
	return 0;
}
