/*
 * dns_set.c - questions and answers of one mail. Runs in the gate, over names that senders choose and records that
 * they publish: every count is bounded, and what does not fit counts as a failure, never as "no such record".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dns_set.h"
#include "err.h"

struct entry {
	struct dns_answer answer;
	enum dns_type type;
	bool handed;
	char name[DNS_NAME_MAX + 1];
};

struct dns_set {
	struct entry *entries[DNS_QUESTIONS_MAX]; /* one allocation each: dns_ask()'s pointers hold */
	unsigned n, next, waiting;
};

static const struct dns_answer no_such_name = {.status = DNS_NXDOMAIN};
static const struct dns_answer no_room = {.status = DNS_FAILED};

struct dns_set *dns_set_new(void)
{
	return calloc(1, sizeof(struct dns_set));
}

void dns_set_free(struct dns_set **set)
{
	if (*set == NULL)
		return;
	for (unsigned i = 0; i < (*set)->n; i++) {
		free((void *)(uintptr_t)(*set)->entries[i]->answer.records);
		free((*set)->entries[i]);
	}
	free(*set);
	*set = NULL;
}

unsigned dns_name_labels(const char *name)
{
	size_t len = strnlen(name, DNS_NAME_MAX + 2), label = 0;
	unsigned labels = 1;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len == 0 || len > DNS_NAME_MAX)
		return 0;
	for (size_t i = 0; i < len; i++) {
		if (name[i] == '.' ? label == 0 : label == 63)
			return 0;
		label = name[i] == '.' ? 0 : label + 1;
		labels += name[i] == '.';
	}
	return label > 0 ? labels : 0;
}

/* Lower case without a last dot; false: cannot be asked. */
static bool normal_name(char out[DNS_NAME_MAX + 1], const char *name)
{
	size_t len = strnlen(name, DNS_NAME_MAX + 1);

	if (dns_name_labels(name) == 0)
		return false;
	if (name[len - 1] == '.')
		len--;
	for (size_t i = 0; i < len; i++)
		out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
	out[len] = '\0';
	return true;
}

const struct dns_answer *dns_ask(struct dns_set *set, enum dns_type type, const char *name)
{
	char lower[DNS_NAME_MAX + 1];
	struct entry *e;

	if (!normal_name(lower, name))
		return &no_such_name;
	for (unsigned i = 0; i < set->n; i++)
		if (set->entries[i]->type == type && strcmp(set->entries[i]->name, lower) == 0)
			return &set->entries[i]->answer;
	if (set->n == DNS_QUESTIONS_MAX || (e = calloc(1, sizeof(*e))) == NULL)
		return &no_room;
	e->type = type;
	memcpy(e->name, lower, sizeof(e->name));
	set->entries[set->n++] = e;
	return &e->answer;
}

bool dns_set_next(struct dns_set *set, struct dns_question *q)
{
	struct entry *e;

	if (set->next == set->n)
		return false;
	e = set->entries[set->next];
	*q = (struct dns_question){.id = set->next++, .type = e->type, .name = e->name};
	e->handed = true;
	set->waiting++;
	return true;
}

/* Records, then their bytes, in one allocation. */
static struct dns_record *copy_records(const struct dns_record *records, size_t n)
{
	size_t size = n * sizeof(*records);
	struct dns_record *out;
	unsigned char *at;

	for (size_t i = 0; i < n; i++)
		size += records[i].len + 1;
	if ((out = calloc(1, size)) == NULL)
		return NULL;
	at = (unsigned char *)(out + n);
	for (size_t i = 0; i < n; i++) {
		out[i] = records[i];
		out[i].data = at;
		if (records[i].len > 0)
			memcpy(at, records[i].data, records[i].len);
		at += records[i].len + 1;
	}
	return out;
}

/* By insertion: at most DNS_RECORDS_MAX, and equal ones keep their order. */
static void sort_mx(struct dns_record *r, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && r[k - 1].preference > r[k].preference; k--) {
			struct dns_record swap = r[k];

			r[k] = r[k - 1];
			r[k - 1] = swap;
		}
}

int dns_set_answer(struct dns_set *set, unsigned id, enum dns_status status, const struct dns_record *records, size_t n)
{
	struct dns_record *copy;
	struct dns_answer *a;

	if (id >= set->n || !set->entries[id]->handed || set->entries[id]->answer.status != DNS_PENDING ||
	    status == DNS_PENDING)
		return VG_OK;
	a = &set->entries[id]->answer;
	set->waiting--;
	a->status = status == DNS_FOUND && n == 0 ? DNS_NODATA : status;
	if (a->status != DNS_FOUND)
		return VG_OK;
	a->cut = n > DNS_RECORDS_MAX;
	n = a->cut ? DNS_RECORDS_MAX : n;
	for (size_t i = 0; i < n; i++)
		if (records[i].len > DNS_TEXT_MAX) {
			a->status = DNS_FAILED;
			return VG_OK;
		}
	if ((copy = copy_records(records, n)) == NULL) {
		a->status = DNS_FAILED;
		return VG_ERR_MEMORY;
	}
	if (set->entries[id]->type == DNS_MX)
		sort_mx(copy, n);
	a->records = copy;
	a->n = n;
	return VG_OK;
}

unsigned dns_set_waiting(const struct dns_set *set)
{
	return set->waiting;
}

const char *dns_type_name(enum dns_type type)
{
	static const char *const names[DNS_TYPES] = {"TXT", "A", "AAAA", "MX", "PTR"};

	return (unsigned)type < DNS_TYPES ? names[type] : "?";
}
