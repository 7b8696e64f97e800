/*
 * calls_registry.h - what the files of the registry's calls share. Private to calls_registry*.c.
 */
#ifndef VG_CALLS_REGISTRY_H
#define VG_CALLS_REGISTRY_H

#include "call.h"
#include "registry_private.h"

/* The answer for a failed change or look-up: 422 for a value, 409 for a rule, 404 for what is not there, 507 and 503. */
void registry_refuse(struct call_result *res, int err, const struct reg_fault *fault);
/* 200 with body (taken over), or 503 when it is NULL. */
void registry_answer(struct call_result *res, unsigned status, json_t *body);

void registry_list(struct call_env *env, json_t *args, struct call_result *res, enum reg_kind kind);
/* registry.import: CSV, JSON or JSON lines, in the arguments or in the sealed body; ?format=, ?dry_run=true. */
void registry_import_call(struct call_env *env, json_t *args, struct call_result *res);
/* registry.export: ?format=csv|json|jsonl, as a sealed file. */
void registry_export_call(struct call_env *env, json_t *args, struct call_result *res);

#endif
