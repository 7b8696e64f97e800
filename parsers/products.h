/*
 * products.h - the one table of products: short id for routes and portfolios, name for people, the forms in
 * which prose and logs name it, the releases of builds. conf/products.table, compiled in, and the operator's own lines.
 */
#ifndef VG_PRODUCTS_H
#define VG_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>

#include "product_row.h"

#define PRODUCT_ROWS_MAX 1000 /* of the operator's own */
#define PRODUCT_VERSION_MAX 32

/* Adds the operator's rows, copied; one form or program under two ids: the later row wins. Once, before any other thread uses the table.
 * VG_ERR_MEMORY, VG_ERR_LIMIT. */
int products_use(const struct product_row *rows, size_t n);

/* Id of a product by any of its names, in any case ("Veeam Backup & Replication", "VBR", "vbr" give "vbr"); NULL where it
 * is not known. */
const char *product_id(const char *name);
/* Display name by id; NULL where it is not known. */
const char *product_name(const char *id);
/* The product named first in prose, else the one whose known build stands there; and a version said of it, or after the word
 * version, the exact build before a shorter form: *name display name or NULL, version "" or as written ("12.1.2.172", "v12", "11a",
 * "11.0.1.1261 P20230227"). Addresses, dates and versions of other software are none. Linear. */
void product_find(const char *text, size_t len, const char **name, char *version, size_t cap);
/* Display name by the program's file name in a log header ("Veeam.Backup.Manager.exe"); NULL where it is not known. */
const char *product_by_module(const char *module, size_t len);
/* Release of a build as people call it ("12.1.2.172" of VBR is "12.1.2"; a patch behind it is kept); name may be NULL: any product.
 * *of, where not NULL, receives the display name. False where the build is not known. */
bool product_release(const char *name, const char *version, char *release, size_t cap, const char **of);

#endif
