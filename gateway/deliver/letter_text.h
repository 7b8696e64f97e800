/*
 * letter_text.h - what a letter says: its JSON and its job to the values of a template, rendered, secrets masked; and the same as
 * simple HTML. Pure.
 */
#ifndef VG_LETTER_TEXT_H
#define VG_LETTER_TEXT_H

#include <jansson.h>

#include "ipc_messages.h"
#include "letter_texts.h"

#define LETTER_LINE_MAX 400u

/* A member's string; "" for none. */
const char *letter_string(const json_t *s);
/* One line of a header: control characters and what turns text round become spaces; cut at LETTER_LINE_MAX bytes. */
void letter_line(char out[LETTER_LINE_MAX + 1], const char *s);
/* Appends the text, LF line ends, UTF-8, in the letter's language; texts: the operator's, or NULL. support: display name. VG_ERR_SYNTAX with *why. */
int letter_text(struct buf *out, const struct letter_texts *texts, json_t *letter, const struct deliver_job *job, const char *support, const char **why);
/* Appends it as an HTML document. */
int letter_html(struct buf *out, const char *text, size_t len);

#endif
