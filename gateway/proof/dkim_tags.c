/*
 * dkim_tags.c - tag=value lists of signatures, seals and key records. Hostile bytes. Called by dkim_key.c and
 * dkim_spec.c.
 */
#include <sodium.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "dkim_tags.h"
#include "err.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Cuts white space at both ends. */
static void trim(const char **s, size_t *len)
{
	while (*len > 0 && is_space(**s))
		++*s, --*len;
	while (*len > 0 && is_space((*s)[*len - 1]))
		--*len;
}

/* Letters, digits and underscores, a letter first. */
static bool is_tag_name(const char *s, size_t len)
{
	if (len == 0 || !is_alnum(s[0]) || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(s[i]) && s[i] != '_')
			return false;
	return true;
}

/* Visible characters and white space; bytes of UTF-8 for the names of RFC 8616. */
static bool is_tag_value(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (((unsigned char)s[i] < ' ' && !is_space(s[i])) || s[i] == 0x7f)
			return false;
	return true;
}

static int read_tag(struct dkim_tags *out, const char *s, size_t len, const char **why)
{
	const char *equals = memchr(s, '=', len);
	struct dkim_tag *t = &out->tags[out->n];

	if (out->n == DKIM_TAGS_MAX) {
		*why = "too many tags";
		return VG_ERR_LIMIT;
	}
	*t = (struct dkim_tag){.name = s};
	if (equals != NULL) {
		t->name_len = (size_t)(equals - s);
		t->value = t->whole = equals + 1;
		t->len = t->whole_len = len - t->name_len - 1;
		trim(&t->name, &t->name_len);
		trim(&t->value, &t->len);
	}
	if (equals == NULL || !is_tag_name(t->name, t->name_len) || !is_tag_value(t->value, t->len)) {
		*why = "not a list of tags";
		return VG_ERR_SYNTAX;
	}
	for (size_t i = 0; i < out->n; i++)
		if (out->tags[i].name_len == t->name_len && memcmp(out->tags[i].name, t->name, t->name_len) == 0) {
			*why = "a tag stands twice";
			return VG_ERR_SYNTAX;
		}
	out->n++;
	return VG_OK;
}

int dkim_tags_read(struct dkim_tags *out, const char *text, size_t len, const char **why)
{
	const char *end = text + len;

	out->n = 0;
	for (const char *s = text; s < end;) {
		const char *stop = memchr(s, ';', (size_t)(end - s));
		const char *rest = s;
		size_t n = (size_t)((stop == NULL ? end : stop) - s), left = n;
		int rc;

		trim(&rest, &left);
		if (stop == NULL && left == 0 && out->n > 0)
			break; /* white space behind the last ';' */
		if ((rc = read_tag(out, s, n, why)) != VG_OK)
			return rc;
		s += n + (stop != NULL);
	}
	if (out->n == 0) {
		*why = "no tags";
		return VG_ERR_SYNTAX;
	}
	return VG_OK;
}

const struct dkim_tag *dkim_tags_find(const struct dkim_tags *t, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < t->n; i++)
		if (t->tags[i].name_len == len && memcmp(t->tags[i].name, name, len) == 0)
			return &t->tags[i];
	return NULL;
}

static bool same_word(const char *s, size_t len, const char *word)
{
	return strlen(word) == len && strncasecmp(s, word, len) == 0;
}

bool dkim_tag_is(const struct dkim_tag *t, const char *word)
{
	return same_word(t->value, t->len, word);
}

bool dkim_tag_item(const struct dkim_tag *t, size_t *pos, const char **item, size_t *len)
{
	const char *colon;

	if (*pos > t->len)
		return false;
	*item = t->value + *pos;
	colon = *pos < t->len ? memchr(*item, ':', t->len - *pos) : NULL;
	*len = colon != NULL ? (size_t)(colon - *item) : t->len - *pos;
	*pos += *len + 1;
	trim(item, len);
	return true;
}

bool dkim_tag_has(const struct dkim_tag *t, const char *word)
{
	const char *item;
	size_t pos = 0, len;

	while (dkim_tag_item(t, &pos, &item, &len))
		if (same_word(item, len, word))
			return true;
	return false;
}

bool dkim_tag_number(const struct dkim_tag *t, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;

	if (t->len == 0)
		return false;
	for (size_t i = 0; i < t->len; i++) {
		unsigned digit = (unsigned)(t->value[i] - '0');

		if (t->value[i] < '0' || t->value[i] > '9')
			return false;
		n = n > (max - digit) / 10 ? max : n * 10 + digit;
	}
	*out = n;
	return true;
}

bool dkim_tag_base64(const struct dkim_tag *t, unsigned char *out, size_t size, size_t *len)
{
	return sodium_base642bin(out, size, t->value, t->len, " \t\r\n", len, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
	    *len > 0;
}

bool dkim_name(char out[DNS_NAME_MAX + 1], const char *s, size_t len)
{
	const char *why;
	size_t label = 0;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)s[i] >= 0x80)
			return addr_domain_normal(out, s, len, &why) == VG_OK;
	if (len == 0 || len > DNS_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = s[i];

		label = c == '.' ? 0 : label + 1;
		if (label > 63 || (c != '.' && c != '-' && c != '_' && !is_alnum(c)))
			return false;
		if (c == '.' && (i == 0 || s[i - 1] == '.' || i + 1 == len))
			return false;
		out[i] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
	}
	out[len] = '\0';
	return true;
}
