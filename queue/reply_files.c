/*
 * reply_files.c - attachments of a request become parts of a mail. The request is an agent's program's: every member is checked, and a
 * problem names it.
 */
#include "reply_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ascii.h"
#include "err.h"
#include "mime_type.h"
#include "utf8.h"

#define LETTERS 3800u              /* of base64 at a time: 50 lines */
#define BYTES (LETTERS / 4u * 3u)

/* Says "attachments[2].content: why"; false. */
__attribute__((format(printf, 4, 5))) static bool
refuse(struct call_result *res, size_t i, const char *member, const char *fmt, ...)
{
	char field[64], why[200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(field, sizeof(field), "attachments[%zu]%s%s", i, *member != '\0' ? "." : "", member);
	call_problem(res, 422, "invalid value", field, "%s: %s", field, why);
	return false;
}

/* ---- reading ---- */

/* A bare file name that mail programs of today can save. */
static bool
good_name(const char *s)
{
	size_t n = strlen(s), at = 0;

	if (n == 0 || n > 200 || strcmp(s, ".") == 0 || strcmp(s, "..") == 0 || strpbrk(s, "/\\") != NULL)
		return false;
	while (at < n) {
		uint32_t cp;
		unsigned k = utf8_next(s + at, n - at, &cp);

		if (k == 0 || cp < ' ' || cp == 0x7f || !utf8_plain(cp))
			return false;
		at += k;
	}
	return true;
}

static bool
known_members(const json_t *o, size_t i, struct call_result *res)
{
	static const char *const known[] = { "name", "type", "content", "blake2b" };
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, key, v)
	{
		bool found = false;

		for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
			found = found || strcmp(key, known[k]) == 0;
		if (!found)
			return refuse(res, i, "", "\"%.40s\" is no member of it", key);
		if (!json_is_string(v))
			return refuse(res, i, key, "a string is wanted");
	}
	return true;
}

/* Name and type as the parser gave them. */
static int
stored_facts(struct reply_file *f, struct store *s)
{
	struct buf json;
	json_t *object = NULL, *one;
	size_t i;
	int err;

	buf_init(&json, IPC_HUGE + (1u << 20));
	if ((err = store_object(s, f->blob.message, &json)) == VG_OK)
		object = json_loadb((const char *)json.data, json.len, 0, NULL);
	json_array_foreach(json_object_get(object, "attachments"), i, one)
	{
		const char *id = json_string_value(json_object_get(one, "id")), *name = json_string_value(json_object_get(one, "name"));
		const char *type = json_string_value(json_object_get(one, "content_type"));

		if (id == NULL || strcmp(id, f->blob.part) != 0)
			continue;
		if (f->name[0] == '\0' && name != NULL)
			snprintf(f->name, sizeof(f->name), "%.*s", (int)utf8_cut(name, strlen(name), 200), name);
		if (f->type[0] == '\0' && type != NULL && mime_type_fits(type))
			snprintf(f->type, sizeof(f->type), "%s", type);
	}
	json_decref(object);
	buf_free(&json);
	return err;
}

static bool
read_blob(struct reply_file *f, const char *hex, size_t i, struct store *s, uint64_t ticket, struct call_result *res)
{
	unsigned char hash[32];
	size_t n = 0;
	int err;

	if (sodium_hex2bin(hash, sizeof(hash), hex, strlen(hex), NULL, &n, NULL) != 0 || n != sizeof(hash))
		return refuse(res, i, "blake2b", "64 hexadecimal digits are wanted");
	err = store_attachment_in_ticket(s, hash, ticket, &f->blob.message, f->blob.part);
	if (err == VG_ERR_NOTFOUND)
		return refuse(res, i, "blake2b", "no attachment of this ticket");
	if (err == VG_OK)
		err = stored_facts(f, s);
	if (err != VG_OK) {
		call_problem(res, 503, "store not available", NULL, "%s", vg_strerror(err));
		return false;
	}
	f->wanted = true;
	return true;
}

static bool
read_one(struct reply_file *f, const json_t *o, size_t i, struct store *s, uint64_t ticket, struct call_result *res)
{
	const char *name = json_string_value(json_object_get(o, "name")), *type = json_string_value(json_object_get(o, "type"));
	const char *hex = json_string_value(json_object_get(o, "blake2b"));

	f->blob.fd = -1;
	if (!json_is_object(o))
		return refuse(res, i, "", "an object is wanted");
	if (!known_members(o, i, res))
		return false;
	f->content = json_string_value(json_object_get(o, "content"));
	if ((f->content == NULL) == (hex == NULL))
		return refuse(res, i, "", "one of content and blake2b is wanted");
	if (name != NULL ? !good_name(name) : f->content != NULL)
		return refuse(res, i, "name", "a file name of 1 to 200 bytes without path is wanted");
	if (type != NULL && !mime_type_fits(type))
		return refuse(res, i, "type", "type/subtype is wanted, and neither multipart nor message");
	snprintf(f->name, sizeof(f->name), "%s", name != NULL ? name : "");
	snprintf(f->type, sizeof(f->type), "%s", type != NULL ? type : "");
	return hex == NULL || read_blob(f, hex, i, s, ticket, res);
}

bool
reply_files_read(struct reply_files *files, const json_t *list, struct store *s, uint64_t ticket, struct call_result *res)
{
	size_t n = json_array_size(list);

	memset(files, 0, sizeof(*files));
	if ((list != NULL && !json_is_array(list)) || n > REPLY_FILES_MAX) {
		call_problem(res, 422, "invalid value", "attachments", "attachments: a list of at most %u is wanted", REPLY_FILES_MAX);
		return false;
	}
	if (n > 0 && (files->list = calloc(n, sizeof(*files->list))) == NULL) {
		call_problem(res, 503, "too busy", NULL, "out of memory");
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		files->n = i + 1;
		if (!read_one(&files->list[i], json_array_get(list, i), i, s, ticket, res))
			return false;
	}
	return true;
}

struct reply_file *
reply_files_missing(struct reply_files *files)
{
	for (size_t i = 0; i < files->n; i++)
		if (files->list[i].wanted && files->list[i].blob.fd < 0)
			return &files->list[i];
	return NULL;
}

void
reply_files_free(struct reply_files *files)
{
	for (size_t i = 0; i < files->n; i++) {
		if (files->list[i].wanted && files->list[i].blob.fd >= 0)
			close(files->list[i].blob.fd);
		sodium_memzero(files->list[i].blob.key, SEAL_KEY);
	}
	free(files->list);
	memset(files, 0, sizeof(*files));
}

/* ---- writing ---- */

/* RFC 2231: whatever the name is. */
static int
write_head(struct reply_mail *m, const char *boundary, const struct reply_file *f)
{
	struct buf head;
	int err;

	buf_init(&head, 4096);
	err = buf_addf(&head, "\r\n--%s\r\nContent-Type: %s\r\nContent-Transfer-Encoding: base64\r\n"
	    "Content-Disposition: attachment;\r\n filename*=UTF-8''", boundary, f->type[0] != '\0' ? f->type : "application/octet-stream");
	for (const char *s = f->name[0] != '\0' ? f->name : "file"; *s != '\0' && err == VG_OK; s++)
		err = buf_addf(&head, ascii_alnum(*s) || strchr("-._", *s) != NULL ? "%c" : "%%%02X", (unsigned char)*s);
	if (err == VG_OK && (err = buf_adds(&head, "\r\n\r\n")) == VG_OK)
		err = reply_mail_add(m, head.data, head.len);
	buf_free(&head);
	return err;
}

/* The next letters of base64, white space left out: how many, at most LETTERS. */
static size_t
gather(char out[LETTERS], const char **s)
{
	size_t n = 0;

	for (; **s != '\0' && n < LETTERS; (*s)++)
		if (strchr(" \t\r\n", **s) == NULL)
			out[n++] = **s;
	*s += strspn(*s, " \t\r\n");
	return n;
}

/* VG_ERR_SYNTAX: no base64. */
static int
write_content(struct reply_mail *m, const char *s, uint64_t *left)
{
	unsigned char bytes[BYTES];
	char letters[LETTERS];
	size_t n, len;
	int err = VG_OK;

	while (err == VG_OK && (n = gather(letters, &s)) > 0) {
		/* padding stands at the end, and nowhere else */
		if (sodium_base642bin(bytes, sizeof(bytes), letters, n, NULL, &len, NULL, sodium_base64_VARIANT_ORIGINAL) != 0 ||
		    (*s != '\0' && len != BYTES))
			return VG_ERR_SYNTAX;
		if (len > *left)
			return VG_ERR_LIMIT;
		*left -= len;
		err = reply_mail_base64(m, bytes, len);
	}
	return err;
}

static int
write_blob(struct reply_mail *m, struct reply_file *f, uint64_t *left)
{
	unsigned char bytes[BYTES];
	struct seal_reader *r = NULL;
	uint64_t at = 0;
	long n = 0;
	int err = seal_reader_new(f->blob.fd, f->blob.key, &r);

	if (err == VG_OK && seal_size(r) > *left)
		err = VG_ERR_LIMIT;
	while (err == VG_OK && (n = seal_read(r, at, bytes, sizeof(bytes))) > 0) {
		err = reply_mail_base64(m, bytes, (size_t)n);
		at += (uint64_t)n;
		*left -= (uint64_t)n;
	}
	seal_reader_free(&r);
	return err == VG_OK && n < 0 ? (int)n : err;
}

bool
reply_files_write(struct reply_files *files, struct reply_mail *m, const char *boundary, uint64_t max, int *err, struct call_result *res)
{
	uint64_t left = max;

	*err = VG_OK;
	for (size_t i = 0; i < files->n; i++) {
		struct reply_file *f = &files->list[i];

		if ((*err = write_head(m, boundary, f)) == VG_OK)
			*err = f->content != NULL ? write_content(m, f->content, &left) : write_blob(m, f, &left);
		if (*err == VG_ERR_SYNTAX)
			return refuse(res, i, "content", "not base64");
		if (*err == VG_ERR_LIMIT) {
			call_problem(res, 422, "too large", "attachments", "attachments: more than %llu bytes together, from attachments[%zu] on",
			    (unsigned long long)max, i);
			return false;
		}
		if (*err != VG_OK)
			return false;
	}
	return true;
}
