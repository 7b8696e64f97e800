/*
 * gate_authres.c - RFC 8601 parser. Runs in the gate on a field that a configured relay should have written; senders can
 * write such fields too and choose the values that relays copy into them, so the grammar is held strictly: a value that
 * could end early (a quote, a comment, a semicolon) must be quoted, else the field counts for nothing.
 */
#include <string.h>
#include <strings.h>

#include "err.h"
#include "gate_authres.h"

struct scan {
	const char *p, *end;
	struct authres *out;
	const char *why;
	int rc;
	bool bare; /* no authserv-id, and what Microsoft writes beside the grammar */
};

static bool fail(struct scan *s, int rc, const char *why)
{
	if (s->rc == VG_OK) {
		s->rc = rc;
		s->why = why;
	}
	return false;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* CFWS: white space and nested comments. False on a comment that does not end. */
static bool skip_cfws(struct scan *s)
{
	unsigned depth = 0;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '(')
			depth++;
		else if (depth > 0 && *s->p == ')')
			depth--;
		else if (depth > 0 && *s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		else if (depth == 0 && !is_space(*s->p))
			break;
	}
	return depth == 0 || fail(s, VG_ERR_SYNTAX, "a comment does not end");
}

static bool at(const struct scan *s, char c)
{
	return s->p < s->end && *s->p == c;
}

/* Copies n bytes (folded to lower case) into the store. NULL and VG_ERR_LIMIT past it. */
static char *keep(struct scan *s, const char *text, size_t n, bool lower)
{
	struct authres *a = s->out;
	char *to = a->store + a->used;

	if (n >= AUTHRES_STORE - a->used) {
		fail(s, VG_ERR_LIMIT, "the field is too long");
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		to[i] = lower && text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] | 0x20) : text[i];
	to[n] = '\0';
	a->used += n + 1;
	return to;
}

static bool is_keyword(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

/* Keyword of RFC 5321, with the underscore that iprev-like methods carry. */
static const char *keyword(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && is_keyword(*s->p))
		s->p++;
	if (s->p == start) {
		fail(s, VG_ERR_SYNTAX, "a word is missing");
		return NULL;
	}
	return keep(s, start, (size_t)(s->p - start), true);
}

/* quoted-string at p, its content appended to the store as an open string of *n bytes. */
static bool quoted(struct scan *s, size_t *n)
{
	struct authres *a = s->out;

	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && s->p + 1 < s->end)
			s->p++;
		if (*s->p == '\r' || *s->p == '\n')
			continue;
		if ((unsigned char)*s->p < ' ' && *s->p != '\t')
			return fail(s, VG_ERR_SYNTAX, "a control character stands in the field");
		if (a->used + *n + 1 >= AUTHRES_STORE)
			return fail(s, VG_ERR_LIMIT, "the field is too long");
		a->store[a->used + (*n)++] = *s->p;
	}
	if (s->p >= s->end)
		return fail(s, VG_ERR_SYNTAX, "a quoted value does not end");
	s->p++;
	return true;
}

/* What may stand in an unquoted value: more than a token of RFC 2045, since relays write base64, addresses and paths so;
 * never what ends or hides something. */
static bool is_value(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f && strchr(";()\"\\<>,", c) == NULL;
}

/* value, or local-part@domain with the local part quoted. */
static const char *value(struct scan *s)
{
	struct authres *a = s->out;
	char *start = a->store + a->used;
	size_t n = 0;
	bool was_quoted = at(s, '"');

	if (was_quoted && !quoted(s, &n))
		return NULL;
	if (!was_quoted || at(s, '@')) {
		size_t first = n;

		while (s->p < s->end && is_value(*s->p)) {
			if (a->used + n + 1 >= AUTHRES_STORE) {
				fail(s, VG_ERR_LIMIT, "the field is too long");
				return NULL;
			}
			start[n++] = *s->p++;
		}
		if (n == first) {
			fail(s, VG_ERR_SYNTAX, "a value is missing");
			return NULL;
		}
	}
	if (s->p < s->end && !is_space(*s->p) && *s->p != ';' && *s->p != '(') {
		fail(s, VG_ERR_SYNTAX, "a value ends in a character that needs quotes");
		return NULL;
	}
	start[n] = '\0';
	a->used += n + 1;
	return start;
}

static bool expect(struct scan *s, char c, const char *why)
{
	if (!skip_cfws(s))
		return false;
	if (!at(s, c))
		return fail(s, VG_ERR_SYNTAX, why);
	s->p++;
	return skip_cfws(s);
}

/* authserv-id [version] */
static bool head(struct scan *s)
{
	if (!skip_cfws(s) || (s->out->authserv_id = value(s)) == NULL || !skip_cfws(s))
		return false;
	if (s->p < s->end && *s->p >= '0' && *s->p <= '9') {
		const char *v = s->p;

		while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
			s->p++;
		if (s->p - v != 1 || *v != '1')
			return fail(s, VG_ERR_SYNTAX, "the version is not 1");
	}
	return skip_cfws(s);
}

/* method [/version] = result */
static bool methodspec(struct scan *s, struct authres_result *r)
{
	if ((r->method = keyword(s)) == NULL || !skip_cfws(s))
		return false;
	if (at(s, '/')) {
		s->p++;
		if (!skip_cfws(s) || !at(s, '1'))
			return fail(s, VG_ERR_SYNTAX, "the method's version is not 1");
		s->p++;
	}
	return expect(s, '=', "a method has no result") && (r->result = keyword(s)) != NULL;
}

/* reason=value | ptype.property=pvalue */
static bool propspec(struct scan *s, struct authres_result *r)
{
	const char *type = keyword(s);
	struct authres_prop p = {.type = type};

	if (type == NULL || !skip_cfws(s))
		return false;
	if (strcmp(type, "reason") == 0 && at(s, '=')) {
		if (r->reason != NULL || r->n_props > 0)
			return fail(s, VG_ERR_SYNTAX, "a reason stands at the wrong place");
		return expect(s, '=', "") && (r->reason = value(s)) != NULL;
	}
	if (s->bare && strcmp(type, "action") == 0 && at(s, '='))
		return expect(s, '=', "") && value(s) != NULL;
	if (!expect(s, '.', "a property has no type") || (p.name = keyword(s)) == NULL)
		return false;
	if (!expect(s, '=', "a property has no value") || (p.value = value(s)) == NULL)
		return false;
	if (r->n_props == AUTHRES_PROPS_MAX)
		return fail(s, VG_ERR_LIMIT, "too many properties");
	r->props[r->n_props++] = p;
	return true;
}

static bool resinfo(struct scan *s)
{
	struct authres_result *r;

	if (s->out->n_results == AUTHRES_RESULTS_MAX)
		return fail(s, VG_ERR_LIMIT, "too many results");
	r = &s->out->results[s->out->n_results];
	memset(r, 0, sizeof(*r));
	if (!methodspec(s, r))
		return false;
	for (;;) {
		const char *before = s->p;

		if (!skip_cfws(s))
			return false;
		if (s->p == s->end || *s->p == ';')
			break;
		if (s->p == before)
			return fail(s, VG_ERR_SYNTAX, "no space between two properties");
		if (!propspec(s, r))
			return false;
	}
	s->out->n_results++;
	return true;
}

/* "; none" and nothing more. */
static bool no_result(struct scan *s)
{
	struct scan try = *s;

	if (s->out->n_results > 0 || try.end - try.p < 4 || strncasecmp(try.p, "none", 4) != 0)
		return false;
	try.p += 4;
	if (!skip_cfws(&try) || try.p != try.end)
		return false;
	s->p = try.p;
	return true;
}

int authres_parse_bare(struct authres *out, const char *text, size_t len, const char **why)
{
	struct scan s = {.p = text, .end = text + len, .out = out, .bare = true};

	out->authserv_id = "";
	out->n_results = out->used = 0;
	while (skip_cfws(&s) && s.p < s.end && resinfo(&s) && s.p < s.end)
		expect(&s, ';', "no ; before a result");
	if (s.rc == VG_OK && out->n_results == 0)
		fail(&s, VG_ERR_SYNTAX, "there is no result");
	*why = s.why;
	return s.rc;
}

int authres_parse(struct authres *out, const char *text, size_t len, const char **why)
{
	struct scan s = {.p = text, .end = text + len, .out = out};

	out->authserv_id = NULL;
	out->n_results = out->used = 0;
	if (!head(&s))
		goto done;
	if (s.p == s.end)
		fail(&s, VG_ERR_SYNTAX, "there is no result");
	while (s.rc == VG_OK && s.p < s.end) {
		if (!expect(&s, ';', "no ; before a result") || no_result(&s))
			break;
		if (s.p == s.end && out->n_results > 0) /* a last ';', which relays in use write */
			break;
		if (!resinfo(&s))
			break;
	}
done:
	*why = s.why;
	return s.rc;
}

/* The one value of ptype.property in r; NULL where there is none or more than one. */
static const char *only_prop(const struct authres_result *r, const char *type, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < r->n_props; i++) {
		if (strcmp(r->props[i].type, type) != 0 || strcmp(r->props[i].name, name) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = r->props[i].value;
	}
	return found;
}

/* The one result of a method; NULL where there is none, or several: then it is not clear which one speaks of the author. */
static const struct authres_result *only_result(const struct authres *a, const char *method)
{
	const struct authres_result *found = NULL;

	for (size_t i = 0; i < a->n_results; i++) {
		if (strcmp(a->results[i].method, method) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = &a->results[i];
	}
	return found;
}

static const char *result_name(const char *s)
{
	static const char *const list[] = {"pass", "fail", "temperror", "permerror", "bestguesspass"};

	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (strcmp(s, list[i]) == 0)
			return list[i];
	return "none";
}

void authres_judge_dmarc(struct authres_proof *out, const struct authres *a, const struct addr *author)
{
	const struct authres_result *r = only_result(a, "dmarc");
	char domain[ADDR_DOMAIN_MAX + 1];
	const char *from;

	if (r == NULL)
		return;
	out->dmarc_result = result_name(r->result);
	if (strcmp(r->result, "pass") != 0) {
		out->why = "dmarc is not pass";
		return;
	}
	from = only_prop(r, "header", "from");
	if (from == NULL || addr_domain_normal(domain, from, strlen(from), NULL) != VG_OK) {
		out->why = "dmarc=pass without one header.from";
		return;
	}
	out->dmarc = strcmp(domain, addr_domain(author)) == 0;
	out->why = out->dmarc ? "dmarc=pass for the From domain" : "dmarc=pass for another domain";
}

static void judge_login(struct authres_proof *out, const struct authres *a, const struct addr *author)
{
	const struct authres_result *r = only_result(a, "auth");
	struct addr login;
	const char *user;

	if (r == NULL || strcmp(r->result, "pass") != 0)
		return;
	user = only_prop(r, "smtp", "auth");
	if (user == NULL || addr_parse(&login, user, strlen(user), ADDR_UTF8, NULL) != VG_OK)
		return;
	out->login = strcmp(login.normal, author->normal) == 0;
	if (!out->dmarc)
		out->why = out->login ? "auth=pass for the From address" : "auth=pass for another address";
}

void authres_judge(struct authres_proof *out, const struct gate_header *h, const char *authserv_id, const struct addr *author)
{
	struct authres a;
	size_t pos = 0;
	const struct gate_field *top = gate_header_next(h, "Authentication-Results", &pos);
	const char *why;
	bool bare;

	*out = (struct authres_proof){.dmarc_result = "none", .why = "no Authentication-Results field"};
	out->fields = out->ignored = (unsigned)gate_header_count(h, "Authentication-Results");
	if (top == NULL)
		return;
	if (authserv_id == NULL) {
		out->why = "the peer is no relay with an authserv-id";
		return;
	}
	bare = strcmp(authserv_id, AUTHRES_NO_ID) == 0;
	if ((bare ? authres_parse_bare : authres_parse)(&a, top->value, top->value_len, &why) != VG_OK) {
		out->why = "the topmost field is malformed";
		return;
	}
	if (!bare && strcasecmp(a.authserv_id, authserv_id) != 0) {
		out->why = "the topmost field is of another authserv-id";
		return;
	}
	out->ignored--;
	out->why = "the topmost field proves nothing about the author";
	authres_judge_dmarc(out, &a, author);
	judge_login(out, &a, author);
}
