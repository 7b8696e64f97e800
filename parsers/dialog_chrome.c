/*
 * dialog_chrome.c - ocr worker; text recognised on hostile pictures. The tables of what surrounds a message on a screen.
 * Called by dialog_text.c. Pure.
 */
#include "dialog_chrome.h"

#include <string.h>

#include "ascii.h"

/* In lower case; longer ones before those they begin with. Letters outside ASCII are compared as they are written. */
static const char *const chrome[] = {
	/* buttons */
	"ok", "cancel", "close", "yes to all", "yes", "no to all", "no", "retry", "ignore", "abort", "apply", "continue", "finish",
	"next", "back", "previous", "skip", "browse", "details", "hide details", "show details", "more details", "more info",
	"less info", "view log", "send report", "don't send", "copy to clipboard", "copy", "help", "stop", "start", "save", "open",
	"delete", "edit", "add", "remove", "refresh", "accept", "decline", "got it", "dismiss", "restart now", "restart later",
	"abbrechen", "schließen", "schliessen", "ja, alle", "ja", "nein", "wiederholen", "ignorieren", "übernehmen", "weiter",
	"zurück", "fertigstellen", "beenden", "hilfe", "annuler", "fermer", "oui", "non", "réessayer", "ignorer", "appliquer",
	"suivant", "précédent", "terminer", "aide", "cancelar", "cerrar", "sí", "reintentar", "omitir", "aceptar", "aplicar",
	"siguiente", "atrás", "ayuda", "annulla", "chiudi", "riprova", "ignora", "applica", "avanti", "indietro", "aiuto",
	"annuleren", "sluiten", "nee", "opnieuw", "negeren", "toepassen", "volgende", "vorige", "anuluj", "zamknij", "tak", "nie",
	"ponów", "отмена", "закрыть", "да", "нет", "повторить", "avbryt", "stäng", "lukk", "fechar", "sim", "não",
	/* menus and ribbons */
	"file", "view", "tools", "window", "options", "action", "favorites", "home", "insert", "format", "job tools",
	"datei", "bearbeiten", "ansicht", "extras", "fenster", "aktion", "start", "fichier", "edition", "affichage", "outils",
	"archivo", "editar", "ver", "herramientas", "datoteka", "plik", "edycja", "widok", "файл", "правка", "вид",
	/* task bar */
	"type here to search", "zur suche text hier eingeben", "search", "suchen", "eng", "deu", "us", "de", "fra", "esp", "int",
	"am", "pm", "job progress:",
};

/* Length of the table's word that s begins with; 0: none. */
static size_t chrome_at(const char *s, size_t len)
{
	size_t best = 0;

	for (size_t i = 0; i < ASCII_COUNT(chrome); i++) {
		size_t n = strlen(chrome[i]);

		if (n > best && n <= len && ascii_starts(s, len, chrome[i]) &&
		    (n == len || (!ascii_alnum(s[n]) && (unsigned char)s[n] < 0x80)))
			best = n;
	}
	return best;
}

/* 10:42, 0:03:51, 11/24/2026, 24.11.2026, 100%, 42: figures with what stands between them. */
static size_t figures_at(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && (ascii_digit(s[n]) || strchr(":/.,-%", s[n]) != NULL))
		n++;
	return n == len || !ascii_alnum(s[n]) ? n : 0;
}

bool dialog_is_chrome(const char *s, size_t len)
{
	for (size_t i = 0; i < len;) {
		size_t n;

		if (!ascii_alnum(s[i]) && (unsigned char)s[i] < 0x80) {
			i++;
			continue;
		}
		n = chrome_at(s + i, len - i);
		if (n == 0)
			n = figures_at(s + i, len - i);
		/* A lone letter is an icon that was read: x, O, i. */
		if (n == 0 && (i + 1 == len || s[i + 1] == ' ') && ascii_alpha(s[i]))
			n = 1;
		if (n == 0)
			return false;
		i += n;
	}
	return true;
}

bool dialog_names_failure(const char *s, size_t len)
{
	static const char *const words[] = {"error", "errors", "failure", "failed", "exception", "fehler", "fehlermeldung", "erreur",
	    "errore", "erro", "fout", "fel", "feil", "virhe", "critical", "alert"};
	static const char *const others[] = {"błąd", "ошибка", "помилка", "错误", "エラー"};

	if (ascii_find_any(s, len, words, ASCII_COUNT(words), NULL) != NULL)
		return true;
	for (size_t i = 0; i < ASCII_COUNT(others); i++)
		if (memmem(s, len, others[i], strlen(others[i])) != NULL)
			return true;
	/* Upper-case Cyrillic, as titles have it. */
	return memmem(s, len, "Ошибка", strlen("Ошибка")) != NULL || memmem(s, len, "Помилка", strlen("Помилка")) != NULL;
}
