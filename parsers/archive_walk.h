/*
 * archive_walk.h - opens hostile archives with libarchive: zip, 7z, tar, rar, rar5, each also under gzip, bzip2, xz or
 * zstd, and a lone compressed file. Streams members to the caller, to a limited depth of archives; every bound
 * is checked on the bytes that really come out, never on what a header claims.
 */
#ifndef VG_ARCHIVE_WALK_H
#define VG_ARCHIVE_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

/* Problems, as bits; archive_problem_name() gives their words. */
enum {
	ARCHIVE_ENCRYPTED = 1 << 0,
	ARCHIVE_TRUNCATED = 1 << 1,
	ARCHIVE_BOMB = 1 << 2,
	ARCHIVE_TOO_LARGE = 1 << 3,
	ARCHIVE_UNSAFE_PATH = 1 << 4,
	ARCHIVE_UNREADABLE = 1 << 5,
	ARCHIVE_DUPLICATE_NAME = 1 << 6,
	ARCHIVE_SPLIT = 1 << 7,
	ARCHIVE_NESTED_TOO_DEEP = 1 << 8,
	ARCHIVE_WRONG_EXTENSION = 1 << 9
};
#define ARCHIVE_PROBLEMS 10
/* Name of bit number i, 0 <= i < ARCHIVE_PROBLEMS. */
const char *archive_problem_name(unsigned i);

#define ARCHIVE_PATH_MAX 1024          /* bytes of a listed path; longer ones are cut at a character */
#define ARCHIVE_NESTING 4              /* archives inside each other that are opened: outer and three inner */
#define ARCHIVE_MESSAGES 2             /* messages inside each other's archives that are opened */
#define ARCHIVE_NESTED_MAX (48u << 20) /* inner archives that need seeking are held in memory, so many bytes at a time */
#define ARCHIVE_RATIO 1000             /* output : input, judged after ARCHIVE_RATIO_FROM bytes of output */
#define ARCHIVE_RATIO_FROM (10u << 20)
#define ARCHIVE_HEAD 4096              /* first bytes of a member shown to `member` */

#define ARCHIVE_PASSWORDS_MAX 16       /* tried at most */
struct archive_passwords {
	const char *const *list; /* borrowed */
	size_t n;
	uint32_t opened;         /* bit i: the i-th opened an archive */
};

#define ARCHIVE_WALL 2                 /* a busy machine may take so many times the processor's time */

/* What one message may still cost; shared by all its archives, counted down. */
struct archive_budget {
	size_t members;    /* members listed */
	size_t names;      /* bytes of paths listed */
	uint64_t output;   /* bytes decompressed */
	uint64_t work;     /* bytes of input and output touched: bounds time on seeking formats */
	size_t nested;     /* bytes of inner archives in memory */
	uint64_t cpu_ms;   /* time of this thread, the visitor's included, from the first archive on; ARCHIVE_WALL times that by
	                    * the clock on the wall */
	uint64_t cpu_end, wall_end; /* 0: not begun */
	struct archive_passwords *passwords; /* borrowed; NULL: none */
	unsigned messages;           /* messages in archives that are open, inside each other */
};
#define ARCHIVE_BUDGET_INIT \
	{10000, (size_t)4 << 20, (uint64_t)1 << 30, (uint64_t)3 << 30, ARCHIVE_NESTED_MAX, 10000, 0, 0, NULL, 0}

/* A member; directories are not listed. Borrowed during the callback. */
struct archive_member {
	const char *path;  /* valid UTF-8, no controls, `\` as `/`, nested as outer.zip!/inner/file; tricks kept, but flagged */
	const char *name;  /* last component of path */
	int64_t size;      /* as the header says it, -1 unknown */
	bool encrypted;    /* content cannot be read, no password fits */
	bool archive;      /* an archive itself: opened where nesting and size allow, then its members follow */
	unsigned problems; /* of this member, known so far */
	const unsigned char *head; /* first bytes of the content */
	size_t head_len;
};

struct archive_visitor {
	void *arg;
	/* A member begins. True: its content is wanted, data() gets all of it, head included. May be called for an
	 * inner archive too (member->archive); its content is never given, the answer is ignored. The members of a message in a
	 * file follow it, as those of an archive do; its own content is given where it is wanted. */
	bool (*member)(void *arg, const struct archive_member *m);
	void (*data)(void *arg, const void *p, size_t n);
	/* The member ended: its size (counted; the header's where it was not read) and problems.
	 * For an inner archive it comes before its members. */
	void (*end)(void *arg, int64_t size, unsigned problems);
};

/* Loads what walking needs from files (character type, converter), so that a filter without open(2) may follow. Called by
 * itself on first use otherwise; not from two threads at once. */
void archive_warm(void);
/* Walks all members of the archive `src` (seekable, rewound here), whose bare file name is `name`. Returns problem bits of the
 * whole. */
unsigned archive_walk(struct source *src, const char *name, struct archive_budget *budget,
    const struct archive_visitor *visitor);
/* Writes the content of the first member listed as `path` to sink, which answers 0 or a negative enum vg_err to stop.
 * VG_ERR_NOTFOUND, VG_ERR_DENIED (encrypted), VG_ERR_LIMIT (budget, bomb), VG_ERR_SYNTAX (damaged; what
 * could be read was written), or the sink's answer. */
int archive_extract(struct source *src, const char *name, const char *path, struct archive_budget *budget,
    int (*sink)(void *arg, const void *p, size_t n), void *arg);

#endif
