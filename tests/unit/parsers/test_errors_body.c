/*
 * test_errors_body.c - what is an error in a mail's text, and what only speaks of one. Texts found are joined by " / " in the order
 * of their lines, codes follow in brackets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"

struct row {
	const char *body, *expect;
};

static char *found(const char *body)
{
	const struct error_where where = {.kind = ORIGIN_BODY};
	struct error_set *set = error_set_new();
	size_t i, cap = 1u << 20;
	char *out = calloc(1, cap);
	json_t *list, *e;

	errors_scan_body(set, body, strlen(body), &where);
	list = error_set_json(set);
	for (json_int_t line = 1; line < 40; line++)
		json_array_foreach(list, i, e) {
			const char *code = json_string_value(json_object_get(e, "code"));

			if (json_integer_value(json_object_get(json_object_get(e, "source"), "line")) != line)
				continue;
			snprintf(out + strlen(out), cap - strlen(out), "%s%s", out[0] != '\0' ? " / " : "",
			    json_string_value(json_object_get(e, "text")));
			if (code != NULL)
				snprintf(out + strlen(out), cap - strlen(out), " {%s}", code);
		}
	json_decref(list);
	error_set_free(&set);
	return out;
}

static void check(const struct row *rows, size_t n)
{
	unsigned bad = 0;

	for (size_t i = 0; i < n; i++) {
		char *got = found(rows[i].body);

		if (strcmp(got, rows[i].expect) != 0) {
			print_error("--- row %zu\n%s\n expected '%s'\n got      '%s'\n", i, rows[i].body, rows[i].expect, got);
			bad++;
		}
		free(got);
	}
	assert_int_equal(bad, 0);
}

/* `Error: …` and its kin. */
static void test_labels(void **state)
{
	static const struct row rows[] = {
	    {"Error: Failed to open VDDK disk. VDDK error: 13 (You do not have access rights to this file).\n",
	        "Failed to open VDDK disk. VDDK error: 13 (You do not have access rights to this file). {VDDK error: 13}"},
	    {"error: cannot find the repository\n", "cannot find the repository"},
	    {"ERROR: The process was terminated unexpectedly\n", "The process was terminated unexpectedly"},
	    {"Error message: \"The RPC server is unavailable. (0x800706BA)\"\n", "The RPC server is unavailable. (0x800706BA) {0x800706BA}"},
	    {"Failed: Unable to mount the volume\n", "Unable to mount the volume"},
	    {"Exception: The server did not answer in time\n", "The server did not answer in time"},
	    {"Details: Access to the path is denied.\n", "Access to the path is denied."},
	    {"Message: Host is not responding, timed out\n", "Host is not responding, timed out"},
	    {"The backup job stops with Error: Invalid credentials for guest srv01\n", "Invalid credentials for guest srv01"},
	    {"24.11.2026 22:03:11 :: Error: Cannot add disk to the proxy\n", "Cannot add disk to the proxy"},
	    {"11/24/2026 10:03:11 PM :: Processing VM01 Error: Cannot get service content.\n", "Processing VM01 Error: Cannot get service content."},
	    {"22:03:11 Failed to perform backup file verification\n", "Failed to perform backup file verification"},
	    {"[Error] Unable to connect to tape server\n", "Unable to connect to tape server"},
	    {"1. Error: Disk is locked by another process\n2. Error: No space left on device\n",
	        "Disk is locked by another process / No space left on device"},
	    {"> Error: Quota exceeded on the share\n", "Quota exceeded on the share"},
	    {"Error: Cannot perform threshold check. Failed to get free space for datastore [ds1]\n",
	        "Cannot perform threshold check. Failed to get free space for datastore [ds1]"},
	    {"Error: 'NoneType' object has no attribute 'size'\n", "'NoneType' object has no attribute 'size'"},
	    {"Last error: Non-retryable error of the writer\n", "Non-retryable error of the writer"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* Introduced in another language; the product speaks English. */
static void test_languages(void **state)
{
	static const struct row rows[] = {
		{"Fehler: Die Verbindung zum Host ist fehlgeschlagen.", "Die Verbindung zum Host ist fehlgeschlagen."},
		{"Erreur : Échec de l'ouverture de session", "Échec de l'ouverture de session"},
		{"Fehler: Der Job läuft seit gestern nicht", ""},
	    {"Fehlermeldung: Failed to connect to the host by SOAP\n", "Failed to connect to the host by SOAP"},
	    {"Wir bekommen folgende Fehlermeldung:\n\nThe RPC server is unavailable.\n\nBitte um Hilfe.\n", "The RPC server is unavailable."},
	    {"Fehler: Cannot open repository\n", "Cannot open repository"},
	    {"Der Job bricht mit der Meldung „Failed to create snapshot of the machine“ ab.\n", "Failed to create snapshot of the machine"},
	    {"Message d'erreur : Unable to allocate processing resources\n", "Unable to allocate processing resources"},
	    {"Nous avons l'erreur suivante :\n\nNo backup proxy is available\n\nMerci\n", "No backup proxy is available"},
	    {"La tâche échoue avec « Access is denied by the guest » depuis hier.\n", "Access is denied by the guest"},
	    {"Mensaje de error: Failed to login to guest. Code: 1326\n", "Failed to login to guest. Code: 1326 {Code: 1326}"},
	    {"El trabajo falla con el siguiente error:\nTape is full and no media is left\n", "Tape is full and no media is left"},
	    {"Messaggio di errore: Cannot read the index file\n", "Cannot read the index file"},
	    {"Mensagem de erro: Failed to resolve host name\n", "Failed to resolve host name"},
	    {"Foutmelding: Certificate of the server has expired\n", "Certificate of the server has expired"},
	    {"Komunikat błędu: Connection refused by remote host\n", "Connection refused by remote host"},
	    {"Текст ошибки: Failed to flush change tracking data before snapshot\n", "Failed to flush change tracking data before snapshot"},
	    {"При запуске задания появляется ошибка:\nCannot find VM on the host\n\nСпасибо\n", "Cannot find VM on the host"},
	    {"Felmeddelande: Timeout waiting for the agent\n", "Timeout waiting for the agent"},
	    {"错误信息：Failed to mount datastore\n", "Failed to mount datastore"},
	    {"エラーメッセージ：Failed to start the service\n", "Failed to start the service"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* Pasted from windows and consoles. */
static void test_pasted(void **state)
{
	static const struct row rows[] = {
	    {"---------------------------\nVeeam Backup and Replication\n---------------------------\n"
	     "Failed to connect to Veeam Backup & Replication server:\nNo connection could be made because the target machine actively refused it\n"
	     "---------------------------\nOK   \n---------------------------\n",
	        "Failed to connect to Veeam Backup & Replication server: No connection could be made because the target machine actively refused it"},
	    {"[Window Title]\nVeeam Agent\n\n[Content]\nThe backup target is not available\n\n[OK]\n", "The backup target is not available"},
	    {"PS C:\\> Get-VBRJob\nGet-VBRJob : The term 'Get-VBRJob' is not recognized as the name of a cmdlet.\nAt line:1 char:1\n+ Get-VBRJob\n"
	     "+ ~~~~~~~~~~\n    + CategoryInfo          : ObjectNotFound: (Get-VBRJob:String) [], CommandNotFoundException\n"
	     "    + FullyQualifiedErrorId : CommandNotFoundException\n",
	        "Get-VBRJob : The term 'Get-VBRJob' is not recognized as the name of a cmdlet."},
	    {"C:\\>net use \\\\nas\\backup\nSystem error 53 has occurred.\n\nThe network path was not found.\n",
	        "System error 53 has occurred. The network path was not found. {System error 53}"},
	    {"# mount -t nfs nas:/backup /mnt\nmount.nfs: Connection timed out\n", "mount.nfs: Connection timed out"},
	    {"mount error(13): Permission denied\nRefer to the mount.cifs(8) manual page\n", "mount error(13): Permission denied {error(13)}"},
	    {"$ ssh root@esx1\nssh: connect to host esx1 port 22: Connection refused\n", "ssh: connect to host esx1 port 22: Connection refused"},
	    {"-bash: /opt/veeam/transport/veeamtransport: Permission denied\n", "-bash: /opt/veeam/transport/veeamtransport: Permission denied"},
	    {"Writer name: 'SqlServerWriter'\n   Writer Id: {a65faa63-5ea8-4ebc-9dbd-a0c4db26912a}\n   State: [8] Failed\n   Last error: Non-retryable error\n",
	        "SqlServerWriter: [8] Failed, Non-retryable error"},
	    {"Writer name: 'System Writer'\n   State: [1] Stable\n   Last error: No error\n", ""},
	    {"Log Name:      Application\nSource:        VSS\nEvent ID:      12289\nLevel:         Error\nDescription:\n"
	     "Volume Shadow Copy Service error: Unexpected error DeviceIoControl. hr = 0x80070001, Incorrect function.\n",
	        "Volume Shadow Copy Service error: Unexpected error DeviceIoControl. hr = 0x80070001, Incorrect function. {0x80070001}"},
	    {"System.Net.Sockets.SocketException: No connection could be made to 10.0.0.5:9392\n   at System.Net.Sockets.Socket.Connect()\n",
	        "No connection could be made to 10.0.0.5:9392"},
	    {"Unhandled Exception: System.OutOfMemoryException: Insufficient memory to continue the execution of the program.\n",
	        "Insufficient memory to continue the execution of the program."},
	    {"Traceback (most recent call last):\n  File \"backup.py\", line 3, in <module>\n    run()\nValueError: no such repository\n",
	        "no such repository"},
	    {"System.Net.Sockets.SocketException (10060): A connection attempt failed because the party did not respond\n",
	        "System.Net.Sockets.SocketException (10060): A connection attempt failed because the party did not respond"},
	    {"java.io.IOException: Broken pipe\n\tat sun.nio.ch.FileDispatcherImpl.write0(Native Method)\n", "Broken pipe"},
	    {"Msg 18456, Level 14, State 1, Server SQL01, Line 1\nLogin failed for user 'sa'.\n",
	        "Msg 18456, Level 14, State 1, Server SQL01, Line 1 Login failed for user 'sa'. {Msg 18456}"},
	    {"Login failed for user 'NT AUTHORITY\\SYSTEM'. (Microsoft SQL Server, Error: 18456)\n",
	        "Login failed for user 'NT AUTHORITY\\SYSTEM'. (Microsoft SQL Server, Error: 18456) {Error: 18456}"},
	    {"RMAN-03009: failure of backup command on ORA_SBT_TAPE_1 channel\nORA-19502: write error on file \"x\", block number 1\n",
	        "RMAN-03009: failure of backup command on ORA_SBT_TAPE_1 channel {RMAN-03009} / "
	        "ORA-19502: write error on file \"x\", block number 1 {ORA-19502}"},
	    {"```\nFailed to truncate transaction logs for SQL instances: MSSQLSERVER\n```\n",
	        "Failed to truncate transaction logs for SQL instances: MSSQLSERVER"},
	    {"REST API error: 'S3 error: The specified bucket does not exist', error code: 404\n",
	        "REST API error: 'S3 error: The specified bucket does not exist', error code: 404 {error code: 404}"},
	    {"HTTP exception: WinINet error code: 12029\n", "HTTP exception: WinINet error code: 12029 {WinINet error code: 12029}"},
	    {"The remote server returned an error: (403) Forbidden.\n", "The remote server returned an error: (403) Forbidden. {error: (403)}"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* Messages of more than one line, as a session's log shows them. */
static void test_joined(void **state)
{
	static const struct row rows[] = {
	    {"7/14/2026 11:22:33 AM :: Processing SRV01 Error: Cannot get service content.\nSoap fault. Detail: 'tcp_connect() failed'\n"
	     "SOAP connection is not available. Connection ID: [esx1].\n\nWe tried it twice.\n",
	        "Processing SRV01 Error: Cannot get service content. Soap fault. Detail: 'tcp_connect() failed' "
	        "SOAP connection is not available. Connection ID: [esx1]."},
	    {"VSSControl: -2147212529 Backup job failed.\nDiscovery phase failed.\nCannot add a volume to the snapshot set. Volume name: "
	     "[\\\\?\\Volume{1}\\].\nVSS error: VSS_E_OBJECT_NOT_FOUND. Code:0x80042308\n",
	        "VSSControl: -2147212529 Backup job failed. Discovery phase failed. Cannot add a volume to the snapshot set. Volume name: "
	        "[\\\\?\\Volume{1}\\]. VSS error: VSS_E_OBJECT_NOT_FOUND. Code:0x80042308 {VSS_E_OBJECT_NOT_FOUND}"},
	    {"Error: Access is denied\nRegards\nAnn\n", "Access is denied"},
	    /* a session's window: its lines are none that were wrapped */
	    {"5/2/2026 9:00:02 PM :: Job started at 5/2/2026 9:00:02 PM by the scheduler\n5/2/2026 9:03:12 PM :: Error: The share did not "
	     "answer\n5/2/2026 9:03:13 PM :: Network traffic will be encrypted\n", "The share did not answer"},
	    /* quoted, and wrapped within the quotation */
	    {"> The snapshot was not taken: Error: VSSControl: -2147467259 Backup job\n> failed. Cannot create a shadow copy of the volumes of the\n"
	     "> guest. Code: [0x8004231f].\n> Thanks\n",
	        "VSSControl: -2147467259 Backup job failed. Cannot create a shadow copy of the volumes of the "
	        "guest. Code: [0x8004231f]. {0x8004231f}"},
	    /* the parts of a guest's error in lines of their own */
	    {"Failed to prepare guest for freeze. Details: Failed to connect to guest agent. Errors:\n'Cannot connect to the admin share. Host: "
	     "[SRV1]. Account: [D\\a].\nWin32 error:The path was not found.\n Code: 53\n'\n\nThanks, Code: 9\n",
	        "Failed to prepare guest for freeze. Details: Failed to connect to guest agent. Errors: 'Cannot connect to the admin share. Host: "
	        "[SRV1]. Account: [D\\a]. Win32 error:The path was not found. Code: 53 ' {Code: 53}"},
	    {"S3 error: AccessDenied\nVDDK error: 14009\nWin32 error: The path was not found. Code: 53\n",
	        "S3 error: AccessDenied {AccessDenied} / VDDK error: 14009 {VDDK error: 14009} / "
	        "Win32 error: The path was not found. Code: 53 {Code: 53}"},
	    {"Creating VSS snapshot Error: Failed to create snapshot: Backup job failed. Cannot create a shadow copy of the volumes \n"
	     "containing writer's data. Code: [0x80042306].\n",
	        "Creating VSS snapshot Error: Failed to create snapshot: Backup job failed. Cannot create a shadow copy of the volumes "
	        "containing writer's data. Code: [0x80042306]. {0x80042306}"},
	    {"Erreur du service : erreur inattendue CreateFileW(\\\\?\\X,0x80000000). hr = 0x80070001, Fonction incorrecte.\n",
	        "Erreur du service : erreur inattendue CreateFileW(\\\\?\\X,0x80000000). hr = 0x80070001, Fonction incorrecte. {0x80070001}"},
	    {"Error: Access is denied\nWe see it on all hosts, it failed again.\n", "Access is denied"},
	    {"Error: Access is denied\nError: The disk is full\n", "Access is denied / The disk is full"},
	    {"- Error: Access is denied\n- Failed to open the tape drive\n", "Access is denied / Failed to open the tape drive"},
	    {"The job ends with Error: Failed to connect to the host because the network\npath was not found. Code: 53\n",
	        "Failed to connect to the host because the network path was not found. Code: 53 {Code: 53}"},
	    {"Full backup file merge failed Error: Agent: Failed to process method {Transform.Patch}\n",
	        "Full backup file merge failed Error: Agent: Failed to process method {Transform.Patch}"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* Within sentences. */
static void test_sentences(void **state)
{
	static const struct row rows[] = {
		{"The I/O bus was reset. (Exception from HRESULT: 0x80070457)",
		    "The I/O bus was reset. (Exception from HRESULT: 0x80070457) {0x80070457}"},
		{"Error\tFailed to index guest file system.", "Failed to index guest file system."}, {"Error\tCount\n3\t4", ""},
		{"Alarm 'Backup Server': Failed to connect to the server", "Failed to connect to the server"},
		{"Guest processing skipped (check guest OS VSS state)", "Guest processing skipped (check guest OS VSS state)"},
	    {"The job fails with \"Unable to allocate processing resources. Error: repository is busy\" every night.\n",
	        "Unable to allocate processing resources. Error: repository is busy"},
	    {"We see ‘Failed to lock the backup file’ in the console.\n", "Failed to lock the backup file"},
	    {"It fails with: Cannot connect to the admin share. Host: [srv01].\n", "Cannot connect to the admin share. Host: [srv01]."},
	    {"we are getting the error 'Snapshot creation failed on datastore ds1' since the update\n",
	        "Snapshot creation failed on datastore ds1"},
	    {"Since Friday the copy job shows this error message:\n\"Item [dc01] is locked by running session Backup [Backup]\"\n",
	        "Item [dc01] is locked by running session Backup [Backup]"},
	    {"The agent says:\n\nCannot load the operating system from the recovery media\n", "Cannot load the operating system from the recovery media"},
	    {"- VM01: Failed to prepare guest for hot backup. Error: VSSControl: -2147467259\n- VM02: ok\n",
	        "VM01: Failed to prepare guest for hot backup. Error: VSSControl: -2147467259"},
	    {"Unable to install backup agent: cannot connect to srv01 Error: Access is denied.\n",
	        "Unable to install backup agent: cannot connect to srv01 Error: Access is denied."},
	    {"Backup fails with 0x8004231f on all machines.\n", "Backup fails with 0x8004231f on all machines. {0x8004231f}"},
	    {"Failed to call RPC function 'FcCreateDir': Access is denied.\nPlease advise.\n",
	        "Failed to call RPC function 'FcCreateDir': Access is denied."},
	    {"We see 0x8004231f on all hosts, please help.\n", "0x8004231f {0x8004231f}"},
	    {"Zugriff verweigert (0x80070005)\n", "Zugriff verweigert (0x80070005) {0x80070005}"},
	    {"The setup ended with exit code 1603 on the proxy.\n", "The setup ended with exit code 1603 on the proxy. {exit code 1603}"},
	    {"NDMP server has returned error code: 23 NDMP_CONNECT_ERR\n",
	        "NDMP server has returned error code: 23 NDMP_CONNECT_ERR {error code: 23}"},
	};

	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

/* People who speak of errors. */
static void test_prose(void **state)
{
	static const char *const lines[] = {
	    "We had an error yesterday, please call.", "Unable to reach you by phone.", "There are errors in your invoice.",
	    "Could you check the error?", "Error: see attached log", "Error: none", "Error: n/a", "Error: unknown",
	    "The backup is slow. No error message is shown.", "Cannot wait to hear from you", "The customer failed to pay.",
	    "I get an error when I open the console.", "Please find the error in the attached logs.",
	    "The restore failed, but we do not know why.", "Our customer reports that backups fail every night.",
	    "We cannot connect to the customer before Monday.", "We were unable to restore the server.",
	    "The job has failed three times this week.", "Failed jobs are listed in the attachment.",
	    "Error handling in your product could be better.", "The license expires tomorrow, can you renew it?",
	    "Cannot attend the meeting, sorry.", "Failed to mention: the server is in Berlin.",
	    "The error is always the same.", "After the update everything fails.",
	    "It would be great if the error message was clearer.", "As discussed, the error did not come back.",
	    "The error code is in the screenshot.", "Any update on this error?", "Same error here.",
	    "Der Fehler tritt seit gestern auf.", "Der Job ist fehlgeschlagen.", "Bitte um Prüfung des Fehlers.",
	    "L'erreur se produit chaque nuit.", "La tarea falla desde ayer.", "Ошибка повторяется каждую ночь.",
	    "Error free since Monday!", "Exception: if the customer calls, transfer him to me.",
	    "Warning: this is an external mail.", "CAUTION: This email originated from outside. Failed to verify the sender.",
	    "This message is confidential; unauthorised access is denied.", "Unable to display this image",
	    "If you have received this email in error, please notify the sender and delete it.",
	    "Delivery has failed to these recipients or groups:", "Virus scan: no errors found.",
	    "Backup failed", "Failed", "Error", "Error 404 page not found is what my kid says, haha.",
	    "We have 5 errors: 3 on VM01, 2 on VM02.", "Message: please call me back", "Details: see below",
	    "The phone number is 0x80 minus two.", "Room 0x12, building 5", "Call code 1234 for the gate",
	    "Our ticket system says: please do not reply", "Status: open", "Subject: Error in job",
	    "Sent: Tuesday, November 24, 2026 9:00 AM", "Failed to see how this is our fault.",
	    "I already rebooted the proxy. The error is the same with the appliance mode.", "Retry 3 failed as well.",
	    "We opened a case but got no answer yet.", "It says license key is valid.", "Failed VMs: 3 of 10.", "Failed login attempts: 0",
	    "The timeout is set to 20 minutes.", "Could not find a solution in the forum.", "No such problem with version 11.",
	    "Unable to find anything about it in the knowledge base.", "If it fails I get an email.", "It works without errors.",
	    "Could not be better, thanks!", "Not enough time today, let us talk tomorrow.",
	};
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		char *got = found(lines[i]);

		if (got[0] != '\0') {
			print_error("%s\n got '%s'\n", lines[i], got);
			bad++;
		}
		free(got);
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_labels), cmocka_unit_test(test_languages), cmocka_unit_test(test_pasted),
	    cmocka_unit_test(test_joined), cmocka_unit_test(test_sentences), cmocka_unit_test(test_prose)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
