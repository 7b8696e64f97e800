/*
 * registry_key.c - keys of addresses and domains. Runs in the queue process; names come from senders
 * (already parsed) and operators. Pure.
 */
#include "registry_key.h"

#include <stdio.h>
#include <string.h>

#include "err.h"

int
registry_key(char key[REGISTRY_KEY], const char *name)
{
	const char *at = strrchr(name, '@');
	const char *domain = at == NULL ? name : at + 1;
	size_t len = strlen(name), end = strlen(domain), o = 0;

	if (len + 2 > REGISTRY_KEY - 1)
		return VG_ERR_LIMIT;
	while (end > 0) {
		size_t start = end;

		while (start > 0 && domain[start - 1] != '.')
			start--;
		memcpy(key + o, domain + start, end - start);
		o += end - start;
		key[o++] = '.';
		end = start > 0 ? start - 1 : 0;
	}
	if (at != NULL) {
		key[o++] = '@';
		memcpy(key + o, name, (size_t)(at - name));
		o += (size_t)(at - name);
	}
	key[o] = '\0';
	return VG_OK;
}

bool
registry_key_up(char *key)
{
	char *at = strchr(key, '@');
	size_t len;

	if (at != NULL) {
		*at = '\0';
		return true;
	}
	len = strlen(key);
	if (len > 0)
		len--;
	while (len > 0 && key[len - 1] != '.')
		len--;
	key[len] = '\0';
	return registry_labels(key) > 2;
}

void
registry_key_limit(char *key)
{
	unsigned dots = 0;

	for (char *p = key; *p != '\0' && *p != '@'; p++) {
		if (*p == '.' && ++dots == REGISTRY_LABELS) {
			p[1] = '\0';
			return;
		}
	}
}

void
registry_key_end(char end[REGISTRY_KEY], const char *key)
{
	size_t len = strlen(key);

	memcpy(end, key, len + 1);
	if (len > 0)
		end[len - 1] = '/'; /* the character behind '.' */
}

unsigned
registry_labels(const char *domain)
{
	unsigned n = 1;

	for (; *domain != '\0'; domain++)
		n += *domain == '.';
	return n;
}
