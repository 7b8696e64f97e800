/*
 * ipc_messages.h - every message between our processes: type, who may send it to whom, its
 * largest payload, how many descriptors it carries, and its fields. Nothing crosses a process
 * border that does not stand here. Version: the two ends are the same executable.
 */
#ifndef VG_IPC_MESSAGES_H
#define VG_IPC_MESSAGES_H

#include "wire.h"

enum role {
	ROLE_MASTER,  /* supervisor: binds, starts, restarts; reads no mail */
	ROLE_SMTP,    /* SMTP and LMTP server */
	ROLE_GATE,    /* who is it, may they */
	ROLE_PARSER,  /* hostile MIME, archives */
	ROLE_OCR,     /* text of hostile pictures */
	ROLE_QUEUE,   /* the only one that touches the store */
	ROLE_API,     /* HTTP */
	ROLE_VERIFY,  /* OpenPGP and S/MIME signatures by gpgme */
	ROLE_IMAP,    /* one per mailbox */
	ROLE_DELIVER, /* later: smarthost, webhooks */
	ROLE_COUNT
};

/* A set of roles, for the permission table. */
#define R(role) (1u << ROLE_##role)
#define R_CHILDREN (R(SMTP) | R(GATE) | R(PARSER) | R(OCR) | R(QUEUE) | R(API) | R(VERIFY) | R(IMAP) | R(DELIVER))
#define R_PARSERS (R(PARSER) | R(OCR))
#define R_CHANNELS (R(SMTP) | R(IMAP) | R(API))

/* Largest message that travels inside a frame; larger ones go by sealed descriptor (spool.h). */
#define MSG_INLINE_MAX (256u * 1024u)
/* Largest header block that the gate reads. */
#define MSG_HEAD_MAX (256u * 1024u)
#define IPC_SMALL (64u * 1024u)
#define IPC_LARGE (1024u * 1024u)
#define IPC_HUGE (16u * 1024u * 1024u)

/*      type            from        to          max        fds */
#define IPC_TABLE(X) \
	X(M_CONF,       R(MASTER),  R_CHILDREN, IPC_SMALL, 1) /* flattened configuration in a memfd */ \
	X(M_SECRET,     R(MASTER),  R_CHILDREN, IPC_LARGE, 0) \
	X(M_METRICS,    R(MASTER),  R_CHILDREN, IPC_SMALL, 1) /* a process's counter page */ \
	X(M_LISTEN,     R(MASTER),  R_CHILDREN, IPC_SMALL, 1) \
	X(M_PEER,       R(MASTER),  R_CHILDREN, IPC_SMALL, 1) \
	X(M_START,      R(MASTER),  R_CHILDREN, IPC_SMALL, 0) /* all is handed over: drop and run */ \
	X(M_STOP,       R(MASTER),  R_CHILDREN, IPC_SMALL, 0) /* finish what is acknowledged, exit 0 */ \
	X(M_UP,         R_CHILDREN, R(MASTER),  IPC_SMALL, 0) /* dropped, filtered, serving */ \
	X(M_DIAL,       R(GATE),    R(MASTER),  IPC_SMALL, 0) /* a role that may not make sockets asks for one */ \
	X(M_DIALED,     R(MASTER),  R(GATE),    IPC_SMALL, 1) /* fd: the socket, connecting; absent with err */ \
	X(M_TOKEN,      R(IMAP),    R(MASTER),  IPC_SMALL, 0) /* run the mailbox's token-command; M_SECRET comes, empty where it failed */ \
	X(SPOOL_ASK,    R_CHANNELS, R(QUEUE),   IPC_SMALL, 0) \
	X(SPOOL_GIVE,   R(QUEUE),   R_CHANNELS, IPC_SMALL, 1) \
	X(SPOOL_DROP,   R_CHANNELS, R(QUEUE),   IPC_SMALL, 0) \
	X(RCPT_ASK,     R_CHANNELS, R(GATE),    IPC_SMALL, 0) \
	X(RCPT_SAY,     R(GATE),    R_CHANNELS, IPC_SMALL, 0) \
	X(LOGIN_ASK,    R(SMTP),    R(QUEUE),   IPC_SMALL, 0) \
	X(LOGIN_SAY,    R(QUEUE),   R(SMTP),    IPC_SMALL, 0) \
	X(SUBMIT,       R_CHANNELS, R(GATE),    IPC_LARGE, 1) /* fd: the spooled message, where not inline */ \
	X(VERDICT,      R(GATE),    R_CHANNELS, IPC_LARGE, 0) \
	X(IMAP_ASK,     R(IMAP),    R(QUEUE),   IPC_SMALL, 0) \
	X(IMAP_SAY,     R(QUEUE),   R(IMAP),    IPC_LARGE, 0) \
	X(IMAP_NOTE,    R(IMAP),    R(QUEUE),   IPC_LARGE, 0) \
	X(IMAP_NOTED,   R(QUEUE),   R(IMAP),    IPC_SMALL, 0) \
	X(FACTS_ASK,    R(GATE),    R(QUEUE),   IPC_SMALL, 0) \
	X(FACTS_SAY,    R(QUEUE),   R(GATE),    IPC_LARGE, 0) \
	X(VERIFY_ASK,   R(GATE),    R(VERIFY),  IPC_LARGE, 1) /* fd: the spooled message, where not inline */ \
	X(VERIFY_SAY,   R(VERIFY),  R(GATE),    IPC_SMALL, 0) \
	X(COMMIT,       R(GATE),    R(QUEUE),   IPC_LARGE, 0) \
	X(COMMIT_SAY,   R(QUEUE),   R(GATE),    IPC_SMALL, 0) \
	X(PARSE_JOB,    R(QUEUE),   R_PARSERS,  IPC_LARGE, 2) /* fds: sealed message; sealed output (extract) */ \
	X(PARSE_DONE,   R_PARSERS,  R(QUEUE),   IPC_HUGE,  0) \
	X(DELIVER_JOB,  R(QUEUE),   R(DELIVER), IPC_LARGE, 1) /* one letter to one recipient; fd: its files, sealed, where it has any */ \
	X(DELIVER_DONE, R(DELIVER), R(QUEUE),   IPC_SMALL, 0) \
	X(CALL,         R(API),     R(QUEUE),   IPC_HUGE,  1) /* fd: a sealed request body too large for JSON in a frame */ \
	X(CALL_SAY,     R(QUEUE),   R(API),     IPC_HUGE,  1) /* fd: a sealed answer body */ \
	X(CALL_CANCEL,  R(API),     R(QUEUE),   IPC_SMALL, 0) /* the client of a waiting claim went away */

#define IPC_ENUM(type, from, to, max, fds) IPC_##type,
enum ipc_type { IPC_TABLE(IPC_ENUM) IPC_TYPE_COUNT };
#undef IPC_ENUM

/* ---- supervisor ---- */

enum secret_kind {
	SECRET_WRAP_KEY = 1,  /* 32 bytes: wraps message keys (queue) */
	SECRET_TOKEN_KEY,     /* n times 32 bytes, the first mints: thread and return-path tokens, loop mark (gate) */
	SECRET_TLS_CERT,      /* PEM (smtp, api) */
	SECRET_TLS_KEY,       /* PEM */
	SECRET_CA,            /* PEM: authorities of the server that this process goes to */
	SECRET_PASSWORD,      /* for it */
	SECRET_CLIENT,        /* OAuth: the client's own secret */
	SECRET_REFRESH,       /* OAuth: the refresh token */
	SECRET_TOKEN,         /* OAuth: an access token, which the role asked for (M_TOKEN) */
	SECRET_DKIM_KEY,      /* PEM: signs our mail (deliver) */
	SECRET_TEMPLATE       /* no secret, but a file too: "de/ack.txt", NUL, a letter's text; empty: forget the former (deliver) */
};

#define M_SECRET_FIELDS(F) F(u32, kind) F(blob, data)
WIRE_DECLARE(m_secret, M_SECRET_FIELDS)

#define M_METRICS_FIELDS(F) F(u32, role) F(u32, index)
WIRE_DECLARE(m_metrics, M_METRICS_FIELDS)

/* listener: index into conf->listens. */
#define M_LISTEN_FIELDS(F) F(u32, listener)
WIRE_DECLARE(m_listen, M_LISTEN_FIELDS)

#define M_PEER_FIELDS(F) F(u32, role) F(u32, index)
WIRE_DECLARE(m_peer, M_PEER_FIELDS)

/* A socket to a target of the configuration, and to nothing else. The frame's id is the asker's. */
enum dial { DIAL_RESOLVER_UDP = 1, DIAL_RESOLVER_TCP };
#define M_DIAL_FIELDS(F) F(u32, what)
WIRE_DECLARE(m_dial, M_DIAL_FIELDS)
#define M_DIALED_FIELDS(F) F(u32, what) F(u32, err)
WIRE_DECLARE(m_dialed, M_DIALED_FIELDS)

/* ---- spool: a place on disk for a large message ---- */

/* The frame's id names the asking session; SPOOL_GIVE repeats it.
 * err: 0 or enum vg_err as positive number; spool: number for SUBMIT and SPOOL_DROP;
 * key: 32 bytes, seals what is written (seal.h). fd: O_TMPFILE in the blob folder. */
#define SPOOL_GIVE_FIELDS(F) F(u32, err) F(u64, spool) F(blob, key)
WIRE_DECLARE(spool_give, SPOOL_GIVE_FIELDS)
#define SPOOL_DROP_FIELDS(F) F(u64, spool)
WIRE_DECLARE(spool_drop, SPOOL_DROP_FIELDS)

/* ---- a channel asks the gate ---- */

/* Is this recipient, one of ours by its base address, acceptable (POLICY V0: a bad return-path tag is 550 5.1.1)? */
#define RCPT_ASK_FIELDS(F) F(str, address)
WIRE_DECLARE(rcpt_ask, RCPT_ASK_FIELDS)
#define RCPT_SAY_FIELDS(F) F(u8, ok)
WIRE_DECLARE(rcpt_say, RCPT_SAY_FIELDS)

/* SMTP AUTH (POLICY (d)): is this the password of that contact, agent or holder? user: as given, an addr-spec. peer: the
 * true client, for the rate limit. */
#define LOGIN_ASK_FIELDS(F) F(str, user) F(blob, password) F(str, peer)
WIRE_DECLARE(login_ask, LOGIN_ASK_FIELDS)
enum login_outcome { LOGIN_OK = 1, LOGIN_WRONG, LOGIN_LATER /* rate limit, or it cannot be checked now */ };
/* address: normal form that the login proves, "" unless LOGIN_OK. */
#define LOGIN_SAY_FIELDS(F) F(u8, outcome) F(str, address)
WIRE_DECLARE(login_say, LOGIN_SAY_FIELDS)

enum channel { CHANNEL_SMTP = 1, CHANNEL_LMTP, CHANNEL_IMAP, CHANNEL_INJECT };

/* One received message with its envelope. The frame's id names the session; VERDICT repeats it. */
#define SUBMIT_FIELDS(F) \
	F(u8, channel)       /* enum channel */ \
	F(u32, listener)     /* index into conf->listens, or for IMAP into conf->imaps; UINT32_MAX for inject */ \
	F(str, sess)         /* session id for logs */ \
	F(str, real_peer)    /* the TCP peer: "192.0.2.1", "2001:db8::1", "unix"; trust is judged on this only */ \
	F(str, client)       /* true client address (XCLIENT, PROXY), "" unknown, else equal to real_peer */ \
	F(str, client_name)  /* verified host name or "" */ \
	F(str, helo)         /* as given */ \
	F(str, protocol)     /* "ESMTPS", "LMTP", … (RFC 3848), for Received */ \
	F(str, tls)          /* "TLS1.3 TLS_AES_256_GCM_SHA384" or "" */ \
	F(str, login)        /* SMTP AUTH: the address (normal form) that it proves, or "" */ \
	F(str, certificate)  /* TLS client certificate, whose key the peer proved: SHA-256 in lower-case hex, or "" */ \
	F(str, reverse_path) /* addr-spec, "" for <> */ \
	F(list, rcpts)       /* strings: accepted recipients as given, at least one */ \
	F(u8, smtputf8) \
	F(u8, after_queue)   /* refusals V1, V4, V17, V18 answer 250 */ \
	F(i64, received_at)  /* Unix milliseconds: receipt, or INTERNALDATE */ \
	F(u64, size)         /* bytes of the whole message as received, CRLF line ends */ \
	F(u64, spool)        /* 0: the message is inline; else number from SPOOL_GIVE */ \
	F(blob, key)         /* 32 bytes when spooled, else empty */ \
	F(blob, digest)      /* 32 bytes: content digest of the body (digest.h) */ \
	F(blob, bytes)       /* inline: the whole message; spooled: its header block and the empty line */ \
	F(u8, dry_run)       /* decide as always, commit nothing, answer with facts; the channel drops a spooled message */
WIRE_DECLARE(submit, SUBMIT_FIELDS)

enum outcome {
	OUT_ACCEPTED = 1, /* a ticket opened or continued */
	OUT_HELD,
	OUT_REJECTED,     /* 5xx, or 250 with an audited refusal on after-queue channels */
	OUT_TEMPFAIL,
	OUT_DUPLICATE     /* seen before; answered as accepted, nothing new */
};

#define VERDICT_FIELDS(F) \
	F(u8, outcome)      /* enum outcome */ \
	F(u32, code)        /* SMTP reply code: 250, 451, 452, 550, 552, 554 */ \
	F(str, enhanced)    /* "2.0.0" */ \
	F(str, text)        /* one line, ASCII */ \
	F(str, rule)        /* "V11" */ \
	F(str, reason)      /* hold reason or "" */ \
	F(str, message_id)  /* store id (ULID) or "" */ \
	F(u64, ticket)      /* number or 0 */ \
	F(str, reference)   /* audit reference or "" */ \
	F(str, facts)       /* dry_run: the JSON evidence that COMMIT would keep; else "" */
WIRE_DECLARE(verdict_say, VERDICT_FIELDS)

/* ---- a mailbox and what is known of its mails ---- */

enum imap_state {
	IMAP_NEW,       /* nothing is known (never stored) */
	IMAP_SEEN,      /* it was being fetched, and no verdict came: a try that counts */
	IMAP_LATER,     /* the gate could not decide; to be tried again */
	IMAP_COMMITTED, /* the verdict stands: to be moved by outcome */
	IMAP_FAILED,    /* given up: to be moved to the folder for that */
	IMAP_MOVED      /* gone from the folder */
};

/* One mail of a mailbox, by UID (RFC 3501 2.3.1.1). */
#define IMAP_ITEM_FIELDS(F) \
	F(u32, uid) F(u8, state) /* enum imap_state */ \
	F(u8, outcome)           /* enum outcome once COMMITTED, else 0 */ \
	F(u32, tries)            /* that ended without a verdict */ \
	F(u32, delays)           /* verdicts that put it off */ \
	F(i64, next_at)          /* not to be tried before, Unix milliseconds */
WIRE_DECLARE(imap_item, IMAP_ITEM_FIELDS)

#define IMAP_UIDS_MAX 4096u

/* What is known of these UIDs: 4 bytes each, big-endian, at most IMAP_UIDS_MAX. mailbox: user, host, port and folder in one. */
#define IMAP_ASK_FIELDS(F) F(str, mailbox) F(u32, validity) F(blob, uids)
WIRE_DECLARE(imap_ask, IMAP_ASK_FIELDS)
/* items: imap_item, of those only that are known. err: 0 or a positive enum vg_err. */
#define IMAP_SAY_FIELDS(F) F(u32, err) F(list, items)
WIRE_DECLARE(imap_say, IMAP_SAY_FIELDS)
/* To be kept, in one durable transaction; IMAP_NOTED comes after it. */
#define IMAP_NOTE_FIELDS(F) F(str, mailbox) F(u32, validity) F(list, items)
WIRE_DECLARE(imap_note, IMAP_NOTE_FIELDS)
#define IMAP_NOTED_FIELDS(F) F(u32, err)
WIRE_DECLARE(imap_noted, IMAP_NOTED_FIELDS)

/* ---- the gate asks the queue ---- */

/* sender: normal form. author_domain: of it, lower-case A-label. mids: Message-IDs without <>, In-Reply-To first, then References last to first.
 * subject_number, token_ticket: 0 where none. */
#define FACTS_ASK_FIELDS(F) \
	F(str, sender) F(str, author_domain) F(list, mids) F(u64, subject_number) F(u64, token_ticket) F(u64, token_participant) \
	F(str, message_id) F(blob, digest)
WIRE_DECLARE(facts_ask, FACTS_ASK_FIELDS)

enum sender_class { CLASS_UNKNOWN, CLASS_AGENT, CLASS_CONTACT, CLASS_DIRECT, CLASS_CUSTOMER, CLASS_PARTNER_DOMAIN };
enum partner_status { PARTNER_NONE, PARTNER_ACTIVE, PARTNER_SUSPENDED, PARTNER_EXPIRED };
enum unlisted { UNLISTED_HOLD, UNLISTED_ACCEPT, UNLISTED_REJECT };
enum unverified { UNVERIFIED_HOLD, UNVERIFIED_REJECT };
enum proof_need { PROOF_ANY, PROOF_DKIM, PROOF_SIGNATURE };
enum ticket_status { TICKET_NONE, TICKET_OPEN, TICKET_WAITING, TICKET_CLOSED };
enum participant_role { PART_NONE, PART_CONTACT, PART_OBSERVER, PART_CUSTOMER, PART_AGENT, PART_HOLDER };
enum match_kind { MATCH_NONE, MATCH_TOKEN, MATCH_OUR_MESSAGE_ID, MATCH_FOREIGN_MESSAGE_ID, MATCH_SUBJECT };

enum credential_kind { CREDENTIAL_PASSWORD = 1, CREDENTIAL_CERTIFICATE, CREDENTIAL_OPENPGP, CREDENTIAL_SMIME };

/* What is registered to prove this sender (POLICY (d), (e)); passwords never stand here. fingerprint: lower-case hex
 * (OpenPGP: of the primary key; certificates: SHA-256 of the DER). data: armored public key or PEM; empty for CERTIFICATE. */
#define FACTS_CREDENTIAL_FIELDS(F) F(u8, kind) F(str, fingerprint) F(blob, data)
WIRE_DECLARE(facts_credential, FACTS_CREDENTIAL_FIELDS)

/* One ticket that something in the mail names. */
#define FACTS_THREAD_FIELDS(F) \
	F(u8, kind)           /* enum match_kind */ \
	F(u32, rank)          /* index in mids */ \
	F(u64, ticket) F(u8, status) /* enum ticket_status */ \
	F(str, partner)       /* partner id, "" for a direct holder's */ \
	F(str, holder)        /* direct holder's id or "" */ \
	F(u8, role)           /* enum participant_role of the sender there; PART_NONE when removed */ \
	F(u8, in_audience)    /* the named message's audience held the sender; for a token: it is the sender's own (V14) */ \
	F(u8, by_contact)     /* an observer whom a contact put there (V13) */ \
	F(i64, closed_at)
WIRE_DECLARE(facts_thread, FACTS_THREAD_FIELDS)

#define FACTS_SAY_FIELDS(F) \
	F(u32, err)             /* 0, or a positive enum vg_err: answer 451 */ \
	F(u8, cls)              /* enum sender_class */ \
	F(str, partner) F(u8, partner_status) F(u8, unlisted) F(u8, unverified) F(u8, proof) \
	F(u8, automatic_open)   /* contact set --automatic open */ \
	F(str, holder)          /* direct holder's id or "" */ \
	F(str, sender_name)     /* from the registry */ \
	F(list, signers)        /* strings: domains that the sender's partner registered as its signers (POLICY (g)) */ \
	F(list, credentials)    /* facts_credential */ \
	F(u32, shared_labels)   /* largest number of labels of author_domain or an ancestor under which names of more than one
	                           family of the registry live (alignment is strict there); 0: none */ \
	F(i64, deferred_since)  /* first temporary failure for this sender and Message-ID (V3), Unix milliseconds; 0 none */ \
	F(list, threads)        /* facts_thread */ \
	F(str, duplicate_of)    /* store id of the same mail, or "" */ \
	F(u64, duplicate_ticket) \
	F(u8, message_id_seen)  /* same Message-ID with other content */
WIRE_DECLARE(facts_say, FACTS_SAY_FIELDS)

enum commit_action { COMMIT_OPEN = 1, COMMIT_APPEND, COMMIT_HOLD, COMMIT_REFUSE, COMMIT_DEFER, COMMIT_RETURN };

/* What the gate decided: one durable transaction. COMMIT_REFUSE stores an audit record only, COMMIT_DEFER when the first
 * temporary failure was for this sender and message_id (V3), COMMIT_RETURN a mail that came back on the return path of outgoing. */
#define COMMIT_FIELDS(F) \
	F(u8, action)            /* enum commit_action */ \
	F(str, rule) F(str, reason) F(str, text) \
	F(u8, outcome) \
	F(u8, after_queue)       /* COMMIT_REFUSE: 250 is answered all the same; it counts as accepted mail */ \
	F(u64, ticket)           /* COMMIT_APPEND */ \
	F(u64, related)          /* COMMIT_OPEN: the closed ticket it continues, or 0 */ \
	F(u64, outgoing)         /* COMMIT_RETURN: number of the outgoing mail, else 0 */ \
	F(u8, role)              /* enum participant_role under which the sender writes */ \
	F(u8, quiet)             /* V5: appended quietly */ \
	F(u8, reopen)            /* COMMIT_APPEND: a contact reopens it */ \
	F(u8, cls) F(str, partner) F(str, holder) \
	F(str, route)            /* of the intake address, or "" */ \
	F(str, sender)           /* normal form */ F(str, sender_shown) F(str, sender_name) \
	F(str, message_id)       /* Message-ID without <>, or "" */ \
	F(str, subject)          /* decoded, one line, UTF-8, at most 998 bytes */ \
	F(u8, message_id_seen) \
	F(str, automatic)        /* "", "auto-reply", "auto-generated", "bounce", "bulk", "loop" */ \
	F(blob, digest)          /* 32 bytes: whole content (header and body) */ \
	F(str, facts)            /* JSON object: authentication, thread and rule evidence, kept with the message or refusal */ \
	F(blob, prefix)          /* header fields we put before the message: Received, Authentication-Results */ \
	F(u8, channel) F(str, sess) F(str, real_peer) F(str, client) F(str, helo) F(str, tls) F(str, login) \
	F(str, reverse_path) F(list, rcpts) F(i64, received_at) \
	F(u64, size) F(u64, spool) F(blob, key) \
	F(blob, bytes)           /* inline: the whole message as received */
WIRE_DECLARE(commit, COMMIT_FIELDS)

#define COMMIT_SAY_FIELDS(F) \
	F(u32, err)          /* 0, or positive enum vg_err (VG_ERR_FULL: 452, else 451) */ \
	F(str, message_id)   /* store id of the message, or of the first one for a duplicate */ \
	F(u64, ticket) F(u8, duplicate) F(str, reference)
WIRE_DECLARE(commit_say, COMMIT_SAY_FIELDS)

/* ---- signatures ---- */

/* Check the signature of a multipart/signed or opaque S/MIME message against these keys (facts_credential of the kinds
 * OPENPGP and SMIME). key, bytes: as in SUBMIT. from: normal form of the author. */
#define VERIFY_ASK_FIELDS(F) F(str, from) F(list, credentials) F(u64, size) F(blob, key) F(blob, bytes)
WIRE_DECLARE(verify_ask, VERIFY_ASK_FIELDS)

enum signature_state {
	SIGNATURE_NONE = 1, /* no signature, or none that covers the whole body */
	SIGNATURE_VALID,    /* by a registered key, over the whole body, of the author's address */
	SIGNATURE_INVALID,  /* by a registered key, and wrong: changed, expired, revoked */
	SIGNATURE_OTHER,    /* by a key that is not registered to the author */
	SIGNATURE_UNKNOWN   /* it could not be checked now */
};
/* why: one clause. protected: SIGNATURE_VALID: header fields that stand inside the signed part with the same value as
 * outside (RFC 9788 header protection), lower case, ':' between; "" for none. */
#define VERIFY_SAY_FIELDS(F) F(u8, state) F(str, kind) /* "openpgp", "smime", "" */ F(str, fingerprint) F(str, why) F(str, protected)
WIRE_DECLARE(verify_say, VERIFY_SAY_FIELDS)

/* ---- the queue and its parsers ---- */

enum parse_what { PARSE_MESSAGE = 1, PARSE_EXTRACT, PARSE_OCR, PARSE_FILES };

/* PARSE_MESSAGE answers the message object as JSON. PARSE_EXTRACT writes attachment `part`, or its archive
 * member `entry`, sealed with out_key to the second descriptor. PARSE_OCR (to the role ocr, the others to parser) reads the
 * pictures of attachment `part` and answers JSON (ocr_job.h). PARSE_FILES writes the attachments that `entry` names ("a1 a3") one
 * behind the other, as they may leave by mail, and answers JSON (message_files.h). */
#define PARSE_JOB_FIELDS(F) \
	F(u8, what) F(i64, received_at) F(u64, size) \
	F(blob, key)     /* 32 bytes when by descriptor */ \
	F(blob, bytes)   /* inline message */ \
	F(u8, bounce)    /* the gate found a bounce by its envelope (parse_limits) */ \
	F(str, part) F(str, entry) F(blob, out_key) \
	F(u8, is_inline) F(u8, in_signature) /* PARSE_OCR: ocr_facts */
WIRE_DECLARE(parse_job, PARSE_JOB_FIELDS)

/* sender: the From address the MIME parser found, normal form, "" for none (identity-disagreement). */
#define PARSE_DONE_FIELDS(F) \
	F(u32, err) F(str, sender) F(blob, json) F(u64, size) F(str, content_type)
WIRE_DECLARE(parse_done, PARSE_DONE_FIELDS)

/* ---- outgoing mail ---- */

enum letter_kind {
	LETTER_ACK = 1, /* a case was opened: number, what was understood, what is missing */
	LETTER_RELAY,   /* another participant's message */
	LETTER_REPLY,   /* L2's answer */
	LETTER_JOINED,  /* to somebody who was brought in */
	LETTER_REMOVED, /* to somebody who was taken out */
	LETTER_AGENT,   /* a case or message, to L2 */
	LETTER_DIGEST,  /* of held mail, to an operator; belongs to no ticket (0) */
	LETTER_REFUSED, /* to the sender of a fetched mail that was refused; belongs to no ticket (0) */
	LETTER_ALARM,   /* to L2, of a held mail in a contact's name; belongs to no ticket (0) */
	LETTER_HELD,    /* to that contact, nothing of the mail in it; belongs to no ticket (0) */
	LETTER_FAILED,  /* to L2: a participant's copy could not be delivered */
	LETTER_KINDS
};

/* One copy for one recipient; the frame's id is the outgoing mail's number, which stands in its return path and Message-ID.
 * letter: JSON object, all members there, strings UTF-8:
 *   ticket {number, subject, reference, status, severity, route, first_response_due (RFC 3339 or "")},
 *   language (of the partner, a tag; absent: none), subject (without tag), from_name ("Ann Lee" or ""), automatic (true: nobody wrote it), in_reply_to (Message-ID without <> or ""),
 *   references [Message-IDs], text (what was written; "" for notices), dropped (true: T4),
 *   understood [{name, value}], missing [names], notes [sentences: who was not taken up, commands not understood],
 *   people [{name, address, role}],
 *   reason (of LETTER_REFUSED only, whose ticket has but subject and reference),
 *   closed (by this very message),
 *   internal, partner_only (who reads it), present [of completeness], related [ticket numbers], link (URL or ""), clock
 *   ("running" …), id (of the message): of LETTER_AGENT only, and there errors say where they were found,
 *   sender, since (RFC 3339), reason, id, ticket {route, first_response_due} only (of LETTER_ALARM),
 *   by, sender (name and address; address), reason, stopped (true: nothing more goes there; of LETTER_FAILED),
 *   held [{id, reason, sender, subject, since}], count, more (of LETTER_DIGEST only),
 *   by (who brought in or took out, "" else), partner (name or ""), errors [texts],
 *   attachments [{name, size, and where it may go along: id, type; large: true where it is too large for that}]
 * participant: in the case address's token; 0: the plain case address (agents). files: what the descriptor holds, as
 * message_files() says it (JSON), "" without; key: 32 bytes with a descriptor, else empty. */
#define DELIVER_JOB_FIELDS(F) \
	F(u8, kind) F(u64, ticket) F(u64, participant) F(str, recipient) /* addr-spec as shown */ F(str, name) \
	F(i64, created_at) F(blob, letter) F(blob, files) F(blob, key)
WIRE_DECLARE(deliver_job, DELIVER_JOB_FIELDS)

enum delivery_outcome {
	DELIVERY_SENT = 1, /* the smarthost took it */
	DELIVERY_LATER,    /* it said 4xx, or the connection was lost under way */
	DELIVERY_REFUSED,  /* it said 5xx, or the letter can never be sent */
	DELIVERY_AWAY,     /* no smarthost was reached, or none would deal with us: nothing is said about the letter */
	DELIVERY_UNTRIED   /* handed back: the letter before it takes long */
};
/* code: of the reply, 0 without. enhanced: "5.1.1" or "". text: one line for people. message_id: that it carried, without <>. */
#define DELIVER_DONE_FIELDS(F) F(u8, outcome) F(u32, code) F(str, enhanced) F(str, text) F(str, message_id) F(str, smarthost)
WIRE_DECLARE(deliver_done, DELIVER_DONE_FIELDS)

/* ---- the API and the queue ---- */

/* op: name of the route ("tickets.list"; see api_routes and queue calls). args: JSON object
 * {"params":{},"query":{},"body":…}. actor: token name or "local", for the audit. */
#define CALL_FIELDS(F) F(str, op) F(str, actor) F(str, idempotency_key) F(blob, args) F(u64, size) F(blob, key)
WIRE_DECLARE(call, CALL_FIELDS)

/* status: HTTP status. body: JSON (a problem document when status >= 400), or by descriptor
 * (size, key; prefix bytes come first). */
#define CALL_SAY_FIELDS(F) \
	F(u32, status) F(str, content_type) F(str, file_name) F(blob, body) F(u64, size) F(blob, key)
WIRE_DECLARE(call_say, CALL_SAY_FIELDS)

#endif
