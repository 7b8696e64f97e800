/*
 * metrics.h - counters and histograms of one process in a shared page that only it writes and the
 * api reads; the supervisor keeps the page over restarts. Names become vcspgate_NAME.
 */
#ifndef VG_METRICS_H
#define VG_METRICS_H

#include <stdint.h>

struct buf;
struct metrics;

/*        id                      name                                        help */
#define METRIC_COUNTERS(X) \
	X(SMTP_SESSIONS,          "smtp_sessions_total",                      "Sessions accepted") \
	X(SMTP_REFUSED_BUSY,      "smtp_sessions_refused_total",              "Sessions refused by a limit") \
	X(SMTP_BARE_NEWLINE,      "smtp_bare_newline_total",                  "Messages and commands refused for a bare CR or LF") \
	X(SMTP_TLS_FAILED,        "smtp_tls_failed_total",                    "TLS handshakes that failed") \
	X(SMTP_TIMEOUT,           "smtp_timeout_total",                       "Sessions closed by a time-out") \
	X(SMTP_RELAY_DENIED,      "smtp_relay_denied_total",                  "Recipients refused: not ours") \
	X(SMTP_BYTES,             "smtp_message_bytes_total",                 "Message bytes received") \
	X(GATE_ACCEPTED,          "gate_accepted_total",                      "Mails accepted for a ticket") \
	X(GATE_HELD,              "gate_held_total",                          "Mails held") \
	X(GATE_REJECTED,          "gate_rejected_total",                      "Mails refused in the dialogue") \
	X(GATE_REFUSED_AFTER,     "gate_refused_after_queue_total",           "Refused mails answered 250 on after-queue channels") \
	X(GATE_TEMPFAILED,        "gate_tempfailed_total",                    "Mails answered 4xx") \
	X(GATE_DUPLICATE,         "gate_duplicate_total",                     "Mails seen before") \
	X(QUEUE_COMMITS,          "queue_commits_total",                      "Durable transactions") \
	X(QUEUE_COMMIT_OPS,       "queue_commit_operations_total",            "Operations in durable transactions") \
	X(QUEUE_ERRORS,           "queue_errors_total",                       "Transactions that failed") \
	X(QUEUE_APPLIED,          "queue_applied_total",                      "Messages parsed and applied to a ticket") \
	X(QUEUE_EVENTS,           "queue_events_total",                       "Events written") \
	X(QUEUE_CLAIMED,          "queue_claimed_total",                      "Events leased") \
	X(QUEUE_ACKED,            "queue_acked_total",                        "Events acknowledged") \
	X(QUEUE_DEAD,             "queue_dead_total",                         "Events moved to the dead letters") \
	X(IMAP_FETCHED,           "imap_fetched_total",                       "Mails fetched from mailboxes and judged") \
	X(IMAP_MOVED,             "imap_moved_total",                         "Mails filed in a folder of their mailbox") \
	X(IMAP_FAILED,            "imap_failed_total",                        "Mails of mailboxes given up") \
	X(IMAP_ERRORS,            "imap_errors_total",                        "Connections to mailboxes that failed or broke") \
	X(PARSER_JOBS,            "parser_jobs_total",                        "Messages parsed") \
	X(PARSER_FAILED,          "parser_failed_total",                      "Parse jobs that failed or killed their worker") \
	X(OCR_JOBS,               "ocr_jobs_total",                           "Attachments whose pictures were read") \
	X(OCR_FAILED,             "ocr_failed_total",                         "Pictures whose reading failed or killed its worker") \
	X(API_REQUESTS,           "api_requests_total",                       "HTTP requests") \
	X(API_ERRORS,             "api_errors_total",                         "HTTP answers of 400 and above")

#define METRIC_GAUGES(X) \
	X(SMTP_OPEN,              "smtp_sessions_open",                       "Sessions now") \
	X(SMTP_BUFFERED,          "smtp_buffered_bytes",                      "Message bytes in memory now") \
	X(IMAP_SUCCESS_AGE,       "imap_success_age_milliseconds",            "Since the last whole look at the mailbox that has waited longest") \
	X(QUEUE_UNPARSED,         "queue_unparsed_messages",                  "Accepted messages not yet applied") \
	X(QUEUE_DEPTH,            "queue_depth_events",                       "Events not yet acknowledged") \
	X(QUEUE_OLDEST_MS,        "queue_oldest_event_milliseconds",          "Age of the oldest event not yet acknowledged") \
	X(QUEUE_HELD,             "queue_held_messages",                      "Held messages waiting for an operator")

#define METRIC_HISTOGRAMS(X) \
	X(SMTP_DATA,              "smtp_data_seconds",                        "End of data to reply") \
	X(GATE_DECIDE,            "gate_decide_seconds",                      "Submission to verdict") \
	X(QUEUE_COMMIT,           "queue_commit_seconds",                     "Durable transaction") \
	X(PARSER_PARSE,           "parser_parse_seconds",                     "One parse job") \
	X(OCR_READ,               "ocr_read_seconds",                         "One attachment's pictures read") \
	X(QUEUE_READY,            "queue_ready_seconds",                      "Receipt to claimable event") \
	X(API_REQUEST,            "api_request_seconds",                      "HTTP request, waiting claims left out")

#define METRIC_ENUM(id, name, help) MT_##id,
enum metric_counter { METRIC_COUNTERS(METRIC_ENUM) MT_COUNTER_COUNT };
enum metric_gauge { METRIC_GAUGES(METRIC_ENUM) MT_GAUGE_COUNT };
enum metric_histogram { METRIC_HISTOGRAMS(METRIC_ENUM) MT_HISTOGRAM_COUNT };
#undef METRIC_ENUM

/* A new page as a memfd (supervisor). -1 on failure. */
int metrics_create(void);
/* Maps a page, writable for its process, else read-only. Takes nothing over. NULL on failure. */
struct metrics *metrics_map(int fd, int writable);
void metrics_unmap(struct metrics **m);

/* All accept m == NULL (unit tests) and are safe from any thread of the process. */
void metrics_add(struct metrics *m, enum metric_counter id, uint64_t n);
void metrics_set(struct metrics *m, enum metric_gauge id, uint64_t value);
/* The current value; 0 for NULL. */
uint64_t metrics_get(const struct metrics *m, enum metric_gauge id);
void metrics_observe(struct metrics *m, enum metric_histogram id, double seconds);

/* Appends the sum over n pages in the Prometheus text format. MT_IMAP_SUCCESS_AGE is kept as a time (Unix milliseconds, 0 none) and
 * printed as the age of the oldest. */
int metrics_print(struct buf *out, struct metrics *const *pages, unsigned n);

#endif
