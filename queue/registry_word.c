/*
 * registry_word.c - enums of the registry and their words. Runs in the queue process. Pure.
 */
#include "registry_word.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 5u

static const char *const words[][WORDS_MAX] = {
	[WORD_KIND] = { "partner", "contact", "customer", "direct", "agent" },
	[WORD_STATUS] = { "", "active", "suspended", "expired" },
	[WORD_UNLISTED] = { "hold", "accept", "reject" },
	[WORD_UNVERIFIED] = { "hold", "reject" },
	[WORD_PROOF] = { "any", "dkim", "signature" },
	[WORD_AUTOMATIC] = { "hold", "open" },
	[WORD_CREDENTIAL] = { "", "password", "certificate", "openpgp", "smime" },
};

const char *
reg_word(enum reg_words set, unsigned value)
{
	return value < WORDS_MAX && words[set][value] != NULL ? words[set][value] : "";
}

int
reg_word_value(enum reg_words set, const char *word)
{
	for (unsigned i = 0; word[0] != '\0' && i < WORDS_MAX && words[set][i] != NULL; i++)
		if (strcmp(words[set][i], word) == 0)
			return (int)i;
	return -1;
}

void
reg_word_list(enum reg_words set, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (unsigned i = 0; i < WORDS_MAX && words[set][i] != NULL; i++) {
		if (words[set][i][0] == '\0' || len >= size)
			continue;
		len += (size_t)snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", words[set][i]);
	}
}
