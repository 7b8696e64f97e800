/*
 * bench_registry.c - does a look-up cost more in a large registry, and how long does a large import take? Prints figures:
 * 100,000 partners with 1,000,000 addresses and domains against ten partners, and memory. Usage: bench_registry [PARTNERS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "log.h"
#include "registry_private.h"

#ifndef LOOKUPS
#define LOOKUPS 200000u
#endif

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time of this process: what an otherwise idle machine would have needed at least. */
static double
cpu(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static double
peak_mb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (double)u.ru_maxrss / 1024.0;
}

/* Spreads the numbers, so that neighbours in the file are no neighbours in the index. */
static unsigned
mix(unsigned i)
{
	return i * 2654435761u;
}

static void
write_csv(FILE *fp, unsigned partners)
{
	fputs("kind,partner,name,address,domain,vcsp_id\r\n", fp);
	for (unsigned i = 0; i < partners; i++)
		fprintf(fp, "partner,p%u,\"Partner %u, Ltd\",,msp-%08x.example,%u\r\n", i, i, mix(i), 10000 + i);
	for (unsigned i = 0; i < partners; i++) {
		for (unsigned k = 0; k < 5; k++)
			fprintf(fp, "contact,p%u,Contact %u,person%u@msp-%08x.example,,\r\n", i, k, k, mix(i));
		for (unsigned k = 0; k < 3; k++)
			fprintf(fp, "customer,p%u,Customer,user%u@shared-%08x.example,,\r\n", i, k, mix(i * 3 + k));
		for (unsigned k = 0; k < 2; k++)
			fprintf(fp, "customer,p%u,Customer,,client-%08x.example,\r\n", i, mix(i * 2 + k));
	}
}

static void
lookups(struct registry *r, unsigned partners, const char *what)
{
	static const char *const forms[] = { "person1@msp-%08x.example", "nobody@a.b.msp-%08x.example", "x@client-%08x.example",
		"unknown@nowhere-%08x.example", "x@a.b.c.d.e.f.g.h.i.nowhere-%08x.example" };

	for (size_t f = 0; f < sizeof(forms) / sizeof(forms[0]); f++) {
		struct registry_sender s;
		char address[128];
		double start = seconds();
		unsigned known = 0;

		for (unsigned i = 0; i < LOOKUPS; i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
			snprintf(address, sizeof(address), forms[f], mix(mix(i) % partners));
#pragma GCC diagnostic pop
			if (registry_sender(r, address, &s) != VG_OK)
				exit(1);
			known += s.cls != CLASS_UNKNOWN;
		}
		printf("%-6s %-42s %6.2f us a look-up, %u known\n", what, forms[f], (seconds() - start) * 1e6 / LOOKUPS, known);
	}
}

static void
run(const char *dir, unsigned partners, const char *what)
{
	struct reg_who who = { .actor = "bench", .now_ms = 1764000000000 };
	struct reg_source source = { 0 };
	struct reg_import done;
	struct registry *r = NULL;
	const char *why = "";
	char *text = NULL;
	size_t size = 0;
	FILE *fp = open_memstream(&text, &size);
	double start, used;
	int err;

	write_csv(fp, partners);
	fclose(fp);
	source.text = text;
	source.size = size;
	if (registry_open(&r, dir, true, &why) != VG_OK) {
		fprintf(stderr, "%s: %s\n", dir, why);
		exit(1);
	}
	start = seconds();
	used = cpu();
	err = reg_import(r, &source, REG_CSV, false, &who, &done);
	printf("%-6s import of %llu rows (%.0f MB of CSV) %.1f s (processor %.1f s), err %d, faults %llu, peak memory %.0f MB with the CSV\n", what,
	    (unsigned long long)done.rows, (double)size / 1e6, seconds() - start, cpu() - used, err, (unsigned long long)done.faults, peak_mb());
	json_decref(done.list);
	start = seconds();
	err = reg_import(r, &source, REG_CSV, false, &who, &done);
	printf("%-6s the same again, %llu unchanged %.1f s, err %d\n", what, (unsigned long long)done.unchanged, seconds() - start, err);
	json_decref(done.list);
	free(text);
	lookups(r, partners, what);
	registry_close(&r);
}

int
main(int argc, char **argv)
{
	unsigned partners = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
	const char *tmp = getenv("TMPDIR");
	char small[256], large[256], command[800];

	snprintf(small, sizeof(small), "%s/bench-registry.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	snprintf(large, sizeof(large), "%s", small);
	if (mkdtemp(small) == NULL || mkdtemp(large) == NULL)
		return 71;
	log_setup("bench", LOG_LVL_ERROR);
	setvbuf(stdout, NULL, _IOLBF, 0);
	run(small, 10, "small");
	run(large, partners, "large");
	snprintf(command, sizeof(command), "ls -l '%s'; rm -r '%s' '%s'", large, small, large);
	return system(command) == 0 ? 0 : 1;
}
