/*
 * master_conf.c - reads the configuration once for all processes: the roles get its text in a sealed memfd, so they
 * see what was checked, and need no files. Input: the administrator's files.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "err.h"
#include "master.h"

#define CONF_TEXT_MAX (16u * 1024u * 1024u)

/* Read-only for everybody, us included. */
static int
sealed_memfd(const struct buf *text)
{
	int fd = memfd_create("vcspgate.conf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	while (fd >= 0 && done < text->len) {
		ssize_t n = write(fd, text->data + done, text->len - done);
		if (n < 0)
			goto fail;
		done += (size_t)n;
	}
	if (fd >= 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0)
		return fd;
fail:
	if (fd >= 0)
		close(fd);
	return -1;
}

int
master_conf_load(const char *file, struct loaded *out, conf_error_cb *cb, void *arg)
{
	struct conf *checked = NULL;
	struct buf text;
	int rc = conf_load(file, &checked, cb, arg);

	conf_free(&checked);
	if (rc != VG_OK)
		return rc;
	/* What counts is the text that the roles will read: the files may have changed since. */
	buf_init(&text, CONF_TEXT_MAX);
	out->fd = -1;
	rc = conf_flatten(file, &text);
	if (rc == VG_OK)
		rc = conf_parse(file, (const char *)text.data, text.len, &out->conf, cb, arg);
	if (rc == VG_OK && (out->fd = sealed_memfd(&text)) < 0) {
		conf_free(&out->conf);
		rc = VG_ERR_SYSTEM;
	}
	buf_free(&text);
	return rc;
}

void
master_conf_drop(struct loaded *l)
{
	conf_free(&l->conf);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
