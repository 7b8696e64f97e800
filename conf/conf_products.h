/*
 * conf_products.h - checks of the operator's table of products. Private to conf/.
 */
#ifndef VG_CONF_PRODUCTS_H
#define VG_CONF_PRODUCTS_H

#include <stddef.h>

#include "product_row.h"

/* What is wrong with the last of n rows (static), NULL: nothing. *word: which of its words, 0 the id. Program names become
 * lower case. */
const char *conf_product_bad(const struct product_row *rows, size_t n, unsigned *word);

#endif
