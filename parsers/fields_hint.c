/*
 * fields_hint.c - parser worker; subject and text of a mail. Words that say how urgent the sender finds it: shown to agents, never a
 * severity (POLICY, clocks). Called by fields.c. Pure.
 */
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "fields_private.h"
#include "oneline.h"
#include "utf8.h"

#define HINT_MAX 60
#define PROSE_MAX ((size_t)64 * 1024)

/* The strongest first. */
static const char *const words[] = {
    "production is down", "production down", "production outage", "prod is down", "prod down", "system down", "systems down",
    "site down", "everything is down", "complete outage", "total outage", "major outage", "produktionsausfall", "produktionsstillstand",
    "produktion steht", "totalausfall", "production à l'arrêt", "production arrêtée", "en panne", "producción parada",
    "produzione ferma", "produção parada", "productie ligt stil", "ransomware", "data loss", "datenverlust", "perte de données",
    "pérdida de datos", "emergency", "notfall", "emergencia", "emergenza", "sev 1", "sev1", "sev-1", "severity 1", "prio 1", "prio1",
    "priority 1", "priorität 1", "p1", "top priority", "highest priority", "höchste priorität", "business critical", "business-critical",
    "mission critical", "geschäftskritisch", "outage", "showstopper", "blocker", "critical", "kritisch", "critique", "crítico",
    "crítica", "critico", "critica", "krytyczne", "krytyczny", "kritiek", "urgent", "urgently", "urgency", "urgente", "dringend", "dringende",
    "dringender", "sehr eilig", "eilt", "eilig", "spoed", "pilne", "brådskande", "haster", "priority: critical", "priority: urgent", "priority: high", "priority: 1", "prio: 1", "priorität: hoch", "high priority", "hohe priorität",
    "haute priorité", "alta prioridad", "immediate assistance", "as soon as possible", "asap", "immediately", "schnellstmöglich",
    "so schnell wie möglich", "umgehend", "dès que possible", "lo antes posible", "il prima possibile", "escalate", "eskalation"};

/* Scripts without cases and blanks of ours. */
static const char *const signs[] = {
    "Срочно", "срочно",
    "критич", "緊急", "紧急", "至急"};

/* "not urgent", "nicht mehr dringend", "no outage": one of the two words before denies it. */
static bool denied(const char *text, const char *at)
{
	static const char *const no[] = {"not", "no", "non", "nicht", "kein", "keine", "isn't", "less", "weniger", "pas", "niet", "nie", "never",
	    "without", "não", "without any"};
	const char *from = at;
	int blanks = 0;

	while (from > text && at - from < 24 && strchr(".,;:!?\n", from[-1]) == NULL && (blanks += from[-1] == ' ') < 4)
		from--;
	return ascii_find_any(from, (size_t)(at - from), no, ASCII_COUNT(no), NULL) != NULL;
}

/* "critical update", "critical: 0", a level or a state in a pasted line: no word of the sender's. */
static bool technical(const char *s, size_t len)
{
	static const char *const nouns[] = {"update", "updates", "patch", "patches", "section", "error", "errors", "warning", "event", "events", "fix",
	    "hotfix", "vulnerability", "infrastructure", "level", "alarm", "alarms", "state", "threshold"};

	/* [URGENT] is the sender's, [Critical] a log's. */
	if (len > 0 && (*s == '=' || *s == '_' || *s == '\\' || *s == '/' || (*s == ']' && ascii_fold(s[-1]) == 'l')))
		return true;
	if (len > 2 && *s == ':' && (ascii_digit(s[1]) || ascii_digit(s[2])))
		return true;
	while (len > 0 && ascii_blank(*s)) {
		s++;
		len--;
	}
	return ascii_word_at(s, len, nouns, ASCII_COUNT(nouns)) < ASCII_COUNT(nouns);
}

struct hint {
	const char *at;
	size_t len, rank;
};

static void look(struct hint *h, const char *text, size_t len)
{
	const char *at = text, *end = text + len;
	size_t k;

	while ((at = ascii_find_any(at, (size_t)(end - at), words, ASCII_COUNT(words), &k)) != NULL) {
		size_t n = strlen(words[k]);

		if (k < h->rank && !denied(text, at) && !technical(at + n, (size_t)(end - at) - n))
			*h = (struct hint){at, n, k};
		at += n;
	}
	if (h->at != NULL || utf8_ascii(text, len) == len)
		return;
	for (k = 0; k < ASCII_COUNT(signs) && h->at == NULL; k++)
		if ((at = memmem(text, len, signs[k], strlen(signs[k]))) != NULL)
			*h = (struct hint){at, strlen(signs[k]), ASCII_COUNT(words)};
}

int fields_hint(json_t *fields, const char *subject, const char *body, size_t len)
{
	struct hint h = {.rank = ASCII_COUNT(words)};
	char line[HINT_MAX];

	look(&h, subject, strlen(subject));
	look(&h, body, len < PROSE_MAX ? len : PROSE_MAX);
	if (h.at == NULL || oneline(line, sizeof(line), h.at, h.len, ONELINE_CP1252) == 0)
		return VG_OK;
	return json_object_set_new(fields, "severity_hint", json_string(line)) == 0 ? VG_OK : VG_ERR_MEMORY;
}
