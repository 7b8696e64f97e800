/*
 * calls_store.h - inside of the calls on the store, for calls_store*.c only.
 */
#ifndef VG_CALLS_STORE_H
#define VG_CALLS_STORE_H

#include "call.h"
#include "store.h"

#define CALLS_ANSWER_MAX (12u << 20) /* text of one answer; lists end earlier and go on at the cursor */

call_fn calls_queue_ack, calls_queue_nack, calls_queue_extend, calls_queue_stats, calls_queue_dead, calls_queue_requeue;
call_fn calls_tickets_list, calls_tickets_show, calls_tickets_messages, calls_tickets_update, calls_messages_raw;
call_fn calls_tickets_remove_participant, calls_tickets_merge;
call_fn calls_messages_list, calls_messages_show;
call_fn calls_held_list, calls_held_show, calls_held_release, calls_held_reject, calls_held_delete;
call_fn calls_tickets_reply;
call_prepare_fn calls_tickets_reply_prepare;
call_prepared_free_fn calls_tickets_reply_free;
call_fn calls_outbox_list, calls_outbox_retry, calls_outbox_hold, calls_outbox_release, calls_outbox_cancel;
call_fn calls_suppressed_list, calls_suppressed_show, calls_suppressed_lift;
call_fn calls_audit_list, calls_audit_show;
call_fn calls_tokens_check, calls_tokens_add, calls_tokens_list, calls_tokens_remove, calls_health_ready;

/* `n` of the path; false: a problem was set. */
bool calls_ticket_number(json_t *args, struct call_result *res, uint64_t *number);
/* Appends a visible ticket as JSON. VG_ERR_NOTFOUND. */
int calls_put_ticket(struct call_env *env, uint64_t number, struct buf *out);
/* What a function of store.h returned becomes a problem: 404, 507, 503. */
void calls_failed(struct call_result *res, int err);
/* A number in query or path: false (and a problem) where it is none of min…max. An absent one gives otherwise. */
bool calls_number(struct call_result *res, const char *name, const char *text, int64_t otherwise, int64_t min, int64_t max,
    int64_t *out);
/* `limit` and `cursor` of a list. */
bool calls_page(json_t *args, struct call_result *res, unsigned *limit, int64_t *cursor);
/* A list of rows becomes the answer, or err a problem; next: cursor behind the last one, 0: the list ends. Takes items over. */
void calls_rows_end(struct call_result *res, json_t *items, int err, int64_t next);
/* Text of a list: items were appended to out, with commas, after calls_list(); more: it goes on at cursor. */
int calls_list(struct buf *out);
void calls_list_end(struct call_result *res, struct buf *out, bool more, int64_t cursor);
/* out becomes the answer; or a problem where err is none of VG_OK. Empties out. */
void calls_text(struct call_result *res, struct buf *out, int err);

#endif
