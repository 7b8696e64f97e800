/*
 * html_elements.h - what is known of the elements of HTML by their names.
 */
#ifndef VG_HTML_ELEMENTS_H
#define VG_HTML_ELEMENTS_H

#define HTML_NAME_MAX 16

/* How an element is shown. */
enum html_kind { HTML_NONE, HTML_BLOCK, HTML_PARA, HTML_BR, HTML_HR, HTML_QUOTE, HTML_PRE, HTML_LIST, HTML_ITEM, HTML_TABLE,
	HTML_ROW, HTML_CELL, HTML_LINK, HTML_IMAGE };

#define HTML_VOID 1u   /* has no content and no end */
#define HTML_PAIRED 2u /* its end does not depend on what follows, so it may leave a mark */
#define HTML_CODE 4u   /* what it holds is code */
#define HTML_LOOSE 8u  /* ends by the next one of its kind, closed or not */
#define HTML_RAW 16u   /* no tags within it, and nothing to be shown */

struct html_element {
	char name[HTML_NAME_MAX];
	enum html_kind kind;
	unsigned flags;
};

/* The element of that name (lower case, NULs behind it); never NULL: an unknown one is of no kind and no flags. Static. */
const struct html_element *html_element(const char name[HTML_NAME_MAX]);

#endif
