/*
 * mime_headers.c - header fields decoded, one clean line each. Runs in the parser worker and in `vcspgate parse`; every
 * value is hostile: decoding can bring line ends and controls back.
 */
#include <string.h>

#include "ascii.h"
#include "encoded_word.h"
#include "err.h"
#include "mime.h"
#include "mime_address.h"
#include "mime_automatic.h"
#include "mime_date.h"
#include "mime_headers.h"

/* 0000-01-01 and 9999-12-31 as Unix seconds: what RFC 3339 can say. */
#define DATE_FIRST (-62167219200LL)
#define DATE_LAST 253402300799LL

/* ---- addresses ---- */

static bool grow(struct message *m, struct message_addresses *to)
{
	size_t cap = to->cap > 0 ? 2 * to->cap : 4;
	struct message_address *list = arena_alloc(m->arena, cap * sizeof *list);

	if (list == NULL)
		return false;
	if (to->n > 0)
		memcpy(list, to->list, to->n * sizeof *list);
	to->list = list;
	to->cap = cap;
	return true;
}

static void add_address(struct message *m, struct message_addresses *to, const char *name, size_t name_len, const char *address)
{
	if (to->n >= MESSAGE_ADDRESSES_MAX) {
		message_note(m, "header.too-many-addresses", "more addresses in one field than are kept");
		return;
	}
	if (to->n == to->cap && !grow(m, to))
		return;
	to->list[to->n].name = message_line(m, name, name_len);
	to->list[to->n].address = message_line(m, address, strlen(address));
	to->n++;
}

/* With an A-label domain, which GMime shows as a U-label. */
static const char *mailbox_address(InternetAddressMailbox *mb)
{
	const char *address = internet_address_mailbox_get_addr(mb);

	for (const char *s = address; s != NULL && *s != '\0'; s++)
		if ((unsigned char)*s >= 0x80)
			return internet_address_mailbox_get_idn_addr(mb);
	return address;
}

static void add_list(struct message *m, struct message_addresses *to, InternetAddressList *list, unsigned depth)
{
	int n = internet_address_list_length(list);

	for (int i = 0; i < n; i++) {
		InternetAddress *a = internet_address_list_get_address(list, i);

		if (INTERNET_ADDRESS_IS_GROUP(a)) {
			InternetAddressList *members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(a));

			if (members != NULL && depth < PRESCAN_COLONS_MAX)
				add_list(m, to, members, depth + 1);
		} else if (INTERNET_ADDRESS_IS_MAILBOX(a)) {
			const char *address = mailbox_address(INTERNET_ADDRESS_MAILBOX(a));

			const char *name = internet_address_get_name(a);

			if (address != NULL && address[0] != '\0')
				add_address(m, to, name, name != NULL ? strlen(name) : 0, address);
		}
	}
}

/* `John [CompanyX] Doe <a@b.example>` and its kind, which GMime gives up on: the last <…@…> counts. */
static void salvage(struct message *m, struct message_addresses *to, const char *raw)
{
	const char *end = strrchr(raw, '>'), *start = end;
	char *address, *name;

	while (start != NULL && start > raw && *start != '<')
		start--;
	if (start == NULL || *start != '<' || memchr(start, '@', (size_t)(end - start)) == NULL)
		return;
	address = g_strndup(start + 1, (gsize)(end - start - 1));
	name = g_strndup(raw, (gsize)(start - raw));
	if (strpbrk(address, " \t\r\n<") == NULL) {
		char *decoded = g_mime_utils_header_decode_phrase(mime_options, g_strstrip(name));

		add_address(m, to, decoded, decoded != NULL ? strlen(decoded) : 0, address);
		g_free(decoded);
	}
	g_free(name);
	g_free(address);
}

/* Of a field that can be read in one way only. */
static void add_plain(struct message *m, struct message_addresses *to, const struct mime_mailbox *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *address = arena_strndup(m->arena, list[i].address, list[i].address_len);
		struct buf name;

		if (address == NULL)
			return;
		buf_init(&name, 3 * PRESCAN_FIELD_MAX);
		if (list[i].encoded && encoded_word_decode(&name, list[i].name, list[i].name_len) == VG_OK)
			add_address(m, to, buf_str(&name), name.len, address);
		else
			add_address(m, to, list[i].name, list[i].name_len, address);
		buf_free(&name);
	}
}

static void read_addresses(struct message *m, struct message_addresses *to, const char *raw, bool *salvaged)
{
	struct mime_mailbox plain[MIME_MAILBOXES_MAX];
	InternetAddressList *list;
	size_t n = to->n, n_plain;
	struct buf joined;

	if (mime_mailboxes(plain, &n_plain, raw)) {
		add_plain(m, to, plain, n_plain);
		return;
	}
	buf_init(&joined, 4 * PRESCAN_FIELD_MAX);
	if (encoded_word_join(&joined, raw, strlen(raw)) == VG_OK && joined.len > 0)
		raw = buf_str(&joined);
	list = internet_address_list_parse(mime_options, raw);
	if (list != NULL) {
		add_list(m, to, list, 0);
		g_object_unref(list);
	}
	if (to->n == n && raw[strspn(raw, " \t\r\n")] != '\0') {
		salvage(m, to, raw);
		*salvaged = true;
	}
	buf_free(&joined);
}

/* Normal form of an address, or its bytes folded where it has none: that never equals a normal one. */
static void normal_form(char out[ADDR_MAX + 1], const char *address)
{
	struct addr a;
	const char *why;
	size_t n = 0;

	if (addr_parse(&a, address, strlen(address), ADDR_UTF8, &why) == VG_OK) {
		memcpy(out, a.normal, sizeof a.normal);
		return;
	}
	for (; address[n] != '\0' && n < ADDR_MAX; n++)
		out[n] = ascii_fold(address[n]);
	out[n] = '\0';
}

/* One From address in normal form. Where GMime reads several different ones, all of them joined by commas: equal to
 * no single address that the gate may have read. */
static void read_sender(struct message *m)
{
	char one[ADDR_MAX + 1];

	for (size_t i = 0; i < m->from.n; i++) {
		size_t len = strlen(m->sender), n;

		normal_form(one, m->from.list[i].address);
		n = strlen(one);
		if (strcmp(one, m->sender) == 0)
			continue;
		if (len > 0 && len + 1 < sizeof m->sender)
			m->sender[len++] = ',';
		n = n < ADDR_MAX - len ? n : ADDR_MAX - len;
		memcpy(m->sender + len, one, n);
		m->sender[len + n] = '\0';
	}
}

static void read_address_fields(struct message *m, const struct prescan *scan)
{
	const struct {
		const char *name;
		struct message_addresses *to;
	} fields[] = {{"From", &m->from}, {"Reply-To", &m->reply_to}, {"To", &m->to}, {"Cc", &m->cc}};
	bool from_salvaged = false, salvaged = false;
	const char *name, *raw;

	for (size_t i = 0; prescan_next_field(scan, &i, &name, &raw);)
		for (size_t f = 0; f < sizeof fields / sizeof fields[0]; f++)
			if (prescan_field_is(name, fields[f].name))
				read_addresses(m, fields[f].to, raw, f == 0 ? &from_salvaged : &salvaged);
	if (from_salvaged || salvaged)
		message_note(m, "header.address", "an address field cannot be read strictly");
	/* What GMime did not find itself is shown, but disagrees with nobody. */
	if (!from_salvaged)
		read_sender(m);
	if (m->from.n == 0)
		message_note(m, "header.from-missing", "no sender address in the header");
	if (m->from.n > 1)
		message_note(m, "header.from-ambiguous", "more than one sender address in the header");
}

/* ---- other fields ---- */

static void read_ids(struct message *m, struct message_ids *to, const char *value, bool keep_last)
{
	GMimeReferences *refs = value != NULL ? g_mime_references_parse(mime_options, value) : NULL;
	int n, from;

	if (refs == NULL)
		return;
	n = g_mime_references_length(refs);
	from = keep_last && n > MESSAGE_IDS_MAX ? n - MESSAGE_IDS_MAX : 0;
	for (int i = from; i < n && to->n < MESSAGE_IDS_MAX; i++) {
		const char *id = g_mime_references_get_message_id(refs, i);

		id = id != NULL ? message_line(m, id, strlen(id)) : "";
		if (id[0] != '\0')
			to->list[to->n++] = id;
	}
	g_mime_references_free(refs);
}

/* As GMime reads what is no plain date. */
static bool odd_date(const char *value, int64_t *seconds)
{
	GDateTime *date = g_mime_utils_header_decode_date(value);

	if (date == NULL)
		return false;
	*seconds = g_date_time_to_unix(date);
	g_date_time_unref(date);
	return *seconds >= DATE_FIRST && *seconds <= DATE_LAST;
}

static void read_date(struct message *m, const char *value)
{
	int64_t s;

	if (value == NULL)
		return;
	m->has_date = mime_date(value, &s) || odd_date(value, &s);
	if (m->has_date)
		m->date_ms = s * 1000;
	else
		message_note(m, "header.date", "the Date field cannot be read");
}

/* The last one of a name. */
static const char *last_field(const struct prescan *scan, const char *wanted)
{
	const char *name, *value, *last = NULL;

	for (size_t i = 0; prescan_next_field(scan, &i, &name, &value);)
		if (prescan_field_is(name, wanted))
			last = value;
	return last;
}

static void read_id(struct message *m, const char *value)
{
	char *id = value != NULL ? g_mime_utils_decode_message_id(value) : NULL;

	if (id != NULL)
		m->message_id = message_line(m, id, strlen(id));
	if (m->message_id != NULL && m->message_id[0] == '\0')
		m->message_id = NULL;
	g_free(id);
}

static const char *mime_subject(struct message *m, const char *raw)
{
	const char *line;
	struct buf b;

	if (raw == NULL)
		return "";
	buf_init(&b, PRESCAN_FIELD_MAX * 3);
	line = encoded_word_decode(&b, raw, strlen(raw)) == VG_OK ? message_line(m, buf_str(&b), b.len) : "";
	buf_free(&b);
	return line;
}

/* Where a field stands more than once the last one counts, but for those that only chains of answers have. */
void mime_headers_read(struct message *m, const struct prescan *scan)
{
	read_id(m, last_field(scan, "Message-ID"));
	m->subject = mime_subject(m, last_field(scan, "Subject"));
	read_ids(m, &m->in_reply_to, prescan_field(scan, "In-Reply-To"), false);
	read_ids(m, &m->references, prescan_field(scan, "References"), true);
	read_date(m, last_field(scan, "Date"));
	read_address_fields(m, scan);
	m->automatic = mime_automatic(scan, m->sender, m->subject);
}
