/*
 * log_level.c - parser worker; words of hostile logs. Which word is which level. Called by log_line.c and log_foreign.c for
 * each line: what is none must be told cheaply.
 */
#include "log_level.h"

#include "ascii.h"

static const struct log_level levels[] = {
    {"error", LOG_LINE_ERROR}, {"err", LOG_LINE_ERROR}, {"fatal", LOG_LINE_ERROR}, {"critical", LOG_LINE_ERROR},
    {"crit", LOG_LINE_ERROR}, {"severe", LOG_LINE_ERROR}, {"alert", LOG_LINE_ERROR}, {"emerg", LOG_LINE_ERROR},
    {"panic", LOG_LINE_ERROR}, {"fail", LOG_LINE_ERROR}, {"warning", LOG_LINE_WARNING}, {"warn", LOG_LINE_WARNING},
    {"info", LOG_LINE_OTHER}, {"information", LOG_LINE_OTHER}, {"debug", LOG_LINE_OTHER}, {"dbg", LOG_LINE_OTHER},
    {"trace", LOG_LINE_OTHER}, {"verbose", LOG_LINE_OTHER}, {"notice", LOG_LINE_OTHER}, {"note", LOG_LINE_OTHER},
    {"inf", LOG_LINE_OTHER}, {"wrn", LOG_LINE_WARNING}, {">>", LOG_LINE_MORE},
    /* Windows and SQL Server speak the language of their host. */
    {"fehler", LOG_LINE_ERROR}, {"kritisch", LOG_LINE_ERROR}, {"warnung", LOG_LINE_WARNING}, {"erreur", LOG_LINE_ERROR},
};

const struct log_level *log_level_of(const char *s, size_t len)
{
	char first, second;

	if (len < 2 || len > 11)
		return NULL;
	first = ascii_fold(s[0]);
	second = ascii_fold(s[1]);
	if (!log_level_may_begin(first, second))
		return NULL;
	for (size_t i = 0; i < ASCII_COUNT(levels); i++)
		if (first == levels[i].word[0] && second == levels[i].word[1] && ascii_is(s, len, levels[i].word))
			return &levels[i];
	return NULL;
}

enum log_line_kind log_level_of_text(const char *s, size_t len)
{
	static const char *const errors[] = {"error:", "error ", "fatal:", "failed to ", "cannot ", "can't ", "unable to ",
	    "could not ", "backup failed to complete", "critical:", "exception:", "fatal error", "err:", "failure:"};

	if (ascii_starts(s, len, "warning:") || ascii_starts(s, len, "warn:"))
		return LOG_LINE_WARNING;
	return ascii_starts_any(s, len, errors, ASCII_COUNT(errors)) ? LOG_LINE_ERROR : LOG_LINE_OTHER;
}
