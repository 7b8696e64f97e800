/*
 * unpack_private.h - the walk over messages in files; shared by unpack.c and the forms it reads.
 */
#ifndef VG_UNPACK_PRIVATE_H
#define VG_UNPACK_PRIVATE_H

#include "unpack.h"

struct unpack_walk {
	struct archive_budget *budget;
	const struct archive_visitor *visitor; /* walking */
	const char *only;                      /* extraction: the one path that is wanted */
	int (*sink)(void *arg, const void *p, size_t n);
	void *arg;
	int answer;                            /* of the extraction; 1: not found yet */
	unsigned problems, depth;
	bool stop;
};

/* Names given in one message. */
struct unpack_names {
	const char *prefix;
	char **list;
	size_t n, cap;
};

/* One member with its content; opened further where it is an archive or a message. */
void unpack_member(struct unpack_walk *w, struct unpack_names *names, const char *name, const char *type, struct source *src);
/* A path in the message: prefix and a bare name that no earlier member has. */
void unpack_path(char out[ARCHIVE_PATH_MAX + 1], struct unpack_names *names, const char *name, const char *type);
void unpack_names_free(struct unpack_names *names);

/* Reads one form out of memory; prefix stands before all paths. */
void unpack_mapi(struct unpack_walk *w, enum unpack_form form, const unsigned char *p, size_t n, const char *prefix);
void unpack_mail(struct unpack_walk *w, const unsigned char *p, size_t n, const char *prefix);
void unpack_signed(struct unpack_walk *w, const unsigned char *p, size_t n, const char *prefix);
int unpack_mapi_text(struct buf *out, enum unpack_form form, const unsigned char *p, size_t n);
int unpack_mail_text(struct buf *out, const unsigned char *p, size_t n);
int unpack_signed_text(struct buf *out, const unsigned char *p, size_t n);

#endif
