/*
 * kb_articles.h - knowledge base articles that a text names: "kb1234", "KB 1234", "https://www.veeam.com/kb1234", and those of the
 * makers of what is backed up ("KB5034439"). Pure, linear.
 */
#ifndef VG_KB_ARTICLES_H
#define VG_KB_ARTICLES_H

#include <stddef.h>

#define KB_ARTICLES_MAX 10
#define KB_LINE_MAX 128

/* Adds what text names to line ("kb1234, kb2345"; "" at first), each once, in order of appearance, at most KB_ARTICLES_MAX. */
void kb_articles_find(char line[KB_LINE_MAX], const char *text, size_t len);

#endif
