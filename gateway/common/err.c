/*
 * err.c - texts of the error convention. Every process; pure.
 */
#include "err.h"

const char *
vg_strerror(int err)
{
	switch ((enum vg_err)err) {
	case VG_OK:
		return "success";
	case VG_ERR_MEMORY:
		return "out of memory";
	case VG_ERR_SYSTEM:
		return "system call failed";
	case VG_ERR_SYNTAX:
		return "syntax error";
	case VG_ERR_LIMIT:
		return "limit exceeded";
	case VG_ERR_CLOSED:
		return "connection closed";
	case VG_ERR_AGAIN:
		return "not possible now, try later";
	case VG_ERR_NOTFOUND:
		return "not found";
	case VG_ERR_EXISTS:
		return "exists already";
	case VG_ERR_DENIED:
		return "not permitted";
	case VG_ERR_STORE:
		return "store failure";
	case VG_ERR_FULL:
		return "no space left";
	case VG_ERR_CRYPTO:
		return "sealed data does not authenticate";
	case VG_ERR_PROTO:
		return "protocol violation by a peer process";
	case VG_ERR_VERSION:
		return "data of a newer version";
	case VG_ERR_TIMEOUT:
		return "timed out";
	case VG_ERR_CONFIG:
		return "configuration error";
	}
	return "unknown error";
}
