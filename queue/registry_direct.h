/*
 * registry_direct.h - holders of a direct contract: one holder with addresses and domains, spelled one at a
 * time ({"id","name","domain"}). Part of registry_write and registry_remove.
 */
#ifndef VG_REGISTRY_DIRECT_H
#define VG_REGISTRY_DIRECT_H

#include "registry_private.h"

/* reg_put for a direct contract. Without an id the holder is that of the entry, else the one of that name, else a new one
 * named after it. REG_SET without an entry changes the holder. */
int reg_direct_put(struct registry *r, json_t *obj, enum reg_mode mode, const struct reg_who *who, enum reg_change *change,
    json_t **after, struct reg_fault *fault);
/* Inserts item under role and owner. Refusals are explained. */
int reg_entry_insert(struct registry *r, const struct reg_item *i, const char *role, const char *owner, struct reg_fault *fault);

#endif
