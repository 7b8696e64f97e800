/*
 * test_archive_name.c - names in archives: their code pages, by real names in them, and their tricks.
 */
#include <iconv.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "archive_name.h"
#include "archive_path.h"

static void test_names(void **state)
{
	static const struct {
		const char *charset, *name;
	} rows[] = {
	    {"CP866", "Журнал резервного копирования.log"}, {"CP866", "Логи/Сервер.log"}, {"CP866", "Задание Ежедневное.log"},
	    {"CP1251", "Журнал копирования.log"}, {"SHIFT_JIS", "バックアップ.log"}, {"SHIFT_JIS", "ログ/ジョブ 結果.log"},
	    {"SHIFT_JIS", "障害報告書.txt"}, {"GBK", "备份作业日志.log"}, {"GBK", "日志/服务器.log"}, {"CP850", "Sicherungsaufträge.log"},
	    {"CP850", "Täglich/Größe.log"}, {"CP850", "Überprüfung.log"}, {"CP437", "Señal de copia.log"}, {"CP850", "Copie journalière à vérifier.log"},
	    {"CP850", "Configuração.log"}, {"CP850", "Sikkerhedskopi_fejl_ø.log"}, {"CP852", "zadanie ważne.log"},
	    {"CP1252", "Größenänderung.log"}, {"CP1252", "Übersicht.log"}, {"CP1252", "Journal d'échec.log"}, {"CP852", "przywrócenie zażółć.log"},
	    {"CP866", "отчёт.txt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		iconv_t cd = iconv_open(rows[i].charset, "UTF-8");
		char in[200], raw[200], got[400], *from = in, *to = raw;
		size_t left = strlen(rows[i].name), room = sizeof(raw);

		memcpy(in, rows[i].name, left);
		if (cd == (iconv_t)-1)
			fail_msg("%s is not known", rows[i].charset);
		if (iconv(cd, &from, &left, &to, &room) == (size_t)-1)
			fail_msg("%s is not in %s", rows[i].name, rows[i].charset);
		iconv_close(cd);
		assert_true(archive_path_clean(got, sizeof(got), raw, (size_t)(to - raw)));
		if (strcmp(got, rows[i].name) != 0)
			fail_msg("%s in %s: %s", rows[i].name, rows[i].charset, got);
	}
}

static void test_any_bytes(void **state)
{
	char raw[300], got[1000];
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		size_t len = (size_t)round % sizeof(raw);

		for (size_t i = 0; i < len; i++)
			raw[i] = (char)((seed = seed * 1103515245 + 12345) >> 16);
		assert_non_null(archive_name_charset(raw, len));
		archive_path_clean(got, sizeof(got), raw, len);
		assert_true(strlen(got) > 0 && strlen(got) < sizeof(got));
	}
}

static void test_paths(void **state)
{
	static const struct {
		const char *raw, *clean;
		bool safe;
	} rows[] = {{"a/b.log", "a/b.log", true}, {"a\\b.log", "a/b.log", true}, {"../../etc/passwd", "../../etc/passwd", false},
	    {"/etc/passwd", "/etc/passwd", false}, {"C:\\x", "C:/x", false}, {"a/..", "a/..", false}, {"..a/b..", "..a/b..", true},
	    {"a\nb", "a b", false}, {"", "unnamed", true}, {"M\x81nchen", "München", true}, {"M\xC3\xBCnchen", "München", true},
	    {"a\xE2\x80\xAEgpj.exe", "agpj.exe", true}};
	char out[100];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(archive_path_clean(out, sizeof(out), rows[i].raw, strlen(rows[i].raw)), rows[i].safe);
		assert_string_equal(out, rows[i].clean);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_any_bytes),
	    cmocka_unit_test(test_paths)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
