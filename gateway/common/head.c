/*
 * head.c - where the header block ends. The spool and the body digest (smtp, api); hostile bytes, linear
 * time.
 */
#include <string.h>

#include "head.h"

size_t
head_scan(struct head_scan *h, const void *data, size_t n)
{
	const unsigned char *s = data, *cr;
	size_t i = 0;

	if (h->found)
		return 0;
	while (i < n) {
		if (h->matched == 0) {
			cr = memchr(s + i, '\r', n - i);
			if (!cr)
				return n;
			i = (size_t)(cr - s) + 1;
			h->matched = 1;
			continue;
		}
		if (s[i] == (h->matched % 2 ? '\n' : '\r'))
			h->matched++;
		else
			h->matched = s[i] == '\r';
		i++;
		if (h->matched == 4) {
			h->found = true;
			return i;
		}
	}
	return n;
}
