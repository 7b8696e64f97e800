/*
 * ctl_http.c - the tool's requests. The answer is the daemon's, bounded all the same.
 */
#include "ctl_http.h"

#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "err.h"

struct transfer {
	CURL *curl;
	struct buf *out;
	FILE *to_file;
	bool failed;
};

static size_t receive(char *data, size_t size, size_t n, void *arg)
{
	struct transfer *t = arg;
	long status = 0;

	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (t->to_file != NULL && status < 400) {
		t->failed = fwrite(data, size, n, t->to_file) != n;
		return t->failed ? 0 : n * size;
	}
	return buf_add(t->out, data, n * size) == 0 ? n * size : 0;
}

static size_t send_file(char *data, size_t size, size_t n, void *arg)
{
	return fread(data, size, n, arg) * size;
}

/* One line, rewritten in place: bytes sent, then that the daemon is at work. */
static int progress(void *arg, curl_off_t dl_total, curl_off_t dl, curl_off_t total, curl_off_t sent)
{
	static const char bar[] = "########################################";
	int width = total > 0 ? (int)(sent * 40 / total) : 0;

	(void)arg;
	(void)dl_total;
	(void)dl;
	if (total > 0)
		fprintf(stderr, "\r[%-40.*s] %3d%%%s", width, bar, (int)(sent * 100 / total),
		    sent == total ? " sent, being checked and stored " : "");
	return 0;
}

static struct curl_slist *headers_for(const struct ctl_body *body)
{
	char line[200];
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");

	if (body != NULL && body->content_type != NULL) {
		snprintf(line, sizeof(line), "Content-Type: %s", body->content_type);
		list = curl_slist_append(list, line);
	}
	return list;
}

static void set_body(CURL *c, const struct ctl_body *body)
{
	if (body == NULL)
		return;
	if (body->file != NULL) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, send_file);
		curl_easy_setopt(c, CURLOPT_READDATA, body->file);
		if (fseeko(body->file, 0, SEEK_END) == 0) { /* a pipe has no size: chunked then */
			curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)ftello(body->file));
			rewind(body->file);
		}
		if (body->progress && isatty(2)) {
			curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
			curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, progress);
		}
	} else {
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, body->text);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len);
	}
}

long ctl_http(const char *socket, const char *method, const char *path, const struct ctl_body *body, struct buf *out,
    FILE *to_file, const char **why)
{
	CURL *c = curl_easy_init();
	struct transfer t = { .curl = c, .out = out, .to_file = to_file };
	struct curl_slist *headers = headers_for(body);
	struct buf url;
	CURLcode rc = CURLE_OUT_OF_MEMORY;
	long status = 0;

	buf_init(&url, 65536);
	if (c != NULL && buf_addf(&url, "http://localhost%s", path) == 0) {
		curl_easy_setopt(c, CURLOPT_URL, buf_str(&url));
		curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket);
		curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
		set_body(c, body);
		curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, method);
		curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, receive);
		curl_easy_setopt(c, CURLOPT_WRITEDATA, &t);
		rc = curl_easy_perform(c);
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	}
	if (body != NULL && body->progress && isatty(2))
		fputc('\n', stderr);
	*why = curl_easy_strerror(rc);
	curl_slist_free_all(headers);
	curl_easy_cleanup(c);
	buf_free(&url);
	return rc == CURLE_OK ? status : 0;
}

int ctl_escape(struct buf *out, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";
	int rc = 0;

	for (; rc == 0 && *s != '\0'; s++)
		rc = strchr(plain, *s) != NULL ? buf_add(out, s, 1) : buf_addf(out, "%%%02X", (unsigned char)*s);
	return rc;
}
