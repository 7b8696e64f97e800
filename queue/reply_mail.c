/*
 * reply_mail.c - writes a sealed file. Nothing of what it says is hostile: an agent's program sends it, and it is parsed like any mail.
 */
#include "reply_mail.h"

#include <string.h>
#include <unistd.h>

#include "err.h"

#define LINE 57u /* bytes of 76 letters */

int
reply_mail_open(struct reply_mail *m, struct blobs *blobs, uint64_t max)
{
	int err;

	*m = (struct reply_mail){ .blobs = blobs, .fd = -1, .max = max };
	randombytes_buf(m->key, sizeof(m->key));
	crypto_generichash_init(&m->hash, NULL, 0, sizeof(m->digest));
	if ((err = blob_create(blobs, m->blob, &m->fd)) != VG_OK) {
		m->blob[0] = '\0';
		return err;
	}
	m->out = seal_writer_new(m->fd, m->key);
	return m->out != NULL ? VG_OK : VG_ERR_MEMORY;
}

int
reply_mail_add(struct reply_mail *m, const void *data, size_t n)
{
	if (n > m->max - m->size)
		return VG_ERR_LIMIT;
	m->size += n;
	crypto_generichash_update(&m->hash, data, n);
	return seal_write(m->out, data, n);
}

int
reply_mail_base64(struct reply_mail *m, const void *data, size_t n)
{
	const unsigned char *s = data;
	char line[2 * LINE];
	int err = VG_OK;

	for (size_t at = 0; at < n && err == VG_OK; at += LINE) {
		size_t some = n - at < LINE ? n - at : LINE, len;

		sodium_bin2base64(line, sizeof(line), s + at, some, sodium_base64_VARIANT_ORIGINAL);
		len = strlen(line);
		memcpy(line + len, "\r\n", 2);
		err = reply_mail_add(m, line, len + 2);
	}
	return err;
}

int
reply_mail_end(struct reply_mail *m)
{
	int err = seal_finish(m->out);

	crypto_generichash_final(&m->hash, m->digest, sizeof(m->digest));
	return err == VG_OK ? blob_sync(m->blobs, m->blob, m->fd) : err;
}

void
reply_mail_close(struct reply_mail *m, bool keep)
{
	seal_writer_free(&m->out);
	if (m->blob[0] != '\0')
		close(m->fd);
	if (m->blob[0] != '\0' && !keep)
		blob_remove(m->blobs, m->blob);
	m->blob[0] = '\0';
	sodium_memzero(m->key, sizeof(m->key));
}
