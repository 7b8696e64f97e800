/*
 * archive_reader.c - parser worker; hostile archives under libarchive. The only file that opens one. Filters and formats
 * are named one by one: the "all" sets start external programs. Called by archive_walk.c.
 */
#include "archive_reader.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ascii.h"
#include "err.h"
#include "little.h"

#define HEADER_WORK 1024            /* what a header costs of the work budget, at least */
#define PASSWORD_WORK (1u << 20)    /* what deriving a key costs of it */
#define PASSWORD_TRY (256u << 10)   /* bytes of content that must come out well */

static bool spend(uint64_t *left, uint64_t n)
{
	if (*left < n) {
		*left = 0;
		return false;
	}
	*left -= n;
	return true;
}

static uint64_t clock_ms(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Spends work; false once that or the time is used up. The clocks start with the first archive. */
static bool spend_work(struct archive_budget *b, uint64_t n)
{
	uint64_t cpu = clock_ms(CLOCK_THREAD_CPUTIME_ID), wall = clock_ms(CLOCK_MONOTONIC);

	if (b->cpu_end == 0) {
		b->cpu_end = cpu + b->cpu_ms;
		b->wall_end = wall + b->cpu_ms * ARCHIVE_WALL;
	}
	if (cpu > b->cpu_end || wall > b->wall_end)
		b->work = 0;
	return spend(&b->work, n);
}

static la_ssize_t on_read(struct archive *a, void *arg, const void **block)
{
	struct archive_reader *r = arg;
	ssize_t n = r->src->read(r->src, block);

	if (n < 0 || !spend_work(r->budget, (uint64_t)n)) {
		if (n >= 0)
			r->problems |= ARCHIVE_TOO_LARGE;
		archive_set_error(a, EIO, "input stopped");
		return ARCHIVE_FATAL;
	}
	r->in += (uint64_t)n;
	r->pos += (uint64_t)n;
	r->wanted_more = n == 0;
	return n;
}

static la_int64_t on_seek(struct archive *a, void *arg, la_int64_t offset, int whence)
{
	struct archive_reader *r = arg;
	int64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? (int64_t)r->pos : r->src->size;

	(void)a;
	if (base < 0 || offset > INT64_MAX - base || base + offset < 0)
		return ARCHIVE_FATAL;
	if (base + offset > r->src->size)
		offset = r->src->size - base;
	if (r->src->seek(r->src, (uint64_t)(base + offset)) < 0 || !spend(&r->budget->work, HEADER_WORK))
		return ARCHIVE_FATAL;
	r->pos = (uint64_t)(base + offset);
	return (la_int64_t)r->pos;
}

static la_int64_t on_skip(struct archive *a, void *arg, la_int64_t request)
{
	struct archive_reader *r = arg;
	uint64_t left = r->src->size > (int64_t)r->pos ? (uint64_t)r->src->size - r->pos : 0;

	(void)a;
	if (r->src->seek == NULL || request <= 0 || (uint64_t)request > left)
		return 0;
	if (r->src->seek(r->src, r->pos + (uint64_t)request) < 0)
		return 0;
	r->pos += (uint64_t)request;
	return request;
}

/* The head of a compressed stream: only there may a lone file be read as "raw". */
static bool is_compressed(const unsigned char *h, size_t n)
{
	return (n >= 3 && h[0] == 0x1F && h[1] == 0x8B) || (n >= 4 && memcmp(h, "BZh", 3) == 0 && ascii_digit((char)h[3])) ||
	    (n >= 6 && memcmp(h, "\xFD" "7zXZ", 6) == 0) || (n >= 4 && memcmp(h, "\x28\xB5\x2F\xFD", 4) == 0);
}

static int support(struct archive_reader *r)
{
	int rc = 0;

	rc |= archive_read_support_filter_gzip(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_filter_bzip2(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_filter_xz(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_filter_zstd(r->a) < ARCHIVE_WARN;
	if (r->single)
		rc |= archive_read_support_format_raw(r->a) < ARCHIVE_WARN;
	if (r->lone)
		return rc != 0 ? VG_ERR_MEMORY : VG_OK;
	rc |= (r->streaming ? archive_read_support_format_zip_streamable(r->a) :
	                      archive_read_support_format_zip_seekable(r->a)) < ARCHIVE_WARN;
	if (r->src->seek != NULL)
		rc |= archive_read_support_format_7zip(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_format_tar(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_format_rar(r->a) < ARCHIVE_WARN;
	rc |= archive_read_support_format_rar5(r->a) < ARCHIVE_WARN;
	return rc != 0 ? VG_ERR_MEMORY : VG_OK;
}

/* libarchive has one message for many faults; its words are the only sign of which. */
static unsigned problem_of(struct archive_reader *r)
{
	const char *why = archive_error_string(r->a);
	size_t len = why != NULL ? strlen(why) : 0;

	if ((r->problems & ARCHIVE_TOO_LARGE) != 0 && r->budget->work == 0)
		return ARCHIVE_TOO_LARGE;
	/* Before a format was chosen, libarchive follows a stray pointer here. */
	if ((r->opened && r->passphrase == NULL && archive_read_has_encrypted_entries(r->a) == 1) ||
	    (len > 0 && (ascii_find(why, len, "encrypt") != NULL || ascii_find(why, len, "passphrase") != NULL)))
		return ARCHIVE_ENCRYPTED;
	if (r->cut || (len > 0 && (ascii_find(why, len, "truncated") != NULL || ascii_find(why, len, "end of file") != NULL ||
	    ascii_find(why, len, "end-of-file") != NULL || ascii_find(why, len, "premature") != NULL ||
	    ascii_find(why, len, "no progress") != NULL)))
		return ARCHIVE_TRUNCATED;
	return r->begun && r->wanted_more ? ARCHIVE_TRUNCATED : ARCHIVE_UNREADABLE;
}

/* Starts libarchive at the beginning of the source. */
static int start(struct archive_reader *r)
{
	r->pos = 0;
	r->a = archive_read_new();
	if (r->a == NULL || (r->src->seek != NULL && r->src->seek(r->src, 0) < 0) || support(r) != VG_OK ||
	    (r->passphrase != NULL && archive_read_add_passphrase(r->a, r->passphrase) != ARCHIVE_OK)) {
		r->problems = ARCHIVE_UNREADABLE;
		return VG_ERR_MEMORY;
	}
	archive_read_set_read_callback(r->a, on_read);
	if (r->src->seek != NULL)
		archive_read_set_seek_callback(r->a, on_seek);
	archive_read_set_skip_callback(r->a, on_skip);
	archive_read_set_callback_data(r->a, r);
	if (archive_read_open1(r->a) < ARCHIVE_WARN) {
		r->problems |= problem_of(r);
		return VG_ERR_SYNTAX;
	}
	r->opened = true;
	return VG_OK;
}

/* A compressed file that begins with zeros looks like an empty tar: reads it as the lone file that it is. */
static bool read_as_lone(struct archive_reader *r)
{
	if (!r->single || r->begun || r->lone || r->src->seek == NULL)
		return false;
	archive_reader_close(r);
	r->lone = true;
	r->opened = false;
	return start(r) == VG_OK;
}

/* A zip whose directory is missing has its members all the same: reads them in order, from the beginning. */
static bool fall_back(struct archive_reader *r)
{
	if (!r->zip || r->streaming || r->begun || r->src->seek == NULL)
		return false;
	archive_reader_close(r);
	r->streaming = true;
	r->opened = false;
	r->problems = ARCHIVE_TRUNCATED;
	return start(r) == VG_OK;
}

/* ---- passwords ---- */

/* Moves to the first encrypted member that has content. */
static bool find_encrypted(struct archive_reader *r)
{
	struct archive_entry *e;

	while (archive_reader_next(r, &e) == 1)
		if (archive_entry_is_data_encrypted(e) && archive_entry_size(e) > 0)
			return true;
	return false;
}

/* Whether the beginning of an encrypted member comes out whole. ZipCrypto accepts one wrong password in 256: only the content
 * tells. */
static bool opens(struct archive_reader *r)
{
	const void *data;
	la_int64_t offset;
	size_t n, got = 0;
	int rc = ARCHIVE_OK;

	if (!spend_work(r->budget, PASSWORD_WORK) || !find_encrypted(r))
		return false;
	while (got < PASSWORD_TRY && (rc = archive_read_data_block(r->a, &data, &n, &offset)) == ARCHIVE_OK &&
	    spend_work(r->budget, n + HEADER_WORK))
		got += n;
	return rc == ARCHIVE_OK || rc == ARCHIVE_EOF;
}

/* One look at the archive with a candidate (NULL: whether anything in it is encrypted). */
static bool try_password(const struct archive_reader *r, const char *candidate)
{
	struct archive_reader t = {.src = r->src, .budget = r->budget, .zip = true, .passphrase = candidate};
	bool ok = start(&t) == VG_OK && (candidate != NULL ? opens(&t) : find_encrypted(&t));

	archive_reader_close(&t);
	return ok;
}

/* libarchive decrypts zip only. */
static const char *choose_password(const struct archive_reader *r)
{
	struct archive_passwords *p = r->budget->passwords;

	if (!r->zip || p == NULL || p->n == 0 || !try_password(r, NULL))
		return NULL;
	for (size_t i = 0; i < p->n && i < ARCHIVE_PASSWORDS_MAX; i++)
		if (try_password(r, p->list[i])) {
			p->opened |= 1u << i;
			return p->list[i];
		}
	return NULL;
}

/* The first header of a 7z says where its directory ends; libarchive calls a shorter file damaged. */
static bool is_cut(const unsigned char *h, size_t n, uint64_t size)
{
	return n >= 32 && memcmp(h, "7z\xBC\xAF\x27\x1C", 6) == 0 && (little64(h + 12) > size || little64(h + 20) > size ||
	    32 + little64(h + 12) + little64(h + 20) > size);
}

static void init(struct archive_reader *r, struct source *src, struct archive_budget *budget, const void *head, size_t n)
{
	memset(r, 0, sizeof(*r));
	r->src = src;
	r->budget = budget;
	r->single = is_compressed(head, n);
	/* The first of several volumes says so in front. */
	r->zip = n >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\7\10", 4) == 0);
	r->cut = src->size >= 0 && is_cut(head, n, (uint64_t)src->size);
}

int archive_reader_open(struct archive_reader *r, struct source *src, struct archive_budget *budget)
{
	const void *head = "";
	ssize_t n = -1;
	int rc;

	if (src->seek != NULL && src->size >= 0 && src->seek(src, 0) >= 0)
		n = src->read(src, &head);
	init(r, src, budget, head, n > 0 ? (size_t)n : 0);
	if (n < 0) {
		r->problems = ARCHIVE_UNREADABLE;
		return VG_ERR_SYSTEM;
	}
	r->passphrase = choose_password(r);
	rc = start(r);
	return rc != VG_OK && fall_back(r) ? VG_OK : rc;
}

int archive_reader_open_stream(struct archive_reader *r, struct source *src, struct archive_budget *budget, const void *head,
    size_t n)
{
	init(r, src, budget, head, n);
	r->streaming = true;
	return start(r);
}

void archive_reader_close(struct archive_reader *r)
{
	if (r->a != NULL)
		archive_read_free(r->a);
	r->a = NULL;
}

int archive_reader_next(struct archive_reader *r, struct archive_entry **entry)
{
	int rc;

	if (r->dead)
		return 0;
	if (!spend_work(r->budget, r->passphrase != NULL ? PASSWORD_WORK : HEADER_WORK)) {
		r->problems |= ARCHIVE_TOO_LARGE;
		return 0;
	}
	rc = archive_read_next_header(r->a, entry);
	if ((rc == ARCHIVE_EOF && read_as_lone(r)) || (rc < ARCHIVE_WARN && fall_back(r)))
		rc = archive_read_next_header(r->a, entry);
	if (rc == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		r->begun = true;
		return 1;
	}
	r->dead = true;
	/* Cut between two members: the fault is known already. */
	if (rc != ARCHIVE_EOF && !(r->streaming && r->begun))
		r->problems |= r->a != NULL ? problem_of(r) : ARCHIVE_UNREADABLE;
	return 0;
}

/* Counts n bytes of output; a problem bit where a bound is crossed. */
static unsigned count_output(struct archive_reader *r, size_t n)
{
	/* What overlapping members read again is no input. */
	uint64_t in = r->src->seek == NULL || r->in < (uint64_t)r->src->size ? r->in : (uint64_t)r->src->size;

	r->out += n;
	if (r->out > ARCHIVE_RATIO_FROM && r->out / ARCHIVE_RATIO > in)
		return ARCHIVE_BOMB;
	if (!spend(&r->budget->output, n) || !spend_work(r->budget, n))
		return ARCHIVE_TOO_LARGE;
	return 0;
}

int archive_reader_data(struct archive_reader *r, const void **data, size_t *n, unsigned *problem)
{
	la_int64_t offset;
	int rc;

	*problem = 0;
	*n = 0;
	if (r->dead)
		return VG_ERR_SYNTAX;
	/* Holes of sparse files are passed over: they would be output that nobody stored. */
	rc = archive_read_data_block(r->a, data, n, &offset);
	if (rc == ARCHIVE_EOF)
		return 0;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
		*n = 0;
		*problem = problem_of(r);
		r->dead = rc == ARCHIVE_FATAL;
	} else {
		/* Content that its checksum denies. */
		if (rc == ARCHIVE_WARN)
			r->problems |= ARCHIVE_UNREADABLE;
		*problem = count_output(r, *n);
		r->dead = *problem != 0;
	}
	/* An empty block costs work too, or a stream of them would have no bound. */
	if (*problem == 0 && *n == 0 && !spend(&r->budget->work, HEADER_WORK))
		*problem = ARCHIVE_TOO_LARGE;
	r->problems |= *problem;
	return *problem != 0 ? VG_ERR_LIMIT : 1;
}

bool archive_reader_skips(const struct archive_reader *r)
{
	int format = archive_format(r->a) & ARCHIVE_FORMAT_BASE_MASK;

	if (r->streaming || archive_filter_code(r->a, 0) != ARCHIVE_FILTER_NONE)
		return false;
	return format == ARCHIVE_FORMAT_ZIP || format == ARCHIVE_FORMAT_TAR;
}
