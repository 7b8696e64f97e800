/*
 * oracle_dkim.c - says what we think of signed mails, so that test_dkim_oracle.py can compare: oracle_dkim ZONE NOW
 * MAIL… ZONE as samples/keys.zone. A line for each mail: its path, the results of its signatures with ',' between, and
 * the result of its ARC chain. The body is fed in pieces of many sizes, which must not matter.
 */
#include "dkim_help.h"

static void one(const char *path, const struct key_zone *z, const struct dkim_options *o)
{
	static const size_t steps[] = {1 << 20, 1, 7, 4096};
	char text[512], first[512] = "";
	size_t len;
	char *mail = read_sample(path, &len);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct mail_check c;
		int n = 0;

		check_begin(&c, mail, len, o, steps[i]);
		check_run(&c, z);
		for (size_t k = 0; k < dkim_count(c.dkim); k++)
			n += snprintf(text + n, sizeof(text) - (size_t)n, "%s%s", k > 0 ? "," : "",
			    dkim_result_name(dkim_at(c.dkim, k)->result));
		snprintf(text + n, sizeof(text) - (size_t)n, "%s\t%s", n == 0 ? "none" : "",
		    arc_result_name(arc_chain(c.arc)->result));
		if (i > 0 && strcmp(text, first) != 0)
			die("the pieces of the body matter");
		snprintf(first, sizeof(first), "%s", text);
		check_end(&c);
	}
	printf("%s\t%s\n", path, text);
	free(mail);
}

int main(int argc, char **argv)
{
	static struct key_zone zone;
	struct dkim_options o = {1024, 0};

	if (argc < 3)
		die("usage: oracle_dkim ZONE NOW MAIL...");
	zone_read(&zone, argv[1]);
	o.now = atoll(argv[2]);
	for (int i = 3; i < argc; i++)
		one(argv[i], &zone, &o);
	return 0;
}
