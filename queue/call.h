/*
 * call.h - what the API asks of the queue: named calls with JSON arguments, run in the thread that owns what
 * they touch. calls_store.c, calls_registry.c … each export a table of struct call_def; queue_calls.c finds and runs them.
 */
#ifndef VG_CALL_H
#define VG_CALL_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "seal.h"

struct blobs;
struct store;
struct registry;

/* Where a call runs. */
enum call_kind {
	CALL_READ,    /* reader thread: read-only connections to store and registry */
	CALL_WRITE,   /* writer thread, inside the group commit (one savepoint a call) */
	CALL_REGISTRY /* registry thread: the writing connection of registry.db, one transaction a call */
};

struct call_env {
	struct store *store;       /* READ, WRITE */
	struct registry *registry; /* READ (read-only), WRITE (read-only), REGISTRY (writable) */
	struct blobs *blobs;       /* READ, WRITE: files of large messages, and the key that unwraps theirs */
	const unsigned char *wrap_key;
	const struct conf *conf;   /* READ, WRITE */
	const char *actor;         /* token name, "local" */
	int64_t now_ms;
	int body_fd;               /* sealed request body, -1 where none (registry import) */
	const unsigned char *body_key;
	uint64_t body_size;
	void *prepared;            /* WRITE: what call_prepare_fn made, NULL without */
};

struct call_result {
	unsigned status;           /* HTTP status */
	json_t *body;              /* owned; NULL with 204 or with fd */
	const char *content_type;  /* static; NULL: application/json, or application/problem+json from 400 up */
	char file_name[256];       /* for Content-Disposition, "" without */
	int fd;                    /* sealed answer, -1 without; owned */
	unsigned char key[SEAL_KEY];
	uint64_t size;
	char *text;                /* owned; a plain answer body instead of JSON */
	size_t text_len;
};

/* args: {"params":{…},"query":{…},"body":…}; borrowed. A result of status >= 400 rolls a WRITE's savepoint back. */
typedef void call_fn(struct call_env *env, json_t *args, struct call_result *res);

struct call_def {
	const char *op; /* "tickets.list" */
	enum call_kind kind;
	call_fn *fn;
};

/* An attachment that a parser has to take out before a call can go on. */
struct call_wanted {
	int64_t message;
	char part[16];
	int fd; /* sealed; -1: it could not be taken out */
	unsigned char key[SEAL_KEY];
};

/* The part of a WRITE that needs no transaction, in a reader's thread: checks, and content made durable. VG_ERR_AGAIN: *wanted names what
 * is to be taken out; it is called again with it there, and owns the descriptor. *prepared is its own, NULL at first; a refusal
 * stands in res. Other errors: of the store. */
typedef int call_prepare_fn(struct call_env *env, json_t *args, void **prepared, struct call_wanted *wanted, struct call_result *res);
/* Frees it; kept: what the call wrote is committed, and refers to it. */
typedef void call_prepared_free_fn(void *prepared, bool kept);

struct call_preparation {
	const char *op;
	call_prepare_fn *prepare;
	call_prepared_free_fn *free;
};

/* NULL: the operation needs none. */
const struct call_preparation *call_preparation_find(const char *op);
/* Ends in NULL op. */
extern const struct call_def calls_store[];    /* queue.*, tickets.*, messages.*, held.*, audit.* */
extern const struct call_def calls_registry[]; /* partners.*, contacts.*, customers.*, direct.*, agents.*, registry.* */

/* Sets an RFC 9457 problem: {"type":"about:blank#SLUG"…,"title","status","detail", "field" where one is to blame}. field may be NULL. */
void call_problem(struct call_result *res, unsigned status, const char *title, const char *field, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* Typed access to args; all return a borrowed value or the default. */
const char *call_param(json_t *args, const char *name);
const char *call_query(json_t *args, const char *name);
json_t *call_body(json_t *args);

#endif
