/*
 * log_status.h - records without weight whose status says that something failed. Pure.
 */
#ifndef VG_LOG_STATUS_H
#define VG_LOG_STATUS_H

#include <stdbool.h>

#include "log_line.h"

/* Whether a record of kind OTHER states a failure as status (`status: 'Failed'`, `[Failed]`). True: kind becomes ERROR and
 * at, text, component are set, the text is the status's details where it has some. */
bool log_status_failed(struct log_line *l);

#endif
