/*
 * metrics.c - counters of one process in a shared page. Each process writes its own, the api reads all; a
 * page's owner may have been taken over, so a reader maps it read-only, and its size is sealed before anybody
 * has it.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "err.h"
#include "id.h"
#include "metrics.h"

#define BUCKETS 16
#define NS UINT64_C(1000000000)

struct bound {
	double seconds;
	const char *label;
};

static const struct bound bounds[BUCKETS] = {
	{ 0.0005, "0.0005" },
	{ 0.001, "0.001" },
	{ 0.0025, "0.0025" },
	{ 0.005, "0.005" },
	{ 0.01, "0.01" },
	{ 0.025, "0.025" },
	{ 0.05, "0.05" },
	{ 0.1, "0.1" },
	{ 0.25, "0.25" },
	{ 0.5, "0.5" },
	{ 1, "1" },
	{ 2.5, "2.5" },
	{ 5, "5" },
	{ 10, "10" },
	{ 30, "30" },
	{ 60, "60" },
};

struct histogram {
	_Atomic uint64_t bucket[BUCKETS + 1]; /* not cumulative; the last is above 60 s */
	_Atomic uint64_t sum_ns;
};

struct metrics {
	_Atomic uint64_t counter[MT_COUNTER_COUNT];
	_Atomic uint64_t gauge[MT_GAUGE_COUNT];
	struct histogram histogram[MT_HISTOGRAM_COUNT];
};

struct name {
	const char *name, *help;
};

#define METRIC_NAME(id, name, help) { "vcspgate_" name, help },
static const struct name counter_names[] = { METRIC_COUNTERS(METRIC_NAME) };
static const struct name gauge_names[] = { METRIC_GAUGES(METRIC_NAME) };
static const struct name histogram_names[] = { METRIC_HISTOGRAMS(METRIC_NAME) };

int
metrics_create(void)
{
	int fd = memfd_create("metrics", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (ftruncate(fd, sizeof(struct metrics)) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A page that could shrink under the reader would kill it: only a sealed one is taken. */
struct metrics *
metrics_map(int fd, int writable)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	void *p;

	if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(fd, &st) < 0 ||
	    st.st_size != (off_t)sizeof(struct metrics))
		return NULL;
	p = mmap(NULL, sizeof(struct metrics), PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

void
metrics_unmap(struct metrics **m)
{
	if (*m)
		munmap(*m, sizeof(**m));
	*m = NULL;
}

static void
add(_Atomic uint64_t *p, uint64_t n)
{
	atomic_fetch_add_explicit(p, n, memory_order_relaxed);
}

static uint64_t
get(const _Atomic uint64_t *p)
{
	return atomic_load_explicit(p, memory_order_relaxed);
}

void
metrics_add(struct metrics *m, enum metric_counter id, uint64_t n)
{
	if (m && (unsigned)id < MT_COUNTER_COUNT)
		add(&m->counter[id], n);
}

void
metrics_set(struct metrics *m, enum metric_gauge id, uint64_t value)
{
	if (m && (unsigned)id < MT_GAUGE_COUNT)
		atomic_store_explicit(&m->gauge[id], value, memory_order_relaxed);
}

uint64_t
metrics_get(const struct metrics *m, enum metric_gauge id)
{
	return m && (unsigned)id < MT_GAUGE_COUNT ? get(&m->gauge[id]) : 0;
}

void
metrics_observe(struct metrics *m, enum metric_histogram id, double seconds)
{
	unsigned b = 0;

	if (!m || (unsigned)id >= MT_HISTOGRAM_COUNT)
		return;
	if (!(seconds > 0)) /* a clock that stepped back, or not a number */
		seconds = 0;
	if (seconds > 1e9)
		seconds = 1e9;
	while (b < BUCKETS && seconds > bounds[b].seconds)
		b++;
	add(&m->histogram[id].bucket[b], 1);
	add(&m->histogram[id].sum_ns, (uint64_t)(seconds * 1e9));
}

/* ---- the Prometheus text format ---- */

static int
print_head(struct buf *out, const struct name *name, const char *type)
{
	return buf_addf(out, "# HELP %s %s\n# TYPE %s %s\n", name->name, name->help, name->name, type);
}

static int
print_value(struct buf *out, const struct name *name, const char *type, uint64_t value)
{
	int rc = print_head(out, name, type);

	return rc ? rc : buf_addf(out, "%s %" PRIu64 "\n", name->name, value);
}

static int
print_histogram(struct buf *out, const struct name *name, const uint64_t bucket[BUCKETS + 1], uint64_t sum_ns)
{
	uint64_t total = 0;
	int rc = print_head(out, name, "histogram");

	for (unsigned b = 0; b < BUCKETS && !rc; b++) {
		total += bucket[b];
		rc = buf_addf(out, "%s_bucket{le=\"%s\"} %" PRIu64 "\n", name->name, bounds[b].label, total);
	}
	total += bucket[BUCKETS];
	if (rc)
		return rc;
	return buf_addf(out,
	    "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%09" PRIu64 "\n%s_count %" PRIu64 "\n",
	    name->name, total, name->name, sum_ns / NS, sum_ns % NS, name->name, total);
}

static int
sum_histogram(struct buf *out, struct metrics *const *pages, unsigned n, unsigned id)
{
	uint64_t bucket[BUCKETS + 1] = { 0 }, sum_ns = 0;

	for (unsigned p = 0; p < n; p++) {
		if (!pages[p])
			continue;
		for (unsigned b = 0; b <= BUCKETS; b++)
			bucket[b] += get(&pages[p]->histogram[id].bucket[b]);
		sum_ns += get(&pages[p]->histogram[id].sum_ns);
	}
	return print_histogram(out, &histogram_names[id], bucket, sum_ns);
}

static uint64_t
age_of_oldest(struct metrics *const *pages, unsigned n, unsigned id)
{
	uint64_t now = (uint64_t)id_now_ms(), oldest = now;

	for (unsigned p = 0; p < n; p++) {
		uint64_t at = pages[p] ? get(&pages[p]->gauge[id]) : 0;

		if (at != 0 && at < oldest)
			oldest = at;
	}
	return now - oldest;
}

int
metrics_print(struct buf *out, struct metrics *const *pages, unsigned n)
{
	int rc = VG_OK;

	for (unsigned i = 0; i < MT_COUNTER_COUNT && !rc; i++) {
		uint64_t value = 0;
		for (unsigned p = 0; p < n; p++)
			value += pages[p] ? get(&pages[p]->counter[i]) : 0;
		rc = print_value(out, &counter_names[i], "counter", value);
	}
	for (unsigned i = 0; i < MT_GAUGE_COUNT && !rc; i++) {
		uint64_t value = i == MT_IMAP_SUCCESS_AGE ? age_of_oldest(pages, n, i) : 0;
		for (unsigned p = 0; p < n && i != MT_IMAP_SUCCESS_AGE; p++)
			value += pages[p] ? get(&pages[p]->gauge[i]) : 0;
		rc = print_value(out, &gauge_names[i], "gauge", value);
	}
	for (unsigned i = 0; i < MT_HISTOGRAM_COUNT && !rc; i++)
		rc = sum_histogram(out, pages, n, i);
	return rc;
}
