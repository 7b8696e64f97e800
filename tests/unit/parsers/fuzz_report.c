/*
 * fuzz_report.c - any bytes as each part of a report: what comes out is bounded, one clean line each, and names somebody.
 * The first byte chooses the part.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *s, size_t max)
{
	size_t len = strlen(s);
	uint32_t cp;

	if (len > max)
		abort();
	for (size_t i = 0; i < len;) {
		unsigned n = utf8_next(s + i, len - i, &cp);

		if (n == 0 || cp < 0x20 || cp == 0x7f)
			abort();
		i += n;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct report *, const char *, size_t) = {report_delivery, report_disposition, report_original,
	    report_message_id, report_failed_recipients, report_text};
	static struct report r;

	if (size == 0)
		return 0;
	memset(&r, 0, sizeof r);
	readers[data[0] % 6](&r, (const char *)data + 1, size - 1);
	check(r.original_message_id, REPORT_ID_MAX);
	check(r.reporting_mta, REPORT_NAME_MAX);
	check(r.disposition, REPORT_NAME_MAX);
	if (r.n > REPORT_RECIPIENTS_MAX)
		abort();
	for (size_t i = 0; i < r.n; i++) {
		const struct report_recipient *to = &r.recipients[i];

		check(to->final, ADDR_MAX);
		check(to->original, ADDR_MAX);
		check(to->diagnostic, REPORT_DIAGNOSTIC_MAX);
		check(to->status, sizeof to->status - 1);
		if ((to->final[0] == '\0' && to->original[0] == '\0') || to->action == NULL)
			abort();
	}
	return 0;
}
