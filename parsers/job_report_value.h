/*
 * job_report_value.h - the words and values of a job report: labels, states, columns, clocks, sizes. All of it is
 * recognised at the front of a text, so that it does not matter how a mail client parted the cells. Pure.
 */
#ifndef VG_JOB_REPORT_VALUE_H
#define VG_JOB_REPORT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

enum job_status { JOB_NO_STATUS, JOB_SUCCESS, JOB_WARNING, JOB_FAILED, JOB_RUNNING, JOB_CANCELED };

/* CONTRACT's word ("failed"); NULL for none. */
const char *job_status_name(enum job_status s);

/* What a session or an object has a value for. */
enum job_value {
	JOB_START, JOB_END, JOB_DURATION, JOB_TOTAL_SIZE, JOB_BACKUP_SIZE, JOB_READ, JOB_TRANSFERRED, JOB_DEDUPE, JOB_COMPRESSION,
	JOB_VALUES,
	JOB_NAME = JOB_VALUES, JOB_STATUS, JOB_DETAILS, /* columns only */
	JOB_OTHER,                                      /* known by name, of no interest */
	JOB_NONE
};

/* Each gives the bytes taken at s, 0 where nothing of the kind stands there. No letter or digit follows what is taken. */

/* A label of the session ("Start time", "Dedupe:"). Counts of states are job_word and job_count. */
size_t job_label(const char *s, size_t len, enum job_value *v);
/* The head of a column ("Name", "Status", "Start time"). */
size_t job_column(const char *s, size_t len, enum job_value *v);
/* A state ("Success", "Failed"). */
size_t job_word(const char *s, size_t len, enum job_status *st);
/* A value fit for v: clock with or without date, duration, size, ratio; for JOB_OTHER and JOB_NAME nothing. */
size_t job_value(const char *s, size_t len, enum job_value v);
/* What a value has behind it in brackets: `1.2 TB (1,234 files)`. */
size_t job_remark(const char *s, size_t len);
/* An integer that is no `3 of 5`. */
size_t job_count(const char *s, size_t len, unsigned *n);
/* `3 of 5 VMs processed`, all of s. */
bool job_processed(const char *s, size_t len, unsigned *done, unsigned *all);

/* False: s is no title. A quick look. */
bool job_may_title(const char *s, size_t len);
/* `Backup job: Daily VMs (Incremental)`: type "Backup", name "Daily VMs"; pointers into s. */
bool job_title(const char *s, size_t len, const char **type, size_t *type_len, const char **name, size_t *name_len);
/* The subject of a notification: `FW: [Failed] Daily VMs (3 VMs) 1 failed`: the job; pointers into s. */
bool job_subject(const char *s, size_t len, const char **name, size_t *name_len);
/* The product's name and version that end a report. */
bool job_footer(const char *s, size_t len);

struct job_day {
	int year, month, day; /* year 0: unknown */
};
/* `Tuesday, November 24, 2026 10:00:12 PM` and its like in other languages, or a date in numbers that can be read in one way. */
bool job_day(const char *s, size_t len, struct job_day *d, int *seconds);
/* A clock as ISO time: with the date that it brings, else on `day`, the next day where it lies before `seconds` (of the session's
 * start). False where no date is known: out as written. */
bool job_time(char *out, size_t cap, const char *s, size_t len, const struct job_day *day, int seconds);

#endif
