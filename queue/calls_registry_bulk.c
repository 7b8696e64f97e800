/*
 * calls_registry_bulk.c - import and export of the whole registry. Queue process, registry thread; the content of an import comes from
 * an operator and may be anything.
 */
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls_registry.h"
#include "err.h"
#include "log.h"

/* -1: no such format. */
static int
format_of(const char *word)
{
	static const struct {
		const char *word;
		enum reg_format format;
	} formats[] = { { "", REG_ANY }, { "csv", REG_CSV }, { "json", REG_JSON }, { "jsonl", REG_JSON_LINES } };

	for (size_t i = 0; word != NULL && i < sizeof(formats) / sizeof(formats[0]); i++)
		if (strcmp(formats[i].word, word) == 0)
			return (int)formats[i].format;
	return -1;
}

static bool
is_true(const char *s)
{
	return s != NULL && (strcmp(s, "true") == 0 || strcmp(s, "1") == 0);
}

/* ---- import ---- */

struct incoming {
	struct reg_source source;
	enum reg_format format;
	bool dry_run;
};

static int
read_body(json_t *body, struct incoming *in, struct reg_fault *fault)
{
	json_t *value;
	const char *key, *text = json_string_value(json_object_get(body, "text"));

	json_object_foreach(body, key, value)
		if (strcmp(key, "format") != 0 && strcmp(key, "text") != 0)
			return reg_fault_set(fault, VG_ERR_SYNTAX, key, "%.64s is nothing of an import; there are format and text", key);
	if (text != NULL) {
		in->source.text = text;
		in->source.size = json_string_length(json_object_get(body, "text"));
	}
	return VG_OK;
}

static int
read_args(struct call_env *env, json_t *args, struct incoming *in, struct reg_fault *fault)
{
	json_t *body = call_body(args);
	const char *format = call_query(args, "format");
	int err = json_is_object(body) ? read_body(body, in, fault) : VG_OK, f;

	if (err != VG_OK)
		return err;
	if (format == NULL)
		format = json_string_value(json_object_get(body, "format"));
	if ((f = format_of(format == NULL ? "" : format)) < 0)
		return reg_fault_set(fault, VG_ERR_SYNTAX, "format", "format is one of csv, json, jsonl");
	in->format = (enum reg_format)f;
	in->dry_run = is_true(call_query(args, "dry_run"));
	if (env->body_fd >= 0) {
		in->source.text = NULL;
		in->source.size = env->body_size;
		return seal_reader_new(env->body_fd, env->body_key, &in->source.sealed);
	}
	return in->source.text != NULL ? VG_OK : reg_fault_set(fault, VG_ERR_SYNTAX, "text", "there is nothing to import");
}

static json_t *
faults_of(const struct reg_import *done, struct call_result *res)
{
	call_problem(res, 422, "import refused", NULL, "%llu of %llu rows are wrong, so nothing was changed%s",
	    (unsigned long long)done->faults, (unsigned long long)done->rows, done->faults > REG_FAULTS_MAX ?
	    "; the first 1000 are listed" : "");
	json_object_set(res->body, "errors", done->list);
	json_object_set_new(res->body, "total", json_integer((json_int_t)done->faults));
	return res->body;
}

void
registry_import_call(struct call_env *env, json_t *args, struct call_result *res)
{
	struct reg_who who = { env->actor, env->now_ms };
	struct reg_fault fault = { .field = "" };
	struct incoming in = { .format = REG_ANY };
	struct reg_import done = { .list = NULL };
	int err = read_args(env, args, &in, &fault);

	if (err == VG_OK)
		err = reg_import(env->registry, &in.source, in.format, in.dry_run, &who, &done);
	if (err == VG_ERR_DENIED)
		faults_of(&done, res);
	else if (err != VG_OK)
		registry_refuse(res, err, &fault);
	else
		registry_answer(res, 200, json_pack("{sI sI sI sI sb}", "rows", (json_int_t)done.rows, "added", (json_int_t)done.added,
		    "updated", (json_int_t)done.updated, "unchanged", (json_int_t)done.unchanged, "dry_run", in.dry_run));
	log_info("", "registry-import", "actor=%s rows=%llu added=%llu updated=%llu faults=%llu dry_run=%d err=%d", log_q(env->actor),
	    (unsigned long long)done.rows, (unsigned long long)done.added, (unsigned long long)done.updated,
	    (unsigned long long)done.faults, in.dry_run, err);
	json_decref(done.list);
	seal_reader_free(&in.source.sealed);
}

/* ---- export ---- */

static int
to_seal(void *arg, const void *data, size_t n)
{
	return seal_write(arg, data, n);
}

/* Everything into an unnamed file of the state folder, sealed. */
static int
export_file(struct call_env *env, enum reg_format format, struct call_result *res)
{
	struct seal_writer *w;
	int err;

	res->fd = open(env->registry->dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (res->fd < 0)
		return VG_ERR_SYSTEM;
	randombytes_buf(res->key, sizeof(res->key));
	if ((w = seal_writer_new(res->fd, res->key)) == NULL)
		return VG_ERR_MEMORY;
	err = reg_export(env->registry, format, to_seal, w);
	if (err == VG_OK)
		err = seal_finish(w);
	res->size = seal_written(w);
	seal_writer_free(&w);
	return err;
}

void
registry_export_call(struct call_env *env, json_t *args, struct call_result *res)
{
	static const struct {
		const char *type, *name;
	} kinds[] = { [REG_CSV] = { "text/csv; charset=utf-8; header=present", "registry.csv" },
		[REG_JSON] = { "application/json", "registry.json" },
		[REG_JSON_LINES] = { "application/jsonl", "registry.jsonl" } };
	const char *word = call_query(args, "format");
	int format = format_of(word == NULL ? "json" : word);
	int err;

	if (format <= REG_ANY) {
		call_problem(res, 422, "invalid value", "format", "format is one of csv, json, jsonl");
		return;
	}
	if ((err = export_file(env, (enum reg_format)format, res)) != VG_OK) {
		if (res->fd >= 0)
			close(res->fd);
		res->fd = -1;
		registry_refuse(res, err, NULL);
		return;
	}
	res->status = 200;
	res->content_type = kinds[format].type;
	snprintf(res->file_name, sizeof(res->file_name), "%s", kinds[format].name);
}
