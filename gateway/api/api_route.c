/*
 * api_route.c - the routes of the HTTP API as one table. Input is hostile (paths); pure.
 */
#include "api_route.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PART_MAX 1024

#define RESOURCE(path, name) \
	{ "GET", "/v1/" path, name ".list", SCOPE_REGISTRY, API_CALL }, \
	{ "POST", "/v1/" path, name ".add", SCOPE_REGISTRY, API_CALL }, \
	{ "GET", "/v1/" path "/{id}", name ".show", SCOPE_REGISTRY, API_CALL }, \
	{ "PATCH", "/v1/" path "/{id}", name ".update", SCOPE_REGISTRY, API_CALL }, \
	{ "DELETE", "/v1/" path "/{id}", name ".remove", SCOPE_REGISTRY, API_CALL }

const struct api_route api_routes[] = {
	{ "POST", "/v1/queue/claim", "queue.claim", SCOPE_QUEUE, API_CALL },
	{ "POST", "/v1/queue/ack", "queue.ack", SCOPE_QUEUE, API_CALL },
	{ "POST", "/v1/queue/nack", "queue.nack", SCOPE_QUEUE, API_CALL },
	{ "POST", "/v1/queue/extend", "queue.extend", SCOPE_QUEUE, API_CALL },
	{ "GET", "/v1/queue/stats", "queue.stats", SCOPE_QUEUE, API_CALL },
	{ "GET", "/v1/queue/dead", "queue.dead", SCOPE_QUEUE, API_CALL },
	{ "POST", "/v1/queue/dead/{event_id}/requeue", "queue.requeue", SCOPE_QUEUE, API_CALL },
	{ "GET", "/v1/tickets", "tickets.list", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/tickets/{n}", "tickets.show", SCOPE_TICKETS, API_CALL },
	{ "PATCH", "/v1/tickets/{n}", "tickets.update", SCOPE_TICKETS, API_CALL },
	{ "POST", "/v1/tickets/{n}/merge", "tickets.merge", SCOPE_TICKETS, API_CALL },
	{ "DELETE", "/v1/tickets/{n}/participants/{address}", "tickets.remove-participant", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/tickets/{n}/messages", "tickets.messages", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/messages", "messages.list", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/messages/{id}", "messages.show", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/messages/{id}/raw", "messages.raw", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/messages/{id}/attachments/{a}", "messages.attachment", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/messages/{id}/attachments/{a}/entries/{path+}", "messages.entry", SCOPE_TICKETS, API_CALL },
	{ "GET", "/v1/blobs/{blake2b}", "blobs.get", SCOPE_TICKETS, API_CALL },
	{ "POST", "/v1/tickets/{n}/messages", "tickets.reply", SCOPE_TICKETS, API_LARGE },
	{ "GET", "/v1/outbox", "outbox.list", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/outbox/{id}/retry", "outbox.retry", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/outbox/{id}/hold", "outbox.hold", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/outbox/{id}/release", "outbox.release", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/outbox/{id}/cancel", "outbox.cancel", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/suppressed", "suppressed.list", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/suppressed/{address}", "suppressed.show", SCOPE_ADMIN, API_CALL },
	{ "DELETE", "/v1/suppressed/{address}", "suppressed.lift", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/held", "held.list", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/held/{id}", "held.show", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/held/{id}/release", "held.release", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/held/{id}/reject", "held.reject", SCOPE_ADMIN, API_CALL },
	{ "DELETE", "/v1/held/{id}", "held.delete", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/audit", "audit.list", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/audit/{reference}", "audit.show", SCOPE_ADMIN, API_CALL },
	{ "GET", "/v1/tokens", "tokens.list", SCOPE_ADMIN, API_CALL },
	{ "POST", "/v1/tokens", "tokens.add", SCOPE_ADMIN, API_CALL },
	{ "DELETE", "/v1/tokens/{name}", "tokens.remove", SCOPE_ADMIN, API_CALL },
	RESOURCE("partners", "partners"),
	RESOURCE("contacts", "contacts"),
	RESOURCE("customers", "customers"),
	RESOURCE("direct", "direct"),
	RESOURCE("agents", "agents"),
	{ "POST", "/v1/registry/import", "registry.import", SCOPE_REGISTRY, API_UPLOAD },
	{ "GET", "/v1/registry/export", "registry.export", SCOPE_REGISTRY, API_CALL },
	{ "POST", "/v1/inject", "inject", SCOPE_ADMIN, API_INJECT },
	{ "POST", "/v1/explain", "explain", SCOPE_ADMIN, API_INJECT },
	{ "GET", "/readyz", "health.ready", SCOPE_NONE, API_CALL },
	{ "GET", "/healthz", "health", SCOPE_NONE, API_HEALTH },
	{ "GET", "/metrics", "metrics", SCOPE_ANY, API_METRICS },
	{ "GET", "/openapi.json", "openapi", SCOPE_NONE, API_SPEC },
};

const size_t api_n_routes = sizeof(api_routes) / sizeof(api_routes[0]);

static int hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Decodes n bytes of a path into out. False on a bad escape, a NUL, or no room. */
static bool decode(char out[PART_MAX], const char *s, size_t n)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		char c = s[i];

		if (c == '%') {
			int hi = n - i < 3 ? -1 : hex(s[i + 1]), lo = hi < 0 ? -1 : hex(s[i + 2]);

			if (lo < 0)
				return false;
			c = (char)(hi << 4 | lo);
			i += 2;
		}
		if (c == '\0' || len + 1 >= PART_MAX)
			return false;
		out[len++] = c;
	}
	out[len] = '\0';
	return len > 0;
}

/* One path parameter; name is between the braces. */
static bool capture(json_t *params, const char *name, size_t name_len, const char *s, size_t n)
{
	char value[PART_MAX], key[32];
	json_t *v;

	if (!decode(value, s, n) || name_len >= sizeof(key))
		return false;
	memcpy(key, name, name_len);
	key[name_len] = '\0';
	v = json_string(value);
	return v != NULL && json_object_set_new(params, key, v) == 0;
}

static bool matches(const char *pattern, const char *path, json_t *params)
{
	while (*pattern != '\0') {
		const char *end;
		size_t n;

		if (*pattern != '{') {
			if (*pattern++ != *path++)
				return false;
			continue;
		}
		end = strchr(pattern, '}');
		n = end[-1] == '+' ? strlen(path) : strcspn(path, "/");
		if (!capture(params, pattern + 1, (size_t)(end - pattern) - 1 - (end[-1] == '+'), path, n))
			return false;
		pattern = end + 1;
		path += n;
	}
	return *path == '\0';
}

const struct api_route *api_route_find(const char *method, const char *path, json_t *params, char allowed[64])
{
	size_t len = 0;

	allowed[0] = '\0';
	for (size_t i = 0; i < api_n_routes; i++) {
		const struct api_route *r = &api_routes[i];

		json_object_clear(params);
		if (!matches(r->path, path, params))
			continue;
		if (strcmp(r->method, method) == 0 || (strcmp(method, "HEAD") == 0 && strcmp(r->method, "GET") == 0))
			return r;
		len += (size_t)snprintf(allowed + len, 64 - len, "%s%s", len > 0 ? ", " : "", r->method);
		if (len >= 56)
			break;
	}
	return NULL;
}

unsigned api_scopes(const json_t *names)
{
	unsigned set = 0;

	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *s = json_string_value(json_array_get(names, i));

		if (s == NULL)
			continue;
		set |= strcmp(s, "queue") == 0	  ? SCOPE_QUEUE
		    : strcmp(s, "tickets") == 0	  ? SCOPE_TICKETS
		    : strcmp(s, "registry") == 0 ? SCOPE_REGISTRY
		    : strcmp(s, "admin") == 0	  ? SCOPE_ANY
						  : 0u;
	}
	return set;
}
