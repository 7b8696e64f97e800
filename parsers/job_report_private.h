/*
 * job_report_private.h - one report while it is read; shared by the reader and what turns it into findings.
 */
#ifndef VG_JOB_REPORT_PRIVATE_H
#define VG_JOB_REPORT_PRIVATE_H

#include <stdbool.h>
#include <stdint.h>

#include "job_report.h"
#include "job_report_value.h"

#define JOB_LINES_MAX 64

/* A piece of the text that is read. */
struct job_text {
	const char *s;
	size_t len;
};

struct job_line {
	struct job_text text;
	uint64_t number;
};

/* Lines that a cell of details is made of. */
struct job_lines {
	struct job_line *list; /* NULL until the first; owned */
	size_t n;
};

struct job_object {
	struct job_text name;
	enum job_status status;
	struct job_text value[JOB_VALUES];
	struct job_lines details;
};

struct job_report {
	struct job_text type, name;
	enum job_status status, worst;
	bool has_processed;
	unsigned processed, total;
	struct job_day day;
	int seconds;                  /* of the day, when it started */
	struct job_text value[JOB_VALUES];
	struct job_lines details;
	struct job_object *objects;   /* owned */
	size_t n, room;
};

/* A line more; those beyond JOB_LINES_MAX are left out. False: no memory. */
bool job_lines_add(struct job_lines *l, struct job_text text, uint64_t number);
void job_report_clear(struct job_report *r);
/* Appends the report to out->list and what failed to out->errors. VG_ERR_MEMORY. */
int job_report_found(struct job_reports *out, const struct job_report *r, const struct error_where *where);

#endif
