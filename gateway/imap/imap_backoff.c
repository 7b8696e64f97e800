/*
 * imap_backoff.c - pauses. Providers lock accounts that hammer, so a refused login and a limit wait longest.
 */
#include "imap_backoff.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SECOND_MS INT64_C(1000)
#define MINUTE_MS (60 * SECOND_MS)
#define IDLE_MAX_MS (28 * MINUTE_MS)

static const struct {
	const char *name;
	int64_t first, last;
} rows[] = {
	[TROUBLE_NETWORK] = { "network", 2 * SECOND_MS, 10 * MINUTE_MS },
	[TROUBLE_TLS] = { "tls", 30 * SECOND_MS, 10 * MINUTE_MS },
	[TROUBLE_LOGIN] = { "login", MINUTE_MS, 30 * MINUTE_MS },
	[TROUBLE_UNAVAILABLE] = { "unavailable", 30 * SECOND_MS, 15 * MINUTE_MS },
	[TROUBLE_LIMIT] = { "limit", 5 * MINUTE_MS, 60 * MINUTE_MS },
	[TROUBLE_PROTOCOL] = { "protocol", 10 * SECOND_MS, 10 * MINUTE_MS },
	[TROUBLE_TOKEN] = { "token", SECOND_MS, 30 * MINUTE_MS },
	[TROUBLE_OURS] = { "ours", SECOND_MS / 2, 30 * SECOND_MS },
};

enum imap_trouble
imap_trouble_of_code(const char *code, enum imap_trouble other)
{
	static const struct {
		const char *code;
		enum imap_trouble trouble;
	} codes[] = {
		{ "UNAVAILABLE", TROUBLE_UNAVAILABLE }, { "LIMIT", TROUBLE_LIMIT }, { "OVERQUOTA", TROUBLE_LIMIT },
		{ "THROTTLED", TROUBLE_LIMIT }, { "AUTHENTICATIONFAILED", TROUBLE_LOGIN },
		{ "AUTHORIZATIONFAILED", TROUBLE_LOGIN }, { "EXPIRED", TROUBLE_LOGIN }, { "PRIVACYREQUIRED", TROUBLE_LOGIN },
		{ "CONTACTADMIN", TROUBLE_LOGIN }, { "INUSE", TROUBLE_UNAVAILABLE }, { "SERVERBUG", TROUBLE_UNAVAILABLE },
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcasecmp(code, codes[i].code) == 0)
			return codes[i].trouble;
	}
	return other;
}

bool
imap_code_excuses(const char *code)
{
	static const char *const codes[] = { "LIMIT", "OVERQUOTA", "THROTTLED", "UNAVAILABLE", "INUSE", "AUTHENTICATIONFAILED",
		"AUTHORIZATIONFAILED", "EXPIRED" };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcasecmp(code, codes[i]) == 0)
			return true;
	}
	return false;
}

/* Is it a BYE? Its code, "" without. */
static bool
bye_code(const char *line, char *code, size_t size)
{
	size_t n;

	code[0] = '\0';
	if (strncasecmp(line, "* BYE", 5) != 0 || (line[5] != ' ' && line[5] != '\0'))
		return false;
	if (line[5] == '\0' || line[6] != '[')
		return true;
	n = strcspn(line + 7, "] ");
	if (n >= size)
		return true;
	memcpy(code, line + 7, n);
	code[n] = '\0';
	return true;
}

enum imap_trouble
imap_trouble_of_bye(const char *line, enum imap_trouble other, const char **why)
{
	char code[32];

	*why = NULL;
	if (!bye_code(line, code, sizeof(code)))
		return other;
	*why = line + 2;
	return imap_trouble_of_code(code, TROUBLE_UNAVAILABLE);
}

bool
imap_bye_excuses(const char *line)
{
	char code[32];

	return bye_code(line, code, sizeof(code)) && imap_code_excuses(code);
}

const char *
imap_trouble_name(enum imap_trouble t)
{
	return rows[t].name;
}

static int64_t
pause_ms(int64_t first, int64_t last, unsigned n, uint32_t random)
{
	int64_t ms = first;

	for (unsigned i = 1; i < n && ms < last; i++)
		ms *= 2;
	if (ms > last)
		ms = last;
	return ms - ms / 4 + (int64_t)(random % (uint64_t)(ms / 2 + 1));
}

int64_t
imap_backoff_ms(enum imap_trouble t, unsigned failures, uint32_t random)
{
	return pause_ms(rows[t].first, rows[t].last, failures, random);
}

int64_t
imap_delay_ms(unsigned delays, uint32_t random)
{
	return pause_ms(30 * SECOND_MS, 15 * MINUTE_MS, delays, random);
}

int64_t
imap_wait_ms(bool idle, int64_t poll_ms, int64_t due_ms)
{
	int64_t ms = due_ms < poll_ms ? due_ms : poll_ms;

	if (due_ms < poll_ms && ms < SECOND_MS)
		ms = SECOND_MS < poll_ms ? SECOND_MS : poll_ms;
	return idle && ms > IDLE_MAX_MS ? IDLE_MAX_MS : ms;
}
