/*
 * logs_json.c - command-line tool (`parse --logs`); files named by its user. The inspector without a mail around it.
 */
#include "logs_json.h"

#include <stdio.h>

#include "errors.h"
#include "inspect.h"

static json_t *run(struct inspector *in, struct error_set *set, const struct logs_file *files, size_t n)
{
	struct inspect_job job = INSPECT_JOB_INIT(set);
	json_t *attachments = json_array();

	for (size_t i = 0; i < n && attachments != NULL; i++) {
		struct archive_budget fresh = ARCHIVE_BUDGET_INIT;
		char id[24];
		struct inspect_attachment a = {.id = id, .name = files[i].name, .content_type = "", .disposition = "attachment"};

		/* Its user named the files one by one, and can stop us: the bounds are for each of them, and wider. */
		fresh.output *= 8;
		fresh.work *= 8;
		fresh.cpu_ms *= 60;
		job.budget = fresh;
		snprintf(id, sizeof(id), "a%zu", i + 1);
		if (json_array_append_new(attachments, inspect(in, &job, &a, files[i].src)) != 0) {
			json_decref(attachments);
			attachments = NULL;
		}
	}
	job_reports_free(&job.reports);
	return attachments;
}

json_t *logs_parse(const struct logs_file *files, size_t n)
{
	struct inspector *in = inspector_new();
	struct error_set *set = error_set_new();
	json_t *attachments = NULL, *out = NULL;

	if (in != NULL && set != NULL)
		attachments = run(in, set, files, n);
	if (attachments != NULL)
		out = json_pack("{s:o, s:o}", "attachments", attachments, "errors", error_set_json(set));
	error_set_free(&set);
	inspector_free(&in);
	return out;
}
