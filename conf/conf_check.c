/*
 * conf_check.c - what several directives must be together, the warnings of -n, and what a reload cannot apply.
 * Pure; the supervisor calls it.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "conf.h"
#include "conf_parse.h"
#include "conf_remote.h"
#include "err.h"

#define HOUR_MS INT64_C(3600000)

static void check_addresses(struct conf_parser *p)
{
	const struct conf *c = p->conf;
	bool intake = false;

	for (size_t i = 0; i < c->n_addresses; i++) {
		intake |= c->addresses[i].kind == ADDRESS_INTAKE;
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->addresses[i].address, c->addresses[j].address) == 0)
				conf_complain(p, 1, "address %s is given twice", c->addresses[i].address);
	}
	if (!intake)
		conf_complain(p, 1, "no \"address intake\": nothing could open a ticket");
}

static void check_listen(struct conf_parser *p, struct conf_listen *l)
{
	if (l->mode == 0)
		l->mode = 0660;
	if (l->unix_path == NULL && l->group != NULL)
		conf_complain(p, 1, "listen %s: mode and group are for unix sockets", l->name);
	if (l->proto == LISTEN_HTTP && l->unix_path != NULL)
		l->tls = TLS_NONE;
	if (l->tls != TLS_NONE && p->conf->tls_certificate == NULL)
		conf_complain(p, 1, "listen %s: speaks TLS, but there is no \"tls certificate\"%s", l->name,
		    l->proto == LISTEN_HTTP ? " (or say \"tls none\")" : "");
}

static void check_listens(struct conf_parser *p)
{
	struct conf *c = p->conf;

	if (c->n_listens == 0)
		conf_complain(p, 1, "no \"listen\": nothing to serve");
	for (size_t i = 0; i < c->n_listens; i++) {
		check_listen(p, &c->listens[i]);
		if (c->listens[i].auth && c->listens[i].tls == TLS_NONE)
			conf_complain(p, 1, "listen %s: auth needs tls optional, required or implicit", c->listens[i].name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->listens[i].name, c->listens[j].name) == 0)
				conf_complain(p, 1, "listen %s is given twice", c->listens[i].name);
	}
}

/* Severities without a line of their own take these; the order is by severity. */
static void complete_slas(struct conf_parser *p)
{
	static const struct conf_sla defaults[] = { { 1, HOUR_MS, HOUR_MS * 3 / 4 }, { 2, 4 * HOUR_MS, 3 * HOUR_MS },
		{ 3, 8 * HOUR_MS, 6 * HOUR_MS }, { 4, 24 * HOUR_MS, 18 * HOUR_MS } };
	struct conf *c = p->conf;
	struct conf_sla *all = calloc(4, sizeof(*all));

	if (all == NULL) {
		conf_complain(p, 1, "%s", vg_strerror(VG_ERR_MEMORY));
		return;
	}
	memcpy(all, defaults, sizeof(defaults));
	for (size_t i = 0; i < c->n_slas; i++) {
		struct conf_sla *s = &c->slas[i];

		for (size_t j = 0; j < i; j++)
			if (c->slas[j].severity == s->severity)
				conf_complain(p, 1, "sla severity %u is given twice", s->severity);
		if (s->warn_ms == 0)
			s->warn_ms = s->first_response_ms / 4 * 3;
		if (s->warn_ms > s->first_response_ms)
			conf_complain(p, 1, "sla severity %u: warn comes after first-response", s->severity);
		all[s->severity - 1] = *s;
	}
	free(c->slas);
	c->slas = all;
	c->n_slas = 4;
}

/* eng+deu. They become file names. */
static bool is_languages(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+");

	return n > 0 && s[n] == '\0' && s[0] != '+' && s[n - 1] != '+' && strstr(s, "++") == NULL;
}

static void check_imaps(struct conf_parser *p)
{
	struct conf *c = p->conf;

	for (size_t i = 0; i < c->n_imaps; i++) {
		const char *intake = conf_remote_intake(c, &c->imaps[i]);

		if (intake == NULL)
			conf_complain(p, 1, "imap %s: intake %s is no \"address intake\"", c->imaps[i].name, c->imaps[i].intake);
	}
}

static void check_outgoing(struct conf_parser *p)
{
	struct conf *c = p->conf;

	if (c->hold_digest_ms == 0)
		c->hold_digest_ms = INT64_C(24) * 3600 * 1000;
	for (size_t i = 0; i < c->n_smarthosts; i++)
		if (c->smarthosts[i].timeout_ms == 0)
			c->smarthosts[i].timeout_ms = INT64_C(5) * 60 * 1000;
	if (c->hold_digest != NULL && c->n_smarthosts == 0)
		conf_complain(p, 1, "hold digest: it is mail, and needs a \"smarthost\"");
	if (c->n_smarthosts > 0 && (conf_address(c, ADDRESS_CASE) == NULL || conf_address(c, ADDRESS_BOUNCE) == NULL))
		conf_complain(p, 1, "smarthost: outgoing mail needs \"address case\" and \"address bounce\"");
	if (c->n_dkims > CONF_DKIMS_MAX)
		conf_complain(p, 1, "dkim sign: at most %u keys can sign", CONF_DKIMS_MAX);
}

static void check_notifies(struct conf_parser *p)
{
	const struct conf *c = p->conf;
	const char *ext;
	size_t which;

	if (c->n_notifies > 0 && c->n_smarthosts == 0)
		conf_complain(p, 1, "notify agents: no \"smarthost\" takes that mail");
	if (c->n_notifies > CONF_NOTIFIES_MAX)
		conf_complain(p, 1, "notify agents: at most %u can be given", CONF_NOTIFIES_MAX);
	for (size_t i = 0; i < c->n_notifies; i++) {
		enum conf_rcpt kind = conf_rcpt(c, c->notifies[i].address, &which, &ext);

		/* Another local part in a domain of ours may well be an agent's mailbox. */
		if (kind != RCPT_NOT_OURS && kind != RCPT_NO_SUCH)
			conf_complain(p, 1, "notify agents: %s is an address of the gateway itself", c->notifies[i].address);
	}
}

void conf_check(struct conf_parser *p)
{
	const struct conf *c = p->conf;

	if (c->hostname == NULL)
		conf_complain(p, 1, "\"hostname\" is missing");
	check_addresses(p);
	check_listens(p);
	complete_slas(p);
	check_imaps(p);
	check_outgoing(p);
	check_notifies(p);
	for (size_t i = 0; i < c->n_relays; i++)
		if (c->relays[i].authserv_id == NULL && !c->relays[i].as_authenticated)
			conf_complain(p, 1, "trust relay: say what is believed: authserv-id ID or as authenticated");
	for (size_t i = 0; i < c->n_arc_sealers; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(c->arc_sealers[i], c->arc_sealers[j]) == 0)
				conf_complain(p, 1, "arc sealer %s is given twice", c->arc_sealers[i]);
	if (c->ocr_languages != NULL && !is_languages(c->ocr_languages))
		conf_complain(p, 1, "ocr languages: names of letters, digits and _ are expected, + between them");
	if (c->sessions_per_peer > c->sessions && c->sessions_per_peer != 50)
		conf_complain(p, 1, "limit sessions: per-peer is larger than the whole");
}

static bool is_loopback(const struct conf_listen *l)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&l->addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&l->addr;

	if (l->addr.ss_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 24) == 127;
	return l->addr.ss_family != AF_INET6 || IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
}

void conf_warnings(const struct conf *c, conf_error_cb *cb, void *arg)
{
	char why[512];

	if (c->user == NULL && geteuid() == 0)
		cb("warning", 0, 0, "no \"user\": the processes stay root, in their chroot and behind their filter", arg);
	for (size_t i = 0; i < c->n_relays; i++)
		if (c->relays[i].as_authenticated)
			cb("warning", 0, 0, "trust relay \"as authenticated\" believes every sender that it hands over", arg);
	for (size_t i = 0; i < c->n_listens; i++) {
		const struct conf_listen *l = &c->listens[i];

		if (is_loopback(l) || l->tls != TLS_NONE)
			continue;
		snprintf(why, sizeof(why), "listen %s: reachable from other machines without TLS%s", l->name,
		    l->proto == LISTEN_HTTP ? ", bearer tokens cross the network in clear" : "");
		cb("warning", 0, 0, why, arg);
	}
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_listen(const struct conf_listen *a, const struct conf_listen *b)
{
	if (!same(a->name, b->name) || !same(a->group, b->group) || a->mode != b->mode || a->proto != b->proto ||
	    a->tls != b->tls || a->after_queue != b->after_queue || a->auth != b->auth || a->n_proxy_from != b->n_proxy_from)
		return false;
	return a->n_proxy_from == 0 ||
	    memcmp(a->proxy_from, b->proxy_from, a->n_proxy_from * sizeof(*a->proxy_from)) == 0;
}

static bool same_listens(const struct conf *a, const struct conf *b)
{
	if (a->n_listens != b->n_listens)
		return false;
	for (size_t i = 0; i < a->n_listens; i++)
		if (!same_listen(&a->listens[i], &b->listens[i]))
			return false;
	return true;
}

static bool same_products(const struct conf *a, const struct conf *b)
{
	if (a->n_products != b->n_products)
		return false;
	for (size_t i = 0; i < a->n_products; i++) {
		const struct product_row *x = &a->products[i], *y = &b->products[i];

		if (x->kind != y->kind || !same(x->id, y->id) || !same(x->text, y->text) || !same(x->more, y->more))
			return false;
	}
	return true;
}

unsigned conf_needs_restart(const struct conf *old, const struct conf *new, conf_error_cb *cb, void *arg)
{
	bool users = same(old->user, new->user);
	unsigned n = 0;

	for (size_t i = 0; i < ROLE_COUNT; i++)
		users = users && same(old->role_user[i], new->role_user[i]);
	const struct {
		bool unchanged;
		const char *why;
	} rows[] = {
		{ same(old->state, new->state), "state: changed, takes effect at a restart" },
		{ users, "user: changed, takes effect at a restart" },
		{ same(old->key_file, new->key_file), "key file: changed, takes effect at a restart" },
		{ old->parsers == new->parsers, "limit parsers: changed, takes effect at a restart" },
		{ old->deliveries == new->deliveries, "limit deliveries: changed, takes effect at a restart" },
		{ same(old->ocr_languages, new->ocr_languages), "ocr: changed, takes effect at a restart" },
		{ old->ocr_time_ms == new->ocr_time_ms && old->ocr_pixels == new->ocr_pixels && old->ocr_workers == new->ocr_workers,
		    "limit ocr: changed, takes effect at a restart" },
		{ conf_remote_same(old, new), "imap: changed, takes effect at a restart" },
		{ same_listens(old, new), "listen: changed, takes effect at a restart" },
		{ same_products(old, new), "product: changed, takes effect at a restart" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (!rows[i].unchanged) {
			cb("reload", 0, 0, rows[i].why, arg);
			n++;
		}
	return n;
}

#define SWAP(a, b) \
	do { \
		__typeof__(a) swap_ = (a); \
		(a) = (b); \
		(b) = swap_; \
	} while (0)

void conf_keep(struct conf *old, struct conf *new)
{
	SWAP(old->state, new->state);
	SWAP(old->user, new->user);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		SWAP(old->role_user[i], new->role_user[i]);
	SWAP(old->key_file, new->key_file);
	SWAP(old->parsers, new->parsers);
	SWAP(old->deliveries, new->deliveries);
	SWAP(old->ocr_languages, new->ocr_languages);
	SWAP(old->ocr_time_ms, new->ocr_time_ms);
	SWAP(old->ocr_pixels, new->ocr_pixels);
	SWAP(old->ocr_workers, new->ocr_workers);
	SWAP(old->smarthosts, new->smarthosts);
	SWAP(old->n_smarthosts, new->n_smarthosts);
	SWAP(old->templates, new->templates);
	SWAP(old->dkims, new->dkims);
	SWAP(old->n_dkims, new->n_dkims);
	SWAP(old->imaps, new->imaps);
	SWAP(old->n_imaps, new->n_imaps);
	SWAP(old->listens, new->listens);
	SWAP(old->n_listens, new->n_listens);
	SWAP(old->products, new->products);
	SWAP(old->n_products, new->n_products);
}
