/*
 * master_tokens.c - generations of the token key. Beside the key file stands KEYFILE.tokens, one line "generation N oldest M"
 * (absent: 1 and 1): generation N mints, those from M on verify; M never falls, so a dropped key stays dropped. It holds no
 * secret, but who changes it ends every open thread's tags: so it belongs to the administrator, not into the state folder,
 * which is the queue's.
 */
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "err.h"
#include "master.h"

/* Never reused for anything else: these are part of the format of what was sent. */
#define FIRST_CONTEXT "vcspgate"
#define FIRST_SUBKEY 2
#define LATER_CONTEXT "vcsptokn" /* its subkey is the generation */

#define GENERATION_MAX 1000000u
#define LINE_SPACE 64

struct generations {
	unsigned now, oldest;
};

static int
name_of(const char *key_file, char out[4096], const char *suffix, struct fault *f)
{
	int n = snprintf(out, 4096, "%s.tokens%s", key_file, suffix);

	return n > 0 && n < 4096 ? VG_OK : fault_set(f, EX_CONFIG, "key file %s: %s", key_file, strerror(ENAMETOOLONG));
}

static bool
parse(struct generations *g, const char *line)
{
	char again[LINE_SPACE];
	int n;

	if (sscanf(line, "generation %7u oldest %7u", &g->now, &g->oldest) != 2 || g->now > GENERATION_MAX || g->oldest == 0 ||
	    g->oldest > g->now || g->now - g->oldest >= TOKEN_KEYS_MAX)
		return false;
	n = snprintf(again, sizeof(again), "generation %u oldest %u\n", g->now, g->oldest);
	return n > 0 && strcmp(again, line) == 0;
}

static int
read_line(int fd, struct generations *g, const char *file, struct fault *f)
{
	char line[LINE_SPACE];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & 022) || (st.st_uid != 0 && st.st_uid != geteuid()))
		return fault_set(f, EX_CONFIG, "%s: must be a file of ours that no others can write", file);
	n = pread(fd, line, sizeof(line) - 1, 0);
	if (n < 0)
		return fault_set(f, EX_CONFIG, "%s: %s", file, strerror(errno));
	line[n] = '\0';
	if (!parse(g, line))
		return fault_set(f, EX_CONFIG, "%s: is not one line \"generation N oldest M\" of at most %d generations", file,
		    TOKEN_KEYS_MAX);
	return VG_OK;
}

static int
generations_load(const char *key_file, struct generations *g, struct fault *f)
{
	char file[4096];
	int fd, rc;

	*g = (struct generations){ .now = 1, .oldest = 1 };
	if (name_of(key_file, file, "", f) != VG_OK)
		return VG_ERR_SYSTEM;
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return VG_OK;
	if (fd < 0)
		return fault_set(f, EX_CONFIG, "%s: %s", file, strerror(errno));
	rc = read_line(fd, g, file, f);
	close(fd);
	return rc;
}

static void
derive(unsigned char out[TOKEN_KEY], unsigned generation, const unsigned char master[MASTER_KEY])
{
	if (generation == 1)
		crypto_kdf_derive_from_key(out, TOKEN_KEY, FIRST_SUBKEY, FIRST_CONTEXT, master);
	else
		crypto_kdf_derive_from_key(out, TOKEN_KEY, generation, LATER_CONTEXT, master);
}

int
master_tokens_derive(struct token_keys *out, const char *key_file, const unsigned char master[MASTER_KEY], struct fault *f)
{
	struct generations g;

	if (generations_load(key_file, &g, f) != VG_OK)
		return VG_ERR_SYSTEM;
	sodium_memzero(out, sizeof(*out));
	for (unsigned i = g.now; i >= g.oldest; i--)
		derive(out->key[out->n++], i, master);
	return VG_OK;
}

static int
write_line(const char *file, const struct generations *g)
{
	char line[LINE_SPACE];
	int n = snprintf(line, sizeof(line), "generation %u oldest %u\n", g->now, g->oldest), rc;
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);

	if (fd < 0)
		return -1;
	rc = write(fd, line, (size_t)n) == n && fsync(fd) == 0 ? 0 : -1;
	close(fd);
	return rc;
}

int
master_tokens_rotate(const char *key_file, unsigned keep, struct fault *f)
{
	char file[4096], fresh[4096];
	struct generations g;

	if (name_of(key_file, file, "", f) != VG_OK || name_of(key_file, fresh, ".new", f) != VG_OK ||
	    generations_load(key_file, &g, f) != VG_OK)
		return VG_ERR_SYSTEM;
	if (g.now == GENERATION_MAX)
		return fault_set(f, EX_CONFIG, "%s: no generation is left", file);
	g.now++;
	if (g.now - g.oldest > keep)
		g.oldest = g.now - keep;
	unlink(fresh);
	if (write_line(fresh, &g) < 0 || rename(fresh, file) < 0 || master_sync_folder(file) < 0) {
		fault_set(f, EX_CANTCREAT, "%s: %s", file, strerror(errno));
		unlink(fresh);
		return VG_ERR_SYSTEM;
	}
	printf("token key: generation %u mints, %u before it stay valid; SIGHUP or a start puts it to use\n", g.now,
	    g.now - g.oldest);
	return VG_OK;
}
