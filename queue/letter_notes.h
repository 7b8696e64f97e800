/*
 * letter_notes.h - what a letter tells the people who wrote, beside what is missing.
 */
#ifndef VG_LETTER_NOTES_H
#define VG_LETTER_NOTES_H

#include <jansson.h>

/* The sentences, a new list (NULL: no memory): what became of addresses and commands (problems: [{code, detail}]), and for every
 * encrypted archive among attachments (of the message object; both may be NULL) the question for its password. Pure. */
json_t *letter_notes(const json_t *problems, const json_t *attachments);

#endif
