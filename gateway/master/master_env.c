/*
 * master_env.c - what of the environment the children inherit: the time zone and language, and what tests and
 * sanitizers need. The supervisor's environment is the administrator's; nothing else of it passes. Pure.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "master.h"

static bool
kept(const char *var)
{
	static const char *const names[] = { "TZ", "LANG", "LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS" };
	size_t n = strcspn(var, "=");

	if (!strncmp(var, "VCSPGATE_TEST_", strlen("VCSPGATE_TEST_")))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == n && !strncmp(var, names[i], n))
			return true;
	}
	return false;
}

char **
master_environment(char *const *environ_)
{
	size_t n = 0, out = 0;
	char **env;

	while (environ_[n])
		n++;
	env = calloc(n + 1, sizeof(*env));
	for (size_t i = 0; env && i < n; i++) {
		if (kept(environ_[i]))
			env[out++] = environ_[i];
	}
	return env;
}
