/*
 * letters.c - which letters follow from a message. Called by the writer of the queue process. Pure.
 */
#include "letters.h"

#include <string.h>
#include <strings.h>

#include "err.h"

static bool
is_contact(enum participant_role role)
{
	return role == PART_CONTACT || role == PART_HOLDER;
}

/* LETTER_ACK is the lowest; 0: none. */
static int
letter_for(const struct letters_message *m, const struct letters_person *p)
{
	bool sender = strcmp(p->address, m->sender) == 0, has = p->had && !m->by_us;

	if (p->role == PART_AGENT)
		return 0;
	if (sender)
		return m->opens && is_contact(p->role) ? LETTER_ACK : 0;
	if (!p->hears)
		return 0;
	if (m->role == PART_AGENT)
		return has ? 0 : LETTER_REPLY;
	/* Whoever is new has the mail from its To or Cc, and needs an address of their own to answer to. */
	if (p->joined)
		return LETTER_JOINED;
	return has ? 0 : LETTER_RELAY;
}

size_t
letters_plan(struct letter_to *out, const struct letters_message *m, const struct letters_person *people, size_t n)
{
	size_t k = 0;

	if (m->automatic || m->visibility == PEOPLE_INTERNAL)
		return 0;
	for (size_t i = 0; i < n && k < LETTERS_MAX; i++) {
		int kind = letter_for(m, &people[i]);

		if (kind > 0)
			out[k++] = (struct letter_to){ i, (enum letter_kind)kind };
	}
	return k;
}

bool
letters_contact_had(const struct letters_message *m, const struct letters_person *people, size_t n)
{
	bool had = is_contact(m->role);

	for (size_t i = 0; i < n && !had; i++)
		had = is_contact(people[i].role) && people[i].had && people[i].hears && !m->by_us;
	return had;
}

/* ---- L2 ---- */

bool
letters_takes(const struct letters_list *list, const char *route)
{
	return strcmp(list->route, "any") == 0 || strcmp(list->route, route) == 0;
}

static bool
has_one(const size_t *out, size_t k, const struct letters_list *lists, const char *address)
{
	for (size_t i = 0; i < k; i++)
		if (strcmp(lists[out[i]].address, address) == 0)
			return true;
	return false;
}

size_t
letters_agents(size_t *out, const struct letters_message *m, const char *route, const struct letters_list *lists, size_t n)
{
	size_t k = 0;

	if (m->quiet)
		return 0;
	for (size_t i = 0; i < n && k < LETTERS_MAX; i++) {
		bool had = lists[i].had && m->role == PART_AGENT && !m->by_us;

		if (!letters_takes(&lists[i], route) || had || strcmp(lists[i].address, m->sender) == 0 ||
		    has_one(out, k, lists, lists[i].address))
			continue;
		out[k++] = i;
	}
	return k;
}

static bool
in_address(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c & 0x80) != 0 ||
	    (c != '\0' && strchr("._+-", c) != NULL);
}

/* Not the end of a longer address, nor the beginning of one in a sub-domain; a sentence may end behind it. */
static bool
stands_alone(const char *text, const char *at, size_t n)
{
	if (at > text && in_address(at[-1]))
		return false;
	return !in_address(at[n]) || (at[n] == '.' && !in_address(at[n + 1]));
}

int
letters_hide(struct buf *out, const char *text, const char *address, const char *instead)
{
	const char *from = text;
	size_t n = strlen(address);
	int err = VG_OK;

	for (const char *s = text; n > 0 && *s != '\0' && err == VG_OK;) {
		if (strncasecmp(s, address, n) != 0 || !stands_alone(text, s, n)) {
			s++;
			continue;
		}
		if ((err = buf_add(out, from, (size_t)(s - from))) == VG_OK)
			err = buf_adds(out, instead);
		from = s += n;
	}
	return err == VG_OK ? buf_adds(out, from) : err;
}

const char *
letters_behind_commands(const char *s)
{
	while (*s == '#' && ((s[1] >= 'a' && s[1] <= 'z') || (s[1] >= 'A' && s[1] <= 'Z'))) {
		s += strcspn(s, "\n");
		s += strspn(s, "\n");
	}
	return s;
}
