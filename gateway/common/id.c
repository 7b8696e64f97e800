/*
 * id.c - ULIDs, session ids, wall clock and RFC 3339 text. Every process, any thread.
 * No libc time zone code: gmtime_r would read /etc/localtime behind a filter that forbids it.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "id.h"

#define ULID_RANDOM 10
#define DAY_MS INT64_C(86400000)
#define EPOCH_DAYS INT64_C(719468) /* from 0000-03-01 to 1970-01-01 */
#define YEAR_9999_MS INT64_C(253402300799999)

static pthread_mutex_t ulid_lock = PTHREAD_MUTEX_INITIALIZER;
static int64_t ulid_ms = -1;
static unsigned char ulid_random[ULID_RANDOM];

/* An id without entropy could collide with another's: there is no way on. */
static void
fill_random(unsigned char *out, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);
		if (got < 0) {
			if (errno == EINTR)
				continue;
			abort();
		}
		out += got;
		n -= (size_t)got;
	}
}

/* Adds one to the random part. Its top bit starts clear, so that it does not overflow within one millisecond.
 */
static void
ulid_increment(void)
{
	for (int i = ULID_RANDOM - 1; i >= 0; i--) {
		if (++ulid_random[i] != 0)
			return;
	}
}

static void
ulid_encode(char out[ULID_LEN + 1], const unsigned char raw[16])
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	/* 26 characters hold 130 bits; the two in front are zero. */
	unsigned acc = 0, bits = 2;
	size_t n = 0;

	for (int i = 0; i < 16; i++) {
		acc = (acc << 8 | raw[i]) & 0xfff;
		bits += 8;
		while (bits >= 5) {
			bits -= 5;
			out[n++] = alphabet[acc >> bits & 31];
		}
	}
	out[n] = '\0';
}

void
id_ulid(char out[ULID_LEN + 1], int64_t unix_ms)
{
	unsigned char raw[16];
	uint64_t ms;

	pthread_mutex_lock(&ulid_lock);
	if (unix_ms > ulid_ms) {
		ulid_ms = unix_ms;
		fill_random(ulid_random, ULID_RANDOM);
		ulid_random[0] &= 0x7f;
	} else {
		ulid_increment();
	}
	ms = ulid_ms < 0 ? 0 : (uint64_t)ulid_ms;
	memcpy(raw + 6, ulid_random, ULID_RANDOM);
	pthread_mutex_unlock(&ulid_lock);
	for (int i = 0; i < 6; i++)
		raw[i] = (unsigned char)(ms >> (40 - 8 * i));
	ulid_encode(out, raw);
}

void
id_session(char out[11])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char raw[10];

	fill_random(raw, sizeof(raw));
	for (size_t i = 0; i < sizeof(raw); i++)
		out[i] = alphabet[raw[i] & 31];
	out[10] = '\0';
}

int64_t
id_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Proleptic Gregorian date of a day counted from 0000-03-01, in years that start in March (leap day last). */
static void
civil_from_days(int64_t z, int *year, int *month, int *day)
{
	int64_t era = z / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

static char *
put_digits(char *p, int value, int width, char after)
{
	for (int i = width - 1; i >= 0; i--, value /= 10)
		p[i] = (char)('0' + value % 10);
	p[width] = after;
	return p + width + 1;
}

void
id_rfc3339(char out[32], int64_t unix_ms, int with_ms)
{
	int year, month, day, secs;
	char *p = out;

	if (unix_ms < -EPOCH_DAYS * DAY_MS)
		unix_ms = -EPOCH_DAYS * DAY_MS;
	if (unix_ms > YEAR_9999_MS)
		unix_ms = YEAR_9999_MS;
	unix_ms += EPOCH_DAYS * DAY_MS;
	civil_from_days(unix_ms / DAY_MS, &year, &month, &day);
	secs = (int)(unix_ms % DAY_MS / 1000);
	p = put_digits(p, year, 4, '-');
	p = put_digits(p, month, 2, '-');
	p = put_digits(p, day, 2, 'T');
	p = put_digits(p, secs / 3600, 2, ':');
	p = put_digits(p, secs / 60 % 60, 2, ':');
	p = put_digits(p, secs % 60, 2, with_ms ? '.' : 'Z');
	if (with_ms)
		p = put_digits(p, (int)(unix_ms % 1000), 3, 'Z');
	*p = '\0';
}
