/*
 * ip.c - text to address bytes, for the configuration's networks and for counting clients. The text may be a peer's.
 */
#include "ip.h"

#include <arpa/inet.h>
#include <string.h>

bool
ip_mapped(const char *text, unsigned char out[16], unsigned *bits)
{
	*bits = 32;
	memset(out, 0, 16);
	out[10] = out[11] = 0xff;
	if (inet_pton(AF_INET, text, out + 12) == 1)
		return true;
	*bits = 128;
	return inet_pton(AF_INET6, text, out) == 1;
}
