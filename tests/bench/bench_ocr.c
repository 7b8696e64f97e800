/*
 * bench_ocr.c - processor seconds (there is one thread) for the text of a picture, of tests/corpus/ocr-*: decoding, recognition, text and errors; the best of
 * BENCH_RUNS (5). Median over the dialogues, and the largest resident size.
 */
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "err.h"
#include "ocr_engine.h"

#define CORPUS "tests/corpus"
#define PICTURES_MAX 64

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t read_errors(const struct ocr_page *page)
{
	struct error_where where = {.kind = ORIGIN_SCREENSHOT};
	struct error_set *set = error_set_new();
	struct dialog d;
	size_t n;

	if (set == NULL || dialog_text(&d, page->lines, page->n, (int)page->width, (int)page->height) != VG_OK)
		exit(1);
	dialog_errors(set, &d, &where);
	n = error_set_count(set);
	dialog_free(&d);
	error_set_free(&set);
	return n;
}

/* Seconds of the best run; prints a row. */
static double measure(struct ocr_engine *e, const char *name, unsigned runs)
{
	static unsigned char bytes[4u << 20];
	struct ocr_limits limits = {9 << 20, 60000};
	struct ocr_page page = {0};
	char path[512];
	double best = 1e9;
	size_t len, errors = 0;
	FILE *f;

	snprintf(path, sizeof path, CORPUS "/%s", name);
	if ((f = fopen(path, "rb")) == NULL)
		exit(1);
	len = fread(bytes, 1, sizeof bytes, f);
	fclose(f);
	for (unsigned i = 0; i < runs; i++) {
		double start = now(), took;

		if (ocr_engine_read(e, bytes, len, &limits, &page) != VG_OK)
			return -1;
		errors = read_errors(&page);
		took = now() - start;
		best = took < best ? took : best;
		if (i + 1 < runs)
			ocr_page_free(&page);
	}
	printf("  %-22s %5ux%-5u %3zu lines %2zu errors %7.3f s\n", name, page.width, page.height, page.n, errors, best);
	ocr_page_free(&page);
	return best;
}

int main(void)
{
	const char *why, *runs = getenv("BENCH_RUNS");
	double all[PICTURES_MAX], start = now();
	struct ocr_engine *e;
	struct dirent **list;
	struct rusage use;
	size_t n = 0;
	int found;

	if (ocr_engine_open(&e, "eng", &why) != VG_OK) {
		fprintf(stderr, "bench_ocr: %s\n", why);
		return 1;
	}
	printf("ocr: processor time for the text of a picture, one thread; loaded in %.2f s\n", now() - start);
	found = scandir(CORPUS, &list, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		const char *dot = strrchr(list[i]->d_name, '.');

		if (strncmp(list[i]->d_name, "ocr-", 4) == 0 && strcmp(dot, ".py") != 0 && strcmp(dot, ".docx") != 0 && n < PICTURES_MAX) {
			double took = measure(e, list[i]->d_name, runs != NULL ? (unsigned)atoi(runs) : 5);

			if (took > 0)
				all[n++] = took;
		}
		free(list[i]);
	}
	free(list);
	if (n == 0)
		return 1;
	qsort(all, n, sizeof all[0], by_value);
	getrusage(RUSAGE_SELF, &use);
	printf("  median %.3f s (aim: 0.25), largest %.3f s, resident %ld MB\n", all[n / 2], all[n - 1], use.ru_maxrss / 1024);
	ocr_engine_close(&e);
	return 0;
}
