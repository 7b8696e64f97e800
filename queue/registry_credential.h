/*
 * registry_credential.h - what proves an address (POLICY "authentication", (d) and (e)): a password, TLS client certificates,
 * OpenPGP keys, S/MIME certificates. Changes run inside the caller's transaction, each with its audit record; a password
 * stands nowhere but in its Argon2id hash.
 */
#ifndef VG_REGISTRY_CREDENTIAL_H
#define VG_REGISTRY_CREDENTIAL_H

#include "registry_private.h"

#define CREDENTIALS_MAX 8u      /* certificates and keys of one address */
#define CREDENTIAL_DATA 16384u  /* bytes of one */
#define PASSWORD_MIN 12u        /* characters */
#define PASSWORD_MAX 512u       /* bytes */

/* Members of an item's object that are about credentials: password, certificate (PEM), key (armored OpenPGP or PEM),
 * credential_label, remove_credential (a fingerprint, or "password"). Moves them from obj into *out, new; NULL where there
 * are none. VG_ERR_MEMORY. */
int reg_credentials_take(json_t *obj, json_t **out);
/* The same for an import: the list "credentials" as an export writes it. */
int reg_credentials_take_list(json_t *obj, json_t **out);
/* Does what `members` (of either kind) says for the address; *changed: something did. A key that is there already is no
 * error. VG_ERR_SYNTAX, VG_ERR_DENIED, VG_ERR_NOTFOUND with fault. Hashing a password takes 64 MiB and a tenth of a second. */
int reg_credentials_put(struct registry *r, const char *address, json_t *members, const struct reg_who *who, bool *changed,
    struct reg_fault *fault);
/* [{"kind","fingerprint","label","added_at"}]; data: [{"kind","fingerprint","label","data"}] without passwords, for an
 * export. NULL on no memory or store. address: in normal form. */
json_t *reg_credentials_json(struct registry *r, const char *address, bool data);

#endif
