/*
 * letter_texts.c - looks texts up (letter_texts.h). Runs in the role `deliver`; the supervisor checks files with it.
 */
#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "err.h"
#include "letter_texts.h"

static const char words_en[] =
#include "conf/templates/words.txt.inc"
    ;
static const char ack_en[] =
#include "conf/templates/ack.txt.inc"
    ;
static const char relay_en[] =
#include "conf/templates/relay.txt.inc"
    ;
static const char reply_en[] =
#include "conf/templates/reply.txt.inc"
    ;
static const char joined_en[] =
#include "conf/templates/joined.txt.inc"
    ;
static const char removed_en[] =
#include "conf/templates/removed.txt.inc"
    ;
static const char refused_en[] =
#include "conf/templates/refused.txt.inc"
    ;
static const char alarm_en[] =
#include "conf/templates/alarm.txt.inc"
    ;
static const char held_en[] =
#include "conf/templates/held.txt.inc"
    ;
static const char failed_en[] =
#include "conf/templates/failed.txt.inc"
    ;
static const char agent_en[] =
#include "conf/templates/agent.txt.inc"
    ;
static const char digest_en[] =
#include "conf/templates/digest.txt.inc"
    ;
static const char words_de[] =
#include "conf/templates/de/words.txt.inc"
    ;
static const char ack_de[] =
#include "conf/templates/de/ack.txt.inc"
    ;
static const char relay_de[] =
#include "conf/templates/de/relay.txt.inc"
    ;
static const char reply_de[] =
#include "conf/templates/de/reply.txt.inc"
    ;
static const char joined_de[] =
#include "conf/templates/de/joined.txt.inc"
    ;
static const char removed_de[] =
#include "conf/templates/de/removed.txt.inc"
    ;
static const char refused_de[] =
#include "conf/templates/de/refused.txt.inc"
    ;
static const char words_fr[] =
#include "conf/templates/fr/words.txt.inc"
    ;
static const char ack_fr[] =
#include "conf/templates/fr/ack.txt.inc"
    ;
static const char relay_fr[] =
#include "conf/templates/fr/relay.txt.inc"
    ;
static const char reply_fr[] =
#include "conf/templates/fr/reply.txt.inc"
    ;
static const char joined_fr[] =
#include "conf/templates/fr/joined.txt.inc"
    ;
static const char held_de[] =
#include "conf/templates/de/held.txt.inc"
    ;
static const char held_fr[] =
#include "conf/templates/fr/held.txt.inc"
    ;
static const char removed_fr[] =
#include "conf/templates/fr/removed.txt.inc"
    ;
static const char refused_fr[] =
#include "conf/templates/fr/refused.txt.inc"
    ;

/* By kind; letters to agents and operators have one language. */
static const struct {
	const char *language;
	const char *text[LETTER_KINDS];
} built_in[] = {
	{"", {[LETTER_WORDS] = words_en, [LETTER_ACK] = ack_en, [LETTER_RELAY] = relay_en, [LETTER_REPLY] =
	    reply_en, [LETTER_JOINED] = joined_en, [LETTER_REMOVED] = removed_en, [LETTER_REFUSED] =
	    refused_en, [LETTER_AGENT] = agent_en, [LETTER_DIGEST] = digest_en,
	    [LETTER_ALARM] = alarm_en, [LETTER_HELD] = held_en, [LETTER_FAILED] = failed_en}},
	{"de", {[LETTER_WORDS] = words_de, [LETTER_ACK] = ack_de, [LETTER_RELAY] = relay_de, [LETTER_REPLY] =
	    reply_de, [LETTER_JOINED] = joined_de, [LETTER_REMOVED] = removed_de, [LETTER_REFUSED] =
	    refused_de, [LETTER_HELD] = held_de}},
	{"fr", {[LETTER_WORDS] = words_fr, [LETTER_ACK] = ack_fr, [LETTER_RELAY] = relay_fr, [LETTER_REPLY] =
	    reply_fr, [LETTER_JOINED] = joined_fr, [LETTER_REMOVED] = removed_fr, [LETTER_REFUSED] =
	    refused_fr, [LETTER_HELD] = held_fr}},
};

const char *const letter_languages[] = {"", "de", "fr", NULL};

struct letter_texts {
	struct {
		char name[LETTER_FILE_MAX + 1];
		char *text;
	} files[LETTER_TEXTS_MAX];
	size_t n;
};

/* ---- names ---- */

const char *letter_file(unsigned kind)
{
	static const char *const files[] = {"words.txt", "ack.txt", "relay.txt", "reply.txt", "joined.txt", "removed.txt", "agent.txt",
	    "digest.txt", "refused.txt", "alarm.txt", "held.txt", "failed.txt"};

	_Static_assert(ASCII_COUNT(files) == LETTER_KINDS, "a file for each kind");
	return kind < ASCII_COUNT(files) ? files[kind] : NULL;
}

bool letter_language_ok(const char *tag)
{
	size_t n = strspn(tag, "abcdefghijklmnopqrstuvwxyz0123456789-"), first = strspn(tag, "abcdefghijklmnopqrstuvwxyz");

	return tag[n] == '\0' && n <= LETTER_LANGUAGE_MAX && (first == 2 || first == 3) && (tag[first] == '\0' || tag[first] == '-') &&
	    tag[n - 1] != '-' && strstr(tag, "--") == NULL;
}

/* "de/ack.txt" */
static bool is_name(const char *name)
{
	const char *file = strchr(name, '/');
	char tag[LETTER_FILE_MAX + 1];

	if (file == NULL) {
		file = name;
	} else {
		memcpy(tag, name, (size_t)(file - name));
		tag[file - name] = '\0';
		if (!letter_language_ok(tag))
			return false;
		file++;
	}
	for (unsigned k = 0; k < LETTER_KINDS; k++)
		if (strcmp(file, letter_file(k)) == 0)
			return true;
	return false;
}

/* ---- the operator's ---- */

struct letter_texts *letter_texts_new(void)
{
	return calloc(1, sizeof(struct letter_texts));
}

void letter_texts_free(struct letter_texts **t)
{
	if (*t == NULL)
		return;
	while ((*t)->n > 0)
		free((*t)->files[--(*t)->n].text);
	free(*t);
	*t = NULL;
}

int letter_texts_put(struct letter_texts *t, const char *name, const char *text, size_t len)
{
	size_t n = strnlen(name, LETTER_FILE_MAX + 1);

	if (n > LETTER_FILE_MAX || !is_name(name))
		return VG_ERR_SYNTAX;
	if (t->n == LETTER_TEXTS_MAX)
		return VG_ERR_LIMIT;
	if ((t->files[t->n].text = strndup(text, len)) == NULL)
		return VG_ERR_MEMORY;
	memcpy(t->files[t->n++].name, name, n + 1);
	return VG_OK;
}

static const char *own(const struct letter_texts *t, unsigned kind, const char *language)
{
	size_t n = strlen(language);

	for (size_t i = 0; t != NULL && i < t->n; i++) {
		const char *name = t->files[i].name;

		if (n > 0 && (strncmp(name, language, n) != 0 || name[n] != '/'))
			continue;
		if (strcmp(n > 0 ? name + n + 1 : name, letter_file(kind)) == 0)
			return t->files[i].text;
	}
	return NULL;
}

const char *letter_template(unsigned kind, const char *language)
{
	for (size_t i = 0; i < ASCII_COUNT(built_in) && kind < LETTER_KINDS; i++)
		if (strcmp(built_in[i].language, language) == 0)
			return built_in[i].text[kind];
	return NULL;
}

/* ---- fallbacks ---- */

/* In lower case; what is none becomes "". */
static void start(char tag[LETTER_LANGUAGE_MAX + 1], const char *language)
{
	size_t n = strnlen(language, LETTER_LANGUAGE_MAX);

	for (size_t i = 0; i < n; i++)
		tag[i] = (char)(ascii_upper(language[i]) ? language[i] | 0x20 : language[i]);
	tag[n] = '\0';
	if (!letter_language_ok(tag))
		tag[0] = '\0';
}

/* False behind the last, which is "". */
static bool shorten(char *tag)
{
	char *dash = strrchr(tag, '-');

	if (tag[0] == '\0')
		return false;
	*(dash != NULL ? dash : tag) = '\0';
	return true;
}

const char *letter_texts_find(const struct letter_texts *t, unsigned kind, const char *language)
{
	char tag[LETTER_LANGUAGE_MAX + 1];
	const char *text;

	if (kind >= LETTER_KINDS)
		return NULL;
	start(tag, language);
	do {
		if ((text = own(t, kind, tag)) != NULL || (text = letter_template(kind, tag)) != NULL)
			return text;
	} while (shorten(tag));
	return NULL;
}

/* ---- words ---- */

/* The text behind a word in a line; NULL: the line is not about it. */
static const char *about(const char *line, size_t n, const char *word, size_t *len)
{
	size_t k = strlen(word);

	if (n <= k || memcmp(line, word, k) != 0 || !ascii_blank(line[k]))
		return NULL;
	line += k;
	*len = n - k;
	ascii_trim(&line, len);
	return *len > 0 ? line : NULL;
}

static const char *word_in(const char *text, const char *word, size_t *len)
{
	const char *s = text, *end, *line, *found = NULL;
	size_t n;

	if (text == NULL)
		return NULL;
	end = text + strlen(text);
	while (found == NULL && ascii_line(&s, end, &line, &n))
		found = about(line, n, word, len);
	return found;
}

const char *letter_word(const struct letter_texts *t, const char *language, const char *word, size_t *len)
{
	char tag[LETTER_LANGUAGE_MAX + 1];
	const char *found;

	start(tag, language);
	do {
		if ((found = word_in(own(t, LETTER_WORDS, tag), word, len)) != NULL ||
		    (found = word_in(letter_template(LETTER_WORDS, tag), word, len)) != NULL)
			return found;
	} while (shorten(tag));
	*len = strlen(word);
	return word;
}

int letter_words_check(const char *text, size_t len, unsigned *line, const char **why)
{
	const char *s = text, *one, *end = text + len;
	size_t n;

	*line = 0;
	*why = "";
	while (ascii_line(&s, end, &one, &n)) {
		char word[32];
		size_t k = 0, rest;

		++*line;
		ascii_trim(&one, &n);
		if (n == 0 || *one == '#')
			continue;
		while (k < n && k < sizeof word - 1 && !ascii_blank(one[k])) {
			word[k] = one[k];
			k++;
		}
		word[k] = '\0';
		if (word_in(words_en, word, &rest) == NULL)
			*why = "no such word";
		else if (about(one, n, word, &rest) == NULL)
			*why = "a word without its text";
		if (**why != '\0')
			return VG_ERR_SYNTAX;
	}
	return VG_OK;
}
