/*
 * registry_fixture.h - a registry in a folder of its own for one test, and short ways to change it.
 */
#ifndef REGISTRY_FIXTURE_H
#define REGISTRY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "buf.h"
#include "err.h"
#include "log.h"
#include "registry_private.h"

struct fixture {
	char dir[64];
	struct registry *r;
	struct reg_who who;
	struct reg_fault fault;
};

static inline void
fixture_remove(struct fixture *f)
{
	static const char *const names[] = { "registry.db", "registry.db-wal", "registry.db-shm" };
	char file[128];

	registry_close(&f->r);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(file, sizeof(file), "%s/%s", f->dir, names[i]);
		unlink(file);
	}
	rmdir(f->dir);
}

static inline int
fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR"), *why = "";

	assert_non_null(f);
	snprintf(f->dir, sizeof(f->dir), "%.40s/registryXXXXXX", tmp == NULL ? "/tmp" : tmp);
	assert_non_null(mkdtemp(f->dir));
	f->who = (struct reg_who){ .actor = "test", .now_ms = 1764000000000 };
	assert_int_equal(registry_open(&f->r, f->dir, true, &why), VG_OK);
	*state = f;
	return 0;
}

static inline int
fixture_teardown(void **state)
{
	struct fixture *f = *state;

	fixture_remove(f);
	free(f);
	return 0;
}

/* One change by the C interface in a transaction of its own. */
static inline int
put(struct fixture *f, enum reg_kind kind, enum reg_mode mode, const char *json, enum reg_change *change)
{
	json_t *obj = json_loads(json, JSON_ALLOW_NUL, NULL);
	enum reg_change unused;
	int err;

	assert_non_null(obj);
	assert_int_equal(db_begin(f->r->db), VG_OK);
	err = reg_put(f->r, kind, obj, mode, &f->who, change == NULL ? &unused : change, NULL, &f->fault);
	if (err == VG_OK)
		assert_int_equal(db_commit(f->r->db), VG_OK);
	else
		db_rollback(f->r->db);
	json_decref(obj);
	return err;
}

static inline void
add(struct fixture *f, enum reg_kind kind, const char *json)
{
	int err = put(f, kind, REG_ADD, json, NULL);

	if (err != VG_OK)
		print_error("%s: %s\n", json, f->fault.text);
	assert_int_equal(err, VG_OK);
}

/* Two partners, a contact of each, customers of the first, a direct contract and an agent. */
static inline void
populate(struct fixture *f)
{
	add(f, REG_PARTNER, "{\"id\":\"acme-msp\",\"name\":\"Acme MSP\",\"vcsp_id\":\"12345\",\"domains\":[\"partner.example\","
	    "\"msp.example\"],\"products\":[\"vbr\",\"vbo\"],\"region\":\"emea\",\"signers\":[\"desk.example\"],\"proof\":\"dkim\","
	    "\"unlisted\":\"accept\",\"unverified\":\"reject\"}");
	add(f, REG_PARTNER, "{\"id\":\"other-msp\",\"name\":\"Other MSP\",\"status\":\"suspended\",\"domains\":[\"other.example\"]}");
	add(f, REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"Ann@partner.example\",\"name\":\"Ann Lee\",\"case_admin\":true}");
	add(f, REG_CONTACT, "{\"partner\":\"acme-msp\",\"address\":\"joe@freelance.example\",\"name\":\"Joe\",\"external\":true,"
	    "\"automatic\":\"open\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"domain\":\"customer.example\",\"name\":\"Customer\"}");
	add(f, REG_CUSTOMER, "{\"partner\":\"acme-msp\",\"address\":\"bob@shared.example\"}");
	add(f, REG_DIRECT, "{\"name\":\"Big Corp, Inc.\",\"domain\":\"big.example\"}");
	add(f, REG_AGENT, "{\"address\":\"l2@vendor.example\",\"name\":\"L2\"}");
}

#endif
