/*
 * Who may command what by mail, and what follows from a mail's commands.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "commands.h"

static struct command_plan plan;

static void
plan_of(const char *commands, const char *text, enum participant_role role, bool trusted)
{
	json_t *list = json_loads(commands, 0, NULL);

	assert_non_null(list);
	commands_plan(&plan, list, text, role, trusted);
	json_decref(list);
}

static void
the_authority_table(void **state)
{
	static const struct {
		const char *name, *roles; /* c contact, a agent; o observer, u customer, h holder never */
	} cases[] = { { "severity", "ca" }, { "customer.add", "ca" }, { "customer.confirm", "c" }, { "customer.remove", "ca" },
		{ "close", "ca" }, { "note", "ca" }, { "public", "ca" } };
	static const struct {
		enum participant_role role;
		char letter;
	} roles[] = { { PART_CONTACT, 'c' }, { PART_AGENT, 'a' }, { PART_OBSERVER, 'o' }, { PART_CUSTOMER, 'u' }, { PART_HOLDER, 'h' },
		{ PART_NONE, 'n' } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t k = 0; k < sizeof(roles) / sizeof(roles[0]); k++)
			assert_int_equal(command_allowed(command_of(cases[i].name), roles[k].role),
			    strchr(cases[i].roles, roles[k].letter) != NULL);
	assert_int_equal(command_of("case-admin"), COMMAND_NONE);
	assert_false(command_allowed(COMMAND_NONE, PART_CONTACT));
	assert_true(command_field_allowed("severity", PART_CONTACT) && command_field_allowed("severity", PART_HOLDER));
	assert_false(command_field_allowed("severity", PART_CUSTOMER) || command_field_allowed("reference", PART_OBSERVER));
}

static void
a_contacts_commands_become_a_plan(void **state)
{
	(void)state;
	plan_of("[{\"name\":\"severity\",\"argument\":\"2\"},{\"name\":\"customer.add\",\"argument\":\"Bob@Cust.Example\"},"
	        "{\"name\":\"customer.remove\",\"argument\":\"old@cust.example\"},{\"name\":\"close\",\"argument\":\"\"},"
	        "{\"name\":\"note\",\"argument\":\"x\"},{\"name\":\"public\",\"argument\":\"\"}]", "", PART_CONTACT, true);
	assert_int_equal(plan.severity, 2);
	assert_true(plan.close && plan.note && plan.open);
	assert_int_equal(plan.n_customers, 2);
	assert_int_equal(plan.customers[0].what, PEOPLE_ADD);
	assert_string_equal(plan.customers[0].address, "bob@cust.example");
	assert_int_equal(plan.customers[1].what, PEOPLE_REMOVE);
	assert_int_equal(plan.n_problems, 0);
}

static void
a_customers_commands_are_text(void **state)
{
	(void)state;
	plan_of("[{\"name\":\"severity\",\"argument\":\"1\"},{\"name\":\"close\",\"argument\":\"\"},{\"name\":\"customer.add\","
	        "\"argument\":\"eve@x.example\"}]", "#open\n", PART_CUSTOMER, true);
	assert_true(plan.severity == 0 && !plan.close && plan.n_customers == 0 && plan.n_problems == 0);
}

static void
refused_and_unknown_ones_are_told(void **state)
{
	static const struct {
		const char *commands, *text;
		enum participant_role role;
		bool trusted;
		const char *code; /* of the only problem, NULL none */
	} cases[] = {
		{ "[{\"name\":\"close\",\"argument\":\"\"}]", "", PART_OBSERVER, true, "command.refused" },
		{ "[{\"name\":\"close\",\"argument\":\"\"}]", "", PART_HOLDER, true, "command.refused" },
		{ "[{\"name\":\"close\",\"argument\":\"\"}]", "", PART_CONTACT, false, "command.refused" },
		{ "[{\"name\":\"customer.confirm\",\"argument\":\"a@b.example\"}]", "", PART_AGENT, true, "command.refused" },
		{ "[{\"name\":\"severity\",\"argument\":\"7\"}]", "", PART_CONTACT, true, "command.refused" },
		{ "[{\"name\":\"customer.add\",\"argument\":\"nobody\"}]", "", PART_CONTACT, true, "command.refused" },
		{ "[{\"name\":\"escalate\",\"argument\":\"\"}]", "", PART_CONTACT, true, "command.unknown" },
		{ "[]", "hello\n  #escalate now\n", PART_CONTACT, true, "command.unknown" },
		{ "[]", "#escalate", PART_AGENT, true, "command.unknown" },
		{ "[]", "#case-admin bob@cust.example\n", PART_CONTACT, true, "command.case-admin" },
		{ "[{\"name\":\"case-admin\",\"argument\":\"\"}]", "", PART_CONTACT, true, "command.case-admin" },
		{ "[]", "# heading\n#12\n#1a\na #tag\n#severity 1\n#customer add a@b.example\n##x\n#a_b\n", PART_CONTACT, true, NULL },
		{ "[]", "#escalate\n", PART_OBSERVER, true, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		plan_of(cases[i].commands, cases[i].text, cases[i].role, cases[i].trusted);
		if (plan.n_problems != (cases[i].code != NULL ? 1 : 0) ||
		    (cases[i].code != NULL && strcmp(plan.problems[0].code, cases[i].code) != 0))
			fail_msg("case %zu: %u problems, first %s", i, plan.n_problems, plan.n_problems > 0 ? plan.problems[0].code : "-");
		assert_true(plan.severity == 0 && !plan.close && plan.n_customers == 0);
	}
	plan_of("[]", "#case-admin bob@cust.example\n", PART_CONTACT, true);
	assert_non_null(strstr(plan.problems[0].detail, "registry"));
	assert_non_null(strstr(plan.problems[0].detail, "customer cannot be one"));
}

static void
counts_are_bounded(void **state)
{
	json_t *list = json_array();

	(void)state;
	for (unsigned i = 0; i < 200; i++) {
		json_array_append_new(list, json_pack("{s:s,s:s}", "name", "customer.add", "argument", "a@b.example"));
		json_array_append_new(list, json_pack("{s:s,s:s}", "name", "nonsense", "argument", ""));
	}
	json_array_append_new(list, json_integer(3));
	commands_plan(&plan, list, NULL, PART_CONTACT, true);
	json_decref(list);
	assert_int_equal(plan.n_customers, COMMANDS_CUSTOMERS);
	assert_int_equal(plan.n_problems, COMMANDS_PROBLEMS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_authority_table),
		cmocka_unit_test(a_contacts_commands_become_a_plan),
		cmocka_unit_test(a_customers_commands_are_text),
		cmocka_unit_test(refused_and_unknown_ones_are_told),
		cmocka_unit_test(counts_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
