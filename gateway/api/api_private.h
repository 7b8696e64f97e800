/*
 * api_private.h - the api role's own objects, shared by its files only.
 */
#ifndef VG_API_PRIVATE_H
#define VG_API_PRIVATE_H

#include <microhttpd.h>

#include "api_route.h"
#include "role.h"
#include "seal.h"

#define API_BODY_MAX (1024u * 1024u)           /* JSON bodies */
#define API_UPLOAD_MAX (1024ull * 1024u * 1024u) /* registry imports */
#define API_LISTENERS 64
#define API_PAGES 80                            /* counter pages */
#define API_TOKENS 64

/* A bearer token that the queue confirmed, remembered for a short while. */
struct api_token {
	unsigned char hash[32];
	char name[65];
	unsigned scopes;
	int64_t expires; /* loop milliseconds; 0: free */
};

struct api_listener {
	struct api *api;
	struct MHD_Daemon *daemon;
	struct ev_io *io;
	bool local; /* unix socket: file permissions decide */
	int fd;
	uint32_t index;
};

struct api {
	struct role_ctx *ctx;
	struct ipc *queue, *gate;
	struct api_listener listeners[API_LISTENERS];
	size_t n_listeners;
	struct ev_timer tick;
	struct ev_timer end; /* of its own: what runs meanwhile sets tick again */
	struct ev_defer run;
	struct api_request *requests; /* all open ones */
	uint64_t next_id;
	struct api_token tokens[API_TOKENS];
	struct metrics *pages[API_PAGES];
	enum role page_role[API_PAGES];
	uint32_t page_index[API_PAGES];
	unsigned n_pages;
	char *tls_cert, *tls_key;
};

enum api_wait { WAIT_NOTHING, WAIT_TOKEN, WAIT_CALL, WAIT_VERDICT, WAIT_FILE };

struct api_request {
	struct api_request *next, *prev;
	struct api_listener *listener;
	struct MHD_Connection *conn;
	uint64_t id;            /* of the frame that waits */
	enum api_wait wait;
	bool suspended, authorised, ended;
	const struct api_route *route;
	json_t *params;
	char actor[72];
	struct buf body;        /* JSON, or content while it is small */
	struct spool *spool;    /* a mail */
	bool cr;                /* inject: the last byte was CR */
	/* large content (registry import, files): */
	struct seal_writer *upload;
	int upload_fd;
	uint64_t upload_number, upload_size;
	unsigned char upload_key[SEAL_KEY];
	/* the answer: */
	unsigned status;
	char content_type[128], file_name[256], allow[64];
	struct buf answer;
	int answer_fd;
	unsigned char answer_key[SEAL_KEY];
	uint64_t answer_size;
	unsigned char token_hash[32];
	int64_t started;
};

/* api_request.c */
enum MHD_Result api_handle(void *arg, struct MHD_Connection *conn, const char *url, const char *method,
    const char *version, const char *data, size_t *size, void **slot);
void api_completed(void *arg, struct MHD_Connection *conn, void **slot, enum MHD_RequestTerminationCode code);
/* Goes on with a suspended request, its answer or state set. */
void api_resume(struct api_request *r);
struct api_request *api_find(struct api *api, uint64_t id, enum api_wait wait);

/* api_answer.c: sets the answer of a request */
void api_problem(struct api_request *r, unsigned status, const char *title, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
void api_answer_text(struct api_request *r, unsigned status, const char *content_type, const char *text, size_t n);
enum MHD_Result api_send(struct api_request *r);

/* api_call.c: the queue's side; where the call cannot be made the answer is set */
void api_call_send(struct api_request *r);
void api_token_ask(struct api_request *r, const char *token);
void api_on_queue(struct ipc *ipc, struct ipc_msg *msg, void *arg);

/* api_upload.c: bodies; false: the answer is set already */
bool api_body_feed(struct api_request *r, const char *data, size_t n);
bool api_wants_file(const struct api_request *r);
void api_file_given(struct api_request *r, const struct spool_give *give, int fd);
/* api_inject.c */
void api_inject_send(struct api_request *r);
void api_on_gate(struct ipc *ipc, struct ipc_msg *msg, void *arg);

#endif
