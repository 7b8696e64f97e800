/*
 * api_route.h - which method and path means which call of the queue, and which scope it asks for. Pure.
 */
#ifndef VG_API_ROUTE_H
#define VG_API_ROUTE_H

#include <jansson.h>

enum api_scope { SCOPE_NONE = 0, SCOPE_QUEUE = 1, SCOPE_TICKETS = 2, SCOPE_REGISTRY = 4, SCOPE_ADMIN = 8, SCOPE_ANY = 15 };

enum api_kind {
	API_CALL,    /* JSON in, whatever the queue answers out */
	API_UPLOAD,  /* the body is content for the queue (registry import) */
	API_LARGE,   /* JSON in, which may hold files */
	API_INJECT,  /* the body is a mail */
	API_METRICS, /* answered here */
	API_HEALTH,
	API_SPEC
};

struct api_route {
	const char *method;
	const char *path; /* "/v1/tickets/{n}"; a last "{path+}" takes the rest with its slashes */
	const char *op;   /* name of the call */
	unsigned scope;   /* enum api_scope set, one of which suffices; SCOPE_NONE: no token needed */
	enum api_kind kind;
};

/* The route of a request, its path parameters (URL-decoded) added to params. NULL: *allowed is "" where no such path
 * exists, else the methods that it takes ("GET, POST"). path is decoded here; bad escapes and NUL match nothing. */
const struct api_route *api_route_find(const char *method, const char *path, json_t *params, char allowed[64]);
/* Scope set of a list of names ("queue", …), unknown names ignored; admin gives all. */
unsigned api_scopes(const json_t *names);

extern const struct api_route api_routes[];
extern const size_t api_n_routes;

#endif
