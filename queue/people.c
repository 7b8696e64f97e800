/*
 * people.c - POLICY T1-T10, decided over facts that the caller looked up. Called in the writer thread of the queue process
 * for every message and command, and before every copy that leaves. Pure.
 */
#include "people.h"

#include <string.h>
#include <strings.h>

/* ---- small questions ---- */

bool
people_covers(const char *covers, const char *field)
{
	size_t n = strlen(field);

	if (strcmp(covers, "*") == 0)
		return true;
	for (const char *p = covers; *p != '\0';) {
		size_t len = strcspn(p, ":");

		if (len == n && strncasecmp(p, field, n) == 0)
			return true;
		p += len + (p[len] == ':');
	}
	return false;
}

static bool
covered(const struct people_message *m, const struct people_named *who)
{
	return people_covers(m->covers, who->field == PEOPLE_TO ? "to" : "cc");
}

/* Does a To or Cc that the sender really wrote name us? */
static bool
names_us(const struct people_message *m)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->named[i].who.ours && covered(m, &m->named[i]))
			return true;
	return false;
}

static bool
names(const struct people_message *m, const char *address)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->named[i].address, address) == 0 && covered(m, &m->named[i]))
			return true;
	return false;
}

static const struct people_member *
member(const struct people_ticket *t, const char *address)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->members[i].address, address) == 0)
			return &t->members[i];
	return NULL;
}

static bool
listed(const char *const *list, size_t n, const char *address)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], address) == 0)
			return true;
	return false;
}

static bool
of_partner(const struct people_ticket *t, const struct people_class *who)
{
	return (who->cls == CLASS_CONTACT || who->cls == CLASS_PARTNER_DOMAIN) && *t->partner != '\0' &&
	    strcmp(who->partner, t->partner) == 0;
}

static enum participant_role
own_role(const struct people_class *who)
{
	return who->cls == CLASS_CONTACT || who->as_contact ? PART_CONTACT : PART_OBSERVER;
}

/* ---- T2: who is never brought in ---- */

/* The first words of a local part that a program reads, not a person. */
static bool
is_no_reply(const char *address)
{
	static const char *const words[] = { "no-reply", "noreply", "no_reply", "no.reply", "do-not-reply", "donotreply",
		"do_not_reply", "do.not.reply", "mailer-daemon", "postmaster", "bounce", "bounces", "auto-reply", "autoreply" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t n = strlen(words[i]);

		if (strncmp(address, words[i], n) == 0 && strchr("@+-_.=", address[n]) != NULL && address[n] != '\0')
			return true;
	}
	return false;
}

/* The names that list managers give to lists (RFC 2142 6 and their own). */
static bool
is_list(const char *address)
{
	static const char *const ends[] = { "-list", "-request", "-owner", "-bounces", "-subscribe", "-unsubscribe",
		"-announce", "-users", "-l" };
	static const char *const names[] = { "list", "lists", "listserv", "majordomo", "mailman", "sympa" };
	const char *at = strrchr(address, '@');
	size_t len = at != NULL ? (size_t)(at - address) : 0;

	if (at == NULL)
		return false;
	if (strncmp(address, "owner-", 6) == 0 || strncmp(at, "@lists.", 7) == 0 || strncmp(at, "@list.", 6) == 0)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len && strncmp(address, names[i], len) == 0)
			return true;
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t n = strlen(ends[i]);

		if (len > n && strncmp(at - n, ends[i], n) == 0)
			return true;
	}
	return false;
}

static enum people_cause
never_in(const struct people_ticket *t, const char *address, const struct people_class *who)
{
	if (who->ours)
		return PEOPLE_OURS;
	if (who->cls == CLASS_AGENT)
		return PEOPLE_AGENT;
	if ((who->cls == CLASS_CONTACT || who->cls == CLASS_PARTNER_DOMAIN) && !of_partner(t, who))
		return PEOPLE_OTHER_PARTNER;
	if (of_partner(t, who))
		return PEOPLE_FINE;
	if (who->cls == CLASS_DIRECT && !who->customer_here)
		return PEOPLE_DIRECT;
	if (who->customer_elsewhere && !who->customer_here)
		return PEOPLE_OTHER_CUSTOMER;
	return is_no_reply(address) ? PEOPLE_NO_REPLY : is_list(address) ? PEOPLE_LIST : PEOPLE_FINE;
}

/* What holds for everybody on every way in. */
static enum people_cause
cannot_join(const struct people_ticket *t, const char *address, const struct people_class *who)
{
	enum people_cause cause = *t->partner == '\0' ? PEOPLE_NO_PARTNER : never_in(t, address, who);

	return cause == PEOPLE_FINE && !t->partner_active ? PEOPLE_INACTIVE : cause;
}

/* ---- coming and going ---- */

static struct people_change
change(enum people_what what, enum participant_role role, const char *rule)
{
	return (struct people_change){ .what = what, .role = role, .cause = PEOPLE_FINE, .rule = rule };
}

static struct people_change
refuse(enum people_cause cause)
{
	return (struct people_change){ .what = PEOPLE_REFUSE, .cause = cause, .rule = people_cause_rule(cause) };
}

/* Outsiders and unlisted people of the partner come in by a covered field of a contact's message to us only. */
static enum people_cause
cannot_bring(const struct people_message *m, const struct people_member *p, const struct people_named *who)
{
	if (m->role != PART_CONTACT)
		return PEOPLE_NOT_CONTACT;
	if (p != NULL && p->removed)
		return PEOPLE_REMOVED;
	if (!covered(m, who))
		return PEOPLE_NOT_COVERED;
	return names_us(m) ? PEOPLE_FINE : PEOPLE_WITHOUT_US;
}

struct people_change
people_named(const struct people_ticket *t, const struct people_message *m, const struct people_named *who)
{
	const struct people_member *p = member(t, who->address);
	enum participant_role role = of_partner(t, &who->who) ? own_role(&who->who) : PART_CUSTOMER;
	enum people_cause cause;

	if (who->who.ours || (p != NULL && p->in) || (m->role != PART_CONTACT && m->role != PART_AGENT) || !m->authenticated ||
	    m->automatic)
		return change(PEOPLE_NOTHING, PART_NONE, "");
	if ((cause = cannot_join(t, who->address, &who->who)) != PEOPLE_FINE)
		return refuse(cause);
	if (role != PART_CONTACT && (cause = cannot_bring(m, p, who)) != PEOPLE_FINE)
		return refuse(cause);
	return change(PEOPLE_JOIN, role, role == PART_CUSTOMER ? "T1" : "T2");
}

static struct people_change
remove_member(const struct people_member *p)
{
	if (p == NULL || !(p->asked || (p->in && (p->role == PART_CUSTOMER || p->role == PART_OBSERVER))))
		return refuse(PEOPLE_NOT_THERE);
	return change(PEOPLE_LEAVE, p->role, "T7");
}

struct people_change
people_command(const struct people_ticket *t, const struct people_message *m, enum people_command what, const char *address,
    const struct people_class *who)
{
	const struct people_member *p = member(t, address);
	enum participant_role role = of_partner(t, who) ? own_role(who) : PART_CUSTOMER;
	enum people_cause cause;

	if ((m->role != PART_CONTACT && m->role != PART_AGENT) || !m->authenticated || m->automatic)
		return refuse(PEOPLE_NOT_ALLOWED);
	if (what == PEOPLE_REMOVE)
		return remove_member(p);
	if (what == PEOPLE_CONFIRM && m->role != PART_CONTACT)
		return refuse(PEOPLE_NOT_CONTACT);
	if ((cause = cannot_join(t, address, who)) != PEOPLE_FINE)
		return refuse(cause);
	if (p != NULL && p->in)
		return change(PEOPLE_NOTHING, PART_NONE, "");
	if (what == PEOPLE_CONFIRM && (p == NULL || !p->asked))
		return refuse(PEOPLE_NOT_ASKED);
	if (m->role == PART_CONTACT || role == PART_CONTACT)
		return change(PEOPLE_JOIN, role, "T1");
	return change(p != NULL && p->asked ? PEOPLE_NOTHING : PEOPLE_ASK, role, "T1");
}

/* ---- audience (T9) ---- */

enum people_visibility
people_visibility(const struct people_message *m)
{
	if (m->note && m->role == PART_AGENT)
		return PEOPLE_INTERNAL;
	if (m->note && m->role == PART_CONTACT)
		return PEOPLE_PARTNER;
	return m->role == PART_AGENT && m->answers.known && !m->open ? m->answers.visibility : PEOPLE_PUBLIC;
}

static bool
customer_hears(const struct people_message *m, const struct people_member *who)
{
	if (m->role == PART_CUSTOMER)
		return strcmp(m->sender, who->address) == 0;
	if ((m->role != PART_CONTACT && m->role != PART_AGENT) || !m->authenticated || m->automatic)
		return false;
	if (names(m, who->address))
		return true;
	return m->role == PART_AGENT && m->answers.known && listed(m->answers.audience, m->answers.n, who->address);
}

bool
people_hears(const struct people_message *m, const struct people_member *who)
{
	enum people_visibility v = people_visibility(m);

	if (!who->in)
		return false;
	switch (who->role) {
	case PART_CONTACT:
	case PART_HOLDER:
		return v != PEOPLE_INTERNAL;
	case PART_OBSERVER:
		return v == PEOPLE_PUBLIC;
	case PART_CUSTOMER:
		return v == PEOPLE_PUBLIC && customer_hears(m, who);
	default:
		return false;
	}
}

bool
people_dropped_partner(const struct people_ticket *t, const struct people_message *m)
{
	if (m->role != PART_CUSTOMER)
		return false;
	for (size_t i = 0; i < m->n; i++)
		if (of_partner(t, &m->named[i].who) && own_role(&m->named[i].who) == PART_CONTACT)
			return false;
	return true;
}

/* ---- seeing (T5) and sending (T3, T10) ---- */

bool
people_may_see(const struct people_member *who, const struct people_stored *m)
{
	if (!who->in)
		return false;
	switch (who->role) {
	case PART_AGENT:
		return true;
	case PART_CONTACT:
	case PART_HOLDER:
		return m->visibility != PEOPLE_INTERNAL;
	case PART_OBSERVER:
	case PART_CUSTOMER:
		return m->visibility == PEOPLE_PUBLIC && listed(m->audience, m->n, who->address);
	default:
		return false;
	}
}

/* Is the address still what its role in the ticket needs (T10)? */
static enum people_cause
still(const struct people_ticket *t, const struct people_member *to, const struct people_class *now)
{
	if (now->ours)
		return PEOPLE_OURS;
	switch (to->role) {
	case PART_AGENT:
		return now->cls == CLASS_AGENT ? PEOPLE_FINE : PEOPLE_INACTIVE;
	case PART_HOLDER:
		return now->cls == CLASS_DIRECT && *t->holder != '\0' && strcmp(now->holder, t->holder) == 0 ? PEOPLE_FINE
		    : PEOPLE_INACTIVE;
	case PART_CONTACT:
		return t->partner_active && of_partner(t, now) && own_role(now) == PART_CONTACT ? PEOPLE_FINE : PEOPLE_INACTIVE;
	case PART_OBSERVER:
		return t->partner_active && of_partner(t, now) ? PEOPLE_FINE : PEOPLE_INACTIVE;
	case PART_CUSTOMER:
		return cannot_join(t, to->address, now);
	default:
		return PEOPLE_NOT_THERE;
	}
}

enum people_send
people_may_send(const struct people_ticket *t, const struct people_member *to, const struct people_stored *m,
    const struct people_class *now, bool contact_had, enum people_cause *cause)
{
	*cause = to->removed && !to->in ? PEOPLE_REMOVED : !to->in ? PEOPLE_NOT_THERE : still(t, to, now);
	if (*cause == PEOPLE_FINE && !people_may_see(to, m))
		*cause = PEOPLE_NOT_AUDIENCE;
	if (*cause != PEOPLE_FINE)
		return PEOPLE_NEVER;
	return to->role == PART_CUSTOMER && !contact_had ? PEOPLE_WAIT : PEOPLE_SEND;
}

/* ---- words ---- */

static const struct {
	const char *word, *rule;
} causes[PEOPLE_CAUSES] = {
	[PEOPLE_FINE] = { "", "" },
	[PEOPLE_OTHER_PARTNER] = { "other-partner", "T2" },
	[PEOPLE_OTHER_CUSTOMER] = { "customer-of-other-partner", "T2" },
	[PEOPLE_AGENT] = { "agent", "T2" },
	[PEOPLE_DIRECT] = { "direct-holder", "T2" },
	[PEOPLE_OURS] = { "our-address", "T2" },
	[PEOPLE_LIST] = { "list", "T2" },
	[PEOPLE_NO_REPLY] = { "no-reply", "T2" },
	[PEOPLE_REMOVED] = { "removed", "T7" },
	[PEOPLE_NOT_COVERED] = { "field-not-covered", "T1" },
	[PEOPLE_WITHOUT_US] = { "without-us", "T1" },
	[PEOPLE_NOT_CONTACT] = { "not-by-contact", "T1" },
	[PEOPLE_INACTIVE] = { "inactive", "T10" },
	[PEOPLE_NO_PARTNER] = { "no-partner", "T1" },
	[PEOPLE_NOT_ASKED] = { "not-asked", "T1" },
	[PEOPLE_NOT_THERE] = { "not-there", "T7" },
	[PEOPLE_NOT_ALLOWED] = { "not-allowed", "T6" },
	[PEOPLE_NOT_AUDIENCE] = { "not-in-audience", "T9" },
	[PEOPLE_FULL] = { "full", "T1" },
};

const char *
people_cause_word(enum people_cause cause)
{
	return (size_t)cause < PEOPLE_CAUSES ? causes[cause].word : "";
}

const char *
people_cause_rule(enum people_cause cause)
{
	return (size_t)cause < PEOPLE_CAUSES ? causes[cause].rule : "";
}
