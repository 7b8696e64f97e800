/*
 * job_rows.c - parser worker; text of hostile mails and attachments. A session's protocol as a table, a line of text each: `Time | Status |
 * Text` and its rows, without anything else that a job report has. Called by job_report.c. Each line is read once.
 */
#include "ascii.h"
#include "job_report_private.h"
#include "log_line.h"

#include <string.h>

#define GAP_MAX 2 /* lines without a row between two of them */

struct rows {
	struct job_reports *out;
	struct error_where where;
	bool open;
	unsigned gap;
};

static bool is_head(struct job_text line)
{
	static const char *const times[] = {"time", "date", "date and time", "start time", "zeit", "datum"};
	static const char *const states[] = {"status", "result", "state"};
	static const char *const texts[] = {"text", "message", "action", "description", "details", "title", "nachricht", "meldung"};
	struct job_text cell[4];
	size_t n = 0, found = 0;

	while (n < 4 && job_next_cell(&line, &cell[n]))
		n++;
	for (size_t i = 0; i < n && n == 3; i++) {
		const char *const *list = i == 0 ? times : i == 1 ? states : texts;
		size_t count = i == 0 ? ASCII_COUNT(times) : i == 1 ? ASCII_COUNT(states) : ASCII_COUNT(texts);

		for (size_t k = 0; k < count; k++)
			found += ascii_is(cell[i].s, cell[i].len, list[k]);
	}
	return found == 3;
}

static void add(struct rows *r, enum job_status st, struct job_text t, const char *at)
{
	struct error_item item = {.at = at, .where = r->where};
	struct job_text name = {NULL, 0};
	char object[ERROR_WORD_MAX + 1];

	job_take_label(&t, &st, &name);
	item.severity = st == JOB_WARNING ? SEVERITY_WARNING : SEVERITY_ERROR;
	if (name.len > 0) {
		ascii_copy(object, sizeof object, name.s, name.len);
		item.where.object = object;
	}
	item.text = t.s;
	item.text_len = t.len;
	error_set_add(r->out->errors, &item);
}

/* `11/23/2026 10:05:01 PM | Failed | Processing SQL01 Error: …` */
static bool is_row(struct rows *r, struct job_text line)
{
	struct job_text cell, rest = line;
	enum job_status st;
	char at[40] = "";

	if (!job_next_cell(&rest, &cell) || log_line_time(at, cell.s, cell.len) == 0 || !job_next_cell(&rest, &cell) ||
	    job_word(cell.s, cell.len, &st) != cell.len)
		return false;
	job_strip(&rest);
	if ((st == JOB_FAILED || st == JOB_WARNING) && rest.len > 0 && !job_says_nothing(rest.s, rest.len))
		add(r, st, rest, at);
	return true;
}

void job_rows_scan(struct job_reports *out, char *text, size_t len, const struct error_where *where)
{
	struct rows r = {.out = out, .where = *where};
	const char *at = text, *end = text + len;
	struct job_text line;

	r.where.kind = ORIGIN_REPORT;
	while (ascii_line(&at, end, &line.s, &line.len)) {
		char *from = text + (line.s - text);

		r.where.line++;
		job_strip(&line);
		if (line.len == 0 || (!r.open && !is_head(line)))
			continue;
		if (!r.open) {
			r.open = true;
			r.gap = 0;
			continue;
		}
		if (is_row(&r, line)) {
			r.gap = 0;
			memset(from, ' ', (size_t)(line.s + line.len - from));
		} else if (++r.gap > GAP_MAX) {
			r.open = false;
		}
	}
}
