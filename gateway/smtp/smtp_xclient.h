/*
 * smtp_xclient.h - arguments of XCLIENT and XFORWARD, as Postfix documents them. Pure.
 */
#ifndef VG_SMTP_XCLIENT_H
#define VG_SMTP_XCLIENT_H

#include <netinet/in.h>

#include "smtp_cmd.h"

enum { XC_NAME = 1, XC_ADDR = 2, XC_HELO = 4, XC_PROTO = 8, XC_OTHER = 16 };

/* What was given: XC_ bits; a value that the sender called unavailable is "". */
struct smtp_xclient {
	unsigned given;
	char name[SMTP_NAME_MAX + 1];
	char addr[INET6_ADDRSTRLEN]; /* "192.0.2.1", "2001:db8::1" */
	char helo[SMTP_NAME_MAX + 1];
	bool esmtp;                  /* XC_PROTO */
};

/* forward: XFORWARD's attributes instead of XCLIENT's. VG_ERR_SYNTAX with *no filled. */
int smtp_xclient_parse(bool forward, const char *args, size_t len, struct smtp_xclient *out, struct smtp_refusal *no);
/* Writes an address of text form in the one spelling used for looking up; IPv4-mapped IPv6 becomes IPv4. False: no address. */
bool smtp_ip_normal(char out[INET6_ADDRSTRLEN], const char *text);

#endif
