/*
 * product_row.h - one line of the table of products (conf/products.table), as configuration and recognisers hand it on.
 */
#ifndef VG_PRODUCT_ROW_H
#define VG_PRODUCT_ROW_H

enum product_row_kind { PRODUCT_NAME, PRODUCT_FORM, PRODUCT_PROGRAM, PRODUCT_BUILD };

/* text: name, form, beginning of a program's name, build number; more: the release of a build, else NULL. */
struct product_row {
	int kind; /* enum product_row_kind */
	char *id, *text, *more;
};

#endif
