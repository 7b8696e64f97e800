/*
 * test_html.c - HTML to text: what a reader sees, and linear time whatever the markup.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "err.h"
#include "html.h"
#include "html_elements.h"
#include "html_roles.h"
#include "utf8.h"

static const struct {
	const char *html, *text;
} cases[] = {
	{"", ""},
	{"plain", "plain"},
	{"<p>one</p><p>two</p>", "one\n\ntwo"},
	{"<div>one</div><div>two</div>", "one\ntwo"},
	{"<div>one<br></div><div>two</div>", "one\ntwo"},
	{"<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"},
	{"a  b\n\tc", "a b c"},
	{"a<br>b<br><br><br><br>c", "a\nb\n\nc"},
	{"<p class=MsoNormal>a</p>\n<p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=\"MsoNormal\">b</p>", "a\n\nb"},
	{"&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9; &#150; &euro; &hellip;", "<b> &amp; \xc3\xa9\xc3\xa9\xc3\xa9 \xe2\x80\x93 \xe2\x82\xac \xe2\x80\xa6"},
	{"&nbsp &unknown; &#0; &#x110000; &#xD800; &", " &unknown; \xef\xbf\xbd \xef\xbf\xbd \xef\xbf\xbd &"},
	{"1 < 2 and 3 > 2 <3", "1 < 2 and 3 > 2 <3"},
	{"<ul><li>one<li>two</ul><ol start=9><li>nine<li><p>ten</p></ol>", "- one\n- two\n9. nine\n10. ten"},
	{"<ul><li>a<ul><li>b</ul></ul>c", "- a\n  - b\nc"},
	{"<table><tr><td>a<td>b</tr><tr><th><p>c</p></th><th><p>d</p></th></tr></table>e", "a | b\nc | d\ne"},
	{"<a href='https://kb.example/1'>text</a>", "text <https://kb.example/1>"},
	{"<a href=\"https://kb.example/\">kb.example</a>", "kb.example"},
	{"<a href=\"mailto:a@b.example\">a@b.example</a>", "a@b.example"},
	{"<a href=\"#top\">up</a> <a href=\"JavaScript:x()\">js</a>", "up js"},
	{"<a href=\"https://x.example/?a=1&amp;b=2\">q</a>", "q <https://x.example/?a=1&b=2>"},
	{"<a href='https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkb.example%2F1%3Fa%3Db&amp;data=05%7C'>kb</a>",
	    "kb <https://kb.example/1?a=b>"},
	{"<a href='https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkb.example%2F&data=05'>https://kb.example</a>",
	    "https://kb.example"},
	{"<a href='https://eur01.safelinks.protection.outlook.com/?url=javascript%3Ax&data=05'>kb</a>",
	    "kb <https://eur01.safelinks.protection.outlook.com/?url=javascript%3Ax&data=05>"},
	{"<a href='https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkb.example%2F%0a%3e&data=05'>kb</a>",
	    "kb <https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fkb.example%2F%0a%3e&data=05>"},
	{"<a href='https://urldefense.proofpoint.com/v2/url?u=https-3A__kb.example_1-3Fa-3Db&amp;d=Dw'>kb</a>", "kb <https://kb.example/1?a=b>"},
	{"<a href='https://urldefense.com/v3/__https://kb.example/1__;!!abc$'>kb</a>", "kb <https://kb.example/1>"},
	{"<a href='mailto:a@b.example'>&lt;a@b.example&gt;</a>", "<a@b.example>"},
	{"<pre>a\n  b\n\tc\n\n\nd</pre>", "a\n  b\n\tc\n\n\nd"},
	{"<blockquote>q<blockquote>r</blockquote></blockquote>a", "> q\n>> r\na"},
	{"a<blockquote><p>b</p><p>c</p></blockquote>", "a\n\n> b\n>\n> c"},
	{"<script>if (a<b) alert('x')</script>a<style>p{}</style><!-- c --><![if !mso]>b<![endif]>", "ab"},
	{"<head><title>t</title></head><body>b", "b"},
	{"a<span style='DISPLAY : none'>hidden<span>x</span></span>b", "ab"},
	{"a<p hidden>gone<p>shown", "a\n\nshown"},
	{"a<div style=\"display:none\">never closed", "a\nnever closed"},
	{"<!--[if mso]>x<![endif]-->y", "y"},
	{"a<!-- open b", "a"},
	{"<img src='cid:1' alt='error window'><img src='http://t.example/p.gif' alt='pixel'>", "[image: error window]"},
	{"a\xe2\x80\x8b" "b\xc2\xad" "c\xe2\x80\xae" "d", "abcd"},
	{"<hr>x", "________________________________\nx"},
	{"a<b", "a"},
	{"<td>x</td><td></td><td>y</td>", "x | y"},
	/* layout tables are no columns; data tables are */
	{"<table><tr><td>logo</td><td><table><tr><td>a</td><td>b</td></tr></table></td><td>c</td></tr></table>", "logo\na | b\nc"},
	{"<table><tr><td><div>a</div></td><td><div>b</div></td></tr></table>", "a | b"},
	/* white space that counts */
	{"<pre>\n a\n</pre>b", " a\nb"},
	{"<div style='white-space:pre-wrap'>a\n  b\n\nc</div>d\ne", "a\n  b\n\nc\nd e"},
	{"<div style='white-space: nowrap'>a\n b</div>", "a b"},
	/* empty cells of data count, those that lay out a page do not */
	{"<table border=1><tr><td></td><td>a</td><td>b</td></tr><tr><td>c</td><td></td><td>d</td></tr></table>", "| a | b\nc | | d"},
	{"<table><tr><th>x</th><th>y</th><th>z</th></tr><tr><td><p>c</p></td><td>&nbsp;</td><td>d</td></tr></table>", "x | y | z\nc | | d"},
	{"<table border=0><tr><td></td><td>a</td><td> </td><td>b</td></tr></table>", "a | b"},
	/* not displayed */
	{"<div style='max-height:0px;overflow:hidden;mso-hide:all'>pre</div><span style=\"visibility: hidden\">x</span>a", "a"},
	{"<div style='opacity:0'>x</div><div style='opacity:0.9'>y</div>", "y"},
	{"<div style='max-height:0.5em;overflow:hidden'>y</div>", "y"},
	{"<body style='display:none'>a</body>", "a"},
	{"<!--[if gte mso 9]><xml>x</xml><![endif]-->a<!--[if !mso]><!--><b>b</b><!--<![endif]-->", "ab"},
	/* space around paragraphs */
	{"<p style='margin:0'>a</p><p style='margin:0'>b</p>", "a\nb"},
	{"<p style='margin-top:0;margin-bottom:0'>a</p><p style='margin-top:0;margin-bottom:0'>b</p>", "a\nb"},
	{"<p style='margin:0cm 0cm 10.0pt'>a</p><p>b</p>", "a\n\nb"},
	/* moved to the right, not quoted */
	{"<blockquote style='margin:0 0 0 40px;border:none;padding:0px'>a</blockquote>", "a"},
	{"<blockquote style='border:none;border-left:solid #CCC 1.0pt'>a</blockquote>b", "> a\nb"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf b;

		buf_init(&b, 65536);
		assert_int_equal(html_to_text(&b, cases[i].html, strlen(cases[i].html)), VG_OK);
		if (strcmp(buf_str(&b), cases[i].text) != 0)
			print_error("%s\n", cases[i].html);
		assert_string_equal(buf_str(&b), cases[i].text);
		buf_free(&b);
	}
}

/* ---- marks ---- */

static const struct {
	const char *html;
	enum text_mark_kind kind;
	const char *text; /* of the first mark of the kind; of a point, what stands behind it. NULL: there is none */
} marked[] = {
	{"a<div class=\"gmail_quote\">b<blockquote class=gmail_quote>c</blockquote></div>d", MARK_QUOTE, "> c"},
	{"a<div class=\"gmail_quote\">b<blockquote class=gmail_quote>c</blockquote></div>d", MARK_CONTAINER, "b\n> c"},
	{"a<div class='x gmail_attr'>b</div>c", MARK_ATTRIBUTION, "b"},
	{"a<div class=moz-cite-prefix>b</div>c", MARK_ATTRIBUTION, "b"},
	{"a<div id='yahoo_quoted_123'>b<div>c</div></div>d", MARK_QUOTE, "b\nc"},
	{"a<div class='ydp1yahoo_quoted'>b</div>d", MARK_QUOTE, "b"},
	{"a<div id=x_x_Signature>b</div>c", MARK_SIGNATURE, "b"},
	{"a<pre class=moz-signature>b</pre>c", MARK_SIGNATURE, "b"},
	{"a<pre>b</pre>c", MARK_CODE, "b"},
	{"a<div id=divRplyFwdMsg>b</div>c", MARK_HEADER_SURE, "b\nc"},
	{"a<div style='border:none;border-top:solid #E1E1E1 1.0pt'>b</div>c", MARK_HEADER, "b\nc"},
	{"a<p style='border:none;border-top:solid #E1E1E1 1.0pt'>b</p>c", MARK_HEADER, NULL},
	{"<p>a</p><a name='_MailAutoSig'>b</a>", MARK_AUTOSIG, "b"},
	{"a<div class=moz-forward-container>b</div>", MARK_FORWARD, "b"},
	{"a<blockquote style='border:none'>b</blockquote>", MARK_QUOTE, NULL},
	{"a<div class='gmail_signature_prefix'>b</div>", MARK_SIGNATURE, NULL},
	{"a<div class='signatures'>b</div>", MARK_SIGNATURE, NULL},
	{"a<div id=Signature>b<div>c</div>d", MARK_SIGNATURE, "b\nc\nd"},
	{"a<div id=Signature>b<p>c</div>d", MARK_SIGNATURE, "b\n\nc"},
};

static void test_marks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof marked / sizeof marked[0]; i++) {
		struct text_marks marks = {0};
		const char *found = NULL;
		struct buf b;

		buf_init(&b, 65536);
		assert_int_equal(html_to_marked_text(&b, &marks, marked[i].html, strlen(marked[i].html)), VG_OK);
		buf_str(&b);
		for (size_t k = 0; k < marks.n && found == NULL; k++)
			if (marks.list[k].kind == marked[i].kind) {
				if (marks.list[k].kind < MARK_HEADER)
					b.data[marks.list[k].to] = '\0';
				found = (const char *)b.data + marks.list[k].from;
				found += strspn(found, "\n");
			}
		if ((found == NULL) != (marked[i].text == NULL) || (found != NULL && strcmp(found, marked[i].text) != 0))
			fail_msg("%s: %s", marked[i].html, found != NULL ? found : "no mark");
		text_marks_free(&marks);
		buf_free(&b);
	}
}

static void test_bound(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 5);
	assert_int_equal(html_to_text(&b, "abc defgh", 9), VG_OK);
	assert_int_equal(b.len, 5); /* who asked sees that there is more */
	buf_free(&b);
}

static void test_elements(void **state)
{
	static const struct {
		char name[HTML_NAME_MAX];
		enum html_kind kind;
		unsigned flags;
	} rows[] = {
		{"a", HTML_LINK, 0}, {"address", HTML_BLOCK, 0}, {"xmp", HTML_PRE, HTML_PAIRED | HTML_CODE}, {"br", HTML_BR, HTML_VOID},
		{"blockquote", HTML_QUOTE, HTML_PAIRED}, {"figcaption", HTML_BLOCK, 0}, {"fieldset", HTML_BLOCK, 0},
		{"script", HTML_NONE, HTML_RAW}, {"td", HTML_CELL, HTML_LOOSE}, {"p", HTML_PARA, HTML_LOOSE}, {"wbr", HTML_NONE, HTML_VOID},
		{"", HTML_NONE, 0}, {"o:p", HTML_NONE, 0}, {"blockquot", HTML_NONE, 0}, {"blockquotes", HTML_NONE, 0}, {"zzz", HTML_NONE, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct html_element *e = html_element(rows[i].name);

		if (e->kind != rows[i].kind || e->flags != rows[i].flags)
			fail_msg("%s: %d %u", rows[i].name, (int)e->kind, e->flags);
	}
}

/* A property counts where its name is met first, and only by itself. */
static void test_styles(void **state)
{
	static const struct {
		const char *flat;
		bool hidden, pre, tight, indent, border_top;
	} rows[] = {
		{"", false, false, false, false, false},
		{"display:none", true, false, false, false, false},
		{"color:red;DISPLAY:None;", true, false, false, false, false},
		{"x-display:none", false, false, false, false, false},
		{"x-display:a;display:none", false, false, false, false, false},
		{"display:block;display:none", false, false, false, false, false},
		{"max-height:0;overflow:hidden", true, false, false, false, false},
		{"max-height:0", false, false, false, false, false},
		{"opacity:0.9", false, false, false, false, false},
		{"opacity:0", true, false, false, false, false},
		{"white-space:pre-wrap", false, true, false, false, false},
		{"white-space:nowrap", false, false, false, false, false},
		{"margin:0cm0cm0cm", false, false, true, false, false},
		{"margin-top:0;margin-bottom:0", false, false, true, false, false},
		{"margin:0cm0cm8pt", false, false, false, false, false},
		{"border:none;padding:0", false, false, false, true, false},
		{"border:none;border-left:solidblue1.5pt", false, false, false, false, false},
		{"border:none;border-top:solid#e1e1e11pt", false, false, false, true, true},
		{":none", false, false, false, false, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct html_style st = html_style_read(rows[i].flat, strlen(rows[i].flat));

		if (st.hidden != rows[i].hidden || st.pre != rows[i].pre || st.tight != rows[i].tight || st.indent != rows[i].indent ||
		    st.border_top != rows[i].border_top)
			fail_msg("%s", rows[i].flat);
	}
}

static char *repeat(const char *s, size_t n, size_t *len)
{
	size_t k = strlen(s);
	char *out = malloc(k * n + 1);

	assert_non_null(out);
	for (size_t i = 0; i < n; i++)
		memcpy(out + i * k, s, k);
	*len = k * n;
	return out;
}

static double cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void assert_quick(const char *what, const char *html, size_t len)
{
	double start = cpu_seconds();
	struct text_marks marks = {0};
	struct buf b;

	buf_init(&b, 1u << 20);
	assert_int_equal(html_to_marked_text(&b, &marks, html, len), VG_OK);
	assert_true(b.len == 0 || utf8_valid((const char *)b.data, b.len));
	if (getenv("VG_SPEED") != NULL)
		print_message("%-40.36s %8zu bytes %.3f s\n", what, len, cpu_seconds() - start);
	if (cpu_seconds() - start > 5.0)
		fail_msg("%s took %.1f s", what, cpu_seconds() - start);
	buf_free(&b);
	text_marks_free(&marks);
}

/* Doubling the input must not cost much more than twice the time; and never seconds. */
static void test_linear(void **state)
{
	static const char *const pieces[] = {"<div>", "<b>", "<table><tr><td>", "<", "<!--", "<a b=c ", "<script>", "&#1", "<blockquote>",
		"<p hidden>", "<ul><li>", "<a href=x>", "</p>", "<![", "<a '", "&amp", "<pre>\n", "x<br>",
		"<div class=gmail_quote>x", "<div id=Signature>x</div>", "<p style='margin:0;display:none'>x", "<blockquote class=x><div><pre>x",
		"</div></blockquote>", "</", "<!", "\xc2\xa0", "<li>", "<td>", "<a href=x>y</a>\n"};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		size_t len;
		char *html = repeat(pieces[i], 300000, &len);

		assert_quick(pieces[i], html, len);
		free(html);
	}
}

/* One tag with very many attributes; a million of one byte. */
static void test_attributes(void **state)
{
	static const char *const attributes[] = {" a=b", " style=\"border-top: solid\"", " class='x y z'", " href=\"h\"", " id=gmail_quote"};

	(void)state;
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
		size_t len;
		char *html = repeat(attributes[i], 100000, &len);

		memcpy(html, "<div ", 5); /* over the first attribute */
		html[len - 1] = '>';
		assert_quick(attributes[i], html, len);
		free(html);
	}
	for (const char *c = "<>&;/!-'\" \n=a"; *c != '\0'; c++) {
		char one[2] = {*c, '\0'};
		size_t len;
		char *html = repeat(one, 1u << 20, &len);

		assert_quick(one, html, len);
		free(html);
	}
}

static void test_meta_charset(void **state)
{
	char name[32];
	const char *a = "<html><head><META http-equiv=Content-Type content=\"text/html; charset=koi8-r\">";
	const char *b = "<meta charset='utf-8'>", *c = "<p>the charset";

	(void)state;
	assert_true(html_meta_charset(name, sizeof name, a, strlen(a)));
	assert_string_equal(name, "koi8-r");
	assert_true(html_meta_charset(name, sizeof name, b, strlen(b)));
	assert_string_equal(name, "utf-8");
	assert_false(html_meta_charset(name, sizeof name, c, strlen(c)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_attributes),
		cmocka_unit_test(test_meta_charset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
