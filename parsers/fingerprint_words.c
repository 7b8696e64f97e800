/*
 * fingerprint_words.c - parser worker; the word lists of fingerprint.c. Pure.
 */
#include "fingerprint_words.h"

#include "ascii.h"

bool fingerprint_names_follow(const char *w, size_t len)
{
	static const char *const list[] = {"host", "server", "machine", "computer", "vm", "proxy", "repository", "guest", "user", "account",
	    "node", "datastore", "processing", "cluster", "database", "instance", "share", "volume", "tenant", "mailbox", "organization",
	    "gateway", "workstation", "hypervisor", "vcenter", "job", "rechner", "benutzer", "postfach", "maschine", "serveur",
	    "utilisateur", "servidor", "usuario", "equipo", "utente", "gebruiker", "serwer", "objekt", "object", "appliance"};

	return ascii_one_of(w, len, list, ASCII_COUNT(list)) < ASCII_COUNT(list);
}

bool fingerprint_no_name(const char *w, size_t len)
{
	static const char *const list[] = {"error", "errors", "failed", "failure", "fails", "not", "is", "was", "are", "has", "have", "had",
	    "cannot", "can", "could", "does", "did", "name", "names", "service", "services", "manager", "exception", "fault", "busy", "closed",
	    "connection", "timeout", "timed", "unavailable", "unreachable", "offline", "full", "or", "and", "for", "from", "in", "on", "to",
	    "with", "type", "version", "id", "list", "access", "session", "status", "state", "information", "info", "warning", "stopped",
	    "disconnected", "canceled", "cancelled", "will", "must", "should", "ist", "hat", "kann", "wurde", "nicht", "est", "no", "tools",
	    "port", "path", "folder", "file", "files", "agent", "control", "account", "process", "finished", "completed", "started"};

	return ascii_one_of(w, len, list, ASCII_COUNT(list)) < ASCII_COUNT(list);
}

bool fingerprint_date_word(const char *w, size_t len)
{
	static const char *const list[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "january",
	    "february", "march", "april", "june", "july", "august", "september", "october", "november", "december", "mon", "tue", "wed", "thu",
	    "fri", "sat", "sun", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "am", "pm", "a.m", "p.m", "utc",
	    "gmt", "januar", "februar", "märz", "mai", "juni", "juli", "oktober", "dezember", "montag", "dienstag", "mittwoch", "donnerstag",
	    "freitag", "samstag", "sonntag", "uhr", "janvier", "février", "mars", "avril", "juin", "juillet", "août", "septembre",
	    "octobre", "novembre", "décembre", "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
	    "octubre", "noviembre", "diciembre"};

	return ascii_one_of(w, len, list, ASCII_COUNT(list)) < ASCII_COUNT(list);
}

bool fingerprint_unit(const char *w, size_t len)
{
	static const char *const list[] = {"b", "bytes", "byte", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "ms", "s", "sec", "secs",
	    "second", "seconds", "min", "mins", "minute", "minutes", "h", "hour", "hours", "day", "days", "week", "weeks", "sekunden", "sekunde",
	    "minuten", "stunden", "stunde", "tage", "tagen", "secondes", "heures", "jours", "segundos", "minutos", "horas", "ko", "mo", "go"};

	return ascii_one_of(w, len, list, ASCII_COUNT(list)) < ASCII_COUNT(list);
}

bool fingerprint_tells(const char *s, size_t len)
{
	static const char *const words[] = {"failed", "fail", "fails", "not", "cannot", "can't", "couldn't", "denied", "error", "unable", "refused",
	    "invalid", "exceeded", "missing", "exists", "timed", "expired", "unavailable", "unexpected", "unknown", "corrupted", "canceled",
	    "aborted", "unreachable", "insufficient", "nicht", "fehler", "kein", "verweigert", "fehlgeschlagen", "ungültig",
	    "impossible", "erreur", "refusé", "no se", "denegado", "non"};
	size_t blanks = 0;

	for (size_t i = 0; i < len; i++)
		blanks += s[i] == ' ';
	return blanks >= 2 && ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL;
}
