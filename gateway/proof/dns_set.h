/*
 * dns_set.h - what the proof of one mail's sender asks of the DNS, and what was answered. The evaluators (spf.h, dkim.h,
 * arc.h, dmarc.h) are pure: they call dns_ask() for every name they need and return "not yet" while an answer is missing;
 * the driver (gate_dns.h, or a test's zone) takes the open questions, answers them, and calls the evaluator again, which
 * starts over and finds its answers here. Nothing here does I/O. Not for several threads.
 */
#ifndef VG_DNS_SET_H
#define VG_DNS_SET_H

#include <stdbool.h>
#include <stddef.h>

#define DNS_NAME_MAX 253u
#define DNS_QUESTIONS_MAX 256u /* of one mail */
#define DNS_RECORDS_MAX 64u    /* of one answer; the rest is dropped and `cut` is set */
#define DNS_TEXT_MAX 65535u

enum dns_type { DNS_TXT, DNS_A, DNS_AAAA, DNS_MX, DNS_PTR, DNS_TYPES };

enum dns_status {
	DNS_PENDING,  /* not answered yet */
	DNS_FOUND,
	DNS_NODATA,   /* the name exists, without records of this type */
	DNS_NXDOMAIN, /* RFC 8020: nor does anything below it */
	DNS_FAILED    /* SERVFAIL, time-out, refused, no readable answer */
};

struct dns_record {
	const unsigned char *data; /* A: 4 bytes, AAAA: 16; TXT: its strings joined; MX, PTR: name in lower case, no last dot */
	size_t len;                /* without the NUL that stands behind every one of them */
	unsigned preference;       /* MX */
};

struct dns_answer {
	enum dns_status status;
	const struct dns_record *records; /* MX in order of preference, else as they came */
	size_t n;
	bool cut;
};

struct dns_question {
	unsigned id;
	enum dns_type type;
	const char *name; /* lower case, borrowed from the set */
};

struct dns_set;

/* Labels of a name that can be asked, a last dot not counted; 0: it cannot (empty label, label above 63, name above 253). */
unsigned dns_name_labels(const char *name);

/* NULL on no memory. */
struct dns_set *dns_set_new(void);
void dns_set_free(struct dns_set **set);
/* The answer to a question, which is noted as open when it is new. name: any letter case, a last dot is dropped. A name that
 * cannot be asked (empty label, label above 63, name above 253) is DNS_NXDOMAIN without a question; more questions than
 * DNS_QUESTIONS_MAX, or no memory, are DNS_FAILED. Never NULL; the status stays DNS_PENDING until dns_set_answer(). The
 * pointer holds as long as the set. */
const struct dns_answer *dns_ask(struct dns_set *set, enum dns_type type, const char *name);
/* The next open question that was not handed out yet; false: none. */
bool dns_set_next(struct dns_set *set, struct dns_question *q);
/* Answers a question once; records are copied. A second answer, or an unknown id, is passed over. VG_OK, VG_ERR_MEMORY (it
 * counts as DNS_FAILED). */
int dns_set_answer(struct dns_set *set, unsigned id, enum dns_status status, const struct dns_record *records, size_t n);
/* Questions handed out and not answered. */
unsigned dns_set_waiting(const struct dns_set *set);
const char *dns_type_name(enum dns_type type);

#endif
