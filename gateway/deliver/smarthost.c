/*
 * smarthost.c - speaks SMTP (RFC 5321, 3207, 4954, 3461) over a net_stream. Runs in the role `deliver`.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ascii.h"
#include "dot.h"
#include "err.h"
#include "evloop.h"
#include "net_resolve.h"
#include "smarthost.h"

#define IN_MAX (64u * 1024u)
#define COMMAND_MAX 1000u
#define OUT_PIECE (32u * 1024u)
#define IDLE_MS 20000            /* a kept connection; servers wait 5 minutes, NAT less */

/* RFC 5321 4.5.3.2 gives up to 10 minutes to the end of data; what is over then is tried again. */
static const struct net_limits limits = {.total_ms = 11 * 60 * 1000, .idle_ms = 10 * 60 * 1000, .bytes_max = 1 << 20};
static const struct net_limits hello_limits = {.total_ms = 60 * 1000, .idle_ms = 30 * 1000, .bytes_max = 1 << 20};

enum { CAN_STARTTLS = 1, CAN_PLAIN = 2, CAN_LOGIN = 4, CAN_DSN = 8, CAN_PIPELINING = 16, CAN_SIZE = 32 };

struct smarthost {
	net_wait_cb *wait;
	void *arg;
	struct net_stream *stream;      /* NULL: not connected */
	const struct conf_smarthost *at; /* to whom */
	unsigned can;
	struct buf in;
	int64_t used_at;
};

struct smarthost *smarthost_new(net_wait_cb *wait, void *arg)
{
	struct smarthost *s = calloc(1, sizeof *s);

	if (s == NULL)
		return NULL;
	s->wait = wait;
	s->arg = arg;
	buf_init(&s->in, IN_MAX);
	return s;
}

static void hang_up(struct smarthost *s)
{
	net_stream_free(&s->stream);
	buf_reset(&s->in);
	s->at = NULL;
}

void smarthost_free(struct smarthost **sp)
{
	struct smarthost *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	hang_up(s);
	buf_free(&s->in);
	free(s);
}

/* ---- dialogue ---- */

static int failed(struct smarthost *s, struct smarthost_word *w, const char *what)
{
	w->outcome = DELIVERY_LATER;
	w->code = 0;
	w->enhanced[0] = '\0';
	snprintf(w->text, sizeof w->text, "%s: %s", what, s->stream != NULL ? net_stream_why(s->stream) : "no connection");
	return VG_ERR_CLOSED;
}

/* EHLO's lines are looked at on the way: each is one line of the reply. */
static void note_abilities(struct smarthost *s, const char *in, size_t n)
{
	const char *line;
	size_t len;

	s->can = 0;
	for (const char *p = in; ascii_line(&p, in + n, &line, &len);) {
		if (len < 5)
			continue;
		line += 4;
		len -= 4;
		s->can |= ascii_is(line, len, "starttls") ? CAN_STARTTLS : 0;
		s->can |= ascii_is(line, len, "pipelining") ? CAN_PIPELINING : 0;
		s->can |= ascii_is(line, len, "dsn") ? CAN_DSN : 0;
		s->can |= ascii_find_word(line, len, "size") == line ? CAN_SIZE : 0;
		if (ascii_starts(line, len, "auth ")) {
			s->can |= ascii_find_word(line, len, "plain") != NULL ? CAN_PLAIN : 0;
			s->can |= ascii_find_word(line, len, "login") != NULL ? CAN_LOGIN : 0;
		}
	}
}

/* The next reply; its class must be want ('2', '3'), else VG_ERR_DENIED with the reply in w. */
static int expect(struct smarthost *s, struct smarthost_word *w, char want, bool ehlo)
{
	size_t used;
	int rc;

	while ((rc = smarthost_reply(w, buf_str(&s->in), s->in.len, &used)) == 0) {
		ssize_t n;

		if (buf_reserve(&s->in, 4096) != VG_OK || (n = net_stream_read(s->stream, s->in.data + s->in.len, 4096)) < 0)
			return failed(s, w, "no reply");
		s->in.len += (size_t)n;
	}
	if (rc != 1)
		return failed(s, w, "not SMTP");
	if (ehlo)
		note_abilities(s, (const char *)s->in.data, used);
	buf_consume(&s->in, used);
	w->outcome = w->code / 100 == 5 ? DELIVERY_REFUSED : w->code / 100 == 4 ? DELIVERY_LATER : DELIVERY_SENT;
	return w->code / 100 == (unsigned)(want - '0') ? VG_OK : VG_ERR_DENIED;
}

__attribute__((format(printf, 3, 4))) static int say(struct smarthost *s, struct smarthost_word *w, const char *fmt, ...)
{
	struct buf line;
	va_list ap;
	int rc;

	buf_init(&line, COMMAND_MAX);
	va_start(ap, fmt);
	rc = buf_vaddf(&line, fmt, ap);
	va_end(ap);
	if (rc == VG_OK)
		rc = buf_adds(&line, "\r\n");
	if (rc == VG_OK && net_stream_write(s->stream, line.data, line.len) != VG_OK)
		rc = failed(s, w, "not sent");
	buf_wipe(&line);
	return rc;
}

static int ehlo(struct smarthost *s, struct smarthost_word *w, const char *hostname)
{
	int rc = say(s, w, "EHLO %s", hostname);

	return rc == VG_OK ? expect(s, w, '2', true) : rc;
}

static int start_tls(struct smarthost *s, struct smarthost_word *w, const struct smarthost_peer *p, const char *hostname)
{
	int rc;

	if (p->conf->tls == TLS_NONE || (p->conf->tls == TLS_OPTIONAL && !(s->can & CAN_STARTTLS)))
		return VG_OK;
	if (!(s->can & CAN_STARTTLS)) {
		snprintf(w->text, sizeof w->text, "it offers no STARTTLS");
		return VG_ERR_DENIED;
	}
	if ((rc = say(s, w, "STARTTLS")) != VG_OK || (rc = expect(s, w, '2', false)) != VG_OK)
		return rc;
	/* Bytes behind the reply were sent in clear by somebody else. */
	if (s->in.len > 0 || net_stream_tls(s->stream, p->trust, p->conf->host) != VG_OK)
		return failed(s, w, "TLS");
	return ehlo(s, w, hostname);
}

static int log_in(struct smarthost *s, struct smarthost_word *w, const struct smarthost_peer *p)
{
	unsigned char plain[COMMAND_MAX];
	char text[2 * COMMAND_MAX];
	int n, rc;

	if (p->conf->user == NULL)
		return VG_OK;
	if (!(s->can & (CAN_PLAIN | CAN_LOGIN)) || p->password == NULL) {
		snprintf(w->text, sizeof w->text, p->password == NULL ? "there is no password" : "it offers neither AUTH PLAIN nor LOGIN");
		return VG_ERR_DENIED;
	}
	if (s->can & CAN_PLAIN) {
		n = snprintf((char *)plain, sizeof plain, "%c%s%c%s", 0, p->conf->user, 0, p->password);
		sodium_bin2base64(text, sizeof text, plain, (size_t)n < sizeof plain ? (size_t)n : 0, sodium_base64_VARIANT_ORIGINAL);
		rc = say(s, w, "AUTH PLAIN %s", text);
	} else {
		sodium_bin2base64(text, sizeof text, (const unsigned char *)p->conf->user, strlen(p->conf->user), sodium_base64_VARIANT_ORIGINAL);
		rc = say(s, w, "AUTH LOGIN %s", text);
		if (rc == VG_OK && (rc = expect(s, w, '3', false)) == VG_OK) {
			sodium_bin2base64(text, sizeof text, (const unsigned char *)p->password, strlen(p->password), sodium_base64_VARIANT_ORIGINAL);
			rc = say(s, w, "%s", text);
		}
	}
	sodium_memzero(plain, sizeof plain);
	sodium_memzero(text, sizeof text);
	return rc == VG_OK ? expect(s, w, '2', false) : rc;
}

/* ---- connections ---- */

static int dial(struct smarthost *s, struct smarthost_word *w, const struct conf *c, const struct conf_smarthost *to)
{
	struct net_address list[NET_ADDRESSES_MAX];
	const char *why = "";
	size_t n = 0;
	int rc = net_resolve(c, to->host, to->port, s->wait, s->arg, list, &n, &why);

	if (rc != VG_OK) {
		w->outcome = DELIVERY_LATER;
		snprintf(w->text, sizeof w->text, "%s: %s", to->host, why);
		return rc;
	}
	for (size_t i = 0; i < n; i++) {
		net_stream_free(&s->stream);
		if ((s->stream = net_stream_new(s->wait, s->arg)) == NULL)
			return VG_ERR_MEMORY;
		net_stream_limit(s->stream, &hello_limits);
		if (net_stream_connect(s->stream, (const struct sockaddr *)&list[i].addr, list[i].len) == VG_OK)
			return VG_OK;
	}
	return failed(s, w, "not reached");
}

/* Whatever a server says before it is our turn to send is about us, not about the mail. */
static int connect_to(struct smarthost *s, struct smarthost_word *w, const struct conf *c, const struct smarthost_peer *p)
{
	int rc;

	hang_up(s);
	snprintf(w->host, sizeof w->host, "%s:%u", p->conf->host, p->conf->port);
	rc = dial(s, w, c, p->conf);
	if (rc == VG_OK)
		rc = expect(s, w, '2', false);
	if (rc == VG_OK)
		rc = ehlo(s, w, c->hostname);
	if (rc == VG_OK)
		rc = start_tls(s, w, p, c->hostname);
	if (rc == VG_OK)
		rc = log_in(s, w, p);
	w->outcome = DELIVERY_LATER;
	if (rc != VG_OK)
		hang_up(s);
	else
		s->at = p->conf;
	return rc;
}

static int64_t seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

void smarthost_rest(struct smarthost *s)
{
	if (s->stream != NULL && seconds_now() - s->used_at > IDLE_MS / 1000)
		hang_up(s);
}

/* ---- a mail ---- */

static int envelope(struct smarthost *s, struct smarthost_word *w, const struct letter_mail *m)
{
	bool dsn = (s->can & CAN_DSN) != 0;
	char size[40] = "";
	int rc;

	if (s->can & CAN_SIZE)
		snprintf(size, sizeof size, " SIZE=%llu", (unsigned long long)m->size);
	rc = say(s, w, "MAIL FROM:<%s>%s%s", m->reverse_path, dsn ? " RET=HDRS" : "", size);
	if (rc == VG_OK && !(s->can & CAN_PIPELINING))
		rc = expect(s, w, '2', false);
	if (rc == VG_OK)
		rc = say(s, w, "RCPT TO:<%s>%s", m->recipient, dsn ? " NOTIFY=FAILURE,DELAY" : "");
	if (rc == VG_OK && (s->can & CAN_PIPELINING))
		rc = expect(s, w, '2', false);
	return rc == VG_OK ? expect(s, w, '2', false) : rc;
}

/* What goes out behind DATA, gathered into larger pieces. */
struct outflow {
	struct smarthost *s;
	struct buf data;
	bool inside; /* a line */
};

static int put_out(struct outflow *o)
{
	int rc = net_stream_write(o->s->stream, o->data.data, o->data.len);

	buf_reset(&o->data);
	return rc;
}

/* The mail is of our own making, in lines, and its pieces are small but for one without files. */
static int stuff(void *arg, const void *in, size_t n)
{
	struct outflow *o = arg;
	const char *s = in;
	int rc = VG_OK;

	while (n > 0 && rc == VG_OK) {
		size_t some = n < OUT_PIECE ? n : OUT_PIECE;

		rc = dot_stuff(&o->data, &o->inside, s, some);
		if (rc == VG_OK && o->data.len >= OUT_PIECE)
			rc = put_out(o);
		s += some;
		n -= some;
	}
	return rc;
}

static int content(struct smarthost *s, struct smarthost_word *w, const struct letter_mail *m)
{
	struct outflow o = {.s = s};
	int rc;

	if ((rc = say(s, w, "DATA")) != VG_OK || (rc = expect(s, w, '3', false)) != VG_OK)
		return rc;
	buf_init(&o.data, 4 * OUT_PIECE);
	rc = letter_write(m, stuff, &o);
	if (rc == VG_OK && (rc = dot_stuff_end(&o.data, o.inside)) == VG_OK)
		rc = put_out(&o);
	buf_free(&o.data);
	/* What stopped in the middle must not end in a dot: the connection goes with it. */
	return rc == VG_OK ? expect(s, w, '2', false) : failed(s, w, "not sent");
}

static int transaction(struct smarthost *s, struct smarthost_word *w, const struct letter_mail *m)
{
	int rc;

	net_stream_limit(s->stream, &limits);
	rc = envelope(s, w, m);
	if (rc == VG_OK)
		rc = content(s, w, m);
	s->used_at = seconds_now();
	/* After a refusal replies may still be on their way: a new connection is simpler than to count them. */
	if (rc != VG_OK)
		hang_up(s);
	return rc;
}

static bool is_kept(const struct smarthost *s, const struct smarthost_peer *peers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (s->stream != NULL && s->at == peers[i].conf)
			return true;
	return false;
}

void smarthost_send(struct smarthost *s, const struct conf *c, const struct smarthost_peer *peers, size_t n, const struct letter_mail *mail,
    struct smarthost_word *out)
{
	*out = (struct smarthost_word){.outcome = DELIVERY_LATER, .text = "no smarthost is configured"};
	smarthost_rest(s);
	if (is_kept(s, peers, n)) {
		snprintf(out->host, sizeof out->host, "%s:%u", s->at->host, s->at->port);
		/* A kept connection may be dead; that says nothing about the mail, unless it was under way. */
		if (transaction(s, out, mail) != VG_ERR_CLOSED || out->code != 0)
			return;
	}
	for (size_t i = 0; i < n; i++) {
		if (connect_to(s, out, c, &peers[i]) != VG_OK)
			continue;
		transaction(s, out, mail);
		return;
	}
}
