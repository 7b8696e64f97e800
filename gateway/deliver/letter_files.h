/*
 * letter_files.h - the files that go along with a letter: which of those it names are there (DELIVER_JOB), as parts of the mail, and
 * what its text says of the others.
 */
#ifndef VG_LETTER_FILES_H
#define VG_LETTER_FILES_H

#include <gmime/gmime.h>
#include <jansson.h>

#include "ipc_messages.h"
#include "seal.h"

/* Sorts the letter's attachments by what came with the job into lists that it adds to the letter: `attached` (with id, name, size, type,
 * offset, masked), `masked` and `kept`, of {name, size, large}. r: the descriptor's content, NULL for none. VG_ERR_MEMORY. */
int letter_files_sort(json_t *letter, const struct deliver_job *job, struct seal_reader *r);
/* Adds a part to mixed for each of `attached`. r must outlive them. */
void letter_files_add(GMimeMultipart *mixed, json_t *letter, struct seal_reader *r);

#endif
