/*
 * html_render.h - from a stream of tags and words to lines of text; the half of html.c that knows elements.
 */
#ifndef VG_HTML_RENDER_H
#define VG_HTML_RENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "html_elements.h"
#include "text_marks.h"

#define HTML_HREF_MAX 2048
#define HTML_LISTS 16
#define HTML_OPEN 24 /* elements with a mark that may be open at once */

/* A tag with the attributes that matter. */
struct html_tag {
	char name[HTML_NAME_MAX]; /* lower case, cut; NULs behind it */
	const struct html_element *element; /* what the name is of */
	bool end;
	bool hidden;              /* display:none, hidden */
	bool mso;                 /* class Mso…: a paragraph without space around it */
	enum text_mark_kind role; /* HTML_ROLE_NONE: none */
	bool border_top, indent, tight, pre; /* html_roles.h */
	bool grid;                /* a table with borders */
	bool cid;                 /* src="cid:…" */
	unsigned start;           /* <ol start> */
	char href[HTML_HREF_MAX + 1];
	char alt[256];
};

/* An open element that a mark stands for. */
struct html_open {
	const struct html_element *element;
	unsigned depth; /* of elements of its name within it, itself included */
	enum text_mark_kind role;
	bool marks;     /* not inside another of its kind */
	bool quotes;    /* raised the quote depth */
	bool pre;       /* raised the depth of <pre> */
	size_t from;
};

struct html_render {
	struct buf *out;
	struct text_marks *marks; /* NULL: not wanted */
	int err;                 /* VG_ERR_LIMIT: full */
	bool hide;               /* leave out what is hidden */
	bool line_open;          /* this line has text */
	bool occupied;           /* this line has at least a no-break space */
	bool any;                /* something was written */
	unsigned breaks, spaces; /* wanted before the next word */
	unsigned quote, line_quote, pre;
	bool pre_fresh;          /* at the very start of <pre>: a line end there is none */
	char hidden[HTML_NAME_MAX]; /* element being hidden, "" none */
	unsigned hidden_depth;
	bool hid;                /* something was left out */
	struct html_open open[HTML_OPEN];
	unsigned n_open;
	struct {
		bool ordered;
		unsigned n;
	} lists[HTML_LISTS];
	unsigned depth;          /* of lists, may exceed HTML_LISTS */
	bool row_text, cell;     /* table row has text; a cell separator is wanted */
	bool grid;               /* the table holds data: empty cells count */
	unsigned empty_cells;    /* before the one that comes */
	bool tight;              /* the open paragraph has no space around it */
	bool fresh;              /* at the very start of a list item or table row */
	bool link;
	size_t link_at;
	char href[HTML_HREF_MAX + 1];
};

void html_render_init(struct html_render *r, struct buf *out, struct text_marks *marks, bool hide);
/* The input ends: closes what is open. */
void html_render_end(struct html_render *r);
/* A run of bytes without white space, tags or references. */
void html_render_word(struct html_render *r, const char *s, size_t n);
/* The same of printable ASCII, words with one blank between each. */
void html_render_words(struct html_render *r, const char *s, size_t n);
/* One white space character of the source. */
void html_render_space(struct html_render *r, char c);
void html_render_tag(struct html_render *r, const struct html_tag *tag);

#endif
