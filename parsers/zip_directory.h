/*
 * zip_directory.h - what a zip's own directory says about the whole: members that share bytes, other volumes. libarchive reads
 * such files without a word.
 */
#ifndef VG_ZIP_DIRECTORY_H
#define VG_ZIP_DIRECTORY_H

#include <stdbool.h>

#include "source.h"

/* ARCHIVE_BOMB: its members' packed sizes together exceed the file, so they overlap (*overlap), or a large member is said to be
 * packed by more than ARCHIVE_RATIO. ARCHIVE_SPLIT: it is one volume of several. 0 for all else, no zip included. src can seek;
 * its place is lost. */
unsigned zip_directory_problems(struct source *src, bool *overlap);

#endif
