/*
 * fuzz_replay.c - runs a fuzz harness over stored inputs without a fuzzer: every argument is a file, or a folder of
 * files. Linked to each fuzz_X.c by `make check`; libFuzzer brings its own main().
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned long n_inputs;

/* The input is copied to memory of exactly its size, so that a read behind it is seen by valgrind and ASan. */
static int
run_file(const char *path, size_t size)
{
	unsigned char *data = malloc(size ? size : 1);
	FILE *f = fopen(path, "rb");
	int rc = 1;

	if (data && f && fread(data, 1, size, f) == size) {
		LLVMFuzzerTestOneInput(data, size);
		n_inputs++;
		rc = 0;
	} else {
		fprintf(stderr, "fuzz_replay: %s: cannot read\n", path);
	}
	if (f)
		fclose(f);
	free(data);
	return rc;
}

static int run_path(const char *path, int depth);

static int
run_folder(const char *path, int depth)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char name[4096];
	int rc = 0;

	if (!d) {
		fprintf(stderr, "fuzz_replay: %s: cannot open\n", path);
		return 1;
	}
	while ((e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, e->d_name) >= sizeof(name))
			rc = 1;
		else
			rc |= run_path(name, depth + 1);
	}
	closedir(d);
	return rc;
}

static int
run_path(const char *path, int depth)
{
	struct stat st;

	if (depth > 4 || stat(path, &st) < 0) {
		fprintf(stderr, "fuzz_replay: %s: cannot open\n", path);
		return 1;
	}
	return S_ISDIR(st.st_mode) ? run_folder(path, depth) : run_file(path, (size_t)st.st_size);
}

int
main(int argc, char **argv)
{
	int rc = 0;

	for (int i = 1; i < argc; i++)
		rc |= run_path(argv[i], 0);
	printf("replayed %lu inputs\n", n_inputs);
	return n_inputs == 0 ? 1 : rc;
}
