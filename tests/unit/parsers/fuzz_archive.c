/*
 * fuzz_archive.c - any bytes as an archive: the walk ends within its budget, paths are clean, and what is listed can be asked
 * for. The first byte chooses the name.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "archive_form.h"
#include "archive_walk.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	char path[ARCHIVE_PATH_MAX + 1];
	size_t members;
	uint64_t bytes;
};

static bool on_member(void *arg, const struct archive_member *m)
{
	struct seen *s = arg;
	size_t len = strlen(m->path);

	if (len > ARCHIVE_PATH_MAX || !utf8_valid(m->path, len))
		abort();
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)m->path[i] < 0x20 || m->path[i] == '\\')
			abort();
	memcpy(s->path, m->path, len + 1);
	s->members++;
	return true;
}

static void on_data(void *arg, const void *p, size_t n)
{
	struct seen *s = arg;

	(void)p;
	s->bytes += n;
}

static void on_end(void *arg, int64_t size, unsigned problems)
{
	(void)arg;
	if (size < 0 || problems >= 1u << ARCHIVE_PROBLEMS)
		abort();
}

static int to_nowhere(void *arg, const void *p, size_t n)
{
	(void)p;
	*(uint64_t *)arg += n;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"a.zip", "a.tar", "Job.log.gz", "b"};
	static struct seen seen;
	const struct archive_visitor v = {&seen, on_member, on_data, on_end};
	static const char *const words[] = {"secret", "veeam"};
	struct archive_passwords passwords = {words, 2, 0};
	struct archive_budget budget = {100, 4000, 1u << 22, 1u << 24, 1u << 20, 2000, 0, 0, &passwords, 0}, again = budget;
	struct source src;
	uint64_t written = 0;
	const char *name;

	if (size < 2)
		return 0;
	name = names[data[0] % 4];
	memset(&seen, 0, sizeof(seen));
	archive_looks_like(name, data + 1, size - 1);
	if (archive_form_problems(name, data + 1, size - 1) >= 1u << ARCHIVE_PROBLEMS)
		abort();
	source_memory(&src, data + 1, size - 1);
	archive_walk(&src, name, &budget, &v);
	if (seen.members > 100 || seen.bytes > 1u << 22)
		abort();
	if (seen.members > 0)
		archive_extract(&src, name, seen.path, &again, to_nowhere, &written);
	if (written > 1u << 22)
		abort();
	return 0;
}
