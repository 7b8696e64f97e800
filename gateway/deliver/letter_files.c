/*
 * letter_files.c - attachments of a letter. Runs in the role `deliver`. Names are the senders'; what the parser said of the files is
 * checked against what is there.
 */
#include <stdio.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "letter_files.h"
#include "letter_stream.h"
#include "letter_text.h"
#include "mime_type.h"
#include "secrets.h"

/* ---- which are there ---- */

/* The entry of the parser's list for an id, and where its bytes begin; NULL: it did not come along. */
static json_t *find_file(json_t *files, const char *id, uint64_t size, uint64_t *offset)
{
	json_t *one;
	size_t i;

	*offset = 0;
	json_array_foreach(files, i, one) {
		json_int_t n = json_integer_value(json_object_get(one, "size"));

		if (n < 0 || (uint64_t)n > size - *offset)
			return NULL;
		if (strcmp(letter_string(json_object_get(one, "id")), id) == 0)
			return one;
		*offset += (uint64_t)n;
	}
	return NULL;
}

/* A file name is text that leaves, too. */
static json_t *safe_name(json_t *a)
{
	const char *name = letter_string(json_object_get(a, "name"));
	struct buf b;
	json_t *out;

	buf_init(&b, 4096);
	out = secrets_mask(&b, name, strlen(name), NULL) == VG_OK ? json_string(buf_str(&b)) : NULL;
	buf_free(&b);
	return out != NULL ? out : json_string("file");
}

static json_t *shown(json_t *a)
{
	return json_pack("{s:o, s:O, s:b}", "name", safe_name(a), "size", json_object_get(a, "size"), "large",
	    json_is_true(json_object_get(a, "large")));
}

/* One attachment of the letter into the list it belongs to. */
static int sort_one(json_t *letter, json_t *a, json_t *files, uint64_t size)
{
	const char *id = letter_string(json_object_get(a, "id")), *state;
	uint64_t offset = 0;
	json_t *f = id[0] != '\0' ? find_file(files, id, size, &offset) : NULL;
	json_t *out;

	state = letter_string(json_object_get(f, "state"));
	if (strcmp(state, "inner") == 0)
		return VG_OK; /* stands in a message that is here itself */
	if (strcmp(state, "whole") != 0 && strcmp(state, "masked") != 0)
		return json_array_append_new(json_object_get(letter, "kept"), shown(a)) == 0 ? VG_OK : VG_ERR_MEMORY;
	out = shown(a);
	json_object_set(out, "size", json_object_get(f, "size"));
	json_object_set(out, "type", json_object_get(a, "type"));
	json_object_set_new(out, "offset", json_integer((json_int_t)offset));
	json_object_set_new(out, "clean", json_boolean(state[0] == 'm'));
	if (state[0] == 'm')
		json_array_append(json_object_get(letter, "masked"), out);
	return json_array_append_new(json_object_get(letter, "attached"), out) == 0 ? VG_OK : VG_ERR_MEMORY;
}

int letter_files_sort(json_t *letter, const struct deliver_job *job, struct seal_reader *r)
{
	static const char *const lists[] = {"attached", "masked", "kept"};
	json_t *files = r != NULL ? json_loadb((const char *)job->files.data, job->files.len, 0, NULL) : NULL, *a;
	uint64_t size = r != NULL ? seal_size(r) : 0;
	int rc = VG_OK;
	size_t i;

	for (i = 0; i < ASCII_COUNT(lists); i++)
		json_object_set_new(letter, lists[i], json_array());
	json_array_foreach(json_object_get(letter, "attachments"), i, a)
		if (rc == VG_OK)
			rc = sort_one(letter, a, files, size);
	json_decref(files);
	return rc;
}

/* ---- parts ---- */

/* RFC 2231, and UTF-8 before GMime looks for another character set: converters are files. */
static void set_utf8(GMimeParamList *list, const char *name, const char *value)
{
	GMimeParam *p;

	g_mime_param_list_set_parameter(list, name, value);
	if ((p = g_mime_param_list_get_parameter(list, name)) == NULL)
		return;
	g_mime_param_set_charset(p, "utf-8");
	g_mime_param_set_encoding_method(p, GMIME_PARAM_ENCODING_METHOD_RFC2231);
}

static void set_headers(GMimePart *part, json_t *f)
{
	GMimeContentDisposition *d = g_mime_content_disposition_new();
	GMimeContentType *t;
	const char *declared = letter_string(json_object_get(f, "type"));
	char type[MIME_TYPE_MAX + 1], *slash, name[LETTER_LINE_MAX + 1];

	letter_line(name, letter_string(json_object_get(f, "name")));
	snprintf(type, sizeof type, "%s", mime_type_fits(declared) ? declared : "application/octet-stream");
	if (json_is_true(json_object_get(f, "clean")) && !ascii_starts(type, strlen(type), "text/"))
		memcpy(type, "text/plain", sizeof "text/plain");
	slash = strchr(type, '/');
	*slash = '\0';
	t = g_mime_content_type_new(type, slash + 1);
	if (json_is_true(json_object_get(f, "clean")))
		g_mime_content_type_set_parameter(t, "charset", "utf-8");
	set_utf8(g_mime_content_type_get_parameters(t), "name", name);
	g_mime_content_disposition_set_disposition(d, "attachment");
	set_utf8(g_mime_content_disposition_get_parameters(d), "filename", name);
	g_mime_object_set_content_type(GMIME_OBJECT(part), t);
	g_mime_object_set_content_disposition(GMIME_OBJECT(part), d);
	g_object_unref(t);
	g_object_unref(d);
}

void letter_files_add(GMimeMultipart *mixed, json_t *letter, struct seal_reader *r)
{
	json_t *f;
	size_t i;

	json_array_foreach(json_object_get(letter, "attached"), i, f) {
		GMimePart *part = g_mime_part_new();
		GMimeStream *stream = letter_stream_file(r, (uint64_t)json_integer_value(json_object_get(f, "offset")),
		    (uint64_t)json_integer_value(json_object_get(f, "size")));
		GMimeDataWrapper *content = g_mime_data_wrapper_new_with_stream(stream, GMIME_CONTENT_ENCODING_DEFAULT);

		set_headers(part, f);
		g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
		g_mime_part_set_content(part, content);
		g_mime_multipart_add(mixed, GMIME_OBJECT(part));
		g_object_unref(content);
		g_object_unref(stream);
		g_object_unref(part);
	}
}
