/*
 * bench_log.c - speed of the log scanner on one core: bench_log [MB]. Prints MB/s for typical logs (a few errors among
 * information), for logs of nothing but errors, and for the typical one in UTF-16.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "errors.h"
#include "log_scan.h"

#define BLOCK ((size_t)64 * 1024)

static double now(void)
{
	struct timespec t;

	/* Of the core, not of the clock: the machine may be busy. */
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Fills at least size bytes of what other programs write: agents, ISO times, syslog, lines without a time; no error. */
static char *make_mixture(size_t size, size_t *len)
{
	char *text = malloc(size + 1000);

	*len = 0;
	for (unsigned n = 0; text != NULL && *len < size; n++) {
		unsigned m = n / 60 % 60, s = n % 60;

		*len += (size_t)snprintf(text + *len, 1000,
		    "[12.03.2023 03:%02u:%02u.417] < %5u> dsk      | INFO |Block %u of the disk was read, the queue holds some more\n"
		    "2024-03-02 02:%02u:%02u,120 [worker-3] INFO  com.example.restore.Session - object %u of the mailbox was restored\n"
		    "Mar  2 02:%02u:%02u veeam01 veeamtransport[990]: connection %u accepted from 192.0.2.7 port 2500\n"
		    "    field %u of a record that goes on over several lines, none of which has a time of its own\n"
		    "2024-03-02T02:%02u:%02u.001Z info vpxd[7F8A] [Originator@6876 sub=vpxLro opID=%u] [VpxLRO] -- BEGIN task -- vm\n",
		    m, s, n % 9973, n, m, s, n, m, s, n, n, m, s, n);
	}
	return text;
}

/* Fills at least size bytes of log, one line in `every` an error. */
static char *make_log(size_t size, unsigned every, size_t *len)
{
	char *text = malloc(size + 1000);
	unsigned n = 0;

	for (*len = 0; text != NULL && *len < size; n++) {
		if (n % every == every - 1)
			*len += (size_t)snprintf(text + *len, 1000,
			    "[07.07.2021 16:%02u:%02u] <%02u> Error    [CPool] Failed to connect to host esx%u.lab.example. Code: %u "
			    "(System.Net.Sockets.SocketException)\r\n",
			    n / 60 % 60, n % 60, n % 99, n % 50, n % 7);
		else
			*len += (size_t)snprintf(text + *len, 1000,
			    "[07.07.2021 16:%02u:%02u] <%02u> Info     [AgentMgr] Agent '%u' keeps the connection, %u bytes were sent in "
			    "the last interval\r\n",
			    n / 60 % 60, n % 60, n % 99, n % 1000, n * 37);
	}
	return text;
}

static void run(const char *what, const char *data, size_t len)
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
	printf("%-24s %8.0f MB/s  (%zu MB, %zu errors)\n", what, (double)len / 1e6 / took, len / 1000000, error_set_count(set));
	log_scanner_free(&s);
	error_set_free(&set);
}

int main(int argc, char **argv)
{
	size_t size = (size_t)(argc > 1 ? atoi(argv[1]) : 200) * 1000000, len;
	char *typical = make_log(size, 200, &len), *wide;

	if (typical == NULL || (wide = malloc(2 * len + 2)) == NULL)
		return 70;
	run("typical", typical, len);
	memcpy(wide, "\xFF\xFE", 2);
	for (size_t i = 0; i < len; i++) {
		wide[2 + 2 * i] = typical[i];
		wide[3 + 2 * i] = 0;
	}
	run("typical, UTF-16", wide, 2 * len + 2);
	free(wide);
	free(typical);
	typical = make_log(size / 10, 10, &len);
	run("every tenth an error", typical, len);
	free(typical);
	typical = make_log(size / 10, 1, &len);
	run("errors only", typical, len);
	free(typical);
	typical = make_mixture(size / 2, &len);
	run("other forms, no error", typical, len);
	free(typical);
	return 0;
}
