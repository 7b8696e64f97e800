/*
 * conf_products.c - what a line of the operator's table of products must be, beyond its words. The rows themselves are used by
 * parsers/products.c, which has the same built-in table. Pure.
 */
#include "conf_products.h"

#include <stdbool.h>
#include <string.h>


/* The products of the built-in table. */
#define PRODUCT(id, name) id,
#define FORM(id, words)
#define PROGRAM(id, beginning)
#define BUILD(id, number, release)
static const char *const built_in[] = {
#include "conf/products.table.inc"
};

static bool id_good(const char *id)
{
	for (; *id != '\0'; id++)
		if (*id >= 'A' && *id <= 'Z')
			return false;
	return true;
}

static bool id_known(const struct product_row *rows, size_t n, const char *id)
{
	for (size_t i = 0; i < sizeof(built_in) / sizeof(built_in[0]); i++)
		if (strcmp(built_in[i], id) == 0)
			return true;
	for (size_t i = 0; i < n; i++)
		if (rows[i].kind == PRODUCT_NAME && strcmp(rows[i].id, id) == 0)
			return true;
	return false;
}

static bool is_build(const char *s)
{
	size_t parts = 0;

	for (;; s++) {
		size_t n = strspn(s, "0123456789");

		if (n == 0 || n > 6 || ++parts > 4)
			return false;
		s += n;
		if (*s == '\0')
			return parts > 1;
		if (*s != '.')
			return false;
	}
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

const char *conf_product_bad(const struct product_row *rows, size_t n, unsigned *word)
{
	const struct product_row *r = &rows[n - 1];

	*word = 0;
	if (!id_good(r->id))
		return "an id is written in lower case";
	if (r->kind != PRODUCT_NAME && !id_known(rows, n - 1, r->id))
		return "there is no product of this id: `product ID \"NAME\"` must stand before";
	*word = 1;
	if (strlen(r->text) < 2)
		return "at least two characters are expected";
	if (r->kind == PRODUCT_FORM && !is_letter(r->text[0]))
		return "a form begins with a letter of A to Z";
	if (r->kind == PRODUCT_BUILD && !is_build(r->text))
		return "a build is two to four numbers with points between";
	for (char *c = r->text; r->kind == PRODUCT_PROGRAM && *c != '\0'; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c = (char)(*c - 'A' + 'a');
	return NULL;
}
