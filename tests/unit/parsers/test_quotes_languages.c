/*
 * test_quotes_languages.c - attributions, header blocks, separators, mobile lines, closing phrases and disclaimers as mail
 * programs of many languages write them; and what looks like them in support mail but is content.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "quotes.h"

static void split(const char *full, struct buf out[3])
{
	for (int i = 0; i < 3; i++)
		buf_init(&out[i], strlen(full) + 16);
	assert_int_equal(quotes_split(full, strlen(full), NULL, &out[0], &out[1], &out[2]), VG_OK);
}

static void expect(const char *full, const char *text, const char *quoted, const char *signature)
{
	const char *want[3] = {text, quoted, signature};
	struct buf out[3];

	split(full, out);
	for (int k = 0; k < 3; k++) {
		if (strcmp(buf_str(&out[k]), want[k]) != 0)
			print_error("part %d of:\n%s\n", k, full);
		assert_string_equal(buf_str(&out[k]), want[k]);
		buf_free(&out[k]);
	}
}

/* Stand above text with or without marks. */
static const char *const lone[] = {"On Mon, Nov 23, 2026 at 5:02 PM Ann Lee <ann@x.example> wrote:",
	"On Mon, Nov 23, 2026 at 5:02 PM Ann Lee\n<ann@x.example> wrote:",
	"On Nov 23, 2026, at 12:47 PM, Ann Lee <\nlong.address.of.somebody@support.partner.example>\nwrote:",
	"On Monday, November 23, 2026 at 05:02:00 PM GMT+1, Ann Lee <ann@x.example> wrote:",
	"On 23/11/2026, 17:02, \"Ann Lee\" <ann@x.example> wrote:", "On 2026-11-23 17:02, Ann Lee wrote:",
	"On 23 Nov 2026, at 17:02, Ann Lee <ann@x.example> wrote:",
	"On Monday, November 23rd, 2026 at 5:02 PM, Ann Lee <ann@x.example> wrote:",
	"---- On Mon, 23 Nov 2026 17:02:00 +0100 Ann Lee <ann@x.example> wrote ----",
	"At 2026-11-23 17:02:00, \"Ann Lee\" <ann@x.example> wrote:",
	"2026-11-23 17:02 GMT+01:00 Ann Lee <ann@x.example>:",
	"On Mon, 23 Nov 2026 17:02:43 +0100 Ann Lee <ann@x.example> wrote",
	"5:02 PM, November 23, 2026, \"Ann - Acme\" <ann@x.example>:",
	"Monday, 23 November 2026, 5:02 PM +0100 from Ann Lee <ann@x.example>:",
	"Ann Lee <ann@x.example> schrieb am Mo., 23.\nNov. 2026, 17:02:",
	"On Nov 23, 2026, at 17:02, Ann Lee <ann@x.example<\nmailto:ann@x.example>> wrote:",
	"---\n\n**From:** Ann Lee <ann@x.example>\n**Sent:** Monday, November 23, 2026 5:02 PM\n**To:** Bob\n**Subject:** x",
	"Am Mo., 23. Nov. 2026 um 17:02 Uhr schrieb Ann Lee <ann@x.example>:",
	"Am Mo., 23. Nov. 2026 um 17:02 Uhr schrieb Ann Lee <\nann@x.example>:",
	"Am 23.11.2026 um 17:02 schrieb Ann Lee <ann@x.example>:",
	"Ann Lee <ann@x.example> schrieb am Mo., 23. Nov. 2026, 17:02:",
	"Le lun. 23 nov. 2026 à 17:02, Ann Lee <ann@x.example> a écrit :",
	"Le lun. 23 nov. 2026 à 17:02, Ann Lee <ann@x.example> a\nécrit :",
	"Le 23 nov. 2026 à 17:02, Ann Lee <ann@x.example> a écrit\xc2\xa0:",
	"El lun, 23 nov 2026 a las 17:02, Ann Lee (<ann@x.example>) escribió:",
	"El lun, 23 nov 2026 a las 17:02, Ann Lee (<ann@x.example>)\nescribió:",
	"Il giorno lun 23 nov 2026 alle ore 17:02 Ann Lee <ann@x.example> ha\nscritto:",
	"Il giorno 23 nov 2026, alle ore 17:02, Ann Lee <ann@x.example> ha scritto:",
	"Em seg., 23 de nov. de 2026 às 17:02, Ann Lee <ann@x.example> escreveu:",
	"Em 23 de nov. de 2026, à(s) 17:02, Ann Lee <ann@x.example>\nescreveu:",
	"Op ma 23 nov 2026 om 17:02 schreef Ann Lee <ann@x.example>:",
	"Op 23 nov. 2026, om 17:02 heeft Ann Lee <ann@x.example> het volgende geschreven:",
	"pon., 23 lis 2026 o 17:02 Ann Lee <ann@x.example> napisał(a):",
	"W dniu pon., 23.11.2026 o 17:02 Ann Lee <ann@x.example>\nnapisał(a):",
	"Wiadomość napisana przez Ann Lee <ann@x.example> w dniu 23 lis 2026, o godz. 17:02:",
	"пн, 23 нояб. 2026 г. в 17:02, Анна Ли <ann@x.example>:",
	"23 нояб. 2026 г., в 17:02, Анна Ли <ann@x.example> написал(а):",
	"Понедельник, 23 ноября 2026, 17:02 +03:00 от Анна Ли <ann@x.example>:",
	"23.11.2026, 17:02, \"Анна Ли\" <ann@x.example>:",
	"пн, 23 лист. 2026 р. о 17:02 Ганна Лі <ann@x.example> пише:",
	"23 лист. 2026 р. о 17:02 Ганна Лі <ann@x.example> написав(ла):",
	"Den mån 23 nov. 2026 kl 17:02 skrev Ann Lee <ann@x.example>:",
	"mån 23 nov. 2026 kl. 17:02 skrev Ann Lee <ann@x.example>:",
	"23 nov. 2026 kl. 17:02 skrev Ann Lee <ann@x.example>:",
	"man. 23. nov. 2026 kl. 17:02 skrev Ann Lee <ann@x.example>:",
	"Den man. 23. nov. 2026 kl. 17.02 skrev Ann Lee <ann@x.example>:",
	"På 23 november 2026 på 17:02:18, Ann Lee (ann@x.example) skrev:",
	"Ann Lee <ann@x.example> 于2026年11月23日周一 17:02写道：", "在 2026年11月23日，17:02，Ann Lee <ann@x.example> 写道：",
	"在 2026-11-23 17:02:00，\"Ann Lee\" <ann@x.example> 写道：",
	"Ann Lee <ann@x.example> 於 2026年11月23日 週一 下午5:02寫道：", "2026年11月23日(月) 17:02 Ann Lee <ann@x.example>:",
	"2026/11/23 17:02、Ann Lee <ann@x.example>のメール：", "-----Original Message-----",
	"-------- Original Message --------\nOn Monday, November 23rd, 2026 at 5:02 PM, Ann Lee <ann@x.example> wrote:",
	"‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\nOn Monday, November 23, 2026 5:02 PM, Ann Lee <ann@x.example> wrote:",
	"-------- Original message --------\nFrom: Ann Lee <ann@x.example>\nDate: 23/11/2026 17:02 (GMT+01:00)\nTo: Bob <bob@y.example>\nSubject: x",
	"-----Ursprüngliche Nachricht-----\nVon: Ann Lee <ann@x.example>\nGesendet: Montag, 23. November 2026 17:02\nAn: Bob\nBetreff: x",
	"-----Message d'origine-----\nDe : Ann Lee <ann@x.example>\nEnvoyé : lundi 23 novembre 2026 17:02\nÀ : Bob\nObjet : x",
	"-----Mensaje original-----", "-----Messaggio originale-----", "-----Mensagem original-----",
	"-----Oorspronkelijk bericht-----", "-----Oryginalna wiadomość-----", "-----Исходное сообщение-----",
	"-------- Вихідне повідомлення --------", "-----Ursprungligt meddelande-----",
	"-----Opprinnelig melding-----", "-----Oprindelig meddelelse-----",
	"------------------ 原始邮件 ------------------\n发件人: \"Ann Lee\" <ann@x.example>;\n发送时间: 2026年11月23日(星期一) 下午5:02\n收件人: \"Bob\" <bob@y.example>;\n主题: x",
	"-----元のメッセージ-----",
	"From: Ann Lee <ann@x.example>\nSent: Monday, November 23, 2026 5:02 PM\nTo: Bob <bob@y.example>\nCc: Carl\nSubject: RE: x",
	"________________________________\nFrom: Ann Lee <ann@x.example>\nSent: Monday, November 23, 2026 5:02:11 PM\nTo: Bob <bob@y.example>; Carl\n    <carl@y.example>; Dora <dora@y.example>\nSubject: RE: x",
	"------------------------------\n*From:* Ann Lee [mailto:ann@x.example]\n*Sent:* Monday, November 23, 2026 5:02 PM\n*To:* Bob\n*Subject:* x",
	"Date: Mon, 23 Nov 2026 17:02:00 +0000\nFrom: ann@x.example\nTo: bob@y.example\nSubject: x",
	"Von: Ann Lee <ann@x.example>\nGesendet: Montag, 23. November 2026 17:02\nAn: Bob <bob@y.example>\nBetreff: AW: x",
	"Gesendet: Montag, 23. November 2026 um 17:02 Uhr\nVon: \"Ann Lee\" <ann@x.example>\nAn: bob@y.example\nBetreff: Re: x",
	"De : Ann Lee <ann@x.example>\nEnvoyé : lundi 23 novembre 2026 17:02\nÀ : Bob <bob@y.example>\nObjet : RE: x",
	"De: Ann Lee <ann@x.example>\nEnviado el: lunes, 23 de noviembre de 2026 17:02\nPara: Bob <bob@y.example>\nAsunto: RE: x",
	"Da: Ann Lee <ann@x.example>\nInviato: lunedì 23 novembre 2026 17:02\nA: Bob <bob@y.example>\nOggetto: R: x",
	"De: Ann Lee <ann@x.example>\nEnviada em: segunda-feira, 23 de novembro de 2026 17:02\nPara: Bob <bob@y.example>\nAssunto: RES: x",
	"Van: Ann Lee <ann@x.example>\nVerzonden: maandag 23 november 2026 17:02\nAan: Bob <bob@y.example>\nOnderwerp: RE: x",
	"Od: Ann Lee <ann@x.example>\nWysłano: poniedziałek, 23 listopada 2026 17:02\nDo: Bob <bob@y.example>\nTemat: ODP: x",
	"От: Анна Ли <ann@x.example>\nОтправлено: понедельник, 23 ноября 2026 г. 17:02\nКому: Bob <bob@y.example>\nТема: RE: x",
	"Від: Ганна Лі <ann@x.example>\nНадіслано: понеділок, 23 листопада 2026 р. 17:02\nКому: Bob <bob@y.example>\nТема: RE: x",
	"Från: Ann Lee <ann@x.example>\nSkickat: den 23 november 2026 17:02\nTill: Bob <bob@y.example>\nÄmne: SV: x",
	"Fra: Ann Lee <ann@x.example>\nSendt: mandag 23. november 2026 17.02\nTil: Bob <bob@y.example>\nEmne: SV: x",
	"发件人: Ann Lee <ann@x.example>\n发送时间: 2026年11月23日 17:02\n收件人: Bob <bob@y.example>\n主题: 回复: x",
	"寄件者: Ann Lee <ann@x.example>\n寄件日期: 2026年11月23日 下午 05:02\n收件者: Bob <bob@y.example>\n主旨: RE: x",
	"差出人: Ann Lee <ann@x.example>\n送信日時: 2026年11月23日 17:02\n宛先: Bob <bob@y.example>\n件名: RE: x",
	"From:\tAnn Lee/Acme\nTo:\tBob/Acme@ACME\nDate:\t11/23/2026 05:02 PM\nSubject:\tRe: x",
	"Ann Lee ---11/23/2026 05:02:00 PM---Old text of\n\nFrom: Ann Lee/Acme\nTo: Bob/Acme@ACME\nDate: 11/23/2026 05:02 PM\nSubject: x",
	"Ann Lee <ann@x.example>\n23.11.2026 17:02\n\nAn\nBob/Acme@ACME\nKopie\n\nThema\nRe: x",
	"Ann Lee/Acme\n11/23/2026 05:02 PM | To | Bob/Acme@ACME\ncc |\nSubject | Re: x",
	"From: Ann Lee <ann@x.example> Sent: Monday, November 23, 2026 5:02 PM To: Bob <bob@y.example> Subject: RE: x",
	"Ann Lee <ann@x.example> escreveu (segunda, 23/11/2026 à(s) 17:02):",
	"Ann Lee <ann@x.example> skrev: (23 november 2026 17:02:00 CET)", "Às 17:02 de 23/11/2026, Ann Lee escreveu:",
	"Ann Lee 於 2026/11/23 17:02 寫道:", "(2026/11/23 17:02), Ann Lee wrote:", "--- ann@x.example wrote:",
	"----- Mail original -----\nDe: \"Ann Lee\" <ann@x.example>\nÀ: \"Bob\" <bob@y.example>\nEnvoyé: Lundi 23 Novembre 2026 17:02\nObjet: x",
	"Понедельник, 23 ноября 2026 г., 17:02 +03:00 от Ann Lee ann@x.example:", "Nov 23, 2026, 17:02 by ann@x.example:",
	"------------------ Original ------------------\nFrom:  \"Ann Lee\"<ann@x.example>;\nDate:  Mon, Nov 23, 2026 05:02 PM\nSubject:  Re: x",
	"---- 回复的原邮件 ----\n| 发件人 | Ann Lee<ann@x.example> |\n| 日期 | 2026年11月23日 17:02 |\n| 主题 | Re: x |",
	"On 2026-11-23 05:02 pm GMT+1 Ann Lee wrote:", "Ann Lee wrote on 2026-11-23 17:02:",
	"Zitat von Ann Lee <ann@x.example>:", "Quoting Ann Lee <ann@x.example>:", "Il 2026-11-23 17:02 Ann Lee ha scritto:",
	"Ann Lee schreef op 23-11-2026 17:02:", "Dnia 2026-11-23 17:02 Ann Lee napisał(a):", "Ann Lee писал(а) 2026-11-23 17:02:",
	"Вы писали 23 ноября 2026 г., 17:02:00:", "Ann Lee skrev den 2026-11-23 17:02:", "Ann Lee <ann@x.example> wrote:",
	"From Ann Lee <ann@x.example> on 23 Nov 2026 17:02:",
	"On Tue, 16 Nov 2010 18:12:27 +0000\nMark Brown <mark@x.example> wrote:",
	">>> Ann Lee <ann@x.example> 11/23/2026 5:02 PM >>>",
	"##- Please type your reply above this line -##"};

static void test_lone(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof lone / sizeof lone[0]; i++) {
		char full[1024], quoted[1024];

		snprintf(full, sizeof full, "Das ist die Antwort.\n\n%s\n\nOld text\nof two lines\n", lone[i]);
		snprintf(quoted, sizeof quoted, "%s\n\nOld text\nof two lines", lone[i]);
		expect(full, "Das ist die Antwort.", quoted, "");
		snprintf(full, sizeof full, "%s\n\n> Old text\n> of two lines\n\nNew.\n", lone[i]);
		snprintf(quoted, sizeof quoted, "%s\n\n> Old text\n> of two lines", lone[i]);
		expect(full, "New.", quoted, "");
	}
}

/* Count only above marked lines: alone they could be anybody's sentence. */
static const char *const weak[] = {"Ann Lee wrote:", "Am 23.11.2026 um 17:02 schrieb Ann Lee:",
	"Le 23/11/2026 à 17:02, Ann Lee a écrit :", "El 23/11/26 a las 17:02, Ann Lee escribió:",
	"Il 23/11/2026 17:02, Ann Lee ha scritto:", "Em 23/11/2026 17:02, Ann Lee escreveu:",
	"Op 23-11-2026 om 17:02 schreef Ann Lee:", "W dniu 23.11.2026 o 17:02, Ann Lee pisze:",
	"23.11.2026 17:02, Анна Ли пишет:", "Den 2026-11-23 kl. 17:02, skrev Ann Lee:",
	"Den 23.11.2026 17:02, skrev Ann Lee:", "在 2026/11/23 17:02, Ann Lee 写道:",
	"於 2026/11/23 下午5:02, Ann Lee 提到:", "On 11/23/26 17:02, Ann Lee wrote:", "Quoting Ann Lee, she wrote:",
	"2026/11/23 Ann Lee <ann@x.example>", "יום ב׳, 23 בנוב׳ 2026 ב-17:02 מאת Ann Lee <ann@x.example>:",
	"2026. 11. 23. 17:02 Ann Lee <ann@x.example>님이 씀:"};

static void test_weak(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++) {
		char full[512], quoted[512];

		snprintf(full, sizeof full, "Above.\n\n%s\n> Old text\n> of two lines\n\nBelow.\n", weak[i]);
		snprintf(quoted, sizeof quoted, "%s\n> Old text\n> of two lines", weak[i]);
		expect(full, "Above.\n\nBelow.", quoted, "");
	}
}

static const char *const forwarded[] = {"---------- Forwarded message ---------",
	"-------- Forwarded Message --------", "----- Forwarded by Ann Lee/Acme on 23.11.2026 17:02 -----",
	"Begin forwarded message:", "----- Forwarded Message -----", "-------- Weitergeleitete Nachricht --------",
	"Anfang der weitergeleiteten Nachricht:", "---------- Forwarded message ----------",
	"-------- Message transféré --------", "Début du message réexpédié :",
	"-------- Mensaje reenviado --------", "Inicio del mensaje reenviado:",
	"-------- Messaggio Inoltrato --------", "Inizio messaggio inoltrato:",
	"---------- Mensagem encaminhada ---------", "Início da mensagem reencaminhada:",
	"-------- Doorgestuurd bericht --------", "Begin doorgestuurd bericht:",
	"-------- Treść przekazanej wiadomości --------", "Początek przekazywanej wiadomości:",
	"-------- Пересылаемое сообщение --------", "Начало переадресованного сообщения:",
	"---------- Переслане повідомлення ---------", "Початок переадресованого повідомлення:",
	"-------- Vidarebefordrat meddelande --------", "Vidarebefordrat brev:",
	"-------- Videresendt melding --------", "Videresendt melding:", "-------- Videresendt meddelelse --------",
	"Start på videresendt besked:", "---------- 转发的邮件 ---------", "开始转发的邮件：", "-------- 転送メッセージ --------",
	"転送されたメッセージ："};

static void test_forwarded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof forwarded / sizeof forwarded[0]; i++) {
		char full[512], text[512];

		snprintf(full, sizeof full, "See below.\n-- \nBob\n\n%s\nFrom: Ann <ann@x.example>\nDate: 23.11.2026 17:02\nSubject: x\n\n"
		    "It fails.\n> older\n-- \nAnn\n", forwarded[i]);
		snprintf(text, sizeof text, "See below.\n\n%s\nFrom: Ann <ann@x.example>\nDate: 23.11.2026 17:02\nSubject: x\n\n"
		    "It fails.\n> older\n-- \nAnn", forwarded[i]);
		expect(full, text, "", "-- \nBob");
	}
}

static const char *const mobile[] = {"Sent from my iPhone", "Sent from my iPad Pro",
	"Sent from my Samsung Galaxy smartphone.", "Sent from my Verizon Wireless BlackBerry",
	"Sent from my T-Mobile 4G LTE Device", "Sent from Mail for Windows 10", "Get Outlook for iOS",
	"Get Outlook for Android <https://aka.ms/AAb9ysg>", "Sent from Yahoo Mail on Android",
	"Sent with Proton Mail secure email.", "Sent from Nine", "Von meinem iPhone gesendet",
	"Gesendet von meinem iPad", "Gesendet von Outlook für Android",
	"Diese Nachricht wurde von meinem Android-Mobiltelefon mit K-9 Mail gesendet.",
	"Gesendet mit der GMX iPhone App", "Envoyé de mon iPhone", "Envoyé depuis mon smartphone Samsung Galaxy.",
	"Télécharger Outlook pour iOS", "Enviado desde mi iPhone", "Obtener Outlook para iOS", "Inviato da iPhone",
	"Inviato dal mio iPad", "Enviado do meu iPhone", "Obter o Outlook para iOS", "Verstuurd vanaf mijn iPhone",
	"Outlook voor Android downloaden", "Wysłane z iPhone'a", "Pobierz program Outlook dla systemu iOS",
	"Отправлено с iPhone", "Отправлено с моего iPhone", "Надіслано з iPhone", "Skickat från min iPhone",
	"Hämta Outlook för iOS", "Sendt fra min iPhone", "Få Outlook for iOS", "Hent Outlook til iOS", "发自我的iPhone",
	"發自我的 iPhone", "iPhoneから送信", "Sent via the Samsung Galaxy S24, an AT&T 5G smartphone",
	"Sent from my iPhone, please excuse typos and brevity", "Sent from my cell, please excuse any typos.",
	"<<sent by galaxy>>", "(Sent from mobile device)",
	"Sent wirelessly from my BlackBerry device on the network."};

static void test_mobile(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mobile / sizeof mobile[0]; i++) {
		char full[512];

		snprintf(full, sizeof full, "It works.\n\n%s\n\nOn 2026-11-23 17:02, Ann Lee wrote:\n> Does it?\n", mobile[i]);
		expect(full, "It works.", "On 2026-11-23 17:02, Ann Lee wrote:\n> Does it?", mobile[i]);
	}
}

static const char *const closings[] = {"Best regards,\nAnn Lee", "Kind regards\n\nAnn Lee\nBackup Engineer | Acme MSP\nT +49 30 1234567\nann@x.example",
	"Thanks,\nAnn", "Thanks!\nAnn Lee", "Thank you in advance.\nBest regards,\nAnn", "Regards, Ann", "Cheers\nAnn", "BR,\nAnn", "Mit freundlichen Grüßen\nAnn Lee",
	"Mit freundlichen Grüßen / Best regards\n\ni. A. Ann Lee\nAcme GmbH\nTel.: +49 30 1234567", "Viele Grüße\nAnn", "Vielen Dank\nAnn Lee",
	"Freundliche Grüsse\nAnn Lee", "MfG\nLee", "Cordialement,\nAnn Lee\nTél. : +33 1 23 45 67 89", "Bien cordialement\nAnn LEE",
	"Un saludo,\nAna López", "Saludos cordiales\nAna", "Atentamente,\nAna López", "Cordiali saluti\nAnna Li", "Distinti saluti,\nAnna Li",
	"Atenciosamente,\nAna", "Cumprimentos,\nAna Silva", "Met vriendelijke groet,\nAnna Jansen", "Groeten\nAnna", "Pozdrawiam\nAnna Kowalska",
	"Z poważaniem,\nAnna Kowalska", "С уважением,\nАнна Ли", "С уважением, Анна Ли\n+7 495 123-45-67", "З повагою,\nГанна Лі",
	"Med vänliga hälsningar\nAnna Li", "Mvh\nAnna", "Med vennlig hilsen\nAnna Li", "Med venlig hilsen / Kind regards\n\nTim Tommy\nCEO",
	("Regards\nAnn Lee\nAcme MSP | 1 High Street | London SW1 | T +44 20 7946 0000 | ann@partner.example | www.partner.example\n"
	 "[cid:image001.png@01DC.4F0A]<https://partner.example/a/very/long/link/that/nobody/reads/as/it/only/counts/clicks?x=12>"),
	"Ann Lee\nBackup Engineer\nTel.: +49 30 1234567\nann@partner.example",
	"Viele Grüße aus Berlin\nAnna", "Best regards / Freundliche Grüsse / Meilleures salutations\nAnn Lee",
	"Thanks & Regards,\n\nRaj Kumar\nSenior Engineer – Backup\nMobile: +91 98450 12345\nwww.partner.example", "Have a nice day!\nAnn Lee",
	"Kind Regards\n\n![](https://partner.example/logo?name=a.jpg)", "Regards\n[image: Acme]\nAnn Lee\nAcme",
	"Best regards,\nAnn\n\n--\nAnn Lee\nBackup Engineer\nAcme MSP\n\nSent from my iPhone",
	"Cheers 🎉\nAnn\n\n—————\nAnn Lee\nBackup Engineer\n📱 +44 7700 900000",
	"-Ann Lee\n\nann@partner.example", "Ann B. Lee, Ph.D.\nAcme Labs\nann@partner.example\nwww.partner.example",
	"----------------\n\nAnn Lee\nt. 555-931-0702\nwww.partner.example", "-- \nTo unsubscribe from this list send a mail to\nlist-leave@partner.example.",
	"此致\n敬礼\n李安", "谢谢\n李安", "よろしくお願いいたします。\n李 安"};

static void test_closings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof closings / sizeof closings[0]; i++) {
		char full[512];

		snprintf(full, sizeof full, "The job fails again.\nPlease have a look.\n\n%s\n", closings[i]);
		expect(full, "The job fails again.\nPlease have a look.", "", closings[i]);
	}
}

static const char *const disclaimers[] = {
	"This e-mail and any attachments are confidential and intended solely for the use of the individual to whom it is addressed.",
	"CONFIDENTIALITY NOTICE: The contents of this email message are privileged.\nIf you are not the intended recipient, delete it.",
	"Please consider the environment before printing this e-mail.",
	"Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie bitte diese Mail.",
	"Ce message et ses pièces jointes sont confidentiels et établis à l'intention exclusive de leurs destinataires.",
	"Este mensaje contiene información confidencial destinada exclusivamente a su destinatario. Si lo recibe por error, bórrelo.",
	"Questo messaggio contiene informazioni riservate ed è destinato esclusivamente ai destinatari sopra indicati.",
	"Esta mensagem pode conter informação confidencial e destina-se exclusivamente ao seu destinatário.",
	"Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde. Bent u dat niet, verwijder het dan.",
	"Niniejsza wiadomość zawiera informacje poufne przeznaczone wyłącznie dla adresata.",
	"Это сообщение содержит конфиденциальную информацию и предназначено только для указанного получателя.",
	"Це повідомлення містить конфіденційну інформацію і призначене лише для вказаного одержувача.",
	"Detta meddelande är konfidentiellt och endast avsett för den angivna mottagaren.",
	"Denne meldingen er konfidensiell og kun ment for den tilsiktede mottaker.",
	"Denne e-mail er fortrolig og kun beregnet for den tilsigtede modtager. Slet den, hvis De fik den ved en fejl.",
	"Acme MSP Ltd. Registered in England and Wales No. 1234567. Registered office: 1 High Street, London SW1A 1AA.",
	"If you have received this e-mail in error, please notify the sender immediately and delete it from your system.",
	"Falls Sie diese E-Mail irrtümlich erhalten haben, informieren Sie bitte den Absender und vernichten Sie diese Mail.",
	"Any views or opinions expressed are solely those of the author and do not represent those of Acme MSP.",
	"本邮件及其附件含有保密信息，仅限于发送给上面地址中列出的个人或群组。如果您不是收件人，请删除本邮件。",
	"このメールには機密情報が含まれている場合があります。宛先の方以外が受信された場合は、削除してください。"};

static void test_disclaimers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof disclaimers / sizeof disclaimers[0]; i++) {
		char full[1024], signature[1024];

		snprintf(full, sizeof full, "The job fails again.\n\nKind regards\nAnn\n\n%s\n", disclaimers[i]);
		snprintf(signature, sizeof signature, "Kind regards\nAnn\n\n%s", disclaimers[i]);
		expect(full, "The job fails again.", "", signature);
		snprintf(full, sizeof full, "The job fails again.\n\n%s\n", disclaimers[i]);
		expect(full, "The job fails again.", "", disclaimers[i]);
	}
}

/* All of it is what the sender wrote. */
static const char *const content[] = {
	"We see this in the log:\n[07.07.2021 16:43:06] <01> Error    Cannot connect\n--\n[07.07.2021 16:43:07] <01> Info     Done",
	"Output:\nPS C:\\> Get-VBRJob |\n>> Where-Object { $_.IsScheduleEnabled } |\n>> Select Name",
	">>> import os\n>>> os.getpid()\n1234", "2c2\n< old line\n---\n> new line",
	"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-old\n+new",
	"* Connected to repo.example\n> GET / HTTP/1.1\n> Host: repo.example\n>\n< HTTP/1.1 200 OK",
	"> Get-Service VeeamBackupSvc\n> Restart-Service VeeamBackupSvc",
	"Run this:\nveeamconfig job create --name x \\\n--repo y \\\n-- \nand send the output",
	"The certificate is\n-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
	"----- Summary -----\nAll jobs failed",
	"System.Exception: it failed\n   at Veeam.Backup.Core.X(String s)\n   --- End of inner exception stack trace ---\n   at Veeam.Y()",
	"Notification settings:\n\nFrom: backup@x.example\nTo: admin@x.example\nSubject: [%JobResult%] %JobName%",
	"From: the proxy we cannot reach the host.\nTo: the repository we can.",
	"The bounce says:\nFrom: MAILER-DAEMON@x.example\nDate: Mon, 23 Nov 2026 17:02:00 +0000\nTo: ann@x.example\nMessage-ID: <1@x.example>",
	"On 2026-11-23 we installed the patch, and the job ran.\nOn 2026-11-24 it failed.",
	"On Friday the support wrote:\nPlease install the patch.\nWe did.",
	"Thanks for the quick answer.\n\nWe will test it tomorrow and let you know.",
	"Thanks\n\nI will attach the logs. The first job fails at 44 %, the second one is fine.",
	"Best regards to the team, it works now.\n\nOne more question: does it also work with ReFS?",
	"We did:\n- step one\n- step two\n\n- John said it works", "Regards the second question, the answer is no.",
	"Please call me:\n+49 30 1234567", "Our servers are:\nsrv-backup01\nsrv-backup02\nsrv-repo01",
	"The job was sent from my server to the repository without errors.",
	"Sent from my desk, is much easier then my mobile phone.",
	"The file is confidential, so I send it to the intended recipient by the portal only.\nCan you open it?",
	"```\n-- \nselect 1;\n> q\n```\nis the query", "Error: <html>\n>\n</html>", "a\n---\nb",
	"Hi --\n\nthis is it", "Hello,\n\nthe version is 12.1.\n\nPS: The licence ends soon.\n",
	"From 10:00 on:\nTo: 12:00", "Von: 10:00 Uhr\nBis: 12:00 Uhr\nDatum: 23.11.2026",
	"Service          State\n-------          -----\nVeeamBackupSvc   Running",
	"________________________________\nA line above and a line below\n________________________________",
	"Please call one of them:\n\nBob Miller\nTel. +49 30 1234567\nbob@acme.example",
	"Please add these people:\n\nBob Miller\nbob@acme.example\ncarl@acme.example",
	"Our analysis:\n\n## Points\n----\n\n1. It is faster\n2. It needs less memory\n\n----\n\nThe dashes are no signature.",
	"Formats that we saw:\n\n2026-11-23 14:30:25\n23.11.2026 14:30\nNov 23, 2026 at 14:30",
	"The job fails.\n\nBTW, the second job of the same customer has registered in the console since the upgrade, and it runs.",
	"The job fails.\n\nIf you received this error too, please notify us and delete the message in the portal afterwards, we have no idea.",
	"Danke\nServer Neustart hilft nicht", "Could you check it? Thanks\nJob name: Daily Backup",
	"Log Name: Application\nSource: Veeam MP\nDate: 23.11.2026 17:02:11\nEvent ID: 190\nLevel: Error\nUser: N/A\nTo: all\nComputer: srv1",
	"It fails.\n\nThanks\nAnn\n\nProduct: Backup 12.1\nSeverity: 2\nSupport ID: 123456",
	"It fails.\n\nThanks\nAnn\n#close", "In bash:\n\n$ cat veeam.ini\n> [db]\n> path = /var/lib\n\n[root@srv ~]# psql <<EOF\n> select 1;\n> EOF",
	"Help\n---------------\n\nPlease ask on the mailing list before you open a case,\nhttps://lists.partner.example/ has the archive.",
	"The backup server\n23.11.2026 17:02 job started\n23.11.2026 17:05 job failed",
	"Our portal\nhttps://a.example/1\nhttps://b.example/2",
	"On 20 November 2026, the support wrote:\nInstall the patch.\nWe did.", "***\n\nhello\n\n***",
	"The server said on 2026-11-23 17:02:\n\nThe repository is not reachable.", "On 2026-11-23 17:02 the server said:\n\nNo space is left.",
	"Our customer Bob <bob@y.example> wrote:\n\nThe restore takes too long.",
	"Der Kunde schrieb am 23.11.2026 17:02:\n\nDie Sicherung ist langsam.",
	"23.11.2026 17:02 sent again to support@x.example:\n\nthe bundle of the proxy",
	"Open the console\n> Backup Infrastructure\n> Proxies\nand it hangs", "Free space > 10 GB\n> 10 GB is needed\nwe have 12 GB",
	"> dir C:\\Backup\n> cd C:\\Backup"};

static void test_content(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof content / sizeof content[0]; i++) {
		char want[1024];
		size_t n = strlen(content[i]);

		while (n > 0 && content[i][n - 1] == '\n')
			n--;
		snprintf(want, sizeof want, "%.*s", (int)n, content[i]);
		expect(content[i], want, "", "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lone),
		cmocka_unit_test(test_weak),
		cmocka_unit_test(test_forwarded),
		cmocka_unit_test(test_mobile),
		cmocka_unit_test(test_closings),
		cmocka_unit_test(test_disclaimers),
		cmocka_unit_test(test_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
