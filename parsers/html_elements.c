/*
 * html_elements.c - see html_elements.h. Read-only data of the parser library; the names that are looked up are hostile.
 */
#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "html_elements.h"

/* Sorted by strcmp. */
static const struct html_element elements[] = {
	{"a", HTML_LINK, 0}, {"address", HTML_BLOCK, 0}, {"area", HTML_NONE, HTML_VOID}, {"article", HTML_BLOCK, 0},
	{"aside", HTML_BLOCK, 0}, {"base", HTML_NONE, HTML_VOID}, {"blockquote", HTML_QUOTE, HTML_PAIRED},
	{"body", HTML_BLOCK, 0}, {"br", HTML_BR, HTML_VOID}, {"caption", HTML_BLOCK, 0},
	{"center", HTML_BLOCK, HTML_PAIRED}, {"code", HTML_NONE, HTML_PAIRED | HTML_CODE}, {"col", HTML_NONE, HTML_VOID},
	{"dd", HTML_BLOCK, 0}, {"dir", HTML_LIST, 0}, {"div", HTML_BLOCK, HTML_PAIRED}, {"dl", HTML_BLOCK, 0},
	{"dt", HTML_BLOCK, 0}, {"fieldset", HTML_BLOCK, 0}, {"figcaption", HTML_BLOCK, 0}, {"figure", HTML_BLOCK, 0},
	{"font", HTML_NONE, HTML_PAIRED}, {"footer", HTML_BLOCK, 0}, {"form", HTML_BLOCK, 0}, {"h1", HTML_PARA, 0},
	{"h2", HTML_PARA, 0}, {"h3", HTML_PARA, 0}, {"h4", HTML_PARA, 0}, {"h5", HTML_PARA, 0}, {"h6", HTML_PARA, 0},
	{"header", HTML_BLOCK, 0}, {"hr", HTML_HR, HTML_VOID}, {"iframe", HTML_NONE, HTML_RAW},
	{"img", HTML_IMAGE, HTML_VOID}, {"input", HTML_NONE, HTML_VOID}, {"legend", HTML_BLOCK, 0},
	{"li", HTML_ITEM, HTML_LOOSE}, {"link", HTML_NONE, HTML_VOID}, {"listing", HTML_PRE, HTML_PAIRED | HTML_CODE},
	{"main", HTML_BLOCK, 0}, {"menu", HTML_LIST, 0}, {"meta", HTML_NONE, HTML_VOID}, {"nav", HTML_BLOCK, 0},
	{"noembed", HTML_NONE, HTML_RAW}, {"noframes", HTML_NONE, HTML_RAW}, {"ol", HTML_LIST, 0},
	{"option", HTML_BLOCK, 0}, {"p", HTML_PARA, HTML_LOOSE}, {"pre", HTML_PRE, HTML_PAIRED | HTML_CODE},
	{"samp", HTML_NONE, HTML_PAIRED | HTML_CODE}, {"script", HTML_NONE, HTML_RAW},
	{"section", HTML_BLOCK, HTML_PAIRED}, {"span", HTML_NONE, HTML_PAIRED}, {"style", HTML_NONE, HTML_RAW},
	{"table", HTML_TABLE, HTML_PAIRED}, {"tbody", HTML_BLOCK, 0}, {"td", HTML_CELL, HTML_LOOSE},
	{"template", HTML_NONE, HTML_RAW}, {"tfoot", HTML_BLOCK, 0}, {"th", HTML_CELL, HTML_LOOSE},
	{"thead", HTML_BLOCK, 0}, {"title", HTML_NONE, HTML_RAW}, {"tr", HTML_ROW, HTML_LOOSE},
	{"tt", HTML_NONE, HTML_PAIRED}, {"ul", HTML_LIST, 0}, {"wbr", HTML_NONE, HTML_VOID},
	{"xmp", HTML_PRE, HTML_PAIRED | HTML_CODE},
};

/* The names' order, eight bytes at a time: they are compared for every tag. */
static uint64_t eight(const char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof v);
	return be64toh(v);
}

const struct html_element *html_element(const char name[HTML_NAME_MAX])
{
	static const struct html_element none;
	uint64_t first = eight(name), rest = eight(name + 8);
	size_t lo = 0, hi = sizeof elements / sizeof elements[0];

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t a = eight(elements[mid].name), b = eight(elements[mid].name + 8);

		if (a == first && b == rest)
			return &elements[mid];
		if (first < a || (first == a && rest < b))
			hi = mid;
		else
			lo = mid + 1;
	}
	return &none;
}
