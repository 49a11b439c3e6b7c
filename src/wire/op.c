/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Frames of the operator protocol become JSON, and JSON becomes frames.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/mem.h"
#include "base/text.h"
#include "wire/base64.h"
#include "wire/json.h"
#include "wire/op.h"

/*
 * jansson recurses once per level, and a worker's stack is small: what is
 * nested deeper than any frame of ours is refused before jansson sees it.
 */
#define DEPTH_MAX 8

/* Members of a frame, an event, a session and a command, by their type. */
enum type {
	STRING, /* const char * */
	CHARS,  /* char[], cut where it ends */
	WORD,   /* an enum that has words */
	NUMBER,
	SIGNED,
	SMALL,
	FLAG,
	KEY,    /* struct ev_key, as hexadecimal digits */
	CHARSET /* const struct dw_charset *, by its name */
};

struct member {
	const char *key;
	enum type type;
	size_t offset;
	unsigned in;                  /* which frames have it */
	size_t size;                  /* CHARS: of the array */
	const struct ev_words *words; /* WORD: of the enum */
};

enum {
	F_V = 1,
	F_ID = 2,
	F_SID = 4,
	F_N = 8,
	F_SEQ = 16,
	F_SEEN = 32,
	F_REPLAY = 64,
	F_NAME = 128,
	F_DESK = 256,
	F_CODE = 512,
	F_TEXT = 1024,
	F_EV = 2048,
	F_LISTS = 4096,
	F_JOURNAL = 8192,
	F_DATAGRAMS = 16384,
	F_BURST = 32768,
	F_UNLISTED = 65536,
	F_KEY = 131072,
	F_NOW = 262144,
	F_MOMENTS = 524288,
	F_SINCE = 1048576,
	F_ROLE = 2097152,
	F_AS = 4194304,
	F_BARE = 8388608
};

static const struct {
	const char *word;
	unsigned has;
} ops[WIRE_OPS] = {
	[WIRE_RELAY] = { "relay", F_AS },
	[WIRE_HELLO] = { "hello", F_V | F_NAME | F_SEEN | F_REPLAY | F_BARE },
	[WIRE_REPLY] = { "reply", F_ID | F_SID | F_TEXT | F_SEEN | F_KEY },
	[WIRE_NOTE] = { "note", F_ID | F_SID | F_TEXT | F_KEY },
	[WIRE_NEXT] = { "next", F_ID | F_SID },
	[WIRE_TYPES] = { "types", F_N | F_NAME | F_SID },
	[WIRE_JOINS] = { "joins", F_N | F_NAME | F_SID | F_SINCE | F_NOW },
	[WIRE_CMD] = { "cmd", F_ID | F_TEXT },
	[WIRE_READ] = { "read", F_SID | F_SEQ | F_N },
	[WIRE_LOOK] = { "look", F_SID },
	[WIRE_PING] = { "ping", F_ID },
	[WIRE_BYE] = { "bye", F_CODE | F_TEXT },
	[WIRE_WELCOME] = { "welcome",
	    F_V | F_NAME | F_DESK | F_SEQ | F_REPLAY | F_JOURNAL | F_DATAGRAMS |
		F_BURST | F_UNLISTED | F_NOW | F_LISTS | F_ROLE | F_AS },
	[WIRE_LIVE] = { "live", F_SEQ | F_NOW | F_MOMENTS },
	[WIRE_EV] = { "ev", F_EV },
	[WIRE_PAST] = { "past", F_ID | F_EV },
	[WIRE_OK] = { "ok", F_ID | F_SID | F_N | F_TEXT },
	[WIRE_ERR] = { "err", F_ID | F_SID | F_CODE | F_TEXT | F_SEQ },
	[WIRE_LOOKS] = { "looks", F_N | F_NAME | F_SID },
	[WIRE_READS] = { "reads", F_SID | F_SINCE | F_NOW },
	[WIRE_PONG] = { "pong", F_ID | F_NOW },
	[WIRE_UNLISTED] = { "unlisted", F_SID },
	[WIRE_NOTICE] = { "notice", F_CODE | F_TEXT },
};

#define ROW(s, key, type, field, in) \
	{ key, type, offsetof(s, field), in, 0, NULL }
#define CHARS_ROW(s, key, field) \
	{ key, CHARS, offsetof(s, field), 1, sizeof((s *)0)->field, NULL }
#define WORD_ROW(s, key, field, in, words) \
	{ key, WORD, offsetof(s, field), in, 0, &words }
#define END_ROW { NULL, STRING, 0, 0, 0, NULL }

/* Members of type WORD are read and written as this. */
_Static_assert(sizeof(enum ev_kind) == sizeof(unsigned) &&
	sizeof(enum ev_code) == sizeof(unsigned),
    "enums are unsigned");

static const struct member frame_members[] = {
	ROW(struct wire_frame, "v", SMALL, v, F_V),
	ROW(struct wire_frame, "id", NUMBER, id, F_ID),
	ROW(struct wire_frame, "sid", NUMBER, sid, F_SID),
	ROW(struct wire_frame, "n", NUMBER, n, F_N),
	ROW(struct wire_frame, "seq", NUMBER, seq, F_SEQ),
	ROW(struct wire_frame, "seen", NUMBER, seen, F_SEEN),
	ROW(struct wire_frame, "datagrams", NUMBER, datagrams, F_DATAGRAMS),
	ROW(struct wire_frame, "burst", NUMBER, burst, F_BURST),
	ROW(struct wire_frame, "unlisted", NUMBER, unlisted, F_UNLISTED),
	ROW(struct wire_frame, "now", SIGNED, now_ms, F_NOW),
	ROW(struct wire_frame, "since", SIGNED, since_ms, F_SINCE),
	ROW(struct wire_frame, "replay", FLAG, replay, F_REPLAY),
	ROW(struct wire_frame, "bare", FLAG, bare, F_BARE),
	ROW(struct wire_frame, "rows", FLAG, rows, F_BARE),
	ROW(struct wire_frame, "name", STRING, name, F_NAME),
	ROW(struct wire_frame, "as", STRING, as, F_AS),
	WORD_ROW(struct wire_frame, "role", role, F_ROLE, ev_roles),
	ROW(struct wire_frame, "desk", STRING, desk, F_DESK),
	ROW(struct wire_frame, "journal", STRING, journal, F_JOURNAL),
	ROW(struct wire_frame, "key", KEY, key, F_KEY),
	WORD_ROW(struct wire_frame, "code", code, F_CODE, ev_codes),
	END_ROW,
};

static const struct member event_members[] = {
	ROW(struct ev_event, "seq", NUMBER, seq, 1),
	ROW(struct ev_event, "t", SIGNED, t_ms, 1),
	ROW(struct ev_event, "at", SIGNED, steady_ms, 1),
	ROW(struct ev_event, "sid", NUMBER, sid, 1),
	WORD_ROW(struct ev_event, "ev", kind, 1, ev_kinds),
	ROW(struct ev_event, "n", NUMBER, n, 1),
	ROW(struct ev_event, "flags", SMALL, flags, 1),
	ROW(struct ev_event, "who", STRING, who, 1),
	WORD_ROW(struct ev_event, "mode", mode, 1, ev_modes),
	ROW(struct ev_event, "addr", STRING, addr, 1),
	ROW(struct ev_event, "why", STRING, why, 1),
	ROW(struct ev_event, "key", KEY, key, 1),
	END_ROW,
};

/* What a welcome has of a session, and what the end of a replay. */
enum { S_ALL = 1, S_MOMENTS = 2 };

static const struct member session_members[] = {
	ROW(struct ev_session, "sid", NUMBER, sid, S_ALL | S_MOMENTS),
	ROW(struct ev_session, "in", NUMBER, in, 1),
	ROW(struct ev_session, "out", NUMBER, out, 1),
	ROW(struct ev_session, "sent", NUMBER, sent, 1),
	WORD_ROW(struct ev_session, "state", state, 1, ev_states),
	WORD_ROW(struct ev_session, "mode", mode, 1, ev_modes),
	CHARS_ROW(struct ev_session, "name", name),
	CHARS_ROW(struct ev_session, "addr", addr),
	CHARS_ROW(struct ev_session, "by", by),
	CHARS_ROW(struct ev_session, "owner", owner),
	CHARS_ROW(struct ev_session, "offered", offered),
	ROW(struct ev_session, "charset", CHARSET, charset, 1),
	CHARS_ROW(struct ev_session, "words", words),
	ROW(struct ev_session, "eof", FLAG, eof, 1),
	ROW(struct ev_session, "gone", FLAG, gone, 1),
	ROW(struct ev_session, "unattended", FLAG, unattended, 1),
	ROW(struct ev_session, "waiting", SIGNED, waiting_ms, 1),
	ROW(struct ev_session, "began", SIGNED, began_ms, 1),
	ROW(struct ev_session, "said", SIGNED, said_ms, 1),
	ROW(struct ev_session, "went", SIGNED, gone_ms, 1),
	ROW(struct ev_session, "waiting_seq", NUMBER, waiting_at.seq, 1),
	ROW(struct ev_session, "began_seq", NUMBER, began_at.seq, 1),
	ROW(struct ev_session, "said_seq", NUMBER, said_at.seq, 1),
	ROW(struct ev_session, "went_seq", NUMBER, gone_at.seq, 1),
	ROW(struct ev_session, "waiting_at", SIGNED, waiting_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "began_at", SIGNED, began_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "said_at", SIGNED, said_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "went_at", SIGNED, gone_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "unanswered", NUMBER, unanswered, 1),
	ROW(struct ev_session, "notes", NUMBER, notes, 1),
	ROW(struct ev_session, "owned_seq", NUMBER, owned_at.seq, 1),
	ROW(struct ev_session, "owned_at", SIGNED, owned_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "offered_seq", NUMBER, offered_at.seq, 1),
	ROW(struct ev_session, "offered_at", SIGNED, offered_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "kept_seq", NUMBER, kept_at.seq, 1),
	ROW(struct ev_session, "kept_at", SIGNED, kept_at.steady_ms,
	    S_ALL | S_MOMENTS),
	ROW(struct ev_session, "same1", NUMBER, same[0], 1),
	ROW(struct ev_session, "same2", NUMBER, same[1], 1),
	ROW(struct ev_session, "same3", NUMBER, same[2], 1),
	ROW(struct ev_session, "same4", NUMBER, same[3], 1),
	END_ROW,
};
_Static_assert(EV_SAME_MAX == 4, "each has its row");

static const struct member person_members[] = {
	ROW(struct wire_person, "name", STRING, name, 1),
	ROW(struct wire_person, "consoles", NUMBER, consoles, 1),
	ROW(struct wire_person, "away", FLAG, away, 1),
	END_ROW,
};

static const struct member command_members[] = {
	ROW(struct ev_command, "name", STRING, name, 1),
	ROW(struct ev_command, "args", STRING, args, 1),
	ROW(struct ev_command, "help", STRING, help, 1),
	ROW(struct ev_command, "complete", STRING, complete, 1),
	END_ROW,
};

/* A frame and all that its pointers lead to. */
struct box {
	struct wire_frame frame;  /* first: it is what callers have */
	json_t *root;             /* the strings live here */
	struct dw_buf text, body; /* what came as base64 */
	struct ev_session *sessions;
	struct ev_command *commands;
	struct wire_person *people;
	const char **listeners, **peers;
};

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

struct wire_frame
wire_frame_of(enum wire_op op)
{
	return (struct wire_frame){ .op = op,
		.name = "",
		.as = "",
		.desk = "",
		.journal = "",
		.text = "",
		.ev = ev_event_of(EV_UNKNOWN) };
}

/* ---- writing -------------------------------------------------------- */

/* Names are made of characters long before they come here; should one not
 * be, it is shown rather than lost. */
static void
put_string(struct dw_buf *out, const char *s)
{
	struct dw_buf safe = DW_BUF_INITIALIZER;
	size_t len = strlen(s);

	if (dw_text_valid(s, len) == len) {
		wire_json_string(out, s, len);
		return;
	}
	if (dw_text_line(&safe, s, len, 0) == 0)
		wire_json_string(out, dw_buf_str(&safe), safe.len);
	else
		out->failed = true;
	dw_buf_fini(&safe);
}

static bool
is_absent(const struct member *m, const char *at)
{
	switch (m->type) {
	case STRING:
		return *or_empty(*(const char *const *)at) == '\0';
	case CHARS:
		return *at == '\0';
	case NUMBER:
		return *(const uint64_t *)at == 0;
	case SIGNED:
		return *(const int64_t *)at == 0;
	case WORD:
	case SMALL:
		return *(const unsigned *)at == 0;
	case FLAG:
		return !*(const bool *)at;
	case KEY:
		return !ev_key_is_set((const struct ev_key *)at);
	case CHARSET:
		return *(const struct dw_charset *const *)at == NULL;
	}
	return true;
}

static void
put_key(struct dw_buf *out, const struct ev_key *key)
{
	char hex[2 * EV_KEY_SIZE + 1];

	for (size_t i = 0; i < EV_KEY_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", (unsigned)key->bytes[i]);
	put_string(out, hex);
}

static void
put_member(struct dw_buf *out, const struct member *m, const char *at)
{
	wire_json_key(out, m->key);
	switch (m->type) {
	case STRING:
		put_string(out, *(const char *const *)at);
		break;
	case CHARS:
		put_string(out, at);
		break;
	case WORD:
		put_string(out, ev_word(m->words, *(const unsigned *)at));
		break;
	case NUMBER:
		wire_json_number(out, (int64_t)*(const uint64_t *)at);
		break;
	case SIGNED:
		wire_json_number(out, *(const int64_t *)at);
		break;
	case SMALL:
		wire_json_number(out, *(const unsigned *)at);
		break;
	case FLAG:
		wire_json_true(out);
		break;
	case KEY:
		put_key(out, (const struct ev_key *)at);
		break;
	case CHARSET:
		put_string(out, (*(const struct dw_charset *const *)at)->name);
		break;
	}
}

/* What is absent is left out. */
static void
put_members(struct dw_buf *out, const struct member *m, const void *from,
    unsigned has)
{
	const char *at;

	for (; m->key != NULL; m++) {
		at = (const char *)from + m->offset;
		if ((m->in & has) != 0 && !is_absent(m, at))
			put_member(out, m, at);
	}
}

static void
put_bytes(struct dw_buf *out, const char *bytes, size_t len)
{
	struct dw_buf b64 = DW_BUF_INITIALIZER;

	wire_json_key(out, "bytes");
	if (wire_base64_encode(&b64, bytes, len) == 0)
		wire_json_string(out, dw_buf_str(&b64), b64.len);
	else
		out->failed = true;
	dw_buf_fini(&b64);
}

static void
put_text(struct dw_buf *out, const char *text, size_t len)
{
	if (len == 0)
		return;
	if (memchr(text, '\0', len) != NULL ||
	    dw_text_valid(text, len) != len) {
		put_bytes(out, text, len);
		return;
	}
	wire_json_key(out, "text");
	wire_json_string(out, text, len);
}

static void
put_event(struct dw_buf *out, const struct ev_event *ev)
{
	wire_json_open(out, '{');
	put_members(out, event_members, ev, 1);
	put_text(out, ev->body, ev->len);
	wire_json_close(out, '}');
}

static void
put_objects(struct dw_buf *out, const char *key, const struct member *members,
    unsigned has, const void *from, size_t count, size_t size)
{
	wire_json_key(out, key);
	wire_json_open(out, '[');
	for (size_t i = 0; i < count; i++) {
		wire_json_open(out, '{');
		put_members(out, members, (const char *)from + i * size, has);
		wire_json_close(out, '}');
	}
	wire_json_close(out, ']');
}

static void
put_words(struct dw_buf *out, const char *key, const char *const *words,
    size_t n)
{
	wire_json_key(out, key);
	wire_json_open(out, '[');
	for (size_t i = 0; i < n; i++)
		put_string(out, words[i]);
	wire_json_close(out, ']');
}

static void
put_people(struct dw_buf *out, const struct wire_frame *f)
{
	put_objects(out, "people", person_members, 1, f->people, f->npeople,
	    sizeof *f->people);
}

static void
put_lists(struct dw_buf *out, const struct wire_frame *f)
{
	put_objects(out, "sessions", session_members, S_ALL, f->sessions,
	    f->nsessions, sizeof *f->sessions);
	put_objects(out, "commands", command_members, 1, f->commands,
	    f->ncommands, sizeof *f->commands);
	put_people(out, f);
	put_words(out, "listeners", f->listeners, f->nlisteners);
	if (f->npeers > 0)
		put_words(out, "peers", f->peers, f->npeers);
}

static void
put_moments(struct dw_buf *out, const struct wire_frame *f)
{
	if (f->nsessions > 0)
		put_objects(out, "sessions", session_members, S_MOMENTS,
		    f->sessions, f->nsessions, sizeof *f->sessions);
	if (f->npeople > 0)
		put_people(out, f);
}

static void
put_frame(struct dw_buf *out, const struct wire_frame *f)
{
	unsigned has = ops[f->op].has;

	wire_json_open(out, '{');
	wire_json_key(out, "op");
	put_string(out, ops[f->op].word);
	put_members(out, frame_members, f, has);
	if ((has & F_TEXT) != 0)
		put_text(out, f->text, f->len);
	if ((has & F_EV) != 0) {
		wire_json_key(out, "ev");
		put_event(out, &f->ev);
	}
	if ((has & F_MOMENTS) != 0)
		put_moments(out, f);
	if ((has & F_LISTS) != 0)
		put_lists(out, f);
	wire_json_close(out, '}');
	dw_buf_addc(out, '\n');
}

/* What did not fit is not there. */
static int
put_done(struct dw_buf *out, size_t before)
{
	if (!out->failed)
		return 0;
	out->len = before;
	if (out->data != NULL)
		out->data[before] = '\0';
	return -ENOMEM;
}

int
wire_frame_encode(struct dw_buf *out, const struct wire_frame *f)
{
	size_t before = out->len;

	if (out->failed)
		return -ENOMEM;
	put_frame(out, f);
	return put_done(out, before);
}

int
wire_session_encode(struct dw_buf *out, uint64_t seq,
    const struct ev_session *s)
{
	size_t before = out->len;

	if (out->failed)
		return -ENOMEM;
	wire_json_open(out, '{');
	wire_json_key(out, "seq");
	wire_json_number(out, (int64_t)seq);
	put_members(out, session_members, s, S_ALL);
	wire_json_close(out, '}');
	dw_buf_addc(out, '\n');
	return put_done(out, before);
}

int
wire_event_encode(struct dw_buf *out, const struct ev_event *ev)
{
	size_t before = out->len;

	if (out->failed)
		return -ENOMEM;
	put_event(out, ev);
	dw_buf_addc(out, '\n');
	return put_done(out, before);
}

/* ---- reading -------------------------------------------------------- */

static const char wrong_type[] = "a member of this frame has the wrong type";

static int
refuse(const char **why, const char *sentence)
{
	*why = sentence;
	return -EPROTO;
}

/* In how many brackets the text's end is, of those outside strings; whether they
 * match is jansson's business.  It ends early where that is too many. */
static unsigned
depth_behind(const char *line, size_t len)
{
	unsigned depth = 0;
	bool quoted = false;

	for (size_t i = 0; i < len; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		else if (quoted && line[i] == '\\')
			i++;
		else if (!quoted && (line[i] == '{' || line[i] == '['))
			depth++;
		else if (!quoted && depth > 0 &&
		    (line[i] == '}' || line[i] == ']'))
			depth--;
		if (depth > DEPTH_MAX)
			break;
	}
	return depth;
}

static int
get_number(const json_t *j, const struct member *m, char *at)
{
	json_int_t v = json_integer_value(j);

	if (!json_is_integer(j) || (v < 0 && m->type != SIGNED))
		return -EPROTO;
	if (m->type == SIGNED) {
		*(int64_t *)at = v;
	} else if (m->type == NUMBER) {
		*(uint64_t *)at = (uint64_t)v;
	} else {
		if (v > INT32_MAX)
			return -EPROTO;
		*(unsigned *)at = (unsigned)v;
	}
	return 0;
}

/* A word that is not known is the enum's 0, and no encoding, so that an older
 * console works with a newer desk. */
static int
get_string(const json_t *j, const struct member *m, char *at)
{
	const char *s = json_string_value(j);

	if (s == NULL)
		return -EPROTO;
	if (m->type == WORD)
		*(unsigned *)at = ev_value(m->words, s);
	else if (m->type == CHARS)
		snprintf(at, m->size, "%s", s);
	else if (m->type == CHARSET)
		*(const struct dw_charset **)at = dw_charset_find(s, strlen(s));
	else
		*(const char **)at = s;
	return 0;
}

static int
get_key(const json_t *j, struct ev_key *key)
{
	const char *s = json_string_value(j);
	unsigned byte;

	if (s == NULL || strlen(s) != (size_t)2 * EV_KEY_SIZE ||
	    strspn(s, "0123456789abcdef") != (size_t)2 * EV_KEY_SIZE)
		return -EPROTO;
	for (size_t i = 0; i < EV_KEY_SIZE; i++) {
		if (sscanf(s + 2 * i, "%2x", &byte) != 1)
			return -EPROTO;
		key->bytes[i] = (unsigned char)byte;
	}
	return 0;
}

static int
get_member(const json_t *j, const struct member *m, char *at)
{
	switch (m->type) {
	case STRING:
	case CHARS:
	case WORD:
	case CHARSET:
		return get_string(j, m, at);
	case NUMBER:
	case SIGNED:
	case SMALL:
		return get_number(j, m, at);
	case FLAG:
		if (!json_is_boolean(j))
			return -EPROTO;
		*(bool *)at = json_is_true(j);
		return 0;
	case KEY:
		return get_key(j, (struct ev_key *)at);
	}
	return -EPROTO;
}

static int
get_members(const json_t *j, const struct member *m, void *to, unsigned has)
{
	const json_t *value;

	if (!json_is_object(j))
		return -EPROTO;
	for (; m->key != NULL; m++) {
		if ((m->in & has) == 0 ||
		    (value = json_object_get(j, m->key)) == NULL)
			continue;
		if (get_member(value, m, (char *)to + m->offset) < 0)
			return -EPROTO;
	}
	return 0;
}

/* "text", or "bytes" decoded into the box's buffer. */
static int
get_text(const json_t *j, struct dw_buf *bytes, const char **text, size_t *len)
{
	const json_t *value = json_object_get(j, "text");
	int r;

	if (value != NULL) {
		*text = or_empty(json_string_value(value));
		*len = json_string_length(value);
		return json_is_string(value) ? 0 : -EPROTO;
	}
	if ((value = json_object_get(j, "bytes")) == NULL)
		return 0;
	if (!json_is_string(value))
		return -EPROTO;
	r = wire_base64_decode(bytes, json_string_value(value),
	    json_string_length(value));
	*text = dw_buf_str(bytes);
	*len = bytes->len;
	return r;
}

static int
get_event(const json_t *j, struct box *b)
{
	struct ev_event *ev = &b->frame.ev;
	int r;

	if ((r = get_members(j, event_members, ev, 1)) < 0)
		return r;
	return get_text(j, &b->body, &ev->body, &ev->len);
}

/* The array's length, and memory for as many structs of this size. */
static int
get_array(const json_t *array, size_t size, void *memory, size_t *count)
{
	size_t n = json_array_size(array);
	void *p;

	if (array != NULL && !json_is_array(array))
		return -EPROTO;
	if ((p = calloc(n + 1, size)) == NULL)
		return -ENOMEM;
	memcpy(memory, &p, sizeof p);
	*count = n;
	/* cppcheck-suppress memleak ; *memory has it now */
	return 0;
}

static int
get_sessions(const json_t *array, struct box *b)
{
	int r;

	if (b->sessions != NULL)
		return 0; /* they came in pieces */
	r = get_array(array, sizeof *b->sessions, &b->sessions,
	    &b->frame.nsessions);
	b->frame.sessions = b->sessions;
	for (size_t i = 0; r == 0 && i < b->frame.nsessions; i++)
		r = get_members(json_array_get(array, i), session_members,
		    &b->sessions[i], 1);
	return r;
}

static int
get_commands(const json_t *array, struct box *b)
{
	int r = get_array(array, sizeof *b->commands, &b->commands,
	    &b->frame.ncommands);

	b->frame.commands = b->commands;
	for (size_t i = 0; r == 0 && i < b->frame.ncommands; i++) {
		b->commands[i] = (struct ev_command){ "", "", "", "" };
		r = get_members(json_array_get(array, i), command_members,
		    &b->commands[i], 1);
	}
	return r;
}

static int
get_people(const json_t *array, struct box *b)
{
	int r =
	    get_array(array, sizeof *b->people, &b->people, &b->frame.npeople);

	b->frame.people = b->people;
	for (size_t i = 0; r == 0 && i < b->frame.npeople; i++) {
		b->people[i] = (struct wire_person){ "", 0, false };
		r = get_members(json_array_get(array, i), person_members,
		    &b->people[i], 1);
	}
	return r;
}

static int
get_moments(const json_t *j, struct box *b)
{
	int r = get_sessions(json_object_get(j, "sessions"), b);

	return r < 0 ? r : get_people(json_object_get(j, "people"), b);
}

static int
get_words(const json_t *array, const char ***words, size_t *n)
{
	int r = get_array(array, sizeof **words, words, n);

	for (size_t i = 0; r == 0 && i < *n; i++) {
		(*words)[i] = json_string_value(json_array_get(array, i));
		if ((*words)[i] == NULL)
			r = -EPROTO;
	}
	return r;
}

static int
get_lists(const json_t *j, struct box *b)
{
	struct wire_frame *f = &b->frame;
	int r;

	if ((r = get_sessions(json_object_get(j, "sessions"), b)) < 0)
		return r;
	if ((r = get_commands(json_object_get(j, "commands"), b)) < 0)
		return r;
	if ((r = get_people(json_object_get(j, "people"), b)) < 0)
		return r;
	if ((r = get_words(json_object_get(j, "listeners"), &b->listeners,
		 &f->nlisteners)) == 0)
		r = get_words(json_object_get(j, "peers"), &b->peers,
		    &f->npeers);
	f->listeners = b->listeners;
	f->peers = b->peers;
	return r;
}

static int
get_frame(struct box *b)
{
	struct wire_frame *f = &b->frame;
	unsigned has = ops[f->op].has;
	int r;

	if ((r = get_members(b->root, frame_members, f, has)) < 0)
		return r;
	if ((has & F_TEXT) != 0 &&
	    (r = get_text(b->root, &b->text, &f->text, &f->len)) < 0)
		return r;
	if ((has & F_EV) != 0 &&
	    (r = get_event(json_object_get(b->root, "ev"), b)) < 0)
		return r;
	if ((has & F_MOMENTS) != 0)
		return get_moments(b->root, b);
	return (has & F_LISTS) != 0 ? get_lists(b->root, b) : 0;
}

/* The object's op; -EPROTO without one, -ENOTSUP for one we do not know. */
static int
get_op(const json_t *root, const char **why)
{
	const char *word = json_string_value(json_object_get(root, "op"));

	if (word == NULL)
		return refuse(why, "a frame is a JSON object with an op");
	for (int op = 0; op < WIRE_OPS; op++)
		if (strcmp(ops[op].word, word) == 0)
			return op;
	*why = "this op is not known";
	return -ENOTSUP;
}

static int
load_json(const char *text, size_t len, size_t flags, json_t **root,
    size_t *used, const char **why)
{
	json_error_t error;

	*root = json_loadb(text, len, flags, &error);
	*used = (size_t)error.position;
	if (*root != NULL)
		return 0;
	return json_error_code(&error) == json_error_out_of_memory ?
	    -ENOMEM :
	    refuse(why, "this is not JSON");
}

/*
 * The sessions of a welcome may be nearly all of it.  A tree of them all at once
 * would take ten times their memory, so each is a tree of its own for a moment,
 * and the frame is parsed with an empty list in their place.
 */
static const char list_begins[] = ",\"sessions\":[{";

/* Where the first session of the frame's own list is; NULL: there is none, or
 * the list is not written as ours are. */
static const char *
first_session(const char *line, size_t len)
{
	const char *at =
	    dw_memmem(line, len, list_begins, sizeof list_begins - 1);

	if (at == NULL)
		return NULL;
	at += sizeof list_begins - 2;
	return depth_behind(line, (size_t)(at - line)) == 2 ? at : NULL;
}

static int
reserve_session(struct box *b, size_t *cap)
{
	struct ev_session *more;

	if (b->frame.nsessions < *cap)
		return 0;
	*cap = *cap == 0 ? 16 : 2 * *cap;
	if ((more = realloc(b->sessions, *cap * sizeof *more)) == NULL)
		return -ENOMEM;
	b->frame.sessions = b->sessions = more;
	return 0;
}

static int
get_piece(struct box *b, const char *at, size_t len, size_t *used,
    const char **why)
{
	struct ev_session *s = &b->sessions[b->frame.nsessions++];
	json_t *piece;
	int r = load_json(at, len, JSON_DISABLE_EOF_CHECK, &piece, used, why);

	if (r < 0)
		return r;
	memset(s, 0, sizeof *s);
	if (get_members(piece, session_members, s, 1) < 0)
		r = refuse(why, wrong_type);
	json_decref(piece);
	return r;
}

/* Takes the sessions from `at` on; *end is where their list ends. */
static int
get_pieces(struct box *b, const char *at, const char *line_end,
    const char **end, const char **why)
{
	size_t cap = 0, used;
	int r;

	for (;; at++) {
		if ((r = reserve_session(b, &cap)) < 0 ||
		    (r = get_piece(b, at, (size_t)(line_end - at), &used,
			 why)) < 0)
			return r;
		at += used;
		if (at == line_end || *at != ',')
			break;
	}
	*end = at;
	return at < line_end && *at == ']' ? 0 : -EPROTO;
}

static void
forget_pieces(struct box *b)
{
	free(b->sessions);
	b->frame.sessions = b->sessions = NULL;
	b->frame.nsessions = 0;
}

static int
load_around(struct box *b, const char *line, const char *first, const char *end,
    size_t len, const char **why)
{
	struct dw_buf rest = DW_BUF_INITIALIZER;
	size_t used;
	int r;

	dw_buf_add(&rest, line, (size_t)(first - line));
	dw_buf_add(&rest, end, len - (size_t)(end - line));
	r = rest.failed ?
	    -ENOMEM :
	    load_json(rest.data, rest.len, 0, &b->root, &used, why);
	dw_buf_fini(&rest);
	return r;
}

/* What goes wrong in pieces is for the whole to say. */
static int
load_tree(struct box *b, const char *line, size_t len, const char **why)
{
	const char *first = first_session(line, len), *end;
	size_t used;

	if (first != NULL) {
		if (get_pieces(b, first, line + len, &end, why) == 0 &&
		    load_around(b, line, first, end, len, why) == 0)
			return 0;
		forget_pieces(b);
	}
	return load_json(line, len, 0, &b->root, &used, why);
}

/* The frame begins with what came in pieces, if it may have sessions. */
static void
begin_frame(struct box *b, enum wire_op op)
{
	size_t n = b->frame.nsessions;

	b->frame = wire_frame_of(op);
	if ((ops[op].has & (F_LISTS | F_MOMENTS)) == 0) {
		forget_pieces(b);
		return;
	}
	b->frame.sessions = b->sessions;
	b->frame.nsessions = n;
}

static int
load(struct box *b, const char *line, size_t len, const char **why)
{
	int r;

	if ((r = load_tree(b, line, len, why)) < 0 ||
	    (r = get_op(b->root, why)) < 0)
		return r;
	begin_frame(b, (enum wire_op)r);
	*why = "";
	if ((r = get_frame(b)) == -EPROTO)
		*why = wrong_type;
	return r;
}

int
wire_frame_parse(const char *line, size_t len, struct wire_frame **out,
    const char **why)
{
	struct box *b;
	int r;

	*out = NULL;
	*why = "";
	if (len > WIRE_OP_FRAME_MAX)
		return refuse(why, "this frame is too long");
	if (depth_behind(line, len) > DEPTH_MAX)
		return refuse(why, "this frame is nested too deep");
	if ((b = calloc(1, sizeof *b)) == NULL)
		return -ENOMEM;
	if ((r = load(b, line, len, why)) < 0)
		wire_frame_free(&b->frame);
	else
		*out = &b->frame;
	return r;
}

void
wire_frame_free(struct wire_frame *f)
{
	struct box *b = (struct box *)f;

	if (b == NULL)
		return;
	json_decref(b->root);
	dw_buf_fini(&b->text);
	dw_buf_fini(&b->body);
	free(b->sessions);
	free(b->commands);
	free(b->people);
	free(b->listeners);
	free(b->peers);
	free(b);
}
