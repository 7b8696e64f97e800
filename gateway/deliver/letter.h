/*
 * letter.h - one letter (DELIVER_JOB) becomes one mail: text by template, a plain HTML form of the same, headers that keep the
 * thread together and the loops apart (RFC 3834). Composed with GMime, in 7 bits; files go through it in blocks, twice: for the
 * signatures, and to the smarthost.
 */
#ifndef VG_LETTER_H
#define VG_LETTER_H

#include "addr.h"
#include "dkim_sign.h"
#include "ipc_messages.h"
#include "letter_texts.h"
#include "seal.h"
#include "token.h"

#define LETTER_SIGNERS_MAX 4u
#define LETTER_MAX (4u * 1024u * 1024u)

struct letter_sender {
	const char *hostname;
	const char *case_address;    /* addr-spec */
	const char *bounce_address;
	const char *support;         /* display name */
	const struct token_keys *keys;
	const struct dkim_signer *signers[LETTER_SIGNERS_MAX];
	size_t n_signers;
	const struct letter_texts *texts; /* the operator's; NULL: none */
};

struct letter_mail {
	char reverse_path[ADDR_MAX + 1];
	char recipient[ADDR_MAX + 1];
	char message_id[TOKEN_MESSAGE_ID_MAX + 1]; /* without <> */
	struct buf bytes;                          /* owned; CRLF, signed: all of it, or with files the signatures only */
	uint64_t size;                             /* of all */
	bool streams;                              /* it has files */
	struct _GMimeMessage *message;
	struct seal_reader *files;
};

/* Takes the next bytes of a mail; anything but VG_OK ends it. */
typedef int letter_sink(void *arg, const void *data, size_t n);

/* GMime's start, while files can be opened. */
void letter_warm(void);
/* fd: the job's files, sealed; -1: without, whatever the job says; it must stay open until letter_free(). number: of the outgoing mail.
 * now: Unix seconds. VG_ERR_SYNTAX with *why (static): it can never be sent. letter_free() also after an error. */
int letter_make(struct letter_mail *out, const struct letter_sender *from, const struct deliver_job *job, int fd, uint64_t number,
    int64_t now, const char **why);
/* Gives the whole mail to sink, as often as it is called. VG_ERR_CRYPTO, VG_ERR_SYSTEM: a file cannot be read; or sink's word. */
int letter_write(const struct letter_mail *m, letter_sink *sink, void *arg);
/* Inside of letter_make(): signs out->message, and unless it streams writes it to out->bytes. */
int letter_sign(struct letter_mail *out, const struct letter_sender *from, int64_t now);
void letter_free(struct letter_mail *m);
/* The values that templates may name (NULL at the end). */
extern const char *const letter_values[];

#endif
