/*
 * fingerprint_words.h - private to fingerprint*.c: what the words of an error say about their neighbours.
 */
#ifndef VG_FINGERPRINT_WORDS_H
#define VG_FINGERPRINT_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* "host", "Benutzer": a name follows. */
bool fingerprint_names_follow(const char *w, size_t len);
/* "Not", "Error", "Service": no name even where one would follow. */
bool fingerprint_no_name(const char *w, size_t len);
/* Month, day of the week, am, pm: part of a date beside a number. */
bool fingerprint_date_word(const char *w, size_t len);
/* Unit behind a number; it changes with the amount. */
bool fingerprint_unit(const char *w, size_t len);
/* Quoted text that tells what went wrong ("Access is denied"), and is no name. */
bool fingerprint_tells(const char *s, size_t len);

#endif
