/*
 * registry_item.c - reads one thing of the registry from its JSON spelling into normal form, and back.
 * Runs in the queue process (registry thread). The object comes from an operator or a file and may be anything. Pure.
 */
#include "registry_item.h"

#include <libpsl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "registry_key.h"
#include "registry_word.h"
#include "utf8.h"

#define K(kind) (1u << REG_##kind)
#define K_ALL (K(PARTNER) | K(CONTACT) | K(CUSTOMER) | K(DIRECT) | K(AGENT))

typedef int parse_fn(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault);

static parse_fn parse_id, parse_partner, parse_name, parse_vcsp_id, parse_region, parse_language, parse_status,
    parse_unlisted, parse_unverified, parse_proof, parse_products, parse_domains, parse_signers, parse_address,
    parse_domain, parse_case_admin, parse_external, parse_automatic;

enum shape { TEXT, BOOL, LIST };

static const struct field {
	const char *name;
	unsigned kinds;
	enum shape shape;
	parse_fn *parse;
} fields[] = {
	{ "id", K(PARTNER) | K(DIRECT), TEXT, parse_id },
	{ "partner", K(CONTACT) | K(CUSTOMER), TEXT, parse_partner },
	{ "name", K_ALL, TEXT, parse_name },
	{ "address", K(CONTACT) | K(CUSTOMER) | K(DIRECT) | K(AGENT), TEXT, parse_address },
	{ "domain", K(CUSTOMER) | K(DIRECT), TEXT, parse_domain },
	{ "vcsp_id", K(PARTNER), TEXT, parse_vcsp_id },
	{ "domains", K(PARTNER), LIST, parse_domains },
	{ "status", K(PARTNER), TEXT, parse_status },
	{ "products", K(PARTNER), LIST, parse_products },
	{ "region", K(PARTNER), TEXT, parse_region },
	{ "language", K(PARTNER), TEXT, parse_language },
	{ "unlisted", K(PARTNER), TEXT, parse_unlisted },
	{ "unverified", K(PARTNER), TEXT, parse_unverified },
	{ "proof", K(PARTNER), TEXT, parse_proof },
	{ "signers", K(PARTNER), LIST, parse_signers },
	{ "case_admin", K(CONTACT), BOOL, parse_case_admin },
	{ "automatic", K(CONTACT), TEXT, parse_automatic },
	{ "external", K(CONTACT), BOOL, parse_external },
};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

int
reg_fault_set(struct reg_fault *fault, int err, const char *field, const char *fmt, ...)
{
	va_list ap;

	if (fault == NULL)
		return err;
	snprintf(fault->field, sizeof(fault->field), "%s", field);
	va_start(ap, fmt);
	vsnprintf(fault->text, sizeof(fault->text), fmt, ap);
	va_end(ap);
	/* Quoted values may have been cut inside a character. */
	fault->text[utf8_cut(fault->text, strlen(fault->text), sizeof(fault->text) - 4)] = '\0';
	return err;
}

/* ---- fields by name ---- */

static const struct field *
field_by_name(const char *name)
{
	for (size_t i = 0; i < N_FIELDS; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static bool
field_has(const char *name, enum shape shape)
{
	const struct field *f = field_by_name(name);

	return f != NULL && f->shape == shape;
}

bool reg_field_known(const char *name) { return field_by_name(name) != NULL; }
bool reg_field_is_bool(const char *name) { return field_has(name, BOOL); }
bool reg_field_is_list(const char *name) { return field_has(name, LIST); }

/* ---- values ---- */

int
reg_text_value(char *out, size_t size, const char *field, json_t *value, struct reg_fault *fault)
{
	const char *s = json_string_value(value);
	size_t len = json_string_length(value);

	if (s == NULL)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s must be a text", field);
	if (len >= size)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s has more than %zu bytes", field, size - 1);
	for (size_t i = 0; i < len;) {
		uint32_t cp = 0;
		unsigned n = utf8_next(s + i, len - i, &cp);

		if (n == 0 || !utf8_plain(cp))
			return reg_fault_set(fault, VG_ERR_SYNTAX, field,
			    "%s holds a control or invisible character", field);
		i += n;
	}
	memcpy(out, s, len);
	out[len] = '\0';
	return VG_OK;
}

static bool
is_id(const char *s)
{
	return s[0] != '\0' && strchr("._-", s[0]) == NULL &&
	    s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static int
id_value(char *out, size_t size, const char *field, json_t *value, struct reg_fault *fault)
{
	int err = reg_text_value(out, size, field, value, fault);

	if (err != VG_OK)
		return err;
	return is_id(out) ? VG_OK : reg_fault_set(fault, VG_ERR_SYNTAX, field,
	    "%s has 1 to %zu characters of a-z 0-9 . _ - and begins with a letter or digit", field, size - 1);
}

static int
word_field(enum reg_words set, const char *field, json_t *value, struct reg_fault *fault, unsigned *out)
{
	const char *s = json_string_value(value);
	int v = s == NULL ? -1 : reg_word_value(set, s);
	char list[64];

	if (v >= 0) {
		*out = (unsigned)v;
		return VG_OK;
	}
	reg_word_list(set, list, sizeof(list));
	return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s is one of %s", field, list);
}

static int
bool_value(bool *out, const char *field, json_t *value, struct reg_fault *fault)
{
	*out = json_is_true(value);
	return json_is_boolean(value) ? VG_OK :
	    reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s is true or false", field);
}

/* A domain that somebody can have: normal form, no public suffix. */
static int
domain_value(char out[ADDR_DOMAIN_MAX + 1], const char *field, json_t *value, struct reg_fault *fault)
{
	const char *s = json_string_value(value), *why = "";

	if (s == NULL)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s must be a domain", field);
	if (strlen(s) != json_string_length(value) ||
	    addr_domain_normal(out, s, json_string_length(value), &why) != VG_OK)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%.200s is not a domain: %s", s, why);
	if (strchr(out, '.') == NULL)
		return reg_fault_set(fault, VG_ERR_DENIED, field,
		    "%s is a top-level domain, which nobody can have; name the domain below it", out);
	if (registry_labels(out) > REGISTRY_LABELS)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s has more than %u labels", out, REGISTRY_LABELS);
	if (psl_is_public_suffix(psl_builtin(), out))
		return reg_fault_set(fault, VG_ERR_DENIED, field,
		    "%s is a public suffix, under which anybody can register; name the domain below it", out);
	return VG_OK;
}

static int
compare_texts(const void *a, const void *b)
{
	json_t *const *x = a, *const *y = b;

	return strcmp(json_string_value(*x), json_string_value(*y));
}

/* Sorts the strings of list and drops repeats, so that equal sets are equal lists. */
static int
sort_list(json_t **list)
{
	size_t n = json_array_size(*list);
	json_t **texts = calloc(n + 1, sizeof(json_t *)), *sorted = json_array();
	int bad = texts == NULL || sorted == NULL;

	for (size_t i = 0; !bad && i < n; i++)
		texts[i] = json_array_get(*list, i);
	if (!bad)
		qsort(texts, n, sizeof(*texts), compare_texts);
	for (size_t i = 0; !bad && i < n; i++)
		if (i == 0 || compare_texts(&texts[i - 1], &texts[i]) != 0)
			bad = json_array_append(sorted, texts[i]);
	free(texts);
	if (bad) {
		json_decref(sorted);
		return VG_ERR_MEMORY;
	}
	json_decref(*list);
	*list = sorted;
	return VG_OK;
}

static int
domain_list(json_t **out, unsigned max, const char *field, json_t *value, struct reg_fault *fault)
{
	json_t *one;
	size_t i;
	int err;

	if (!json_is_array(value))
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s must be a list of domains", field);
	if (json_array_size(value) > max)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s has more than %u domains", field, max);
	json_array_foreach(value, i, one) {
		char domain[ADDR_DOMAIN_MAX + 1];

		if ((err = domain_value(domain, field, one, fault)) != VG_OK)
			return err;
		if (json_array_append_new(*out, json_string(domain)) != 0)
			return VG_ERR_MEMORY;
	}
	return sort_list(out);
}

/* ---- fields ---- */

static int
parse_id(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return id_value(item->id, sizeof(item->id), field, value, fault);
}

static int
parse_partner(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return id_value(item->partner, sizeof(item->partner), field, value, fault);
}

static int
parse_name(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return reg_text_value(item->name, sizeof(item->name), field, value, fault);
}

static int
parse_vcsp_id(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return reg_text_value(item->vcsp_id, sizeof(item->vcsp_id), field, value, fault);
}

static int
parse_region(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return reg_text_value(item->region, sizeof(item->region), field, value, fault);
}

static int
parse_language(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	int err = reg_text_value(item->language, sizeof(item->language), field, value, fault);

	if (err == VG_OK && item->language[strspn(item->language,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] != '\0')
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "language is a tag like en or pt-BR (RFC 5646)");
	return err;
}

static int
parse_status(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	unsigned v = item->status;
	int err = word_field(WORD_STATUS, field, value, fault, &v);

	item->status = v;
	return err;
}

static int
parse_unlisted(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	unsigned v = item->unlisted;
	int err = word_field(WORD_UNLISTED, field, value, fault, &v);

	item->unlisted = v;
	return err;
}

static int
parse_unverified(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	unsigned v = item->unverified;
	int err = word_field(WORD_UNVERIFIED, field, value, fault, &v);

	item->unverified = v;
	return err;
}

static int
parse_proof(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	unsigned v = item->proof;
	int err = word_field(WORD_PROOF, field, value, fault, &v);

	item->proof = v;
	return err;
}

static int
parse_automatic(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	unsigned v = 0;
	int err = word_field(WORD_AUTOMATIC, field, value, fault, &v);

	item->automatic_open = v == 1;
	return err;
}

static int
parse_case_admin(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return bool_value(&item->case_admin, field, value, fault);
}

static int
parse_external(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return bool_value(&item->external, field, value, fault);
}

static int
parse_products(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	char product[REGISTRY_ID + 1];
	json_t *one, *seen;
	size_t i, k;
	int err;

	if (!json_is_array(value) || json_array_size(value) > REGISTRY_PRODUCTS)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "products is a list of at most %d words",
		    REGISTRY_PRODUCTS);
	json_array_foreach(value, i, one) {
		if ((err = id_value(product, sizeof(product), field, one, fault)) != VG_OK)
			return err;
		json_array_foreach(item->products, k, seen)
			if (strcmp(json_string_value(seen), product) == 0)
				return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s is there twice", product);
		if (json_array_append_new(item->products, json_string(product)) != 0)
			return VG_ERR_MEMORY;
	}
	return VG_OK;
}

static int
parse_domains(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return domain_list(&item->domains, REG_DOMAINS, field, value, fault);
}

static int
parse_signers(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	return domain_list(&item->signers, REG_SIGNERS, field, value, fault);
}

static int
one_entry(const struct reg_item *item, const char *field, struct reg_fault *fault)
{
	return item->entry[0] == '\0' ? VG_OK :
	    reg_fault_set(fault, VG_ERR_SYNTAX, field, "give either an address or a domain, not both");
}

static int
parse_address(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	const char *s = json_string_value(value), *why = "";
	struct addr a;

	if (one_entry(item, field, fault) != VG_OK)
		return VG_ERR_SYNTAX;
	if (s == NULL)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "address must be an e-mail address");
	/* No SMTPUTF8: our outgoing side cannot write to such an address. */
	if (strlen(s) != json_string_length(value) || addr_parse(&a, s, json_string_length(value), 0, &why) != VG_OK)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%.200s is not an address we can take: %s", s, why);
	if (strchr(addr_domain(&a), '.') == NULL)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s: its domain must have at least two labels", a.normal);
	snprintf(item->entry, sizeof(item->entry), "%s", a.normal);
	snprintf(item->shown, sizeof(item->shown), "%s", a.shown);
	item->is_domain = false;
	return VG_OK;
}

static int
parse_domain(struct reg_item *item, const char *field, json_t *value, struct reg_fault *fault)
{
	char domain[ADDR_DOMAIN_MAX + 1];
	int err = one_entry(item, field, fault);

	if (err != VG_OK || (err = domain_value(domain, field, value, fault)) != VG_OK)
		return err;
	snprintf(item->entry, sizeof(item->entry), "%s", domain);
	snprintf(item->shown, sizeof(item->shown), "%s", domain);
	item->is_domain = true;
	return VG_OK;
}

/* ---- the whole item ---- */

static const char *
a_kind(enum reg_kind kind)
{
	static const char *const names[REG_KINDS] = { "a partner", "a contact", "a customer", "a direct contract", "an agent" };

	return names[kind];
}

static int
unknown_field(enum reg_kind kind, const char *field, struct reg_fault *fault)
{
	char list[256] = "";

	if (strcmp(field, "case_admin") == 0 && kind == REG_CUSTOMER)
		return reg_fault_set(fault, VG_ERR_DENIED, field, "a customer cannot be case administrator: it would show them "
		    "the cases of all customers of the partner; only a contact of the partner can (P7)");
	for (size_t i = 0; i < N_FIELDS; i++) {
		size_t len = strlen(list);

		if ((fields[i].kinds & 1u << kind) != 0)
			snprintf(list + len, sizeof(list) - len, "%s%s", len > 0 ? ", " : "", fields[i].name);
	}
	return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%.64s is nothing of %s; there are %s", field, a_kind(kind),
	    list);
}

static int
missing(const char *field, enum reg_kind kind, struct reg_fault *fault)
{
	return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s is missing; %s needs it", field, a_kind(kind));
}

static int
check_whole(const struct reg_item *item, struct reg_fault *fault)
{
	enum reg_kind kind = item->kind;

	if (kind == REG_PARTNER && item->id[0] == '\0')
		return missing("id", kind, fault);
	if ((kind == REG_CONTACT || kind == REG_CUSTOMER) && item->partner[0] == '\0')
		return missing("partner", kind, fault);
	if ((kind == REG_PARTNER || kind == REG_DIRECT) && item->name[0] == '\0')
		return missing("name", kind, fault);
	if ((kind == REG_CONTACT || kind == REG_AGENT) && item->entry[0] == '\0')
		return missing("address", kind, fault);
	if (kind == REG_CUSTOMER && item->entry[0] == '\0')
		return reg_fault_set(fault, VG_ERR_SYNTAX, "domain", "a customer needs a domain or an address");
	if (item->case_admin && item->external)
		return reg_fault_set(fault, VG_ERR_DENIED, "case_admin",
		    "%s is external to the partner's domains, and such a contact cannot be case administrator (P7)", item->entry);
	return VG_OK;
}

static int
parse_members(json_t *obj, struct reg_item *item, struct reg_fault *fault)
{
	const char *name;
	json_t *value;
	int err;

	json_object_foreach(obj, name, value) {
		const struct field *f = field_by_name(name);

		if (f == NULL || (f->kinds & 1u << item->kind) == 0)
			return unknown_field(item->kind, name, fault);
		if (!json_is_null(value) && (err = f->parse(item, name, value, fault)) != VG_OK)
			return err;
	}
	return VG_OK;
}

int
reg_item_parse(enum reg_kind kind, json_t *obj, struct reg_item *item, struct reg_fault *fault)
{
	int err;

	memset(item, 0, sizeof(*item));
	memset(fault, 0, sizeof(*fault));
	item->kind = kind;
	item->status = PARTNER_ACTIVE;
	if (kind == REG_PARTNER) {
		item->domains = json_array();
		item->products = json_array();
		item->signers = json_array();
		if (item->domains == NULL || item->products == NULL || item->signers == NULL)
			return VG_ERR_MEMORY;
	}
	if (!json_is_object(obj))
		return reg_fault_set(fault, VG_ERR_SYNTAX, "", "%s is a JSON object", a_kind(kind));
	err = parse_members(obj, item, fault);
	return err == VG_OK ? check_whole(item, fault) : err;
}

void
reg_item_free(struct reg_item *item)
{
	json_decref(item->domains);
	json_decref(item->products);
	json_decref(item->signers);
	item->domains = item->products = item->signers = NULL;
}

json_t *
reg_item_json(const struct reg_item *i)
{
	const char *entry = i->is_domain ? "domain" : "address";

	switch (i->kind) {
	case REG_PARTNER:
		return json_pack("{ss ss ss ss sO sO ss ss ss ss ss sO}", "id", i->id, "name", i->name, "vcsp_id", i->vcsp_id,
		    "status", reg_word(WORD_STATUS, i->status), "domains", i->domains, "products", i->products, "region",
		    i->region, "language", i->language, "unlisted", reg_word(WORD_UNLISTED, i->unlisted), "unverified",
		    reg_word(WORD_UNVERIFIED, i->unverified), "proof", reg_word(WORD_PROOF, i->proof), "signers", i->signers);
	case REG_CONTACT:
		return json_pack("{ss ss ss sb ss sb}", "partner", i->partner, "address", i->shown, "name", i->name,
		    "case_admin", i->case_admin, "automatic", i->automatic_open ? "open" : "hold", "external", i->external);
	case REG_CUSTOMER:
		return json_pack("{ss ss ss}", "partner", i->partner, entry, i->shown, "name", i->name);
	case REG_DIRECT:
		return json_pack("{ss ss ss}", "id", i->id, "name", i->name, entry, i->shown);
	case REG_AGENT:
		return json_pack("{ss ss}", "address", i->shown, "name", i->name);
	default:
		return NULL;
	}
}
