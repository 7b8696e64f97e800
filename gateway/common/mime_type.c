/*
 * mime_type.c - checks a type before it stands in a header; it came from a sender or from a program of the operator's.
 */
#include "mime_type.h"

#include <string.h>
#include <strings.h>

bool
mime_type_fits(const char *type)
{
	static const char marks[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-._";
	size_t head = strspn(type, marks), tail = type[head] == '/' ? strspn(type + head + 1, marks) : 0;

	return head > 0 && tail > 0 && head + 1 + tail <= MIME_TYPE_MAX && type[head + 1 + tail] == '\0' &&
	    strncasecmp(type, "multipart/", 10) != 0 && strncasecmp(type, "message/", 8) != 0;
}
