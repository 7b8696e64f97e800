/*
 * letter_text.c - values, words for people, HTML. Runs in the role `deliver`; what participants wrote is text and nothing else.
 */
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "letter.h"
#include "letter_text.h"
#include "secrets.h"
#include "template.h"
#include "utf8.h"

#define HTML_MAX (4u * LETTER_MAX)

const char *letter_string(const json_t *s)
{
	const char *t = json_string_value(s);

	return t != NULL ? t : "";
}

void letter_line(char out[LETTER_LINE_MAX + 1], const char *s)
{
	size_t n = utf8_cut(s, strlen(s), LETTER_LINE_MAX), at = 0;

	while (at < n) {
		uint32_t cp;
		unsigned k = utf8_next(s + at, n - at, &cp);

		if (k == 0 || !utf8_plain(cp))
			memset(out + at, ' ', k > 0 ? k : 1);
		else
			memcpy(out + at, s + at, k);
		at += k > 0 ? k : 1;
	}
	out[n] = '\0';
}

/* ---- values ---- */

const char *const letter_values[] = {
	"number", "subject", "reference", "status", "severity", "route", "due", "name", "support", "from_name", "by", "partner", "text",
	"dropped", "closed", "internal", "partner_only", "present", "has_present", "related", "has_related", "link", "clock", "understood",
	"label", "value", "has_understood", "missing", "has_missing", "notes", "has_notes", "errors", "has_errors", "people", "who", "role",
	"has_people", "held", "id", "reason", "sender", "stopped", "since", "count", "more", "attachments", "size", "has_attachments", "kept", "large",
	"has_kept", "masked", "has_masked", NULL,
};

/* Where words come from. */
struct tongue {
	const struct letter_texts *texts;
	const char *language;
};

/* What people read for "product", "ask-logs"; prefix "" or "ask-". */
static json_t *word_of(const struct tongue *t, const char *prefix, const char *word)
{
	char name[64];
	const char *text;
	size_t n;

	snprintf(name, sizeof name, "%s%.40s", prefix, word);
	text = letter_word(t->texts, t->language, name, &n);
	return text == name ? json_string(word) : json_stringn(text, n);
}

static json_t *label_all(const struct tongue *t, json_t *list)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(list, i, one)
		json_array_append_new(out, json_pack("{s:o, s:O}", "label", word_of(t, "", letter_string(json_object_get(one, "name"))), "value",
		    json_object_get(one, "value")));
	return out;
}

static json_t *ask_all(const struct tongue *t, json_t *list)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(list, i, one)
		json_array_append_new(out, json_pack("{s:s, s:o}", "name", letter_string(one), "text", word_of(t, "ask-", letter_string(one))));
	return out;
}

static json_t *name_all(const struct tongue *t, json_t *list)
{
	json_t *out = json_array(), *one;
	size_t i;

	json_array_foreach(list, i, one) {
		const char *name = letter_string(json_object_get(one, "name")), *address = letter_string(json_object_get(one, "address"));
		struct buf who;

		buf_init(&who, 1000);
		if (buf_addf(&who, name[0] != '\0' ? "%s <%s>" : "%s%s", name, address) == VG_OK)
			json_array_append_new(out, json_pack("{s:s, s:o}", "who", buf_str(&who), "role",
			    word_of(t, "role-", letter_string(json_object_get(one, "role")))));
		buf_free(&who);
	}
	return out;
}

static void set_list(json_t *vars, const char *name, const char *has, json_t *list)
{
	json_object_set_new(vars, has, json_boolean(json_array_size(list) > 0));
	json_object_set_new(vars, name, list);
}

/* RFC 3339, as the store's JSON has it, for people: "2026-11-24 23:02 UTC". */
static json_t *readable_time(const char *t)
{
	return strlen(t) < 16 ? json_string(t) : json_sprintf("%.10s %.5s UTC", t, t + 11);
}

static void set_ticket(json_t *vars, json_t *ticket)
{
	static const char *const names[] = {"number", "subject", "reference", "status", "severity", "route"};

	for (size_t i = 0; i < ASCII_COUNT(names); i++)
		json_object_set(vars, names[i], json_object_get(ticket, names[i]));
	json_object_set_new(vars, "due", readable_time(letter_string(json_object_get(ticket, "first_response_due"))));
}

static json_t *values(const struct tongue *t, json_t *letter, const struct deliver_job *job, const char *support)
{
	static const char *const same[] = {"from_name", "by", "partner", "text", "dropped", "closed", "internal", "partner_only", "link", "clock", "id",
	    "reason", "sender", "stopped", "since", "held", "count", "more"};
	json_t *vars = json_pack("{s:s, s:s}", "name", job->name, "support", support);

	if (vars == NULL)
		return NULL;
	set_ticket(vars, json_object_get(letter, "ticket"));
	for (size_t i = 0; i < ASCII_COUNT(same); i++)
		json_object_set(vars, same[i], json_object_get(letter, same[i]));
	set_list(vars, "understood", "has_understood", label_all(t, json_object_get(letter, "understood")));
	set_list(vars, "missing", "has_missing", ask_all(t, json_object_get(letter, "missing")));
	set_list(vars, "people", "has_people", name_all(t, json_object_get(letter, "people")));
	set_list(vars, "notes", "has_notes", json_incref(json_object_get(letter, "notes")));
	set_list(vars, "present", "has_present", json_incref(json_object_get(letter, "present")));
	set_list(vars, "related", "has_related", json_incref(json_object_get(letter, "related")));
	set_list(vars, "errors", "has_errors", json_incref(json_object_get(letter, "errors")));
	set_list(vars, "attachments", "has_attachments", json_incref(json_object_get(letter, "attachments")));
	set_list(vars, "kept", "has_kept", json_incref(json_object_get(letter, "kept")));
	set_list(vars, "masked", "has_masked", json_incref(json_object_get(letter, "masked")));
	return vars;
}

/* Agents and operators have one language, whatever the partner's is. */
static const char *language_of(const struct deliver_job *job, const json_t *letter)
{
	return job->kind == LETTER_AGENT || job->kind == LETTER_DIGEST ? "" : letter_string(json_object_get(letter, "language"));
}

int letter_text(struct buf *out, const struct letter_texts *texts, json_t *letter, const struct deliver_job *job, const char *support, const char **why)
{
	const struct tongue t = {texts, language_of(job, letter)};
	const char *tmpl = letter_texts_find(texts, job->kind, t.language);
	json_t *vars = values(&t, letter, job, support);
	struct buf plain;
	unsigned line;
	int rc = VG_ERR_MEMORY;

	*why = "out of memory";
	buf_init(&plain, LETTER_MAX);
	if (vars != NULL && tmpl != NULL && (rc = template_render(&plain, tmpl, strlen(tmpl), vars, &line, why)) == VG_OK)
		rc = secrets_mask(out, buf_str(&plain), plain.len, NULL);
	json_decref(vars);
	buf_free(&plain);
	return rc;
}

/* ---- HTML ---- */

static int put_escaped(struct buf *out, const char *s, size_t n)
{
	int rc = VG_OK;

	for (size_t i = 0; i < n && rc == VG_OK; i++) {
		const char *entity = s[i] == '<' ? "&lt;" : s[i] == '>' ? "&gt;" : s[i] == '&' ? "&amp;" : s[i] == '"' ? "&quot;" : NULL;

		rc = entity != NULL ? buf_adds(out, entity) : buf_add(out, &s[i], 1);
	}
	return rc;
}

/* Lines stay lines; blanks at their beginning stay too, so that lists and pasted logs read as they were written. */
int letter_html(struct buf *out, const char *text, size_t len)
{
	const char *s = text, *line;
	size_t n;
	int rc = buf_adds(out, "<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\"></head>\n"
	    "<body><div style=\"white-space: pre-wrap; font-family: sans-serif\">");

	while (rc == VG_OK && ascii_line(&s, text + len, &line, &n))
		if ((rc = put_escaped(out, line, n)) == VG_OK)
			rc = buf_adds(out, "<br>\n");
	return rc == VG_OK ? buf_adds(out, "</div></body></html>\n") : rc;
}
