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
#define JOB_LINE_READ 4000 /* bytes of one line that are looked at */
#define JOB_COLUMNS_MAX 16

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
	struct job_text alarm;        /* its name; len 0: the report is of a job */
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

enum job_state {
	JOB_IDLE,
	JOB_SESSION, /* behind a title */
	JOB_HEAD,    /* within the heads of the table's columns */
	JOB_ROWS
};

struct job_reader {
	struct job_reports *out;
	const struct error_where *where;
	enum job_state state;
	struct job_report r;
	int err;
	unsigned understood;         /* labels and heads of this report */
	unsigned waiting;            /* lines since something was understood */
	enum job_value pending;      /* a label whose value may follow in the next cell */
	enum job_status pending_word;
	enum job_value column[JOB_COLUMNS_MAX];
	size_t columns;
	bool vertical;               /* every cell is a line of its own */
	size_t cell;                 /* the open object's next column */
	bool open;                   /* an object takes lines */
	bool blank;                  /* an empty line came */
	uint64_t number;
	char *from, *to;             /* the lines of this report, to be blanked */
};

/* Takes marks of quoting, bold face and tables off both ends. */
void job_strip(struct job_text *t);
/* The next cell of rest, which moves behind it. False: none. */
bool job_next_cell(struct job_text *rest, struct job_text *cell);
/* Moves behind n bytes and what parts them from the rest. */
void job_skip(struct job_text *t, size_t n);

/* A line that begins the table's head: `Name | Status | …`, or `Name` alone. */
bool job_heads(struct job_reader *rd, struct job_text line);
/* Reads heads of columns; what is left in rest is no head. */
void job_read_heads(struct job_reader *rd, struct job_text *rest);
bool job_heads_done(const struct job_reader *rd);
/* A line of the table. False: it does not belong to the report any more. */
bool job_row(struct job_reader *rd, struct job_text line);
/* Adds the line to a cell of details. */
void job_details(struct job_reader *rd, struct job_lines *to, struct job_text t);
/* People go on below a report with such words. */
bool job_foreign(const struct job_text *line);

/* A line more; those beyond JOB_LINES_MAX are left out. False: no memory. */
bool job_lines_add(struct job_lines *l, struct job_text text, uint64_t number);
void job_report_clear(struct job_report *r);
/* Appends the report to out->list and what failed to out->errors. VG_ERR_MEMORY. */
int job_report_found(struct job_reports *out, const struct job_report *r, const struct error_where *where);

/* Takes `Error:`, `Warning:` off a line and sets *st; `Processing VM01 Error: …` names the object too. */
bool job_take_label(struct job_text *t, enum job_status *st, struct job_text *name);
/* Says no more than the state does. */
bool job_says_nothing(const char *s, size_t len);
/* Tables of a session's protocol, `Time | Status | Text`, as job_reports_scan; what failed goes to out->errors only. */
void job_rows_scan(struct job_reports *out, char *text, size_t len, const struct error_where *where);

/* Alarms of the monitoring products, as job_reports_scan. */
int job_alarms_scan(struct job_reports *out, char *text, size_t len, const struct error_where *where);

#endif
