/*
 * ctl_case.c - the evidence of a verdict as plain text. What is absent in the evidence (of an older version, of a mail that
 * was refused before anybody was asked) is left out.
 */
#include "ctl_case.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "ctl_print.h"

#define PREVIEW_LINES 20u

static const json_t *at(const json_t *o, const char *name)
{
	return json_object_get(o, name);
}

static const char *word(const json_t *o, const char *name)
{
	const char *s = json_string_value(at(o, name));

	return s != NULL ? s : "";
}

static bool is_none(const char *s)
{
	return s[0] == '\0' || strcmp(s, "none") == 0;
}

/* "label  text"; nothing for an empty one, or for what is no text. */
static void line(FILE *f, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	fprintf(f, "  %-14s", label);
	ctl_print_text(f, text);
	fputc('\n', f);
}

static void why(FILE *f, const char *text)
{
	if (text[0] == '\0')
		return;
	fputs(" - ", f);
	ctl_print_text(f, text);
}

static void number(FILE *f, const char *label, const json_t *o, const char *name)
{
	json_int_t n = json_integer_value(at(o, name));

	if (n > 0)
		fprintf(f, "  %-14s%lld\n", label, (long long)n);
}

/* ---- what it is ---- */

static void put_envelope(FILE *f, const json_t *e)
{
	const json_t *to = at(e, "recipients");

	line(f, "came by", word(e, "channel"));
	line(f, "connection", word(e, "peer"));
	if (strcmp(word(e, "client"), word(e, "peer")) != 0)
		line(f, "client", word(e, "client"));
	line(f, "greeting", word(e, "helo"));
	line(f, "TLS", word(e, "tls"));
	line(f, "login", word(e, "login"));
	if (json_is_object(e))
		line(f, "return path", word(e, "reverse_path")[0] != '\0' ? word(e, "reverse_path") : "<>");
	for (size_t i = 0; i < json_array_size(to); i++)
		line(f, i == 0 ? "for" : "", json_string_value(json_array_get(to, i)));
}

static void put_mail(FILE *f, const json_t *c)
{
	line(f, "id", word(c, "id"));
	line(f, "reference", word(c, "reference"));
	line(f, "outcome", word(c, "outcome"));
	line(f, "done", word(c, "what"));
	line(f, "rule", word(c, "rule"));
	line(f, "reason", at(c, "cause") == NULL ? word(c, "reason") : "");
	line(f, "answer", word(c, "text"));
	number(f, "ticket", c, "ticket");
	line(f, "sender", word(c, "sender"));
	line(f, "name", word(c, "sender_name"));
	line(f, "subject", word(c, "subject"));
	line(f, "received", word(c, "received_at"));
	line(f, "at", word(c, "at"));
	line(f, "expires", word(c, "expires_at"));
	put_envelope(f, at(c, "envelope"));
}

/* ---- why it waits ---- */

static void put_action(FILE *f, const char *action, const char *id)
{
	static const struct {
		const char *action, *command, *says;
	} known[] = {
		{ "release", "release ID", "let it in: you stand for the sender" },
		{ "release-as-contact", "release ID --as contact", "the same, as a contact this once" },
		{ "register", "release ID --register", "make the sender a contact of the partner, then let it in" },
		{ "reject", "reject ID --text TEXT", "refuse it and tell the sender why" },
		{ "delete", "delete ID", "drop it; an audit record stays" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i].action, action) == 0) {
			const char *slot = strstr(known[i].command, "ID");

			fprintf(f, "    vcspgate held %.*s", (int)(slot - known[i].command), known[i].command);
			ctl_print_text(f, id);
			fprintf(f, "%s\n        %s\n", slot + 2, known[i].says);
		}
}

static void put_cause(FILE *f, const json_t *c)
{
	const json_t *cause = at(c, "cause"), *actions = at(cause, "actions");

	if (!json_is_object(cause))
		return;
	fprintf(f, "\nWhy it is held (");
	ctl_print_text(f, word(cause, "code"));
	fputs(")\n", f);
	line(f, "", word(cause, "text"));
	line(f, "", word(cause, "advice"));
	if (json_array_size(actions) > 0)
		fputs("  You can:\n", f);
	for (size_t i = 0; i < json_array_size(actions); i++) {
		const char *action = json_string_value(json_array_get(actions, i));

		put_action(f, action != NULL ? action : "", word(c, "id"));
	}
}

/* ---- authentication ---- */

static void put_method(FILE *f, const char *label, const char *result, const json_t *details)
{
	fprintf(f, "  %-14s", label);
	ctl_print_text(f, result[0] != '\0' ? result : "none");
	if (!is_none(word(details, "domain")))
		why(f, word(details, "domain"));
	if (json_is_boolean(at(details, "aligned")))
		fputs(json_is_true(at(details, "aligned")) ? ", aligned with From" : ", not aligned with From", f);
	if (!is_none(word(details, "policy"))) {
		fputs(", policy ", f);
		ctl_print_text(f, word(details, "policy"));
	}
	if (word(details, "sealer")[0] != '\0')
		why(f, word(details, "sealer"));
	if (word(details, "fingerprint")[0] != '\0')
		why(f, word(details, "fingerprint"));
	why(f, word(details, "why"));
	why(f, word(details, "error"));
	fputc('\n', f);
}

static void put_signatures(FILE *f, const json_t *a, const json_t *list)
{
	if (json_array_size(list) == 0)
		put_method(f, "DKIM", word(a, "dkim"), NULL);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *s = json_array_get(list, i);

		put_method(f, i == 0 ? "DKIM" : "", word(s, "result"), s);
	}
}

static void put_authentication(FILE *f, const json_t *evidence)
{
	const json_t *a = at(evidence, "authentication"), *d = at(a, "details"), *login = at(d, "login");

	if (!json_is_object(a))
		return;
	fputs("\nIs it really them: ", f);
	ctl_print_text(f, word(a, "result"));
	if (!is_none(word(a, "method"))) {
		fputs(", by ", f);
		ctl_print_text(f, word(a, "method"));
	}
	fputc('\n', f);
	line(f, "released by", word(a, "operator"));
	put_method(f, "SPF", word(a, "spf"), at(d, "spf"));
	put_signatures(f, a, at(d, "dkim"));
	put_method(f, "DMARC", word(a, "dmarc"), at(d, "dmarc"));
	put_method(f, "ARC", word(a, "arc"), at(d, "arc"));
	put_method(f, "signature", word(a, "signature"), at(d, "signature"));
	if (json_is_object(login)) {
		line(f, "login", word(login, "address"));
		line(f, "", json_is_true(at(login, "matches")) ? "it is the sender's" : "it is not the sender's");
	}
	line(f, "certificate", json_is_true(at(d, "certificate")) ? "the sender's" : "");
	line(f, "relay said", word(a, "evidence"));
	line(f, "covers", word(a, "covers"));
	if (strcmp(word(a, "need"), "any") != 0)
		line(f, "needed", word(a, "need"));
	line(f, "", json_is_true(at(a, "too_weak")) ? "a proof holds, but the partner demands a stronger one" : "");
	line(f, "", json_is_true(at(a, "dns_gave_up")) ? "DNS gave no answer for the whole waiting time" : "");
}

/* ---- registry, thread, rules ---- */

static void put_registry(FILE *f, const json_t *c, const json_t *evidence)
{
	const json_t *r = at(evidence, "registry");

	if (!json_is_object(r))
		r = c;
	if (word(r, "class")[0] == '\0')
		return;
	fputs("\nWho they are in the registry\n", f);
	line(f, "class", word(r, "class"));
	line(f, "partner", word(r, "partner"));
	if (!is_none(word(r, "status")))
		line(f, "membership", word(r, "status"));
	line(f, "contract", word(r, "holder"));
}

static void put_candidate(FILE *f, const json_t *t)
{
	fprintf(f, "  %-14s%lld", "candidate", (long long)json_integer_value(at(t, "ticket")));
	fputs(" by ", f);
	ctl_print_text(f, word(t, "by"));
	fputs(", ", f);
	ctl_print_text(f, word(t, "status"));
	if (word(t, "partner")[0] != '\0') {
		fputs(", partner ", f);
		ctl_print_text(f, word(t, "partner"));
	}
	fputs(", the sender is there as ", f);
	ctl_print_text(f, is_none(word(t, "role")) ? "nobody" : word(t, "role"));
	fputc('\n', f);
}

static void put_thread(FILE *f, const json_t *evidence)
{
	const json_t *t = at(evidence, "thread"), *list = at(t, "candidates"), *foreign = at(t, "foreign");

	if (!json_is_object(t))
		return;
	fputs("\nWhich ticket it means\n", f);
	for (size_t i = 0; i < json_array_size(list); i++)
		put_candidate(f, json_array_get(list, i));
	number(f, "chosen", t, "chosen");
	if (json_integer_value(at(t, "chosen")) == 0)
		line(f, "chosen", "none");
	line(f, "because", word(t, "why"));
	for (size_t i = 0; i < json_array_size(foreign); i++)
		fprintf(f, "  %-14s%lld (not theirs: they are told nothing of it)\n", "also named",
		    (long long)json_integer_value(json_array_get(foreign, i)));
	number(f, "forged tags", t, "forged_tags");
}

static const char *rule_says(const char *rule)
{
	static const char *const known[][2] = {
		{ "V0", "report on mail of ours" }, { "V1", "malformed identity" }, { "V2", "mail loop" },
		{ "V3", "the sender cannot be verified now" }, { "V4", "the sender's domain forbids it" },
		{ "postmaster", "for postmaster or abuse only" }, { "ambiguous", "two tickets are meant" },
		{ "V5", "automatic mail on its ticket" }, { "V6", "automatic mail of a known sender" }, { "V7", "agent on a ticket" },
		{ "V8", "agent, anything else" }, { "V9", "membership not active" }, { "V10", "contact on the partner's ticket" },
		{ "V11", "contact opens a ticket" }, { "V12", "contact or contract holder without proof" },
		{ "V13", "colleague whom a contact brought in" }, { "V14", "customer on the one ticket they take part in" },
		{ "V15", "colleague who is no listed contact" }, { "V16", "direct contract" }, { "V17", "customer, anything else" },
		{ "V18", "anybody else" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i][0], rule) == 0)
			return known[i][1];
	return "";
}

static void put_trace(FILE *f, const json_t *evidence)
{
	const json_t *list = at(evidence, "trace");

	if (json_array_size(list) == 0)
		return;
	fputs("\nRules, in the order they were asked\n", f);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *rule = json_string_value(json_array_get(json_array_get(list, i), 0));

		if (rule == NULL)
			continue;
		fprintf(f, "  %-5s", json_is_true(json_array_get(json_array_get(list, i), 1)) ? "YES" : "no");
		ctl_print_text(f, rule);
		fprintf(f, "%*s%s\n", (int)(strlen(rule) < 11 ? 12 - strlen(rule) : 1), "", rule_says(rule));
	}
}

static void put_oddities(FILE *f, const json_t *evidence)
{
	const json_t *list = at(evidence, "malformed"), *a = at(evidence, "automatic");

	for (size_t i = 0; i < json_array_size(list); i++)
		line(f, "malformed", word(json_array_get(list, i), "why"));
	if (!is_none(word(a, "kind"))) {
		line(f, "automatic", word(a, "kind"));
		line(f, "", word(a, "why"));
	}
}

/* ---- preview ---- */

static void put_preview(FILE *f, const json_t *message)
{
	const char *s = word(at(message, "body"), "text");

	if (s[0] == '\0')
		return;
	fputs("\nWhat it says\n", f);
	for (unsigned n = 0; *s != '\0' && n < PREVIEW_LINES; n++) {
		char text[512];
		size_t len = strcspn(s, "\n"), shown = len < sizeof(text) ? len : sizeof(text) - 1;

		memcpy(text, s, shown);
		text[shown] = '\0';
		fputs("  | ", f);
		ctl_print_text(f, text);
		fputc('\n', f);
		s += len + (s[len] == '\n');
	}
	if (*s != '\0')
		fputs("  | ...\n", f);
}

void ctl_print_case(FILE *f, const json_t *c)
{
	const json_t *evidence = at(c, "evidence") != NULL ? at(c, "evidence") : at(c, "facts");

	fputs("The mail\n", f);
	put_mail(f, c);
	put_oddities(f, evidence);
	put_cause(f, c);
	put_authentication(f, evidence);
	put_registry(f, c, evidence);
	put_thread(f, evidence);
	put_trace(f, evidence);
	put_preview(f, at(c, "message"));
}
