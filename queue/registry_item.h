/*
 * registry_item.h - one thing of the registry as its faces spell it: a JSON object with the names of the
 * command's options (partner, contact, customer, direct, agent). Every entrance (API, command, import) comes
 * through here: unknown names are refused, values brought to their normal form, every refusal names its field.
 * Pure, apart from libpsl's built-in list.
 */
#ifndef VG_REGISTRY_ITEM_H
#define VG_REGISTRY_ITEM_H

#include <jansson.h>
#include <stdbool.h>

#include "addr.h"
#include "registry.h"

enum reg_kind { REG_PARTNER, REG_CONTACT, REG_CUSTOMER, REG_DIRECT, REG_AGENT, REG_KINDS };

/* What is wrong with an item, and which field is to blame ("" where none is). */
struct reg_fault {
	char field[32];
	char text[640];
};

#define REG_DOMAINS 1000u /* of one partner */
#define REG_SIGNERS 64u

/* An item in normal form. Lists are JSON arrays of strings, sorted (products: in order) and without repeats; owned. */
struct reg_item {
	enum reg_kind kind;
	char id[REGISTRY_ID + 1];      /* partner, direct ("" when not given) */
	char partner[REGISTRY_ID + 1]; /* contact, customer */
	char name[256], vcsp_id[64], region[64], language[36];
	enum partner_status status;
	enum unlisted unlisted;
	enum unverified unverified;
	enum proof_need proof;
	bool case_admin, external, automatic_open;
	char entry[ADDR_MAX + 1];      /* the address or domain in normal form, "" where not given */
	char shown[ADDR_MAX + 1];      /* as given */
	bool is_domain;
	json_t *domains, *products, *signers; /* partner; never NULL then */
};

/* Reads obj; what it does not name has its default, null is the default too. VG_ERR_SYNTAX (a name or a value that does not
 * fit), VG_ERR_DENIED (a rule forbids it), VG_ERR_MEMORY, with fault. out must be freed in every case. */
int reg_item_parse(enum reg_kind kind, json_t *obj, struct reg_item *out, struct reg_fault *fault);
void reg_item_free(struct reg_item *item);
/* The canonical object, new reference; NULL on no memory. */
json_t *reg_item_json(const struct reg_item *item);

/* Is this the name of a field of some kind? */
bool reg_field_known(const char *field);
/* Fields whose value is true or false; whose value is a list. */
bool reg_field_is_bool(const char *field);
bool reg_field_is_list(const char *field);

/* One line of text without controls, shorter than size. VG_ERR_SYNTAX with fault. */
int reg_text_value(char *out, size_t size, const char *field, json_t *value, struct reg_fault *fault);

int reg_fault_set(struct reg_fault *fault, int err, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
