/*
 * bench_archive.c - speed and memory of the archive path: bench_archive [MB]. A zip bundle of generated logs goes through
 * libarchive alone and through the whole attachment inspector; then 1 GB of log text as zip and as tar.gz, streamed. Prints
 * MB/s of log text, the ratio of the two, and the peak resident memory of the process that did it.
 */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "errors.h"
#include "inspect.h"

#define MEMBER ((size_t)10 * 1000 * 1000) /* bytes of one log */
#define RUNS 5

static double seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static int say_info(char *out, size_t cap, unsigned n)
{
	unsigned id = n * 2654435761u, count = n * 40503u;

	switch (n % 5) {
	case 0:
		return snprintf(out, cap, "Info     [AgentMgr] Agent '{%08x-4c1e-4f0b-9d55-%012x}' keeps the connection\r\n", id, count);
	case 1:
		return snprintf(out, cap, "Info     [ProxyDetector] Proxy [esx%u.lab.example] is able to process disk [2000-%x]\r\n", id % 90,
		    count);
	case 2:
		return snprintf(out, cap, "Info     Set status 'InProgress' for task session '%08x-11aa-4bbc-8cdd-%012x'\r\n", id, count);
	case 3:
		return snprintf(out, cap, "Info     [VimApi] RetrieveProperties, type \"VirtualMachine\", ref \"vm-%u\", took %u ms\r\n",
		    id % 5000, count % 900);
	default:
		return snprintf(out, cap, "Info     (#) Writing block %u, compressed size %u, digest is known, going on\r\n", id, count);
	}
}

/* What services write: mostly information, now and then a warning, an error with its stack. */
static size_t log_line(char *out, size_t cap, unsigned n)
{
	int used = snprintf(out, cap, "[%02u.11.2026 %02u:%02u:%02u.%03u] <%02u> ", 1 + n / 8640000 % 28, n / 360000 % 24, n / 6000 % 60,
	    n / 100 % 60, n % 1000, n * 7 % 97);

	out += used;
	cap -= (size_t)used;
	if (n % 500 == 499)
		used += snprintf(out, cap,
		    "Error    [CPool] Failed to connect to host esx%u.lab.example. Code: %u (System.Net.Sockets.SocketException)\r\n"
		    "   at System.Net.Sockets.Socket.Connect(EndPoint remoteEP)\r\n   at Vendor.Core.CPool.Open(String host) line %u\r\n",
		    n % 50, n % 7, n % 900);
	else if (n % 100 == 50)
		used += snprintf(out, cap, "Warning  [Storage] Free space on volume %c: is low: %u MB left\r\n", 'C' + (char)(n % 5),
		    n * 31 % 100000);
	else
		used += say_info(out, cap, n);
	return (size_t)used;
}

/* An archive of `size` bytes of logs, unlinked; -1 on a failure. */
static int make_bundle(const char *format, const char *filter, size_t size)
{
	char path[] = "/tmp/vg-bench-XXXXXX", *text = malloc(MEMBER + 2000), name[64];
	int fd = mkstemp(path);
	struct archive *a = archive_write_new();
	unsigned n = 0, member = 0;

	if (fd < 0 || text == NULL || a == NULL)
		return -1;
	unlink(path);
	archive_write_set_format_by_name(a, format);
	if (filter != NULL)
		archive_write_add_filter_by_name(a, filter);
	archive_write_open_fd(a, fd);
	for (size_t done = 0; done < size; member++) {
		struct archive_entry *e = archive_entry_new();
		size_t len = 0, want = size - done < MEMBER ? size - done : MEMBER;

		while (len < want)
			len += log_line(text + len, 2000, n++);
		len = want;
		snprintf(name, sizeof name, "host%u/Backup/Job.Daily_%u.log", member % 4, member);
		archive_entry_set_pathname(e, name);
		archive_entry_set_filetype(e, AE_IFREG);
		archive_entry_set_perm(e, 0644);
		archive_entry_set_size(e, (la_int64_t)len);
		archive_write_header(a, e);
		archive_write_data(a, text, len);
		archive_entry_free(e);
		done += len;
	}
	free(text);
	return archive_write_close(a) == ARCHIVE_OK && archive_write_free(a) == ARCHIVE_OK ? fd : -1;
}

/* Bytes that came out. */
static uint64_t run_bare(int fd)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	const void *block;
	uint64_t total = 0;
	la_int64_t offset;
	size_t n;

	archive_read_support_filter_gzip(a);
	archive_read_support_format_zip_seekable(a);
	archive_read_support_format_tar(a);
	archive_read_open_fd(a, fd, 65536);
	while (archive_read_next_header(a, &e) == ARCHIVE_OK)
		while (archive_read_data_block(a, &block, &n, &offset) == ARCHIVE_OK)
			total += n;
	archive_read_free(a);
	return total;
}

static uint64_t run_parser(int fd)
{
	const struct inspect_attachment what = {.id = "a1", .name = "VeeamBackupLogs", .content_type = "", .disposition = "attachment"};
	struct inspector *in = inspector_new();
	struct error_set *set = error_set_new();
	struct inspect_job job = INSPECT_JOB_INIT(set);
	uint64_t total = 0;
	struct source src;
	json_t *a, *entry;
	size_t i;

	job.budget.cpu_ms = 1000000;
	source_fd(&src, fd);
	a = inspect(in, &job, &what, &src);
	json_array_foreach(json_object_get(a, "entries"), i, entry)
		total += (uint64_t)json_integer_value(json_object_get(entry, "size"));
	if (error_set_count(set) == 0 || json_array_size(json_object_get(a, "problems")) > 0)
		total = 0;
	json_decref(a);
	source_close(&src);
	inspector_free(&in);
	return total;
}

/* In a process of its own: MB/s, or 0 where not all came out; *rss: its peak, MiB. */
static double measure(uint64_t (*run)(int fd), int fd, uint64_t want, double *rss)
{
	struct rusage used;
	double took;
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		lseek(fd, 0, SEEK_SET);
		_exit(run(fd) == want ? 0 : 1);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return 0;
	/* Of the core, not of the clock: the machine may be busy. */
	took = seconds(&used.ru_utime) + seconds(&used.ru_stime);
	*rss = (double)used.ru_maxrss / 1024;
	return status == 0 ? (double)want / 1e6 / took : 0;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void compare(const char *what, const char *format, const char *filter, size_t size, int runs)
{
	double bare[RUNS], whole[RUNS], rss_bare = 0, rss = 0;
	int fd = make_bundle(format, filter, size);
	off_t packed = fd >= 0 ? lseek(fd, 0, SEEK_END) : 0;

	for (int i = 0; i < runs; i++) {
		bare[i] = measure(run_bare, fd, size, &rss_bare);
		whole[i] = measure(run_parser, fd, size, &rss);
	}
	qsort(bare, (size_t)runs, sizeof bare[0], by_value);
	qsort(whole, (size_t)runs, sizeof whole[0], by_value);
	printf("%-18s %6.0f MB of logs in %5.1f MB: libarchive %4.0f MB/s, inspected %4.0f MB/s (%.0f-%.0f), ratio %.2f; "
	       "peak %3.0f MiB (libarchive %.0f)\n",
	    what, (double)size / 1e6, (double)packed / 1e6, bare[runs / 2], whole[runs / 2], whole[0], whole[runs - 1],
	    whole[runs / 2] / bare[runs / 2], rss, rss_bare);
	fflush(stdout);
	close(fd);
}

int main(int argc, char **argv)
{
	size_t mb = argc > 1 ? (size_t)atoi(argv[1]) : 300;

	compare("zip", "zip", NULL, mb * 1000000, RUNS);
	compare("tar.gz", "ustar", "gzip", mb * 1000000, RUNS);
	compare("zip, large", "zip", NULL, mb * 1000000 * 10 / 3, 3);
	return 0;
}
