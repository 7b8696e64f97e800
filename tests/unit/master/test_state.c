/*
 * test_state.c - what the supervisor finds wrong before it starts anything: state folder, lock, key file, listeners;
 * each with the right exit status.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sysexits.h>

#include "err.h"
#include "master.h"
#include "temp_dir.h"

struct fixture {
	struct temp_dir dir;
	char state[128], key[128];
	struct conf conf;
	struct fault fault;
};

static int
setup(void **state)
{
	static struct fixture fx;

	memset(&fx, 0, sizeof(fx));
	assert_int_equal(temp_dir_make(&fx.dir), 0);
	snprintf(fx.state, sizeof(fx.state), "%s/state", fx.dir.path);
	snprintf(fx.key, sizeof(fx.key), "%s/keys/master.key", fx.dir.path);
	fx.conf.state = fx.state;
	fx.conf.key_file = fx.key;
	*state = &fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	temp_dir_remove(&fx->dir);
	return 0;
}

static mode_t
mode_of(const struct fixture *fx, const char *name)
{
	char path[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", fx->dir.path, name);
	return stat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

static void
close_state(struct state *s)
{
	close(s->dir);
	close(s->lock);
}

static void
test_state_is_made(void **state)
{
	struct fixture *fx = *state;
	struct state s;

	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_OK);
	assert_false(s.has_store);
	assert_int_equal(mode_of(fx, "state"), 0711);
	assert_int_equal(mode_of(fx, "state/blobs"), 0700);
	assert_int_equal(mode_of(fx, "state/verify"), 0700);
	if (geteuid() == 0)
		assert_int_equal(mode_of(fx, "state/empty"), 0555);
	assert_int_equal(master_pid_write(&s, &fx->fault), VG_OK);
	assert_int_equal(mode_of(fx, "state/vcspgated.pid") & 0600, 0600);
	master_pid_remove(&s);
	assert_int_equal(mode_of(fx, "state/vcspgated.pid"), 0);
	close_state(&s);
	/* and found again, with a store this time */
	temp_dir_write(&fx->dir, "state/store.db", "", 0600);
	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_OK);
	assert_true(s.has_store);
	close_state(&s);
}

static void
test_state_has_one_daemon(void **state)
{
	struct fixture *fx = *state;
	struct state first, second;

	assert_int_equal(master_state_open(&fx->conf, &first, &fx->fault), VG_OK);
	assert_int_equal(master_state_open(&fx->conf, &second, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_TEMPFAIL);
	close(second.dir);
	close_state(&first);
}

static void
test_state_cannot_be_made(void **state)
{
	struct fixture *fx = *state;
	struct state s;

	snprintf(fx->state, sizeof(fx->state), "%s/no/such/folder", fx->dir.path);
	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CANTCREAT);
	assert_non_null(strstr(fx->fault.text, "No such file"));
}

static void
test_state_writable_for_others(void **state)
{
	struct fixture *fx = *state;
	struct state s;

	assert_int_equal(mkdir(fx->state, 0700), 0);
	assert_int_equal(chmod(fx->state, 0770), 0);
	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CANTCREAT);
}

/* A link laid into the folder by its owner leads the supervisor nowhere. */
static void
test_state_links_are_not_followed(void **state)
{
	struct fixture *fx = *state;
	char victim[256], lock[256];
	struct state s;

	assert_int_equal(mkdir(fx->state, 0700), 0);
	temp_dir_write(&fx->dir, "victim", "precious", 0600);
	snprintf(victim, sizeof(victim), "%s/victim", fx->dir.path);
	snprintf(lock, sizeof(lock), "%s/lock", fx->state);
	assert_int_equal(symlink(victim, lock), 0);
	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(unlink(lock), 0);
	assert_int_equal(master_state_open(&fx->conf, &s, &fx->fault), VG_OK);
	snprintf(lock, sizeof(lock), "%s/vcspgated.pid", fx->state);
	assert_int_equal(symlink(victim, lock), 0);
	assert_int_equal(master_pid_write(&s, &fx->fault), VG_OK);
	assert_int_equal(mode_of(fx, "victim"), 0600);
	close_state(&s);
}

static void
test_user_must_exist(void **state)
{
	struct fixture *fx = *state;
	char user[] = "no-such-user-here";

	fx->conf.user = user;
	if (geteuid() == 0) {
		assert_int_equal(master_check_users(&fx->conf, &fx->fault), VG_ERR_SYSTEM);
		assert_int_equal(fx->fault.code, EX_CONFIG);
	} else {
		assert_int_equal(master_check_users(&fx->conf, &fx->fault), VG_OK);
	}
}

static void
test_key_is_made_once(void **state)
{
	struct fixture *fx = *state;
	struct secrets a = { 0 }, b = { 0 };
	static const unsigned char zero[MASTER_KEY];

	assert_int_equal(master_key_load(&fx->conf, false, &a, &fx->fault), VG_OK);
	assert_int_equal(mode_of(fx, "keys/master.key"), 0600);
	assert_int_equal(master_key_load(&fx->conf, true, &b, &fx->fault), VG_OK);
	assert_memory_equal(a.wrap, b.wrap, MASTER_KEY);
	assert_memory_equal(a.tokens.key, b.tokens.key, sizeof(a.tokens.key));
	assert_memory_not_equal(a.wrap, a.tokens.key[0], MASTER_KEY);
	assert_memory_not_equal(a.wrap, zero, MASTER_KEY);
	master_secrets_wipe(&a);
	assert_memory_equal(a.wrap, zero, MASTER_KEY);
}

/* The derived keys are part of the format of stored data: they may never change. */
static void
test_key_derivation_is_fixed(void **state)
{
	static const unsigned char wrap[4] = { 0x5e, 0x1c, 0x79, 0xa1 }, token[4] = { 0x3c, 0xae, 0xef, 0xec };
	struct fixture *fx = *state;
	struct secrets s = { 0 };

	temp_dir_write(&fx->dir, "key", "0123456789abcdef0123456789abcdef", 0600);
	snprintf(fx->key, sizeof(fx->key), "%s/key", fx->dir.path);
	assert_int_equal(master_key_load(&fx->conf, true, &s, &fx->fault), VG_OK);
	assert_memory_equal(s.wrap, wrap, sizeof(wrap));
	assert_int_equal(s.tokens.n, 1);
	assert_memory_equal(s.tokens.key[0], token, sizeof(token));
}

/* A new generation mints, as many former ones as are kept verify. */
static void
test_token_generations(void **state)
{
	static const struct {
		unsigned keep, n;
	} turns[] = { { 3, 2 }, { 3, 3 }, { 1, 2 }, { 0, 1 }, { 7, 2 }, { 7, 3 }, { 2, 3 },
		{ 7, 4 }, { 7, 5 }, { 7, 6 }, { 7, 7 }, { 7, 8 }, { 7, 8 } };
	static const unsigned char second[4] = { 0x29, 0x71, 0x28, 0x28 };
	struct fixture *fx = *state;
	unsigned char made[16][TOKEN_KEY];
	struct secrets s = { 0 };

	temp_dir_write(&fx->dir, "key", "0123456789abcdef0123456789abcdef", 0600);
	snprintf(fx->key, sizeof(fx->key), "%s/key", fx->dir.path);
	assert_int_equal(master_key_load(&fx->conf, true, &s, &fx->fault), VG_OK);
	memcpy(made[0], s.tokens.key[0], TOKEN_KEY);
	for (size_t i = 0; i < sizeof(turns) / sizeof(turns[0]); i++) {
		assert_int_equal(master_tokens_rotate(fx->key, turns[i].keep, &fx->fault), VG_OK);
		assert_int_equal(master_tokens_reload(&fx->conf, &s, &fx->fault), VG_OK);
		assert_int_equal(s.tokens.n, turns[i].n);
		memcpy(made[i + 1], s.tokens.key[0], TOKEN_KEY);
		for (size_t k = 0; k <= i; k++)
			assert_memory_not_equal(made[k], made[i + 1], TOKEN_KEY);
		for (size_t k = 0; k < s.tokens.n; k++)
			assert_memory_equal(s.tokens.key[k], made[i + 1 - k], TOKEN_KEY);
	}
	assert_memory_equal(made[1], second, sizeof(second));
}

static void
test_token_file_faults(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
	} rows[] = {
		{ "", 0644 }, { "generation 2 oldest 1", 0644 }, { "generation 0 oldest 0\n", 0644 },
		{ "generation 9 oldest 1\n", 0644 }, { "generation 02 oldest 1\n", 0644 }, { "generation 2 oldest 3\n", 0644 },
		{ "generation 2 oldest 1\n\n", 0644 }, { "generation 2 oldest -1\n", 0644 },
		{ "generation 1000001 oldest 1000001\n", 0644 }, { "generation 2 oldest 1\n", 0666 },
	};
	struct fixture *fx = *state;
	struct secrets s = { 0 };

	temp_dir_write(&fx->dir, "key", "0123456789abcdef0123456789abcdef", 0600);
	snprintf(fx->key, sizeof(fx->key), "%s/key", fx->dir.path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		temp_dir_write(&fx->dir, "key.tokens", rows[i].text, rows[i].mode);
		if (master_key_load(&fx->conf, true, &s, &fx->fault) != VG_ERR_SYSTEM)
			fail_msg("row %zu", i);
		assert_int_equal(fx->fault.code, EX_CONFIG);
		assert_int_equal(master_tokens_rotate(fx->key, 1, &fx->fault), VG_ERR_SYSTEM);
	}
	temp_dir_write(&fx->dir, "key.tokens", "generation 2 oldest 1\n", 0644);
	assert_int_equal(master_key_load(&fx->conf, true, &s, &fx->fault), VG_OK);
	assert_int_equal(s.tokens.n, 2);
}

static void
test_key_faults(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *said;
	} rows[] = {
		{ "0123456789abcdef0123456789abcdef", 0640, "chmod 600" },
		{ "0123456789abcdef0123456789abcdef", 0604, "chmod 600" },
		{ "0123456789abcdef0123456789abcde", 0600, "31 bytes" },
		{ "0123456789abcdef0123456789abcdef\n", 0600, "33 bytes" },
		{ "", 0600, "0 bytes" },
	};
	struct fixture *fx = *state;
	struct secrets s = { 0 };

	assert_int_equal(master_key_load(&fx->conf, true, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CONFIG);
	assert_non_null(strstr(fx->fault.text, "missing"));
	assert_int_equal(mode_of(fx, "keys/master.key"), 0);
	snprintf(fx->key, sizeof(fx->key), "%s/key", fx->dir.path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		temp_dir_write(&fx->dir, "key", rows[i].text, rows[i].mode);
		assert_int_equal(master_key_load(&fx->conf, false, &s, &fx->fault), VG_ERR_SYSTEM);
		assert_int_equal(fx->fault.code, EX_CONFIG);
		assert_non_null(strstr(fx->fault.text, rows[i].said));
	}
	snprintf(fx->key, sizeof(fx->key), "%s/no/such/key", fx->dir.path);
	assert_int_equal(master_key_load(&fx->conf, false, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CANTCREAT);
}

static void
test_tls_faults(void **state)
{
	struct fixture *fx = *state;
	char cert[256], key[256];
	struct secrets s = { 0 };

	assert_int_equal(master_tls_load(&fx->conf, &s, &fx->fault), VG_OK);
	assert_int_equal(s.cert.len, 0);
	snprintf(cert, sizeof(cert), "%s/cert.pem", fx->dir.path);
	snprintf(key, sizeof(key), "%s/key.pem", fx->dir.path);
	fx->conf.tls_certificate = cert;
	fx->conf.tls_key = key;
	assert_int_equal(master_tls_load(&fx->conf, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CONFIG);
	temp_dir_write(&fx->dir, "cert.pem", "not a certificate", 0644);
	temp_dir_write(&fx->dir, "key.pem", "not a key", 0600);
	assert_int_equal(master_tls_load(&fx->conf, &s, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CONFIG);
	assert_int_equal(s.cert.len, 0);
}

/* ---- listeners ---- */

static void
listen_tcp(struct conf_listen *l, char *name, in_port_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&l->addr;

	memset(l, 0, sizeof(*l));
	l->name = name;
	in->sin_family = AF_INET;
	in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in->sin_port = port;
	l->addr_len = sizeof(*in);
}

static void
listen_unix(struct conf_listen *l, char *path)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&l->addr;

	memset(l, 0, sizeof(*l));
	l->name = l->unix_path = path;
	l->mode = 0660;
	un->sun_family = AF_UNIX;
	snprintf(un->sun_path, sizeof(un->sun_path), "%s", path);
	l->addr_len = sizeof(*un);
}

static void
test_port_taken(void **state)
{
	struct fixture *fx = *state;
	char name[] = "127.0.0.1:PORT";
	struct conf_listen l[2];
	struct listener *first, *second = NULL;
	struct sockaddr_in got;
	socklen_t len = sizeof(got);

	listen_tcp(&l[0], name, 0);
	fx->conf.listens = l;
	fx->conf.n_listens = 1;
	assert_int_equal(master_bind(&fx->conf, &first, &fx->fault), VG_OK);
	assert_int_equal(getsockname(first[0].fd, (struct sockaddr *)&got, &len), 0);
	listen_tcp(&l[0], name, got.sin_port);
	assert_int_equal(master_bind(&fx->conf, &second, &fx->fault), VG_ERR_SYSTEM);
	assert_null(second);
	assert_int_equal(fx->fault.code, EX_OSERR);
	assert_string_equal(fx->fault.text, "listen 127.0.0.1:PORT: Address already in use");
	master_unbind(&fx->conf, &first);
}

static void
test_unix_socket(void **state)
{
	struct fixture *fx = *state;
	char path[100], group[] = "no-such-group-here";
	struct conf_listen l[1];
	struct listener *first, *second = NULL;

	snprintf(path, sizeof(path), "%s/run/l.sock", fx->dir.path);
	listen_unix(&l[0], path);
	fx->conf.listens = l;
	fx->conf.n_listens = 1;
	assert_int_equal(master_bind(&fx->conf, &first, &fx->fault), VG_OK);
	assert_int_equal(mode_of(fx, "run/l.sock"), 0660);
	/* somebody answers: not ours to remove */
	assert_int_equal(master_bind(&fx->conf, &second, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_OSERR);
	assert_int_equal(mode_of(fx, "run/l.sock"), 0660);
	/* nobody answers any more: a stale file is replaced; and the first owner no longer removes it */
	close(first[0].fd);
	first[0].fd = -1;
	assert_int_equal(master_bind(&fx->conf, &second, &fx->fault), VG_OK);
	master_unbind(&fx->conf, &first);
	assert_int_equal(mode_of(fx, "run/l.sock"), 0660);
	master_unbind(&fx->conf, &second);
	assert_int_equal(mode_of(fx, "run/l.sock"), 0);
	l[0].group = group;
	assert_int_equal(master_bind(&fx->conf, &second, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CONFIG);
}

static void
test_unix_path_is_a_file(void **state)
{
	struct fixture *fx = *state;
	char path[100];
	struct conf_listen l[1];
	struct listener *out = NULL;

	temp_dir_write(&fx->dir, "precious", "text", 0644);
	snprintf(path, sizeof(path), "%s/precious", fx->dir.path);
	listen_unix(&l[0], path);
	fx->conf.listens = l;
	fx->conf.n_listens = 1;
	assert_int_equal(master_bind(&fx->conf, &out, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_OSERR);
	assert_int_equal(mode_of(fx, "precious"), 0644);
	snprintf(path, sizeof(path), "%s/no/such/s", fx->dir.path);
	listen_unix(&l[0], path);
	assert_int_equal(master_bind(&fx->conf, &out, &fx->fault), VG_ERR_SYSTEM);
	assert_int_equal(fx->fault.code, EX_CANTCREAT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_state_is_made),
		T(test_state_has_one_daemon),
		T(test_state_cannot_be_made),
		T(test_state_writable_for_others),
		T(test_state_links_are_not_followed),
		T(test_user_must_exist),
		T(test_key_is_made_once),
		T(test_key_derivation_is_fixed),
		T(test_token_generations),
		T(test_token_file_faults),
		T(test_key_faults),
		T(test_tls_faults),
		T(test_port_taken),
		T(test_unix_socket),
		T(test_unix_path_is_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
