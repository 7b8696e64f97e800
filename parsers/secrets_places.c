/*
 * secrets_places.c - parser worker; hostile texts and logs. Called by message.c and log_scan.c.
 */
#include "secrets_places.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

static struct secrets_place *place_of(struct secrets_places *p, const char *where, enum secrets_kind kind)
{
	struct secrets_place *one;
	size_t n = utf8_cut(where, strlen(where), SECRETS_WHERE_MAX - 1);

	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].kind == kind && strlen(p->list[i].where) == n && memcmp(p->list[i].where, where, n) == 0)
			return &p->list[i];
	if (p->n == SECRETS_PLACES_MAX) {
		p->more++;
		return NULL;
	}
	one = &p->list[p->n++];
	memset(one, 0, sizeof(*one));
	memcpy(one->where, where, n);
	one->kind = kind;
	return one;
}

static void add(struct secrets_places *p, const char *where, enum secrets_kind kind, uint64_t line)
{
	struct secrets_place *one = place_of(p, where, kind);

	if (one == NULL || (one->n > 0 && one->n <= SECRETS_LINES_MAX && one->line[one->n - 1] == line))
		return;
	if (one->n < SECRETS_LINES_MAX)
		one->line[one->n] = line;
	one->n++;
}

void secrets_places_line(struct secrets_places *p, const char *where, const char *line, size_t len, uint64_t number)
{
	struct secrets_span span;

	for (size_t from = 0; secrets_next(line, len, from, &span); from = span.at + span.len)
		add(p, where, span.kind, number);
}

void secrets_places_text(struct secrets_places *p, const char *where, const char *text, size_t len)
{
	struct secrets_span span;
	uint64_t line = 1;
	size_t counted = 0;

	for (size_t from = 0; secrets_next(text, len, from, &span); from = span.at + span.len) {
		for (; counted < span.at; counted++)
			line += text[counted] == '\n';
		add(p, where, span.kind, line);
	}
}

/* ---- saying ---- */

struct sentence {
	char *out;
	size_t cap, len;
	bool full;
};

static void put(struct sentence *s, const char *text)
{
	size_t n = strlen(text);

	if (s->full || s->len + n + 1 > s->cap) {
		s->full = true;
		return;
	}
	memcpy(s->out + s->len, text, n + 1);
	s->len += n;
}

static void put_lines(struct sentence *s, const struct secrets_place *p)
{
	char number[40];

	for (unsigned i = 0; i < p->n && i < SECRETS_LINES_MAX && p->line[i] > 0; i++) {
		snprintf(number, sizeof(number), "%s%llu", i == 0 ? " line " : ", ", (unsigned long long)p->line[i]);
		put(s, number);
	}
	if (p->n > SECRETS_LINES_MAX) {
		snprintf(number, sizeof(number), " and %u more", p->n - SECRETS_LINES_MAX);
		put(s, number);
	}
}

size_t secrets_places_say(const struct secrets_places *p, char *out, size_t cap)
{
	struct sentence s = {out, cap, 0, cap == 0};

	if (cap > 0)
		out[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		put(&s, i > 0 ? "; " : "");
		put(&s, secrets_kind_name(p->list[i].kind));
		put(&s, " in ");
		put(&s, p->list[i].where);
		put_lines(&s, &p->list[i]);
	}
	if (p->more > 0)
		put(&s, "; and in more places");
	return s.len;
}

/* ---- the glance ---- */

/* Thirty-two places of a line at once, in the vectors of any machine that the compiler knows. */
typedef unsigned char places __attribute__((vector_size(32)));
typedef unsigned long long quarters __attribute__((vector_size(32)));
#define PLACES sizeof(places)
#define REACH 3 /* bytes behind a place that are looked at with it */
#define INLINE static inline __attribute__((always_inline))

INLINE void load(places *p, const char *s)
{
	memcpy(p, s, sizeof(*p));
	*p |= 0x20; /* letters become small ones; '-' and '=' stay */
}

#define IS(v, c) ((places)((v) == (c)))

/* Whether one of these begins at one of the places: swo, swd (password, Passwort, passwd), nnwo (Kennwort), pwd, toke (token), ecre (secret),
 * arer (bearer), tke (AccountKey), -beg (a key block), sig=, eyj (a JWT), sphr (passphrase). */
INLINE bool glance_at(const char *s)
{
	places a, b, c, d, w, k, e, r, g;
	quarters any;

	load(&a, s);
	load(&b, s + 1);
	load(&c, s + 2);
	load(&d, s + 3);
	w = (IS(b, 'w') & ((IS(a, 's') & (IS(c, 'o') | IS(c, 'd'))) | (IS(a, 'p') & IS(c, 'd')))) |
	    (IS(a, 'n') & IS(b, 'n') & IS(c, 'w') & IS(d, 'o'));
	k = IS(a, 't') & ((IS(b, 'o') & IS(c, 'k') & IS(d, 'e')) | (IS(b, 'k') & IS(c, 'e')));
	e = IS(a, 'e') & ((IS(b, 'c') & IS(c, 'r') & IS(d, 'e')) | (IS(b, 'y') & IS(c, 'j')));
	r = (IS(a, 'a') & IS(b, 'r') & IS(c, 'e') & IS(d, 'r')) | (IS(a, 's') & IS(b, 'p') & IS(c, 'h') & IS(d, 'r'));
	g = (IS(a, '-') & IS(b, 'b') & IS(c, 'e') & IS(d, 'g')) | (IS(a, 's') & IS(b, 'i') & IS(c, 'g') & IS(d, '='));
	any = (quarters)(w | k | e | r | g);
	return (any[0] | any[1] | any[2] | any[3]) != 0;
}

INLINE bool glance(const char *line, size_t len)
{
	char rest[PLACES + REACH] = {0};

	for (; len >= sizeof(rest); line += PLACES, len -= PLACES)
		if (glance_at(line))
			return true;
	memcpy(rest, line, len);
	return glance_at(rest);
}

#ifdef __x86_64__
/* The same in one instruction a vector. */
__attribute__((target("avx2"))) static bool glance_wide(const char *line, size_t len)
{
	return glance(line, len);
}
#endif

bool secrets_glance(const char *line, size_t len)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		return glance_wide(line, len);
#endif
	return glance(line, len);
}
