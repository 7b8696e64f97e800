/*
 * fields_triage.c - parser worker; text of a mail. Recognises that the sender names steps already taken (P1). Conservative:
 * a question or a plan is no step taken. Called by fields.c. Pure.
 */
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "fields_private.h"
#include "oneline.h"

#define PROSE_MAX ((size_t)64 * 1024) /* steps are told at the top */

void triage_begin(struct triage_text *t)
{
	t->len = 0;
	t->text[0] = '\0';
}

void triage_add(struct triage_text *t, const char *line, size_t len)
{
	size_t gap = t->len > 0;

	if (t->len + gap + 1 >= sizeof(t->text))
		return;
	len = oneline(t->text + t->len + gap, sizeof(t->text) - t->len - gap, line, len, ONELINE_CP1252);
	if (len == 0)
		return;
	if (gap)
		t->text[t->len] = '\n';
	t->len += gap + len;
}

int triage_set(struct triage_text *t, json_t *fields)
{
	t->text[t->len] = '\0';
	if (t->len == 0 || json_object_get(fields, "triage") != NULL)
		return VG_OK;
	return json_object_set_new(fields, "triage", json_string(t->text)) == 0 ? VG_OK : VG_ERR_MEMORY;
}

/* ---- a sentence that tells of a step ---- */

/* Who took it: a longer one first where one begins another. */
#define PERSONS \
	"we've", "we", "i've", "i", "already", "have", "customer", "colleague"
#define PERSONS_ELSEWHERE \
	"wir haben", "ich habe", "haben wir", "habe ich", "wurde", "wurden", "nous avons", "j'ai", "on a", "hemos", \
	"he", "abbiamo", "ho", "we hebben", "wij hebben", "ik heb", "hebben we", "temos", "vi har", "jag har", \
	"jeg har"
/* And what is said of it without anybody. */
#define PHRASES \
	"did not help", "didn't help", "no change after", "without success", "steps taken", "what we tried", \
	"what we have tried", "what we did", "troubleshooting performed", "troubleshooting so far", \
	"already performed", "already followed", "still fails after", "same result after", "same error after", \
	"to no avail", "made no difference", "no luck", "hat nicht geholfen", "brachte keine besserung", \
	"ohne erfolg", "leider erfolglos", "bisher unternommen", "bereits durchgeführt", "sans succès", "sans effet", \
	"sin éxito", "sin resultado", "senza successo", "senza risultato", "zonder succes", "zonder resultaat", \
	"sem sucesso", "bez skutku", "bez rezultatu", "utan resultat", "uten resultat", "uden held"

/* Past forms of what people do before they ask. */
static bool is_step(const char *s, size_t len)
{
	static const char *const verbs[] = {"tried", "restarted", "rebooted", "checked", "verified", "confirmed", "reinstalled",
	    "rescanned", "updated", "upgraded", "tested", "followed", "retried", "reviewed", "ran", "re-ran", "recreated",
	    "disabled", "enabled", "removed", "replaced", "increased", "changed", "cleared", "deleted", "excluded", "consulted",
	    "read", "searched", "applied", "patched", "opened", "recreate", "reset", "compared", "attempted", "re-added", "added"};

	return ascii_word_at(s, len, verbs, ASCII_COUNT(verbs)) < ASCII_COUNT(verbs);
}

/* Up to three helping words, then a step. */
static bool step_follows(const char *s, size_t len)
{
	static const char *const helping[] = {"have", "also", "already", "then", "just", "had", "both", "first", "even", "has",
	    "successfully"};
	static const char *const run[] = {"run"};
	size_t i = 0;

	for (int step = 0; step < 4; step++) {
		size_t h;

		while (i < len && ascii_blank(s[i]))
			i++;
		/* "we have run", but "we run version 12" is none */
		if (is_step(s + i, len - i) || (step > 0 && ascii_word_at(s + i, len - i, run, 1) == 0))
			return true;
		h = ascii_word_at(s + i, len - i, helping, ASCII_COUNT(helping));
		if (h == ASCII_COUNT(helping))
			return false;
		i += strlen(helping[h]);
	}
	return false;
}

/* "we have already restarted": person, helping words, a step. */
static bool names_step(const char *s, size_t len)
{
	static const char *const who[] = {PERSONS};
	const char *at = s, *end = s + len;
	size_t k;

	while ((at = ascii_find_any(at, (size_t)(end - at), who, ASCII_COUNT(who), &k)) != NULL) {
		at += strlen(who[k]);
		if (step_follows(at, (size_t)(end - at)))
			return true;
	}
	return false;
}

/* "Wir haben den Dienst neu gestartet", "nous avons déjà redémarré": in these languages the step may stand far behind the helping word. */
static bool names_step_elsewhere(const char *s, size_t len)
{
	static const char *const who[] = {PERSONS_ELSEWHERE};
	static const char *const steps[] = {"neugestartet", "neu gestartet", "durchgestartet", "geprüft", "getestet",
	    "kontrolliert", "aktualisiert", "neu installiert", "deaktiviert", "aktiviert", "entfernt", "gelöscht", "versucht", "probiert",
	    "ausprobiert", "geöffnet", "ausgetauscht", "erhöht", "geändert", "angepasst", "rebootet", "gerebootet",
	    "redémarré", "vérifié", "testé", "essayé", "relancé", "réinstallé", "mis à jour",
	    "supprimé", "désactivé", "reiniciado", "verificado", "comprobado", "probado", "intentado", "actualizado", "reinstalado",
	    "riavviato", "verificato", "controllato", "provato", "testato", "aggiornato", "reinstallato", "herstart", "gecontroleerd", "geprobeerd", "getest",
	    "bijgewerkt", "testado", "tentado", "startat om", "kontrollerat", "testat", "genstartet", "kontrolleret", "startet på nytt", "sjekket"};
	const char *at = ascii_find_any(s, len, who, ASCII_COUNT(who), NULL);
	/* A step that begins with a letter beyond ASCII is not looked for by that function. */
	static const char ueber[] = "überprüft";

	if (at == NULL)
		return false;
	len -= (size_t)(at - s);
	return ascii_find_any(at, len, steps, ASCII_COUNT(steps), NULL) != NULL || memmem(at, len, ueber, sizeof(ueber) - 1) != NULL;
}

static bool says_done(const char *s, size_t len)
{
	static const char *const phrases[] = {PHRASES};

	return ascii_find_any(s, len, phrases, ASCII_COUNT(phrases), NULL) != NULL;
}

/* Most sentences have nothing of all that: one look tells. */
static bool tells_step(const char *s, size_t len)
{
	static const char *const signs[] = {PERSONS, PERSONS_ELSEWHERE, PHRASES};
	const char *at = ascii_find_any(s, len, signs, ASCII_COUNT(signs), NULL);

	if (at == NULL)
		return false;
	len -= (size_t)(at - s);
	return names_step(at, len) || names_step_elsewhere(at, len) || says_done(at, len);
}

/* "Steps taken:" and the like: the list below belongs to it. */
static bool opens_list(const char *s, size_t len)
{
	return len > 0 && s[len - 1] == ':' && len < 100;
}

/* Sentences of a line end with . ! ? and a blank. Questions and plans do not count. */
static bool take_sentences(struct triage_text *t, const char *s, size_t len)
{
	static const char *const asks[] = {"should", "you", "sollen wir", "sollten", "können sie", "bitte prüfen", "nicht geprüft"};
	bool taken = false;

	while (len > 0) {
		size_t n = 0, next;

		while (n < len && !(s[n] <= '?' && (s[n] == '.' || s[n] == '!' || s[n] == '?') && (n + 1 == len || ascii_blank(s[n + 1]))))
			n++;
		next = n < len ? n + 1 : n;
		if ((n == len || s[n] != '?') && tells_step(s, n) && ascii_find_any(s, n, asks, ASCII_COUNT(asks), NULL) == NULL) {
			triage_add(t, s, next);
			taken = true;
		}
		s += next;
		len -= next;
		ascii_trim(&s, &len);
	}
	return taken;
}

int fields_triage(json_t *fields, const char *body, size_t len)
{
	struct triage_text t;
	const char *line, *end = body + (len < PROSE_MAX ? len : PROSE_MAX);
	size_t n;
	bool list = false;

	triage_begin(&t);
	while (ascii_line(&body, end, &line, &n)) {
		ascii_trim(&line, &n);
		if (n > 4000)
			n = 4000;
		if (n == 0) {
			continue;
		} else if (list && (line[0] == '-' || line[0] == '*' || ascii_digit(line[0]) || memcmp(line, "•", n < 3 ? n : 3) == 0)) {
			triage_add(&t, line, n);
		} else {
			list = take_sentences(&t, line, n) && opens_list(line, n);
		}
	}
	return triage_set(&t, fields);
}
