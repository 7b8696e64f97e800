/*
 * test_fields.c - fields, commands, severity, product, version, triage, and what is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "completeness.h"
#include "extract_help.h"
#include "fields.h"

static char *dump(const json_t *j)
{
	return json_dumps(j, JSON_COMPACT | JSON_SORT_KEYS);
}

static const struct log_facts vbr_logs = {.product = "Veeam Backup & Replication", .version = "12.1.2.172"};

static const struct {
	const char *subject, *body;
	const struct log_facts *facts;
	const char *fields;
} fields_rows[] = {
    {"Backup fails",
        "Product: VBR\nVersion: 12.1.2.172\nSeverity: 2\nCustomer: Acme GmbH\nJob: Backup Job 1\nError: x y\n"
        "Support-ID: 0123\nReference: ACME-77\nTriage: restarted proxy\nchecked the ports\n\nHello",
        NULL,
        "{\"customer\":\"Acme GmbH\",\"error\":\"x y\",\"job\":\"Backup Job 1\",\"product\":\"Veeam Backup & Replication\","
        "\"reference\":\"ACME-77\",\"release\":\"12.1.2\",\"severity\":2,\"support_id\":\"0123\",\"triage\":\"restarted proxy\\nchecked the ports\","
        "\"version\":\"12.1.2.172\"}"},
    {"x", "Hello team,\n\nPRODUCT : Veeam ONE 12\n\nSeverity: Sev 1 - urgent\n\nProse. Version: 9\n", NULL,
        "{\"product\":\"Veeam ONE\",\"severity\":1,\"version\":\"12\"}"},
    /* not at the start, not ours */
    {"x", "Our monitor sent this.\nSeverity: 1\nProduct: Veeam ONE\n", NULL, "{\"product\":\"Veeam ONE\"}"},
    {"x", "Severity: 7\n", NULL, "{}"},
    {"x", "Severity: 12\n", NULL, "{}"},
    {"x", "Severity: 1.5\nSeverity: 3\n", NULL, "{\"severity\":3}"},
    {"x", "Severity: critical\n", NULL, "{\"severity\":1}"},
    {"Re: [Sev 2] down", "text", NULL, "{\"severity\":2}"},
    {"[#12] [SEV1] down", "Severity: 4\n", NULL, "{\"severity\":4}"},
    {"[Severity: 3]", "", NULL, "{\"severity\":3}"},
    {"[several] [sev x] [sev 9] [sev", "", NULL, "{}"},
    {"x", "#severity 1\n", NULL, "{\"severity\":1}"},
    /* as lists, bold print and other tongues leave it */
    {"x", "* Product: VBR\n\342\200\242 Version: 12.1\n- Job: Daily\n\n", NULL,
        "{\"job\":\"Daily\",\"product\":\"Veeam Backup & Replication\",\"version\":\"12.1\"}"},
    {"x", "**Product:** VBR\n*Veeam Version*: 12.1\n_Kunde_: Acme\n", NULL,
        "{\"customer\":\"Acme\",\"product\":\"Veeam Backup & Replication\",\"version\":\"12.1\"}"},
    {"x", "Priority: High\n", NULL, "{\"severity_hint\":\"Priority: High\"}"},
    /* unknown labels do not end the block */
    {"x", "Phone: 123\nJob: J\n", NULL, "{\"job\":\"J\"}"},
    /* logs and prose */
    {"x", "The backup does not run.\n", &vbr_logs, "{\"product\":\"Veeam Backup & Replication\",\"release\":\"12.1.2\",\"version\":\"12.1.2.172\"}"},
    {"VBR 12.1 job fails", "x", &vbr_logs, "{\"product\":\"Veeam Backup & Replication\",\"release\":\"12.1.2\",\"version\":\"12.1.2.172\"}"},
    {"x", "We use Veeam Backup for Microsoft 365 v8 here\n", &vbr_logs,
        "{\"product\":\"Veeam Backup for Microsoft 365\",\"version\":\"v8\"}"},
    {"x", "Product: vbr\nVersion: 11a\n", &vbr_logs, "{\"product\":\"Veeam Backup & Replication\",\"version\":\"11a\"}"},
    {"Cloud Connect tenant", "version 12.3 of Veeam Cloud Connect\n", NULL, "{\"product\":\"Veeam Cloud Connect\",\"version\":\"12.3\"}"},
    {"x", "Product: Something Else\n", NULL, "{\"product\":\"Something Else\"}"},
    {"VBR jobs hang", "We are on version 12.1 (build 12.1.2.172).\n", NULL,
        "{\"product\":\"Veeam Backup & Replication\",\"release\":\"12.1.2\",\"version\":\"12.1.2.172\"}"},
    {"x", "Version: 11.0.1.1261 P20230227\n", NULL,
        "{\"product\":\"Veeam Backup & Replication\",\"release\":\"11a P20230227\",\"version\":\"11.0.1.1261 P20230227\"}"},
    /* words of urgency are a hint, the strongest; they never set a severity, and one that is set needs no hint */
    {"URGENT: help", "Our production is down since 2 am.\n", NULL, "{\"severity_hint\":\"production is down\"}"},
    {"x", "Bitte dringend um R\303\274ckruf, Priorit\303\244t 1\n", NULL, "{\"severity_hint\":\"Priorit\303\244t 1\"}"},
    {"Urgente", "", NULL, "{\"severity_hint\":\"Urgente\"}"},
    {"\346\200\245 \350\207\263\346\200\245", "", NULL, "{\"severity_hint\":\"\350\207\263\346\200\245\"}"},
    {"x", "It is asap, but critical to us\n", NULL, "{\"severity_hint\":\"critical\"}"},
    {"x", "This is not urgent. No data loss. Es ist nicht mehr dringend.\n", NULL, "{}"},
    {"x", "We installed the critical update; [Critical] 0, critical: 1\n", NULL, "{}"},
    {"x", "urgently-needed? The insurgents asapx\n", NULL, "{\"severity_hint\":\"urgently\"}"},
    {"[URGENT] help", "", NULL, "{\"severity_hint\":\"URGENT\"}"}, {"x", "urgente: no va\n", NULL, "{\"severity_hint\":\"urgente\"}"},
    {"urgent", "Severity: 3\n", NULL, "{\"severity\":3}"},
    /* triage in prose, or in a line of its own further down; what else stands there is prose */
    {"x", "Hi,\n\nthe agent stops at 99 %.\n\nTriage: other port, same result\nnew certificate\nSeverity: 1\n\nAnn\n", NULL,
        "{\"triage\":\"other port, same result\\nnew certificate\"}"},
    {"x", "The agent stops.\n\nTriage:\n\nnone yet\n", NULL, "{}"},
    {"x", "The job fails. We have already restarted the proxy. Can you help?\n", NULL,
        "{\"triage\":\"We have already restarted the proxy.\"}"},
    {"x", "Steps taken:\n- rebooted host\n- checked ports\n\nRegards\n", NULL,
        "{\"triage\":\"- rebooted host\\n- checked ports\"}"},
    {"x", "It fails each night.\nSteps taken so far:\n\n- rebooted host\n- checked ports\n\nRegards\n", NULL,
        "{\"triage\":\"Steps taken so far:\\n- rebooted host\\n- checked ports\"}"},
    {"x", "A reboot did not help.\n", NULL, "{\"triage\":\"A reboot did not help.\"}"},
    {"x", "Have you checked this? We should have restarted it. We have not tried anything.\n", NULL, "{}"},
    {"x", "I have a question. We run it daily. We run v12.\n", NULL, "{}"},
    {"x", "Our Veeam 12.1 hangs.\n", NULL, "{\"version\":\"12.1\"}"},
    {"x", "Hallo,\n\nwir haben den Proxy bereits neu gestartet. Leider ohne Erfolg. Sollen wir neu installieren?\n", NULL,
        "{\"triage\":\"wir haben den Proxy bereits neu gestartet.\\nLeider ohne Erfolg.\"}"},
    {"x", "Die Ports wurden \303\274berpr\303\274ft.\n", NULL, "{\"triage\":\"Die Ports wurden \303\274berpr\303\274ft.\"}"},
    {"x", "Nous avons d\303\251j\303\240 red\303\251marr\303\251 le serveur.\n", NULL,
        "{\"triage\":\"Nous avons d\303\251j\303\240 red\303\251marr\303\251 le serveur.\"}"},
    {"x", "Hemos reiniciado el servidor sin \303\251xito.\n", NULL, "{\"triage\":\"Hemos reiniciado el servidor sin \303\251xito.\"}"},
    {"x", "Wir haben ein Problem. K\303\266nnen Sie helfen?\n", NULL, "{}"},
    {"x", "We have run it again.\n", NULL, "{\"triage\":\"We have run it again.\"}"},
    {"", "", NULL, "{}"},
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(fields_rows) / sizeof(fields_rows[0]); i++) {
		struct fields f;
		char *got;

		assert_int_equal(fields_read(&f, fields_rows[i].subject, fields_rows[i].body, strlen(fields_rows[i].body), fields_rows[i].facts), 0);
		got = dump(f.fields);
		if (strcmp(got, fields_rows[i].fields) != 0)
			fail_msg("row %zu: %s\n%s", i, fields_rows[i].body, got);
		free(got);
		fields_free(&f);
	}
}

static void test_commands(void **state)
{
	static const struct {
		const char *body, *commands, *unknown;
	} rows[] = {
	    {"#severity 1\n", "[{\"argument\":\"1\",\"name\":\"severity\"}]", "[]"},
	    {"#customer add bob@acme.example\n  #Customer Remove <eve@acme.example>\n#customer confirm c@acme.example",
	        "[{\"argument\":\"bob@acme.example\",\"name\":\"customer.add\"},{\"argument\":\"eve@acme.example\",\"name\":"
	        "\"customer.remove\"},{\"argument\":\"c@acme.example\",\"name\":\"customer.confirm\"}]",
	        "[]"},
	    {"#close\n#note look here\n#public\n",
	        "[{\"argument\":\"\",\"name\":\"close\"},{\"argument\":\"look here\",\"name\":\"note\"},{\"argument\":\"\",\"name\":"
	        "\"public\"}]",
	        "[]"},
	    {"#severity 9\n#severity\n#customer add\n#customer add not-an-address\n#close the window\n#escalate now\n", "[]",
	        "[\"#severity\",\"#severity\",\"#customer\",\"#customer\",\"#close\",\"#escalate\"]"},
	    {"# heading\n#12\n## two\ntext #close\n#!sh\n> #close\n#\n", "[]", "[]"},
	};
	char many[5000] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fields f;
		char *commands, *unknown;

		assert_int_equal(fields_read(&f, "", rows[i].body, strlen(rows[i].body), NULL), 0);
		commands = dump(f.commands);
		unknown = dump(f.unknown);
		assert_string_equal(commands, rows[i].commands);
		assert_string_equal(unknown, rows[i].unknown);
		free(commands);
		free(unknown);
		fields_free(&f);
	}
	for (size_t i = 0; i < 200; i++)
		memcpy(many + 10 * i, "#close\n#x\n", 11);
	struct fields f;

	assert_int_equal(fields_read(&f, "", many, strlen(many), NULL), 0);
	assert_int_equal(json_array_size(f.commands), 50);
	assert_int_equal(json_array_size(f.unknown), 50);
	fields_free(&f);
}

/* Any bytes give valid UTF-8 within the bounds. */
static void test_hostile(void **state)
{
	struct fields f;
	size_t len = 200000;
	char *body = malloc(len);

	(void)state;
	memset(body, 's', len);
	memcpy(body, "Severity: severityseverity", 26);
	assert_int_equal(fields_read(&f, "\xff[sev", body, len, NULL), 0);
	fields_free(&f);
	memset(body, 0xE4, len);
	memcpy(body, "Triage: ", 8);
	assert_int_equal(fields_read(&f, "", body, len, NULL), 0);
	assert_true(json_string_length(json_object_get(f.fields, "triage")) <= 4000);
	fields_free(&f);
	memcpy(body, "Customer:", 9);
	assert_int_equal(fields_read(&f, "", body, len, NULL), 0);
	assert_true(json_string_length(json_object_get(f.fields, "customer")) <= 998);
	fields_free(&f);
	free(body);
}

static void test_completeness(void **state)
{
	static const struct {
		const char *attachments, *errors, *fields, *expect;
	} rows[] = {
	    {"[]", "[]", "{}",
	        "{\"error\":false,\"logs\":false,\"missing\":[\"logs\",\"error\",\"product\",\"version\",\"triage\"],"
	        "\"product\":false,\"triage\":false,\"version\":false}"},
	    {"[{\"kind\":\"archive\"},{\"kind\":\"log-archive\"}]", "[{\"severity\":\"error\"}]",
	        "{\"product\":\"p\",\"version\":\"1\",\"triage\":\"t\"}",
	        "{\"error\":true,\"logs\":true,\"missing\":[],\"product\":true,\"triage\":true,\"version\":true}"},
	    {"[{\"kind\":\"screenshot\"}]", "[{\"severity\":\"warning\"}]", "{\"product\":\"\",\"version\":\"1\"}",
	        "{\"error\":false,\"logs\":false,\"missing\":[\"logs\",\"error\",\"product\",\"triage\"],"
	        "\"product\":false,\"triage\":false,\"version\":true}"},
	    {"[{\"kind\":\"log\"}]", "[]", "{\"error\":\"x\"}",
	        "{\"error\":true,\"logs\":true,\"missing\":[\"product\",\"version\",\"triage\"],"
	        "\"product\":false,\"triage\":false,\"version\":false}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *a = json_loads(rows[i].attachments, 0, NULL), *e = json_loads(rows[i].errors, 0, NULL);
		json_t *f = json_loads(rows[i].fields, 0, NULL), *got = completeness_json(a, e, f);
		char *text = dump(got);

		assert_string_equal(text, rows[i].expect);
		free(text);
		json_decref(a);
		json_decref(e);
		json_decref(f);
		json_decref(got);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fields), cmocka_unit_test(test_commands),
	    cmocka_unit_test(test_hostile), cmocka_unit_test(test_completeness)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
