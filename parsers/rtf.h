/*
 * rtf.h - bodies that Outlook keeps as compressed RTF (MS-OXRTFCP), and the text in RTF, be it its own or HTML wrapped in it
 * (MS-OXRTFEX). Pure, linear, no recursion.
 */
#ifndef VG_RTF_H
#define VG_RTF_H

#include "buf.h"

/* Appends what the compressed bytes hold, up to out->max. VG_ERR_SYNTAX: not compressed RTF, or damaged (what came before is
 * there); VG_ERR_MEMORY. */
int rtf_expand(struct buf *out, const unsigned char *p, size_t n);
/* Appends the text as UTF-8 lines. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int rtf_to_text(struct buf *out, const char *rtf, size_t n);

#endif
