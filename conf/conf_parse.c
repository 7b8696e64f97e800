/*
 * conf_parse.c - lines to struct conf by the table. The same code reads the administrator's file in the
 * supervisor and its flattened copy in the roles. Pure but for allocation.
 */
#include "conf_parse.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_products.h"
#include "conf_remote.h"
#include "conf_table.h"
#include "conf_value.h"
#include "err.h"
#include "role.h"
#include "utf8.h"

/* One line being applied to one object. */
struct applying {
	struct conf_parser *p;
	const struct conf_directive *d;
	const struct conf_line *line;
	size_t pos;     /* next word */
	char *object;   /* what the table's offsets refer to */
	unsigned given; /* bit per argument of the table */
};

void conf_complain(struct conf_parser *p, unsigned column, const char *fmt, ...)
{
	char why[512];
	va_list ap;

	if (++p->errors > CONF_ERRORS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	p->cb(p->file, p->line, column, why, p->arg);
}

static bool store_string(char **slot, char *value)
{
	free(*slot);
	*slot = value;
	return value != NULL;
}

/* Index of word in "a|b|c", -1 where absent; empty parts match nothing. */
static int choice_index(const char *choices, const char *word)
{
	size_t n = strlen(word);

	for (int i = 0;; i++) {
		size_t len = strcspn(choices, "|");

		if (n > 0 && len == n && memcmp(choices, word, n) == 0)
			return i;
		if (choices[len] == '\0')
			return -1;
		choices += len + 1;
	}
}

static int set_choice(const struct conf_arg *a, const char *word, void *slot, const char **why)
{
	static _Thread_local char text[160];
	int i = choice_index(a->choices, word);

	if (i < 0) {
		snprintf(text, sizeof(text), "one of %s is expected", a->choices);
		for (char *bar; (bar = strstr(text, "||")) != NULL;)
			memmove(bar, bar + 1, strlen(bar));
		*why = text;
		return VG_ERR_SYNTAX;
	}
	if (a->type == CT_CHOICE_BOOL)
		*(bool *)slot = i == 1;
	else
		*(int *)slot = i;
	return 0;
}

static int set_text(const struct conf_arg *a, const char *word, char **slot, const char **why)
{
	for (const char *s = word; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e) {
			*why = "printable ASCII only: it is said in the SMTP dialogue";
			return VG_ERR_SYNTAX;
		}
	if (strlen(word) > a->max) {
		*why = "text too long";
		return VG_ERR_LIMIT;
	}
	return store_string(slot, strdup(word)) ? 0 : VG_ERR_MEMORY;
}

static int set_label(const struct conf_arg *a, const char *word, char **slot, const char **why)
{
	bool good = utf8_valid(word, strlen(word));

	for (const char *s = word; *s != '\0'; s++)
		good = good && (unsigned char)*s >= 0x20 && *s != 0x7f;
	if (!good || *word == '\0' || strlen(word) > a->max) {
		*why = good && *word != '\0' ? "text too long" : "printable UTF-8 is expected";
		return VG_ERR_SYNTAX;
	}
	return store_string(slot, strdup(word)) ? 0 : VG_ERR_MEMORY;
}

static int set_path(const char *word, char **slot, const char **why)
{
	if (word[0] != '/' || strlen(word) > 1000) {
		*why = "an absolute file name is expected";
		return VG_ERR_SYNTAX;
	}
	return store_string(slot, strdup(word)) ? 0 : VG_ERR_MEMORY;
}

static int set_proxy_net(const char *word, struct conf_listen *l, const char **why)
{
	struct conf_net *more;

	if (l->n_proxy_from == CONF_ITEMS_MAX) {
		*why = "too many networks";
		return VG_ERR_LIMIT;
	}
	more = realloc(l->proxy_from, (l->n_proxy_from + 1) * sizeof(*more));
	if (more == NULL)
		return VG_ERR_MEMORY;
	l->proxy_from = more;
	return conf_value_net(word, &l->proxy_from[l->n_proxy_from++], why);
}

static int set_string(const struct conf_arg *a, const char *word, char **slot, const char **why)
{
	char *value = NULL;
	int rc = a->type == CT_HOST ? conf_value_host(word, &value, why)
	    : a->type == CT_NAME    ? conf_value_name(word, &value, why)
				    : conf_value_address(word, &value, why);

	if (rc == 0)
		store_string(slot, value);
	return rc;
}

static int in_range(const struct conf_arg *a, uint64_t v, const char **why)
{
	if (v >= a->min && v <= a->max)
		return 0;
	*why = "value out of range";
	return VG_ERR_LIMIT;
}

static int set_number(const struct conf_arg *a, const char *word, void *slot, const char **why)
{
	uint64_t u = 0;
	int64_t ms = 0;
	int rc = a->type == CT_UINT ? conf_value_uint(word, a->min, a->max, &u, why)
	    : a->type == CT_SIZE    ? conf_value_size(word, &u, why)
				    : conf_value_duration(word, &ms, why);

	if (rc == 0)
		rc = in_range(a, a->type == CT_DURATION ? (uint64_t)ms : u, why);
	if (rc != 0)
		return rc;
	if (a->type == CT_UINT)
		*(unsigned *)slot = (unsigned)u;
	else if (a->type == CT_SIZE)
		*(uint64_t *)slot = u;
	else
		*(int64_t *)slot = ms;
	return 0;
}

static int set_role(const char *word, int *slot, const char **why)
{
	*slot = role_by_name(word);
	if (*slot > ROLE_MASTER)
		return 0;
	*why = "not a role (smtp, gate, verify, parser, queue, api, imap)";
	return VG_ERR_SYNTAX;
}

static int set_resolver(const char *word, struct conf *c, const char **why)
{
	return conf_value_inet(word, &c->resolver, &c->resolver_len, why);
}

/* Stores one word's value where the table says. */
static int set_value(const struct conf_arg *a, const char *word, char *object, const char **why)
{
	void *slot = object + a->offset;

	switch (a->type) {
	case CT_UINT: case CT_SIZE: case CT_DURATION:
		return set_number(a, word, slot, why);
	case CT_CHOICE: case CT_CHOICE_BOOL:
		return set_choice(a, word, slot, why);
	case CT_HOST: case CT_NAME: case CT_ADDRESS:
		return set_string(a, word, slot, why);
	case CT_PATH:
		return set_path(word, slot, why);
	case CT_TEXT:
		return set_text(a, word, slot, why);
	case CT_LABEL:
		return set_label(a, word, slot, why);
	case CT_NET:
		return conf_value_net(word, slot, why);
	case CT_LISTEN:
		return conf_value_listen(word, slot, why);
	case CT_MODE:
		return conf_value_mode(word, slot, why);
	case CT_RESOLVER:
		return set_resolver(word, (struct conf *)(void *)object, why);
	case CT_ROLE:
		return set_role(word, slot, why);
	case CT_PROXY_NET:
		return set_proxy_net(word, slot, why);
	case CT_SMARTHOST:
		return conf_remote_smarthost(word, (struct conf_smarthost *)(void *)object, why);
	case CT_ENDPOINT:
		return conf_remote_endpoint(word, (struct conf_imap *)(void *)object, why);
	case CT_UTF8:
		return conf_remote_text(word, a->max, slot, why);
	case CT_URL:
		return conf_remote_url(word, slot, why);
	case CT_FILE:
		return set_path(word, slot, why);
	default:
		return VG_ERR_CONFIG;
	}
}

/* Values that need no word. */
static void set_constant(const struct conf_arg *a, char *object)
{
	if (a->type == CT_CONST)
		*(int *)(void *)(object + a->offset) = (int)a->min;
	else if (a->type == CT_CONST_BOOL)
		*(bool *)(object + a->offset) = a->min != 0;
	else if (a->type == CT_CLEAR)
		store_string((char **)(void *)(object + a->offset), NULL);
}

static bool is_constant(const struct conf_arg *a)
{
	return a->type == CT_CONST || a->type == CT_CONST_BOOL || a->type == CT_CLEAR;
}

static unsigned column_of(const struct applying *ap)
{
	return ap->pos < ap->line->n ? ap->line->word[ap->pos].column : ap->line->end_column;
}

/* The literal word that must follow a keyword ("as authenticated", "proxy-protocol from"). */
static bool take_literal(struct applying *ap, const char *keyword, const char *literal)
{
	if (ap->pos < ap->line->n && strcmp(ap->line->word[ap->pos].text, literal) == 0) {
		ap->pos++;
		return true;
	}
	conf_complain(ap->p, column_of(ap), "\"%s\" must be followed by \"%s\"", keyword, literal);
	return false;
}

static bool take_value(struct applying *ap, const struct conf_arg *a)
{
	const char *why = "bad value";
	const struct conf_word *w;
	int rc;

	if (ap->pos == ap->line->n) {
		conf_complain(ap->p, ap->line->end_column, "%s missing",
		    a->name != NULL ? a->name : a->keyword);
		return false;
	}
	w = &ap->line->word[ap->pos++];
	rc = set_value(a, w->text, ap->object, &why);
	if (rc != 0)
		conf_complain(ap->p, w->column, "%s", rc == VG_ERR_MEMORY ? vg_strerror(rc) : why);
	return rc == 0;
}

static bool apply_positional(struct applying *ap)
{
	for (unsigned i = 0; i < CONF_ARGS_MAX && ap->d->args[i].type != CT_NONE; i++) {
		const struct conf_arg *a = &ap->d->args[i];

		if (is_constant(a))
			set_constant(a, ap->object);
		else if (a->keyword == NULL && !take_value(ap, a))
			return false;
	}
	return true;
}

static const struct conf_arg *find_keyword(const struct applying *ap, unsigned *index)
{
	const struct conf_word *w = &ap->line->word[ap->pos];

	for (unsigned i = 0; i < CONF_ARGS_MAX && ap->d->args[i].type != CT_NONE; i++) {
		const struct conf_arg *a = &ap->d->args[i];

		if (a->keyword != NULL && !w->quoted && strcmp(a->keyword, w->text) == 0) {
			*index = i;
			return a;
		}
	}
	return NULL;
}

static bool apply_keyword(struct applying *ap)
{
	unsigned i = 0, column = column_of(ap);
	const struct conf_arg *a = find_keyword(ap, &i);

	if (a == NULL) {
		conf_complain(ap->p, column, "\"%s\" is not understood here", ap->line->word[ap->pos].text);
		return false;
	}
	if ((ap->given & 1u << i) != 0 && a->type != CT_PROXY_NET) {
		conf_complain(ap->p, column, "\"%s\" given twice", a->keyword);
		return false;
	}
	ap->given |= 1u << i;
	ap->pos++;
	if (a->type == CT_FLAG) {
		*(bool *)(ap->object + a->offset) = a->min != 0;
		return true;
	}
	if (a->type == CT_LITERAL) {
		*(bool *)(ap->object + a->offset) = true;
		return take_literal(ap, a->keyword, a->choices);
	}
	if (a->type == CT_PROXY_NET && !take_literal(ap, a->keyword, "from"))
		return false;
	if (a->type == CT_FILE && !take_literal(ap, a->keyword, "file"))
		return false;
	return take_value(ap, a);
}

static bool apply_words(struct applying *ap)
{
	if (!apply_positional(ap))
		return false;
	while (ap->pos < ap->line->n)
		if (!apply_keyword(ap))
			return false;
	for (unsigned i = 0; i < CONF_ARGS_MAX && ap->d->args[i].type != CT_NONE; i++) {
		const struct conf_arg *a = &ap->d->args[i];

		if (a->keyword != NULL && a->required && (ap->given & 1u << i) == 0) {
			conf_complain(ap->p, ap->line->end_column, "\"%s %s\" missing", a->keyword, a->name);
			return false;
		}
	}
	return true;
}

/* Appends a zeroed element to an array of the configuration. */
static char *append(struct conf_parser *p, void *array, size_t *n, size_t size)
{
	void *more;

	if (*n == CONF_ITEMS_MAX) {
		conf_complain(p, 1, "more than %d of this directive", CONF_ITEMS_MAX);
		return NULL;
	}
	memcpy(&more, array, sizeof(more));
	more = realloc(more, (*n + 1) * size);
	if (more == NULL) {
		conf_complain(p, 1, "%s", vg_strerror(VG_ERR_MEMORY));
		return NULL;
	}
	memcpy(array, &more, sizeof(more));
	memset((char *)more + *n * size, 0, size);
	return (char *)more + (*n)++ * size;
}

static char *target_object(struct conf_parser *p, enum conf_target target, struct conf_role_user *ru)
{
	struct conf *c = p->conf;

	switch (target) {
	case CTARGET_ADDRESS:
		return append(p, &c->addresses, &c->n_addresses, sizeof(*c->addresses));
	case CTARGET_LISTEN:
		return append(p, &c->listens, &c->n_listens, sizeof(*c->listens));
	case CTARGET_RELAY:
		return append(p, &c->relays, &c->n_relays, sizeof(*c->relays));
	case CTARGET_SLA:
		return append(p, &c->slas, &c->n_slas, sizeof(*c->slas));
	case CTARGET_SEALER:
		return append(p, &c->arc_sealers, &c->n_arc_sealers, sizeof(*c->arc_sealers));
	case CTARGET_PRODUCT:
		return append(p, &c->products, &c->n_products, sizeof(*c->products));
	case CTARGET_SMARTHOST:
		return append(p, &c->smarthosts, &c->n_smarthosts, sizeof(*c->smarthosts));
	case CTARGET_DKIM:
		return append(p, &c->dkims, &c->n_dkims, sizeof(*c->dkims));
	case CTARGET_NOTIFY:
		return append(p, &c->notifies, &c->n_notifies, sizeof(*c->notifies));
	case CTARGET_IMAP:
		return append(p, &c->imaps, &c->n_imaps, sizeof(*c->imaps));
	case CTARGET_ROLE_USER:
		return (char *)ru;
	case CTARGET_CONF:
		break;
	}
	return (char *)c;
}

static void check_product(struct conf_parser *p, const struct conf_line *line, size_t pos)
{
	unsigned word;
	const char *why = conf_product_bad(p->conf->products, p->conf->n_products, &word);

	if (why != NULL)
		conf_complain(p, line->word[pos + word].column, "%s", why);
}

static void check_smarthost(struct conf_parser *p, const struct conf_line *line, size_t pos)
{
	const char *why = conf_remote_smarthost_bad(p->conf->smarthosts, p->conf->n_smarthosts);

	if (why != NULL)
		conf_complain(p, line->word[pos].column, "%s", why);
}

static void check_imap(struct conf_parser *p, const struct conf_line *line, size_t pos)
{
	const char *why = conf_remote_imap_bad(p->conf->imaps, p->conf->n_imaps);

	if (why != NULL)
		conf_complain(p, line->word[pos].column, "%s", why);
}

static void apply(struct conf_parser *p, const struct conf_directive *d, const struct conf_line *line, size_t pos)
{
	struct conf_role_user ru = { 0 };
	struct applying ap = { .p = p, .d = d, .line = line, .pos = pos };
	unsigned errors = p->errors;

	ap.object = target_object(p, d->target, &ru);
	if (ap.object != NULL && apply_words(&ap) && d->target == CTARGET_PRODUCT) {
		check_product(p, line, pos);
	} else if (d->target == CTARGET_SMARTHOST && p->errors == errors) {
		check_smarthost(p, line, pos);
	} else if (d->target == CTARGET_IMAP && p->errors == errors) {
		check_imap(p, line, pos);
	} else if (d->target == CTARGET_ROLE_USER && ru.user != NULL) {
		if (p->conf->role_user[ru.role] != NULL)
			conf_complain(p, line->word[pos].column, "a user for this role was given already");
		else
			store_string(&p->conf->role_user[ru.role], strdup(ru.user));
	}
	free(ru.user);
}

/* The directive with the most words that the line begins with. */
static const struct conf_directive *find_directive(const struct conf_line *line, size_t *used)
{
	const struct conf_directive *best = NULL;

	for (size_t i = 0; i < conf_n_directives; i++) {
		const struct conf_directive *d = &conf_directives[i];
		size_t n = d->words[1] != NULL ? 2 : 1;

		if (strcmp(line->word[0].text, d->words[0]) != 0)
			continue;
		if (n == 2 && (line->n < 2 || strcmp(line->word[1].text, d->words[1]) != 0))
			continue;
		if (best == NULL || best->words[1] == NULL) {
			best = d;
			*used = n;
		}
	}
	return best;
}

static void unknown_directive(struct conf_parser *p, const struct conf_line *line)
{
	for (size_t i = 0; i < conf_n_directives; i++)
		if (strcmp(line->word[0].text, conf_directives[i].words[0]) == 0) {
			conf_complain(p, line->n > 1 ? line->word[1].column : line->end_column,
			    line->n > 1 ? "\"%s %s\" is not a directive" : "\"%s%s\" needs more words",
			    line->word[0].text, line->n > 1 ? line->word[1].text : "");
			return;
		}
	conf_complain(p, line->word[0].column, "unknown directive \"%s\"", line->word[0].text);
}

/* Same setting, given before? direct open and direct refuse are one setting: they share their offset. */
static unsigned given_before(const struct conf_parser *p, const struct conf_directive *d)
{
	if (d->target != CTARGET_CONF)
		return 0;
	for (size_t i = 0; i < conf_n_directives; i++)
		if (conf_directives[i].target == CTARGET_CONF && p->seen[i] != 0 &&
		    conf_directives[i].args[0].offset == d->args[0].offset)
			return p->seen[i];
	return 0;
}

void conf_parser_line(struct conf_parser *p, const char *text, size_t len)
{
	struct conf_line line;
	const struct conf_directive *d;
	const char *why = NULL;
	unsigned column = 1, before;
	size_t used = 0;

	p->line++;
	if (conf_lex(&line, text, len, &column, &why) != 0) {
		conf_complain(p, column, "%s", why);
		return;
	}
	if (line.n == 0)
		return;
	d = find_directive(&line, &used);
	if (d == NULL) {
		unknown_directive(p, &line);
		return;
	}
	before = given_before(p, d);
	if (before != 0) {
		conf_complain(p, 1, "given twice: first in line %u", before);
		return;
	}
	p->seen[d - conf_directives] = p->line;
	apply(p, d, &line, used);
}

/* Before the file is read: a line like `limit sessions 10` keeps the default of per-peer. */
static void apply_defaults(struct conf_parser *p)
{
	const char *why;
	unsigned column;

	for (size_t i = 0; i < conf_n_directives; i++) {
		const struct conf_directive *d = &conf_directives[i];
		struct conf_line line;

		if (d->fallback != NULL && conf_lex(&line, d->fallback, strlen(d->fallback), &column, &why) == 0)
			apply(p, d, &line, 0);
	}
}

int conf_parser_init(struct conf_parser *p, conf_error_cb *cb, void *arg)
{
	memset(p, 0, sizeof(*p));
	p->cb = cb;
	p->arg = arg;
	p->conf = calloc(1, sizeof(*p->conf));
	p->seen = calloc(conf_n_directives, sizeof(*p->seen));
	if (p->conf != NULL && p->seen != NULL) {
		apply_defaults(p);
		return 0;
	}
	conf_free(&p->conf);
	free(p->seen);
	return VG_ERR_MEMORY;
}

int conf_parser_end(struct conf_parser *p, struct conf **out)
{
	int rc;

	if (p->errors == 0)
		conf_check(p);
	rc = p->errors == 0 ? 0 : VG_ERR_CONFIG;
	free(p->seen);
	p->seen = NULL;
	if (rc == 0) {
		*out = p->conf;
		p->conf = NULL;
	}
	conf_free(&p->conf);
	return rc;
}
