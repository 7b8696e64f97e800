/*
 * quotes_contact.h - what the lines of a signature look like: closing phrases, names, telephone numbers, disclaimers. Pure.
 */
#ifndef VG_QUOTES_CONTACT_H
#define VG_QUOTES_CONTACT_H

#include "quotes_lines.h"

enum closing {
	CLOSING_NONE,
	CLOSING_WEAK,  /* "Thanks," closes a mail only above a name */
	CLOSING_STRONG, /* "Best regards," */
	CLOSING_NAMED   /* "Best regards, Ann" */
};

enum closing line_closing(const struct line *l);
/* "-Ann", "-Ann Lee" */
bool line_is_dash_name(const struct line *l);
/* One to five words that could be a person's name. */
bool line_is_name(const struct line *l);
/* One to three words, every one with a capital; or a single one without. */
bool line_is_strict_name(const struct line *l);
/* Holds a telephone number with its label, a mail address, a web address, a company's registration. */
bool line_is_contact(const struct line *l);
/* What kinds of contact stand in n lines: telephone, mail and web address. */
unsigned contact_kinds(const struct line *l, size_t n);
/* Begins with a telephone's label and holds its number. */
bool line_is_phone(const struct line *l);
/* What programs leave of a picture: "[image: Logo]", "![](https://…)". */
bool line_is_image(const struct line *l);
/* At most 80 characters and no sentence. */
bool line_is_short(const struct line *l);
/* Could all n lines stand in a signature? named: one of the first two must be a name. */
bool lines_sign(const struct line *l, size_t n, bool named);
/* Belongs to the footer of a mailing list. */
bool line_of_list(const struct line *l);
bool line_opens_disclaimer(const struct line *l);
/* Do the n lines tell of confidentiality, intended recipients, printing, scanning? */
bool text_is_disclaimer(const struct line *l, size_t n);

/* A heading above a disclaimer; a line drawn of one sign; the warning that a server puts above mail from outside. */
bool line_heads_disclaimer(const struct line *l);
bool line_is_drawn(const struct line *l);
bool text_is_banner(const struct line *l, size_t n);

#endif
