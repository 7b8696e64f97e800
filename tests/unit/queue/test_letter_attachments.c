/*
 * test_letter_attachments.c - which files go along with which letter.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "err.h"
#include "letter_attachments.h"

#define A(id, name, size, kind, more) \
	"{\"id\":\"" id "\",\"name\":\"" name "\",\"size\":" size ",\"kind\":\"" kind "\",\"content_type\":\"t/" id "\"" more "}"
#define LOG A("a1", "x.log", "100", "log", "")
#define ZIP A("a2", "x.zip", "200", "archive", ",\"entries\":[{\"path\":\"b.log\",\"kind\":\"log\"}]")
#define LOGO A("a3", "logo.png", "10", "signature", "")
#define MAIL A("a4", "RE_ secret.eml", "50", "message", "")
#define MAILS A("a5", "mails.zip", "60", "archive", ",\"entries\":[{\"path\":\"a.log\",\"kind\":\"log\"},{\"path\":\"b.eml\",\"kind\":\"message\"}]")
#define DATE A("a6", "invite.ics", "70", "calendar", "")
#define BOMB A("a7", "bomb.zip", "80", "archive", ",\"problems\":[\"encrypted\",\"bomb\"]")
#define SLIP A("a8", "slip.zip", "80", "archive", ",\"problems\":[\"unsafe-path\"]")

static const struct {
	const char *what, *list;
	enum letter_kind kind;
	enum participant_role role;
	uint64_t max;
	const char *ids, *named; /* those that go; all names, `!` behind those that are too large */
} cases[] = {
	{ "a contact gets a copy", "[" LOG "," ZIP "," LOGO "]", LETTER_RELAY, PART_CONTACT, 1000, "a1 a2", "x.log x.zip " },
	{ "an answer too", "[" ZIP "]", LETTER_REPLY, PART_CUSTOMER, 1000, "a2", "x.zip " },
	{ "agents too", "[" ZIP "," MAIL "]", LETTER_AGENT, PART_AGENT, 1000, "a2 a4", "x.zip RE_ secret.eml " },
	{ "an acknowledgement carries none", "[" LOG "]", LETTER_ACK, PART_CONTACT, 1000, "", "x.log " },
	{ "nor does a notice", "[" LOG "]", LETTER_JOINED, PART_CUSTOMER, 1000, "", "x.log " },
	{ "just as much as may be", "[" LOG "," ZIP "]", LETTER_RELAY, PART_CONTACT, 300, "a1 a2", "x.log x.zip " },
	{ "what is beyond is named, smaller ones still go", "[" ZIP "," LOG "]", LETTER_RELAY, PART_CONTACT, 199, "a1", "x.zip! x.log " },
	{ "together they are too much", "[" LOG "," ZIP "]", LETTER_RELAY, PART_CONTACT, 299, "a1", "x.log x.zip! " },
	{ "none at all", "[" LOG "]", LETTER_RELAY, PART_CONTACT, 0, "", "x.log! " },
	{ "customers get no mails, nor their names (T5)", "[" MAIL "," MAILS "," DATE "," LOG "]", LETTER_RELAY, PART_CUSTOMER, 1000, "a1",
	    "an attached message an attached message an attached message x.log " },
	{ "others do", "[" MAIL "," MAILS "," DATE "]", LETTER_RELAY, PART_OBSERVER, 1000, "a4 a5 a6", "RE_ secret.eml mails.zip invite.ics " },
	{ "traps stay here", "[" BOMB "," SLIP "," LOG "]", LETTER_RELAY, PART_CONTACT, 1000, "a1", "bomb.zip slip.zip x.log " },
	{ "nothing", "[]", LETTER_RELAY, PART_CONTACT, 1000, "", "" },
	{ "no list", "null", LETTER_RELAY, PART_CONTACT, 1000, "", "" },
};

static void
names(char *out, json_t *list)
{
	json_t *a;
	size_t i;

	*out = '\0';
	json_array_foreach(list, i, a)
	{
		size_t n = strlen(out);

		const char *type = json_string_value(json_object_get(a, "type")), *id = json_string_value(json_object_get(a, "id"));

		snprintf(out + n, 1000 - n, "%s%s ", json_string_value(json_object_get(a, "name")), json_is_true(json_object_get(a, "large")) ? "!" : "");
		assert_true((type == NULL) == (id == NULL));
		if (type != NULL)
			assert_string_equal(type + 2, id);
	}
}

static void
chosen(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		json_t *list = json_loads(cases[i].list, JSON_DECODE_ANY, NULL), *got, *letter;
		char named[1000], *text;
		struct buf ids;

		assert_non_null(list);
		got = letter_attachments(list, cases[i].kind, cases[i].role, cases[i].max);
		names(named, got);
		letter = json_pack("{s:o}", "attachments", got);
		text = json_dumps(letter, 0);
		buf_init(&ids, 1000);
		assert_int_equal(letter_attachments_ids(text, &ids), VG_OK);
		if (strcmp(named, cases[i].named) != 0 || strcmp(buf_str(&ids), cases[i].ids) != 0)
			fail_msg("%s: %s (%s)", cases[i].what, named, buf_str(&ids));
		buf_free(&ids);
		free(text);
		json_decref(letter);
		json_decref(list);
	}
}

/* A letter that was queued before files went along, or none at all. */
static void
old_letters_have_none(void **state)
{
	struct buf ids;

	(void)state;
	buf_init(&ids, 100);
	assert_int_equal(letter_attachments_ids("{\"attachments\":[{\"name\":\"x\",\"size\":1}]}", &ids), VG_OK);
	assert_int_equal(letter_attachments_ids("{}", &ids), VG_OK);
	assert_int_equal(letter_attachments_ids("no JSON", &ids), VG_OK);
	assert_int_equal(ids.len, 0);
	buf_free(&ids);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(chosen), cmocka_unit_test(old_letters_have_none) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
