/*
 * dialog_chrome.h - which words on a screen are no message: buttons, menus, clocks, progress. One table, several
 * languages. Pure.
 */
#ifndef VG_DIALOG_CHROME_H
#define VG_DIALOG_CHROME_H

#include <stdbool.h>
#include <stddef.h>

/* The line consists of such words only, or of no word at all. */
bool dialog_is_chrome(const char *s, size_t len);
/* The line is, or begins with, a word by which windows about errors are called ("Error", "Fehler", "Application Error"). */
bool dialog_names_failure(const char *s, size_t len);

#endif
