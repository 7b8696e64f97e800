/*
 * quotes_lines.c - recognisers for single lines of mail text in the languages that mail programs write. Runs in the parser
 * worker and in `vcspgate parse`; input is hostile, every test is linear in its line. Words are in folded form.
 */
#include <string.h>

#include "ascii.h"
#include "quotes_lines.h"
#include "word_list.h"

#define SEPARATOR_MAX 80 /* between the dashes of a separator line */

unsigned line_quote_depth(const char *s, size_t n)
{
	unsigned depth = 0;
	size_t i = 0;

	while (i < n && i < 3 && s[i] == ' ')
		i++;
	if (ascii_starts(s + i, n - i, ">from "))
		return 0; /* an mbox escape */
	for (; i < n && depth < 100; i++) {
		if (s[i] == '>')
			depth++;
		else if (s[i] != ' ' || depth == 0)
			break;
	}
	return depth;
}

const char *line_undashed(const struct line *l, size_t *n, size_t *a, size_t *b)
{
	size_t from = 0, to = l->flen;

	*a = *b = 0;
	for (; from < to && (l->f[from] == '-' || l->f[from] == '_' || l->f[from] == ' '); from++)
		*a += l->f[from] != ' ';
	for (; to > from && (l->f[to - 1] == '-' || l->f[to - 1] == '_' || l->f[to - 1] == ' '); to--)
		*b += l->f[to - 1] != ' ';
	*n = to - from;
	return l->f + from;
}

static bool above_marker(const struct line *l)
{
	static const char *const words[] = {"reply above this line", "type your reply above",
		"write your reply above", "respond above this line", "reply above the line",
		"antworten sie oberhalb dieser", "antwort oberhalb dieser", "répondre au-dessus de cette ligne",
		"répondez au-dessus de cette ligne", "responda por encima de esta", "escriba su respuesta por encima",
		"rispondi sopra questa", "responda acima desta linha", "antwoord boven deze regel",
		"ответьте выше этой линии", "この行より上に返信", NULL};

	return l->flen < 120 && word_list_within(l->f, l->flen, words);
}

bool line_original(const struct line *l)
{
	static const char *const words[] = {"original message", "original appointment", "reply message",
		"original email", "original e-mail", "original mail", "ursprüngliche nachricht",
		"ursprünglicher termin", "originalnachricht", "original-nachricht", "originalmail", "original-mail",
		"antwort nachricht", "message d'origine", "message original", "mail original", "courriel original", "message initial", "mensaje original",
		"messaggio originale", "messaggio original", "mensagem original", "oorspronkelijk bericht",
		"origineel bericht", "oorspronkelijke bericht", "oryginalna wiadomość", "wiadomość oryginalna",
		"wiadomość pierwotna", "pierwotna wiadomość", "исходное сообщение", "оригинальное сообщение",
		"исходное письмо", "вихідне повідомлення", "оригінальне повідомлення", "початкове повідомлення",
		"вихідний лист", "ursprungligt meddelande", "originalmeddelande", "opprinnelig melding",
		"original melding", "oprindelig meddelelse", "original meddelelse", "oprindelig besked",
		"původní zpráva", "eredeti üzenet", "alkuperäinen viesti", "orijinal mesaj", "mesaj original", "原始邮件",
		"邮件原件", "回复的原邮件", "原始信息", "原邮件", "原始郵件", "原始訊息", "元のメッセージ", "オリジナルメッセージ", "original message follows", "원본 메시지",
		NULL};
	size_t n, a, b;
	const char *s = line_undashed(l, &n, &a, &b);

	if (a >= 2 && b >= 2 && n <= SEPARATOR_MAX)
		return word_list_is(s, n, words) || (a >= 8 && b >= 8 && ascii_is(s, n, "original"));
	return above_marker(l);
}

bool line_forwarded(const struct line *l)
{
	static const char *const dashed[] = {"forwarded message", "forwarded mail", "forwarded by ",
		"forwarded email", "fwd message", "weitergeleitete nachricht", "weitergeleitete mail",
		"weitergeleitet von ", "message transféré", "message transmis", "transféré par ", "courriel transféré",
		"mensaje reenviado", "reenviado por ", "messaggio inoltrato", "inoltrato da ", "mensagem encaminhada",
		"mensagem reencaminhada", "encaminhado por ", "doorgestuurd bericht", "doorgestuurd door ",
		"wiadomość przekazana", "przekazana wiadomość", "treść przekazanej wiadomości",
		"пересылаемое сообщение", "пересланное сообщение", "перенаправленное сообщение",
		"переслане повідомлення", "перенаправлене повідомлення", "wiadomość przesłana dalej", "přeposlaná zpráva", "preposlaná správa",
		"edelleenlähetetty viesti", "välitetty viesti", "továbbított üzenet", "mesaj redirecționat", "i̇letilmiş mesaj", "iletilmiş mesaj", "i̇letilen i̇leti", "proslijeđena poruka", "メッセージを転送",
		"переадресоване повідомлення", "пересилане повідомлення",
		"vidarebefordrat meddelande", "vidarebefordrat brev", "videresendt melding", "videresendt meddelelse",
		"videresendt besked", "videresendt e-mail", "转发的邮件", "转发邮件", "转发的消息", "转发信息", "轉寄郵件", "轉寄的郵件", "轉寄訊息",
		"転送メッセージ", "転送されたメッセージ", "転送メール", NULL};
	static const char *const bare[] = {"begin forwarded message:", "forwarded message:", "début du message réexpédié:", "début du message transféré:",
		"začátek přeposílané zprávy:", "začiatok preposlanej správy:", "välitetty viesti alkaa:", "továbbított levél kezdete:", "începe mesajul redirecționat:",
		"anfang der weitergeleiteten nachricht:",
		"anfang der weitergeleiteten e-mail:", "début du message réexpédié :", "début du message transféré :",
		"inicio del mensaje reenviado:", "inizio messaggio inoltrato:", "inizio del messaggio inoltrato:",
		"início da mensagem reenviada:", "início da mensagem encaminhada:", "início da mensagem reencaminhada:",
		"begin doorgestuurd bericht:", "początek przekazywanej wiadomości:", "początek przekazanej wiadomości:",
		"начало переадресованного сообщения:", "начало пересылаемого сообщения:",
		"початок переадресованого повідомлення:", "початок листа, що пересилається:", "vidarebefordrat brev:",
		"vidarebefordrat mejl:", "videresendt melding:", "start på videresendt melding:",
		"start på videresendt besked:", "videresendt besked:", "下面是被转发的邮件:", "开始转发的邮件:", "以下是轉寄的郵件:", "開始轉寄郵件:",
		"転送されたメッセージ:", "転送メッセージ開始:", NULL};
	size_t n, a, b;
	const char *s = line_undashed(l, &n, &a, &b);

	if (word_list_is(s, n, bare) || (n < l->flen && word_list_is(l->f, l->flen, bare)))
		return true;
	return a >= 3 && n <= 2 * SEPARATOR_MAX && word_list_starts(s, n, dashed) > 0;
}

bool line_rule(const struct line *l)
{
	char c = l->flen > 0 ? l->f[0] : 0;

	if (c != '_' && c != '-')
		return false;
	for (size_t i = 0; i < l->flen; i++)
		if (l->f[i] != c)
			return false;
	return l->flen >= 10;
}

bool text_has_time(const char *s, size_t len)
{
	for (size_t i = 1; i + 2 < len; i++)
		if ((s[i] == ':' || s[i] == '.' || s[i] == 'h') && ascii_digit(s[i - 1]) && ascii_digit(s[i + 1]) &&
			ascii_digit(s[i + 2]) && (i + 3 >= len || !ascii_digit(s[i + 3])))
			return true;
	return false;
}

bool text_has_date(const char *s, size_t len)
{
	size_t run, groups = 0;
	bool year = false;

	for (size_t i = 0; i < len; i++) {
		if (!ascii_digit(s[i]))
			continue;
		for (run = 1; i + run < len && ascii_digit(s[i + run]);)
			run++;
		groups += run == 1 || run == 2;
		year |= run == 4 && (s[i] == '2' || s[i] == '1');
		i += run;
	}
	return (year && groups >= 1) || groups >= 3;
}

/* ---- "Sent from my …" ---- */

/* "sent from my" and what else: a device, or a few words that could name one. */
static bool sent_from_my(const char *s, size_t n)
{
	static const char *const devices[] = {"iphone", "ipad", "ipod", "mac", "apple", "android", "blackberry",
		"samsung", "galaxy", "mobile", "phone", "smartphone", "tablet", "huawei", "xiaomi", "redmi", "htc",
		"nokia", "sony", "windows", "pixel", "google", "oneplus", "moto", "lg ", "lg-", "nexus", "verizon",
		"t-mobile", "at&t", "sprint", "handheld", "handy", "wireless", "lenovo", "asus", "cell", "alcatel",
		"oppo", "vivo", "honor", "realme", "fairphone", "surface", NULL};

	if (word_list_starts(s, n, devices) > 0)
		return n <= 100;
	return word_count(s, n) <= 5 && memchr(s, ',', n) == NULL &&
		   (word_list_within(s, n, devices) || word_count(s, n) <= 3);
}

bool line_sent_from(const struct line *l)
{
	static const char *const my[] = {"sent from my ", "sent via my ", "sent by my ", "sent on my ",
		"von meinem ", "von meiner ", "gesendet von meinem ", "gesendet mit meinem ", "envoyé de mon ",
		"envoyé depuis mon ", "envoyé à partir de mon ", "enviado desde mi ", "enviado de mi ",
		"enviado do meu ", "enviado a partir do meu ", "enviado pelo meu ", "inviato da ", "inviato dal mio ",
		"inviato dal ", "verstuurd vanaf mijn ", "verzonden vanaf mijn ", "verzonden met mijn ",
		"verstuurd vanop mijn ", "från min ", "från mitt ", "fra min ", "wysłane z ", "wysłano z ", "отправлено с ", "отправлено из ", "надіслано з ",
		"надіслано із ", "відправлено з ", "skickat från min ", "skickat från mitt ", "skickades från min ",
		"sendt fra min ", "sendt fra mitt ", "sendt fra ", "skickat från ", "发自我的", "發自我的", "从我的", "從我的",
		"發送自我的", NULL};
	static const char *const whole[] = {"sent from mail for windows", "sent from outlook",
		"sent from yahoo mail", "sent from the ", "sent from aol", "sent from samsung", "sent from mailbox",
		"sent from acompli", "sent from nine", "sent from proton", "sent from gmail", "sent from surface",
		"sent from windows mail", "sent from email on", "sent from workspace", "sent from boxer",
		"sent from type", "sent from spark", "sent wirelessly from", "sent via mobile", "sent by galaxy",
		"sent from mobile", "sent from a phone", "sent from a mobile", "from my iphone", "sent from blackberry",
		"envoyé sans fil", "sent with proton", "sent with spark", "sent with bluemail", "sent with airmail",
		"sent with aquamail", "sent via the samsung", "sent via bluemail", "sent via proton", "sent using ",
		"sent via android", "get outlook for ", "get [outlook for ", "get bluemail for", "outlook für ", "outlook-app für ",
		"holen sie sich outlook", "obtenir outlook pour", "télécharger outlook pour", "télécharger outlook",
		"obtener outlook para", "obtenga outlook para", "scarica outlook per", "ottieni outlook per",
		"obter o outlook para", "obtenha o outlook para", "outlook voor ", "download outlook voor",
		"pobierz program outlook dla", "pobierz outlook dla", "скачать outlook для", "получить outlook для",
		"отримати outlook для", "завантажити outlook для", "hämta outlook för", "skaffa outlook för",
		"få outlook for", "hent outlook til", "获取 outlook for", "下载 outlook", "outlook for ios を入手",
		"outlook for android を入手", "diese nachricht wurde von meinem android",
		"ce message a été envoyé depuis mon", "envoyé avec ", "gesendet mit ", "gesendet von mail für windows",
		"gesendet von outlook", "gesendet von yahoo", "envoyé à partir de outlook", "envoyé à partir d'outlook",
		"envoyé depuis l'application", "enviado desde correo para windows", "enviado desde outlook",
		"enviado desde yahoo", "inviato da posta per windows", "enviado do correio para windows",
		"enviado do email para windows", "enviado do outlook", "verzonden vanuit mail voor windows",
		"verzonden vanuit outlook", "verzonden met gmail", "verzonden met outlook", "envoyé à partir de courrier", "hanki outlook", "скачайте outlook",
		"outlook を入手", "ios 版 outlook", "android 版 outlook", "iphoneから送信", "ipadから送信", "androidから送信", "發自 ", "从 iphone", NULL};

	const char *s = l->f;
	size_t n = l->flen, k;

	if (l->flen > 160)
		return false;
	for (; n > 0 && (*s == '(' || *s == '<' || *s == '['); s++)
		n--;
	k = word_list_starts(s, n, my);
	if (k > 0)
		return sent_from_my(s + k, n - k);
	return n <= 120 && word_count(s, n) <= 14 && word_list_starts(s, n, whole) > 0;
}

/* ---- code and logs ---- */

static bool looks_like_log(const struct line *l)
{
	const char *s = l->s;
	size_t n = l->len, digits = 0;

	if (n > 2 && s[0] == '[' && ascii_digit(s[1]))
		return true;
	for (size_t i = 0; i < n && i < 19; i++)
		digits += ascii_digit(s[i]);
	return digits >= 10 && text_has_time(s, n < 30 ? n : 30) && text_has_date(s, n < 30 ? n : 30);
}

bool line_technical(const struct line *l)
{
	static const char *const words[] = {"error", "exception", "warning", "failed", "0x", "c:\\", "select ",
		"info ", "stack trace", "traceback", "$(", "&&", "-->", "::", "==", "sudo ", "/var/", "/etc/", "/usr/",
		"\\\\", NULL};
	static const char *const starts[] = {"#", "+++", "@@ ", "diff --", "index ", "caused by", "ps c:", "--",
		"$ ", "# ", NULL};
	static const unsigned char signs[256] = {['{'] = 1, ['}'] = 1, ['['] = 1, [']'] = 1, ['='] = 1, [';'] = 1, ['\\'] = 1, ['$'] = 1,
	    ['`'] = 1};
	size_t marks = 0;

	if (l->flen > 160 || l->code || looks_like_log(l))
		return true;
	for (size_t i = 0; i < l->len; i++)
		marks += signs[(unsigned char)l->s[i]];
	if (marks >= 3 || word_list_within(l->f, l->flen, words))
		return true;
	if (ascii_starts(l->f, l->flen, "at ") || ascii_starts(l->f, l->flen, "in "))
		return memchr(l->f, '(', l->flen) != NULL || memchr(l->f, ':', l->flen) != NULL;
	return l->flen > 2 && word_list_starts(l->f, l->flen, starts) > 0;
}
