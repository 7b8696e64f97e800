/*
 * oracle_spf.c - says what we think of senders, so that test_spf_oracle.py can compare. Lines of stdin, tabs between:
 * "Z" empties the zone; "R NAME TYPE PREFERENCE HEX" is a record; "F NAME TYPE" fails; "Q IP DOMAIN SENDER HELO" is
 * answered with a line: the result, what went wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spf.h"

#define ROWS_MAX 4096u

struct row {
	char *name;
	unsigned char *data;
	size_t len;
	unsigned preference;
	enum dns_type type;
	bool fails;
};

static struct row rows[ROWS_MAX];
static size_t n_rows;

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "%s\n", what);
	exit(1);
}

static enum dns_type type_of(const char *name)
{
	for (enum dns_type t = DNS_TXT; t < DNS_TYPES; t++)
		if (strcmp(dns_type_name(t), name) == 0)
			return t;
	die("no such type");
}

static void add(char **field)
{
	struct row *r = &rows[n_rows++];
	size_t len = field[4] != NULL ? strlen(field[4]) / 2 : 0;

	if (n_rows == ROWS_MAX || (r->data = calloc(1, len + 1)) == NULL || (r->name = strdup(field[1])) == NULL)
		die("no room");
	r->len = len;
	r->type = type_of(field[2]);
	r->fails = *field[0] == 'F';
	r->preference = field[3] != NULL ? (unsigned)atoi(field[3]) : 0;
	for (size_t i = 0; i < len; i++) {
		char two[3] = {field[4][2 * i], field[4][2 * i + 1], '\0'};

		r->data[i] = (unsigned char)strtoul(two, NULL, 16);
	}
}

static void clear(void)
{
	for (size_t i = 0; i < n_rows; i++) {
		free(rows[i].name);
		free(rows[i].data);
	}
	n_rows = 0;
}

static void answer(struct dns_set *set, const struct dns_question *q)
{
	struct dns_record out[DNS_RECORDS_MAX];
	enum dns_status status = DNS_NXDOMAIN;
	size_t n = 0;

	for (size_t i = 0; i < n_rows; i++) {
		const struct row *r = &rows[i];

		if (strcmp(r->name, q->name) != 0)
			continue;
		if (status == DNS_NXDOMAIN)
			status = DNS_NODATA;
		if (r->type != q->type)
			continue;
		status = r->fails ? DNS_FAILED : DNS_FOUND;
		if (n < DNS_RECORDS_MAX)
			out[n++] = (struct dns_record){.data = r->data, .len = r->len, .preference = r->preference};
	}
	dns_set_answer(set, q->id, status, out, n);
}

static void ask(char **field)
{
	struct spf_input in = {field[1], field[2], field[3], field[4]};
	struct dns_set *set = dns_set_new();
	struct dns_question q;
	struct spf out;

	if (set == NULL)
		die("no room");
	while (!spf_check(&out, &in, set))
		while (dns_set_next(set, &q))
			answer(set, &q);
	printf("%s\t%s\n", spf_result_name(out.result), out.why);
	dns_set_free(&set);
}

int main(void)
{
	static char line[200000];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		char *field[6] = {line}, *at = line;
		size_t n = 1;

		line[strcspn(line, "\n")] = '\0';
		while (n < 5 && (at = strchr(at, '\t')) != NULL) {
			*at++ = '\0';
			field[n++] = at;
		}
		if (*line == 'Z')
			clear();
		else if (*line == 'Q' && n == 5)
			ask(field);
		else if ((*line == 'R' && n == 5) || (*line == 'F' && n == 3))
			add(field);
		else
			die("what?");
	}
	clear();
	return 0;
}
