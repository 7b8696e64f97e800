/*
 * master_templates.h - the operator's texts of letters: DIR/ack.txt and DIR/de/ack.txt, read and checked.
 */
#ifndef VG_MASTER_TEMPLATES_H
#define VG_MASTER_TEMPLATES_H

#include "master.h"

/* Reads all of them; nothing without `templates`. EX_CONFIG with file and line; what was read is freed then. */
int master_templates_load(const struct conf *c, struct template_file **out, size_t *n, struct fault *f);
void master_templates_free(struct template_file **t, size_t *n);

#endif
