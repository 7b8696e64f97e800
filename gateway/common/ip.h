/*
 * ip.h - IP addresses in one form for comparing: 16 bytes, IPv4 as IPv4-mapped IPv6 (RFC 4291 2.5.5.2). Pure.
 */
#ifndef VG_IP_H
#define VG_IP_H

#include <stdbool.h>

/* Reads "192.0.2.1" or "2001:db8::1". *bits: 32 or 128, the length of the address as written. False: neither. */
bool ip_mapped(const char *text, unsigned char out[16], unsigned *bits);

#endif
