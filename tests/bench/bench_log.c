/*
 * bench_log.c - speed of the log scanner on one core: bench_log [MB] [FORM]. Prints MB/s for logs of many forms, with their secrets
 * looked for as in a mail. `bench_log MB write FORM` writes such a log to standard output instead.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "errors.h"
#include "log_scan.h"

#define BLOCK ((size_t)64 * 1024)
#define LINES_MAX 16

/* Lines that follow each other again and again. In them stand: @T an hour, minute and second; @F thousandths; @P a number of a thread;
 * @N a number that each round counts up; @S one of few numbers. */
struct form {
	const char *name;
	unsigned share;  /* the log has 1/share of the bytes that were asked for: forms that take long */
	bool wide;       /* as UTF-16LE */
	const char *end; /* of a line */
	const char *head; /* written once */
	unsigned every;  /* every so many rounds come the rare lines, too; 0: never */
	const char *line[LINES_MAX];
	const char *rare[LINES_MAX];
};

static const struct form forms[] = {
    {.name = "typical", .share = 1, .end = "\r\n", .every = 200, .line = {
	"[07.07.2021 @T] <@P> Info     [AgentMgr] Agent '@S' keeps the connection, @N bytes were sent in the last interval"},
	.rare = {"[07.07.2021 @T] <@P> Error    [CPool] Failed to connect to host esx@S.lab.example. Code: 5 (System.Net.Sockets.SocketException)"}},
    {.name = "typical, UTF-16", .share = 1, .wide = true, .end = "\r\n", .every = 200, .line = {
	"[07.07.2021 @T] <@P> Info     [AgentMgr] Agent '@S' keeps the connection, @N bytes were sent in the last interval"},
	.rare = {"[07.07.2021 @T] <@P> Error    [CPool] Failed to connect to host esx@S.lab.example. Code: 5 (System.Net.Sockets.SocketException)"}},
    {.name = "every tenth an error", .share = 4, .end = "\r\n", .every = 9, .line = {
	"[07.07.2021 @T] <@P> Info     [AgentMgr] Agent '@S' keeps the connection, @N bytes were sent in the last interval"},
	.rare = {"[07.07.2021 @T] <@P> Error    [CPool] Failed to connect to host esx@S.lab.example. Code: 5 (System.Net.Sockets.SocketException)"}},
    {.name = "errors only", .share = 10, .end = "\r\n", .line = {
	"[07.07.2021 @T] <@P> Error    [CPool] Failed to connect to host esx@S.lab.example. Code: 5 (System.Net.Sockets.SocketException)"}},
    {.name = "errors only, UTF-16", .share = 10, .wide = true, .end = "\r\n", .line = {
	"[07.07.2021 @T] <@P> Error    [CPool] Failed to connect to host esx@S.lab.example. Code: 5 (System.Net.Sockets.SocketException)"}},
    {.name = "errors, each another", .share = 10, .end = "\r\n", .line = {
	"[07.07.2021 @T.@F] <@P> Error    [Disk] Failed to read block @N of file [E:\\Backup\\Job @S\\vm-@N.vib] (System.IO.IOException)",
	"[07.07.2021 @T.@F] <@P> Error    Processing VM@N Error: Cannot connect to the host's share. Win32 error: no path. Code: 53"}},
    {.name = "errors with .NET stacks", .share = 10, .end = "\r\n", .line = {
	"[07.07.2021 @T] <@P> Error    Failed to process the task of proxy @S (Vendor.Backup.Common.CAppException)",
	"[07.07.2021 @T] <@P> Error    No connection could be made, the target machine refused it 192.0.2.7:2500 (System.Net.Sockets.SocketException)",
	"[07.07.2021 @T] <@P> Error       at System.Net.Sockets.Socket.DoConnect(EndPoint endPointSnapshot, SocketAddress socketAddress)",
	"[07.07.2021 @T] <@P> Error       at System.Net.Sockets.Socket.InternalConnect(EndPoint remoteEP)",
	"[07.07.2021 @T] <@P> Error       at Vendor.Backup.Core.CSocketPool.Open(String host, Int32 port)",
	"[07.07.2021 @T] <@P> Error       --- End of inner exception stack trace ---",
	"[07.07.2021 @T] <@P> Error       at Vendor.Backup.Core.CTask.ExecuteOrWait[T](Func`2 action, CSession session)"}},
    {.name = "stacks without times, .NET", .share = 10, .end = "\r\n", .line = {
	"[07.07.2021 @T] <@P> Error    Failed to process the task of proxy @S",
	"Vendor.Backup.Common.CAppException: The pool has no channel ---> System.IO.IOException: The pipe @S has been ended.",
	"   at Vendor.Backup.Core.CSocketPool.Open(String host, Int32 port) in d:\\build\\Core\\SocketPool.cs:line 214",
	"   at Vendor.Backup.Core.CTask.<>c__DisplayClass4_0.<ExecuteOrWait>b__0()",
	"   --- End of inner exception stack trace ---",
	"   at System.Threading.ThreadHelper.ThreadStart_Context(Object state)"}},
    {.name = "stacks, Java", .share = 10, .end = "\n", .line = {
	"2024-03-02 02:@T,@F [worker-@S] ERROR com.example.restore.Session - Restore of mailbox @S failed",
	"java.lang.IllegalStateException: Session @S is closed",
	"\tat com.example.restore.Session.write(Session.java:214)",
	"\tat com.example.restore.Worker.lambda$run$0(Worker.java:88)",
	"\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)",
	"Caused by: java.net.SocketTimeoutException: Read timed out",
	"\tat java.base/sun.nio.ch.NioSocketImpl.timedRead(NioSocketImpl.java:283)",
	"\t... 14 more"}},
    {.name = "stacks, Python", .share = 10, .end = "\n", .line = {
	"2024-03-02 @T,@F ERROR    proxy: request @S failed",
	"Traceback (most recent call last):",
	"  File \"/opt/example/lib/proxy/session.py\", line 214, in write",
	"    self.socket.sendall(self.buffer)",
	"  File \"/opt/example/lib/proxy/worker.py\", line 88, in run",
	"    self.session.write(block)",
	"ConnectionResetError: [Errno 104] Connection reset by peer"}},
    {.name = "warnings only", .share = 10, .end = "\r\n", .line = {
	"[07.07.2021 @T] <@P> Warning  [Storage] Free space on volume E: is low: @S MB of the repository are left"}},
    {.name = "syslog, errors", .share = 10, .end = "\n", .line = {
	"Mar  2 @T veeam01 veeamtransport[@P]: error: connection @S to 192.0.2.7 port 2500 was refused by the peer",
	"Mar  2 @T veeam01 kernel: EXT4-fs error (device sdb1): ext4_find_entry: inode #@S: comm smbd: reading directory lblock 0",
	"<11>1 2024-03-02T@T.@F+01:00 veeam01 Veeam_MP - - [origin] Job of host @S has finished with Failed state"}},
    {.name = "ISO times, errors", .share = 10, .end = "\n", .line = {
	"2024-03-02T@T.@FZ error vpxd[7F8A] [Originator@@6876 sub=vpxLro opID=@S] [VpxLRO] -- ERROR task -- vm-@S: the host is gone",
	"2024-03-02 @T.@F [worker-@S] ERROR com.example.restore.Session - Restore of the mailbox @S failed",
	"2024-03-02T@T.@FZ level=error msg=\"the object of bucket @S could not be written\" component=offload",
	"{\"time\":\"2024-03-02T@T.@FZ\",\"level\":\"error\",\"logger\":\"offload\",\"message\":\"Bucket @S refused the object\"}"}},
    {.name = "other forms, no error", .share = 2, .end = "\n", .line = {
	"[12.03.2023 @T.@F] < @P> dsk      | INFO |Block @N of the disk was read, the queue holds some more",
	"2024-03-02 @T,@F [worker-3] INFO  com.example.restore.Session - object @N of the mailbox was restored",
	"Mar  2 @T veeam01 veeamtransport[990]: connection @N accepted from 192.0.2.7 port 2500",
	"    field @N of a record that goes on over several lines, none of which has a time of its own",
	"2024-03-02T@T.@FZ info vpxd[7F8A] [Originator@@6876 sub=vpxLro opID=@N] [VpxLRO] -- BEGIN task -- vm"}},
    {.name = "agent, errors", .share = 10, .end = "\n", .line = {
	"[12.03.2023 @T.@F] <140@P> lpbcore  | ERR |Failed to write data of disk @S to the repository.",
	"[12.03.2023 @T.@F] <140@P> lpbcore  | >>  |Device [dm-@S] has no snapshot",
	"[12.03.2023 @T.@F] <140@P> lpbcore  | >>  |--tr:Error code: 0x80070005",
	"[12.03.2023 @T.@F] <140@P> lpbcore  | >>  |--tr:Failed to call the method of the client [@S]",
	"[12.03.2023 @T.@F] <140@P> lpbcore  | >>  |An exception was thrown from thread [140@P].",
	"[12.03.2023 @T.@F] <140@P> net      | Closing the channel of the client @N"}},
    {.name = "events, CSV", .share = 10, .end = "\r\n", .head = "Level,Date and Time,Source,Event ID,Task Category", .line = {
	"Error,07/13/2021 @T,VSS,8193,None,\"Volume Shadow Copy Service error: Unexpected error calling a routine @S.  hr = 0x80070005.",
	"",
	"Operation:",
	"   Executing Asynchronous Operation",
	"\"",
	"Information,07/13/2021 @T,Service Control Manager,7036,None,The service @S entered the running state.",
	"Warning,07/13/2021 @T,disk,153,None,The IO operation at logical block address 0x@N for Disk @S was retried."}},
    {.name = "events, XML", .share = 10, .end = "\r\n", .head = "<?xml version=\"1.0\" encoding=\"utf-8\"?><Events>", .line = {
	"<Event xmlns='http://schemas.example/events'><System><Provider Name='disk'/><EventID Qualifiers='49156'>11</EventID>"
	"<Level>2</Level><Task>0</Task><Keywords>0x80000000000000</Keywords><TimeCreated SystemTime='2021-07-13T@T.@FZ'/>"
	"<EventRecordID>@N</EventRecordID><Channel>System</Channel><Computer>srv01.lab.example</Computer><Security/></System>"
	"<EventData><Data>\\Device\\Harddisk@S\\DR1</Data><Binary>0E0080000100000000000000</Binary></EventData>"
	"<RenderingInfo Culture='en-US'><Message>The driver detected a controller error on disk @S.</Message></RenderingInfo></Event>"}},
    {.name = "events, listed", .share = 10, .end = "\r\n", .line = {
	"Log Name:      Application",
	"Source:        VSS",
	"Date:          2021-07-13T@T.@FZ",
	"Event ID:      8193",
	"Task Category: None",
	"Level:         Error",
	"Keywords:      Classic",
	"User:          N/A",
	"Computer:      srv01.lab.example",
	"Description:",
	"Volume Shadow Copy Service error: Unexpected error calling a routine @S.  hr = 0x80070005.",
	"",
	"Operation:",
	"   Executing Asynchronous Operation",
	""}},
    {.name = "set-up (MSI)", .share = 10, .end = "\r\n", .head = "=== Verbose logging started: 7/13/2021  12:34:56 ===", .line = {
	"MSI (s) (A8:F4) [@T:@F]: Executing op: RegAddValue(Name=Entry@N,Value=1,)",
	"MSI (s) (A8:F4) [@T:@F]: Doing action: InstallFiles@S",
	"Action start @T: InstallFiles@S.",
	"CustomAction SetUp@S returned actual error code 1603 (note this may not be 100% accurate)"}},
    {.name = "lines without time", .share = 2, .end = "\n", .line = {
	"    field @N of a record that goes on over several lines, none of which has a time of its own",
	"value @S: this is written by a tool that knows no time, line after line of it",
	"  | @N | @S | one of a table |"}},
};

static double now(void)
{
	struct timespec t;

	/* Of the core, not of the clock: the machine may be busy. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Writes one line; out has room for it. Returns its bytes. */
static size_t put_line(char *out, const char *line, unsigned n)
{
	size_t used = 0;

	for (; *line != '\0'; line++) {
		if (*line != '@' || line[1] == '\0') {
			out[used++] = *line;
			continue;
		}
		switch (*++line) {
		case 'T':
			used += (size_t)snprintf(out + used, 16, "%02u:%02u:%02u", n / 3600 % 24, n / 60 % 60, n % 60);
			break;
		case 'F':
			used += (size_t)snprintf(out + used, 16, "%03u", n * 7 % 1000);
			break;
		case 'P':
			used += (size_t)snprintf(out + used, 16, "%02u", n % 99);
			break;
		case 'S':
			used += (size_t)snprintf(out + used, 16, "%u", n % 50);
			break;
		case 'N':
			used += (size_t)snprintf(out + used, 16, "%u", n);
			break;
		default:
			out[used++] = *line;
		}
	}
	return used;
}

static void put_lines(char *out, size_t *len, const struct form *f, const char *const *lines, unsigned n)
{
	for (size_t i = 0; i < LINES_MAX && lines[i] != NULL; i++) {
		*len += put_line(out + *len, lines[i], n);
		memcpy(out + *len, f->end, strlen(f->end));
		*len += strlen(f->end);
	}
}

/* A new log of that form, of at least size bytes. */
static char *make_log(const struct form *f, size_t size, size_t *len)
{
	const size_t bytes = f->wide ? size / 2 : size;
	char *text = malloc(2 * (bytes + 32000));
	const char *head[LINES_MAX] = {f->head};

	*len = 0;
	if (text == NULL)
		return NULL;
	put_lines(text, len, f, head, 0);
	for (unsigned n = 0; *len < bytes; n++) {
		put_lines(text, len, f, f->line, n);
		if (f->every > 0 && n % f->every == 0)
			put_lines(text, len, f, f->rare, n / f->every);
	}
	for (size_t i = *len; f->wide && i > 0; i--) {
		text[2 * i] = text[i - 1];
		text[2 * i + 1] = '\0';
	}
	if (f->wide) {
		memcpy(text, "\xFF\xFE", 2);
		*len = 2 * *len + 2;
	}
	return text;
}

static void run(const struct form *f, const char *data, size_t len)
{
	const struct error_where where = {.kind = ORIGIN_ATTACHMENT, .attachment = "a1"};
	struct log_facts facts = {.product = ""};
	struct error_set *set = error_set_new();
	struct log_scanner *s = log_scanner_new(set, &where, &facts);
	struct secrets_places secrets = {.n = 0};
	double start = now(), took;

	log_scanner_secrets(s, &secrets);
	for (size_t i = 0; i < len; i += BLOCK)
		log_scanner_feed(s, data + i, len - i < BLOCK ? len - i : BLOCK);
	log_scanner_end(s);
	took = now() - start;
	printf("%-28s %8.0f MB/s  (%zu MB, %zu errors)\n", f->name, (double)len / 1e6 / took, len / 1000000, error_set_count(set));
	log_scanner_free(&s);
	error_set_free(&set);
}

int main(int argc, char **argv)
{
	const size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 200) * 1000000;
	const bool write = argc > 3 && strcmp(argv[2], "write") == 0;
	const char *only = argc > 2 ? argv[argc - 1] : NULL;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t len;
		char *text;

		if (only != NULL && strcmp(forms[i].name, only) != 0)
			continue;
		text = make_log(&forms[i], size / forms[i].share, &len);
		if (text == NULL)
			return 70;
		if (write)
			fwrite(text, 1, len, stdout);
		else
			run(&forms[i], text, len);
		free(text);
	}
	return 0;
}
