/*
 * conf_query.c - questions that every role asks of the configuration. Pure.
 */
#include <string.h>

#include "addr.h"
#include "conf.h"
#include "ip.h"

bool conf_net_contains(const struct conf_net *net, const char *peer)
{
	unsigned char addr[16];
	unsigned whole = net->prefix / 8, rest = net->prefix % 8, bits;

	if (net->is_unix || strcmp(peer, "unix") == 0)
		return net->is_unix && strcmp(peer, "unix") == 0;
	if (!ip_mapped(peer, addr, &bits) || memcmp(addr, net->addr, whole) != 0)
		return false;
	return rest == 0 || ((addr[whole] ^ net->addr[whole]) >> (8 - rest)) == 0;
}

const struct conf_relay *conf_relay_for(const struct conf *c, const char *peer)
{
	for (size_t i = 0; i < c->n_relays; i++)
		if (conf_net_contains(&c->relays[i].net, peer))
			return &c->relays[i];
	return NULL;
}

const char *conf_address(const struct conf *c, enum conf_address_kind kind)
{
	for (size_t i = 0; i < c->n_addresses; i++)
		if (c->addresses[i].kind == kind)
			return c->addresses[i].address;
	return NULL;
}

const struct conf_sla *conf_sla_for(const struct conf *c, unsigned severity)
{
	for (size_t i = 0; i < c->n_slas; i++)
		if (c->slas[i].severity == severity)
			return &c->slas[i];
	return NULL;
}

static bool same_domain(const char *address, const char *domain)
{
	return strcmp(strchr(address, '@') + 1, domain) == 0;
}

static enum conf_rcpt rcpt_kind(enum conf_address_kind kind)
{
	switch (kind) {
	case ADDRESS_INTAKE:
		return RCPT_INTAKE;
	case ADDRESS_CASE:
		return RCPT_CASE;
	case ADDRESS_BOUNCE:
		return RCPT_BOUNCE;
	case ADDRESS_POSTMASTER:
		break;
	}
	return RCPT_POSTMASTER;
}

/* Does the address, with or without an extension, name this one? Extensions belong to case and bounce only. */
static bool names(const struct conf_address *a, const char *normal, size_t base, size_t at, bool has_ext)
{
	size_t own_at = (size_t)(strchr(a->address, '@') - a->address);

	if (!same_domain(a->address, normal + at + 1))
		return false;
	if (has_ext && a->kind != ADDRESS_CASE && a->kind != ADDRESS_BOUNCE)
		return false;
	return own_at == base && memcmp(a->address, normal, base) == 0;
}

static bool is_role_mailbox(const char *normal, size_t at)
{
	return (at == 10 && memcmp(normal, "postmaster", 10) == 0) || (at == 5 && memcmp(normal, "abuse", 5) == 0);
}

enum conf_rcpt conf_rcpt(const struct conf *c, const char *normal, size_t *which, const char **ext)
{
	const char *at_sign = strrchr(normal, '@');
	size_t at, base;
	bool ours = false;

	*which = SIZE_MAX;
	*ext = NULL;
	if (at_sign == NULL)
		return RCPT_NOT_OURS;
	at = (size_t)(at_sign - normal);
	base = addr_base(normal, at, ext);
	for (size_t i = 0; i < c->n_addresses; i++) {
		const struct conf_address *a = &c->addresses[i];

		ours |= same_domain(a->address, at_sign + 1);
		if (names(a, normal, base, at, *ext != NULL)) {
			*which = i;
			return rcpt_kind(a->kind);
		}
	}
	if (!ours)
		return RCPT_NOT_OURS;
	return is_role_mailbox(normal, at) ? RCPT_POSTMASTER : RCPT_NO_SUCH;
}
