/*
 * bench_dkim.c - DKIM verifications per second on one core: bench_dkim [seconds for each]. A mail is read, its body
 * hashed, its key parsed, its signature checked; the DNS answers at once. The mails are simple/simple; a relaxed body
 * is hashed beside.
 */
#include <time.h>

#include "../unit/proof/dkim_help.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static char *make_body(size_t size)
{
	char *body = malloc(size + 100);
	size_t n = 0;

	while (body != NULL && n < size)
		n += (size_t)snprintf(
		    body + n, 100, "The  restore of machine %zu fails with the error of yesterday, and again.\r\n", n);
	return body;
}

static void verify(const char *mail, size_t len, const struct key_zone *z)
{
	const struct dkim_options o = {1024, SAMPLES_NOW};
	struct mail_check c;

	check_begin(&c, mail, len, &o, 65536);
	check_run(&c, z);
	if (dkim_at(c.dkim, 0)->result != DKIM_PASS)
		die("a good signature does not pass");
	check_end(&c);
}

static void run(bool ed25519, size_t size, double seconds)
{
	static const char fields[] = "From: ann@example.com\r\nTo: support@example.net\r\nSubject: A restore fails\r\n";
	char *body = make_body(size), *mail = malloc(size + 8192);
	struct key_zone *z = calloc(1, sizeof(*z));
	struct signer s;
	double start, took;
	unsigned long n = 0;
	size_t len;

	if (body == NULL || mail == NULL || z == NULL)
		die("no memory");
	signer_init(&s, ed25519);
	len = signer_mail(&s, mail, size + 8192, "d=example.com; s=k; h=from:to:subject", fields, body);
	zone_add(z, "k._domainkey.example.com", DNS_FOUND, s.record);
	for (start = now(), took = 0; took < seconds; n++, took = now() - start)
		verify(mail, len, z);
	printf("%-8s %7zu bytes %10.0f mails/s %8.0f MB/s\n", ed25519 ? "Ed25519" : "RSA-2048", len, (double)n / took,
	    (double)n * (double)len / 1e6 / took);
	signer_free(&s);
	free(z);
	free(mail);
	free(body);
}

/* The relaxed form costs more: every byte is looked at. */
static void run_relaxed(double seconds)
{
	size_t size = 1000000, n = 0;
	char *body = make_body(size);
	double start, took;

	for (start = now(), took = 0; took < seconds; n++, took = now() - start) {
		struct body_hashes *b = body_hashes_new();

		body_hashes_want(b, true, UINT64_MAX);
		body_hashes_feed(b, body, size);
		body_hashes_end(b);
		body_hashes_free(&b);
	}
	printf("relaxed body hash alone %24.0f MB/s\n", (double)n * (double)size / 1e6 / took);
	free(body);
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 2;

	for (int ed25519 = 0; ed25519 < 2; ed25519++)
		for (size_t size = 4000; size <= 100000; size *= 25)
			run(ed25519 != 0, size, seconds);
	run_relaxed(seconds);
	return 0;
}
