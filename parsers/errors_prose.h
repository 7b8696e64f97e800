/*
 * errors_prose.h - what tells a product's sentence from a person's: the words and marks of one line. Pure, linear.
 */
#ifndef VG_ERRORS_PROSE_H
#define VG_ERRORS_PROSE_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of a line. */
struct prose {
	const char *s;
	size_t len;
};

/* Begins as products say that something failed ("Failed to …", "The RPC server is unavailable"). */
bool prose_starts_failure(const char *s, size_t len);
bool prose_has_failure(const char *s, size_t len);
/* Somebody speaks: products say neither I nor you. */
bool prose_is_personal(const char *s, size_t len);
/* A failure in the product's words, without anything that announces it. */
bool prose_is_product(const char *s, size_t len);
/* What stands behind a label is a message, and no remark. */
bool prose_is_message(const char *s, size_t len);
size_t prose_words(const char *s, size_t len);
/* Strips what mail programs and people put in front of a quoted line, and a console's time, which *at receives. True where a mark
 * of a list was among it. */
bool prose_strip(struct prose *p, struct prose *at);
/* Takes quotation marks off that hold all of p. */
void prose_unquote(struct prose *p);
/* The line announces an error that stands below it; *sure: in so many words, so that whatever follows is one. */
bool prose_announces(const char *s, size_t len, bool *sure);

/* `Error: …`, `Fehlermeldung: …`, `Processing VM01 Error: …`, `It fails with: …`: the message. */
bool prose_labelled(const char *s, size_t len, struct prose *message);
/* A label at the front of the line, and what stands behind it. */
bool prose_label_first(const char *s, size_t len, struct prose *message);
/* The whole line is a message that names itself: `REST API error: 'The bucket does not exist'`. */
bool prose_named(const char *s, size_t len);
/* The next quoted message at or behind *from, in any of the marks that people use. */
bool prose_quoted(const char *s, size_t len, size_t *from, struct prose *message);
/* The first sentence of the product in a line where people speak too; up to where they go on. The line as a whole is no message
 * of the product's (prose_is_product). */
bool prose_sentence(const char *s, size_t len, struct prose *message);

#endif
