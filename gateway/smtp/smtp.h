/*
 * smtp.h - the process `smtp`: its links, listeners and sessions. Private to gateway/smtp.
 */
#ifndef VG_SMTP_H
#define VG_SMTP_H

#include "role.h"
#include "smtp_peers.h"
#include "tls.h"

struct smtp_session;

struct smtp_listener {
	struct smtp_listener *next;
	struct smtp *smtp;
	struct ev_io *io;
	int fd;
	uint32_t index;              /* in conf->listens, for SUBMIT */
	char *name;
	bool lmtp, after_queue, auth;
	enum conf_tls tls;
	struct conf_net *proxy_from; /* own copy: listeners outlive a configuration */
	size_t n_proxy_from;
};

struct smtp {
	struct role_ctx *ctx;
	struct ipc *gate, *queue;       /* NULL while that process is away */
	struct tls_ctx *tls;            /* NULL: no certificate */
	struct buf cert, key;           /* halves of a new certificate */
	struct smtp_listener *listeners;
	struct smtp_peers *peers;
	struct smtp_session **slots;    /* by slot; NULL where free */
	uint32_t *free_slots;           /* stack of free ones */
	uint32_t n_slots, n_free;
	uint32_t n_open;
	uint64_t next_ask;
	struct ev_timer accept_timer;   /* accepting pauses: no descriptors */
	struct ev_timer choke_timer;    /* reading pauses: the gate is behind */
	struct ev_timer stop_timer;
	bool choke_set, stopping;
};

/* ---- smtp_main.c ---- */

/* A fresh correlation number for a question of this session; only its answer will find the session. */
uint64_t smtp_ask_id(struct smtp *smtp, struct smtp_session *s);
/* True when the gate is so far behind that no more content may be read; sessions are woken later. */
bool smtp_choked(struct smtp *smtp);
/* A session's slot. VG_ERR_MEMORY. */
int smtp_slot_take(struct smtp *smtp, struct smtp_session *s);
/* Frees it; ends the process when it was the last session of a stopping one. */
void smtp_slot_drop(struct smtp *smtp, struct smtp_session *s);

/* ---- smtp_listen.c ---- */

/* Serves a bound and listening socket, which it takes over. */
void smtp_listen_add(struct smtp *smtp, uint32_t index, int fd);
void smtp_listen_close(struct smtp *smtp);

#endif
