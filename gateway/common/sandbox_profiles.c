/*
 * sandbox_profiles.c - which system calls each role may make once it serves. Data only; sandbox.c loads it.
 * A group says why it is there. Only `verify` starts programs, which inherit its filter. In no other profile: execve, execveat, fork, vfork, clone, clone3. Only `imap` makes sockets, for TCP and UDP. In none: ptrace,
 * bind, listen, mount, setuid and their kin, bpf, io_uring, keyctl; and no memory that can be executed.
 */
#include <fcntl.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sandbox_profiles.h"

#define ALLOW(name) { SCMP_SYS(name), CHECK_NONE, 0, 0 }
#define ALLOW_IF(name, check, arg, value) { SCMP_SYS(name), CHECK_##check, arg, value }
#define GROUP(g) { g, sizeof(g) / sizeof(g[0]) }

/* What libc, the loop and ipc.c need in every role. */
static const struct sandbox_rule base[] = {
	/* descriptors it was handed; sendmsg and recvmsg carry descriptors between our own processes */
	ALLOW(read), ALLOW(write), ALLOW(readv), ALLOW(writev), ALLOW(recvmsg), ALLOW(sendmsg), ALLOW(close),
	ALLOW(pread64), /* a configuration handed over on reload */
	ALLOW(dup), ALLOW(shutdown),
	/* fcntl without locks, leases and signals (F_SETOWN would aim signals at others) */
	ALLOW_IF(fcntl, EQUAL, 1, F_GETFL), ALLOW_IF(fcntl, EQUAL, 1, F_SETFL),
	ALLOW_IF(fcntl, EQUAL, 1, F_GETFD), ALLOW_IF(fcntl, EQUAL, 1, F_SETFD),
	ALLOW_IF(fcntl, EQUAL, 1, F_DUPFD_CLOEXEC),
	ALLOW_IF(fcntl, EQUAL, 1, F_GET_SEALS), /* a page that could shrink under its reader is refused */
	/* fstat() as glibc makes it: newfstatat with an empty path */
	ALLOW(fstat), ALLOW_IF(newfstatat, WITH, 3, AT_EMPTY_PATH),
	/* the loop */
	ALLOW(epoll_wait), ALLOW(epoll_pwait), ALLOW(epoll_ctl), ALLOW(poll), ALLOW(ppoll), ALLOW(timerfd_settime),
	/* memory: never executable. mmap of a descriptor serves counter pages */
	ALLOW_IF(mmap, WITHOUT, 2, PROT_EXEC), ALLOW_IF(mprotect, WITHOUT, 2, PROT_EXEC),
	ALLOW(munmap), ALLOW(mremap), ALLOW(madvise), ALLOW(brk),
	/* time, chance, locks */
	ALLOW(clock_gettime), ALLOW(gettimeofday), ALLOW(time), ALLOW(clock_nanosleep), ALLOW(nanosleep),
	ALLOW(getrandom), ALLOW(futex), ALLOW(sched_yield), ALLOW(restart_syscall),
	/* malloc counts processors for its arenas, qsort asks for the memory's size, sysconf reads a limit */
	ALLOW(sched_getaffinity), ALLOW(sysinfo), ALLOW_IF(prlimit64, EQUAL, 2, 0),
	/* ids, for logs and libraries that notice a fork */
	ALLOW(getpid), ALLOW(gettid), ALLOW(getppid), ALLOW(getuid), ALLOW(geteuid), ALLOW(getgid), ALLOW(getegid),
	/* the end: by return, by a signal of our own (abort), by a time-out */
	ALLOW(exit), ALLOW(exit_group), ALLOW(rt_sigreturn), ALLOW(rt_sigprocmask),
	ALLOW_IF(tgkill, OWN_PID, 0, 0),
};

/* Sockets that exist: GnuTLS sends by sendto without an address and asks for errors; options are set after accept. */
static const struct sandbox_rule serve[] = {
	ALLOW(accept4), ALLOW(recvfrom), ALLOW_IF(sendto, EQUAL, 4, 0),
	ALLOW(getsockname), ALLOW(getpeername), ALLOW(setsockopt), ALLOW(getsockopt),
};

/* The resolver's sockets, which the supervisor made and connected. */
static const struct sandbox_rule dns[] = {
	ALLOW(recvfrom), ALLOW_IF(sendto, EQUAL, 4, 0), ALLOW(getsockopt),
};

/* Connections out, to servers whose addresses only the DNS knows. */
static const struct sandbox_rule dial[] = {
	ALLOW_IF(socket, EQUAL, 0, AF_INET), ALLOW_IF(socket, EQUAL, 0, AF_INET6), ALLOW(connect),
	ALLOW(recvfrom), ALLOW_IF(sendto, EQUAL, 4, 0), ALLOW(setsockopt), ALLOW(getsockopt),
};

/* A sealed message goes to a descriptor that the queue opened. */
static const struct sandbox_rule spool[] = {
	ALLOW(pwrite64), ALLOW(lseek),
};

/* libmicrohttpd makes its own loop and wake-up descriptor when a listener arrives. */
static const struct sandbox_rule http[] = {
	ALLOW(epoll_create1), ALLOW(eventfd2), ALLOW_IF(ioctl, EQUAL, 1, FIONBIO),
};

/* The parser and ocr: libraries seek in their descriptors, a timer ends a job that hangs. */
static const struct sandbox_rule parse[] = {
	ALLOW(lseek), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(setitimer), ALLOW(alarm),
};

/* The store: SQLite and the blob folder, below the one folder that Landlock and chroot leave. */
static const struct sandbox_rule store[] = {
	ALLOW(openat), ALLOW(open), ALLOW(unlinkat), ALLOW(unlink), ALLOW(linkat), ALLOW(renameat), ALLOW(renameat2),
	ALLOW(rename), ALLOW(mkdirat), ALLOW(mkdir), ALLOW(rmdir), ALLOW(faccessat), ALLOW(faccessat2), ALLOW(access),
	ALLOW(newfstatat), ALLOW(statx), ALLOW(stat), ALLOW(lstat), ALLOW(fstatfs), ALLOW(statfs),
	ALLOW(readlinkat), ALLOW(readlink), ALLOW(getdents64), ALLOW(getcwd), ALLOW(fchmod), ALLOW(fchown), ALLOW(utimensat),
	ALLOW(lseek), ALLOW(pwrite64), ALLOW(ftruncate), ALLOW(fallocate), ALLOW(fadvise64),
	ALLOW(fsync), ALLOW(fdatasync), ALLOW(sync_file_range), ALLOW(msync),
	/* a thread that has just been started may not be done with its own registration yet */
	ALLOW(set_robust_list), ALLOW(rseq),
	/* locks of the database, and seals of shared pages */
	ALLOW_IF(fcntl, EQUAL, 1, F_GETLK), ALLOW_IF(fcntl, EQUAL, 1, F_SETLK), ALLOW_IF(fcntl, EQUAL, 1, F_SETLKW),
	ALLOW_IF(fcntl, EQUAL, 1, F_OFD_GETLK), ALLOW_IF(fcntl, EQUAL, 1, F_OFD_SETLK), ALLOW_IF(fcntl, EQUAL, 1, F_OFD_SETLKW),
};

/* A worker process for each signature, and gpg under it. Still no sockets, and limits of their own only. */
static const struct sandbox_rule programs[] = {
	ALLOW(execve), ALLOW(clone), ALLOW(fork), ALLOW(vfork), ALLOW(wait4), ALLOW(waitid),
	ALLOW(pipe2), ALLOW(pipe), ALLOW(dup2), ALLOW(dup3), ALLOW(close_range), ALLOW(chdir), ALLOW(umask),
	ALLOW(link), ALLOW(chmod), ALLOW(mlock), ALLOW(mlock2), ALLOW(munlock),
	ALLOW(rt_sigaction), ALLOW(sigaltstack), ALLOW(alarm), ALLOW(ioctl), ALLOW(select), ALLOW(pselect6),
	/* the start of a program: its libraries are mapped to be run */
	ALLOW(mmap), ALLOW(mprotect), ALLOW(arch_prctl), ALLOW(set_tid_address), ALLOW(uname), ALLOW(getrusage),
	/* gpg looks for its user by name, through a daemon's socket first */
	{ SCMP_SYS(socket), CHECK_REFUSE, 0, 0 },
	ALLOW_IF(prctl, EQUAL, 0, PR_SET_PDEATHSIG), ALLOW_IF(prlimit64, EQUAL, 0, 0), ALLOW(setrlimit), ALLOW(getrlimit),
};

#ifdef VG_SANITIZE
/* ASan and UBSan: signal stacks, their own maps, symbols and reports. */
static const struct sandbox_rule sanitizer[] = {
	ALLOW(sigaltstack), ALLOW(rt_sigaction), ALLOW(mmap), ALLOW(mprotect), ALLOW(openat), ALLOW(open), ALLOW(readlink),
	ALLOW(readlinkat), ALLOW(newfstatat), ALLOW(stat), ALLOW(lseek), ALLOW(ioctl), ALLOW(pipe), ALLOW(pipe2),
	ALLOW(getcwd), ALLOW(prctl), ALLOW(uname), ALLOW(getrusage), ALLOW(process_vm_readv),
};
#define SANITIZER , GROUP(sanitizer)
#else
#define SANITIZER
#endif

static const struct sandbox_profile profiles[] = {
	{ ROLE_SMTP, { GROUP(base), GROUP(serve), GROUP(spool) SANITIZER } },
	{ ROLE_GATE, { GROUP(base), GROUP(dns) SANITIZER } },
	{ ROLE_PARSER, { GROUP(base), GROUP(parse) SANITIZER } },
	{ ROLE_OCR, { GROUP(base), GROUP(parse) SANITIZER } },
	{ ROLE_QUEUE, { GROUP(base), GROUP(store) SANITIZER } },
	{ ROLE_VERIFY, { GROUP(base), GROUP(store), GROUP(programs) SANITIZER } },
	{ ROLE_DELIVER, { GROUP(base), GROUP(dial) SANITIZER } },
	{ ROLE_IMAP, { GROUP(base), GROUP(dial), GROUP(spool) SANITIZER } },
	{ ROLE_API, { GROUP(base), GROUP(serve), GROUP(spool), GROUP(http) SANITIZER } },
};

const struct sandbox_profile *
sandbox_profile(enum role role)
{
	for (size_t i = 0; i < sizeof(profiles) / sizeof(profiles[0]); i++) {
		if (profiles[i].role == role)
			return &profiles[i];
	}
	return NULL;
}
