/*
 * ctl_replay.c - `vcspgate replay`: stored mail through today's rules, without effect, and what would come out otherwise.
 */
#include "ctl_hook.h"

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl_ask.h"
#include "ctl_print.h"
#include "ctl_run.h"

#define LIMIT_DEFAULT 100
#define PAGE 100
#define PAGES_MAX 10000u

struct replay {
	const struct ctl_hooked *h;
	int64_t since, limit;
	uint64_t run, same, differ, by_operator, gone, failed;
};

bool ctl_since(const char *text, int64_t now, int64_t *ms)
{
	static const char *const forms[] = { "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d" };
	static const int64_t seconds[] = { 1, 60, 3600, 86400 };
	size_t digits = strspn(text, "0123456789");
	const char *unit = digits > 0 && digits < 9 && text[digits] != '\0' && text[digits + 1] == '\0'
	    ? strchr("smhd", text[digits]) : NULL;

	if (unit != NULL) {
		*ms = (now - strtoll(text, NULL, 10) * seconds[unit - "smhd"]) * 1000;
		return true;
	}
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct tm t = { 0 };
		const char *end = strptime(text, forms[i], &t);

		if (end != NULL && *end == '\0') {
			*ms = (int64_t)timegm(&t) * 1000;
			return true;
		}
	}
	return false;
}

static const char *word(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "";
}

static int add(struct buf *path, const char *name, const char *value)
{
	int rc = value[0] == '\0' ? 0 : buf_addf(path, "&%s=", name);

	return rc == 0 && value[0] != '\0' ? ctl_escape(path, value) : rc;
}

/* POST /v1/explain with the envelope that was kept. */
static int explain_path(struct buf *path, const json_t *m)
{
	const json_t *e = json_object_get(m, "envelope"), *to = json_object_get(e, "recipients");
	int rc = buf_addf(path, "/v1/explain?received=%lld", (long long)json_integer_value(json_object_get(m, "received_ms")));

	if (rc != 0 || (rc = add(path, "from", word(e, "reverse_path"))) != 0 || (rc = add(path, "peer", word(e, "client"))) != 0 ||
	    (rc = add(path, "helo", word(e, "helo"))) != 0 || (rc = add(path, "real_peer", word(e, "peer"))) != 0 ||
	    (rc = add(path, "channel", word(e, "channel"))) != 0 || (rc = add(path, "login", word(e, "login"))) != 0)
		return rc;
	for (size_t i = 0; i < json_array_size(to) && rc == 0; i++) {
		const char *rcpt = json_string_value(json_array_get(to, i));

		rc = add(path, "to", rcpt != NULL ? rcpt : "");
	}
	return rc;
}

/* ---- one mail ---- */

static FILE *raw_of(const struct replay *r, const json_t *m)
{
	FILE *f = tmpfile();
	json_t *answer = NULL;
	struct buf path;
	long status = 0;

	buf_init(&path, 4096);
	if (f != NULL && buf_addf(&path, "/v1/messages/%s/raw?as=received", word(m, "id")) == 0)
		status = ctl_ask(r->h->socket, "GET", buf_str(&path), NULL, &answer, f);
	if (f != NULL && status != 200) {
		fclose(f);
		f = NULL;
	}
	json_decref(answer);
	buf_free(&path);
	return f;
}

/* The verdict of today; NULL where it cannot be had (*why says it, in *answer). */
static long verdict_of(const struct replay *r, const json_t *m, json_t **answer)
{
	struct ctl_body body = { .content_type = "message/rfc822" };
	struct buf path;
	long status = 0;

	*answer = NULL;
	buf_init(&path, 256 * 1024);
	body.file = raw_of(r, m);
	if (body.file != NULL && explain_path(&path, m) == 0)
		status = ctl_ask(r->h->socket, "POST", buf_str(&path), &body, answer, NULL);
	if (body.file != NULL)
		fclose(body.file);
	buf_free(&path);
	return status;
}

/* A mail whose parser disagreed was let in by its rule. */
static bool alike(const json_t *m, const json_t *now)
{
	bool disagreed = strcmp(word(m, "reason"), "identity-disagreement") == 0;

	if (strcmp(word(m, "rule"), word(now, "rule")) != 0)
		return false;
	return disagreed || (strcmp(word(m, "outcome"), word(now, "outcome")) == 0 &&
	    strcmp(word(m, "reason"), word(now, "reason")) == 0);
}

static void put_side(const char *label, const json_t *v)
{
	printf("    %-5s", label);
	ctl_print_text(stdout, word(v, "rule"));
	putchar(' ');
	ctl_print_text(stdout, word(v, "outcome"));
	if (word(v, "reason")[0] != '\0') {
		fputs(", ", stdout);
		ctl_print_text(stdout, word(v, "reason"));
	}
	putchar('\n');
}

static void put_difference(const struct replay *r, const json_t *m, const json_t *now)
{
	if (r->h->json) {
		json_t *o = json_pack("{s:s,s:s,s:{s:s,s:s,s:s},s:O}", "id", word(m, "id"), "sender", word(m, "sender"), "then", "rule",
		    word(m, "rule"), "outcome", word(m, "outcome"), "reason", word(m, "reason"), "now", now);

		json_dumpf(o, stdout, JSON_COMPACT);
		putchar('\n');
		json_decref(o);
		return;
	}
	printf("%s  %s  ", word(m, "id"), word(m, "received_at"));
	ctl_print_text(stdout, word(m, "sender"));
	putchar('\n');
	put_side("then", m);
	put_side("now", now);
}

static void put_failure(const struct replay *r, const json_t *m, const json_t *answer)
{
	fprintf(stderr, "vcspgate: replay: %s: ", word(m, "id"));
	ctl_print_problem(stderr, answer);
	fputc('\n', stderr);
	(void)r;
}

static void one(struct replay *r, const json_t *m)
{
	json_t *now = NULL;
	long status;

	r->run++;
	if (!json_is_true(json_object_get(m, "content"))) {
		r->gone++;
		return;
	}
	if (json_is_true(json_object_get(m, "released"))) {
		r->by_operator++;
		return;
	}
	status = verdict_of(r, m, &now);
	if (status != 200) {
		put_failure(r, m, now);
		r->failed++;
	} else if (alike(m, now)) {
		r->same++;
	} else {
		put_difference(r, m, now);
		r->differ++;
	}
	json_decref(now);
}

/* ---- all of them ---- */

static int options(struct replay *r)
{
	const char *since = json_string_value(json_object_get(r->h->body, "since"));
	json_t *limit = json_object_get(r->h->body, "limit");

	r->limit = limit != NULL ? json_integer_value(limit) : LIMIT_DEFAULT;
	if (r->limit < 1)
		return ctl_fail(EX_USAGE, "replay", "--limit: at least 1 is wanted");
	if (since != NULL && (!ctl_since(since, time(NULL), &r->since) || r->since < 0))
		return ctl_fail(EX_USAGE, "replay", "--since: 24h, 7d, 2026-11-24 or 2026-11-24T02:31:00Z is wanted");
	return 0;
}

static long page(const struct replay *r, const char *cursor, json_t **answer)
{
	struct buf path;
	long status = 0;

	buf_init(&path, 4096);
	if (buf_addf(&path, "/v1/messages?limit=%d&since=%lld", PAGE, (long long)r->since) == 0 && add(&path, "cursor", cursor) == 0)
		status = ctl_ask(r->h->socket, "GET", buf_str(&path), NULL, answer, NULL);
	buf_free(&path);
	return status;
}

static void summary(const struct replay *r)
{
	if (r->h->json)
		return;
	printf("%llu mails: %llu as then, %llu otherwise", (unsigned long long)r->run, (unsigned long long)r->same,
	    (unsigned long long)r->differ);
	if (r->by_operator > 0)
		printf(", %llu released by an operator and not judged again", (unsigned long long)r->by_operator);
	if (r->gone > 0)
		printf(", %llu whose content is gone", (unsigned long long)r->gone);
	if (r->failed > 0)
		printf(", %llu that could not be run", (unsigned long long)r->failed);
	puts(".\nJudged with today's registry, configuration and DNS. What cannot be had again: DNS as it was then, TLS client\n"
	    "certificates, and whether a ticket was open then. Refused mail is not stored.");
}

int ctl_replay(const struct ctl_hooked *h)
{
	struct replay r = { .h = h };
	char cursor[32] = "";
	bool more = true;
	int rc = options(&r);

	for (unsigned n = 0; rc == 0 && more && n < PAGES_MAX; n++) {
		json_t *answer = NULL, *items, *m;
		long status = page(&r, cursor, &answer);
		size_t i;

		if (status != 200)
			rc = ctl_refused("replay", status, answer);
		items = json_object_get(answer, "items");
		json_array_foreach(items, i, m)
			if (rc == 0 && (int64_t)r.run < r.limit)
				one(&r, m);
		snprintf(cursor, sizeof(cursor), "%s", word(answer, "next"));
		more = cursor[0] != '\0' && (int64_t)r.run < r.limit;
		json_decref(answer);
	}
	if (rc == 0)
		summary(&r);
	return rc;
}
