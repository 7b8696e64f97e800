/*
 * spf_term.c - terms of an SPF record. Runs in the gate; the text is hostile. Strict: any fault in a record makes the
 * whole of it a permerror (RFC 7208 4.6), so nothing is guessed here.
 */
#include <string.h>
#include <strings.h>

#include "ip.h"
#include "spf_macro.h"
#include "spf_term.h"

#define ADDRESS_MAX 46u

static bool is_alpha(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool same(const char *s, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

/* No leading zero, at most max. */
static bool read_bits(unsigned *out, const char *s, size_t len, unsigned max)
{
	unsigned n = 0;

	if (len == 0 || len > 3 || (len > 1 && *s == '0'))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(s[i]))
			return false;
		n = n * 10 + (unsigned)(s[i] - '0');
	}
	*out = n;
	return n <= max;
}

/* Cuts "/24", "//64" or "/24//64" off the end of s. A slash without digits stays, for domain-spec to refuse. */
static bool cut_bits(struct spf_term *t, const char *s, size_t *len)
{
	bool six = false;

	for (;;) {
		size_t digits = *len;

		while (digits > 0 && is_digit(s[digits - 1]))
			digits--;
		if (digits == *len || digits == 0 || s[digits - 1] != '/')
			return true;
		if (!six && digits > 1 && s[digits - 2] == '/') {
			if (!read_bits(&t->bits6, s + digits, *len - digits, 128))
				return false;
			six = true;
			*len = digits - 2;
			continue;
		}
		if (!read_bits(&t->bits4, s + digits, *len - digits, 32))
			return false;
		*len = digits - 1;
		return true;
	}
}

/* ":domain-spec"; nothing, if that may be. */
static bool read_spec(struct spf_term *t, const char *s, size_t len, bool may_lack)
{
	if (len == 0)
		return may_lack;
	t->spec = s + 1;
	t->spec_len = len - 1;
	return *s == ':' && spf_domain_spec_ok(t->spec, t->spec_len);
}

static bool read_network(struct spf_term *t, const char *s, size_t len)
{
	unsigned bits, want = t->kind == SPF_IP4 ? 32 : 128, *to = t->kind == SPF_IP4 ? &t->bits4 : &t->bits6;
	const char *slash = memchr(s, '/', len);
	size_t n = slash != NULL ? (size_t)(slash - s) : len;
	char address[ADDRESS_MAX + 1];

	if (n < 2 || *s != ':' || n - 1 > ADDRESS_MAX || memchr(s, '\0', n) != NULL)
		return false;
	memcpy(address, s + 1, n - 1);
	address[n - 1] = '\0';
	if (!ip_mapped(address, t->ip, &bits) || bits != want)
		return false;
	return slash == NULL || read_bits(to, slash + 1, len - n - 1, want);
}

static bool read_argument(struct spf_term *t, const char *s, size_t len)
{
	switch (t->kind) {
	case SPF_ALL:
		return len == 0;
	case SPF_A:
	case SPF_MX:
		return cut_bits(t, s, &len) && read_spec(t, s, len, true);
	case SPF_PTR:
		return read_spec(t, s, len, true);
	case SPF_IP4:
	case SPF_IP6:
		return read_network(t, s, len);
	default:
		return read_spec(t, s, len, false);
	}
}

static bool read_mechanism(struct spf_term *t)
{
	static const char *const names[] = {"all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"};
	static const char marks[] = "+-~?";
	static const enum spf_result results[] = {SPF_PASS, SPF_FAIL, SPF_SOFTFAIL, SPF_NEUTRAL};
	const char *s = t->text, *mark = *s != '\0' ? strchr(marks, *s) : NULL, *end = t->text + t->len;
	size_t len = 0;

	t->qualifier = mark != NULL ? results[mark - marks] : SPF_PASS;
	s += mark != NULL;
	while (s + len < end && (is_alpha(s[len]) || is_digit(s[len])))
		len++;
	for (enum spf_kind k = SPF_ALL; k <= SPF_EXISTS; k++) {
		if (same(s, len, names[k])) {
			t->kind = k;
			return read_argument(t, s + len, (size_t)(end - s) - len);
		}
	}
	return false;
}

/* The length of the name of a modifier, 0: it is none. */
static size_t modifier_name(const struct spf_term *t)
{
	size_t i = 0;

	while (i < t->len && (is_alpha(t->text[i]) || (i > 0 && (is_digit(t->text[i]) || t->text[i] == '-' ||
								  t->text[i] == '_' || t->text[i] == '.'))))
		i++;
	return i < t->len && t->text[i] == '=' ? i : 0;
}

static bool read_modifier(struct spf_term *t, size_t name)
{
	t->spec = t->text + name + 1;
	t->spec_len = t->len - name - 1;
	t->kind = same(t->text, name, "redirect") ? SPF_REDIRECT : same(t->text, name, "exp") ? SPF_EXP : SPF_UNKNOWN;
	/* A modifier nobody knows is passed over, but not its syntax. */
	return t->kind == SPF_UNKNOWN ? spf_macro_string_ok(t->spec, t->spec_len)
				      : spf_domain_spec_ok(t->spec, t->spec_len);
}

enum spf_read spf_term_next(struct spf_term *t, const char **at, const char *end)
{
	size_t name;
	bool ok;

	*t = (struct spf_term){.bits4 = 32, .bits6 = 128};
	while (*at < end && **at == ' ')
		(*at)++;
	if (*at == end)
		return SPF_READ_END;
	t->text = *at;
	while (*at < end && **at != ' ')
		(*at)++;
	t->len = (size_t)(*at - t->text);
	name = modifier_name(t);
	ok = name > 0 ? read_modifier(t, name) : read_mechanism(t);
	return ok ? SPF_READ_TERM : SPF_READ_BAD;
}
