/*
 * conf_load.c - files, includes, flattening, freeing. The supervisor reads files; the roles read memory only.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "conf_parse.h"
#include "conf_remote.h"
#include "err.h"

#define FILE_MAX (16u * 1024u * 1024u)
#define INCLUDE_DEPTH 8

/* Where lines go: into a parser, or into a flat copy. */
struct loader {
	struct conf_parser *parser;
	struct buf *flat;
	bool table; /* inside a `products` file */
};

static int read_file(const char *file, struct buf *out)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc, saved;

	if (fd < 0)
		return VG_ERR_SYSTEM;
	rc = buf_read(out, fd);
	saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

static int load_file(struct loader *l, const char *file, unsigned depth);

/* A file of products holds nothing else. */
static int load_table(struct loader *l, const char *path, unsigned depth)
{
	int rc;

	l->table = true;
	rc = load_file(l, path, depth);
	l->table = false;
	return rc;
}

/* `include FILE` and `products FILE`: 1 when the line was one, 0 when not, or an error. A relative name starts at the including file's folder. */
static int load_include(struct loader *l, const char *from, const struct conf_line *line, unsigned depth)
{
	const char *slash = strrchr(from, '/');
	char path[1024];
	int n, rc;
	bool table;

	if (line->n == 0 || line->word[0].quoted)
		return 0;
	table = strcmp(line->word[0].text, "products") == 0;
	if (!table && strcmp(line->word[0].text, "include") != 0)
		return 0;
	if (line->n != 2) {
		if (l->parser != NULL)
			conf_complain(l->parser, line->end_column, "%s takes one file name", line->word[0].text);
		return VG_ERR_CONFIG;
	}
	if (line->word[1].text[0] == '/' || slash == NULL)
		n = snprintf(path, sizeof(path), "%s", line->word[1].text);
	else
		n = snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - from), from, line->word[1].text);
	rc = n < 0 || (size_t)n >= sizeof(path) ? VG_ERR_LIMIT
	    : depth >= INCLUDE_DEPTH	        ? VG_ERR_LIMIT
	    : table			        ? load_table(l, path, depth + 1)
					        : load_file(l, path, depth + 1);
	if (rc != 0 && rc != VG_ERR_CONFIG && l->parser != NULL)
		conf_complain(l->parser, line->word[1].column, "%s: %s", path,
		    rc == VG_ERR_SYSTEM      ? strerror(errno)
		    : depth >= INCLUDE_DEPTH ? "includes nested too deeply (8 at most)"
					     : vg_strerror(rc));
	return rc != 0 ? rc : 1;
}

static int load_line(struct loader *l, const char *file, const char *text, size_t len, unsigned depth)
{
	struct conf_line line;
	const char *why;
	unsigned column, at;
	const char *saved;
	int rc = 0;

	if (conf_lex(&line, text, len, &column, &why) == 0 && line.n > 0) {
		if (l->table && strcmp(line.word[0].text, "product") != 0) {
			if (l->parser == NULL)
				return VG_ERR_CONFIG;
			l->parser->line++;
			conf_complain(l->parser, line.word[0].column, "only product lines may stand in a file of products");
			return 0;
		}
		if (l->parser != NULL) {
			saved = l->parser->file;
			at = l->parser->line++;
			rc = load_include(l, file, &line, depth);
			l->parser->file = saved;
			l->parser->line = rc == 0 ? at : at + 1;
		} else {
			rc = load_include(l, file, &line, depth);
		}
	}
	if (rc != 0)
		return rc == VG_ERR_MEMORY || l->parser == NULL ? (rc < 0 ? rc : 0) : 0;
	if (l->parser != NULL) {
		conf_parser_line(l->parser, text, len);
		return 0;
	}
	rc = buf_add(l->flat, text, len);
	return rc == 0 ? buf_adds(l->flat, "\n") : rc;
}

static int each_line(struct loader *l, const char *file, const char *text, size_t len, unsigned depth)
{
	int rc = 0;

	while (rc == 0 && len > 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - text) : len;

		rc = load_line(l, file, text, n, depth);
		n += nl != NULL;
		text += n;
		len -= n;
	}
	return rc;
}

static int load_file(struct loader *l, const char *file, unsigned depth)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX);
	rc = read_file(file, &text);
	if (rc == 0) {
		if (l->parser != NULL) {
			l->parser->file = file;
			l->parser->line = 0;
		}
		rc = each_line(l, file, (const char *)text.data, text.len, depth);
	}
	buf_free(&text);
	return rc;
}

int conf_load(const char *file, struct conf **out, conf_error_cb *cb, void *arg)
{
	struct conf_parser p;
	struct loader l = { .parser = &p };
	int rc = conf_parser_init(&p, cb, arg), end;

	if (rc != 0)
		return rc;
	rc = load_file(&l, file, 0);
	if (rc != 0) {
		p.file = file;
		p.line = 0;
		conf_complain(&p, 0, "%s", rc == VG_ERR_SYSTEM ? strerror(errno) : vg_strerror(rc));
	}
	end = conf_parser_end(&p, out);
	return rc != 0 ? rc : end;
}

int conf_parse(const char *name, const char *text, size_t len, struct conf **out, conf_error_cb *cb, void *arg)
{
	struct conf_parser p;
	int rc = conf_parser_init(&p, cb, arg);

	if (rc != 0)
		return rc;
	p.file = name;
	while (len > 0) {
		const char *nl = memchr(text, '\n', len);
		size_t n = nl != NULL ? (size_t)(nl - text) : len;

		conf_parser_line(&p, text, n);
		n += nl != NULL;
		text += n;
		len -= n;
	}
	return conf_parser_end(&p, out);
}

int conf_flatten(const char *file, struct buf *out)
{
	struct loader l = { .flat = out };

	return load_file(&l, file, 0);
}

static void free_listens(struct conf *c)
{
	for (size_t i = 0; i < c->n_listens; i++) {
		free(c->listens[i].name);
		free(c->listens[i].unix_path);
		free(c->listens[i].group);
		free(c->listens[i].proxy_from);
	}
	free(c->listens);
}

void conf_free(struct conf **cp)
{
	struct conf *c = *cp;

	if (c == NULL)
		return;
	free(c->hostname);
	free(c->state);
	free(c->user);
	for (size_t i = 0; i < ROLE_COUNT; i++)
		free(c->role_user[i]);
	free(c->key_file);
	for (size_t i = 0; i < c->n_addresses; i++) {
		free(c->addresses[i].address);
		free(c->addresses[i].route);
	}
	free(c->addresses);
	free_listens(c);
	for (size_t i = 0; i < c->n_relays; i++)
		free(c->relays[i].authserv_id);
	free(c->relays);
	for (size_t i = 0; i < c->n_arc_sealers; i++)
		free(c->arc_sealers[i]);
	free(c->arc_sealers);
	for (size_t i = 0; i < c->n_products; i++) {
		free(c->products[i].id);
		free(c->products[i].text);
		free(c->products[i].more);
	}
	free(c->products);
	conf_remote_free(c);
	free(c->tls_certificate);
	free(c->tls_key);
	free(c->slas);
	free(c->upload_text);
	free(c->direct_refuse_url);
	free(c->ocr_languages);
	free(c);
	*cp = NULL;
}
