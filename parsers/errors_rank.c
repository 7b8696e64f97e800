/*
 * errors_rank.c - parser worker; findings from hostile logs and mails. What a text says about the cause, and the order of
 * significance that follows from it. Called by errors.c. Pure.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "errors_private.h"

/* Says only that something failed, not what. */
static bool is_wrapper(const char *text, size_t len)
{
	static const char *const says[] = {"has been failed", "finished with error", "finished with warning", "job failed",
	    "job has failed", "task failed", "session failed", "session has failed", "see log", "see the log",
	    "one or more errors", "one or more tasks", "transform failed", "target of an invocation", "exception was thrown",
	    "failed to execute job", "failed to process [", "failed to perform backup", "completed with error",
	    "processing finished with error", "operation failed", "unable to complete", "error occurred while",
	    "stopped with error", "job was stopped", "return value 3", "mainenginethread is returning",
	    "installation failed", "installation operation failed", "configuration failed",
	    "finished with result failed", "finished with failed", "completed with status failed",
	    "failed to process task", "failed to process vm task", "unrecoverable error", "finished with status failed",
	    "job session failed", "failed to perform job", "completed, status: 'failed'", "job has been stopped",
	    "setup failed", "terminated with error"};
	/* A colon or a code brings the cause with it. */
	const char *colon;

	if (len > 200)
		return false;
	/* `Job "X" has failed.` */
	if ((ascii_starts(text, len, "job ") || ascii_find(text, len, " job ") != NULL) &&
	    (ascii_ends(text, len, " has failed") || ascii_ends(text, len, " has failed.")))
		return true;
	if ((colon = memchr(text, ':', len)) != NULL && (size_t)(text + len - colon) > 24)
		return false;
	for (size_t i = 0; i < ASCII_COUNT(says); i++)
		if (ascii_find(text, len, says[i]) != NULL)
			return true;
	return ascii_ends(text, len, "backup failed") || ascii_ends(text, len, "backup failed.");
}

/* What support acts on, once it reads it. Each begins with a letter or digit and stands as words of its own. */
static const char *const causes[] = {
    /* space and resources */
    "not enough space", "insufficient disk space", "disk is full", "no space left", "0x80070070",
    "not enough free space", "insufficient free space", "out of disk space", "quota exceeded",
    "quota has been exceeded", "not enough free disk space", "out of memory", "outofmemoryerror",
    "insufficient system resources", "not enough storage", "not enough memory", "0x8007000e", "0x800705aa",
    "cannot allocate memory", "read-only file system", "too many open files", "nicht genug speicherplatz",
    "nicht gen\xC3\xBCgend speicherplatz", "0x8004231f", "insufficient storage", "too many connections",
    "maximum number of connections",
    /* access */
    "access is denied", "access denied", "access to the path", "permission denied", "0x80070005", "e_accessdenied",
    "logon failure", "bad password", "password is incorrect", "password are incorrect", "login failed for user",
    "invalid credentials", "incorrect user name", "authentication failed", "authentication failure", "0x8007052e",
    "code: 1326", "code: 1385", "account is locked", "locked out", "password has expired", "trust relationship",
    "permission to perform this operation", "insufficient privileges", "insufficient permissions",
    "privilege is not held", "privileges are required", "administrative privileges", "zugriff verweigert",
    "kerberos", "not a member of", "account restrictions", "cannot complete login", "invalid login",
    "wrong password", "invalid password", "encryption key", "accessdenied", "forbidden", "status code: 403",
    "http 403", "error: 403", "status code: 401", "unauthorized", "signaturedoesnotmatch", "invalidaccesskeyid",
    "nosuchbucket", "requesttimetooskewed", "slowdown", "object lock", "immutable", "immutability", "retention mode",
    "bucket does not exist",
    /* certificates */
    "certificate has expired", "certificate expired", "certificate is expired", "certificate is invalid",
    "certificate is not valid", "certificate validation", "certificate verify failed", "certificate chain",
    "thumbprint", "ssl/tls secure channel", "certificate was not found", "remote certificate", "handshake failed",
    "handshake failure", "cert_e_expired", "0x800b0101",
    /* network */
    "actively refused", "connection refused", "10061", "10060", "10065", "no route to host",
    "network path was not found", "host is known", "could not be resolved", "name or service not known",
    "name resolution", "rpc server is unavailable", "0x800706ba", "code: 1722", "code: 53", "network is unreachable",
    "host is unreachable", "did not properly respond", "connection attempt failed", "connection timed out",
    "network name cannot be found", "failed to resolve", "code: 67", "unable to connect to the remote server",
    "no such host", "address already in use",
    /* volume shadow copies, guests and databases */
    "0x800423f4", "0x800423f3", "0x800423f2", "0x800423f0", "0x80042306", "0x80042308", "0x80042301", "0x80042302",
    "0x80042304", "0x8004230c", "0x80042313", "0x80042316", "0x80042317", "0x80042312",
    "vss_e_writererror_nonretryable", "vss_e_writererror_retryable", "vss_ws_failed_at_freeze",
    "vss_ws_failed_at_prepare_snapshot", "vss_ws_failed_at_post_snapshot", "writer failed", "writer has failed",
    "non-transient error", "deadlock", "recovery model", "suspect", "offline database", "log chain",
    "no current database backup", "sql server does not exist", "0x80040e14", "0x80040e4d", "ora-00257", "ora-01017",
    "ora-12541", "ora-12154", "ora-01034",
    /* hypervisors */
    "vddk error", "nfc", "14009", "32775", "32768", "32779", "32770", "quiesced snapshot", "quiescing",
    "cannot consolidate", "consolidation", "since it is locked", "being used by another process",
    "used by another process", "file is locked", "failed to lock the file", "filelocked", "sharing violation",
    "unable to access file", "hot-add", "hotadd", "hot add", "invalid snapshot configuration",
    "snapshot hierarchy is too deep", "content id", "parent virtual disk", "changed block tracking",
    "notenoughlicenses", "toolsunavailable", "vmware tools", "integration services", "differencing disk",
    /* data */
    "crc", "cyclic redundancy", "checksum", "corrupted", "corrupt", "is damaged", "lz4", "decompress",
    "decompression", "i/o error", "input/output error", "i/o device error", "0x8007045d", "0x80070017", "code: 23",
    "code: 1117", "code: 1392", "bad sector", "bad block", "inconsistent", "missing from chain", "hash mismatch",
    "block hash",
    /* licences */
    "license expired", "license has expired", "license is expired", "license exceeded", "license limit",
    "licensed instances", "licensed sockets", "license key", "not enough licenses", "exceeds license",
    "exceeded the number", "no license", "not licensed", "license is not valid", "license does not", "valid license",
    "instances exceeded", "license capacity", "licensing limit",
    /* tape */
    "write protected", "write-protected", "no medium", "needs cleaning", "cleaning required", "no available tapes",
    "no tapes available", "no suitable", "not enough tapes", "drive is not ready", "media is not", "no media",
    "tape is full", "media error", "code: 1112", "code: 19",
    /* others */
    "cannot find the file specified", "cannot find the path", "could not find file",
    "could not find a part of the path", "no such file", "file not found", "does not exist", "no longer exists",
    "not found in inventory", "device or resource busy", "clock skew", "time difference", "not supported",
    "unsupported", "incompatible", "version mismatch", "kernel module", "secure boot", "required key not available",
    "module verification", "failed to load module", "stack smashing", "segmentation fault", "pending reboot",
    "already exists", "overflow", "overflowed", "outofmemoryexception", "could not load file or assembly",
    "has reached its limit", "retry limit", "hardware error", "device is not connected", "device is not ready",
};

/* What fails because something else did. */
static const char *const consequences[] = {
    "failed to download disk", "failed to upload disk", "agent failed to process method", "retrieve next block",
    "retrieve next", "exception from server", "terminated unexpectedly", "connection was closed",
    "connection is closed", "connection has been closed", "reconnectable protocol", "reconnect", "forcibly closed",
    "pipe is being closed", "pipe has been ended", "operation was canceled", "operation has been canceled",
    "task was canceled", "task was cancelled", "operation was cancelled", "canceled by", "cancelled by",
    "disposed object", "already disposed", "conveyored task", "failed to process command", "failed to invoke rpc",
    "thread was being aborted", "is terminating", "aborted", "next execution", "failed to finalize",
    "failed to clean up", "cleanup", "clean-up", "failed to remove snapshot", "failed to delete snapshot",
    "failed to release", "failed to stop", "failed to close", "failed to disconnect", "failed to unfreeze",
    "failed to send", "failed to perform post", "stopped by", "stopping", "rollback", "failed to roll back",
    "no longer available for", "broken pipe", "returned actual error code", "retrying", "failed to complete",
    "shared memory connection", "connection reset", "peer has closed", "unexpected end of stream",
    "failed to execute command", "skipped", "failed to flush", "failed to prepare guest", "processing was stopped",
    "job session", "failed objects", "failed to generate points", "all vms have been", "failed to backup vm",
    "failed to process vm", "nothing to process", "failed to save", "failed to write to log", "failed to notify",
    "failed to send notification", "failed to send email", "failure of backup command", "failed to create sequential file",
    "sbtbackup returned error", "failed to send negative acknowledge", "bad return status for module build", "session is stopping",
    "failed to create volume snapshot", "failed to take volume snapshot", "child execution has failed",
};

/* Words of a cause within what is none. */
static const char *const no_causes[] = {
    "closed the transport stream", "has been rescheduled", "will retry", "will be retried", "no error",
    "operation completed successfully",
};

enum error_class errors_class(const char *text, size_t len)
{
	if (ascii_find_any(text, len, no_causes, ASCII_COUNT(no_causes), NULL) != NULL)
		return CLASS_CONSEQUENCE;
	if (ascii_find_any(text, len, causes, ASCII_COUNT(causes), NULL) != NULL)
		return CLASS_CAUSE;
	if (is_wrapper(text, len))
		return CLASS_WRAPPER;
	return ascii_find_any(text, len, consequences, ASCII_COUNT(consequences), NULL) != NULL ? CLASS_CONSEQUENCE : CLASS_PLAIN;
}

/* Days since a fixed day, of `2021-07-07T…`; 0: unknown. */
static long day_of(const char *at)
{
	long y, m, d;

	if (strlen(at) < 10)
		return 0;
	y = strtol(at, NULL, 10);
	m = strtol(at + 5, NULL, 10);
	d = strtol(at + 8, NULL, 10);
	/* Months count from March, so that the leap day is the last one. */
	m = (m + 9) % 12;
	y -= m >= 10;
	return 365 * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + d;
}

/* What was not seen in the last days is no matter of this ticket, unless nothing else is. */
static void mark_stale(struct error_shown *list, size_t n)
{
	long latest = 0;

	for (size_t i = 0; i < n; i++) {
		long day = day_of(list[i].last_at);

		if (list[i].e->severity == SEVERITY_ERROR && !list[i].e->weak && day > latest)
			latest = day;
	}
	for (size_t i = 0; i < n; i++) {
		long day = day_of(list[i].last_at);

		list[i].stale = day > 0 && day + 1 < latest;
	}
}

/* By whole seconds: some logs of a failure state fractions, others do not. */
static int by_time(const struct error_shown *a, const struct error_shown *b)
{
	return strncmp(a->first_at[0] != '\0' ? a->first_at : "~", b->first_at[0] != '\0' ? b->first_at : "~", 19);
}

static int by_significance(const void *pa, const void *pb)
{
	const struct error_shown *a = pa, *b = pb;
	bool named_a = a->e->exception != NULL || a->code != NULL, named_b = b->e->exception != NULL || b->code != NULL;
	int order;

	if (a->e->severity != b->e->severity)
		return a->e->severity < b->e->severity ? -1 : 1;
	if ((a->e->class == CLASS_WRAPPER) != (b->e->class == CLASS_WRAPPER))
		return a->e->class == CLASS_WRAPPER ? 1 : -1;
	if (a->cited != b->cited)
		return a->cited ? -1 : 1;
	if (a->stale != b->stale)
		return a->stale ? 1 : -1;
	if (a->e->class != b->e->class)
		return a->e->class < b->e->class ? -1 : 1;
	if (named_a != named_b && a->e->class != CLASS_CAUSE)
		return named_a ? -1 : 1;
	if (a->e->origin != b->e->origin)
		return a->e->origin < b->e->origin ? -1 : 1;
	if ((order = by_time(a, b)) != 0)
		return order;
	return a->e->order < b->e->order ? -1 : a->e->order > b->e->order;
}

void errors_rank(struct error_shown *list, size_t n)
{
	mark_stale(list, n);
	qsort(list, n, sizeof(*list), by_significance);
}
