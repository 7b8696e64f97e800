/*
 * gate_facts.c - header fields to facts: identifiers, subject, hops, loop mark. Runs in the gate; hostile input; every
 * list is bounded.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "ascii.h"
#include "err.h"
#include "gate_facts.h"
#include "gate_text.h"

/* Message-ID text between < and >: visible ASCII without angle brackets. */
static bool is_id(const char *s, size_t len)
{
	if (len == 0 || len > GATE_MID_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] == 0x7f || s[i] == '<' || s[i] == '>')
			return false;
	return true;
}

/* The next <id> of s at *pos. Bounded by the text: every byte is looked at once. */
static bool next_id(const char *s, size_t len, size_t *pos, const char **id, size_t *id_len)
{
	while (*pos < len) {
		size_t start, end;

		if (s[(*pos)++] != '<')
			continue;
		start = end = *pos;
		while (end < len && s[end] != '>' && s[end] != '<')
			end++;
		*pos = end;
		if (end < len && s[end] == '>' && is_id(s + start, end - start)) {
			*id = s + start;
			*id_len = end - start;
			return true;
		}
	}
	return false;
}

/* Exactly one Message-ID field holding exactly <id>. */
static int read_message_id(struct gate_facts *f, const struct gate_header *h)
{
	size_t pos = 0;
	const struct gate_field *field = gate_header_next(h, "Message-ID", &pos);
	struct buf v;
	int rc;

	if (field == NULL || gate_header_count(h, "Message-ID") > 1)
		return VG_OK;
	buf_init(&v, GATE_FIELD_MAX);
	rc = gate_field_unfold(&v, field);
	if (rc == VG_OK && v.len > 2 && v.data[0] == '<' && v.data[v.len - 1] == '>' &&
	    is_id((const char *)v.data + 1, v.len - 2))
		memcpy(f->message_id, v.data + 1, v.len - 2);
	buf_free(&v);
	return rc == VG_ERR_LIMIT ? VG_OK : rc;
}

static bool known_id(const struct gate_facts *f, const char *id, size_t len)
{
	for (size_t i = 0; i < f->n_mids; i++)
		if (strncmp(f->mids[i], id, len) == 0 && f->mids[i][len] == '\0')
			return true;
	return false;
}

/* Takes an id into the list; store has room for GATE_MIDS_MAX of them. One of our own form must be one that we minted,
 * and is asked for as we wrote it: mail systems may change the case. */
static void take_id(struct gate_facts *f, const struct gate_facts_input *in, const char *id, size_t len)
{
	char *to = f->store + f->n_mids * (GATE_MID_MAX + 1);
	struct token t;
	int rc;

	if (f->n_mids == GATE_MIDS_MAX)
		return;
	rc = token_message_check(&t, id, len, in->hostname, in->keys);
	f->forged_ids += rc == VG_ERR_DENIED;
	if (rc == VG_ERR_DENIED)
		return;
	for (size_t i = 0; i < len; i++)
		to[i] = rc == VG_OK ? ascii_fold(id[i]) : id[i];
	to[len] = '\0';
	if (!known_id(f, to, len))
		f->mids[f->n_mids++] = to;
}

/* Ids of References from the last to the first: remembers the last GATE_MIDS_MAX while walking forward. */
static void take_backwards(struct gate_facts *f, const struct gate_facts_input *in, const char *s, size_t len)
{
	struct {
		const char *id;
		size_t len;
	} ring[GATE_MIDS_MAX];
	size_t pos = 0, n = 0;
	const char *id;
	size_t id_len;

	while (next_id(s, len, &pos, &id, &id_len)) {
		ring[n % GATE_MIDS_MAX].id = id;
		ring[n % GATE_MIDS_MAX].len = id_len;
		n++;
	}
	for (size_t i = 0; i < n && i < GATE_MIDS_MAX; i++) {
		size_t at = (n - 1 - i) % GATE_MIDS_MAX;

		take_id(f, in, ring[at].id, ring[at].len);
	}
}

static int read_ids(struct gate_facts *f, const struct gate_facts_input *in, const char *name, bool backwards)
{
	size_t at = 0;
	const struct gate_field *field;
	int rc = VG_OK;

	while (rc == VG_OK && f->n_mids < GATE_MIDS_MAX && (field = gate_header_next(in->header, name, &at)) != NULL) {
		size_t pos = 0, id_len;
		const char *id;

		/* An identifier never folds, so the value can be read as it stands. */
		if (f->store == NULL && (f->store = malloc(GATE_MIDS_MAX * (GATE_MID_MAX + 1))) == NULL)
			return VG_ERR_MEMORY;
		if (backwards)
			take_backwards(f, in, field->value, field->value_len);
		else
			while (next_id(field->value, field->value_len, &pos, &id, &id_len))
				take_id(f, in, id, id_len);
	}
	return rc;
}

uint64_t gate_subject_number(const char *subject)
{
	uint64_t number = 0;

	for (const char *p = strstr(subject, "[#"); p != NULL; p = strstr(p + 2, "[#")) {
		size_t digits = strspn(p + 2, "0123456789");
		uint64_t n = 0;

		if (digits == 0 || digits > 18 || p[2 + digits] != ']')
			continue;
		for (size_t i = 0; i < digits; i++)
			n = n * 10 + (uint64_t)(p[2 + i] - '0');
		if (number != 0 && n != number)
			return 0;
		number = n;
	}
	return number;
}

static int read_subject(struct gate_facts *f, const struct gate_header *h)
{
	size_t pos = 0;
	const struct gate_field *field = gate_header_next(h, "Subject", &pos);
	struct buf v;
	int rc;

	if (field == NULL)
		return VG_OK;
	buf_init(&v, GATE_FIELD_MAX);
	rc = gate_field_unfold(&v, field);
	if (rc == VG_OK)
		rc = gate_text_decode(f->subject, sizeof(f->subject), buf_str(&v), v.len);
	buf_free(&v);
	f->subject_number = gate_subject_number(f->subject);
	return rc == VG_ERR_LIMIT ? VG_OK : rc;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static const char *skip_space(const char *s, const char *end)
{
	while (s < end && is_space(*s))
		s++;
	return s;
}

/* "by HOSTNAME (vcspgate)" in a Received field, as gate_prefix writes it. */
static bool is_our_hop(const struct gate_field *f, const char *hostname)
{
	const char *s = f->value, *end = f->value + f->value_len;
	size_t n = strlen(hostname);

	while (s < end) {
		const char *word = s = skip_space(s, end);

		while (s < end && !is_space(*s))
			s++;
		if (s - word != 2 || strncasecmp(word, "by", 2) != 0)
			continue;
		word = skip_space(s, end);
		if ((size_t)(end - word) < n || strncasecmp(word, hostname, n) != 0)
			continue;
		word = skip_space(word + n, end);
		if ((size_t)(end - word) >= 10 && memcmp(word, "(vcspgate)", 10) == 0)
			return true;
	}
	return false;
}

static void read_hops(struct gate_facts *f, const struct gate_header *h, const char *hostname)
{
	size_t pos = 0;
	const struct gate_field *field;

	while ((field = gate_header_next(h, "Received", &pos)) != NULL) {
		f->hops++;
		f->our_hops += is_our_hop(field, hostname);
	}
}

/* A mark of ours with a MAC that only we can write; forged ones mean nothing. */
static int read_loop_mark(struct gate_facts *f, const struct gate_facts_input *in)
{
	size_t pos = 0;
	const struct gate_field *field;
	struct buf v;
	int rc = VG_OK;

	buf_init(&v, TOKEN_MAX);
	while (rc != VG_ERR_MEMORY && !f->loop_mark && (field = gate_header_next(in->header, "X-Vcspgate-Loop", &pos)) != NULL) {
		struct token t;

		buf_reset(&v);
		rc = gate_field_unfold(&v, field);
		f->loop_mark = rc == VG_OK && token_check(&t, TOKEN_LOOP, buf_str(&v), in->keys) == VG_OK;
	}
	buf_free(&v);
	return rc == VG_ERR_MEMORY ? rc : VG_OK;
}

static void classify(struct gate_facts *f, const struct gate_facts_input *in)
{
	struct automatic_facts a = {
	    .header = in->header,
	    .subject = f->subject,
	    .sender = f->from.addr.normal,
	    .null_path = in->null_path,
	    .loop = f->loop_mark,
	};
	struct automatic_result found;

	automatic_decide(&found, &a);
	f->automatic = found.kind;
	f->automatic_why = found.why;
	f->suppress = found.suppress;
}

int gate_facts_read(struct gate_facts *f, const struct gate_facts_input *in)
{
	int rc;

	memset(f, 0, sizeof(*f));
	f->automatic_why = "";
	if ((rc = gate_from_read(&f->from, in->header, in->smtputf8)) != VG_OK)
		return rc;
	if ((rc = read_message_id(f, in->header)) != VG_OK)
		return rc;
	if ((rc = read_ids(f, in, "In-Reply-To", false)) != VG_OK)
		return rc;
	if ((rc = read_ids(f, in, "References", true)) != VG_OK)
		return rc;
	if ((rc = read_subject(f, in->header)) != VG_OK)
		return rc;
	if ((rc = read_loop_mark(f, in)) != VG_OK)
		return rc;
	read_hops(f, in->header, in->hostname);
	classify(f, in);
	return VG_OK;
}

void gate_facts_free(struct gate_facts *f)
{
	free(f->store);
	f->store = NULL;
	f->n_mids = 0;
}
