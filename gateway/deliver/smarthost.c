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

#define REPLIES_MAX (1u << 20)
#define HELLO_MS INT64_C(30000)  /* one silence before we may send, at most */
#define ILL_MIN_S 60
#define ILL_MAX_S 900

enum { CAN_STARTTLS = 1, CAN_PLAIN = 2, CAN_LOGIN = 4, CAN_DSN = 8, CAN_PIPELINING = 16, CAN_SIZE = 32 };

struct health {
	unsigned failures;
	int64_t until;  /* seconds_now() */
	uint64_t tried; /* for which mail */
};

struct smarthost {
	net_wait_cb *wait;
	void *arg;
	struct net_stream *stream;      /* NULL: not connected */
	const struct conf_smarthost *at; /* to whom */
	unsigned can;
	struct buf in;
	int64_t used_at;
	bool ended;                     /* the end of the mail is out */
	struct health *health;          /* by peer */
	uint64_t mail;                  /* counts them */
};

struct smarthost *smarthost_new(net_wait_cb *wait, void *arg, size_t n)
{
	struct smarthost *s = calloc(1, sizeof *s);

	if (s == NULL || (s->health = calloc(n + 1, sizeof *s->health)) == NULL) {
		free(s);
		return NULL;
	}
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
	free(s->health);
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
	const struct net_limits hello = {.total_ms = 2 * HELLO_MS, .idle_ms = to->timeout_ms < HELLO_MS ? to->timeout_ms : HELLO_MS,
	    .bytes_max = REPLIES_MAX};
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
		net_stream_limit(s->stream, &hello);
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
	w->outcome = DELIVERY_AWAY;
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

/* ---- who is well ---- */

static bool is_ill(const struct smarthost *s, size_t i)
{
	return s->health[i].failures > 0 && seconds_now() < s->health[i].until;
}

static void fell_ill(struct smarthost *s, size_t i)
{
	struct health *h = &s->health[i];
	int64_t pause = ILL_MIN_S;

	for (unsigned k = 0; k < h->failures && pause < ILL_MAX_S; k++)
		pause *= 2;
	h->failures++;
	h->until = seconds_now() + (pause < ILL_MAX_S ? pause : ILL_MAX_S);
}

/* ---- a mail ---- */

static int envelope(struct smarthost *s, struct smarthost_word *w, const struct letter_mail *m)
{
	const char *dsn = s->can & CAN_DSN ? " NOTIFY=FAILURE,DELAY" : "", *ret = s->can & CAN_DSN ? " RET=HDRS" : "";
	char size[40] = "";
	int rc;

	if (s->can & CAN_SIZE)
		snprintf(size, sizeof size, " SIZE=%llu", (unsigned long long)m->size);
	if (s->can & CAN_PIPELINING) {
		/* One packet, one round trip (RFC 2920). Whoever is refused gets no mail: we hang up before it. */
		rc = say(s, w, "MAIL FROM:<%s>%s%s\r\nRCPT TO:<%s>%s\r\nDATA", m->reverse_path, ret, size, m->recipient, dsn);
		for (unsigned i = 0; i < 2 && rc == VG_OK; i++)
			rc = expect(s, w, '2', false);
		return rc == VG_OK ? expect(s, w, '3', false) : rc;
	}
	if ((rc = say(s, w, "MAIL FROM:<%s>%s%s", m->reverse_path, ret, size)) != VG_OK || (rc = expect(s, w, '2', false)) != VG_OK ||
	    (rc = say(s, w, "RCPT TO:<%s>%s", m->recipient, dsn)) != VG_OK || (rc = expect(s, w, '2', false)) != VG_OK ||
	    (rc = say(s, w, "DATA")) != VG_OK)
		return rc;
	return expect(s, w, '3', false);
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

	buf_init(&o.data, 4 * OUT_PIECE);
	rc = letter_write(m, stuff, &o);
	if (rc == VG_OK && (rc = dot_stuff_end(&o.data, o.inside)) == VG_OK)
		rc = put_out(&o);
	buf_free(&o.data);
	/* From here on it may have been taken, whatever we hear. */
	s->ended = rc == VG_OK;
	if (rc == VG_OK)
		return expect(s, w, '2', false);
	/* What stopped in the middle must not end in a dot: the connection goes with it. */
	failed(s, w, "not sent");
	return net_stream_error(s->stream) != VG_OK ? VG_ERR_CLOSED : VG_ERR_SYSTEM;
}

static int transaction(struct smarthost *s, struct smarthost_word *w, const struct smarthost_peer *p, const struct letter_mail *m)
{
	const struct net_limits before = {.total_ms = 3 * p->conf->timeout_ms, .idle_ms = p->conf->timeout_ms, .bytes_max = REPLIES_MAX};
	const struct net_limits behind = {.total_ms = 4 * p->conf->timeout_ms, .idle_ms = 2 * p->conf->timeout_ms, .bytes_max = REPLIES_MAX};
	int rc;

	s->ended = false;
	net_stream_limit(s->stream, &before);
	rc = envelope(s, w, m);
	if (rc == VG_OK) {
		net_stream_limit(s->stream, &behind);
		rc = content(s, w, m);
	}
	s->used_at = seconds_now();
	/* After a refusal replies may still be on their way: a new connection is simpler than to count them. */
	if (rc != VG_OK)
		hang_up(s);
	return rc;
}

/* A kept connection may be dead, or told to end (421): then once more over a new one. */
static void try_peer(struct smarthost *s, struct smarthost_word *w, const struct conf *c, const struct smarthost_peer *p, size_t i,
    const struct letter_mail *mail)
{
	bool kept = s->stream != NULL && s->at == p->conf, gone = true;
	int rc = VG_ERR_CLOSED;

	snprintf(w->host, sizeof w->host, "%s:%u", p->conf->host, p->conf->port);
	for (unsigned tries = kept ? 2 : 1; tries > 0 && gone; tries--) {
		if (!kept && connect_to(s, w, c, p) != VG_OK)
			break;
		kept = false;
		rc = transaction(s, w, p, mail);
		/* VG_ERR_SYSTEM: it could not be read by us. */
		gone = !s->ended && (rc == VG_ERR_CLOSED || (rc == VG_ERR_DENIED && w->code == 421));
	}
	if (gone || rc == VG_ERR_CLOSED)
		fell_ill(s, i);
	else
		s->health[i].failures = 0;
	if (gone)
		w->outcome = DELIVERY_AWAY;
}

/* Nobody has it, nor ever will by this word: another one may take it. */
static bool is_open(const struct smarthost_word *w)
{
	return w->outcome == DELIVERY_AWAY || (w->outcome == DELIVERY_LATER && w->code != 0);
}

void smarthost_send(struct smarthost *s, const struct conf *c, const struct smarthost_peer *peers, size_t n, const struct letter_mail *mail,
    struct smarthost_word *out)
{
	struct smarthost_word put_off = {.outcome = DELIVERY_AWAY, .text = "no smarthost is configured"}, w;

	s->mail++;
	smarthost_rest(s);
	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < n; i++) {
			if (s->health[i].tried == s->mail || (round == 0 && is_ill(s, i)))
				continue;
			s->health[i].tried = s->mail;
			w = (struct smarthost_word){.outcome = DELIVERY_AWAY};
			try_peer(s, &w, c, &peers[i], i, mail);
			if (!is_open(&w)) {
				*out = w;
				return;
			}
			/* The word about the mail is the one to tell. */
			if (w.outcome == DELIVERY_LATER || put_off.outcome == DELIVERY_AWAY)
				put_off = w;
		}
	*out = put_off;
}
