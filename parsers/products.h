/*
 * products.h - the one table of products: short id for routes and portfolios, name for people, the forms in
 * which prose and logs name it.
 */
#ifndef VG_PRODUCTS_H
#define VG_PRODUCTS_H

#include <stdbool.h>
#include <stddef.h>

/* Id of a product by any of its names, in any case ("Veeam Backup & Replication", "VBR", "vbr" give "vbr"); NULL where it
 * is not known. */
const char *product_id(const char *name);
/* Display name by id; NULL where it is not known. */
const char *product_name(const char *id);
/* The product named first in prose, and a version said right after it or after the word version; both borrowed or
 * written: *name display name or NULL, version "" or as written ("12.1.2.172", "v12", "11a"). */
void product_find(const char *text, size_t len, const char **name, char *version, size_t cap);
/* Display name by the program's file name in a log header ("Veeam.Backup.Manager.exe"); NULL where it is not known. */
const char *product_by_module(const char *module, size_t len);

#endif
