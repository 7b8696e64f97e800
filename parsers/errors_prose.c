/*
 * errors_prose.c - parser worker; lines of hostile mails. Tells the product's messages from what people say about them. Called by
 * errors_body.c and errors_pasted.c. Pure.
 */
#include "errors_prose.h"

#include <string.h>

#include "ascii.h"
#include "errors.h"
#include "job_report_value.h"

#define QUOTES_TRIED 64 /* marks of a line that may open a quotation */

/* Verbs of people behind "failed to" or "cannot". */
static bool is_human_verb(const char *s, size_t len)
{
	static const char *const before[] = {"failed to ", "cannot ", "can not ", "can't ", "unable to ", "could not ", "not "};
	static const char *const verbs[] = {"mention", "see how", "see why", "see any", "understand", "reply", "answer", "pay", "attend",
	    "wait", "imagine", "believe", "remember", "thank", "agree", "speak", "talk", "say", "tell", "stress", "recommend", "make it",
	    "come", "join the call", "be better", "be happier", "reach you", "find time", "display this image", "enough time", "deliver"};

	for (size_t i = 0; i < ASCII_COUNT(before); i++)
		if (ascii_starts(s, len, before[i])) {
			size_t n = strlen(before[i]);

			return ascii_starts_any(s + n, len - n, verbs, ASCII_COUNT(verbs));
		}
	return false;
}

/* Whole openings of messages of the product and of Windows: certain by themselves. */
static bool starts_message(const char *s, size_t len)
{
	static const char *const starts[] = {"access is denied", "access to the path", "the rpc server is", "the network path was",
	    "the specified network name", "the system cannot find", "the semaphore timeout", "the user name or password is",
	    "the process cannot access", "the operation has timed out", "the remote server returned", "the underlying connection was",
	    "the remote certificate is", "the handle is invalid", "the parameter is incorrect", "the shadow copy provider had",
	    "the volume shadow copy operation", "the ssl connection could not", "the remote procedure call failed",
	    "the trust relationship between", "there is not enough space", "no connection could be made", "no backup proxy",
	    "no scale-out repository", "no space left on device", "an existing connection was forcibly", "a connection attempt failed",
	    "a network-related or instance-specific", "a device which does not exist", "object reference not set",
	    "exception of type", "timeout expired", "could not load file or assembly", "login failed for user", "logon failure",
	    "insufficient system resources", "insufficient memory to", "not enough storage is available", "agent failed to process",
	    "socket has been forcibly", "volume shadow copy service error", "vss error", "vsscontrol:", "catastrophic failure",
	    "processing finished with error", "rpc function call failed", "vddk error", "ndmp server", "host with uuid",
	    "a required privilege", "guest processing skipped", "an error occurred while", "an unexpected error", "no such host", "cannot perform", "item ["};

	return ascii_starts_any(s, len, starts, ASCII_COUNT(starts));
}

bool prose_starts_failure(const char *s, size_t len)
{
	static const char *const starts[] = {"failed to ", "cannot ", "can not ", "can't ", "unable to ", "could not ", "error: ",
	    "not enough ", "insufficient ", "timed out ", "operation was ", "connection refused", "invalid credentials"};

	return (ascii_starts_any(s, len, starts, ASCII_COUNT(starts)) && !is_human_verb(s, len)) || starts_message(s, len);
}

bool prose_has_failure(const char *s, size_t len)
{
	static const char *const words[] = {"failed", "fails", "error", "errors", "cannot", "unable", "denied", "failure", "exception",
	    "timed out", "timeout", "refused", "unavailable", "not found", "invalid", "could not", "not responding", "not available",
	    "locked", "expired", "forbidden", "corrupted", "exceeded", "not enough", "unexpected", "unexpectedly", "exit code",
	    "error code", "does not exist", "is full", "not supported", "unreachable", "terminated", "insufficient", "has been lost",
	    "not recognized", "disconnected", "no such"};

	return ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

/* A mark behind a word; "\\\\?\\Volume" and "x?y=z" are no questions. */
static bool has_question(const char *s, size_t len)
{
	for (const char *at = s; (at = memchr(at, '?', (size_t)(s + len - at))) != NULL; at++)
		if (at > s && at[-1] != '\\' && at[-1] != '/' && (at + 1 == s + len || strchr(" ?!)\"'", at[1]) != NULL))
			return true;
	return false;
}

bool prose_is_personal(const char *s, size_t len)
{
	static const char *const words[] = {"i", "we", "you", "your", "our", "my", "me", "us", "please", "thanks", "yesterday",
	    "today", "tomorrow", "attached", "hello", "they", "he", "she", "him", "her", "colleague", "customer", "customers", "see below",
	    "see above", "this email", "this mail", "this message", "the sender", "as discussed", "ich", "wir", "sie", "bitte", "unser",
	    "unsere", "danke", "nous", "vous", "notre", "merci", "nuestro", "gracias", "hola", "sorry", "haha", "this error", "same error",
	    "the error", "any update", "these recipients", "free since"};

	const char *at = s;
	size_t which;

	if (has_question(s, len))
		return true;
	for (; (at = ascii_find_any(at, (size_t)(s + len - at), words, ASCII_COUNT(words), &which)) != NULL; at++)
		if (which != 0 || at + 1 == s + len || at[1] != '/') /* "I/O" */
			return true;
	return false;
}

/* Speaks of things that a backup product fails at. */
static bool has_subject_matter(const char *s, size_t len)
{
	static const char *const words[] = {"connect", "backup", "vm", "snapshot", "disk", "host", "agent", "server", "repository",
	    "vss", "proxy", "file", "storage", "job", "restore", "mount", "volume", "credentials", "guest", "database", "session",
	    "network", "login", "logon", "writer", "checkpoint", "replica", "datastore", "certificate", "license", "process",
	    "service", "port", "open", "read", "write", "lock", "truncate", "index", "tape", "object", "share", "path", "user", "install",
	    "operating system", "memory", "resources", "logs", "log", "instance", "recovery", "media", "cluster", "virtual", "machine",
	    "copy", "key", "data", "metadata", "bucket", "mailbox", "api", "catalog", "folder", "retention", "function", "get", "create"};

	return memchr(s, '[', len) != NULL || memchr(s, '\\', len) != NULL || memchr(s, '\'', len) != NULL ||
	    ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

size_t prose_words(const char *s, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += !ascii_blank(s[i]) && (i == 0 || ascii_blank(s[i - 1]));
	return n;
}

/* A code that nothing but an error has: an HRESULT, a symbol, a code of VDDK or an exit. */
static bool has_code(const char *s, size_t len)
{
	char code[ERROR_WORD_MAX + 1];

	return errors_find_code(code, sizeof code, s, len);
}

/* failure: a word of prose_has_failure may stand there. */
static bool is_product(const char *s, size_t len, bool failure)
{
	bool starts = len >= 12 && ascii_upper(s[0]) && prose_starts_failure(s, len);

	if (len < 12 || !(starts || (failure && prose_has_failure(s, len))) || prose_is_personal(s, len))
		return false;
	if (starts && (has_subject_matter(s, len) || starts_message(s, len)) && prose_words(s, len) >= 3)
		return true;
	return has_code(s, len);
}

bool prose_is_product(const char *s, size_t len)
{
	return is_product(s, len, true);
}

bool prose_is_message(const char *s, size_t len)
{
	static const char *const remarks[] = {"see ", "none", "n/a", "no error", "unknown", "http", "free ", "siehe", "voir ", "keine"};

	if (ascii_starts_any(s, len, remarks, ASCII_COUNT(remarks)))
		return false;
	if (prose_words(s, len) < 2)
		return has_code(s, len);
	return !prose_is_personal(s, len) || (prose_has_failure(s, len) && ascii_upper(s[0]));
}

/* Words of other languages: somebody speaks, or Windows speaks their language. */
static bool is_english(const char *s, size_t len)
{
	static const char *const foreign[] = {"der", "die", "das", "ist", "nicht", "und", "wird", "le", "les", "est", "une", "pas", "que",
	    "el", "los", "por", "ne", "niet", "het", "een", "jest", "nie", "il", "non", "tritt", "seit"};

	return ascii_find_any(s, len, foreign, ASCII_COUNT(foreign), NULL) == NULL;
}

/* Windows speaks of a failure in another language: no complaint begins so. */
static bool is_foreign_failure(const char *s, size_t len)
{
	static const char *const words[] = {"abgebrochen", "fehlgeschlagen", "verweigert", "nicht gefunden", "nicht verfügbar", "nicht erreichbar",
	    "konnte nicht", "konnte kein", "kann nicht", "ungültig", "abgelaufen", "überschritten", "zeitüberschreitung", "échec", "échoué",
	    "refusé", "impossible", "introuvable", "expiré", "incorrect", "no se puede", "no se pudo", "no se ha podido", "denegado",
	    "impossibile", "negato", "non riuscit", "não foi possível", "não é possível", "negado", "falhou", "mislukt", "geweigerd",
	    "kan niet", "kan geen", "nie można", "odmowa", "nie powiod", "kunde inte", "nekad", "kunne ikke", "nægtet", "nektet"};

	return !prose_is_personal(s, len) && ascii_upper(s[0]) + ((unsigned char)s[0] >= 0x80) > 0 &&
	    ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

/* ---- what stands around a message ---- */

static void cut(struct prose *p, size_t n)
{
	p->s += n;
	p->len -= n;
	ascii_trim(&p->s, &p->len);
}

/* The time in front of a console's line: "24.11.2026 22:03:11 :: ", "22:03:11 - ", "[22:03:11] ". */
static void strip_time(struct prose *p, struct prose *at)
{
	static const char *const parts[] = {":: ", "- ", "| ", "– ", "] "};
	size_t open = p->len > 0 && p->s[0] == '[', n, from;

	if (open == p->len || (!ascii_digit(p->s[open]) && strchr("./-", p->s[open]) == NULL))
		return;
	n = job_value(p->s + open, p->len - open, JOB_START) + open;
	if (n == open || n >= p->len)
		return;
	for (from = n; from < p->len && ascii_blank(p->s[from]); from++)
		;
	for (size_t i = 0; i < ASCII_COUNT(parts); i++)
		if (p->len - from > strlen(parts[i]) && memcmp(p->s + from, parts[i], strlen(parts[i])) == 0) {
			*at = (struct prose){p->s + open, n - open};
			cut(p, from + strlen(parts[i]));
			return;
		}
	if (from > n && p->len > from && prose_starts_failure(p->s + from, p->len - from)) {
		*at = (struct prose){p->s + open, n - open};
		cut(p, from);
	}
}

/* `1. `, `a) `, `(2) ` */
static size_t number_mark(const struct prose *p)
{
	size_t i = p->len > 0 && p->s[0] == '(', from = i;

	while (i < p->len && i < from + 3 && ascii_digit(p->s[i]))
		i++;
	if (i > from && i + 1 < p->len && strchr(".)", p->s[i]) != NULL && ascii_blank(p->s[i + 1]))
		return i + 1;
	return 0;
}

bool prose_strip(struct prose *p, struct prose *at)
{
	static const char *const bullets[] = {"•", "·", "–", "→", "▪", "●", "◦", "✗", "❌"};

	bool marked = false;
	size_t n;

	*at = (struct prose){NULL, 0};
	ascii_trim(&p->s, &p->len);
	for (size_t before = p->len + 1; p->len > 1 && p->len < before;) {
		before = p->len;
		marked = marked || (strchr("-*+", p->s[0]) != NULL && ascii_blank(p->s[1])) || number_mark(p) > 0;
		if (strchr("-*>|#+", p->s[0]) != NULL && (ascii_blank(p->s[1]) || p->s[0] == '>' || p->s[1] == '>'))
			cut(p, 1);
		for (size_t i = 0; i < ASCII_COUNT(bullets) && p->len > 0 && (unsigned char)p->s[0] >= 0x80; i++)
			if (p->len > strlen(bullets[i]) && memcmp(p->s, bullets[i], strlen(bullets[i])) == 0)
				cut(p, strlen(bullets[i]));
		if ((n = number_mark(p)) > 0)
			cut(p, n);
	}
	/* Bold marks of a plain text made of HTML. */
	while (p->len > 4 && p->s[0] == '*' && !ascii_blank(p->s[1]) && p->s[p->len - 1] == '*')
		*p = (struct prose){p->s + 1, p->len - 2};
	strip_time(p, at);
	return marked;
}

static const struct {
	const char *open, *close;
} pairs[] = {{"\"", "\""}, {"“", "”"}, {"„", "“"}, {"„", "”"}, {"«", "»"}, {"»", "«"}, {"‘", "’"}, {"‚", "‘"}, {"`", "`"},
    {"「", "」"}, {"'", "'"}};

/* First bytes of what opens a quotation. */
static const unsigned char openers[256] = {['"'] = 1, ['\''] = 1, ['`'] = 1, [0xc2] = 1, [0xe2] = 1, [0xe3] = 1};

void prose_unquote(struct prose *p)
{
	if (p->len == 0 || openers[(unsigned char)p->s[0]] == 0)
		return;
	for (size_t i = 0; i < ASCII_COUNT(pairs); i++) {
		size_t o = strlen(pairs[i].open), c = strlen(pairs[i].close), stop = p->len;

		if (stop > 0 && p->s[stop - 1] == '.')
			stop--;
		if (p->len > o + c + 2 && memcmp(p->s, pairs[i].open, o) == 0 && memcmp(p->s + stop - c, pairs[i].close, c) == 0 &&
		    memmem(p->s + o, stop - c - o, pairs[i].close, c) == NULL) {
			*p = (struct prose){p->s + o, stop - c - o};
			ascii_trim(&p->s, &p->len);
			return;
		}
	}
}

/* ---- labels ---- */

struct label {
	const char *text;
	enum { SURE, ENGLISH, WEAK } how; /* what must stand behind it: anything, English, a failure */
};

/* Longer ones before those that they end with. */
static const struct label labels[] = {
    {"error message", SURE}, {"error text", SURE}, {"error details", SURE}, {"error description", SURE}, {"fatal error", SURE},
    {"last error", SURE}, {"errors", ENGLISH}, {"error", ENGLISH}, {"fehlermeldung", SURE}, {"fehlertext", SURE},
    {"fehlerbeschreibung", SURE}, {"fehler", ENGLISH}, {"message d'erreur", SURE}, {"message d’erreur", SURE}, {"erreur", ENGLISH},
    {"messaggio di errore", SURE}, {"errore", ENGLISH}, {"mensagem de erro", SURE}, {"erro", ENGLISH}, {"foutmelding", SURE},
    {"fout", ENGLISH}, {"komunikat błędu", SURE}, {"błąd", ENGLISH}, {"текст ошибки", SURE}, {"сообщение об ошибке", SURE},
    {"ошибка", ENGLISH}, {"Ошибка", ENGLISH}, {"Текст ошибки", SURE}, {"Сообщение об ошибке", SURE}, {"помилка", ENGLISH},
    {"Помилка", ENGLISH}, {"felmeddelande", SURE}, {"feilmelding", SURE}, {"fejlmeddelelse", SURE}, {"virheilmoitus", SURE},
    {"hibaüzenet", SURE}, {"hata", ENGLISH}, {"错误信息", SURE}, {"错误", ENGLISH}, {"エラーメッセージ", SURE}, {"エラー", ENGLISH},
    {"[error]", WEAK}, {"[err]", WEAK}, {"[fatal]", WEAK}, {"failed", WEAK}, {"failure", WEAK}, {"exception", ENGLISH},
    {"unhandled exception", ENGLISH}, {"details", WEAK}, {"message", WEAK}, {"description", WEAK}, {"reason", WEAK}, {"result", WEAK},
    {"meldung", WEAK}, {"detail", WEAK},
};

/* Behind a label at s: the length of ":", " :", "：". 0: it is no label. */
static size_t colon(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && n < 2 && (ascii_blank(s[n]) || (unsigned char)s[n] == 0xc2 || (unsigned char)s[n] == 0xa0))
		n++;
	if (n < len && (s[n] == ':' || s[0] == '\t')) /* or a cell of a session's table */
		return s[n] == ':' ? n + 1 : 1;
	return len - n >= 3 && memcmp(s + n, "：", 3) == 0 ? n + 3 : 0;
}

static bool label_takes(const struct label *l, const struct prose *rest)
{
	if (rest->len == 0 || !prose_is_message(rest->s, rest->len))
		return false;
	if (l->how == SURE)
		return true;
	if (l->how == ENGLISH)
		return is_english(rest->s, rest->len) || has_code(rest->s, rest->len) || is_foreign_failure(rest->s, rest->len);
	return (prose_has_failure(rest->s, rest->len) || prose_starts_failure(rest->s, rest->len)) &&
	    !prose_is_personal(rest->s, rest->len);
}

/* A label at the front of a line. */
bool prose_label_first(const char *s, size_t len, struct prose *message)
{
	char first = len > 0 ? ascii_fold(s[0]) : '\0';

	for (size_t i = 0; i < ASCII_COUNT(labels); i++) {
		size_t n, k;

		if (labels[i].text[0] != first || !ascii_starts(s, len, labels[i].text))
			continue;
		n = strlen(labels[i].text);
		k = labels[i].text[0] == '[' ? 1 : colon(s + n, len - n);
		if (k == 0 || n + k > len)
			continue;
		*message = (struct prose){s + n + k, len - n - k};
		ascii_trim(&message->s, &message->len);
		prose_unquote(message);
		return label_takes(&labels[i], message);
	}
	return false;
}

/* "Full backup file merge failed", which no article or pronoun begins. */
static bool ends_failed(const char *s, size_t len)
{
	static const char *const people[] = {"the", "our", "my", "we", "i", "it", "this", "that", "a", "all", "every", "and", "but", "now",
	    "job", "backup", "since", "der", "die", "das"};

	ascii_trim(&s, &len);
	return ascii_upper(s[0]) && (ascii_ends(s, len, " failed") || ascii_ends(s, len, " failed.")) && prose_words(s, len) <= 8 &&
	    ascii_word_at(s, len, people, ASCII_COUNT(people)) == ASCII_COUNT(people);
}

/* What a session's log says it is doing: "Creating VSS snapshot". */
static bool is_action(const char *s, size_t len)
{
	static const char *const verbs[] = {"processing", "creating", "preparing", "getting", "saving", "backing up", "restoring", "mounting",
	    "merging", "removing", "collecting", "connecting", "truncating", "indexing", "publishing", "copying", "initializing", "starting",
	    "finalizing", "releasing", "freezing", "reading", "writing", "transforming", "exporting", "importing", "installing",
	    "uploading", "downloading", "verifying", "replicating", "deleting", "updating"};

	return ascii_upper(s[0]) && ascii_word_at(s, len, verbs, ASCII_COUNT(verbs)) < ASCII_COUNT(verbs) && prose_words(s, len) <= 10;
}

/* The words before a label make one name with it ("REST API error:"), or are a message themselves ("Unable to install the
 * agent. Error:"): the line is kept whole. */
static bool belongs(const char *s, size_t len)
{
	bool names = true;
	const char *at = memchr(s, ':', len);

	if (ends_failed(s, len) || is_action(s, len) || (ascii_upper(s[0]) && prose_starts_failure(s, len)))
		return true;
	/* `VM01: Failed to …. Error: …` */
	if (at != NULL && (size_t)(at - s) < 64 && memchr(s, ' ', (size_t)(at - s)) == NULL && (size_t)(s + len - at) > 2 &&
	    prose_starts_failure(at + 2, (size_t)(s + len - at) - 2))
		return true;
	for (size_t i = 0; i < len; i++)
		if (!ascii_blank(s[i]) && (i == 0 || ascii_blank(s[i - 1])))
			names = names && (ascii_upper(s[i]) || s[i] == '(');
	return names && prose_words(s, len) <= 5;
}

/* `error:` further on in the line. */
static bool label_within(const char *s, size_t len, struct prose *message)
{
	static const char *const words[] = {"error message", "error text", "error", "fehlermeldung", "fehler", "erreur", "exception"};
	size_t which;
	const char *at = s;

	while ((at = ascii_find_any(at, (size_t)(s + len - at), words, ASCII_COUNT(words), &which)) != NULL) {
		size_t n = strlen(words[which]), left = (size_t)(s + len - at) - n, before = (size_t)(at - s);
		size_t k = colon(at + n, left);
		struct prose rest = {at + n + k, left - k};

		at += n;
		if (k == 0)
			continue;
		if (before > 3 && ascii_ends(s, before, " in ")) /* "received in error: …" */
			continue;
		ascii_trim(&rest.s, &rest.len);
		/* VDDK error: 2, Win32 error:5 are codes within a message. */
		if (before == 0 || before > 1000 || rest.len == 0 || ascii_digit(rest.s[0]))
			continue;
		if (belongs(s, before) && !prose_is_personal(s, len)) {
			*message = (struct prose){s, len};
			return rest.s[0] == '(' || prose_is_message(rest.s, rest.len);
		}
		prose_unquote(&rest);
		*message = rest;
		if (rest.s[0] == '(' && !prose_is_personal(s, len)) {
			*message = (struct prose){s, len}; /* "returned an error: (403) Forbidden." */
			return true;
		}
		return label_takes(&labels[0], &rest) && is_english(rest.s, rest.len) &&
		    (before < 120 || !prose_is_personal(s, before));
	}
	return false;
}

static bool says(const char *s, size_t len)
{
	static const char *const words[] = {"fails", "failed", "error", "message", "alarm", "alert", "says", "shows", "reports", "states", "get", "gets",
	    "getting", "with", "following", "see", "returned", "returns", "steht", "lautet", "zeigt", "affiche", "indique", "dice", "muestra", "fehler", "meldung", "erreur", "errore", "erro", "fehlermeldung", "mit"};

	return ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}

/* `It fails with: Cannot connect …` */
static bool said(const char *s, size_t len, struct prose *message)
{
	const char *at = s;

	while ((at = memmem(at, (size_t)(s + len - at), ": ", 2)) != NULL) {
		size_t left = (size_t)(s + len - at) - 2;

		if (left > 12 && ascii_upper(at[2]) && prose_starts_failure(at + 2, left) && says(s, (size_t)(at - s)) &&
		    (prose_is_personal(s, (size_t)(at - s)) || !prose_starts_failure(s, (size_t)(at - s)))) {
			*message = (struct prose){at + 2, left};
			return !prose_is_personal(at + 2, left);
		}
		at++;
	}
	return false;
}

bool prose_named(const char *s, size_t len)
{
	struct prose message;

	return memchr(s, ':', len) != NULL && label_within(s, len, &message) && message.s == s && !ascii_starts(s, len, "processing ") && !prose_starts_failure(s, len);
}

bool prose_labelled(const char *s, size_t len, struct prose *message)
{
	/* No label without a colon, in either width, but one in brackets. */
	if (len == 0 || (memchr(s, ':', len) == NULL && memchr(s, 0xef, len) == NULL && s[0] != '[' && memchr(s, '\t', len) == NULL))
		return false;
	if (prose_label_first(s, len, message))
		return true;
	return label_within(s, len, message) || said(s, len, message);
}

/* ---- quotations ---- */

/* Words right before a quotation that say what it is. */
static bool leads(const char *s, size_t len)
{
	static const char *const words[] = {"error", "message", "error:", "message:", "error message is", "error is", "exception",
	    "fehler", "meldung", "fehlermeldung", "erreur", "errore", "says", "says:", "shows", "reports", "fails with", "failed with",
	    "meldung:", "fehlermeldung:", "with error", "error text"};

	ascii_trim(&s, &len);
	for (size_t i = 0; i < ASCII_COUNT(words); i++)
		if (ascii_ends(s, len, words[i]))
			return true;
	return false;
}

/* An apostrophe is no quotation mark. */
static bool opens(const char *s, size_t at, size_t pair)
{
	return pairs[pair].open[0] != '\'' || at == 0 || strchr(" (:=", s[at - 1]) != NULL;
}

static const char *find_close(const char *from, const char *end, size_t pair)
{
	size_t c = strlen(pairs[pair].close);
	const char *at = from;

	while ((at = memmem(at, (size_t)(end - at), pairs[pair].close, c)) != NULL) {
		if (c > 1 || at[0] != '\'' || at + 1 == end || !ascii_alnum(at[1]))
			return at;
		at++;
	}
	return NULL;
}

static bool is_quoted_message(const char *s, size_t before, const struct prose *m)
{
	if (prose_words(m->s, m->len) < 3 || prose_is_personal(m->s, m->len))
		return false;
	return prose_starts_failure(m->s, m->len) || prose_is_product(m->s, m->len) ||
	    (leads(s, before) && is_english(m->s, m->len));
}

bool prose_quoted(const char *s, size_t len, size_t *from, struct prose *message)
{
	unsigned tried = 0;

	for (size_t i = *from; (i += ascii_until(s + i, len - i, openers)) < len && tried < QUOTES_TRIED; i++) {
		for (size_t k = 0; k < ASCII_COUNT(pairs); k++) {
			size_t o = strlen(pairs[k].open);
			const char *close;

			if (len - i <= o || memcmp(s + i, pairs[k].open, o) != 0 || !opens(s, i, k))
				continue;
			tried++;
			if ((close = find_close(s + i + o, s + len, k)) == NULL)
				continue;
			*message = (struct prose){s + i + o, (size_t)(close - s) - i - o};
			ascii_trim(&message->s, &message->len);
			if (!is_quoted_message(s, i, message))
				continue;
			*from = (size_t)(close - s) + strlen(pairs[k].close);
			return true;
		}
	}
	return false;
}

/* ---- announcements, sentences ---- */

bool prose_announces(const char *s, size_t len, bool *sure)
{
	static const char *const words[] = {"error", "errors", "exception", "failed with", "fails with", "error message", "fehlermeldung",
	    "fehler", "meldung", "erreur", "errore", "erro", "foutmelding", "fout", "felmeddelande", "fejl", "feil"};
	static const char *const weak[] = {"says", "shows", "reports", "message", "following", "this", "below", "log", "logs", "fails",
	    "failed", "output", "folgende", "suivant", "siguiente", "console", "with"};
	static const char *const other[] = {"ошибк", "Ошибк", "помилк", "błąd", "błęd", "错误", "エラー"};

	if (len < 3 || !(s[len - 1] == ':' || (len > 3 && memcmp(s + len - 3, "：", 3) == 0)))
		return false;
	*sure = ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
	for (size_t i = 0; i < ASCII_COUNT(other) && !*sure; i++)
		*sure = memmem(s, len, other[i], strlen(other[i])) != NULL;
	return *sure || ascii_find_any(s, len, weak, ASCII_COUNT(weak), NULL) != NULL;
}

/* Where the sentence at s ends: behind its mark. */
static size_t sentence_end(const char *s, size_t len)
{
	static const unsigned char marks[256] = {['.'] = 1, ['!'] = 1, ['?'] = 1, ['\0'] = 1};

	for (size_t i = 0; (i += ascii_until(s + i, len - i, marks)) + 2 < len; i++)
		if (s[i + 1] == ' ' && (ascii_upper(s[i + 2]) || (unsigned char)s[i + 2] >= 0x80))
			return i + 1;
	return len;
}

bool prose_sentence(const char *s, size_t len, struct prose *message)
{
	const char *before = s; /* where the sentence before began */
	struct prose whole = {s, len};
	bool failure;

	ascii_trim(&whole.s, &whole.len);
	if (whole.len == len && sentence_end(s, len) == len)
		return false;
	failure = prose_has_failure(s, len);
	for (size_t at = 0; at < len;) {
		size_t n = sentence_end(s + at, len - at);
		struct prose p = {s + at, n};

		ascii_trim(&p.s, &p.len);
		if (is_product(p.s, p.len, failure)) {
			size_t to = at + n;

			while (to < len) {
				n = sentence_end(s + to, len - to);
				if (prose_is_personal(s + to, n))
					break;
				to += n;
			}
			if (p.s[0] == '(') /* "The bus was reset. (Exception from HRESULT: 0x80070457)" */
				p.s = before;
			*message = (struct prose){p.s, (size_t)(s + to - p.s)};
			ascii_trim(&message->s, &message->len);
			return true;
		}
		before = s + at;
		at += n;
	}
	return false;
}
