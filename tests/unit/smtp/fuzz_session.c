/*
 * fuzz_session.c - bytes into a session, whose gate and queue answer at once. First byte: what kind of listener and peer;
 * second: size of the pieces. Whatever comes in, only well-formed reply lines go out, and no message with a CR or LF
 * standing alone reaches the gate.
 */
#include "smtp_fake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_replies(const struct fake *f)
{
	const unsigned char *p = f->got.data;
	size_t n = f->got.len, len;

	while (n > 0) {
		int rc = dot_line(p, n, &len);

		if (rc == 0 && f->client_eof)
			return; /* cut off by the close */
		if (rc != 1 || len < 4 || len > 510 || p[0] < '2' || p[0] > '5' || p[1] < '0' || p[1] > '5' ||
		    p[2] < '0' || p[2] > '9' || (p[3] != ' ' && p[3] != '-'))
			abort();
		p += len + 2;
		n -= len + 2;
	}
}

static void
check_mail(const struct fake *f)
{
	struct dot d;

	dot_init(&d);
	dot_chunk(&d, f->mail.bytes.data, f->mail.bytes.len);
	dot_chunk_end(&d);
	if (d.bare || f->mail.n_rcpts == 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct conf_net net = { .prefix = 0 };
	static struct fake *f;
	size_t piece;
	unsigned mails;

	if (size < 2)
		return 0;
	if (!f)
		f = fake_new(FAKE_CONF);
	f->listener.lmtp = data[0] & 1;
	f->listener.proxy_from = &net;
	f->listener.n_proxy_from = data[0] & 4 ? 1 : 0;
	mails = f->mail.n;
	fake_connect(f, data[0] & 2 ? "192.0.2.1" : "198.51.100.9");
	piece = data[1] ? data[1] : size;
	for (size_t at = 2; at < size; at += piece)
		fake_send(f, data + at, piece < size - at ? piece : size - at);
	fake_settle(f);
	check_replies(f);
	if (f->mail.n > mails)
		check_mail(f);
	fake_close_client(f);
	fake_settle(f);
	if (fake_smtp(f)->n_open > 1)
		abort();
	return 0;
}
