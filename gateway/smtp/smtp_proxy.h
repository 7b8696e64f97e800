/*
 * smtp_proxy.h - the header that a proxy puts before the dialogue: PROXY protocol versions 1 and 2. Pure.
 */
#ifndef VG_SMTP_PROXY_H
#define VG_SMTP_PROXY_H

#include <netinet/in.h>
#include <stddef.h>

/* Longest header accepted, type-length-value fields of version 2 included. */
#define SMTP_PROXY_MAX 4096u

enum smtp_proxy_kind {
	PROXY_CLIENT = 1, /* client is known */
	PROXY_UNKNOWN,    /* a client that the proxy does not name */
	PROXY_LOCAL       /* the proxy itself, a health check */
};

struct smtp_proxy {
	enum smtp_proxy_kind kind;
	char client[INET6_ADDRSTRLEN]; /* "" unless PROXY_CLIENT */
};

/* 1 and *used when the header is complete, 0 while more is needed, VG_ERR_SYNTAX with *why. Bytes behind the header
 * are not looked at. */
int smtp_proxy_parse(const unsigned char *in, size_t n, struct smtp_proxy *out, size_t *used, const char **why);

#endif
