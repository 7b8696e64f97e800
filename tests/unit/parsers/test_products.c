/*
 * The table of products: names, versions as people write them in mails and logs, and all the numbers that are none; the
 * operator's own rows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ascii.h"
#include "err.h"
#include "products.h"

#define VBR "Veeam Backup & Replication"
#define VB365 "Veeam Backup for Microsoft 365"
#define VAL "Veeam Agent for Linux"

static const struct {
	const char *name, *id;
} ids[] = {
    {"vbr", "vbr"}, {"VBR", "vbr"}, {" Veeam Backup & Replication ", "vbr"}, {"Veeam Backup and Replication", "vbr"}, {"VEEAM ONE", "one"},
    {"veeam one", "one"}, {"Backup for Microsoft 365", "vb365"}, {"Veeam Agent for Linux", "val"}, {"vspc", "vspc"}, {"one", "one"},
    {"val", "val"}, {"k10", "k10"}, {"V1 server", "one"}, {"VBAzure", "vbazure"}, {"", NULL}, {" ", NULL}, {"Acronis", NULL}, {"v", NULL},
};

static const struct {
	const char *text, *name, *version;
} prose[] = {
    /* names */
    {"we run Veeam Backup & Replication 12.1.2.172 here", VBR, "12.1.2.172"},
    {"Veeam Backup &amp; Replication 12.1", VBR, "12.1"},
    {"Veeam\xC2\xAE Backup & Replication\xE2\x84\xA2 12.3", VBR, "12.3"},
    {"Veeam Backup\nand Replication 11", VBR, "11"},
    {"Veeam\xC2\xA0" "Backup &\xC2\xA0Replication v12", VBR, "v12"},
    {"Veeam B&R 9.5 Update 4b", VBR, "9.5 Update 4b"},
    {"VEEAM BACKUP & REPLICATION", VBR, ""},
    {"the VBR-Server hangs", VBR, ""},
    {"VBEM 12.1 does not open", VBR, "12.1"},
    {"Veeam-ONE 12", "Veeam ONE", "12"},
    {"VeeamONE reports", "Veeam ONE", ""},
    {"is there any Veeam one could use", NULL, ""},
    {"VBO 365 backup, VBO v6", VB365, "v6"},
    {"VB365 8.0.2.159", VB365, "8.0.2.159"},
    {"Veeam for M365 stopped", VB365, ""},
    {"Veeam Backup for Microsoft 365, build 8.0.2.159", VB365, "8.0.2.159"},
    {"VAL 6.1 on RHEL 9.2", VAL, "6.1"},
    {"a val of null", NULL, ""},
    {"VAC cannot see VBR", "Veeam Service Provider Console", ""},
    {"vacuum the database", NULL, ""},
    {"Kasten K10 7.5.1", "Veeam Kasten for Kubernetes", "7.5.1"},
    {"K10 v7.0", "Veeam Kasten for Kubernetes", "v7.0"},
    {"Veeam Agent for Mac 2.1", "Veeam Agent for Mac", "2.1"},
    {"Veeam Agent for IBM AIX, version 4.1", "Veeam Agent for IBM AIX", "4.1"},
    {"VCC gateway v12", "Veeam Cloud Connect", "v12"},
    {"longest wins: Veeam Backup for AWS", "Veeam Backup for AWS", ""},
    {"nobody here", NULL, ""}, {"vbrx", NULL, ""}, {"xvbr", NULL, ""},
    {"see vbr.partner.example", NULL, ""}, {"user VBR\\admin", NULL, ""}, {"srv-vbr is down", NULL, ""}, {"vbr@partner.example", NULL, ""},
    {"C:\\Logs\\VBR", NULL, ""}, {"https://portal.example/vbr", NULL, ""}, {"fails. VBR.", VBR, ""}, {"\"VBR\"", VBR, ""},
    /* versions */
    {"VBR v12 and Veeam ONE", VBR, "v12"},
    {"vbr (version: 11a)", VBR, "11a"},
    {"VBR v11a P20230227", VBR, "v11a P20230227"},
    {"VBR 11.0.1.1261 (P20230227)", VBR, "11.0.1.1261 P20230227"},
    {"VBR build 11.0.1.1261", VBR, "11.0.1.1261"},
    {"VBR 9.5u4b", VBR, ""},
    {"VBR 9.5 U4b today", VBR, "9.5 U4b"},
    {"VBR 12.1.x", VBR, "12.1"},
    {"VBR: 12.1.", VBR, "12.1"},
    {"VBR is currently 12.2.0.334", VBR, "12.2.0.334"},
    {"VBR Community Edition 12", VBR, "12"},
    {"the VBR fails. It is VBR 12.1 indeed", VBR, "12.1"},
    {"VBR fails, version 12.1 (build 12.1.2.172)", VBR, "12.1.2.172"},
    {"VBR 12.1, exact build: 12.1.2.172.", VBR, "12.1.2.172"},
    {"VBR, Buildnummer 12.0.0.1420", VBR, "12.0.0.1420"},
    {"VBR in der Version 12.3", VBR, "12.3"},
    {"VBR versi\xC3\xB3n 12.1", VBR, "12.1"},
    {"we run 12.1.2.172, all patched", VBR, "12.1.2.172"},
    {"Product version: 12.3.1.1139", VBR, "12.3.1.1139"},
    {"we use Veeam 12.1 everywhere", NULL, "12.1"},
    {"We upgraded Veeam Agent for Linux to 6.0", VAL, ""},
    {"we run v11a P20230227 of VBR", VBR, "v11a P20230227"},
    {"upgraded from VBR 11a to 12.1 and now", VBR, "12.1"}, {"We moved VBR from 12.1.1.56 to 12.1.2.172, it stops", VBR, "12.1.2.172"},
    {"VBR von 11a auf 12", VBR, "12"}, {"VBR 12 to 13 jobs fail", VBR, "12"}, {"VBR 12.1 to 10.0.0.5 does not connect", VBR, "12.1"},
    {"We upgraded Veeam from 9.5 U4 to v10a", NULL, "v10a"}, {"VBR12.1 fails", VBR, "12.1"}, {"VBRv12 fails", VBR, "v12"}, {"VBR01 fails", NULL, ""},
    {"vbr v.12.1", VBR, "12.1"}, {"v12.1.2.172", VBR, "v12.1.2.172"}, {"Veeam Backup Community Edition 12.1", VBR, "12.1"},
    {"veeam agent 6.1.2.134 on a laptop", NULL, "6.1.2.134"}, {"VBR 11 Patch 20230227", VBR, "11 Patch 20230227"}, {"VBR 12 CU1", VBR, "12 CU1"},
    {"VB 365 version 7.1.0.1501", VB365, "7.1.0.1501"},
    /* numbers that are none */
    {"VBR with SMB v3 and TLS v1.2", VBR, ""}, {"VBR, hardware v19", VBR, ""}, {"VBR on vSphere v8", VBR, ""}, {"VBR srv-v12", VBR, ""}, {"VBR v2x", VBR, ""},
    {"Since the 12th VBR is slow, 10.0.0.1 hangs", VBR, ""},
    {"VBR fails for 5 days", VBR, ""}, {"VBR 5 days ago", VBR, ""}, {"VBR 12 jobs fail", VBR, ""}, {"VBR 3", VBR, ""},
    {"VBR 2022", VBR, ""},
    {"VBR 10.0.0.5 does not answer", VBR, ""}, {"VBR server 12.1.3.7", VBR, ""}, {"VBR server 12.1.2.172", VBR, "12.1.2.172"},
    {"VBR 192.168.10.4", VBR, ""}, {"VBR (172.16.1.9)", VBR, ""}, {"VBR 198.51.100.7:9392", VBR, ""}, {"VBR 10.1.0.0/16", VBR, ""},
    {"VBR 12.03.2024 failed", VBR, ""}, {"VBR 12.3.2024 failed", VBR, ""}, {"VBR 2024-03-12", VBR, ""}, {"VBR 12/03/2024", VBR, ""},
    {"VBR 2024.03.12", VBR, ""}, {"VBR 12:30 failed", VBR, ""}, {"VBR 01.02.24", VBR, ""}, {"VBR 12% free", VBR, ""},
    {"VBR on Windows Server 2022 version 10.0.20348", VBR, ""}, {"VBR, OS version 10.0.17763.1", VBR, ""},
    {"VBR and vCenter version 8.0.2", VBR, ""}, {"VBR, ESXi 7.0.3 build 21424296", VBR, ""}, {"VBR, PowerShell version 5.1", VBR, ""},
    {"VBR on vCenter 8.0, version 12.1", VBR, "12.1"}, {"VBR; SQL Server version 15.0.2000.5", VBR, ""},
    {"VBR 1.2.3.4.5", VBR, ""}, {"VBR 12.example", VBR, ""}, {"the build failed, VBR", VBR, ""}, {"VBR build 5", VBR, ""},
    {"Microsoft Windows [Version 10.0.20348.1726]", NULL, ""},
};

static void test_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(ids); i++) {
		const char *id = product_id(ids[i].name);

		if ((id == NULL) != (ids[i].id == NULL) || (id != NULL && strcmp(id, ids[i].id) != 0))
			fail_msg("%s: %s", ids[i].name, id != NULL ? id : "-");
	}
	assert_string_equal(product_name("vcc"), "Veeam Cloud Connect");
	assert_null(product_name("nil"));
}

static void test_prose(void **state)
{
	const char *name;
	char version[PRODUCT_VERSION_MAX];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(prose); i++) {
		size_t len = strlen(prose[i].text);
		char *exact = malloc(len > 0 ? len : 1); /* so that a sanitizer sees a byte too many */

		memcpy(exact, prose[i].text, len);
		product_find(exact, len, &name, version, sizeof(version));
		free(exact);
		if ((name == NULL) != (prose[i].name == NULL) || (name != NULL && strcmp(name, prose[i].name) != 0) ||
		    strcmp(version, prose[i].version) != 0) {
			print_error("%s: %s, %s\n", prose[i].text, name != NULL ? name : "-", version);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void test_programs(void **state)
{
	static const struct {
		const char *module, *name;
	} rows[] = {
	    {"C:\\Program Files\\Veeam\\Backup and Replication\\Backup\\Veeam.Backup.Manager.exe", VBR}, {"Veeam.Archiver.Proxy.exe", VB365},
	    {"Veeam.Backup.CloudService.exe", "Veeam Cloud Connect"}, {"/usr/sbin/veeamservice", VAL}, {"svchost.exe", NULL}, {"", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(rows); i++) {
		const char *name = product_by_module(rows[i].module, strlen(rows[i].module));

		if ((name == NULL) != (rows[i].name == NULL) || (name != NULL && strcmp(name, rows[i].name) != 0))
			fail_msg("%s: %s", rows[i].module, name != NULL ? name : "-");
	}
}

static void test_releases(void **state)
{
	static const struct {
		const char *name, *version, *release;
	} rows[] = {
	    {VBR, "12.1.2.172", "12.1.2"}, {"vbr", "v11.0.1.1261", "11a"}, {VBR, "11.0.1.1261 P20230227", "11a P20230227"},
	    {NULL, "9.5.4.2866", "9.5 Update 4b"}, {VBR, "12.1.2.1720", NULL}, {VBR, "12.1", NULL}, {"Veeam ONE", "12.1.2.172", NULL},
	    {"Acronis", "12.1.2.172", NULL},
	};
	char release[PRODUCT_VERSION_MAX];
	const char *of;

	(void)state;
	for (size_t i = 0; i < ASCII_COUNT(rows); i++) {
		bool known = product_release(rows[i].name, rows[i].version, release, sizeof(release), &of);

		if (known != (rows[i].release != NULL) || (known && strcmp(release, rows[i].release) != 0))
			fail_msg("%s %s: %s", rows[i].name, rows[i].version, known ? release : "-");
	}
	assert_true(product_release(NULL, "12.1.2.172", release, sizeof(release), &of));
	assert_string_equal(of, VBR);
}

/* Last: the rows stay. */
static void test_own_rows(void **state)
{
	static char vault[] = "vault", vault_name[] = "Example Vault", form[] = "the vault", program[] = "vaultd", vbr[] = "vbr",
	    renamed[] = "VBR of ours", number[] = "3.4.5.6", release[] = "3.4 Spring";
	const struct product_row rows[] = {
	    {PRODUCT_NAME, vault, vault_name, NULL}, {PRODUCT_FORM, vault, form, NULL}, {PRODUCT_PROGRAM, vault, program, NULL},
	    {PRODUCT_BUILD, vault, number, release}, {PRODUCT_NAME, vbr, renamed, NULL},
	};
	const char *name;
	char version[PRODUCT_VERSION_MAX], named[PRODUCT_VERSION_MAX];

	(void)state;
	assert_int_equal(products_use(rows, 0), VG_OK);
	assert_int_equal(products_use(rows, PRODUCT_ROWS_MAX + 1), VG_ERR_LIMIT);
	assert_int_equal(products_use(rows, ASCII_COUNT(rows)), VG_OK);
	assert_int_equal(products_use(rows, 1), VG_ERR_LIMIT);
	product_find("The Vault 3.4 is full, build 3.4.5.6", 36, &name, version, sizeof(version));
	assert_string_equal(name, "Example Vault");
	assert_string_equal(version, "3.4.5.6");
	assert_true(product_release("vault", version, named, sizeof(named), NULL));
	assert_string_equal(named, "3.4 Spring");
	assert_string_equal(product_by_module("VaultD.exe", 10), "Example Vault");
	assert_string_equal(product_id("example vault"), "vault");
	product_find("VBR 12", 6, &name, version, sizeof(version));
	assert_string_equal(name, "VBR of ours");
	assert_string_equal(product_id("Veeam Backup & Replication"), "vbr");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ids), cmocka_unit_test(test_prose), cmocka_unit_test(test_programs),
	    cmocka_unit_test(test_releases), cmocka_unit_test(test_own_rows)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
