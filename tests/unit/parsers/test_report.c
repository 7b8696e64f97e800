/*
 * test_report.c - report.h over the bytes of parts: forms that real systems write, and what must not be taken for a report.
 * Whole mails stand in tests/corpus (bounce*.eml, read-receipt.eml).
 */
#include "message_help.h"

#include "report.h"

static struct report *fresh(void)
{
	struct report *r = calloc(1, sizeof *r);

	assert_non_null(r);
	return r;
}

static struct report *delivery(const char *text)
{
	struct report *r = fresh();

	report_delivery(r, text, strlen(text));
	assert_int_equal(r->kind, REPORT_DELIVERY);
	return r;
}

static void test_addresses(void **state)
{
	static const struct {
		const char *value, *want;
	} rows[] = {
		{"rfc822; ann@partner.example", "ann@partner.example"},
		{"RFC822;Ann@Partner.Example", "ann@partner.example"},
		{"rfc822; <ann@partner.example>", "ann@partner.example"},
		{"ann@partner.example", "ann@partner.example"},
		{"rfc822 ;\n ann@partner.example", "ann@partner.example"},
		/* xtext: only what must be encoded, so that a sub-address stays one */
		{"rfc822; ann+2Btag@partner.example", "ann+tag@partner.example"},
		{"rfc822; a+3Db@partner.example", "a=b@partner.example"},
		{"rfc822; case+1234.x@support.example", "case+1234.x@support.example"},
		{"rfc822; ann+41@partner.example", "ann+41@partner.example"},
		{"rfc822; ann+2btag@partner.example", "ann+2btag@partner.example"},
		/* RFC 6533 3 */
		{"utf-8; bj\\x{F6}rn@partner.example", "bj\xc3\xb6rn@partner.example"},
		{"utf-8; bj\xc3\xb6rn@partner.example", "bj\xc3\xb6rn@partner.example"},
		{"utf-8; a\\x{D800}b", "a\\x{D800}b"},
		{"utf-8; a\\x{110000}b", "a\\x{110000}b"},
		{"utf-8; a\\x{0000041}b", "a\\x{0000041}b"},
		{"utf-8; a\\x{", "a\\x{"},
		{"rfc822; bj\\x{F6}rn", "bj\\x{F6}rn"},
		/* no address, and no mail address */
		{"rfc822; nobody", "nobody"},
		{"x400; /C=xx/O=partner", ""},
		{"rfc822;", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256];
		struct report *r;

		snprintf(text, sizeof text, "Reporting-MTA: dns; x\n\nFinal-Recipient: %s\nAction: failed\n", rows[i].value);
		r = delivery(text);
		assert_int_equal(r->n, rows[i].want[0] != '\0');
		if (r->n > 0 && strcmp(r->recipients[0].final, rows[i].want) != 0)
			fail_msg("row %zu (%s): '%s'", i, rows[i].value, r->recipients[0].final);
		free(r);
	}
}

static void test_words(void **state)
{
	static const struct {
		const char *action, *status, *want_action, *want_status;
	} rows[] = {
		{"failed", "5.1.1", "failed", "5.1.1"},
		{"Failed (permanently)", "5.1.10 (no such user)", "failed", "5.1.10"},
		{"DELAYED", "4.2.2", "delayed", "4.2.2"},
		{"expanded", "2.0.0", "expanded", "2.0.0"},
		{"relayed", "2.1.9x", "relayed", "2.1.9"},
		{"delivered", "5.1", "delivered", ""},
		{"failing", "5.1.1234", "", ""},
		{"", "1.1.1", "", ""},
		{"lost", "5..1", "", ""},
		{"lost", "5.1.1.1", "", ""},
		{"lost", "55.1.1", "", ""},
		{"lost", ".5.1", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256];
		struct report *r;

		snprintf(text, sizeof text, "Final-Recipient: rfc822;a@b.example\r\naction: %s\r\nSTATUS : %s\r\n", rows[i].action,
		    rows[i].status);
		r = delivery(text);
		assert_int_equal(r->n, 1);
		if (strcmp(r->recipients[0].action, rows[i].want_action) != 0 || strcmp(r->recipients[0].status, rows[i].want_status) != 0)
			fail_msg("row %zu: '%s' '%s'", i, r->recipients[0].action, r->recipients[0].status);
		free(r);
	}
}

/* Empty lines too many or left out; blocks that name nobody; fields of the message behind those of a recipient. */
static void test_blocks(void **state)
{
	struct report *r = delivery("\n\nReporting-MTA: dns; mta.partner.example\n\n\nAction: failed\nStatus: 5.0.0\n\n"
	    "Original-Recipient: rfc822; a@b.example\nFinal-Recipient: rfc822; b@b.example\nStatus: 5.1.1\nStatus: 4.0.0\n"
	    "Final-Recipient: rfc822; c@b.example\n\nno field\n folded\nFinal-Recipient: rfc822; d@b.example");

	(void)state;
	assert_string_equal(r->reporting_mta, "mta.partner.example");
	assert_int_equal(r->n, 3);
	assert_string_equal(r->recipients[0].final, "b@b.example");
	assert_string_equal(r->recipients[0].original, "a@b.example");
	assert_string_equal(r->recipients[0].status, "5.1.1");
	assert_string_equal(r->recipients[1].final, "c@b.example");
	assert_string_equal(r->recipients[1].status, "");
	assert_string_equal(r->recipients[2].final, "d@b.example");
	free(r);
}

static void test_bounds(void **state)
{
	struct buf b;
	struct report *r;

	(void)state;
	buf_init(&b, 1 << 20);
	buf_adds(&b, "Reporting-MTA: dns; x\n");
	for (unsigned i = 0; i < 300; i++)
		buf_addf(&b, "\nFinal-Recipient: rfc822; u%u@b.example\nDiagnostic-Code: smtp; 550 %0900u\n", i, i);
	r = delivery(buf_str(&b));
	assert_int_equal(r->n, REPORT_RECIPIENTS_MAX);
	assert_string_equal(r->recipients[99].final, "u99@b.example");
	assert_int_equal(strlen(r->recipients[0].diagnostic), REPORT_DIAGNOSTIC_MAX);
	free(r);
	buf_free(&b);
}

static void test_message_id(void **state)
{
	static const struct {
		const char *header, *want;
	} rows[] = {
		{"From: a\nMessage-ID: <x@y>\n\nMessage-ID: <body@y>\n", "x@y"},
		{"message-id:\r\n\t<x@y>\r\n", "x@y"},
		{"Message-ID: <x@y> <z@y>\nMessage-ID: <w@y>\n", "x@y"},
		{"Message-ID: x@y\n", ""},
		{"Message-ID: <x y@z>\n", ""},
		{"Message-ID: <x<y@z>\n", ""},
		{"Message-ID: <>\n", ""},
		{"Message-ID: <x@y\n", ""},
		{"X-Message-ID: <x@y>\n", ""},
		{"\nMessage-ID: <x@y>\n", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct report *r = fresh();

		report_original(r, rows[i].header, strlen(rows[i].header));
		if (strcmp(r->original_message_id, rows[i].want) != 0)
			fail_msg("row %zu: '%s'", i, r->original_message_id);
		free(r);
	}
}

static void test_disposition(void **state)
{
	static const char text[] = "Final-Recipient: rfc822; ann@partner.example\nDisposition: automatic-action/MDN-sent-automatically;\n"
	    "  processed/error\nError: cannot read\nOriginal-Message-ID: <x@y>\n";
	struct report *r = fresh();

	(void)state;
	report_disposition(r, text, sizeof text - 1);
	assert_int_equal(r->kind, REPORT_DISPOSITION);
	assert_string_equal(r->disposition, "processed/error");
	assert_string_equal(r->original_message_id, "x@y");
	assert_int_equal(r->n, 1);
	assert_string_equal(r->recipients[0].diagnostic, "cannot read");
	free(r);
}

/* ---- unstructured ---- */

static const char qmail[] = "From: MAILER-DAEMON@mail.partner.example\nTo: bounce@support.example\nSubject: failure notice\n\n"
    "Hi. This is the qmail-send program at mail.partner.example.\nI'm afraid I wasn't able to deliver your message to the\n"
    "following addresses. This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
    "<ann@partner.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
    "<bob@partner.example>:\n192.0.2.25 does not like recipient.\nRemote host said: 550 no\n\n"
    "--- Below this line is a copy of the message.\n\nReturn-Path: <bounce@support.example>\n"
    "Received: (qmail 1 invoked from network)\nMessage-ID: <vg.0005@support.example>\n\n<eve@partner.example>:\ntext\n";
static const char exim[] = "From: Mail Delivery System <Mailer-Daemon@mail.partner.example>\nX-Failed-Recipients: ann@partner.example,\n"
    "  bob@partner.example, no address\nX-Failed-Recipients: carl@partner.example, ann@partner.example\nAuto-Submitted: auto-replied\nSubject: Mail delivery failed: returning message to sender\n\n"
    "This message was created automatically by mail delivery software.\n\n  ann@partner.example\n    unknown user\n\n"
    "------ This is a copy of the message, including all the headers. ------\n\n"
    "From: support@support.example\nMessage-Id: <vg.0006@support.example>\n\nbody\n";

static json_t *report_of(const char *mail, size_t len, bool bounce)
{
	struct parse_source src = {.data = mail, .len = len, .fd = -1};
	struct parse_limits limits = {.bounce = bounce};
	char sender[ADDR_MAX + 1];
	const char *why = NULL;
	struct buf json;
	json_t *m, *r;

	buf_init(&json, MESSAGE_JSON_MAX);
	assert_int_equal(message_parse(&src, &limits, &json, sender), VG_OK);
	m = message_check(json.data, json.len, &why);
	if (m == NULL)
		fail_msg("message_check: %s in %.400s", why, buf_str(&json));
	r = json_incref(json_object_get(m, "report"));
	json_decref(m);
	buf_free(&json);
	return r;
}

static const char *recipient(json_t *r, size_t i, const char *key)
{
	return json_string_value(json_object_get(json_array_get(json_object_get(r, "recipients"), i), key));
}

static void test_qmail(void **state)
{
	json_t *r = report_of(qmail, sizeof qmail - 1, true);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(r, "kind")), "delivery");
	assert_string_equal(json_string_value(json_object_get(r, "original_message_id")), "vg.0005@support.example");
	assert_int_equal(json_array_size(json_object_get(r, "recipients")), 2);
	assert_string_equal(recipient(r, 0, "final"), "ann@partner.example");
	assert_string_equal(recipient(r, 0, "action"), "failed");
	assert_string_equal(recipient(r, 0, "diagnostic"), "Sorry, no mailbox here by that name. (#5.1.1)");
	assert_string_equal(recipient(r, 1, "diagnostic"), "192.0.2.25 does not like recipient. Remote host said: 550 no");
	json_decref(r);
}

static void test_failed_recipients(void **state)
{
	json_t *r = report_of(exim, sizeof exim - 1, true);

	(void)state;
	assert_string_equal(json_string_value(json_object_get(r, "original_message_id")), "vg.0006@support.example");
	assert_int_equal(json_array_size(json_object_get(r, "recipients")), 3);
	assert_string_equal(recipient(r, 0, "final"), "ann@partner.example");
	assert_string_equal(recipient(r, 1, "final"), "bob@partner.example");
	assert_string_equal(recipient(r, 2, "final"), "carl@partner.example");
	json_decref(r);
}

/* Without the null path anybody can write such texts; a forwarded report is an attachment; a feedback report is another. */
static void test_no_reports(void **state)
{
	static const char inner[] = "From: ann@partner.example\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\nsee\n--x\n"
	    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; x\n\nFinal-Recipient: rfc822; a@b.example\n--x--\n";
	static const char feedback[] = "From: ann@partner.example\nContent-Type: multipart/report; report-type=feedback-report; boundary=x\n"
	    "\n--x\n\nsee\n--x\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--x\nContent-Type: message/rfc822\n\n"
	    "Message-ID: <x@y>\n\n--x--\n";

	(void)state;
	assert_null(report_of(qmail, sizeof qmail - 1, false));
	assert_null(report_of(exim, sizeof exim - 1, false));
	assert_null(report_of(inner, sizeof inner - 1, false));
	assert_null(report_of(inner, sizeof inner - 1, true));
	assert_null(report_of(feedback, sizeof feedback - 1, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_addresses), cmocka_unit_test(test_words), cmocka_unit_test(test_blocks), cmocka_unit_test(test_bounds),
	    cmocka_unit_test(test_message_id), cmocka_unit_test(test_disposition), cmocka_unit_test(test_qmail),
	    cmocka_unit_test(test_failed_recipients), cmocka_unit_test(test_no_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
