/*
 * test_log_products.c - logs that support gets beside the product's service logs: kernels, guest helpers, agents' windows,
 * databases, loggers of .NET, Java and Python, compilers, set-ups.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "extract_help.h"
#include "log_scan.h"

struct form {
	const char *log, *expect; /* a log, and severity|text|code|exception|component|time|count of its errors */
};

static void check(const struct form *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t step = 0; step <= 7; step += 7) {
			char *got = help_scan(rows[i].log, strlen(rows[i].log), step, NULL);

			if (strcmp(got, rows[i].expect) != 0)
				print_error("row %zu\n%s\n", i, rows[i].log);
			assert_string_equal(got, rows[i].expect);
			free(got);
		}
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

/* Times that state no day. */
static void test_clocks(void **state)
{
	static const struct form rows[] = {
	    /* a kernel's ring buffer, with a module of the agent */
	    {"[ 1201.000001] blkmod:main       Loading\n[ 1201.000017] blkmod:cbt  | WRN | No saved parameters\n"
	     "[ 1202.000017] blkmod:track  | ERR | Cannot attach to device [8:17]\n[ 1203.500000] blkmod: loading out-of-tree\n"
	     "[ 1204.500000] area-io: Failed to load chunk #7\n[ 1204.500001] I/O error, dev sdq, sector 9\n"
	     "[ 1205.500001] WARNING: CPU: 1 PID: 2 at io.c:3 f+0x1/0x2\n",
	        "error|I/O error, dev sdq, sector 9|-|-|kernel|-|1\n"
	        "error|Cannot attach to device [8:17]|-|-|blkmod:track|-|1\n"
	        "error|Failed to load chunk #7|-|-|area-io|-|1\n"
	        "warning|No saved parameters|-|-|blkmod:cbt|-|1\n"
	        "warning|CPU: 1 PID: 2 at io.c:3 f+0x1/0x2|-|-|kernel|-|1\n"},
	    /* the helper in a guest */
	    {"3:14:06 PM      224  INFO RPC: Hold. Failed: no\n3:14:06 PM      224          Hold. ttl: [90]\n"
	     "3:34:07 PM     4484  WARN Hold expired.\n3:34:08 PM     4484   ERR Thaw was refused. Error code: 0x80042314\n",
	        "error|Thaw was refused. Error code: 0x80042314|0x80042314|-|-|-|1\n"
	        "warning|Hold expired.|-|-|-|-|1\n"},
	    /* structured loggers on a console */
	    {"[08:00:01 INF] Up\n[08:00:02 ERR] Vault is not reachable\nSystem.Net.Sockets.SocketException (110): Connection timed out\n"
	     "   at System.Net.Sockets.Socket.Connect(EndPoint e)\n[08:00:03 INF] 10:00:00 ok\n",
	        "error|Vault is not reachable System.Net.Sockets.SocketException (110): Connection timed out|-|"
	        "System.Net.Sockets.SocketException|-|-|1\n"},
	    /* hours that begin a sentence */
	    {"10:15:00 we saw an error: none\n12:00:01 error of mine\n[12:00] fail\n", ""},
	};

	(void)state;
	CHECK(rows);
}

static void test_agents(void **state)
{
	static const struct form rows[] = {
	    /* the agent's window: how long a line took stands at its edge */
	    {"      [error] Failed to create volume snapshot          00:00:02\n      [error] Ioctl was refused: operation not permitted\n"
	     "   2021-03-01 02:00:09 [error] Failed to take volume snapshot     00:00:09\n",
	        "error|Ioctl was refused: operation not permitted|-|-|-|-|1\n"
	        "error|Failed to take volume snapshot|-|-|-|2021-03-01T02:00:09|1\n"
	        "error|Failed to create volume snapshot|-|-|-|-|1\n"},
	    /* further lines of an agent behind empty ones */
	    {"[01.02.2024 03:00:00.100] <  17> io       | ERR |Copy dispatch was stopped.\n\n\n"
	     "[01.02.2024 03:00:00.100] <  17> io       | >>  |Send: 12030: The server ended it\n\n"
	     "[01.02.2024 03:00:00.100] <  17> io       | >>  |--tr:Upload has failed\n",
	        "error|Copy dispatch was stopped. Send: 12030: The server ended it|-|-|io|2024-02-01T03:00:00.100|1\n"},
	    /* the code that a trace of the service states */
	    {"[18.11.2025 09:47:46.692]    <29>   Error (3)    [RPC] The share does not answer.\n"
	     "[18.11.2025 09:47:46.692]    <29>   Error (3)    [RPC] --tr:Error code: 0x00000035\n"
	     "[18.11.2025 09:47:46.692]    <29>   Error (3)    [RPC] --tr:No connection to host [192.0.2.23].\n",
	        "error|The share does not answer.|0x00000035|-|RPC|2025-11-18T09:47:46.692|1\n"},
	    /* what was thrown in the record below the component's, of the same thread */
	    {"[01.05.2023 22:00:11] <04> Error    [GenerationPolicy] Transform failed\n"
	     "[01.05.2023 22:00:11] <04> Error    It was stopped by D\\a (Veeam.Backup.Common.CStopSessionException)\n"
	     "[01.05.2023 22:00:11] <04> Error       at A.B.C()\n[01.05.2023 22:00:11] <05> Error    Other thread (System.Exception)\n"
	     "[01.05.2023 22:00:12] <05> Error    [Pool] Nothing thrown\n[01.05.2023 22:00:12] <05> Info     [Pool] x\n"
	     "[01.05.2023 22:00:12] <05> Error    A record between (System.Exception)\n",
	        "error|Other thread|-|System.Exception|-|2023-05-01T22:00:11|1\n"
	        "error|A record between|-|System.Exception|-|2023-05-01T22:00:12|1\n"
	        "error|Nothing thrown|-|-|Pool|2023-05-01T22:00:12|1\n"
	        "error|It was stopped by D\\a|-|Veeam.Backup.Common.CStopSessionException|GenerationPolicy|2023-05-01T22:00:11|1\n"},
	    /* type and stack in records of their own */
	    {"[7/12/2023 3:00:14 AM]   64 (1234) Job: starting\n[7/12/2023 3:00:14 AM]   64 (1234) Error: The service is busy now.\n"
	     "[7/12/2023 3:00:14 AM]   64 (1234) Type: System.Net.WebException\n[7/12/2023 3:00:14 AM]   64 (1234) Stack:\n"
	     "[7/12/2023 3:00:14 AM]   64 (1234)    at A.B.C()\n[7/12/2023 3:00:15 AM]   64 (1234) Warning: No licence for bob\n",
	        "error|The service is busy now.|-|System.Net.WebException|-|2023-07-12T03:00:14|1\n"
	        "warning|No licence for bob|-|-|-|2023-07-12T03:00:15|1\n"},
	    /* the product's events as syslog: all in structured data */
	    {"<11>1 2023-05-01T22:00:12.003Z vbr01 Agent_MP - - [origin enterpriseId=\"1\"] [categoryId=0 JobResult=\"2\" "
	     "Description=\"Job 'Daily' ended: the disk is gone.\"]\n<14>1 2023-05-01T22:00:13.003Z vbr01 Agent_MP - - [categoryId=0 "
	     "Description=\"Job 'Daily' has been started.\"]\n",
	        "error|Job 'Daily' ended: the disk is gone.|-|-|Agent_MP|2023-05-01T22:00:12.003Z|1\n"},
	    /* the disk libraries warn of what is an error */
	    {"2023-05-01T22:00:12.003Z| host-27| W115: [NFC ERROR]NfcOpen: No route to server esx01:902\n"
	     "2023-05-01T22:00:12.003Z| host-27| I125: NBD: closing\n",
	        "error|NfcOpen: No route to server esx01:902|-|-|NFC|2023-05-01T22:00:12.003Z|1\n"},
	    /* a job's own name in a wrapper */
	    {"[01.05.2023 22:00:11] <04> Error    Backup job 'Daily' has failed\n[01.05.2023 22:00:12] <04> Error    Tape was not found: 7\n",
	        "error|Tape was not found: 7|-|-|-|2023-05-01T22:00:12|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_databases(void **state)
{
	static const struct form rows[] = {
	    /* a stack of the database's recovery manager */
	    {"RMAN-00571: ===========\nRMAN-00569: ===== ERROR MESSAGE STACK FOLLOWS =====\nRMAN-00571: ===========\n"
	     "RMAN-03009: failure of backup command on C1 channel at 03/12/2020 10:11:12\n"
	     "ORA-27028: skgfqcre: sbtbackup returned error\nORA-19511: media manager failure, error text:\n   No free slot on [vbr01]\n",
	        "error|ORA-19511: media manager failure, error text: No free slot on [vbr01]|ORA-19511|-|-|-|1\n"
	        "error|RMAN-03009: failure of backup command on C1 channel at 03/12/2020 10:11:12|RMAN-03009|-|-|-|1\n"
	        "error|ORA-27028: skgfqcre: sbtbackup returned error|ORA-27028|-|-|-|1\n"},
	    /* SQL Server: the number, then the message */
	    {"2023-05-01 22:00:12.35 Backup      Error: 3041, Severity: 16, State: 1.\n"
	     "2023-05-01 22:00:12.35 Backup      BACKUP did not complete the command BACKUP DATABASE crm.\n"
	     "2023-05-01 22:00:13.35 Backup      Error: 18210, Severity: 16, State: 1.\n2023-05-01 22:00:14.00 spid5  Started\n",
	        "error|Error: 3041, Severity: 16, State: 1. BACKUP did not complete the command BACKUP DATABASE crm.|Error: 3041|-|-|"
	        "2023-05-01T22:00:12.35|1\n"
	        "error|Error: 18210, Severity: 16, State: 1.|Error: 18210|-|-|2023-05-01T22:00:13.35|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_loggers(void **state)
{
	static const struct form rows[] = {
	    {"2023-05-01 22:00:12.3456|INFO|Cloud.Worker|Up\n2023-05-01 22:00:13.3456|ERROR|Cloud.Worker|No snapshot was taken.\n",
	        "error|No snapshot was taken.|-|-|Cloud.Worker|2023-05-01T22:00:13.3456|1\n"},
	    {"2023-05-01 22:00:14,345 [pool-1] ERROR org.example.Backint - Could not open pipe 7\njava.io.IOException: Broken pipe\n"
	     "\tat sun.nio.ch.X.write0(Native Method)\n",
	        "error|Could not open pipe 7 java.io.IOException: Broken pipe|-|java.io.IOException|org.example.Backint|"
	        "2023-05-01T22:00:14.345|1\n"},
	    {"Jul 29 16:37:06 ng02 xapi: [error||453 |Async.copy|trace] The volume broke: [ 7 ]\n"
	     "Jul 29 16:37:07 ng02 xapi: [debug||453 |events|x] error: none\n", "error|The volume broke: [ 7 ]|-|-|xapi|-|1\n"},
	    {"2023-06-30 05:34:55 -- info: ERROR: Unable to copy 7\n2023-06-30 05:35:10 -- info: no ERROR: none\n",
	        "error|Unable to copy 7|-|-|-|2023-06-30T05:34:55|1\n"},
	    {"[2023-02-11 10:00:02.123] [ERROR] [12] [Agent] No update was made\n10:00:03.123 [12] ERROR Own.Portal - No licence\n"
	     "2023-02-11 10:00:04,123Z ERROR 77 client.py:223 No clone: kNotFound\n"
	     "2/11/2023 10:00:05 AM VSS         8194 Error            Copy service error: no interface\n",
	        "error|No update was made|-|-|Agent|2023-02-11T10:00:02.123|1\n"
	        "error|No clone: kNotFound|-|-|client.py|2023-02-11T10:00:04.123Z|1\n"
	        "error|Copy service error: no interface|-|-|-|2023-02-11T10:00:05|1\n"
	        "error|No licence|-|-|Own.Portal|-|1\n"},
	    {"ERROR:vault.api:token has gone\n", "error|token has gone|-|-|vault.api|-|1\n"},
	    {"[2021-10-11 12:12:12.123] [ERROR] <12> No such target\n", "error|No such target|-|-|-|2021-10-11T12:12:12.123|1\n"},
	    /* compact JSON; time under another name */
	    {"{\"@t\":\"2023-05-01T22:00:15.1Z\",\"@l\":\"Error\",\"@m\":\"No session\",\"@x\":\"System.TimeoutException: It took too long."
	     "\\r\\n   at A.B()\"}\n",
	        "error|It took too long.|-|System.TimeoutException|-|2023-05-01T22:00:15.1Z|1\n"},
	    {"{\"level\":\"error\",\"time\":\"2023-05-01T22:00:16Z\",\"msg\":\"export broke\"}\n",
	        "error|export broke|-|-|-|2023-05-01T22:00:16Z|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_tools(void **state)
{
	static const struct form rows[] = {
	    /* a module that does not compile */
	    {"chunk.c:24:1: error: control reaches the end\n   24 | };\n      | ^\nsysfs.c:9:10: fatal error: linux/blk.h: missing\n"
	     "Error! Bad return status for module build on kernel: 6.1.0 (x86_64)\nERROR - The tool ended early.\n",
	        "error|control reaches the end|-|-|chunk.c|-|1\nerror|linux/blk.h: missing|-|-|sysfs.c|-|1\n"
	        "error|The tool ended early.|-|-|-|-|1\n"
	        "error|Bad return status for module build on kernel: 6.1.0 (x86_64)|-|-|-|-|1\n"},
	    /* a set-up's warning */
	    {"=== Verbose logging started: 5/1/2023  22:00:12  Build type: SHIP\nWarning 1946. Property 'X' could not be set.\n"
	     "Error 1920. Service 'Y' failed to start.\n",
	        "error|Error 1920. Service 'Y' failed to start.|Error 1920|-|-|-|1\n"
	        "warning|Warning 1946. Property 'X' could not be set.|-|-|-|-|1\n"},
	    /* what is no log by its lines, but a stack without a record */
	    {"System.AggregateException: One or more errors occurred. ---> System.IO.IOException: The handle is gone.\n"
	     "   at System.IO.File.Open(String p)\n   --- End of inner exception stack trace ---\n",
	        "error|The handle is gone.|-|System.IO.IOException|-|-|1\n"},
	};

	(void)state;
	CHECK(rows);
}

#define NS "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'>"

/* Events saved as XML, with lines and without. */
static void test_event_xml(void **state)
{
	static const struct form rows[] = {
	    {"<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<Events>" NS "<System><Provider Name='VSS'/><EventID "
	     "Qualifiers='0'>8193</EventID><Level>2</Level><Task>0</Task><TimeCreated SystemTime='2023-05-01T22:00:12.5000000Z'/></System>"
	     "<EventData><Data>CreateKey</Data><Data>0x80070005</Data></EventData><RenderingInfo Culture='de-DE'><Message>Dienstfehler &lt;X&gt;: "
	     "0x80070005&#13;\n\nVorgang:\n   Sammeln</Message><Level>Fehler</Level></RenderingInfo></Event>" NS "<System><Provider "
	     "Name='Service Control Manager' Guid='{5}'/><EventID>7036</EventID><Level>4</Level></System><EventData><Data "
	     "Name='a'>failed</Data></EventData></Event></Events>",
	        "error|Dienstfehler <X>: 0x80070005|0x80070005|-|VSS|2023-05-01T22:00:12.500000Z|1\n"},
	    /* saved without the message: its data */
	    {NS "\n <System>\n  <Provider Name=\"disk\"/>\n  <EventID>153</EventID>\n  <Level>3</Level>\n"
	     "  <TimeCreated SystemTime=\"2023-05-01T22:00:12Z\"/>\n </System>\n <EventData>\n  <Data>\\Device\\Harddisk1</Data>\n"
	     "  <Data>was retried</Data>\n  <Binary>00FF</Binary>\n </EventData>\n</Event>\n" NS "<System><Provider Name='Kernel'/>"
	     "<EventID>41</EventID><Level>1</Level></System></Event>\n",
	        "error|Kernel event 41|Event ID: 41|-|Kernel|-|1\n"
	        "warning|disk event 153: \\Device\\Harddisk1; was retried|Event ID: 153|-|disk|2023-05-01T22:00:12Z|1\n"},
	    /* elements of the provider's own */
	    {NS "<System><Provider Name='Microsoft-Windows-Hyper-V-VMMS'/><EventID>10102</EventID><Level>2</Level></System><UserData>"
	     "<VmlEventLog xmlns='x'>\n <VmName>SQL01</VmName>\n <Empty/> <ErrorCode>0x800423f4</ErrorCode></VmlEventLog></UserData><Other>no"
	     "</Other></Event>",
	        "error|Microsoft-Windows-Hyper-V-VMMS event 10102: SQL01; 0x800423f4|0x800423f4|-|Microsoft-Windows-Hyper-V-VMMS|-|1\n"},
	    /* what only begins so */
	    {"<11>May  1 22:00:12 repo01 io: error: disk is gone\n", "error|disk is gone|-|-|io|-|1\n"},
	    {"<", ""},
	    {"<Events><Event><System><Level>2", ""},
	};

	(void)state;
	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_clocks), cmocka_unit_test(test_agents), cmocka_unit_test(test_databases),
	    cmocka_unit_test(test_loggers), cmocka_unit_test(test_tools), cmocka_unit_test(test_event_xml)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
