/*
 * test_route.c - paths to calls: parameters, escapes, methods, scopes, and that every route stands in openapi.json.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "api_route.h"

static void test_find(void **state)
{
	static const struct {
		const char *method, *path, *op, *param, *value;
	} rows[] = {
		{ "GET", "/v1/tickets", "tickets.list", NULL, NULL },
		{ "GET", "/v1/tickets/12", "tickets.show", "n", "12" },
		{ "HEAD", "/v1/tickets/12", "tickets.show", "n", "12" },
		{ "GET", "/v1/tickets/12/messages", "tickets.messages", "n", "12" },
		{ "PATCH", "/v1/partners/acme%2Dmsp", "partners.update", "id", "acme-msp" },
		{ "GET", "/v1/contacts/ann%40partner.example", "contacts.show", "id", "ann@partner.example" },
		{ "GET", "/v1/contacts/a%2Fb", "contacts.show", "id", "a/b" },
		{ "GET", "/v1/messages/M/attachments/a1/entries/x/y%20z.log", "messages.entry", "path", "x/y z.log" },
		{ "GET", "/v1/messages/M/attachments/a1/entries/in.zip!/b.log", "messages.entry", "path", "in.zip!/b.log" },
		{ "POST", "/v1/queue/dead/01J/requeue", "queue.requeue", "event_id", "01J" },
		{ "GET", "/v1/tickets/", NULL, NULL, NULL }, { "GET", "/v1/tickets//messages", NULL, NULL, NULL },
		{ "GET", "/v1/tickets/1/", NULL, NULL, NULL }, { "GET", "/v1/contacts/%00", NULL, NULL, NULL },
		{ "GET", "/v1/contacts/%4", NULL, NULL, NULL }, { "GET", "/v1/contacts/%zz", NULL, NULL, NULL },
		{ "GET", "/v1/contacts/%", NULL, NULL, NULL }, { "GET", "/v1/contacts/%c3%28", NULL, NULL, NULL },
		{ "GET", "", NULL, NULL, NULL }, { "GET", "/v2/tickets", NULL, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *params = json_object();
		char allowed[64];
		const struct api_route *r = api_route_find(rows[i].method, rows[i].path, params, allowed);

		if ((r == NULL) != (rows[i].op == NULL) || (r != NULL && strcmp(r->op, rows[i].op) != 0))
			fail_msg("%s gave %s", rows[i].path, r != NULL ? r->op : "nothing");
		if (rows[i].param != NULL)
			assert_string_equal(json_string_value(json_object_get(params, rows[i].param)), rows[i].value);
		json_decref(params);
	}
}

static void test_wrong_method_is_told(void **state)
{
	json_t *params = json_object();
	char allowed[64];

	(void)state;
	assert_null(api_route_find("PUT", "/v1/partners/x", params, allowed));
	assert_string_equal(allowed, "GET, PATCH, DELETE");
	assert_null(api_route_find("GET", "/nowhere", params, allowed));
	assert_string_equal(allowed, "");
	json_decref(params);
}

static void test_scopes(void **state)
{
	json_t *names = json_pack("[s,s,i]", "queue", "rubbish", 3);

	(void)state;
	assert_int_equal(api_scopes(names), SCOPE_QUEUE);
	json_array_append_new(names, json_string("admin"));
	assert_int_equal(api_scopes(names), SCOPE_ANY);
	json_decref(names);
	assert_int_equal(api_scopes(NULL), 0);
}

/* What is served is described, and the other way round. */
static void test_openapi_agrees(void **state)
{
	json_error_t err;
	json_t *spec = json_load_file("conf/schema/openapi.json", 0, &err), *methods;
	const char *path, *method;
	size_t described = 0;

	(void)state;
	assert_non_null(spec);
	for (size_t i = 0; i < api_n_routes; i++) {
		char spec_path[128], lower[16] = "";

		snprintf(spec_path, sizeof(spec_path), "%s", api_routes[i].path);
		if (strstr(spec_path, "{path+}") != NULL)
			memcpy(strstr(spec_path, "{path+}"), "{path}", 7);
		for (size_t c = 0; api_routes[i].method[c] != '\0'; c++)
			lower[c] = (char)(api_routes[i].method[c] | 0x20);
		if (json_object_get(json_object_get(json_object_get(spec, "paths"), spec_path), lower) == NULL)
			fail_msg("%s %s is not in openapi.json", api_routes[i].method, spec_path);
	}
	json_object_foreach(json_object_get(spec, "paths"), path, methods) {
		json_t *value;

		json_object_foreach(methods, method, value)
			described += strcmp(method, "parameters") != 0;
	}
	assert_int_equal(described, api_n_routes);
	json_decref(spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_find), cmocka_unit_test(test_wrong_method_is_told),
		cmocka_unit_test(test_scopes), cmocka_unit_test(test_openapi_agrees) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
