/*
 * registry_credential.c - registering and removing what proves an address. Runs in the queue process: changes in the registry
 * thread, lists in any. Values come from operators and files and may be anything; passwords are wiped here and never audited.
 */
#include "registry_credential.h"

#include <gnutls/x509.h>
#include <sodium.h>
#include <string.h>

#include "err.h"
#include "id.h"
#include "pgp_key.h"
#include "utf8.h"

struct credential {
	enum credential_kind kind;
	char fingerprint[PGP_FINGERPRINT + 1];
	char label[256];
	char data[CREDENTIAL_DATA + 1];
};

struct change {
	struct registry *r;
	const char *address; /* normal form */
	int64_t entry;
	const struct reg_who *who;
	struct reg_fault *fault;
	bool changed;
};

/* ---- reading certificates and keys ---- */

static int
pem_text(char *out, const char *field, json_t *value, struct reg_fault *fault)
{
	size_t len = json_string_length(value);

	if (!json_is_string(value) || strlen(json_string_value(value)) != len)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s must be a text", field);
	if (len > CREDENTIAL_DATA)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "%s has more than %u bytes; leave out what is not needed", field,
		    CREDENTIAL_DATA);
	memcpy(out, json_string_value(value), len + 1);
	if (strstr(out, "PRIVATE KEY") != NULL || strstr(out, "SECRET KEY") != NULL)
		return reg_fault_set(fault, VG_ERR_DENIED, field, "there is a private key in it; give the public part alone");
	return VG_OK;
}

static int
crt_read(struct credential *c, gnutls_x509_crt_t crt)
{
	const gnutls_datum_t pem = { .data = (unsigned char *)c->data, .size = (unsigned)strlen(c->data) };
	unsigned char sha256[32];
	gnutls_datum_t out = { .data = NULL };
	size_t n = sizeof(sha256);
	int rc = gnutls_x509_crt_import(crt, &pem, GNUTLS_X509_FMT_PEM);

	if (rc >= 0)
		rc = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, sha256, &n);
	/* Stored as the one certificate that was read, whatever stood around it. */
	if (rc >= 0)
		rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out);
	if (rc < 0 || out.size >= sizeof(c->data)) {
		gnutls_free(out.data);
		return VG_ERR_SYNTAX;
	}
	memcpy(c->data, out.data, out.size);
	c->data[out.size] = '\0';
	gnutls_free(out.data);
	sodium_bin2hex(c->fingerprint, sizeof(c->fingerprint), sha256, sizeof(sha256));
	return VG_OK;
}

/* c->data: PEM. */
static int
certificate_read(struct credential *c, const char *field, struct reg_fault *fault)
{
	gnutls_x509_crt_t crt;
	int err;

	if (gnutls_x509_crt_init(&crt) < 0)
		return VG_ERR_MEMORY;
	err = crt_read(c, crt);
	gnutls_x509_crt_deinit(crt);
	if (c->kind == CREDENTIAL_CERTIFICATE)
		c->data[0] = '\0'; /* the fingerprint is all that is compared */
	return err == VG_OK ? err : reg_fault_set(fault, err, field, "%s is no PEM certificate", field);
}

static int
key_read(struct credential *c, const char *field, struct reg_fault *fault)
{
	const char *why = "";

	c->kind = strstr(c->data, "-----BEGIN CERTIFICATE-----") != NULL ? CREDENTIAL_SMIME : CREDENTIAL_OPENPGP;
	if (c->kind == CREDENTIAL_SMIME)
		return certificate_read(c, field, fault);
	if (pgp_fingerprint(c->data, strlen(c->data), c->fingerprint, &why) != VG_OK)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "this key cannot be registered: %s", why);
	return VG_OK;
}

/* ---- changes ---- */

static int
audit(struct change *ch, const char *what, const struct credential *c)
{
	json_t *obj = json_pack("{ss ss ss}", "kind", reg_word(WORD_CREDENTIAL, c->kind), "fingerprint", c->fingerprint, "label",
	    c->label);
	bool added = strcmp(what, "credential.add") == 0;
	int err = obj == NULL ? VG_ERR_MEMORY : reg_audit(ch->r, ch->who, what, ch->address, added ? NULL : obj, added ? obj : NULL);

	json_decref(obj);
	ch->changed = true;
	return err;
}

/* 1 when this address has it already, 0, or an error. */
static int
has(struct change *ch, const struct credential *c)
{
	int64_t one = 0;
	int err = db_number(ch->r->db, &one, "SELECT 1 FROM credential WHERE entry = ?1 AND kind = ?2 AND fingerprint = ?3", "itt",
	    ch->entry, reg_word(WORD_CREDENTIAL, c->kind), c->fingerprint);

	return err == VG_ERR_NOTFOUND ? 0 : err == VG_OK ? 1 : err;
}

static int
insert(struct change *ch, const struct credential *c, const char *field)
{
	int64_t n = 0;
	int err = db_number(ch->r->db, &n, "SELECT count(*) FROM credential WHERE entry = ?1 AND kind <> 'password'", "i", ch->entry);

	if (err == VG_OK && c->kind != CREDENTIAL_PASSWORD && n >= CREDENTIALS_MAX)
		return reg_fault_set(ch->fault, VG_ERR_DENIED, field, "%s has %u certificates and keys; remove one first", ch->address,
		    CREDENTIALS_MAX);
	if (err == VG_OK)
		err = db_run(ch->r->db, "INSERT INTO credential (entry, kind, fingerprint, data, label, added_at) VALUES (?1, ?2, ?3, ?4, "
		    "?5, ?6)", "itttti", ch->entry, reg_word(WORD_CREDENTIAL, c->kind), c->fingerprint, c->data, c->label,
		    ch->who->now_ms);
	if (err == VG_ERR_EXISTS)
		return reg_fault_set(ch->fault, VG_ERR_DENIED, field, "this key or certificate belongs to another address, and proves one only");
	if (err == VG_ERR_DENIED)
		return reg_fault_set(ch->fault, err, field, "%s", db_error_text(ch->r->db));
	return err == VG_OK ? audit(ch, "credential.add", c) : err;
}

static int
put_public(struct change *ch, struct credential *c, const char *field)
{
	int there = has(ch, c);

	return there != 0 ? (there < 0 ? there : VG_OK) : insert(ch, c, field);
}

static int
put_certificate(struct change *ch, struct credential *c, const char *field, json_t *value)
{
	int err = pem_text(c->data, field, value, ch->fault);

	c->kind = CREDENTIAL_CERTIFICATE;
	if (err == VG_OK)
		err = certificate_read(c, field, ch->fault);
	return err == VG_OK ? put_public(ch, c, field) : err;
}

static int
put_key(struct change *ch, struct credential *c, const char *field, json_t *value)
{
	int err = pem_text(c->data, field, value, ch->fault);

	if (err == VG_OK)
		err = key_read(c, field, ch->fault);
	return err == VG_OK ? put_public(ch, c, field) : err;
}

static int
password_check(const char *s, size_t len, const char *field, struct reg_fault *fault)
{
	unsigned characters = 0;

	if (s == NULL || len > PASSWORD_MAX)
		return reg_fault_set(fault, VG_ERR_SYNTAX, field, "a password is a text of at most %u bytes", PASSWORD_MAX);
	for (size_t i = 0; i < len; characters++) {
		uint32_t cp = 0;
		unsigned n = utf8_next(s + i, len - i, &cp);

		if (n == 0 || cp < 0x20 || cp == 0x7f)
			return reg_fault_set(fault, VG_ERR_SYNTAX, field, "a password holds no controls");
		i += n;
	}
	return characters >= PASSWORD_MIN ? VG_OK :
	    reg_fault_set(fault, VG_ERR_DENIED, field, "a password has at least %u characters", PASSWORD_MIN);
}

static int
put_password(struct change *ch, struct credential *c, const char *field, json_t *value)
{
	const char *s = json_string_value(value);
	size_t len = json_string_length(value);
	int err = password_check(s, len, field, ch->fault);

	_Static_assert(sizeof(c->data) >= crypto_pwhash_STRBYTES, "a hash fits");
	_Static_assert(REGISTRY_HASH >= crypto_pwhash_STRBYTES, "everywhere");
	if (err != VG_OK)
		return err;
	c->kind = CREDENTIAL_PASSWORD;
	if (crypto_pwhash_str(c->data, s, len, crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
		return VG_ERR_MEMORY;
	err = db_run(ch->r->db, "DELETE FROM credential WHERE entry = ?1 AND kind = 'password'", "i", ch->entry);
	return err == VG_OK ? insert(ch, c, field) : err;
}

/* "AB CD:EF" as "abcdef"; false where it is no fingerprint. */
static bool
fingerprint_normal(char out[PGP_FINGERPRINT + 1], const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++) {
		char c = *s >= 'A' && *s <= 'F' ? (char)(*s - 'A' + 'a') : *s;

		if (c == ' ' || c == ':')
			continue;
		if (n == PGP_FINGERPRINT || strchr("0123456789abcdef", c) == NULL)
			return false;
		out[n++] = c;
	}
	out[n] = '\0';
	return n > 0;
}

static int
remove_credential(struct change *ch, struct credential *c, const char *field, json_t *value)
{
	const char *s = json_string_value(value);
	bool password = s != NULL && strcmp(s, "password") == 0;
	int err = VG_OK, step;

	if (s == NULL || (!password && !fingerprint_normal(c->fingerprint, s)))
		return reg_fault_set(ch->fault, VG_ERR_SYNTAX, field, "name a credential by its fingerprint, or say password");
	for (bool any = false; err == VG_OK; any = true) {
		sqlite3_stmt *row = db_query(ch->r->db, "SELECT id, kind, label FROM credential WHERE entry = ?1 AND fingerprint = ?2 "
		    "AND (kind = 'password') = ?3 LIMIT 1", "iti", ch->entry, c->fingerprint, (int64_t)password);
		int64_t id;

		if ((step = db_step(ch->r->db, row)) < 0)
			return step;
		if (step == 0)
			return any ? VG_OK : reg_fault_set(ch->fault, VG_ERR_NOTFOUND, field, "%s has no such credential", ch->address);
		id = sqlite3_column_int64(row, 0);
		c->kind = (enum credential_kind)reg_word_value(WORD_CREDENTIAL, db_text(row, 1));
		db_copy(row, 2, c->label, sizeof(c->label));
		sqlite3_reset(row);
		err = db_run(ch->r->db, "DELETE FROM credential WHERE id = ?1", "i", id);
		if (err == VG_OK)
			err = audit(ch, "credential.remove", c);
	}
	return err;
}

/* One of an export: a certificate is known by its fingerprint, a key is read again. */
static int
put_listed(struct change *ch, struct credential *c, const char *field, json_t *one)
{
	const char *kind = json_string_value(json_object_get(one, "kind"));
	const char *fingerprint = json_string_value(json_object_get(one, "fingerprint"));
	json_t *label = json_object_get(one, "label");
	int err = label == NULL ? VG_OK : reg_text_value(c->label, sizeof(c->label), "label", label, ch->fault);

	if (err != VG_OK)
		return err;
	if (kind != NULL && strcmp(kind, "certificate") == 0) {
		c->kind = CREDENTIAL_CERTIFICATE;
		if (fingerprint == NULL || !fingerprint_normal(c->fingerprint, fingerprint) || strlen(c->fingerprint) != 64)
			return reg_fault_set(ch->fault, VG_ERR_SYNTAX, field, "a certificate has a fingerprint of 64 hex digits");
		return put_public(ch, c, field);
	}
	if (kind == NULL || (strcmp(kind, "openpgp") != 0 && strcmp(kind, "smime") != 0))
		return reg_fault_set(ch->fault, VG_ERR_SYNTAX, field, "its kind is one of certificate, openpgp, smime");
	return put_key(ch, c, field, json_object_get(one, "data"));
}

static int
put_list(struct change *ch, struct credential *c, const char *field, json_t *value)
{
	json_t *one;
	size_t i;
	int err;

	if (!json_is_array(value))
		return reg_fault_set(ch->fault, VG_ERR_SYNTAX, field, "credentials is a list");
	json_array_foreach(value, i, one) {
		memset(c, 0, sizeof(*c));
		if ((err = put_listed(ch, c, field, one)) != VG_OK)
			return err;
	}
	return VG_OK;
}

/* ---- all of them ---- */

static const struct {
	const char *name;
	int (*put)(struct change *ch, struct credential *c, const char *field, json_t *value);
} members[] = {
	{ "remove_credential", remove_credential },
	{ "password", put_password },
	{ "certificate", put_certificate },
	{ "key", put_key },
	{ "credentials", put_list },
};
#define N_MEMBERS (sizeof(members) / sizeof(members[0]))
#define LABEL "credential_label"

static int
move(json_t *obj, const char *name, json_t **out)
{
	json_t *value = json_object_get(obj, name);

	if (value == NULL)
		return VG_OK;
	if (*out == NULL && (*out = json_object()) == NULL)
		return VG_ERR_MEMORY;
	if (json_object_set(*out, name, value) != 0)
		return VG_ERR_MEMORY;
	json_object_del(obj, name);
	return VG_OK;
}

int
reg_credentials_take(json_t *obj, json_t **out)
{
	int err = VG_OK;

	*out = NULL;
	for (size_t i = 0; err == VG_OK && i + 1 < N_MEMBERS; i++)
		err = move(obj, members[i].name, out);
	return err == VG_OK ? move(obj, LABEL, out) : err;
}

int
reg_credentials_take_list(json_t *obj, json_t **out)
{
	*out = NULL;
	return move(obj, members[N_MEMBERS - 1].name, out);
}

static int
put_members(struct change *ch, json_t *obj)
{
	json_t *label = json_object_get(obj, LABEL);
	struct credential c;
	int err = VG_OK;

	for (size_t i = 0; err == VG_OK && i < N_MEMBERS; i++) {
		json_t *value = json_object_get(obj, members[i].name);

		if (value == NULL || json_is_null(value))
			continue;
		memset(&c, 0, sizeof(c));
		if (label != NULL)
			err = reg_text_value(c.label, sizeof(c.label), LABEL, label, ch->fault);
		if (err == VG_OK)
			err = members[i].put(ch, &c, members[i].name, value);
	}
	sodium_memzero(&c, sizeof(c));
	return err;
}

int
reg_credentials_put(struct registry *r, const char *address, json_t *obj, const struct reg_who *who, bool *changed,
    struct reg_fault *fault)
{
	struct change ch = { .r = r, .who = who, .fault = fault };
	char normal[ADDR_MAX + 1], key[REGISTRY_KEY];
	int err;

	*changed = false;
	if (address == NULL || strchr(address, '@') == NULL || reg_normal(normal, address) != VG_OK ||
	    registry_key(key, normal) != VG_OK)
		return reg_fault_set(fault, VG_ERR_DENIED, "address", "only an address has credentials; name one");
	err = db_number(r->db, &ch.entry, "SELECT id FROM entry WHERE key = ?1 AND role IN ('contact', 'agent', 'direct')", "t", key);
	if (err == VG_ERR_NOTFOUND)
		return reg_fault_set(fault, err, "address", "there is no contact, agent or direct address %s", normal);
	ch.address = normal;
	if (err == VG_OK)
		err = put_members(&ch, obj);
	*changed = ch.changed;
	return err;
}

static json_t *
row_json(sqlite3_stmt *row, bool data)
{
	json_t *obj = json_pack("{ss ss ss}", "kind", db_text(row, 0), "fingerprint", db_text(row, 1), "label", db_text(row, 2));
	char at[32];

	if (obj == NULL)
		return NULL;
	id_rfc3339(at, sqlite3_column_int64(row, 3), 0);
	if (data ? db_text(row, 4)[0] != '\0' && json_object_set_new(obj, "data", json_string(db_text(row, 4))) != 0
	    : json_object_set_new(obj, "added_at", json_string(at)) != 0) {
		json_decref(obj);
		return NULL;
	}
	return obj;
}

json_t *
reg_credentials_json(struct registry *r, const char *address, bool data)
{
	char key[REGISTRY_KEY];
	json_t *list = json_array();
	sqlite3_stmt *row;
	int err = VG_ERR_MEMORY;

	if (list == NULL || registry_key(key, address) != VG_OK)
		return list;
	row = db_query(r->db, "SELECT c.kind, c.fingerprint, c.label, c.added_at, CASE c.kind WHEN 'password' THEN '' ELSE c.data END "
	    "FROM entry e JOIN credential c ON c.entry = e.id WHERE e.key = ?1 AND (c.kind <> 'password' OR ?2 = 0) ORDER BY c.id",
	    "ti", key, (int64_t)data);
	while ((err = db_step(r->db, row)) == 1)
		if (json_array_append_new(list, row_json(row, data)) != 0) {
			sqlite3_reset(row);
			err = VG_ERR_MEMORY;
			break;
		}
	if (err != VG_OK) {
		json_decref(list);
		return NULL;
	}
	return list;
}
