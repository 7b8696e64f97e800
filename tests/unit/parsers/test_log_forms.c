/*
 * test_log_forms.c - logs beside the product's own: exported events, set-up and PowerShell, hypervisors, syslog, stacks of
 * uncaught exceptions; statuses, chains of exceptions.
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
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(rows[i].log);

		for (size_t step = 0; step <= 7; step += 7) {
			char *got = help_scan(rows[i].log, len, step, NULL);

			if (strcmp(got, rows[i].expect) != 0)
				print_error("row %zu\n%s\n", i, rows[i].log);
			assert_string_equal(got, rows[i].expect);
			free(got);
		}
	}
}
#define CHECK(rows) check(rows, sizeof(rows) / sizeof((rows)[0]))

#define VSS_TEXT "Volume Shadow Copy Service error: Unexpected error calling routine X. hr = 0x80070006, The handle is invalid."

static void test_events(void **state)
{
	static const struct form rows[] = {
	    /* wevtutil */
	    {"Event[0]:\r\n  Log Name: Application\r\n  Source: VSS\r\n  Date: 2023-03-12T03:11:25.000\r\n  Event ID: 8193\r\n"
	     "  Level: Error\r\n  Computer: SRV01\r\n  Description: \r\nVolume Shadow Copy Service error: Unexpected error calling "
	     "routine X.  hr = 0x80070006, The handle is invalid.\r\n. \r\n\r\nOperation:\r\n   Executing\r\n\r\nEvent[1]:\r\n"
	     "  Log Name: Application\r\n  Source: Agent\r\n  Event ID: 190\r\n  Level: Information\r\n  Description: \r\nDone, 0 errors\r\n"
	     "\r\nEvent[2]:\r\n  Log Name: System\r\n  Source: disk\r\n  Event ID: 153\r\n  Level: Warning\r\n  Description: \r\n"
	     "The IO operation was retried.\r\n",
	        "error|" VSS_TEXT "|0x80070006|-|VSS|2023-03-12T03:11:25.000|1\n"
	        "warning|The IO operation was retried.|Event ID: 153|-|disk|-|1\n"},
	    /* the Event Viewer's copy, German, with the event's XML behind it */
	    {"Protokollname: Application\nQuelle:        VSS\nDatum:         12.03.2023 03:11:25\nEreignis-ID:   12289\n"
	     "Aufgabenkategorie:Keine\nEbene:         Fehler\nBenutzer:      Nicht zutreffend\nComputer:      SRV01\nBeschreibung:\n"
	     "Volumeschattenkopie-Dienstfehler: Unerwarteter Fehler.\n\nVorgang:\n   PreFinalCommit\nEreignis-XML:\n<Event>\n"
	     "  Error: x\n</Event>\n",
	        "error|Volumeschattenkopie-Dienstfehler: Unerwarteter Fehler.|Event ID: 12289|-|VSS|2023-03-12T03:11:25|1\n"},
	    /* two in one file, English, American time */
	    {"Log Name:      System\nSource:        Service Control Manager\nDate:          3/12/2023 3:11:25 PM\nEvent ID:      7000\n"
	     "Level:         Error\nDescription:\nThe Veeam Backup Service failed to start.\nLog Name:      System\nSource:        A\n"
	     "Date:          3/12/2023 3:11:26 PM\nEvent ID:      1\nLevel:         Critical\nDescription:\nPower was lost.\n",
	        "error|The Veeam Backup Service failed to start.|Event ID: 7000|-|Service Control Manager|2023-03-12T15:11:25|1\n"
	        "error|Power was lost.|Event ID: 1|-|A|2023-03-12T15:11:26|1\n"},
	    /* the Event Viewer's table: the description has no heading */
	    {"\xEF\xBB\xBF" "Ebene,Datum und Uhrzeit,Quelle,Ereignis-ID,Aufgabenkategorie\r\n"
	     "Informationen,12.03.2023 03:10:25,SCM,7036,Keine,Fehler gibt es keine\r\n"
	     "Fehler,12.03.2023 03:11:25,VSS,12289,Keine,\"Unerwarteter Fehler \"\"DeviceIoControl\"\".\r\nhr = 0x80070079, Zeitlimit.\r\n"
	     "\r\nVorgang:\r\n   X\"\r\nWarnung,12.03.2023 03:11:26,Disk,153,Keine,Wiederholt\r\n",
	        "error|Unerwarteter Fehler \"DeviceIoControl\". hr = 0x80070079, Zeitlimit.|0x80070079|-|VSS|2023-03-12T03:11:25|1\n"
	        "warning|Wiederholt|Event ID: 153|-|Disk|2023-03-12T03:11:26|1\n"},
	    {"Level\tDate and Time\tSource\tEvent ID\tTask Category\nError\t3/12/2023 3:11:25 AM\tdisk\t11\tNone\tThe driver detected it\n",
	        "error|The driver detected it|Event ID: 11|-|disk|2023-03-12T03:11:25|1\n"},
	    /* Export-Csv */
	    {"#TYPE System.Diagnostics.Eventing.Reader.EventLogRecord\n\"Message\",\"Id\",\"LevelDisplayName\",\"ProviderName\",\"TimeCreated\"\n"
	     "\"The service is idle.\",\"8224\",\"Information\",\"VSS\",\"12.03.2023 03:11:25\"\n"
	     "\"The service terminated.\",\"7034\",\"Error\",\"SCM\",\"12.03.2023 03:11:25\"\n",
	        "error|The service terminated.|Event ID: 7034|-|SCM|2023-03-12T03:11:25|1\n"},
	    /* Format-List: no level, text over several lines */
	    {"\n\nTimeCreated  : 12.03.2023 03:11:25\nProviderName : VSS\nId           : 8193\n"
	     "Message      : Volume Shadow Copy Service error: Unexpected error calling\n"
	     "               routine X.  hr = 0x80070006, The handle is invalid.\n               .\n\n               Operation:\n"
	     "                  Failed\n\nTimeCreated  : 12.03.2023 03:12:25\nProviderName : MSSQLSERVER\nId           : 18265\n"
	     "Message      : Log was backed up.\n",
	        "error|" VSS_TEXT "|0x80070006|-|VSS|2023-03-12T03:11:25|1\n"},
	    {"Index              : 12345\nEntryType          : Error\nInstanceId         : 1\nMessage            : The disk is gone\n"
	     "Category           : (0)\nSource             : disk\nTimeGenerated      : 12.03.2023 03:11:25\n",
	        "error|The disk is gone|-|-|disk|2023-03-12T03:11:25|1\n"},
	    /* no events */
	    {"Name,Level\nx,Error\n", ""},
	    {"Level: Error\nSource: nowhere\n", ""},
	};

	(void)state;
	CHECK(rows);
}

static void test_setup_and_powershell(void **state)
{
	static const struct form rows[] = {
	    {"=== Verbose logging started: 3/12/2023  3:11:25  Build type: SHIP UNICODE 5.00.10011.00 ===\n"
	     "MSI (c) (A8:F4) [03:11:25:789]: Resetting cached policy values\nAction start 3:11:26: InstallFinalize.\n"
	     "ExecSqlStrings:  Error 0x80040e14: failed to execute SQL string, error: Cannot resolve the collation conflict\n"
	     "CustomAction ExecSqlStrings returned actual error code 1603 (note this may not be accurate)\n"
	     "Action ended 3:11:30: InstallFinalize. Return value 3.\nAction ended 3:11:31: INSTALL. Return value 3.\n"
	     "MSI (s) (A8:F4) [03:11:32:002]: Product: Veeam Backup & Replication Server -- Installation failed.\n"
	     "MSI (s) (A8:F4) [03:11:32:004]: MainEngineThread is returning 1603\n",
	        "error|Error 0x80040e14: failed to execute SQL string, error: Cannot resolve the collation conflict|0x80040e14|-|"
	        "ExecSqlStrings|-|1\n"
	        "error|CustomAction ExecSqlStrings returned actual error code 1603 (note this may not be accurate)|error code 1603|-|"
	        "ExecSqlStrings|-|1\n"},
	    {"MSI (s) (A8:F4) [03:11:32:001]: Product: Veeam ONE -- Error 1920. Service 'Veeam ONE' failed to start.\n"
	     "MSI (s) (A8:F4) [03:11:32:002]: Product: Veeam ONE -- Installation completed successfully.\n",
	        "error|Error 1920. Service 'Veeam ONE' failed to start.|Error 1920|-|-|-|1\n"},
	    /* nothing but the end: that is what there is */
	    {"MSI (s) (A8:F4) [03:11:32:004]: MainEngineThread is returning 1603\n", "error|MainEngineThread is returning 1603|-|-|-|-|1\n"},
	    {"MSI (s) (A8:F4) [03:11:32:004]: MainEngineThread is returning 0\n", ""},
	    {"PS C:\\> Get-VBRJob\nGet-VBRJob : Failed to connect to the server:\nNo connection could be made\nAt line:1 char:1\n"
	     "+ Get-VBRJob\n+ ~~~~~~~~~~\n    + CategoryInfo          : NotSpecified: (:) [Get-VBRJob], InvalidOperationException\n"
	     "    + FullyQualifiedErrorId : Veeam.Backup.PowerShell\n \nPS C:\\> dir\nERRORS\n",
	        "error|Failed to connect to the server: No connection could be made|-|InvalidOperationException|Get-VBRJob|-|1\n"},
	    /* a transcript says it twice; another language's position */
	    {"PS>TerminatingError(Connect-VBRServer): \"Access is denied.\"\nConnect-VBRServer : Access is denied.\nIn Zeile:1 Zeichen:1\n"
	     "+ Connect-VBRServer -Server x\n    + CategoryInfo          : InvalidOperation: (:) [Connect-VBRServer], Exception\n",
	        "error|Access is denied.|-|-|Connect-VBRServer|-|1\n"},
	    {"+ a list\n+ of things\n", ""},
	    {"Writer name: 'System Writer'\n   Writer Id: {e8132975}\n   State: [1] Stable\n   Last error: No error\n\n"
	     "Writer name: 'SqlServerWriter'\n   Writer Id: {a65faa63}\n   State: [8] Failed\n   Last error: Non-retryable error\n\n"
	     "Writer name: 'WMI Writer'\n   State: [5] Waiting for completion\n   Last error: No error\n",
	        "error|VSS writer 'SqlServerWriter': state [8] Failed, last error: Non-retryable error|-|-|VSS|-|1\n"},
	    {"Verfassername: \"NTDS\"\n   Status: [11] Fehlgeschlagen\n   Letzter Fehler: Kein Fehler\n",
	        "error|VSS writer \"NTDS\": state [11] Fehlgeschlagen, last error: Kein Fehler|-|-|VSS|-|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_stacks(void **state)
{
	static const struct form rows[] = {
	    {"Unhandled Exception: System.IO.IOException: Outer ---> System.IO.FileNotFoundException: Could not load file 'X'\n"
	     "   at A.B()\n   --- End of inner exception stack trace ---\n   at C.D()\n",
	        "error|Could not load file 'X'|-|System.IO.FileNotFoundException|-|-|1\n"},
	    {"Exception in thread \"main\" java.lang.IllegalStateException: context\n\tat com.example.Foo.bar(Foo.java:10)\n"
	     "Caused by: java.io.IOException: No space left on device\n\tat com.example.Io.w(Io.java:3)\n\t... 12 more\n",
	        "error|No space left on device|-|java.io.IOException|-|-|1\n"},
	    {"2024-03-02 02:00:06 INFO start\nTraceback (most recent call last):\n  File \"/x.py\", line 3, in <module>\n    foo()\n"
	     "PermissionError: [Errno 13] Permission denied: '/x'\n",
	        "error|[Errno 13] Permission denied: '/x'|Errno 13|PermissionError|-|-|1\n"},
	    {"2024-03-02 02:00:06 ERROR sync failed\nTraceback (most recent call last):\n  File \"/x.py\", line 3, in <module>\n    foo()\n"
	     "KeyError: 'missing'\n",
	        "error|KeyError: 'missing'|-|KeyError|-|2024-03-02T02:00:06|1\n"},
	    {"terminate called after throwing an instance of 'std::runtime_error'\n  what():  lost chunk 12\n",
	        "error|lost chunk 12|-|std::runtime_error|-|-|1\n"},
	    {"Program received signal SIGSEGV, Segmentation fault.\n0x00007ffff7e4 in raise () from /lib/x\n#0  0x0 in main ()\n",
	        "error|Program received signal SIGSEGV, Segmentation fault.|-|-|-|-|1\n"},
	    {"agent: store.cpp:12: void put(): Assertion `size > 0' failed.\n",
	        "error|agent: store.cpp:12: void put(): Assertion `size > 0' failed.|-|-|-|-|1\n"},
	    /* a type without a stack is a remark */
	    {"System.TimeoutException: may be thrown\nnothing follows\n", ""},
	    /* chains in a service's log: every line has its time, or none has */
	    {"[07.07.2021 16:43:06] <01> Error    Failed to connect (System.Exception)\n"
	     "[07.07.2021 16:43:06] <01> Error    System.Exception: Failed to connect ---> System.Net.Sockets.SocketException: No connection "
	     "could be made because the target machine actively refused it 10.0.0.5:6160\n"
	     "[07.07.2021 16:43:06] <01> Error       at System.Net.Sockets.Socket.Connect(EndPoint e)\n"
	     "[07.07.2021 16:43:06] <01> Error       --- End of inner exception stack trace ---\n",
	        "error|No connection could be made because the target machine actively refused it 10.0.0.5:6160|-|"
	        "System.Net.Sockets.SocketException|-|2021-07-07T16:43:06|1\n"},
	    {"[07.07.2021 16:44:06] <01> Error    [CJob] Cannot do it\nSystem.Exception: Cannot do it\n"
	     " ---> System.TimeoutException: The operation has timed out\n   at A.B()\n",
	        "error|The operation has timed out|-|System.TimeoutException|CJob|2021-07-07T16:44:06|1\n"},
	    {"[07.07.2021 16:44:06] <01> Error    Cannot do it ---> System.Exception: Exception of type 'System.Exception' was thrown.\n",
	        "error|Cannot do it ---> System.Exception: Exception of type 'System.Exception' was thrown.|-|-|-|2021-07-07T16:44:06|1\n"},
	    /* a message of several lines with its type below, and native frames */
	    {"[07.07.2021 16:44:06] <16> Error    Client error: The system cannot find the file specified.\n"
	     "[07.07.2021 16:44:06] <16> Error     (Veeam.Backup.Common.CCppComponentException)\n"
	     "[07.07.2021 16:44:06] <16> Error       in c++: boost::filesystem::space\n",
	        "error|Client error: The system cannot find the file specified.|-|Veeam.Backup.Common.CCppComponentException|-|"
	        "2021-07-07T16:44:06|1\n"},
	    /* the Linux agent's session, indented by whoever sent it */
	    {"   [13.02.2018 09:25:52] <139925> vmb    | [SessionLog][error] Failed to create snapshot.\n"
	     "   [13.02.2018 09:25:52] <139925> vmb    | [SessionLog][processing] Error report\n"
	     "   [13.02.2018 09:25:52] <139925> vmb    | [SessionLog][warn] Slow disk\n",
	        "error|Failed to create snapshot.|-|-|vmb|2018-02-13T09:25:52|1\nwarning|Slow disk|-|-|vmb|2018-02-13T09:25:52|1\n"},
	    /* the code that only a trace line of an agent has */
	    {"[12.03.2023 03:11:25] < 15204> cli| ERR |Failed to create file.\n[12.03.2023 03:11:25] < 15204> cli| >>  |Disk is full.\n"
	     "[12.03.2023 03:11:25] < 15204> cli| >>  |--tr:Error code: 0x00000070\n[12.03.2023 03:11:25] < 15204> cli| >>  |--tr:Failed to x\n",
	        "error|Failed to create file. Disk is full.|0x00000070|-|cli|2023-03-12T03:11:25|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_foreign(void **state)
{
	static const struct form rows[] = {
	    {"2023-03-12T03:11:25.123Z| vmx| I125: no error\n2023-03-12T03:11:25.123Z| vcpu-0| W115: disk is slow\n"
	     "2023-03-12T03:11:25.123Z| vmx| E105: PANIC: bad pointer\n",
	        "error|PANIC: bad pointer|-|-|vmx|2023-03-12T03:11:25.123Z|1\nwarning|disk is slow|-|-|vcpu-0|2023-03-12T03:11:25.123Z|1\n"},
	    {"2023-03-12T03:11:25.123Z In(05) vmx - Error: none\n2023-03-12T03:11:25.123Z Er(02) vcpu-0 - disk is lost\n",
	        "error|disk is lost|-|-|vcpu-0|2023-03-12T03:11:25.123Z|1\n"},
	    {"2023-03-12T03:11:25.123Z Wa(180) vmkwarning: cpu1:2099)WARNING: NFS: lost connection\n",
	        "warning|NFS: lost connection|-|-|vmkwarning|2023-03-12T03:11:25.123Z|1\n"},
	    {"2023-03-12T03:11:25.123Z error vpxd[7F8A] [Originator@6876 sub=vpxLro opID=abc] Failed to create snapshot\n",
	        "error|Failed to create snapshot|-|-|vpxLro|2023-03-12T03:11:25.123Z|1\n"},
	    {"2023-03-12T03:11:25.123Z [7FC2E700 error 'Vcsvc' opID=1-2] timeout\n2023-03-12T03:11:25.123Z [7FC2E700 info 'Vcsvc'] error\n",
	        "error|timeout|-|-|Vcsvc|2023-03-12T03:11:25.123Z|1\n"},
	    {"<11>Mar  2 02:00:06 host app[1]: volume lost\n<14>Mar  2 02:00:06 host app[1]: volume found\n",
	        "error|volume lost|-|-|app|-|1\n"},
	    {"<12>1 2024-03-02T02:00:06Z host app 1 ID1 [x@1 a=\"b]\"] tape is slow\n<14>1 2024-03-02T02:00:06Z host app 1 - - disk error\n",
	        "warning|tape is slow|-|-|app|2024-03-02T02:00:06Z|1\n"},
	    /* fields in a line */
	    {"{\"timestamp\":\"2024-07-01T02:00:00Z\",\"level\":\"error\",\"logger\":\"k10\",\"message\":\"export failed\",\"error\":\"quota \\\"x\\\" is"
	     " used up\"}\n{\"level\":\"info\",\"message\":\"error\"}\n{\"error\":\"x\"}\n",
	        "error|quota \\\"x\\\" is used up|-|-|k10|2024-07-01T02:00:00Z|1\n"},
	    {"time=\"2024-07-01T02:00:00Z\" level=warning msg=\"slow export\" component=exporter\nlevel=debug msg=error\n",
	        "warning|slow export|-|-|exporter|2024-07-01T02:00:00Z|1\n"},
	    {"E0701 02:00:00.123456       1 controller.go:114] loading failed with: 503\nI0701 02:00:00.123456       1 x.go:1] error none\n",
	        "error|loading failed with: 503|-|-|-|-|1\n"},
	    {"2024-07-01 22:31:09.12 spid51      Error: 18456, Severity: 14, State: 38.\n",
	        "error|Error: 18456, Severity: 14, State: 38.|Error: 18456|-|-|2024-07-01T22:31:09.12|1\n"},
	    {"Jul  1 02:00:00 repo01 kernel: EXT4-fs error (device sdb1): reading directory\nJul  1 02:00:00 repo01 app: no error here\n",
	        "error|EXT4-fs error (device sdb1): reading directory|-|-|kernel|-|1\n"},
	    /* copied out of the product's window */
	    {"07.07.2021 16:43:06 :: Processing SRV01 Error: Cannot create snapshot\n07.07.2021 16:43:07 :: Failed to create checkpoint\n"
	     "07.07.2021 16:43:08 :: Primary bottleneck: Source\n07.07.2021 16:43:09 :: Disk 1 Warning: no space map\n",
	        "error|Processing SRV01 Error: Cannot create snapshot|-|-|-|2021-07-07T16:43:06|1\n"
	        "error|Failed to create checkpoint|-|-|-|2021-07-07T16:43:07|1\n"
	        "warning|Disk 1 Warning: no space map|-|-|-|2021-07-07T16:43:09|1\n"},
	    {"7.7.2021 16:43:06 Fehler Datenträger fehlt\n", "error|Datenträger fehlt|-|-|-|2021-07-07T16:43:06|1\n"},
	};

	(void)state;
	CHECK(rows);
}

static void test_statuses(void **state)
{
	static const struct form rows[] = {
	    {"[07.07.2021 16:43:07] <01> Info     [JobSession] Session 'abc' has been completed, status: 'Failed', '1' of '2', details: "
	     "'Guest processing timed out', PointId: [x]\n",
	        "error|Guest processing timed out|-|-|JobSession|2021-07-07T16:43:07|1\n"},
	    {"[07.07.2021 16:43:07] <01> Info     [Log] [Failed] Processing SRV01\n[07.07.2021 16:43:08] <01> Error    Disk is gone\n",
	        "error|Disk is gone|-|-|-|2021-07-07T16:43:08|1\n"},
	    {"[07.07.2021 16:43:07] <01> Info     [X] Failed to connect, retrying\n", ""},
	    {"[07.07.2021 16:43:07] <01> Info     [X] Failed: 0, status: 'Success'\n", ""},
	    {"[07.07.2021 16:43:07] <01> Warning  Slow\n[07.07.2021 16:43:07] <01> Info     [X] Result: Failed\n",
	        "error|Result: Failed|-|-|X|2021-07-07T16:43:07|1\nwarning|Slow|-|-|-|2021-07-07T16:43:07|1\n"},
	};

	(void)state;
	CHECK(rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_events), cmocka_unit_test(test_setup_and_powershell),
	    cmocka_unit_test(test_stacks), cmocka_unit_test(test_foreign), cmocka_unit_test(test_statuses)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
