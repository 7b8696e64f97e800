/*
 * test_dialog_text.c - lines with boxes as the recogniser gave them for real pictures, misread icons included; and hostile
 * ones. What they say, and which errors are in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "dialog_chrome.h"
#include "dialog_text.h"
#include "err.h"

struct shown {
	const char *text;
	int x, y, w, h, confidence;
};
#define SHOWN_MAX 40

struct row {
	const char *name;
	int width, height;
	struct shown lines[SHOWN_MAX];
	const char *title, *text, *error; /* error NULL: none */
};

static const struct row rows[] = {
	{"a message box of the product", 430, 190,
	    {{"Veeam Backup and Replication\n", 9, 8, 166, 11, 94},
	        {"Failed to connect to guest agent. Errors:\n", 68, 51, 211, 11, 96},
	        {"x\n", 19, 47, 33, 33, 46},
	        {"\xe2\x80\x98" "Cannot connect to the host\xe2\x80\x99s administrative share.\n", 68, 67, 267, 9, 88},
	        {"Host: [sql01.example.com]. Account: [CORP\\backup]\n", 68, 83, 279, 11, 91},
	        {"The network path was not found.\n", 67, 99, 173, 11, 96},
	        {"Code: 53\n", 68, 115, 48, 9, 95},
	        {"OK", 364, 162, 17, 9, 96}},
	    "Veeam Backup and Replication",
	    "Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share. "
	    "Host: [sql01.example.com]. Account: [CORP\\backup] The network path was not found. Code: 53\n",
	    "Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share. "
	    "Host: [sql01.example.com]. Account: [CORP\\backup] The network path was not found. Code: 53"},
	{"paragraphs stay apart", 430, 200,
	    {{"Services", 10, 8, 45, 9, 95},
	        {"Windows could not start the Veeam Backup Service service on", 67, 51, 332, 11, 95},
	        {"Local Computer.", 68, 67, 85, 11, 96},
	        {"Error 1053: The service did not respond to the start or control", 68, 99, 323, 11, 96},
	        {"request in a timely fashion.", 68, 115, 140, 11, 94},
	        {"OK", 364, 172, 17, 9, 96}},
	    "Services",
	    "Windows could not start the Veeam Backup Service service on Local Computer.\n"
	    "Error 1053: The service did not respond to the start or control request in a timely fashion.\n",
	    "Error 1053: The service did not respond to the start or control request in a timely fashion."},
	{"another language: the title tells", 460, 160,
	    {{"Fehler", 10, 8, 33, 9, 96},
	        {"Der Dienst \"Veeam Backup Service\" konnte nicht gestartet werden.", 68, 51, 354, 11, 92},
	        {"x", 19, 47, 33, 33, 46},
	        {"Zugriff verweigert.", 67, 67, 235, 11, 74},
	        {"Wiederholen", 278, 132, 67, 9, 91},
	        {"Abbrechen", 373, 132, 57, 9, 93}},
	    "Fehler", "Der Dienst \"Veeam Backup Service\" konnte nicht gestartet werden. Zugriff verweigert.\n",
	    "Der Dienst \"Veeam Backup Service\" konnte nicht gestartet werden. Zugriff verweigert."},
	{"another language: the code tells", 460, 160,
	    {{"Veeam Backup and Replication", 10, 8, 133, 9, 96},
	        {"Zugriff auf den Host verweigert (Fehlercode 0x80070005).", 67, 67, 335, 11, 74}},
	    "Veeam Backup and Replication", "Zugriff auf den Host verweigert (Fehlercode 0x80070005).\n",
	    "Zugriff auf den Host verweigert (Fehlercode 0x80070005)."},
	{"a question is no error", 430, 150,
	    {{"Veeam Backup and Replication", 9, 8, 166, 11, 94},
	        {"The configuration was saved successfully.", 67, 51, 222, 11, 96},
	        {"Do you want to run the job now?", 68, 67, 170, 11, 96},
	        {"Yes", 273, 122, 19, 9, 96},
	        {"No", 365, 122, 14, 9, 96}},
	    "Veeam Backup and Replication", "The configuration was saved successfully. Do you want to run the job now?\n", NULL},
	{"a console", 760, 230,
	    {{"PS C:\\Users\\admin> Get-VBRBackupSession -Name \"Daily\"", 6, 7, 380, 13, 89},
	        {"Get-VBRBackupSession", 6, 25, 143, 13, 82},
	        {"Failed to connect to Veeam Backup & Replication server: No", 172, 25, 417, 13, 94},
	        {"connection could be made because the target machine actively refused it 192.0.2.15:9392", 6, 43, 626, 13, 95},
	        {"At line:1 char:1", 5, 61, 114, 10, 90},
	        {"+ Get-VBRBackupSession -Name \"Daily\"", 6, 79, 258, 13, 88},
	        {"+-~", 6, 99, 20, 9, 48}},
	    "",
	    "PS C:\\Users\\admin> Get-VBRBackupSession -Name \"Daily\"\n"
	    "Get-VBRBackupSession Failed to connect to Veeam Backup & Replication server: No connection could be made because the "
	    "target machine actively refused it 192.0.2.15:9392\n"
	    "At line:1 char:1\n+ Get-VBRBackupSession -Name \"Daily\"\n",
	    "Failed to connect to Veeam Backup & Replication server: No connection could be made because the target machine "
	    "actively refused it 192.0.2.15:9392"},
	{"rows of a job's window, wrapped once", 820, 420,
	    {{"Backup Job SQL-Daily (Incremental)", 10, 8, 194, 11, 80},
	        {"Job progress:", 15, 41, 71, 11, 96},
	        {"100%", 770, 41, 29, 9, 96},
	        {"Processing rate:", 16, 111, 84, 11, 96},
	        {"Bottleneck:", 16, 129, 57, 9, 96},
	        {"Job started at 11/23/2026 10:00:04 PM", 219, 193, 206, 9, 96},
	        {"sql01", 15, 193, 28, 11, 90},
	        {"Failed", 120, 193, 31, 9, 96},
	        {"Building list of machines to process", 220, 213, 186, 11, 96},
	        {"0:00:08", 755, 213, 39, 9, 96},
	        {"Queued for processing at 11/23/2026 10:00:31 PM", 220, 233, 268, 11, 95},
	        {"Processing sql01 Error: Failed to connect to guest agent. Errors:", 220, 253, 339, 11, 94},
	        {"0:03:51", 755, 253, 39, 9, 95},
	        {"'Cannot connect to the host's administrative share. Host: [sql01.example.com].", 220, 273, 411, 11, 91},
	        {"The network path was not found. Code: 53", 219, 293, 225, 11, 96},
	        {"Job finished with error at 11/23/2026 10:04:16 PM", 219, 313, 264, 9, 95},
	        {"Hide Details", 16, 387, 64, 9, 96},
	        {"Close", 748, 387, 30, 9, 96}},
	    "Backup Job SQL-Daily (Incremental)",
	    "Processing rate:\nBottleneck:\nFailed\nJob started at 11/23/2026 10:00:04 PM\nBuilding list of machines to process\n"
	    "Queued for processing at 11/23/2026 10:00:31 PM\n"
	    "Processing sql01 Error: Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share. "
	    "Host: [sql01.example.com]. The network path was not found. Code: 53\n"
	    "Job finished with error at 11/23/2026 10:04:16 PM\nsql01\n",
	    "Processing sql01 Error: Failed to connect to guest agent. Errors: 'Cannot connect to the host's administrative share. "
	    "Host: [sql01.example.com]. The network path was not found. Code: 53"},
	{"a whole screen: the dialogue is found, a navigation item Failed tells nothing", 1280, 720,
	    {{"Veeam Backup and Replication", 69, 47, 166, 11, 94},
	        {"Home", 76, 75, 30, 9, 95}, {"View", 135, 75, 26, 9, 96}, {"Help", 256, 75, 23, 11, 96},
	        {"Daily-SQL", 320, 131, 53, 11, 90}, {"Stopped", 660, 131, 43, 11, 96},
	        {"Failed", 84, 263, 31, 9, 96},
	        {"Veeam Backup and Replication", 439, 258, 166, 11, 94},
	        {"Unable to open the backup file. Error: The process cannot", 498, 301, 306, 11, 96},
	        {"@", 450, 298, 32, 32, 21},
	        {"access the file because it is being used by another process.", 498, 317, 312, 11, 96},
	        {"OK", 794, 392, 17, 9, 96},
	        {"10:42 AM", 1201, 686, 42, 8, 78}, {"Tyt", 20, 694, 14, 10, 0}, {"11/24/2026", 1197, 702, 48, 8, 75}},
	    "Veeam Backup and Replication",
	    "Daily-SQL\nStopped\nVeeam Backup and Replication\nFailed\n"
	    "Unable to open the backup file. Error: The process cannot access the file because it is being used by another process.\n",
	    "Unable to open the backup file. Error: The process cannot access the file because it is being used by another process."},
	{"a screen where nothing failed", 1280, 720,
	    {{"Veeam Backup and Replication", 69, 47, 166, 11, 94},
	        {"Warning", 83, 241, 44, 11, 96}, {"Failed", 84, 263, 31, 9, 96},
	        {"The last job ran without anything to tell of", 320, 331, 253, 11, 90}},
	    "Veeam Backup and Replication", "Warning\nFailed\nThe last job ran without anything to tell of\n", NULL},
	{"a dialogue called Error within a picture", 900, 500,
	    {{"Some application with a window", 20, 60, 180, 11, 94},
	        {"Error", 300, 200, 30, 11, 96},
	        {"Das Kennwort dieses Kontos ist abgelaufen", 340, 240, 260, 11, 90}},
	    "Some application with a window", "Error\nDas Kennwort dieses Kontos ist abgelaufen\n",
	    "Das Kennwort dieses Kontos ist abgelaufen"},
	{"a notice on a dark ground: what goes on in lower case was wrapped", 380, 120,
	    {{"Veeam Agent", 16, 14, 80, 11, 94},
	        {"Backup failed: Unable to perform application-aware", 16, 41, 290, 11, 94},
	        {"processing because VSS writers are in failed state.", 16, 58, 285, 11, 93},
	        {"Dismiss", 16, 91, 45, 9, 90}},
	    "Veeam Agent", "Backup failed: Unable to perform application-aware processing because VSS writers are in failed state.\n",
	    "Unable to perform application-aware processing because VSS writers are in failed state."},
	{"an icon read as a letter, and a shell's prompt", 900, 120,
	    {{"x", 19, 4, 17, 17, 91},
	        {"Failed to create snapshot: Operation not permitted", 48, 7, 600, 11, 93},
	        {"root@lnx01:~#", 48, 25, 100, 11, 90}},
	    "", "Failed to create snapshot: Operation not permitted\nroot@lnx01:~#\n", "Failed to create snapshot: Operation not permitted"},
	{"nothing but chrome", 200, 100, {{"OK", 10, 10, 20, 10, 90}, {"< Back Next > Cancel", 50, 10, 90, 10, 90}}, "", "", NULL},
	{"nothing", 200, 100, {{NULL, 0, 0, 0, 0, 0}}, "", "", NULL},
};

static size_t lines_of(struct dialog_line *out, const struct shown *in)
{
	size_t n = 0;

	for (; n < SHOWN_MAX && in[n].text != NULL; n++)
		out[n] = (struct dialog_line){in[n].text, strlen(in[n].text), in[n].x, in[n].y, in[n].w, in[n].h, in[n].confidence};
	return n;
}

static const char *first_error(json_t *errors)
{
	return json_string_value(json_object_get(json_array_get(errors, 0), "text"));
}

static void check(const struct row *r, const struct dialog_line *lines, size_t n)
{
	const struct error_where where = {.kind = ORIGIN_SCREENSHOT, .attachment = "a1"};
	struct error_set *set = error_set_new();
	struct dialog d;
	json_t *errors;

	assert_int_equal(dialog_text(&d, lines, n, r->width, r->height), VG_OK);
	print_message("%s\n", r->name);
	assert_string_equal(d.title, r->title);
	assert_string_equal(buf_str(&d.text), r->text);
	dialog_errors(set, &d, &where);
	assert_non_null(errors = error_set_json(set));
	if (r->error == NULL)
		assert_int_equal(json_array_size(errors), 0);
	else
		assert_string_equal(first_error(errors), r->error);
	json_decref(errors);
	error_set_free(&set);
	dialog_free(&d);
}

static void test_pictures(void **state)
{
	struct dialog_line lines[SHOWN_MAX], turned[SHOWN_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = lines_of(lines, rows[i].lines);

		check(&rows[i], lines, n);
		/* The recogniser's order means nothing. */
		for (size_t k = 0; k < n; k++)
			turned[k] = lines[n - 1 - k];
		check(&rows[i], turned, n);
	}
}

static void test_chrome(void **state)
{
	static const char *const yes[] = {"OK", "Cancel", "Abbrechen", "Schließen", "< Back Next > Cancel", "File Edit View Help", "10:42 AM",
		"0:03:51", "100%", "x", "-", "", "Hide Details"};
	static const char *const no[] = {"Failed", "OK then", "Cancelled by user", "Error 53", "Helper", "Veeam", "Ошибка"};

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		if (!dialog_is_chrome(yes[i], strlen(yes[i])))
			fail_msg("%s", yes[i]);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		if (dialog_is_chrome(no[i], strlen(no[i])))
			fail_msg("%s", no[i]);
	assert_true(dialog_names_failure("Ошибка", strlen("Ошибка")));
	assert_true(dialog_names_failure("Application Error", 17));
	assert_false(dialog_names_failure("Mirror", 6));
}

/* Boxes out of all bounds, equal places, bytes that are no text, more lines than are taken: an end, and valid text. */
static void test_hostile(void **state)
{
	static struct dialog_line lines[DIALOG_LINES_MAX + 500];
	const size_t n = sizeof(lines) / sizeof(lines[0]);
	struct dialog d;

	(void)state;
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct dialog_line){i % 3 == 0 ? "\xff\xfe oops \x01" : "Failed to read the block of data", i % 3 == 0 ? 9 : 32,
			i % 7 == 0 ? INT32_MAX : 10, i % 11 == 0 ? INT32_MIN : 10, i % 13 == 0 ? INT32_MAX : 100, i % 17 == 0 ? -5 : 10, 90};
	assert_int_equal(dialog_text(&d, lines, n, 100, 100), VG_OK);
	assert_true(d.text.len > 0 && d.text.len <= DIALOG_TEXT_MAX);
	dialog_free(&d);
	for (size_t i = 0; i < n; i++)
		lines[i] = (struct dialog_line){"Failed to read the block of data, and so on", 43, 10, (int)(i * 12), 300, 10, 90};
	assert_int_equal(dialog_text(&d, lines, n, 400, (int)n * 12), VG_OK);
	assert_true(d.text.len > 0 && d.text.len <= DIALOG_TEXT_MAX);
	dialog_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_chrome),
		cmocka_unit_test(test_hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
