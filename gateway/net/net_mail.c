/*
 * net_mail.c - net_stream as a low-level stream of libetpan. libetpan takes 0 bytes for "again" and would spin, so the end of
 * the stream is an error; it never learns the descriptor, so that it cannot select(2) on it.
 */
#include <libetpan/mailstream.h>
#include <stdlib.h>

#include "err.h"
#include "net_stream_priv.h"

#define MAIL_BUFFER 16384u

static ssize_t
low_read(mailstream_low *low, void *out, size_t n)
{
	ssize_t got = net_stream_read(low->data, out, n);

	return got > 0 ? got : -1;
}

static ssize_t
low_write(mailstream_low *low, const void *data, size_t n)
{
	return net_stream_write(low->data, data, n) == VG_OK ? (ssize_t)n : -1;
}

static int
low_close(mailstream_low *low)
{
	net_stream_hang_up(low->data);
	return 0;
}

static int
low_fd(mailstream_low *low)
{
	(void)low;
	return -1;
}

static void
low_free(mailstream_low *low)
{
	struct net_stream *s = low->data;

	s->mail = NULL;
	free(low);
}

static void
low_cancel(mailstream_low *low)
{
	(void)low;
}

static struct mailstream_cancel *
low_get_cancel(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static carray *
low_chain(mailstream_low *low)
{
	(void)low;
	return NULL;
}

static int
low_idle(mailstream_low *low)
{
	(void)low;
	return -1;
}

static mailstream_low_driver driver = {
	.mailstream_read = low_read,
	.mailstream_write = low_write,
	.mailstream_close = low_close,
	.mailstream_get_fd = low_fd,
	.mailstream_free = low_free,
	.mailstream_cancel = low_cancel,
	.mailstream_get_cancel = low_get_cancel,
	.mailstream_get_certificate_chain = low_chain,
	.mailstream_setup_idle = low_idle,
	.mailstream_unsetup_idle = low_idle,
	.mailstream_interrupt_idle = low_idle,
};

mailstream *
net_stream_mail(struct net_stream *s)
{
	mailstream_low *low;

	if (s->mail)
		return s->mail;
	low = mailstream_low_new(s, &driver);
	if (!low)
		return NULL;
	s->mail = mailstream_new(low, MAIL_BUFFER);
	if (!s->mail)
		free(low);
	return s->mail;
}

void
net_mail_end(struct net_stream *s)
{
	if (s->mail)
		mailstream_close(s->mail);
	s->mail = NULL;
}

size_t
net_mail_unread(const struct net_stream *s)
{
	return s->mail ? s->mail->read_buffer_len : 0;
}
