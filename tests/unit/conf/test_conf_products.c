/*
 * The table of products in the configuration: a file of its own, complaints with its name and line, the way into the flattened
 * copy, and that the shipped table was compiled in whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "conf.h"
#include "err.h"

#define BASE "hostname support.example\naddress intake support@support.example\nlisten smtp 127.0.0.1:2525\n"

struct folder {
	char dir[64], conf[96], table[96];
	char said[4096];
};

static void hear(const char *file, unsigned line, unsigned column, const char *why, void *arg)
{
	struct folder *f = arg;
	size_t len = strlen(f->said);
	const char *slash = strrchr(file, '/');

	snprintf(f->said + len, sizeof(f->said) - len, "%s:%u:%u: %s\n", slash != NULL ? slash + 1 : file, line, column, why);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int setup(void **state)
{
	struct folder *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "%.40s/confXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->conf, sizeof(f->conf), "%s/vcspgate.conf", f->dir);
	snprintf(f->table, sizeof(f->table), "%s/own.table", f->dir);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct folder *f = *state;

	unlink(f->conf);
	unlink(f->table);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static int load(struct folder *f, const char *conf, const char *table, struct conf **out)
{
	*out = NULL;
	f->said[0] = '\0';
	write_file(f->conf, conf);
	write_file(f->table, table);
	return conf_load(f->conf, out, hear, f);
}

static void test_good(void **state)
{
	struct folder *f = *state;
	struct conf *c, *flat, *other;
	struct buf text;

	if (load(f, BASE "products own.table\nreopen 3d\n",
	        "# ours\nproduct vault \"Example Vault\"\nproduct form vault \"the vault\"\n\nproduct program vault VaultD\n"
	        "product build vault 3.4.5.6 \"3.4 Spring\"\nproduct form vbr \"unser Veeam\"\n", &c) != VG_OK)
		fail_msg("%s", f->said);
	assert_int_equal(c->n_products, 5);
	assert_int_equal(c->products[0].kind, PRODUCT_NAME);
	assert_string_equal(c->products[0].text, "Example Vault");
	assert_string_equal(c->products[2].text, "vaultd");
	assert_string_equal(c->products[3].more, "3.4 Spring");
	assert_string_equal(c->products[4].id, "vbr");
	assert_int_equal(c->reopen_ms, INT64_C(3) * 86400000);
	/* the roles read the flattened copy */
	buf_init(&text, 100000);
	assert_int_equal(conf_flatten(f->conf, &text), VG_OK);
	assert_int_equal(conf_parse("flat", (const char *)text.data, text.len, &flat, hear, f), VG_OK);
	assert_int_equal(flat->n_products, 5);
	assert_int_equal(conf_needs_restart(c, flat, hear, f), 0);
	/* another table waits for a restart */
	assert_int_equal(load(f, BASE "products own.table\n", "product form vbr \"unser Veeam\"\n", &other), VG_OK);
	f->said[0] = '\0';
	assert_int_equal(conf_needs_restart(c, other, hear, f), 1);
	assert_non_null(strstr(f->said, "product: changed"));
	conf_keep(c, other);
	assert_int_equal(other->n_products, 5);
	assert_int_equal(c->n_products, 1);
	buf_free(&text);
	conf_free(&flat);
	conf_free(&other);
	conf_free(&c);
}

static void test_complaints(void **state)
{
	static const struct {
		const char *table, *said;
	} rows[] = {
	    {"\nhostname evil.example\n", "own.table:2:1: only product lines"},
	    {"product vbr\n", "own.table:1:12: NAME missing"},
	    {"product VBR \"x y\"\n", "own.table:1:9: an id is written in lower case"},
	    {"product vault \"x y\" more\n", "own.table:1:21: \"more\" is not understood"},
	    {"# one\n# two\nproduct form vault \"the vault\"\n", "own.table:3:14: there is no product of this id"},
	    {"product form vbr \"x\"\n", "own.table:1:18: at least two characters"},
	    {"product form vbr \"365 veeam\"\n", "own.table:1:18: a form begins with a letter"},
	    {"product form vbr \"\"\n", "own.table:1:18: printable UTF-8"},
	    {"product form vbr \"\xff\xff\"\n", "own.table:1:18: printable UTF-8"},
	    {"product build vbr 12 \"x\"\n", "own.table:1:19: a build is two to four numbers"},
	    {"product build vbr 12.1.a \"x\"\n", "own.table:1:19: a build is two to four numbers"},
	    {"product build vbr 1.2.3.4.5 \"x\"\n", "own.table:1:19: a build is two to four numbers"},
	    {"product build vbr 12.1.2.9\n", "own.table:1:27: RELEASE missing"},
	    {"product vbr \"x y\n", "own.table:1:"},
	    {"include own.table\n", "own.table:1:1: only product lines"},
	    {"products own.table\n", "own.table:1:1: only product lines"},
	};
	struct folder *f = *state;
	struct conf *c;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (load(f, BASE "products own.table\n", rows[i].table, &c) != VG_ERR_CONFIG || strncmp(f->said, rows[i].said, strlen(rows[i].said)) != 0)
			fail_msg("%s: %s", rows[i].table, f->said);
	assert_int_equal(load(f, BASE "\nproducts none.table\n", "", &c), VG_ERR_CONFIG);
	assert_non_null(strstr(f->said, "vcspgate.conf:5:10: "));
	assert_non_null(strstr(f->said, "none.table"));
	assert_int_equal(load(f, BASE "products\n", "", &c), VG_ERR_CONFIG);
	assert_string_equal(f->said, "vcspgate.conf:4:9: products takes one file name\n");
	/* lines behind the table count as before */
	assert_int_equal(load(f, BASE "products own.table\nreopen x\n", "product form vbr \"ab\"\n", &c), VG_ERR_CONFIG);
	assert_int_equal(strncmp(f->said, "vcspgate.conf:5:", 16), 0);
}

#define PRODUCT(id, name) +1
#define FORM(id, words) +1
#define PROGRAM(id, beginning) +1
#define BUILD(id, number, release) +1
enum { BUILT_IN = 0
#include "conf/products.table.inc"
};

static void test_shipped_table(void **state)
{
	struct folder *f = *state;
	struct conf *c = NULL;
	char conf[4096], here[2048];

	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(conf, sizeof(conf), BASE "products %s/conf/products.table\n", here);
	if (load(f, conf, "", &c) != VG_OK)
		fail_msg("%s", f->said);
	assert_true(BUILT_IN > 100);
	assert_int_equal(c->n_products, BUILT_IN);
	conf_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_good, setup, teardown), cmocka_unit_test_setup_teardown(test_complaints, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_shipped_table, setup, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
