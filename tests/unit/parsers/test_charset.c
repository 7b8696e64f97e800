/*
 * test_charset.c - bytes of any label become valid UTF-8.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <iconv.h>
#include <string.h>

#include "charset.h"
#include "err.h"
#include "utf8.h"

#define FFFD "\xef\xbf\xbd"

static const struct {
	const char *charset, *bytes, *text;
} cases[] = {
	{NULL, "plain", "plain"},
	{"", "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
	{NULL, "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f"},
	{"utf-8", "gr\xc3\xbc" "x\xff" "y", "gr\xc3\xbc" "x" FFFD "y"},
	{"UTF-8", "gr\xfc\xdf \x96", "gr\xc3\xbc\xc3\x9f \xe2\x80\x93"},           /* labelled wrongly */
	{"us-ascii", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f"},
	{"iso-8859-1", "\x93quoted\x94 \x80", "\xe2\x80\x9cquoted\xe2\x80\x9d \xe2\x82\xac"},
	{"iso-8859-1", "gr\xc3\xbc", "gr\xc3\xbc"},                                  /* UTF-8 in truth */
	{"windows-1251", "\xcf\xf0\xe8", "\xd0\x9f\xd1\x80\xd0\xb8"},
	{"koi8-r", "\xf0\xd2\xc9", "\xd0\x9f\xd1\x80\xd0\xb8"},
	{"gb2312", "\xc4\xe3\xba\xc3", "\xe4\xbd\xa0\xe5\xa5\xbd"},
	{"big5", "\xa7\x41\xa6\x6e", "\xe4\xbd\xa0\xe5\xa5\xbd"},
	{"shift_jis", "\x82\xb1", "\xe3\x81\x93"},
	{"ISO-2022-JP", "\x1b$B$3\x1b(B", "\xe3\x81\x93"},
	{"euc-kr", "\xb0\xa1", "\xea\xb0\x80"},
	{"ks_c_5601-1987", "\xb0\xa1", "\xea\xb0\x80"},
	{"unicode-1-1-utf-7", "+AOQ-", "\xc3\xa4"},
	{"\"utf-8\"", "\xc3\xa4", "\xc3\xa4"},
	{"no-such-charset", "\xc3\xa4", "\xc3\xa4"},
	{"no-such-charset", "\xe4", "\xc3\xa4"},
	{"utf-8", "\xef\xbb\xbf" "bom", "bom"},
	{"euc-jp", "\xa4\xb3\xa4\xb3\xff\xa4\xb3", "\xe3\x81\x93\xe3\x81\x93" FFFD "\xe3\x81\x93"},
	{"gb2312", "gr\xfc 10\xb0 \x96 x", "gr\xc3\xbc 10\xc2\xb0 \xe2\x80\x93 x"}, /* cannot be that */
	{"utf-16", "plain text", "plain text"},
	{"utf-8", "gr\xc3\xbc\xc3\x9f" "e, Stra\xdf" "e", "gr\xc3\xbc\xc3\x9f" "e, Stra\xc3\x9f" "e"}, /* pasted in another set */
	{"utf-8", "\xc3\xbc \x93quoted\x94 \xc3\xbc", "\xc3\xbc \xe2\x80\x9cquoted\xe2\x80\x9d \xc3\xbc"},
	{"hz-gb-2312", "a ~{<:Ky2;~} ~~b", "a \xe5\xb7\xb1\xe6\x89\x80\xe4\xb8\x8d ~b"},
	{"iso-2022-jp", "gr\xfc\xdf", "gr\xc3\xbc\xc3\x9f"},
	{"us-ascii", "\x1b$B$3\x1b(B", "\xe3\x81\x93"},
	{"windows-1255", "\xf9\xec\xe5\xed", "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"}, /* a last letter that could take a point */
	{"utf-7", "a +abc b +AOQ+ c +x/w d +==", "a +abc b +AOQ+ c +x/w d +=="},    /* text of ASCII in truth */
	{NULL, "\xd4\xc5\xd3\xd4", "\xd1\x82\xd0\xb5\xd1\x81\xd1\x82"},           /* one word of KOI8 */
	{NULL, "\xf2\xe5\xf1\xf2", "\xd1\x82\xd0\xb5\xd1\x81\xd1\x82"},           /* of Windows-1251 */
	{NULL, "\xf9\xe2\xe9\xe0\xe4", "\xd7\xa9\xd7\x92\xd7\x99\xd7\x90\xd7\x94"}, /* of Windows-1255 */
	{NULL, "us\xb3uga, brak po\xb3\xb1" "czenia \xb6rody", "us\xc5\x82uga, brak po\xc5\x82\xc4\x85" "czenia \xc5\x9brody"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b;

		buf_init(&b, 4096);
		assert_int_equal(charset_to_utf8(&b, cases[i].charset, cases[i].bytes, strlen(cases[i].bytes)), VG_OK);
		if (strcmp(buf_str(&b), cases[i].text) != 0)
			print_error("%s case %zu\n", cases[i].charset, i);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_free(&b);
	}
}

static void test_utf16_and_nul(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 64);
	assert_int_equal(charset_to_utf8(&b, "utf-16le", "a\0\xe4\0", 4), VG_OK);
	assert_string_equal(buf_str(&b), "a\xc3\xa4");
	buf_reset(&b);
	assert_int_equal(charset_to_utf8(&b, "utf-16", "\xff\xfe" "a\0\n", 5), VG_OK); /* cut inside its last line end */
	assert_string_equal(buf_str(&b), "a");
	buf_reset(&b);
	assert_int_equal(charset_to_utf8(&b, NULL, "ab\0cd\0ef\xfc", 9), VG_OK);
	assert_string_equal(buf_str(&b), "abcdef\xc3\xbc");
	buf_free(&b);
}

/* Sentences as people write them, without a label: back to what was written. */
static void test_detect(void **state)
{
	static const struct {
		const char *charset, *text;
	} rows[] = {
		{"iso-8859-2", "Nie działa kopia zapasowa, proszę o pomoc. Dzienniki załączam, już od środy."},
		{"cp1250", "Nie działa kopia zapasowa, proszę o pomoc. Dzienniki załączam, już od środy."},
		{"cp1250", "Úloha zálohování selhala, přikládám protokoly a prosím o pomoc při řešení."},
		{"iso-8859-2", "Úloha zálohování selhala, přikládám protokoly a prosím o pomoc při řešení."},
		{"cp1250", "A mentés hibával leállt, kérem nézzék meg a naplókat, őszintén köszönöm, sűrűn előfordul."},
		{"cp1254", "Yedekleme işi başarısız oldu, ekteki günlüklere bakın. Teşekkürler, iyi çalışmalar dilerim ağabey."},
		{"cp1253", "Η εργασία αντιγράφων ασφαλείας απέτυχε με σφάλμα."},
		{"cp1255", "משימת הגיבוי נכשלה עם שגיאה. מצורפים קבצי היומן, תודה."},
		{"cp1256", "فشلت مهمة النسخ الاحتياطي مع وجود خطأ. مرفق ملفات السجل، شكرا لكم."},
		{"cp874", "งานสำรองข้อมูลล้มเหลวพร้อมข้อผิดพลาด แนบไฟล์บันทึกมาด้วย ขอบคุณครับ"},
		{"cp1251", "Завдання резервного копіювання завершилося з помилкою."},
		{"koi8-r", "Задание завершилось с ошибкой, логи во вложении."},
		{"cp866", "Задание завершилось с ошибкой, логи во вложении."},
		{"iso-8859-5", "Задание завершилось с ошибкой, логи во вложении."},
		{"cp1252", "La tâche a échoué à 3 h ; ça bloque où ? L’œuvre d’été."},
		{"cp1252", "Säkerhetskopieringen misslyckades. Hälsningar Åsa Öberg"},
		{"cp1252", "Jobbet fejlede på serveren, hilsen Søren Kjær, Ærø"},
		{"cp1252", "¿Puede ayudar? El año pasado falló también, señor."},
		{"cp1252", "Afritunin mistókst, kveðja Þórður"},
		{"cp1252", "Das Backup schlägt fehl: „Zugriff verweigert“ – Größe 30 €"},
		{"cp1252", "ÄÖÜäöüß"},
		{"cp932", "ジョブ「夜間」が失敗しました。よろしくお願いします。"},
		{"euc-jp", "ジョブ「夜間」が失敗しました。よろしくお願いします。"},
		{"iso-2022-jp", "ジョブ「夜間」が失敗しました。"},
		{"gb18030", "备份作业失败了，请帮忙看一下日志文件。谢谢！"},
		{"big5", "備份作業失敗，請協助檢查日誌檔案。謝謝！"},
		{"cp949", "백업 작업이 실패했습니다. 로그를 확인해 주세요."},
		{"utf-16le", "Hello, the job failed."},
		{"utf-16be", "Hello, the job failed."},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char bytes[1024], *in = (char *)(uintptr_t)rows[i].text, *out = bytes;
		size_t left = strlen(in), room = sizeof bytes;
		iconv_t cd = iconv_open(rows[i].charset, "UTF-8");
		struct buf b;

		assert_true(cd != (iconv_t)-1);
		assert_int_equal(iconv(cd, &in, &left, &out, &room), 0);
		iconv(cd, NULL, NULL, &out, &room);
		iconv_close(cd);
		buf_init(&b, 4096);
		assert_int_equal(charset_to_utf8(&b, NULL, bytes, sizeof bytes - room), VG_OK);
		if (strcmp(buf_str(&b), rows[i].text) != 0)
			print_error("%s row %zu\n", rows[i].charset, i);
		assert_string_equal(buf_str(&b), rows[i].text);
		buf_free(&b);
	}
}

/* A full buffer ends the text at a whole character, and is no error. */
static void test_nothing(void **state)
{
	struct buf out;

	(void)state;
	buf_init(&out, 10);
	assert_int_equal(charset_to_utf8(&out, "utf-16", NULL, 0), VG_OK);
	assert_int_equal(charset_to_utf8(&out, NULL, NULL, 0), VG_OK);
	assert_int_equal(out.len, 0);
	buf_free(&out);
}

static void test_bound(void **state)
{
	(void)state;
	for (size_t max = 0; max < 8; max++) {
		struct buf b;

		buf_init(&b, max);
		assert_int_equal(charset_to_utf8(&b, "utf-8", "\xc3\xa4\xe2\x82\xac\xc3\xa4\xc3\xa4", 9), VG_OK);
		assert_true(b.len <= max && (b.len == 0 || utf8_valid((const char *)b.data, b.len)));
		buf_reset(&b);
		assert_int_equal(charset_to_utf8(&b, "koi8-r", "\xf0\xd2\xc9\xf0\xd2\xc9", 6), VG_OK);
		assert_true(b.len <= max && (b.len == 0 || utf8_valid((const char *)b.data, b.len)));
		buf_free(&b);
	}
}

static void test_known(void **state)
{
	(void)state;
	assert_true(charset_known(NULL) && charset_known("") && charset_known("utf-8") && charset_known("GB2312"));
	assert_false(charset_known("klingon"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_utf16_and_nul),
		cmocka_unit_test(test_detect), cmocka_unit_test(test_nothing), cmocka_unit_test(test_bound),
		cmocka_unit_test(test_known),
	};

	charset_warm();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
