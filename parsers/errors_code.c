/*
 * errors_code.c - parser worker; text of hostile logs. Finds the numeric or symbolic code that names an error. Called by
 * errors.c and errors_body.c. Pure.
 */
#include <string.h>

#include "ascii.h"
#include "errors_private.h"
#include "oneline.h"
#include "word_index.h"
#include "word_list.h"

/* What stands before a number that is a code; longer ones first where one begins another. */
static const char *const leads[] = {
    "vddk error", "wininet error code", "win32 error code", "win32 error", "msi error", "rpc error", "soap error", "system error", "os error", "sql error", "error number",
    "error code", "errorcode", "return code", "exit code", "status code", "code", "errno", "http status", "http/1.1", "http/1.0", "http/2", "http", "msg", "error", NULL};

/* Length of a decimal or 0x number at s that no letter or digit follows; 0 for none. */
static size_t number(const char *s, size_t len)
{
	size_t i = 0;

	if (len > 2 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X')) {
		for (i = 2; i < len && ascii_hex(s[i]); i++)
			;
		if (i < 3 || i > 18)
			return 0;
	} else {
		if (len > 1 && s[0] == '-')
			i = 1;
		for (; i < len && i < 12 && ascii_digit(s[i]); i++)
			;
		if (i == 0 || !ascii_digit(s[i - 1]))
			return 0;
		/* 12.1.2 is a version, 10.0.0.1 an address, 5% and 12:30 no codes. */
		if (i + 1 < len && strchr(".:-/", s[i]) != NULL && ascii_digit(s[i + 1]))
			return 0;
		if (i < len && s[i] == '%')
			return 0;
	}
	return i < len && (ascii_alnum(s[i]) || s[i] == '_') ? 0 : i;
}

/* After the bare word "error" a number is a code only where the clause ends with it, or "has occurred" follows. */
static bool clause_ends(const char *s, size_t len)
{
	return len == 0 || strchr(".,;:)]'\"\r\n", s[0]) != NULL || ascii_starts(s, len, " has occurred") ||
	    ascii_starts(s, len, " (") || ascii_starts(s, len, " - ");
}

/* Length of `LEAD : NUMBER` at s; *value is where the number begins. 0 for none. */
static size_t lead_number(const char *s, size_t len, size_t *value)
{
	const struct word_index *ix = word_index_list(leads);

	if (ix != NULL && !word_may_begin(ix, s[0], len > 1 ? s[1] : '\0'))
		return 0;
	for (const char *const *lead = leads; *lead != NULL; lead++) {
		size_t i, gap, n;
		bool quoted;

		if (!ascii_starts(s, len, *lead))
			continue;
		i = strlen(*lead);
		for (gap = 0; i < len && gap < 4 && s[i] != '\0' && strchr(" :=#(", s[i]) != NULL; gap++)
			i++;
		/* Error code: '32768' */
		quoted = gap > 0 && i < len && s[i] == '\'';
		i += quoted;
		if (gap == 0 || (n = number(s + i, len - i)) == 0)
			continue;
		if (quoted && (i + n >= len || s[i + n] != '\''))
			continue;
		/* "error(13)", "error: (403)": the bracket belongs to it; it is closed right behind. */
		if (s[i - 1] == '(') {
			if (i + n == len || s[i + n] != ')')
				continue;
			*value = i;
			return i + n + 1;
		}
		if (ascii_starts(*lead, strlen(*lead), "http") && !(n == 3 && (s[i] == '4' || s[i] == '5')))
			continue;
		if (strcmp(*lead, "msg") == 0 && !ascii_starts(s + i + n, len - i - n, ", level "))
			continue;
		if (strcmp(*lead, "error") == 0 && !clause_ends(s + i + n, len - i - n))
			continue;
		*value = i;
		/* A hexadecimal number will stand alone. */
		return i + n + (quoted && !(n > 2 && ascii_fold(s[i + 1]) == 'x'));
	}
	return 0;
}

/* Names of errors of object storage. */
static size_t storage_name(const char *s, size_t len)
{
	static const char *const names[] = {"AccessDenied", "NoSuchBucket", "NoSuchKey", "NoSuchUpload", "SlowDown", "InvalidAccessKeyId",
	    "SignatureDoesNotMatch", "RequestTimeTooSkewed", "BucketAlreadyExists", "InvalidBucketName", "InvalidObjectState",
	    "EntityTooLarge", "InternalError", "ServiceUnavailable", "PreconditionFailed", "RequestTimeout", "TooManyRequests",
	    "AuthenticationFailed", "AuthorizationFailure", "ServerBusy", "BlobNotFound", "ContainerNotFound", "AllAccessDisabled",
	    "MethodNotAllowed", "QuotaExceeded", NULL};
	size_t n = word_list_starts(s, len, names);

	return len == n || (!ascii_alnum(s[n]) && s[n] != '_') ? n : 0;
}

/* ORA-01017, RMAN-03009 */
static size_t database_code(const char *s, size_t len)
{
	static const char *const names[] = {"ORA-", "RMAN-", "TNS-", NULL};
	size_t n = word_list_starts(s, len, names), i = n;

	while (n > 0 && i < len && ascii_digit(s[i]))
		i++;
	return n > 0 && i == n + 5 ? i : 0;
}

/* Symbols that are codes by themselves: ORA-01017, VSS_E_…, E_ACCESSDENIED, ERROR_…, NoSuchBucket, and HRESULTs. */
static size_t symbol(const char *s, size_t len)
{
	static const char *const starts[] = {"VSS_E_", "VSS_W_", "VSS_S_", "E_", "ERROR_", "RPC_S_", "RPC_E_", "WBEM_E_", "NERR_",
	    "NDMP_", "STATUS_", NULL};
	size_t i, from;

	if (!ascii_upper(s[0]) && s[0] != '0')
		return 0;
	if ((i = database_code(s, len)) > 0 || (i = storage_name(s, len)) > 0)
		return i;
	if (len >= 10 && s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && strchr("89cC", s[2]) != NULL)
		/* Alone, the first bits are flags of an access, and no error. */
		return number(s, len) == 10 && memcmp(s + 3, "0000000", 7) != 0 ? 10 : 0;
	if ((from = word_list_starts(s, len, starts)) == 0)
		return 0;
	for (i = from; i < len && (ascii_upper(s[i]) || ascii_digit(s[i]) || s[i] == '_'); i++)
		;
	return i >= from + 3 && (i == len || !ascii_alnum(s[i])) ? i : 0;
}

/* Any other hexadecimal number of four digits and more, unless it is a value or an address of something. */
static size_t plain_hex(const char *text, size_t at, size_t len)
{
	size_t n = number(text + at, len - at);

	if (n < 6 || text[at] != '0' || (text[at + 1] != 'x' && text[at + 1] != 'X'))
		return 0;
	if (n == 10 && memcmp(text + at + 3, "0000000", 7) == 0)
		return 0;
	if (ascii_ends(text, at, "value: ") || ascii_ends(text, at, "offset ") || ascii_ends(text, at, "block address "))
		return 0;
	return n;
}

bool errors_code_at(const char *text, size_t len, size_t *at, size_t *n)
{
	size_t value = 0, digits = len;

	/* No number begins behind the last digit. */
	while (digits > 0 && !ascii_digit(text[digits - 1]))
		digits--;
	for (size_t i = 0, to; i < len; i = to) {
		for (to = i; to < len && ascii_alnum(text[to]);)
			to++;
		if (to == i) {
			to++;
			continue;
		}
		if (i > 0 && text[i - 1] == '_')
			continue;
		*at = i;
		if ((*n = symbol(text + i, len - i)) > 0)
			return true;
		if (i >= digits || (*n = lead_number(text + i, len - i, &value)) == 0)
			continue;
		/* A hexadecimal number names itself, a decimal one needs its lead. */
		if (*n - value > 2 && ascii_fold(text[i + value + 1]) == 'x') {
			*at += value;
			*n -= value;
		}
		return true;
	}
	for (size_t i = 0; i < digits && i + 6 <= len; i++)
		if (text[i] == '0' && (i == 0 || !ascii_alnum(text[i - 1])) && (*n = plain_hex(text, i, len)) > 0) {
			*at = i;
			return true;
		}
	return false;
}

bool errors_find_code(char *out, size_t cap, const char *text, size_t len)
{
	size_t at, n;

	if (cap == 0)
		return false;
	out[0] = '\0';
	return errors_code_at(text, len, &at, &n) && oneline(out, cap, text + at, n, ONELINE_CP1252) > 0;
}

bool errors_may_be_certain(const char *text, size_t len)
{
	if (memchr(text, '_', len) != NULL || ascii_find_rare(text, len, "0x", 0) != NULL || ascii_find_rare(text, len, "0X", 0) != NULL)
		return true;
	for (const char *at = text, *end = text + len; (at = memchr(at, '-', (size_t)(end - at))) != NULL; at++)
		if (at > text && ascii_upper(at[-1]))
			return true;
	return ascii_find(text, len, "vddk error") != NULL;
}

bool errors_code_is_certain(const char *code)
{
	size_t len = strlen(code);

	if (len >= 10 && code[0] == '0' && strchr("89cC", code[2]) != NULL)
		return true;
	return ascii_starts(code, len, "vddk error") || (ascii_upper(code[0]) && symbol(code, len) == len &&
	    (memchr(code, '_', len) != NULL || memchr(code, '-', len) != NULL));
}
