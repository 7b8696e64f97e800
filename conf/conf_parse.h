/*
 * conf_parse.h - applies configuration lines to a struct conf by the table. Private to conf/.
 */
#ifndef VG_CONF_PARSE_H
#define VG_CONF_PARSE_H

#include "conf.h"
#include "conf_lex.h"

#define CONF_ERRORS_MAX 100
#define CONF_ITEMS_MAX 1000 /* of each repeatable directive */

struct conf_parser {
	struct conf *conf;
	const char *file; /* for messages */
	unsigned line;
	unsigned errors;
	conf_error_cb *cb;
	void *arg;
	unsigned *seen; /* line where each directive of the table stood, 0: nowhere */
};

/* A parser over a new configuration that holds the table's defaults. VG_ERR_MEMORY. */
int conf_parser_init(struct conf_parser *p, conf_error_cb *cb, void *arg);
/* Applies one line; complaints go to cb. */
void conf_parser_line(struct conf_parser *p, const char *text, size_t len);
/* Checks the whole and hands the configuration out when nothing was wrong. */
int conf_parser_end(struct conf_parser *p, struct conf **out);
void conf_complain(struct conf_parser *p, unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Checks that concern several directives (conf_check.c). */
void conf_check(struct conf_parser *p);

#endif
