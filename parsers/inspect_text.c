/*
 * inspect_text.c - parser worker; hostile attachments. The text of reports and attached mails. Called by inspect.c.
 */
#include "inspect_text.h"

#include "charset.h"
#include "err.h"
#include "html.h"
#include "session_json.h"

/* Reports first: what they say is not to be found again in the text around them. */
static bool read_text(struct inspect_job *job, const struct error_where *where, struct buf *text)
{
	job->reports.facts = &job->facts;
	if (text->len == 0)
		return true;
	if (job_reports_scan(&job->reports, (char *)text->data, text->len, where) != VG_OK)
		return false;
	errors_scan_body(job->errors, buf_str(text), text->len, where);
	return true;
}

bool inspect_report_text(struct inspect_job *job, const struct error_where *where, const struct buf *raw)
{
	struct buf utf8, text;
	char charset[64];
	bool named = html_meta_charset(charset, sizeof charset, (const char *)raw->data, raw->len), ok;

	buf_init(&utf8, INSPECT_TEXT_MAX * 3);
	buf_init(&text, INSPECT_TEXT_MAX);
	ok = charset_to_utf8(&utf8, named ? charset : NULL, raw->data, raw->len) == VG_OK;
	if (ok && session_json_begins(raw->data, raw->len))
		ok = session_json_read(job->errors, where, buf_str(&utf8), utf8.len);
	else if (ok)
		ok = html_to_text(&text, buf_str(&utf8), utf8.len) == VG_OK && read_text(job, where, &text);
	buf_free(&utf8);
	buf_free(&text);
	return ok;
}

bool inspect_mail(struct inspect_job *job, const struct error_where *where, struct source *src, enum unpack_form form)
{
	struct buf text;
	bool ok;

	buf_init(&text, INSPECT_TEXT_MAX);
	ok = unpack_text(&text, src, form) == VG_OK && read_text(job, where, &text);
	buf_free(&text);
	return ok;
}
