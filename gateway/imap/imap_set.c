/*
 * imap_set.c - UIDs as libetpan wants them; neighbours become ranges, so that a line stays short.
 */
#include "imap_set.h"

struct ranges {
	struct mailimap_set *set;
	uint32_t first, last; /* 0: none open */
};

static bool
end_range(struct ranges *r)
{
	bool ok = !r->first || mailimap_set_add_interval(r->set, r->first, r->last) == MAILIMAP_NO_ERROR;

	r->first = r->last = 0;
	return ok;
}

static bool
add(struct ranges *r, uint32_t uid)
{
	if (r->last && uid == r->last + 1) {
		r->last = uid;
		return true;
	}
	if (!end_range(r))
		return false;
	r->first = r->last = uid;
	return true;
}

static struct mailimap_set *
finish(struct ranges *r, bool ok)
{
	if (ok && end_range(r))
		return r->set;
	mailimap_set_free(r->set);
	return NULL;
}

struct mailimap_set *
imap_set_of_jobs(const struct imap_job *jobs, size_t n)
{
	struct ranges r = { .set = mailimap_set_new_empty() };
	bool ok = r.set;

	if (!ok)
		return NULL;
	for (size_t i = 0; ok && i < n; i++)
		ok = add(&r, jobs[i].item.uid);
	return finish(&r, ok);
}

struct mailimap_set *
imap_set_of_items(const struct imap_item *items, const bool *in, size_t n)
{
	struct ranges r = { .set = mailimap_set_new_empty() };
	bool ok = r.set;

	if (!ok)
		return NULL;
	for (size_t i = 0; ok && i < n; i++)
		ok = !in[i] || add(&r, items[i].uid);
	return finish(&r, ok);
}
