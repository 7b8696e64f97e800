/*
 * test_registry_calls.c - the registry as the API sees it: operations, statuses, problem documents, pages, sealed files.
 */
#include <fcntl.h>

#include "call.h"
#include "registry_fixture.h"

static const struct call_def *
find(const char *op)
{
	for (const struct call_def *d = calls_registry; d->op != NULL; d++)
		if (strcmp(d->op, op) == 0)
			return d;
	fail_msg("no call %s", op);
	return NULL;
}

/* Runs one call; args as JSON text with the three parts. */
static struct call_result
call(struct fixture *f, const char *op, const char *args_text)
{
	json_t *args = json_loads(args_text, JSON_ALLOW_NUL, NULL);
	struct call_env env = { .registry = f->r, .actor = "token-1", .now_ms = 1764000000000, .body_fd = -1 };
	struct call_result res = { .status = 200, .fd = -1 };

	assert_non_null(args);
	find(op)->fn(&env, args, &res);
	json_decref(args);
	return res;
}

static void
drop(struct call_result *res)
{
	json_decref(res->body);
	free(res->text);
	if (res->fd >= 0)
		close(res->fd);
}

static const char *
text_of(const struct call_result *res, const char *field)
{
	const char *s = json_string_value(json_object_get(res->body, field));

	return s == NULL ? "" : s;
}

static const struct {
	const char *op, *args;
	unsigned status;
	const char *field, *has; /* of the answer as JSON text */
} calls[] = {
	{ "partners.add", "{\"body\":{\"id\":\"third\",\"name\":\"Third\",\"domains\":[\"Third.Example\"]}}", 201, NULL,
	  "\"domains\": [\"third.example\"]" },
	{ "partners.add", "{\"body\":{\"id\":\"third\",\"name\":\"Third\"}}", 409, "id", "already there" },
	{ "partners.add", "{\"body\":null}", 422, NULL, "JSON object" },
	{ "partners.add", "{}", 422, NULL, "JSON object" },
	{ "partners.add", "{\"body\":{\"id\":\"x\",\"name\":\"X\",\"domains\":[\"customer.example\"]}}", 409, "domains",
	  "customer.example is a customer of acme-msp; a domain is either a partner's or a customer's (P7)" },
	{ "partners.show", "{\"params\":{\"id\":\"third\"}}", 200, NULL, "\"name\": \"Third\"" },
	{ "partners.show", "{\"params\":{\"id\":\"nobody\"}}", 404, NULL, "there is no partner nobody" },
	{ "partners.show", "{}", 404, NULL, "there is no partner" },
	{ "partners.update", "{\"params\":{\"id\":\"third\"},\"body\":{\"status\":\"expired\"}}", 200, NULL, "\"status\": \"expired\"" },
	{ "partners.update", "{\"params\":{\"id\":\"third\"},\"body\":{\"id\":\"fourth\"}}", 409, "id", "cannot change" },
	{ "partners.update", "{\"params\":{\"id\":\"third\"},\"body\":{\"status\":\"lost\"}}", 422, "status", "active, suspended, expired" },
	{ "partners.update", "{\"params\":{\"id\":\"nobody\"},\"body\":{\"status\":\"expired\"}}", 404, NULL, "nobody" },
	{ "partners.update", "{\"params\":{\"id\":\"third\"},\"body\":[]}", 422, NULL, "JSON object" },
	{ "partners.remove", "{\"params\":{\"id\":\"acme-msp\"}}", 409, "id", "2 contacts and 2 customers; with force" },
	{ "partners.remove", "{\"params\":{\"id\":\"third\"}}", 204, NULL, NULL },
	{ "partners.remove", "{\"params\":{\"id\":\"third\"}}", 404, "id", "there is no partner third" },
	{ "contacts.add", "{\"body\":{\"partner\":\"nobody\",\"address\":\"x@y.example\"}}", 422, "partner", "there is no partner nobody" },
	{ "contacts.add", "{\"body\":{\"partner\":\"acme-msp\",\"address\":\"x@y.example\"}}", 409, "external", "say external" },
	{ "contacts.show", "{\"params\":{\"id\":\"ANN@partner.example\"}}", 200, NULL, "\"address\": \"Ann@partner.example\"" },
	{ "contacts.show", "{\"params\":{\"id\":\"ann\"}}", 404, NULL, "there is no contact ann" },
	{ "contacts.show", "{\"params\":{\"id\":\"bob@shared.example\"}}", 404, NULL, "there is no contact" },
	{ "contacts.update", "{\"params\":{\"id\":\"ann@partner.example\"},\"body\":{\"name\":\"Ann Li\"}}", 200, NULL,
	  "\"case_admin\": true" },
	{ "contacts.update", "{\"params\":{\"id\":\"ann@partner.example\"},\"body\":{\"address\":\"ANN@Partner.example\"}}", 200, NULL,
	  "\"address\": \"ANN@Partner.example\"" },
	{ "contacts.update", "{\"params\":{\"id\":\"ann@partner.example\"},\"body\":{\"address\":\"eva@partner.example\"}}", 409,
	  "address", "cannot change" },
	{ "contacts.update", "{\"params\":{\"id\":\"ann@partner.example\"},\"body\":{\"partner\":\"other-msp\"}}", 409, "partner",
	  "cannot change" },
	{ "contacts.update", "{\"params\":{\"id\":\"joe@freelance.example\"},\"body\":{\"case_admin\":true}}", 409, "case_admin", "(P7)" },
	{ "contacts.remove", "{\"params\":{\"id\":\"joe@freelance.example\"}}", 204, NULL, NULL },
	{ "customers.add", "{\"body\":{\"partner\":\"other-msp\",\"domain\":\"customer.example\",\"name\":\"Theirs\"}}", 201, NULL, "Theirs" },
	{ "customers.add", "{\"body\":{\"partner\":\"other-msp\",\"domain\":\"y.example\",\"case_admin\":true}}", 409, "case_admin",
	  "a customer cannot be case administrator" },
	{ "customers.update", "{\"params\":{\"id\":\"bob@shared.example\"},\"body\":{\"case_admin\":true}}", 409, "case_admin", "(P7)" },
	{ "customers.show", "{\"params\":{\"id\":\"customer.example\"}}", 409, "partner", "2 partners" },
	{ "customers.show", "{\"params\":{\"id\":\"customer.example\"},\"query\":{\"partner\":\"other-msp\"}}", 200, NULL, "Theirs" },
	{ "customers.update", "{\"params\":{\"id\":\"customer.example\"},\"body\":{\"partner\":\"other-msp\",\"name\":\"Ours\"}}", 200,
	  NULL, "Ours" },
	{ "customers.remove", "{\"params\":{\"id\":\"customer.example\"}}", 409, "partner", "2 partners" },
	{ "customers.remove", "{\"params\":{\"id\":\"customer.example\"},\"query\":{\"partner\":\"other-msp\"}}", 204, NULL, NULL },
	{ "customers.remove", "{\"params\":{\"id\":\"customer.example\"},\"query\":{\"partner\":\"other-msp\"}}", 404, NULL, "no customer" },
	{ "direct.add", "{\"body\":{\"name\":\"Big Corp, Inc.\",\"address\":\"cto@big2.example\"}}", 201, NULL, "big-corp-inc" },
	{ "direct.show", "{\"params\":{\"id\":\"big-corp-inc\"}}", 200, NULL, "\"addresses\": [\"cto@big2.example\"]" },
	{ "direct.show", "{\"params\":{\"id\":\"cto@big2.example\"}}", 200, NULL, "\"domains\": [\"big.example\"]" },
	{ "direct.show", "{\"params\":{\"id\":\"nobody\"}}", 404, NULL, "nobody" },
	{ "direct.update", "{\"params\":{\"id\":\"big.example\"},\"body\":{\"name\":\"Big\"}}", 200, NULL, "\"name\": \"Big\"" },
	{ "direct.update", "{\"params\":{\"id\":\"big-corp-inc\"},\"body\":{\"domain\":\"new.example\"}}", 200, NULL, "new.example" },
	{ "direct.remove", "{\"params\":{\"id\":\"cto@big2.example\"}}", 204, NULL, NULL },
	{ "direct.remove", "{\"params\":{\"id\":\"big-corp-inc\"}}", 204, NULL, NULL },
	{ "direct.show", "{\"params\":{\"id\":\"big.example\"}}", 404, NULL, "big.example" },
	{ "agents.add", "{\"body\":{\"address\":\"x@partner.example\",\"name\":\"X\"}}", 409, "address", "(P7)" },
	{ "agents.update", "{\"params\":{\"id\":\"l2@vendor.example\"},\"body\":{\"name\":\"L2 Team\"}}", 200, NULL, "L2 Team" },
	{ "agents.show", "{\"params\":{\"id\":\"l2@vendor.example\"}}", 200, NULL, "L2 Team" },
	{ "agents.remove", "{\"params\":{\"id\":\"l2@vendor.example\"},\"query\":{\"partner\":\"x\"}}", 204, NULL, NULL },
	{ "partners.remove", "{\"params\":{\"id\":\"acme-msp\"},\"query\":{\"force\":\"true\"}}", 204, NULL, NULL },
	{ "partners.list", "{\"query\":{\"limit\":\"0\"}}", 422, "limit", "1 to 1000" },
	{ "partners.list", "{\"query\":{\"limit\":\"10x\"}}", 422, "limit", "1 to 1000" },
	{ "partners.list", "{}", 200, NULL, "\"next\": null" },
	{ "registry.import", "{\"query\":{},\"body\":{\"format\":\"xml\",\"text\":\"\"}}", 422, "format", "csv, json, jsonl" },
	{ "registry.import", "{\"body\":{\"format\":\"csv\"}}", 422, "text", "nothing to import" },
	{ "registry.import", "{\"body\":{\"text\":\"\",\"colour\":1}}", 422, "colour", "nothing of an import" },
	{ "registry.import", "{\"body\":{\"format\":\"csv\",\"text\":\"kind,address\\nagent,a@v.example\\n\"}}", 200, NULL, "\"added\": 1" },
	{ "registry.import", "{\"query\":{\"dry_run\":\"true\"},\"body\":{\"format\":\"csv\",\"text\":\"kind,address\\nagent,b@v.example\\n\"}}",
	  200, NULL, "\"dry_run\": true" },
	{ "agents.show", "{\"params\":{\"id\":\"b@v.example\"}}", 404, NULL, "b@v.example" },
	{ "registry.import", "{\"body\":{\"format\":\"json\",\"text\":\"{\\\"agents\\\":[{\\\"address\\\":\\\"x\\\"}]}\"}}", 422, NULL,
	  "\"errors\": [{\"line\": 1, \"field\": \"address\"" },
	{ "registry.export", "{\"query\":{\"format\":\"xml\"}}", 422, "format", "csv, json, jsonl" },
};

static void
one_after_the_other(void **state)
{
	struct fixture *f = *state;

	populate(f);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		struct call_result res = call(f, calls[i].op, calls[i].args);
		char *text = res.body == NULL ? strdup("") : json_dumps(res.body, 0);

		if (res.status != calls[i].status || (calls[i].has != NULL && strstr(text, calls[i].has) == NULL))
			print_error("%s %s\n  gave %u %s\n", calls[i].op, calls[i].args, res.status, text);
		assert_int_equal(res.status, calls[i].status);
		if (calls[i].has != NULL)
			assert_non_null(strstr(text, calls[i].has));
		if (calls[i].field != NULL)
			assert_string_equal(text_of(&res, "field"), calls[i].field);
		else if (res.status >= 400)
			assert_string_equal(text_of(&res, "field"), "");
		free(text);
		drop(&res);
	}
}

/* All items of a list, page by page of n. */
static size_t
walk(struct fixture *f, const char *op, const char *query, unsigned n, const char *field, char out[1024])
{
	char cursor[512] = "", args[1024];
	size_t pages = 0;

	out[0] = '\0';
	do {
		struct call_result res;
		json_t *one;
		size_t i;

		snprintf(args, sizeof(args), "{\"query\":{\"limit\":\"%u\"%s%s%s%s}}", n, query, cursor[0] == '\0' ? "" : ",\"cursor\":\"", cursor,
		    cursor[0] == '\0' ? "" : "\"");
		res = call(f, op, args);
		assert_int_equal(res.status, 200);
		json_array_foreach(json_object_get(res.body, "items"), i, one) {
			const char *value = json_string_value(json_object_get(one, field));
			size_t len = strlen(out);

			snprintf(out + len, 1024 - len, "%s ", value == NULL ? "-" : value);
		}
		snprintf(cursor, sizeof(cursor), "%s", text_of(&res, "next"));
		drop(&res);
		assert_true(++pages < 100);
	} while (cursor[0] != '\0');
	return pages;
}

static void
pages(void **state)
{
	struct fixture *f = *state;
	char out[1024];

	populate(f);
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"customer.example\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"other-msp\",\"domain\":\"zebra.example\"}");
	for (unsigned n = 1; n < 6; n++) {
		assert_int_equal(walk(f, "partners.list", "", n, "id", out), n == 1 ? 2 : 1);
		assert_string_equal(out, "acme-msp other-msp ");
		assert_int_equal(walk(f, "customers.list", "", n, "partner", out), (4 + n - 1) / n);
		assert_string_equal(out, "acme-msp acme-msp other-msp other-msp ");
		walk(f, "customers.list", ",\"partner\":\"acme-msp\"", n, "domain", out);
		assert_string_equal(out, "- customer.example ");
		walk(f, "contacts.list", "", n, "address", out);
		assert_string_equal(out, "Ann@partner.example joe@freelance.example ");
		walk(f, "contacts.list", ",\"partner\":\"acme-msp\",\"q\":\"JOE@\"", n, "address", out);
		assert_string_equal(out, "joe@freelance.example ");
		walk(f, "contacts.list", ",\"q\":\"an\"", n, "address", out);
		assert_string_equal(out, "Ann@partner.example ");
		walk(f, "contacts.list", ",\"partner\":\"other-msp\"", n, "address", out);
		assert_string_equal(out, "");
		walk(f, "partners.list", ",\"q\":\"OTHER m\"", n, "id", out);
		assert_string_equal(out, "other-msp ");
		walk(f, "partners.list", ",\"status\":\"suspended\"", n, "id", out);
		assert_string_equal(out, "other-msp ");
		walk(f, "direct.list", "", n, "id", out);
		assert_string_equal(out, "big-corp-inc ");
		walk(f, "agents.list", ",\"q\":\"zz\"", n, "address", out);
		assert_string_equal(out, "");
	}
}

/* Export to a sealed file, and import from it. */
static void
sealed_files(void **state)
{
	struct fixture *f = *state;
	static const char *const formats[][2] = { { "csv", "text/csv; charset=utf-8; header=present" }, { "json", "application/json" },
		{ "jsonl", "application/jsonl" } };

	populate(f);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		char args[128];
		struct call_result res, imported = { .status = 200, .fd = -1 };
		struct call_env env = { .registry = f->r, .actor = "x", .now_ms = 1 };
		json_t *empty = json_object();

		snprintf(args, sizeof(args), "{\"query\":{\"format\":\"%s\"}}", formats[i][0]);
		res = call(f, "registry.export", args);
		assert_int_equal(res.status, 200);
		assert_string_equal(res.content_type, formats[i][1]);
		assert_true(strncmp(res.file_name, "registry.", 9) == 0);
		assert_true(res.fd >= 0 && res.size > 100);
		env.body_fd = res.fd;
		env.body_key = res.key;
		env.body_size = res.size;
		find("registry.import")->fn(&env, empty, &imported);
		assert_int_equal(imported.status, 200);
		assert_int_equal(json_integer_value(json_object_get(imported.body, "unchanged")), 8);
		drop(&imported);
		/* With another key it is no file of ours. */
		imported = (struct call_result){ .status = 200, .fd = -1 };
		res.key[0] ^= 1;
		find("registry.import")->fn(&env, empty, &imported);
		assert_int_equal(imported.status, 503);
		drop(&imported);
		drop(&res);
		json_decref(empty);
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_after_the_other),
		T(pages),
		T(sealed_files),
	};

	log_setup("test", LOG_LVL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
