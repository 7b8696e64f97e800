/*
 * shim_sync.c - preloaded into the daemon by test_durable.py: records, in one file and one order for all processes, what
 * was written to which file, what a sync made durable, and which replies of acceptance left. Each record is one write(2)
 * with O_APPEND. A write is recorded after it returned, a sync after it returned, a reply before it leaves: so
 * whatever the record shows durable before a reply was durable before it.
 *
 * Record: kind, inode, offset, length (little-endian 1 + 8 + 8 + 4 bytes), data.
 *   O name of a new or opened file   W bytes written   T cut to offset   S file synced   D folder synced
 *   U name removed                   R name became (old NUL new)         F synced content of a file that another process wrote
 *   A reply
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define SEEN_MAX 4096

static int record_fd = -1, is_smtp;
static uint64_t written_here[SEEN_MAX]; /* inodes written by this process */
static unsigned n_written;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("VCSPGATE_TEST_SYNC_LOG");
	int fd = path != NULL ? (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666) : -1;

	char words[256] = "";
	int self = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);

	if (self >= 0) {
		ssize_t n = syscall(SYS_read, self, words, sizeof(words));

		is_smtp = n > 0 && memmem(words, (size_t)n, "--role\0smtp", 12) != NULL;
		syscall(SYS_close, self);
	}
	if (fd >= 0) {
		record_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900);
		syscall(SYS_close, fd);
	}
}

static void record(char kind, uint64_t ino, uint64_t off, const void *data, size_t len)
{
	unsigned char head[21];
	uint32_t n = (uint32_t)len;
	struct iovec v[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)data, len } };

	if (record_fd < 0)
		return;
	head[0] = (unsigned char)kind;
	memcpy(head + 1, &ino, 8);
	memcpy(head + 9, &off, 8);
	memcpy(head + 17, &n, 4);
	syscall(SYS_writev, record_fd, v, 2);
}

static uint64_t inode(int fd, int *regular)
{
	struct stat st;

	if (fd == record_fd || fstat(fd, &st) != 0)
		return 0;
	*regular = S_ISREG(st.st_mode);
	return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? st.st_ino : 0;
}

static void note_written(uint64_t ino)
{
	for (unsigned i = 0; i < n_written; i++)
		if (written_here[i] == ino)
			return;
	if (n_written < SEEN_MAX)
		written_here[n_written++] = ino;
}

static int was_written(uint64_t ino)
{
	for (unsigned i = 0; i < n_written; i++)
		if (written_here[i] == ino)
			return 1;
	return 0;
}

static void wrote(int fd, const void *data, ssize_t n, uint64_t off)
{
	int regular = 0, saved = errno;
	uint64_t ino = n > 0 ? inode(fd, &regular) : 0;

	if (ino != 0 && regular) {
		note_written(ino);
		record('W', ino, off, data, (size_t)n);
	}
	errno = saved;
}

ssize_t pwrite64(int fd, const void *data, size_t n, off64_t off)
{
	ssize_t rc = syscall(SYS_pwrite64, fd, data, n, off);

	wrote(fd, data, rc, (uint64_t)off);
	return rc;
}

ssize_t pwrite(int fd, const void *data, size_t n, off_t off)
{
	return pwrite64(fd, data, n, off);
}

/* Only the process that talks to clients: the same words pass between our processes before. */
static void reply(const void *data, size_t n)
{
	if (is_smtp && n > 12 && memmem(data, n, " accepted as ", 13) != NULL)
		record('A', 0, 0, data, n);
}

ssize_t write(int fd, const void *data, size_t n)
{
	uint64_t off;
	ssize_t rc;

	reply(data, n);
	rc = syscall(SYS_write, fd, data, n);
	if (rc > 0 && fd > 2 && fd != record_fd) {
		int regular = 0, saved = errno;

		if (inode(fd, &regular) != 0 && regular) {
			off = (uint64_t)lseek(fd, 0, SEEK_CUR) - (uint64_t)rc;
			wrote(fd, data, rc, off);
		}
		errno = saved;
	}
	return rc;
}

ssize_t send(int fd, const void *data, size_t n, int flags)
{
	reply(data, n);
	return syscall(SYS_sendto, fd, data, n, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *m, int flags)
{
	for (size_t i = 0; i < m->msg_iovlen; i++)
		reply(m->msg_iov[i].iov_base, m->msg_iov[i].iov_len);
	return syscall(SYS_sendmsg, fd, m, flags);
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
	for (int i = 0; i < n; i++)
		reply(v[i].iov_base, v[i].iov_len);
	return syscall(SYS_writev, fd, v, n);
}

int ftruncate64(int fd, off64_t size)
{
	int rc = (int)syscall(SYS_ftruncate, fd, size), regular = 0, saved = errno;
	uint64_t ino = rc == 0 ? inode(fd, &regular) : 0;

	if (ino != 0)
		record('T', ino, (uint64_t)size, NULL, 0);
	errno = saved;
	return rc;
}

int ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

/* Content that came over another process's copy of the descriptor. */
static void snapshot(int fd, uint64_t ino)
{
	static __thread char block[65536];
	uint64_t off = 0;
	ssize_t n;

	while ((n = syscall(SYS_pread64, fd, block, sizeof(block), off)) > 0) {
		record('F', ino, off, block, (size_t)n);
		off += (uint64_t)n;
	}
}

static int synced(int fd, int rc)
{
	int regular = 0, saved = errno;
	uint64_t ino = rc == 0 ? inode(fd, &regular) : 0;

	if (ino != 0 && regular && !was_written(ino))
		snapshot(fd, ino);
	if (ino != 0)
		record(regular ? 'S' : 'D', ino, 0, NULL, 0);
	errno = saved;
	return rc;
}

int fsync(int fd)
{
	return synced(fd, (int)syscall(SYS_fsync, fd));
}

int fdatasync(int fd)
{
	return synced(fd, (int)syscall(SYS_fdatasync, fd));
}

static int opened(int at, const char *path, int flags, int fd)
{
	int regular = 0, saved = errno;
	uint64_t ino = fd >= 0 ? inode(fd, &regular) : 0;
	struct stat st;
	char name[4096];
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	/* The name with the inode of its folder, so that chroot and relative paths do not matter. */
	if (ino != 0 && (flags & O_CREAT) != 0 && n < sizeof(name)) {
		memcpy(name, path, n);
		name[n] = '\0';
		if (fstatat(at, n > 0 ? name : slash != NULL ? "/" : ".", &st, 0) == 0)
			record('O', ino, st.st_ino, slash != NULL ? slash + 1 : path, strlen(slash != NULL ? slash + 1 : path));
	}
	errno = saved;
	return fd;
}

int openat64(int at, const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return opened(at, path, flags, (int)syscall(SYS_openat, at, path, flags, mode));
}

int openat(int at, const char *path, int flags, ...) __attribute__((alias("openat64")));

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list ap;

	va_start(ap, flags);
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)
		mode = va_arg(ap, mode_t);
	va_end(ap);
	return opened(AT_FDCWD, path, flags, (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

static void removed(int at, const char *path)
{
	struct stat st;

	if (fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		record('U', st.st_ino, 0, path, strlen(path));
}

int unlink(const char *path)
{
	removed(AT_FDCWD, path);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int unlinkat(int at, const char *path, int flags)
{
	removed(at, path);
	return (int)syscall(SYS_unlinkat, at, path, flags);
}
