/*
 * signed_mail.h - where in a mail the signature over its whole body stands: multipart/signed (RFC 1847) with OpenPGP
 * (RFC 3156) or S/MIME (RFC 8551), or one opaque application/pkcs7-mime. Pure; the bytes are hostile.
 */
#ifndef VG_SIGNED_MAIL_H
#define VG_SIGNED_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

/* Largest decoded detached signature: certificates of a whole chain fit. */
#define SIGNED_MAIL_SIGNATURE_MAX (256u * 1024u)

enum signed_kind { SIGNED_NOT, SIGNED_OPENPGP, SIGNED_SMIME, SIGNED_SMIME_OPAQUE };

struct signed_mail {
	enum signed_kind kind;
	const char *why;     /* SIGNED_NOT: in one clause; static */
	const char *content; /* what is signed, exactly as it came, with CRLF; borrowed. Opaque: NULL, it stands in `signature` */
	size_t content_len;
	struct buf signature; /* decoded: armored OpenPGP, or DER */
};

/* Takes a whole message apart. A mail whose signature leaves a part of the body out, or whose structure two readers could
 * read in two ways, is SIGNED_NOT. VG_ERR_MEMORY. signed_mail_free() also after an error. */
int signed_mail_read(struct signed_mail *m, const char *bytes, size_t len);
void signed_mail_free(struct signed_mail *m);
/* Appends the names, in lower case with ':' between, of the mail's header fields that stand in the signed content too, once
 * in each and with the same value, where the content says that it protects them (RFC 9788: hp=, or protected-headers=).
 * content: m->content, or what an opaque signature held. VG_ERR_MEMORY, VG_ERR_LIMIT. */
int signed_mail_protected(struct buf *out, const char *bytes, size_t len, const char *content, size_t content_len);

#endif
