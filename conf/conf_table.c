/*
 * conf_table.c - every directive: words, arguments, ranges, defaults, reload behaviour, manual text. The parser,
 * the defaults, the manual page and its test are all made from this one table.
 */
#include "conf_table.h"

#include <string.h>

#include "buf.h"
#include "conf.h"

#define CONF(m) offsetof(struct conf, m)
#define ADDRESS(m) offsetof(struct conf_address, m)
#define LISTEN(m) offsetof(struct conf_listen, m)
#define RELAY(m) offsetof(struct conf_relay, m)
#define PRODUCT(m) offsetof(struct product_row, m)
#define PRODUCT_ARGS(k, what, most) \
	{ .type = CT_CONST, .offset = PRODUCT(kind), .min = (k) }, \
	{ .type = CT_NAME, .offset = PRODUCT(id), .name = "ID", .required = true }, \
	{ .type = CT_LABEL, .offset = PRODUCT(text), .name = (what), .required = true, .max = (most) }
#define SLA(m) offsetof(struct conf_sla, m)
#define IMAP(m) offsetof(struct conf_imap, m)
#define SMARTHOST(m) offsetof(struct conf_smarthost, m)
#define DKIM(m) offsetof(struct conf_dkim, m)
#define NOTIFY(m) offsetof(struct conf_notify, m)

#define SECOND UINT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

#define ADDRESS_ARGS(k) \
	{ .type = CT_CONST, .offset = ADDRESS(kind), .min = (k) }, \
	{ .type = CT_ADDRESS, .offset = ADDRESS(address), .name = "ADDRESS", .required = true }
#define LISTEN_ARGS(p, after) \
	{ .type = CT_CONST, .offset = LISTEN(proto), .min = (p) }, \
	{ .type = CT_CONST_BOOL, .offset = LISTEN(after_queue), .min = (after) }, \
	{ .type = CT_LISTEN, .name = "SOCKET", .required = true }
#define MAIL_TLS \
	{ .type = CT_CHOICE, .offset = LISTEN(tls), .keyword = "tls", .name = "MODE", \
	  .choices = "none|optional|required|implicit" }
#define UNIX_ARGS \
	{ .type = CT_MODE, .offset = LISTEN(mode), .keyword = "mode", .name = "BITS" }, \
	{ .type = CT_NAME, .offset = LISTEN(group), .keyword = "group", .name = "GROUP" }

const struct conf_directive conf_directives[] = {
	{ { "hostname", NULL }, CTARGET_CONF,
	  { { .type = CT_HOST, .offset = CONF(hostname), .name = "NAME", .required = true } }, NULL, false,
	  "Our name in greetings and in the Received field. Required." },
	{ { "state", NULL }, CTARGET_CONF,
	  { { .type = CT_PATH, .offset = CONF(state), .name = "FOLDER", .required = true } },
	  "/var/lib/vcspgate", true,
	  "Folder of the databases, the sealed messages and the lock. Made with the right owner where absent." },
	{ { "user", NULL }, CTARGET_CONF,
	  { { .type = CT_NAME, .offset = CONF(user), .name = "NAME", .required = true } }, NULL, true,
	  "What the processes become when started as root. The user must exist. Ignored when not started as root." },
	{ { "user", "role" }, CTARGET_ROLE_USER,
	  { { .type = CT_ROLE, .offset = offsetof(struct conf_role_user, role), .name = "ROLE", .required = true },
	    { .type = CT_NAME, .offset = offsetof(struct conf_role_user, user), .name = "NAME", .required = true } },
	  NULL, true,
	  "Another user for one role: smtp, gate, verify, parser, ocr, queue, api or imap. With one user each, a captured process can "
	  "neither trace nor signal the others." },
	{ { "key", "file" }, CTARGET_CONF,
	  { { .type = CT_PATH, .offset = CONF(key_file), .name = "FILE", .required = true } },
	  "/etc/vcspgate/master.key", true,
	  "The master key, 32 bytes, mode 0600. Made only where the store is empty too: a store without its key "
	  "cannot be read, so an absent file is an error then. Back it up apart from the state folder." },
	{ { "address", "intake" }, CTARGET_ADDRESS,
	  { ADDRESS_ARGS(ADDRESS_INTAKE),
	    { .type = CT_NAME, .offset = ADDRESS(route), .keyword = "route", .name = "ROUTE" } }, NULL, false,
	  "An address that opens tickets; repeatable. With a route, its tickets take it." },
	{ { "address", "case" }, CTARGET_ADDRESS, { ADDRESS_ARGS(ADDRESS_CASE) }, NULL, false,
	  "The address whose case+NUMBER.TAG@ form continues one ticket." },
	{ { "address", "bounce" }, CTARGET_ADDRESS, { ADDRESS_ARGS(ADDRESS_BOUNCE) }, NULL, false,
	  "The address whose bounce+TAG@ form is a signed return path." },
	{ { "address", "postmaster" }, CTARGET_ADDRESS, { ADDRESS_ARGS(ADDRESS_POSTMASTER) }, NULL, false,
	  "Mail to it is held for an operator. postmaster@ and abuse@ of every domain of ours are taken without this." },
	{ { "listen", "smtp" }, CTARGET_LISTEN,
	  { LISTEN_ARGS(LISTEN_SMTP, false), MAIL_TLS,
	    { .type = CT_FLAG, .offset = LISTEN(auth), .keyword = "auth", .min = true },
	    { .type = CT_FLAG, .offset = LISTEN(after_queue), .keyword = "after-queue", .min = true },
	    { .type = CT_PROXY_NET, .keyword = "proxy-protocol", .name = "from NETWORK" } }, NULL, true,
	  "An SMTP server. The default TLS mode is none. auth: once TLS is up, clients may prove an address by the password that is "
	  "registered to it; needs a TLS mode other than none. after-queue: the sender is an MTA that took the mail already, "
	  "so refusals that would bounce to forged senders are answered 250 and kept as audited refusals. "
	  "proxy-protocol: connections from this network begin with a PROXY header (v1 or v2)." },
	{ { "listen", "lmtp" }, CTARGET_LISTEN,
	  { LISTEN_ARGS(LISTEN_LMTP, true), MAIL_TLS, UNIX_ARGS,
	    { .type = CT_FLAG, .offset = LISTEN(after_queue), .keyword = "before-queue", .min = false } }, NULL, true,
	  "An LMTP server, after-queue unless it says before-queue." },
	{ { "listen", "http" }, CTARGET_LISTEN,
	  { LISTEN_ARGS(LISTEN_HTTP, false),
	    { .type = CT_CONST, .offset = LISTEN(tls), .min = TLS_IMPLICIT },
	    { .type = CT_CHOICE, .offset = LISTEN(tls), .keyword = "tls", .name = "MODE",
	      .choices = "none|||implicit" }, UNIX_ARGS }, NULL, true,
	  "The HTTP API. A unix socket needs no token: its permission bits and group decide. TCP asks for a bearer "
	  "token and speaks TLS unless it says tls none." },
	{ { "tls", "certificate" }, CTARGET_CONF,
	  { { .type = CT_PATH, .offset = CONF(tls_certificate), .name = "FILE", .required = true },
	    { .type = CT_PATH, .offset = CONF(tls_key), .keyword = "key", .name = "FILE", .required = true } },
	  NULL, false, "Certificate chain and private key, PEM. Read again on reload." },
	{ { "trust", "relay" }, CTARGET_RELAY,
	  { { .type = CT_NET, .offset = RELAY(net), .name = "NETWORK", .required = true },
	    { .type = CT_HOST, .offset = RELAY(authserv_id), .keyword = "authserv-id", .name = "ID" },
	    { .type = CT_LITERAL, .offset = RELAY(as_authenticated), .keyword = "as", .choices = "authenticated" } },
	  NULL, false,
	  "A relay of ours, judged on the real TCP peer; unix stands for local sockets. With authserv-id, the topmost "
	  "Authentication-Results field is believed if it carries that id. With as authenticated, the relay has "
	  "authenticated every sender itself and all its mail counts as authenticated: -n warns. Relays may use XCLIENT and XFORWARD." },
	{ { "resolver", NULL }, CTARGET_CONF,
	  { { .type = CT_RESOLVER, .offset = CONF(resolver), .name = "ADDRESS:PORT", .required = true },
	    { .type = CT_DURATION, .offset = CONF(resolver_timeout_ms), .keyword = "timeout", .name = "TIME",
	      .min = SECOND / 10, .max = MINUTE } },
	  "127.0.0.1:53 timeout 5s", false,
	  "The DNS server that is asked for what proves a sender, and how long one question may take. Its answers are believed: "
	  "it belongs on this machine or on a network of ours." },
	{ { "arc", "sealer" }, CTARGET_SEALER,
	  { { .type = CT_HOST, .name = "DOMAIN", .required = true } }, NULL, false,
	  "A domain whose ARC seal is believed about what the mail was before it was forwarded; repeatable. Without one, ARC "
	  "proves nothing." },
	{ { "dns", "give-up" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(dns_give_up_ms), .name = "TIME", .required = true, .min = MINUTE,
	      .max = 30 * DAY } }, "4h", false,
	  "While the DNS fails, mail whose sender needs it is deferred; once it has failed for the same mail this long, "
	  "the mail is judged without that proof." },
	{ { "dkim", "min-bits" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(dkim_min_bits), .name = "N", .required = true, .min = 1024, .max = 4096 } },
	  "1024", false, "A DKIM signature by a shorter RSA key proves nothing." },
	{ { "dkim", "sign" }, CTARGET_DKIM,
	  { { .type = CT_HOST, .offset = DKIM(domain), .name = "DOMAIN", .required = true },
	    { .type = CT_HOST, .offset = DKIM(selector), .keyword = "selector", .name = "SELECTOR", .required = true },
	    { .type = CT_PATH, .offset = DKIM(key_file), .keyword = "key", .name = "FILE", .required = true } },
	  NULL, true,
	  "Our mail is signed with this key, RSA (at least 1024 bits) or Ed25519, PEM; at most 4, which all sign. The public key stands "
	  "at SELECTOR._domainkey.DOMAIN." },
	{ { "smarthost", NULL }, CTARGET_SMARTHOST,
	  { { .type = CT_CONST, .offset = SMARTHOST(tls), .min = TLS_REQUIRED },
	    { .type = CT_SMARTHOST, .name = "smtp://HOST:PORT", .required = true },
	    { .type = CT_CHOICE, .offset = SMARTHOST(tls), .keyword = "tls", .name = "MODE", .choices = "none|optional|required" },
	    { .type = CT_PATH, .offset = SMARTHOST(ca), .keyword = "ca", .name = "FILE" },
	    { .type = CT_UTF8, .offset = SMARTHOST(user), .keyword = "user", .name = "USER", .max = 255 },
	    { .type = CT_FILE, .offset = SMARTHOST(password_file), .keyword = "password", .name = "file FILE" },
	    { .type = CT_DURATION, .offset = SMARTHOST(timeout_ms), .keyword = "timeout", .name = "TIME", .min = SECOND,
	      .max = 10 * MINUTE } },
	  NULL, true,
	  "The MTA that takes our mail; of several the first that is well: one that was not reached, refused us or cut a connection "
	  "comes behind the others for a minute, and longer each time. Without one nothing is sent. TLS is by STARTTLS "
	  "and required unless MODE says otherwise; the certificate must be of an authority of the system's, or of ca, and for HOST. "
	  "The password stands in the first line of FILE, which a reload reads again. It may be silent for timeout (default 5m, as "
	  "RFC 5321 has it), and for twice as long behind the end of a mail. Needs address case and address bounce." },
	{ { "templates", NULL }, CTARGET_CONF,
	  { { .type = CT_PATH, .offset = CONF(templates), .name = "DIR", .required = true } },
	  NULL, true,
	  "Texts of letters that replace the built-in ones: DIR/ack.txt, relay.txt, reply.txt, joined.txt, removed.txt, refused.txt, agent.txt, "
	  "digest.txt, alarm.txt, failed.txt, held.txt, each where it is there; words.txt names what they ask for. DIR/de/ack.txt is the one for "
	  "partners whose language in "
	  "the registry is de, or de-AT; a folder of a language holds what differs, and German (de) and French (fr) are built in. Values: "
	  "{{name}} is put in, {{#name}}...{{/name}} stands once or for each item where there is one, {{^name}}...{{/name}} where there is "
	  "none. A reload reads them again; a broken one is an error that names file and line. Start from the ones that are "
	  "installed beside the schemas." },
	{ { "support", "name" }, CTARGET_CONF,
	  { { .type = CT_UTF8, .offset = CONF(support_name), .name = "NAME", .required = true, .max = 100 } },
	  "Support", false, "Who our mail is from: the display name beside the case address." },
	{ { "notify", "agents" }, CTARGET_NOTIFY,
	  { { .type = CT_NAME, .offset = NOTIFY(route), .name = "ROUTE", .required = true },
	    { .type = CT_ADDRESS, .offset = NOTIFY(address), .name = "ADDRESS", .required = true } }, NULL, false,
	  "Each new ticket of this route, any for every route, and each later message in it, internal notes too, is mailed to ADDRESS: "
	  "one agent, or a group of agents, whose server must not write to us. Repeatable. Agents answer to that mail from the "
	  "addresses that the registry has as theirs; the answer goes to the participants. A held mail in a contact's name is told of too, at most "
	  "once an hour for each sender, without any of its text. Needs smarthost." },
	{ { "agents", "address" }, CTARGET_CONF,
	  { { .type = CT_CHOICE_BOOL, .offset = CONF(agents_shown), .name = "WHAT", .required = true, .choices = "hidden|shown" } },
	  "hidden", false,
	  "Whether participants see the address and the Message-IDs of the agent who answers by mail; hidden takes them out of text, too." },
	{ { "agents", "link" }, CTARGET_CONF,
	  { { .type = CT_TEXT, .offset = CONF(agents_link), .name = "URL", .required = true, .max = 200 } }, NULL, false,
	  "The beginning of a link to a case in the agents' own system; the number of the case is put behind it in their mail." },
	{ { "imap", NULL }, CTARGET_IMAP,
	  { { .type = CT_CONST, .offset = IMAP(tls), .min = TLS_IMPLICIT },
	    { .type = CT_CONST_BOOL, .offset = IMAP(idle), .min = true },
	    { .type = CT_NAME, .offset = IMAP(name), .name = "NAME", .required = true },
	    { .type = CT_ENDPOINT, .name = "HOST:PORT", .required = true },
	    { .type = CT_CHOICE, .offset = IMAP(tls), .keyword = "tls", .name = "MODE", .choices = "none||required|implicit" },
	    { .type = CT_PATH, .offset = IMAP(ca), .keyword = "ca", .name = "FILE" },
	    { .type = CT_UTF8, .offset = IMAP(user), .keyword = "user", .name = "USER", .required = true, .max = 255 },
	    { .type = CT_FILE, .offset = IMAP(password_file), .keyword = "password", .name = "file FILE" },
	    { .type = CT_CHOICE, .offset = IMAP(auth), .keyword = "auth", .name = "METHOD", .choices = "login|plain|xoauth2" },
	    { .type = CT_URL, .offset = IMAP(token), .keyword = "token", .name = "URL" },
	    { .type = CT_PATH, .offset = IMAP(token_command), .keyword = "token-command", .name = "FILE" },
	    { .type = CT_UTF8, .offset = IMAP(client), .keyword = "client", .name = "ID", .max = 255 },
	    { .type = CT_FILE, .offset = IMAP(secret_file), .keyword = "secret", .name = "file FILE" },
	    { .type = CT_FILE, .offset = IMAP(refresh_file), .keyword = "refresh", .name = "file FILE" },
	    { .type = CT_UTF8, .offset = IMAP(scope), .keyword = "scope", .name = "SCOPE", .max = 500 },
	    { .type = CT_UTF8, .offset = IMAP(folder), .keyword = "folder", .name = "FOLDER", .max = 255 },
	    { .type = CT_UTF8, .offset = IMAP(processed), .keyword = "processed", .name = "FOLDER", .max = 255 },
	    { .type = CT_UTF8, .offset = IMAP(rejected), .keyword = "rejected", .name = "FOLDER", .max = 255 },
	    { .type = CT_UTF8, .offset = IMAP(failed), .keyword = "failed", .name = "FOLDER", .max = 255 },
	    { .type = CT_ADDRESS, .offset = IMAP(intake), .keyword = "intake", .name = "ADDRESS" },
	    { .type = CT_HOST, .offset = IMAP(authserv_id), .keyword = "authserv-id", .name = "ID" },
	    { .type = CT_DURATION, .offset = IMAP(timeout_ms), .keyword = "timeout", .name = "TIME", .min = SECOND,
	      .max = 10 * MINUTE },
	    { .type = CT_DURATION, .offset = IMAP(poll_ms), .keyword = "poll", .name = "TIME", .min = SECOND / 2,
	      .max = 29 * MINUTE },
	    { .type = CT_CHOICE_BOOL, .offset = IMAP(idle), .keyword = "idle", .name = "WHAT", .choices = "off|on" } },
	  NULL, true,
	  "A mailbox whose mail is fetched, judged and filed; repeatable, one process each. tls implicit is the default, required "
	  "is STARTTLS, none is for a server on this machine only. The certificate must be of an authority of the system's, or of "
	  "ca, and for HOST. Secrets stand in the first line of their FILE, which a reload reads again. auth is login by default; plain needs "
	  "a server with SASL-IR. With xoauth2 there is no password: an access token is got from URL for client, by the refresh token in "
	  "its file, or without one by the client's own credentials, and again before it expires; scope is sent along where it is "
	  "given. Or it is what token-command, run as this role's user without arguments, prints in 30 seconds. What was fetched is known by its UID: flags are never looked at, nor changed. Mail of FOLDER (default INBOX) goes, once it is on "
	  "disk here, to processed; to rejected where it was refused; to failed where it cannot be fetched or is larger than limit "
	  "message-size. Without such a folder it stays. Recipients are those of our addresses that stand in "
	  "Delivered-To, X-Original-To, To and Cc, else intake (default: the first address intake). With authserv-id, the topmost Authentication-Results field of a mail is "
	  "believed if it carries that id; none is for a provider whose field carries none (Microsoft 365). A command "
	  "or a piece of a mail takes timeout (default 60s) at most. New mail is seen by IDLE, "
	  "unless off, and looked for every TIME (default 1m) all the same." },
	{ { "severity", "default" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(severity_default), .name = "N", .required = true, .min = 1, .max = 4 } },
	  "3", false, "Severity of a ticket whose opening message states none." },
	{ { "sla", "severity" }, CTARGET_SLA,
	  { { .type = CT_UINT, .offset = SLA(severity), .name = "N", .required = true, .min = 1, .max = 4 },
	    { .type = CT_DURATION, .offset = SLA(first_response_ms), .keyword = "first-response", .name = "TIME",
	      .required = true, .min = SECOND, .max = 90 * DAY },
	    { .type = CT_DURATION, .offset = SLA(warn_ms), .keyword = "warn", .name = "TIME", .min = 0, .max = 90 * DAY } },
	  NULL, false,
	  "First response due after TIME for this severity; warn: when the warning is due. Severities without a line take the "
	  "defaults 1h, 4h, 8h and 1d for severities 1 to 4, to be replaced by the figures of the operator's own agreement." },
	{ { "limit", "message-size" }, CTARGET_CONF,
	  { { .type = CT_SIZE, .offset = CONF(message_size), .name = "SIZE", .required = true, .min = 65536,
	      .max = UINT64_C(1) << 30 } }, "50M", false,
	  "Largest message. Larger ones are refused with 552 5.3.4 and the upload text." },
	{ { "limit", "letter-files" }, CTARGET_CONF,
	  { { .type = CT_SIZE, .offset = CONF(letter_files), .name = "SIZE", .required = true, .min = 0, .max = UINT64_C(64) << 20 } },
	  "10M", false,
	  "Attachments that a letter carries, all of it together; coding for mail adds a third. What is beyond is named in its text, with its "
	  "size. 0: none are sent. Where the smarthost refuses a letter for its size or a file, it goes once more without." },
	{ { "limit", "sessions" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(sessions), .name = "N", .required = true, .min = 1, .max = 60000 },
	    { .type = CT_UINT, .offset = CONF(sessions_per_peer), .keyword = "per-peer", .name = "N", .min = 1,
	      .max = 60000 } },
	  "1000 per-peer 50", false, "Mail sessions at the same time, in all and from one address." },
	{ { "limit", "recipients" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(recipients), .name = "N", .required = true, .min = 1, .max = 1000 } },
	  "100", false, "Recipients of one message; more get 452 4.5.3." },
	{ { "limit", "commands" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(commands), .name = "N", .required = true, .min = 10, .max = 1000000000 } },
	  "100000", false, "Commands in one session; 421 then." },
	{ { "limit", "errors" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(errors), .name = "N", .required = true, .min = 1, .max = 10000 } },
	  "20", false, "Refused commands in one session; 421 then." },
	{ { "limit", "parsers" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(parsers), .name = "N", .required = true, .min = 1, .max = 64 } },
	  "2", true, "Parser processes." },
	{ { "limit", "deliveries" }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(deliveries), .name = "N", .required = true, .min = 1, .max = 32 } },
	  "4", true, "Connections to the smarthost at a time, each with a process of its own." },
	{ { "ocr", "off" }, CTARGET_CONF, { { .type = CT_CLEAR, .offset = CONF(ocr_languages) } }, NULL, true,
	  "The text of screenshots is not read. The default." },
	{ { "ocr", "languages" }, CTARGET_CONF,
	  { { .type = CT_TEXT, .offset = CONF(ocr_languages), .name = "LANGUAGES", .required = true, .max = 100 } }, NULL, true,
	  "Screenshots are read with tesseract(1) in these languages, its names with + between them (eng+deu); each must be "
	  "installed. A ticket never waits for it: what was found follows as ticket.updated." },
	{ { "limit", "ocr" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(ocr_time_ms), .keyword = "time", .name = "TIME", .min = SECOND, .max = 5 * MINUTE },
	    { .type = CT_SIZE, .offset = CONF(ocr_pixels), .keyword = "pixels", .name = "N", .min = 65536, .max = UINT64_C(1) << 26 },
	    { .type = CT_UINT, .offset = CONF(ocr_workers), .keyword = "workers", .name = "N", .min = 1, .max = 16 } },
	  "time 10s pixels 9M workers 1", true,
	  "How long the pictures of one attachment may take, how many pixels a picture may have (a screen of 3840 by 2160 has 8.3M; "
	  "a larger JPEG is read in reduced size), and how many processes read." },
	{ { "timeout", "command" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(timeout_command_ms), .name = "TIME", .required = true,
	      .min = SECOND, .max = HOUR } }, "5m", false,
	  "A command line must be complete this long after the last reply, however slowly it comes." },
	{ { "timeout", "data" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(timeout_data_ms), .name = "TIME", .required = true, .min = SECOND,
	      .max = HOUR },
	    { .type = CT_SIZE, .offset = CONF(data_rate_min), .keyword = "rate", .name = "BYTES", .min = 0,
	      .max = UINT64_C(1) << 20 } },
	  "3m rate 256", false,
	  "Longest silence inside a message, and the bytes a second that it must average after its first minute." },
	{ { "upload", "text" }, CTARGET_CONF,
	  { { .type = CT_TEXT, .offset = CONF(upload_text), .name = "TEXT", .required = true, .max = 300 } }, "\"\"",
	  false, "Said with 552: where larger files go. Printable ASCII." },
	{ { "hold", "expire" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(hold_expire_ms), .name = "TIME", .required = true, .min = HOUR,
	      .max = 3660 * DAY } }, "30d", false,
	  "Held mail that no operator decided on is deleted after this time; an audit record stays." },
	{ { "hold", "digest" }, CTARGET_CONF,
	  { { .type = CT_ADDRESS, .offset = CONF(hold_digest), .name = "ADDRESS", .required = true },
	    { .type = CT_DURATION, .offset = CONF(hold_digest_ms), .keyword = "every", .name = "TIME", .min = MINUTE, .max = 30 * DAY } },
	  NULL, false,
	  "An operator who is told by mail what is held, while something is, every TIME (default 24h): sender, subject and reason, no text. "
	  "Needs a smarthost." },
	{ { "hold", "notice" }, CTARGET_CONF,
	  { { .type = CT_CHOICE_BOOL, .offset = CONF(hold_notice), .name = "WHAT", .required = true, .choices = "off|on" } }, "off", false,
	  "Whether a contact is told, at the registered address and at most once a day, that a mail in their name is held because nobody "
	  "proved that they wrote it. The notice has nothing of that mail. Needs a smarthost." },
	{ { "reopen", NULL }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(reopen_ms), .name = "TIME", .required = true, .min = 0,
	      .max = 3660 * DAY } }, "14d", false,
	  "A contact's reply reopens a ticket closed less than this ago; later it opens a linked one." },
	{ { "membership", "inactive" }, CTARGET_CONF,
	  { { .type = CT_CHOICE_BOOL, .offset = CONF(inactive_hold), .name = "WHAT", .required = true,
	      .choices = "reject|hold" } }, "reject", false,
	  "What mail of a suspended or expired partner meets (rule V9)." },
	{ { "direct", "open" }, CTARGET_CONF, { { .type = CT_CLEAR, .offset = CONF(direct_refuse_url) } }, NULL, false,
	  "Holders of a direct contract open tickets with route direct (rule V16). The default." },
	{ { "direct", "refuse" }, CTARGET_CONF,
	  { { .type = CT_TEXT, .offset = CONF(direct_refuse_url), .name = "URL", .required = true, .max = 200 } }, NULL,
	  false, "Holders of a direct contract are refused with this address of the portal." },
	{ { "queue", NULL }, CTARGET_CONF,
	  { { .type = CT_UINT, .offset = CONF(queue_attempts), .keyword = "attempts", .name = "N", .min = 1, .max = 1000 },
	    { .type = CT_DURATION, .offset = CONF(queue_lease_ms), .keyword = "lease", .name = "TIME", .min = SECOND,
	      .max = DAY } },
	  "attempts 10 lease 60s", false,
	  "Deliveries of an event before it goes to the dead letters, and the lease of a claim that asks for none." },
	{ { "audit", "expire" }, CTARGET_CONF,
	  { { .type = CT_DURATION, .offset = CONF(audit_expire_ms), .name = "TIME", .required = true, .min = DAY,
	      .max = 36600 * DAY } }, "730d", false, "Audit records are kept this long." },
	{ { "product", NULL }, CTARGET_PRODUCT, { PRODUCT_ARGS(PRODUCT_NAME, "NAME", 100) }, NULL, true,
	  "A product: the id that routes and portfolios use, in lower case, and its name for people. For an id of the built-in "
	  "table, another name. These four belong into a file of their own, named by products." },
	{ { "product", "form" }, CTARGET_PRODUCT, { PRODUCT_ARGS(PRODUCT_FORM, "WORDS", 60) }, NULL, true,
	  "Words by which mails name the product. A capital letter asks for a capital, a small one takes both; a blank "
	  "takes any blanks, line ends and hyphens. Longer forms win, then later lines." },
	{ { "product", "program" }, CTARGET_PRODUCT, { PRODUCT_ARGS(PRODUCT_PROGRAM, "BEGINNING", 60) }, NULL, true,
	  "Beginning of the file names of the product's programs, as the headers of logs say them." },
	{ { "product", "build" }, CTARGET_PRODUCT,
	  { PRODUCT_ARGS(PRODUCT_BUILD, "NUMBER", 30),
	    { .type = CT_LABEL, .offset = PRODUCT(more), .name = "RELEASE", .required = true, .max = 30 } }, NULL, true,
	  "The release that a build number stands for, shown beside it. A mail with this number is about this product, unless it names "
	  "another one." },
};

const size_t conf_n_directives = sizeof(conf_directives) / sizeof(conf_directives[0]);

static int manual_args(struct buf *out, const struct conf_directive *d)
{
	int rc = 0;

	for (const struct conf_arg *a = d->args; rc == 0 && a < d->args + CONF_ARGS_MAX && a->type != CT_NONE; a++) {
		if (a->name == NULL && a->keyword == NULL)
			continue;
		rc = buf_adds(out, a->required ? "" : " Oo");
		if (rc == 0 && a->keyword != NULL)
			rc = buf_addf(out, " Cm %s", a->keyword);
		if (rc == 0 && a->type == CT_LITERAL)
			rc = buf_addf(out, " %s", a->choices);
		if (rc == 0 && a->name != NULL)
			rc = buf_addf(out, " Ar %s", a->name);
		if (rc == 0 && !a->required)
			rc = buf_adds(out, " Oc");
	}
	return rc;
}

/* mdoc wants a new line for each sentence, and lines below 80 bytes. */
static int manual_text(struct buf *out, const char *text)
{
	size_t column = 0;
	int rc = 0;

	while (rc == 0 && *text != '\0') {
		size_t n = strcspn(text, " ");
		bool sentence_end = text[n - 1] == '.';

		if (column > 0 && column + 1 + n > 78) {
			rc = buf_adds(out, "\n");
			column = 0;
		}
		if (rc == 0)
			rc = buf_addf(out, "%s%.*s%s", column > 0 ? " " : "", (int)n, text, sentence_end ? "\n" : "");
		column = sentence_end ? 0 : column + 1 + n;
		text += n + (text[n] == ' ');
	}
	return rc;
}

static int manual_directive(struct buf *out, const struct conf_directive *d)
{
	int rc = buf_addf(out, ".It Ic %s%s%s", d->words[0], d->words[1] != NULL ? " " : "",
	    d->words[1] != NULL ? d->words[1] : "");

	if (rc == 0)
		rc = manual_args(out, d);
	if (rc == 0)
		rc = buf_adds(out, "\n");
	if (rc == 0)
		rc = manual_text(out, d->doc);
	if (rc == 0 && d->fallback != NULL && strcmp(d->fallback, "\"\"") != 0)
		rc = buf_addf(out, "Default:\n.Ql %s .\n", d->fallback);
	if (rc == 0 && d->restart)
		rc = buf_adds(out, "Changing it needs a restart.\n");
	return rc;
}

int conf_manual(struct buf *out)
{
	int rc = buf_adds(out, ".Bl -tag -width Ds\n");

	for (size_t i = 0; rc == 0 && i < conf_n_directives; i++)
		rc = manual_directive(out, &conf_directives[i]);
	return rc == 0 ? buf_adds(out, ".El\n") : rc;
}
