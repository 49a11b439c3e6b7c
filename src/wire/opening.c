/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file knows the first bytes of each protocol that may come in.  What a
 * person may write as well is a customer's: only an opening in its whole shape
 * is a visitor's.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "event/words.h"
#include "wire/opening.h"

#define IAC          0xff
#define SE           0xf0 /* the first of telnet's commands */
#define LAST_OPTION  0x31 /* of telnet's in a row; a few are far above */
#define ESC          0x1b
#define HEADER_BYTES 8   /* a length or a number stands in these */
#define READABLE     3   /* characters: fewer are chance */
#define PATTERN_MAX  512 /* bytes of a row that a pattern is tried on */

struct span {
	const unsigned char *at;
	size_t len;
};

/* What belongs to an opening behind its first row. */
enum further {
	FURTHER_NOTHING,
	FURTHER_HEADERS, /* rows up to an empty one */
	FURTHER_VERBS, /* rows with a word in capitals among their first two */
	FURTHER_ARRAY, /* Redis: "*1", "$4", */
	FURTHER_ITEM,  /* and the row behind the latter */
	FURTHER_DATA   /* the next row */
};

/* What was recognised. */
struct known {
	enum wire_opening kind;
	const char *what;
	enum further further;
};

static const struct known customer = { WIRE_OPEN_LINE, "", FURTHER_NOTHING };
static const struct known no_text = { WIRE_OPEN_VISITOR, N_("no text"),
	FURTHER_NOTHING };
static const struct known blank = { WIRE_OPEN_VISITOR, N_("blank rows"),
	FURTHER_NOTHING };

static const struct known utf16le = { WIRE_OPEN_UTF16LE, "UTF-16",
	FURTHER_NOTHING };
static const struct known utf16be = { WIRE_OPEN_UTF16BE, "UTF-16",
	FURTHER_NOTHING };

static const char *const hellos[] = { EV_CLIENT_HELLO, EV_CLIENT_HELLO_GBK };

/*
 * Bytes at the very beginning; ? is any byte but a newline, so that no whole row
 * of text is waited for.  The first row of the table that matches is the answer,
 * and one that may still match is waited for.
 */
#define BYTES(bytes, kind, what)                                \
	{                                                       \
		bytes, sizeof bytes - 1,                        \
		{                                               \
			WIRE_OPEN_##kind, what, FURTHER_NOTHING \
		}                                               \
	}

static const struct {
	const char *bytes;
	size_t len;
	struct known known;
} openings[] = {
	BYTES(EV_CLIENT_HELLO, CLASSIC, ""),
	BYTES(EV_CLIENT_HELLO_GBK, CLASSIC_GBK, ""),
	BYTES("\x16\x03", TLS, "TLS"),
	BYTES("\x16\xfe", VISITOR, "DTLS"),
	BYTES("\x80?\x01\x00\x02", VISITOR, "SSLv2"),
	BYTES("\x80?\x01\x03", VISITOR, "SSLv2"),
	BYTES("SSH-2.0-", VISITOR, "SSH"),
	BYTES("SSH-1.", VISITOR, "SSH"),
	BYTES("\x03\x00???\xe0", VISITOR, "RDP, S7"),
	BYTES("\x03\x00", VISITOR, "TPKT"),
	BYTES("\x00\x00??\xffSMB", VISITOR, "SMB"),
	BYTES("\x00\x00??\xfeSMB", VISITOR, "SMB"),
	BYTES("\x81\x00\x00", VISITOR, "NetBIOS"),
	BYTES("l\x00\x0b\x00", VISITOR, "X11"),
	BYTES("B\x00\x00\x0b", VISITOR, "X11"),
	BYTES("0?\x02\x01", VISITOR, "LDAP, SNMP"),
	BYTES("0\x84\x00\x00", VISITOR, "LDAP"),
	BYTES("\x10?\x00\x04MQTT", VISITOR, "MQTT"),
	BYTES("\x10?\x00\x06MQIsdp", VISITOR, "MQTT"),
	BYTES("AMQP\x00", VISITOR, "AMQP"),
	BYTES("\x00\x01??\x21\x12\xa4\x42", VISITOR, "STUN"),
	BYTES("\x05?\x00", VISITOR, "SOCKS5"),
	BYTES("\x04\x01", VISITOR, "SOCKS4"),
	BYTES("\x04\x00\x00", VISITOR, "Cassandra"),
	BYTES("JRMI\x00", VISITOR, "Java RMI"),
	BYTES("\xac\xed\x00\x05", VISITOR, "Java RMI"),
	BYTES("\x00\x00\x00\x08\x04\xd2\x16", VISITOR, "PostgreSQL"),
	BYTES("\x00\x00\x00?\x00\x03\x00\x00", VISITOR, "PostgreSQL"),
	BYTES("\x00\x00\x00?\x00\x12\x00", VISITOR, "Kafka"),
	BYTES("\x00\x00\x00?j", VISITOR, "Kerberos"),
	BYTES("?\x00\x00\x00????\x00\x00\x00\x00\xd4\x07", VISITOR, "MongoDB"),
	BYTES("?\x00\x00\x00????\x00\x00\x00\x00\xdd\x07", VISITOR, "MongoDB"),
	BYTES("?\x00\x00\x01", VISITOR, "MySQL"),
	BYTES("\x12\x01\x00", VISITOR, "TDS"),
	BYTES("\x12\x34", VISITOR, "AJP13"),
	BYTES("\x00?\x00\x00\x01\x00\x00\x00", VISITOR, "Oracle TNS"),
	BYTES("\x00?\x00\x00\x00\x06", VISITOR, "Modbus"),
	BYTES("\x00\x9c\x00\x01\x1a\x2b", VISITOR, "PPTP"),
	BYTES("\x00\x0e\x38", VISITOR, "OpenVPN"),
	BYTES("\x00???\x01\x00\x00\x01\x00\x00", VISITOR, "DNS"),
	BYTES("\x00???\x00\x00\x00\x01\x00\x00", VISITOR, "DNS"),
	BYTES("\x80\x00\x00?????\x00\x00\x00\x00\x00", VISITOR, "ONC RPC"),
	BYTES("\x80?\x00\x00", VISITOR, "memcached"),
	BYTES("\x01\x01\x00", VISITOR, "FastCGI"),
	BYTES("\x01\x00\x00\x00", VISITOR, "DICOM"),
	BYTES("\x02\x01\x00", VISITOR, "SLP"),
	BYTES("CNXN\x00", VISITOR, "ADB"),
	BYTES("hrpc\x07", VISITOR, "Hadoop"),
	BYTES("hrpc\x09", VISITOR, "Hadoop"),
	BYTES("\x13"
	      "BitTorrent",
	    VISITOR, "BitTorrent"),
	BYTES("00??git-", VISITOR, "Git"),
	BYTES("@RSYNCD:", VISITOR, "rsync"),
	BYTES("( 2 ( ", VISITOR, "Subversion"),
	BYTES("<stream:stream ", VISITOR, "XMPP"),
	BYTES("<policy-file-request/>", VISITOR, "Flash"),
	BYTES("PROXY TCP4 ", VISITOR, "PROXY"),
	BYTES("PROXY TCP6 ", VISITOR, "PROXY"),
	BYTES("\r\n\r\n\x00\r\nQUIT\n", VISITOR, "PROXY"),
	BYTES("ZBXD\x01", VISITOR, "Zabbix"),
};

/*
 * Whole first rows: @ is a word, # a number, ~ anything or nothing.  A row that
 * ends in \r is meant with it.
 */
#define ROW(row, what, further)                                    \
	{                                                          \
		row,                                               \
		{                                                  \
			WIRE_OPEN_VISITOR, what, FURTHER_##further \
		}                                                  \
	}

static const struct {
	const char *row;
	struct known known;
} rows[] = {
	{ "GET /", { WIRE_OPEN_HTTP, "HTTP", FURTHER_NOTHING } },
	{ "GET /@", { WIRE_OPEN_HTTP, "HTTP", FURTHER_NOTHING } },
	ROW("EHLO @", "SMTP", VERBS),
	ROW("HELO @", "SMTP", VERBS),
	ROW("LHLO @", "SMTP", VERBS),
	ROW("USER @", "FTP, POP3", VERBS),
	ROW("@ CAPABILITY", "IMAP", VERBS),
	ROW("CAP LS", "IRC", VERBS),
	ROW("CAP LS #", "IRC", VERBS),
	ROW("NICK @", "IRC", VERBS),
	ROW("USER @ @ @ :~", "IRC", VERBS),
	ROW("*#\r", "Redis", ARRAY),
	ROW("set @ # # #", "memcached", DATA),
	ROW("add @ # # #", "memcached", DATA),
	ROW("ruok", "ZooKeeper", NOTHING),
	ROW("mntr", "ZooKeeper", NOTHING),
	ROW("srvr", "ZooKeeper", NOTHING),
	ROW("RFB #.#", "VNC", NOTHING),
	ROW("JDWP-Handshake", "JDWP", NOTHING),
	ROW("<?xml ~<stream:stream~", "XMPP", NOTHING),
	ROW("CONNECT {~}", "NATS", VERBS),
	ROW("PROXY UNKNOWN", "PROXY", NOTHING),
	ROW("Action: @", "Asterisk", HEADERS),
};

/* Request lines: a method, what it is about, a name and a version. */
static const struct {
	const char *name;
	struct known known;
} protocols[] = {
	{ "http", { WIRE_OPEN_HTTP, "HTTP", FURTHER_NOTHING } },
	{ "rtsp", { WIRE_OPEN_VISITOR, "RTSP", FURTHER_HEADERS } },
	{ "sip", { WIRE_OPEN_VISITOR, "SIP", FURTHER_HEADERS } },
	{ "icap", { WIRE_OPEN_VISITOR, "ICAP", FURTHER_HEADERS } },
};

/* These in any case; others in capitals only, as they may be words. */
static const char *const methods[] = { "get", "head", "post", "put", "delete",
	"patch", "trace", "options", "connect", "propfind" };

/* ---- bytes and words ---- */

/* A character of no text.  A tab and the end of a row are text, and a key that
 * rubs out may be pressed before it. */
static bool
is_control(unsigned char c)
{
	return c < ' ' && memchr("\t\n\r\b", c, 4) == NULL;
}

static bool
has_control(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if (is_control(s.at[i]))
			return true;
	return false;
}

static bool
is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

/* Capitals, and what stands in the names of methods. */
static bool
is_capitals(struct span s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((s.at[i] < 'A' || s.at[i] > 'Z') && s.at[i] != '_' &&
		    s.at[i] != '-')
			return false;
	return s.len >= 3 && s.at[0] >= 'A' && s.at[0] <= 'Z';
}

static struct span
behind(struct span s, size_t n)
{
	return (struct span){ s.at + n, s.len - n };
}

static bool
span_is(struct span s, const char *word)
{
	return dw_text_is_word((const char *)s.at, s.len, word);
}

/* The first word; *rest is what stands behind the one blank after it. */
static struct span
take_word(struct span s, struct span *rest)
{
	const unsigned char *end = s.len > 0 ? memchr(s.at, ' ', s.len) : NULL;
	struct span word = { s.at, end != NULL ? (size_t)(end - s.at) : s.len };

	*rest = behind(s, end != NULL ? word.len + 1 : word.len);
	return word;
}

/* Takes the next row, without its end, which is LF, CR LF or CR NUL.  Returns
 * false when there is no whole one; *row is what there is. */
static bool
take_row(struct span *s, struct span *row)
{
	for (size_t i = 0; i < s->len; i++) {
		bool cr = i > 0 && s->at[i - 1] == '\r';

		if (s->at[i] != '\n' && !(cr && s->at[i] == '\0'))
			continue;
		*row = (struct span){ s->at, cr ? i - 1 : i };
		*s = behind(*s, i + 1);
		return true;
	}
	*row = *s;
	return false;
}

static bool
is_blank(struct span row)
{
	return !has_control(row) &&
	    dw_text_is_blank((const char *)row.at, row.len);
}

/* Takes blank rows; what is left begins with something else, or a row that may
 * still become blank. */
static struct span
take_blank_rows(struct span s)
{
	struct span rest = s, row;

	while (take_row(&rest, &row) && is_blank(row))
		s = rest;
	return s;
}

/* ---- the tables ---- */

/* How many of the bytes match; fewer than all that there are: it is another. */
static size_t
matching(struct span s, const char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && n < s.len &&
	    (bytes[n] == '?' ? s.at[n] != '\n' :
			       s.at[n] == (unsigned char)bytes[n]))
		n++;
	return n;
}

/* Returns NULL for none; *waits: more bytes may make it one.  *used: so many
 * bytes it has. */
static const struct known *
find_bytes(struct span s, size_t *used, bool *waits)
{
	*waits = false;
	for (size_t i = 0; i < sizeof openings / sizeof openings[0]; i++) {
		size_t n = matching(s, openings[i].bytes, openings[i].len);

		*used = n;
		if (n == openings[i].len)
			return &openings[i].known;
		*waits = n == s.len;
		if (*waits)
			return NULL;
	}
	return NULL;
}

/* A part of a pattern that is at least one of these bytes: how many there
 * are. */
static size_t
run_of(char part, struct span s)
{
	size_t n = 0;

	while (n < s.len && (part == '#' ? is_digit(s.at[n]) : s.at[n] > ' '))
		n++;
	return n;
}

static bool
row_is(struct span s, const char *pattern)
{
	size_t most;

	if (*pattern == '\0')
		return s.len == 0;
	if (*pattern == '~') {
		for (size_t i = 0; i <= s.len; i++)
			if (row_is(behind(s, i), pattern + 1))
				return true;
		return false;
	}
	if (*pattern != '@' && *pattern != '#')
		return s.len > 0 && s.at[0] == (unsigned char)*pattern &&
		    row_is(behind(s, 1), pattern + 1);
	most = run_of(*pattern, s);
	for (size_t n = most; n > 0; n--)
		if (row_is(behind(s, n), pattern + 1))
			return true;
	return false;
}

static bool
is_method(struct span word)
{
	for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
		if (span_is(word, methods[i]))
			return true;
	return is_capitals(word);
}

/* A path, an address, a host with its port, or all of it. */
static bool
is_target(struct span word)
{
	return word.len > 0 &&
	    (word.at[0] == '/' || memchr(word.at, ':', word.len) != NULL ||
		span_is(word, "*"));
}

/* "HTTP/1.1", in any case. */
static const struct known *
find_protocol(struct span word)
{
	const unsigned char *slash =
	    word.len > 0 ? memchr(word.at, '/', word.len) : NULL;
	struct span name = { word.at,
		slash != NULL ? (size_t)(slash - word.at) : 0 };

	if (slash == NULL || !row_is(behind(word, name.len), "/#.#"))
		return NULL;
	for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
		if (span_is(name, protocols[i].name))
			return &protocols[i].known;
	return NULL;
}

static const struct known *
find_request(struct span row)
{
	struct span rest, method = take_word(row, &rest);
	struct span target = take_word(rest, &rest);

	if (!is_method(method) || !is_target(target))
		return NULL;
	return find_protocol(rest);
}

/* with_end: the same with what ends it. */
static const struct known *
find_row(struct span row, struct span with_end)
{
	for (size_t i = 0;
	    row.len <= PATTERN_MAX && i < sizeof rows / sizeof rows[0]; i++) {
		const char *pattern = rows[i].row;
		bool cr = pattern[strlen(pattern) - 1] == '\r';

		if (row_is(cr ? with_end : row, pattern))
			return &rows[i].known;
	}
	return find_request(row);
}

/* No text begins so: with a character of none, be it a key such as Ctrl-A that
 * was meant for something else, or with the zeros of a number.  An arrow key is
 * ESC and letters. */
static bool
begins_as_no_text(struct span row)
{
	if (row.len == 0)
		return false;
	if (is_control(row.at[0]) && row.at[0] != ESC)
		return true;
	for (size_t i = 1; i < row.len && i < HEADER_BYTES; i++)
		if (row.at[i - 1] == '\0' && row.at[i] == '\0')
			return true;
	return false;
}

static bool
is_telnet(struct span s)
{
	return s.len > 1 && s.at[0] == IAC && s.at[1] >= SE && s.at[1] != IAC;
}

/* Does a command of telnet stand in it?  That may be a Ctrl-C, which waits for an
 * answer.  In windows-1251 it may be two letters, and is text all the same. */
static bool
has_telnet(struct span row)
{
	for (size_t i = 0; i < row.len; i++)
		if (is_telnet(behind(row, i)))
			return true;
	return false;
}

/* ---- the first row ---- */

/* NULL: more is needed. */
static const struct known *
judge_row(struct span s, bool ended)
{
	struct span rest = s, row;
	bool whole = take_row(&rest, &row);
	struct span with_end = { s.at,
		row.len + (whole && row.len < s.len && s.at[row.len] == '\r') };
	const struct known *known;

	if (begins_as_no_text(row))
		return &no_text;
	if (has_telnet(row))
		return &customer;
	if (!whole && !ended)
		return NULL;
	if (!whole && is_blank(row))
		return &blank;
	if ((known = find_row(row, with_end)) != NULL)
		return known;
	return !whole && has_control(row) ? &no_text : &customer;
}

/* The same behind blank rows. */
static const struct known *
judge_later(struct span s, bool ended)
{
	const struct known *known;
	bool waits;
	size_t n;

	known = find_bytes(s, &n, &waits);
	if (waits && !ended)
		return NULL;
	/* Handshakes that are answered come without a row before them. */
	if (known != NULL && known->kind == WIRE_OPEN_VISITOR)
		return known;
	return judge_row(s, ended);
}

/* *used: so many bytes are before the row that the opening ends in. */
static const struct known *
judge_first(struct span s, bool ended, size_t *used)
{
	struct span later = take_blank_rows(s);
	const struct known *known;
	bool waits;

	if ((known = find_bytes(s, used, &waits)) != NULL)
		return known;
	if (waits && !ended)
		return NULL;
	*used = s.len - later.len;
	if (later.len == 0)
		return ended ? &blank : NULL;
	return *used > 0 ? judge_later(later, ended) : judge_row(s, ended);
}

/* ---- what follows it ---- */

static bool
is_verb_row(struct span row)
{
	struct span rest, first = take_word(row, &rest);

	return is_capitals(first) || is_capitals(take_word(rest, &rest));
}

/* Does this row belong to the opening?  What may follow changes with it. */
static bool
row_belongs(struct span row, enum further *further)
{
	switch (*further) {
	case FURTHER_NOTHING:
		return false;
	case FURTHER_HEADERS:
		if (is_blank(row))
			*further = FURTHER_NOTHING;
		return true;
	case FURTHER_VERBS:
		return is_verb_row(row);
	case FURTHER_ARRAY:
		if (row_is(row, "$#"))
			*further = FURTHER_ITEM;
		return row_is(row, "*#") || row_is(row, "$#");
	case FURTHER_ITEM:
		*further = FURTHER_ARRAY;
		return true;
	case FURTHER_DATA:
		*further = FURTHER_NOTHING;
		return true;
	}
	return false;
}

/* Does a readable row follow in s, whose beginning is what is left of the
 * opening's own row? */
static bool
is_followed(struct span s, enum further further)
{
	const struct known *known;
	struct span row;

	if (!take_row(&s, &row))
		return false;
	while (take_row(&s, &row)) {
		if (row_belongs(row, &further))
			continue;
		if ((known = find_row(row, row)) != NULL)
			further = known->further; /* it says the same again */
		else if (!is_blank(row) && !has_control(row))
			return true;
	}
	return false;
}

/* ---- the answer ---- */

/* A character of ASCII text. */
static bool
is_plain(unsigned char c)
{
	return c >= ' ' ? c < 0x7f : memchr("\t\n\r", c, 3) != NULL;
}

/* ff fe is telnet's DONT as well.  Behind that comes an option, and no NUL. */
static bool
is_marked_le(const unsigned char *b)
{
	bool option = b[2] <= LAST_OPTION || (b[2] >= 0x8a && b[2] <= 0x8c) ||
	    b[2] == IAC;

	return b[0] == 0xff && b[1] == 0xfe &&
	    (b[3] == '\0' ? is_plain(b[2]) : !option);
}

/* Four bytes of text in UTF-16, with its byte order mark or in ASCII.  Two ends
 * of rows, CR NUL each, are none. */
static const struct known *
find_utf16_in(const unsigned char *b)
{
	if (is_marked_le(b) ||
	    (is_plain(b[0]) && b[1] == '\0' && is_plain(b[2]) && b[3] == '\0' &&
		memcmp(b, "\r\0\r", 3) != 0))
		return &utf16le;
	if ((b[0] == 0xfe && b[1] == 0xff) ||
	    (b[0] == '\0' && is_plain(b[1]) && b[2] == '\0' && is_plain(b[3])))
		return &utf16be;
	return NULL;
}

/* *waits: four bytes are needed.  No text begins as with these but in UTF-16. */
static const struct known *
find_utf16(struct span s, bool *waits)
{
	*waits = s.len < 4 &&
	    (s.at[0] == '\0' || s.at[0] == 0xfe ||
		(s.at[0] == IAC && (s.len == 1 || s.at[1] == 0xfe)));
	return s.len < 4 ? NULL : find_utf16_in(s.at);
}

enum wire_opening
wire_opening(const void *bytes, size_t len, bool ended, const char **what)
{
	struct span s = { bytes, len };
	const struct known *known;
	size_t used;
	bool waits;

	*what = "";
	if (len == 0)
		return WIRE_OPEN_MORE;
	known = find_utf16(s, &waits);
	/* A mark alone says that much follows. */
	if (waits && (!ended || (s.len == 2 && s.at[0] == IAC)))
		return WIRE_OPEN_MORE;
	if (known == NULL && is_telnet(s))
		return WIRE_OPEN_LINE;
	if (known == NULL)
		known = judge_first(s, ended, &used);
	if (known == NULL)
		return WIRE_OPEN_MORE;
	if (known->kind == WIRE_OPEN_VISITOR &&
	    is_followed(behind(s, used), known->further))
		return WIRE_OPEN_LINE;
	*what = known->what;
	return known->kind;
}

bool
wire_opening_is_cut_hello(const void *bytes, size_t len)
{
	for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++)
		if (len > 0 && len < strlen(hellos[i]) &&
		    memcmp(bytes, hellos[i], len) == 0)
			return true;
	return false;
}

bool
wire_opening_is_blank(const void *bytes, size_t len)
{
	return is_blank((struct span){ bytes, len });
}

/* The length of the readable character at the beginning; 0: there is none. */
static size_t
readable_at(const char *text, size_t len)
{
	if ((unsigned char)text[0] < ' ' || text[0] == 0x7f)
		return 0;
	return dw_text_first(text, len);
}

/* The length of the readable text at the beginning; 0 too when it is so short
 * that it may be chance.  *skip: how far to go on from there. */
static size_t
readable_run(const char *text, size_t len, size_t *skip)
{
	size_t characters = 0, n = 0, one;

	while (n < len && (one = readable_at(text + n, len - n)) > 0) {
		n += one;
		characters++;
	}
	*skip = n > 0 ? n : 1;
	return characters < READABLE || dw_text_is_blank(text, n) ? 0 : n;
}

int
wire_opening_text(struct dw_buf *out, const void *bytes, size_t len, size_t max)
{
	const char *text = bytes;
	size_t begin = out->len, n, skip;

	for (size_t at = 0; at < len && out->len - begin < max; at += skip) {
		if ((n = readable_run(text + at, len - at, &skip)) == 0)
			continue;
		if (out->len > begin)
			dw_buf_addc(out, ' ');
		n = dw_text_cut(text + at, n, max - (out->len - begin));
		dw_buf_add(out, text + at, n);
	}
	return out->failed ? -ENOMEM : 0;
}

const struct dw_charset *
wire_opening_charset(enum wire_opening opening)
{
	return opening == WIRE_OPEN_CLASSIC_GBK ? dw_charset_find("gbk", 3) :
						  NULL;
}

bool
wire_opening_mark(const void *bytes, size_t len, bool *more)
{
	size_t n = len < WIRE_OPENING_MARK ? len : WIRE_OPENING_MARK;
	bool same = memcmp(bytes, "\xef\xbb\xbf", n) == 0;

	*more = same && n > 0 && n < WIRE_OPENING_MARK;
	return same && n == WIRE_OPENING_MARK;
}

/* Telnet's data mark, without its IAC. */
static bool
is_data_mark(const void *bytes, size_t len, bool *more)
{
	const char *s = bytes;

	if (len == 0 || s[0] != '\xf2')
		return false;
	for (size_t i = 0; i < sizeof hellos / sizeof hellos[0]; i++) {
		size_t whole = strlen(hellos[i]);
		size_t n = len - 1 < whole ? len - 1 : whole;

		if (memcmp(s + 1, hellos[i], n) != 0)
			continue;
		*more = n < whole;
		return n == whole;
	}
	return false;
}

size_t
wire_opening_lead(const void *bytes, size_t len, bool *more)
{
	if (wire_opening_mark(bytes, len, more))
		return WIRE_OPENING_MARK;
	return is_data_mark(bytes, len, more) ? 1 : 0;
}
