/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The operator's console through a real pseudo-terminal.  The desk is played
 * by the test itself over a socketpair, so that every event comes exactly
 * when the test wants it.
 */
#include "config.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "console/board.h"
#include "pty.h"
#include "socketserver/socketserver.h"
#include "t.h"
#include "wire/op.h"

#define WAIT         10.0 /* seconds; only a failure takes so long */
#define LINKS        2
#define SIDS         16
#define MANY         40  /* more than a first screen lists */
#define MOST_WAITING 256 /* replies that a console has unanswered */
#define PIPED_LINES  1500

/* A console on a pty, and the desk's ends of its links. */
struct stage {
	struct pty *p;
	struct sks_socket *links[LINKS];
	struct sks_socket *desk; /* the one in use */
	struct sks_frame *in;
	struct wire_frame *last; /* what wait_frame() returned */
	uint64_t seq;
	uint64_t said[SIDS], replied[SIDS]; /* messages of each session */
	bool tell_reads, tell_types;        /* the test looks at them */
	bool tell_past; /* the test answers what is asked of the past */
};

/* ---- the desk ---- */

/* Returns 0 or SKS_E*; the console may have gone. */
static int
try_to_say(struct stage *s, const struct wire_frame *f)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	int r;

	CHECK_INT(wire_frame_encode(&b, f), 0);
	r = sks_sendall_deadline(s->desk, b.data, b.len, dw_clock_after(WAIT),
	    NULL);
	dw_buf_fini(&b);
	return r;
}

static void
say(struct stage *s, const struct wire_frame *f)
{
	CHECK_INT(try_to_say(s, f), 0);
}

/* Reads more from the console; false at its end or too late. */
static bool
read_more(struct stage *s, int64_t deadline_ns)
{
	char buf[4096];
	ssize_t n = sks_recv_deadline(s->desk, buf, sizeof buf, deadline_ns);

	return n > 0 && sks_frame_feed(s->in, buf, (size_t)n) == 0;
}

/* The console's next frame, whatever it is; NULL: none in `seconds`. */
static const struct wire_frame *
frame_within(struct stage *s, double seconds)
{
	int64_t deadline = dw_clock_after(seconds);
	const char *line, *why;
	ssize_t n;

	wire_frame_free(s->last);
	s->last = NULL;
	while ((n = sks_frame_next(s->in, &line)) == SKS_EAGAIN)
		if (!read_more(s, deadline))
			return NULL;
	if (n > 0)
		wire_frame_parse(line, (size_t)n, &s->last, &why);
	return s->last;
}

static void
answer(struct stage *s, enum wire_op op, uint64_t id, enum ev_code code,
    const char *text)
{
	struct wire_frame f = wire_frame_of(op);

	f.id = id;
	f.code = code;
	f.text = text;
	f.len = strlen(text);
	say(s, &f);
}

/* What a console says of its own accord: whom it looks at, that keys are pressed, what was read, and
 * that it wants to see what was said there, of which there is nothing. */
static bool
goes_without_saying(struct stage *s, const struct wire_frame *f)
{
	struct wire_frame ok = wire_frame_of(WIRE_OK);

	if (f->op == WIRE_LOOK || f->op == WIRE_PING ||
	    (f->op == WIRE_TYPES && !s->tell_types) ||
	    (f->op == WIRE_READ && !s->tell_reads))
		return true;
	if (s->tell_past || f->op != WIRE_CMD ||
	    strncmp(f->text, "history ", 8) != 0)
		return false;
	ok.id = f->id;
	(void)try_to_say(s, &ok);
	return true;
}

/* The console's next frame that does not go without saying, valid until the
 * next call; NULL: none came. */
static const struct wire_frame *
next_frame_within(struct stage *s, double seconds)
{
	const struct wire_frame *f;

	do
		f = frame_within(s, seconds);
	while (f != NULL && goes_without_saying(s, f));
	return f;
}

static const struct wire_frame *
next_frame(struct stage *s)
{
	return next_frame_within(s, WAIT);
}

/* The same; it must be of that kind and say that text (NULL: whatever). */
static uint64_t
expect(struct stage *s, enum wire_op op, uint64_t sid, const char *text)
{
	const struct wire_frame *f = next_frame(s);

	if (!CHECK(f != NULL))
		return 0;
	CHECK_INT(f->op, op);
	CHECK_INT(f->sid, sid);
	if (text != NULL)
		CHECK_MEM(f->text, f->len, text, strlen(text));
	return f->id;
}

static struct wire_frame
event(struct stage *s, enum ev_kind kind, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);

	f.ev.seq = ++s->seq;
	f.ev.t_ms = dw_clock_wall_ms() - 500 + (int64_t)s->seq;
	f.ev.sid = sid;
	f.ev.kind = kind;
	return f;
}

static void
arrives(struct stage *s, uint64_t sid, const char *name)
{
	struct wire_frame f = event(s, EV_ARRIVED, sid);

	f.ev.mode = EV_MODE_LINE;
	f.ev.addr = "127.0.0.1:5000";
	f.ev.who = name;
	say(s, &f);
}

static void
says(struct stage *s, uint64_t sid, const char *text)
{
	struct wire_frame f = event(s, EV_SAID, sid);

	f.ev.n = ++s->said[sid];
	f.ev.body = text;
	f.ev.len = strlen(text);
	say(s, &f);
}

static void
happens(struct stage *s, enum ev_kind kind, uint64_t sid)
{
	struct wire_frame f = event(s, kind, sid);

	f.ev.n = f.ev.seq;
	say(s, &f);
}

/* A reply of an operator, with the key that its console gave it. */
static void
is_replied(struct stage *s, uint64_t sid, const char *who, const char *text,
    struct ev_key key)
{
	struct wire_frame f = event(s, EV_REPLY, sid);

	f.ev.n = ++s->replied[sid];
	f.ev.who = who;
	f.ev.body = text;
	f.ev.len = strlen(text);
	f.ev.key = key;
	say(s, &f);
}

/* The key of the reply that came last. */
static struct ev_key
key_of(const struct stage *s)
{
	return s->last != NULL ? s->last->key : (struct ev_key){ { 0 } };
}

/* Takes a reply as a desk does: stored, answered, sent. */
static void
takes_reply(struct stage *s, uint64_t sid, const char *text)
{
	uint64_t id = expect(s, WIRE_REPLY, sid, text);

	is_replied(s, sid, "lin", text, key_of(s));
	answer(s, WIRE_OK, id, EV_CODE_OK, "");
	happens(s, EV_SENT, sid);
}

/* Reserves this one for who asks (0: nobody waits), as a desk does. */
static void
gives(struct stage *s, uint64_t selected, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(WIRE_OK);

	f.id = expect(s, WIRE_NEXT, selected, NULL);
	f.sid = sid;
	say(s, &f);
}

static void
welcomes(struct stage *s, bool replay)
{
	static const struct ev_command commands[] = {
		{ "close", "[N]", "end the conversation", "session" },
		{ "earlier", "[N]", "who was here before", "session" },
		{ "history", "[N]", "what was said", "session" },
		{ "kick", "N", "cut off", "session" },
		{ "quit", "", "stop the desk", "" },
	};
	static const char *const listeners[] = { "127.0.0.1:6666" };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.desk = "test";
	f.seq = s->seq;
	f.replay = replay;
	f.commands = commands;
	f.ncommands = sizeof commands / sizeof commands[0];
	f.listeners = listeners;
	f.nlisteners = 1;
	say(s, &f);
}

static void
goes_live(struct stage *s)
{
	struct wire_frame f = wire_frame_of(WIRE_LIVE);

	f.seq = s->seq;
	say(s, &f);
}

static void
welcomes_with(struct stage *s, const struct ev_session *sessions, size_t n)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.desk = "test";
	f.seq = s->seq;
	f.sessions = sessions;
	f.nsessions = n;
	say(s, &f);
	goes_live(s);
}

static void
welcomes_with_alice(struct stage *s)
{
	const struct ev_session alice = { .sid = 3,
		.state = EV_STATE_WAITING,
		.mode = EV_MODE_LINE,
		.name = "alice",
		.addr = "127.0.0.1:5000",
		.in = s->said[3],
		.unanswered = s->said[3],
		.began_ms = 1000,
		.waiting_ms = 1000,
		.began_at = { 1, 1000 },
		.waiting_at = { 2, 1000 } };

	welcomes_with(s, &alice, 1);
}

/* So many wait, the one with the highest number for the longest. */
static void
welcomes_with_many(struct stage *s, size_t n)
{
	struct ev_session all[MANY] = { { .sid = 0 } };

	for (size_t i = 0; i < n; i++) {
		all[i].sid = i + 1;
		all[i].state = EV_STATE_WAITING;
		all[i].mode = EV_MODE_LINE;
		all[i].began_ms = all[i].waiting_ms = 1000;
		all[i].began_at.seq = all[i].waiting_at.seq = n - i;
		snprintf(all[i].name, sizeof all[i].name, "guest%zu", i + 1);
	}
	s->seq = n;
	welcomes_with(s, all, n);
}

/* One row of what was said, in the answer to request id. */
static void
tells_past(struct stage *s, uint64_t id, uint64_t sid, uint64_t seq, uint64_t n,
    int64_t t_ms, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_PAST);

	f.id = id;
	f.ev.kind = EV_SAID;
	f.ev.seq = seq;
	f.ev.n = n;
	f.ev.sid = sid;
	f.ev.t_ms = t_ms;
	f.ev.body = text;
	f.ev.len = strlen(text);
	say(s, &f);
}

static void
ends_past(struct stage *s, uint64_t id, uint64_t earlier)
{
	struct wire_frame f = wire_frame_of(WIRE_OK);

	f.id = id;
	f.n = earlier;
	say(s, &f);
}

static void
says_bye(struct stage *s)
{
	struct wire_frame f = wire_frame_of(WIRE_BYE);

	f.code = EV_CODE_STOP;
	f.text = "the desk stops";
	f.len = strlen(f.text);
	say(s, &f);
}

/* ---- a console ---- */

static const char *
victim_path(void)
{
	static char path[4096];
	const char *dir = getenv("top_builddir");

	snprintf(path, sizeof path, "%s/tests/system/console_victim",
	    dir != NULL ? dir : ".");
	return path;
}

/* Makes the links; theirs[] are descriptors for the console. */
static void
make_links(struct stage *s, struct sks_socket *theirs[LINKS], char *env,
    size_t size)
{
	memset(s, 0, sizeof *s);
	for (int i = 0; i < LINKS; i++) {
		CHECK_INT(sks_socketpair(&s->links[i], &theirs[i]), 0);
		fcntl(sks_fileno(theirs[i]), F_SETFD, 0);
	}
	snprintf(env, size, "VICTIM_FDS=%d,%d", sks_fileno(theirs[0]),
	    sks_fileno(theirs[1]));
	s->desk = s->links[0];
	s->in = sks_frame_new(WIRE_OP_LINE_MAX);
}

/* A console that waits for the welcome.  env1 is one more "NAME=value", or
 * NULL. */
static struct stage
start_unwelcomed(int rows, int cols, char *option, char *option2,
    const char *env1)
{
	char *argv[] = { (char *)victim_path(), option, option2, NULL };
	struct sks_socket *theirs[LINKS];
	char fds[64];
	const char *env[] = { fds, env1, NULL };
	struct stage s;

	make_links(&s, theirs, fds, sizeof fds);
	s.p = pty_start(argv, rows, cols, env);
	for (int i = 0; i < LINKS; i++)
		sks_socket_free(theirs[i]);
	CHECK(s.p != NULL);
	expect(&s, WIRE_HELLO, 0, NULL);
	return s;
}

static struct stage
start_in(int rows, int cols, char *option, char *option2, const char *env1)
{
	struct stage s = start_unwelcomed(rows, cols, option, option2, env1);

	welcomes(&s, false);
	goes_live(&s);
	CHECK(pty_wait(s.p, "[-]>", WAIT));
	return s;
}

static struct stage
start_with(int rows, int cols, char *option, char *option2)
{
	return start_in(rows, cols, option, option2, NULL);
}

/* A console in attach. */
static struct stage
start(void)
{
	return start_with(24, 80, NULL, NULL);
}

/* Alice, 3, is selected, and bob, 5, is there. */
static void
select_alice(struct stage *s)
{
	arrives(s, 3, "alice");
	says(s, 3, "hello");
	arrives(s, 5, "bob");
	CHECK(pty_wait(s->p, "5 bob is waiting", WAIT));
	pty_type(s->p, "/3\r");
	CHECK(pty_wait(s->p, "[3 alice] 1 waiting", WAIT));
}

static struct stage
start_selected(void)
{
	struct stage s = start();

	select_alice(&s);
	return s;
}

/* The same with lines in inputrc. */
static struct stage
start_inputrc(const char *lines)
{
	char path[256], env[300];
	struct stage s;
	FILE *f;

	snprintf(path, sizeof path, "%s/inputrc", t_tmpdir());
	snprintf(env, sizeof env, "INPUTRC=%s", path);
	CHECK((f = fopen(path, "w")) != NULL);
	fputs(lines, f);
	fclose(f);
	s = start_in(24, 80, NULL, NULL, env);
	select_alice(&s);
	return s;
}

static void
end(struct stage *s)
{
	CHECK_STR(pty_stray(s->p), "");
	pty_end(s->p);
	for (int i = 0; i < LINKS; i++)
		sks_socket_free(s->links[i]);
	sks_frame_free(s->in);
	wire_frame_free(s->last);
}

/* The first link is cut; the console comes over the second. */
static void
cut_link(struct stage *s)
{
	sks_close(s->desk);
	sks_frame_free(s->in);
	s->in = sks_frame_new(WIRE_OP_LINE_MAX);
	s->desk = s->links[1];
	CHECK(pty_wait(s->p, "the link to the desk is lost", WAIT));
}

/* The console comes back and gets what happened since it was last here. */
static void
comes_back(struct stage *s)
{
	expect(s, WIRE_HELLO, 0, NULL);
	welcomes(s, true);
}

/* An Enter on an empty line counts half a second after the one before. */
static void
let_enter_rest(void)
{
	int64_t until = dw_clock_ns() + DW_SECOND / 2 + 50 * DW_MS;

	while (dw_clock_ns() < until)
		poll(NULL, 0, dw_clock_poll_ms(until));
}

/* ---- typing ---- */

static void
a_reply_goes_to_the_session_in_the_prompt(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "one moment\r");
	takes_reply(&s, 3, "one moment");
	CHECK(pty_wait(s.p, "3 lin> one moment ✓", WAIT));
	end(&s);
}

static void
a_reply_that_has_not_left_says_so(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "later\r");
	answer(&s, WIRE_OK, expect(&s, WIRE_REPLY, 3, "later"), EV_CODE_OK, "");
	is_replied(&s, 3, "lin", "later", key_of(&s));
	CHECK(pty_wait(s.p, "3 lin> later ·", WAIT));
	end(&s);
}

static void
a_half_typed_line_survives_what_arrives(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "half a li");
	CHECK(pty_wait(s.p, "half a li", WAIT));
	says(&s, 3, "are you there?");
	says(&s, 5, "me too");
	CHECK(pty_wait(s.p, "5 bob| me too", WAIT));
	CHECK(pty_wait(s.p, "half a li", WAIT));
	pty_type(s.p, "ne\r");
	takes_reply(&s, 3, "half a line");
	CHECK(pty_wait(s.p, "lin> half a line ✓", WAIT));
	end(&s);
}

static void
the_cursor_stays_inside_chinese_text(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "你好世界\033[D\033[D");
	CHECK(pty_wait(s.p, "你好世界", WAIT));
	says(&s, 3, "我的订单在哪里");
	CHECK(pty_wait(s.p, "3 alice| 我的订单在哪里", WAIT));
	pty_type(s.p, ",\r");
	takes_reply(&s, 3, "你好,世界");
	end(&s);
}

static void
a_paste_is_one_message(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "\033[200~first\nsecond\n/quit\033[201~");
	CHECK(pty_wait(s.p, "first", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "first\nsecond\n/quit");
	end(&s);
}

/* Pastes so many rows "KEY 1" and so on, and waits for their label. */
static void
paste_rows(struct stage *s, const char *key, int n, const char *label)
{
	char row[32];

	pty_type(s->p, "\033[200~");
	for (int i = 1; i <= n; i++) {
		snprintf(row, sizeof row, "%s %d\r", key, i);
		pty_type(s->p, row);
	}
	pty_type(s->p, "\033[201~");
	CHECK(pty_wait(s->p, label, WAIT));
}

static void
add_rows(struct dw_buf *b, const char *key, int n)
{
	for (int i = 1; i <= n; i++)
		dw_buf_addf(b, "%s %d\n", key, i);
}

static void
long_pastes_are_folded_in_the_line_and_whole_in_the_reply(void)
{
	struct dw_buf whole = DW_BUF_INITIALIZER;
	struct stage s = start_selected();

	pty_type(s.p, "see ");
	paste_rows(&s, "a", 60, "> see [60 lines, 291 bytes]");
	says(&s, 3, "I wait");
	CHECK(pty_wait(s.p, "3 alice| I wait", WAIT));
	pty_type(s.p, "and ");
	paste_rows(&s, "b", 9, "[60 lines, 291 bytes]and [9 lines, 36 bytes]");
	pty_type(s.p, "end\r");
	dw_buf_adds(&whole, "see ");
	add_rows(&whole, "a", 60);
	dw_buf_adds(&whole, "and ");
	add_rows(&whole, "b", 9);
	dw_buf_adds(&whole, "end");
	takes_reply(&s, 3, dw_buf_str(&whole));
	dw_buf_fini(&whole);
	end(&s);
}

static void
a_draft_with_a_long_paste_comes_back_as_it_was(void)
{
	struct dw_buf whole = DW_BUF_INITIALIZER;
	struct stage s = start_selected();
	uint64_t id;

	paste_rows(&s, "a", 60, "> [60 lines, 291 bytes]");
	pty_type(s.p, "draft\033m");
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	CHECK(pty_wait_gone(s.p, "291 bytes]draft", WAIT));
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "> [60 lines, 291 bytes]draft", WAIT));
	pty_type(s.p, "\r");
	add_rows(&whole, "a", 60);
	dw_buf_adds(&whole, "draft");
	id = expect(&s, WIRE_REPLY, 3, dw_buf_str(&whole));
	answer(&s, WIRE_ERR, id, EV_CODE_NOT_STORED, "the journal is full");
	CHECK(pty_wait(s.p, "the text is back in the line", WAIT));
	CHECK(pty_wait(s.p, "> [60 lines, 291 bytes]draft", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, dw_buf_str(&whole));
	dw_buf_fini(&whole);
	end(&s);
}

static void
a_long_paste_says_what_enter_would_send(void)
{
	static char block[65536];
	struct stage s = start_selected();

	pty_type(s.p, "\033[200~1\r2\r3\r4\r5\r6\r7\r8\r9\r10\033[201~");
	CHECK(pty_wait(s.p, "10", WAIT));
	pty_type(s.p,
	    "\003\033[200~1\r2\r3\r4\r5\r6\r7\r8\r9\r10\r11"
	    "\033[201~");
	CHECK(pty_wait(s.p, "* 11 lines pasted, Enter sends, Ctrl-C drops",
	    WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11");
	CHECK(strstr(pty_all(s.p), "10 lines pasted") == NULL);
	memset(block, 'p', sizeof block);
	pty_type(s.p, "\033[200~");
	for (int i = 0; i < 18; i++)
		pty_type_bytes(s.p, block, sizeof block);
	pty_type(s.p, "\033[201~");
	CHECK(pty_wait_ever(s.p, "longer than 1 MiB", 5 * WAIT));
	end(&s);
}

static void
alt_enter_is_a_new_line(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "one\033\rtwo\r");
	takes_reply(&s, 3, "one\ntwo");
	end(&s);
}

/* ---- what is no character ---- */

/* These come from keys that nothing is bound to, from the mouse, and from the
 * terminal itself; tests/unit/tty_escape.c has more, and cuts them. */
static const char *const unwanted[] = {
	"\033OP",                           /* F1 */
	"\033[15~",                         /* F5 */
	"\033[24~",                         /* F12 */
	"\033[97;5u",                       /* kitty's protocol */
	"\033[27;5;97~",                    /* modifyOtherKeys */
	"\033[<0;12;34M\033[<0;12;34m",     /* the mouse, SGR */
	"\033[M !!",                        /* the mouse, X10 */
	"\033[I",                           /* focus in */
	"\033[O",                           /* focus out */
	"\033[?64;1;2c",                    /* DA */
	"\033[12;40R",                      /* CPR */
	"\033]11;rgb:1e1e/1e1e/2e2e\033\\", /* OSC */
	"\033]11;rgb:1e1e/1e1e/2e2e\a",     /* OSC with BEL */
	"\033P1$r0m\033\\",                 /* DCS */
	"\033_Gi=31;OK\033\\",              /* APC */
	"\033^private\033\\",               /* PM */
	"\033Xstring\033\\",                /* SOS */
};

static void
check_nothing_enters(struct stage *s)
{
	char text[32];

	for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++) {
		snprintf(text, sizeof text, "a%zub", i);
		pty_type_bytes(s->p, text, strlen(text) - 1);
		pty_type(s->p, unwanted[i]);
		pty_type(s->p, "b\r");
		takes_reply(s, 3, text);
		/* The same in a paste. */
		pty_type(s->p, "\033[200~a");
		pty_type(s->p, unwanted[i]);
		pty_type(s->p, "b\033[201~\r");
		takes_reply(s, 3, "ab");
	}
}

static void
keys_without_a_meaning_and_answers_of_the_terminal_reach_nobody(void)
{
	struct stage s = start_selected();

	check_nothing_enters(&s);
	end(&s);
}

static void
they_reach_nobody_in_vi_mode(void)
{
	struct stage s = start_inputrc("set editing-mode vi\n");

	check_nothing_enters(&s);
	end(&s);
}

/* Then the prompt shows no time. */
static void
nobody_waits(struct stage *s)
{
	pty_type(s->p, "yes\r");
	takes_reply(s, 3, "yes");
	happens(s, EV_CLOSED, 5);
	CHECK(pty_wait_line(s->p, "[3 alice]>", WAIT));
}

static void
they_reach_nobody_while_vi_takes_commands(void)
{
	struct stage s = start_inputrc("set editing-mode vi\n");

	nobody_waits(&s);
	for (size_t i = 0; i < sizeof unwanted / sizeof unwanted[0]; i++) {
		pty_type(s.p, "ab\033");
		CHECK(pty_wait_at(s.p, "[3 alice]> ab", 12, WAIT));
		pty_type(s.p, unwanted[i]);
		pty_type(s.p, "\r");
		takes_reply(&s, 3, "ab");
		CHECK(pty_wait_line(s.p, "[3 alice]>", WAIT));
	}
	end(&s);
}

static void
the_desks_keys_and_escape_alone_work_in_vi_mode(void)
{
	struct stage s = start_inputrc("set editing-mode vi\n");

	pty_type(s.p, "\033l");
	CHECK(pty_wait(s.p, ">3 alice", WAIT));
	pty_type(s.p, "one\033\rtwo\033[D\033[DT\r");
	takes_reply(&s, 3, "one\ntTwo");
	nobody_waits(&s);
	pty_type(s.p, "abc\033");
	CHECK(pty_wait_at(s.p, "[3 alice]> abc", 13, WAIT));
	pty_type(s.p, "iX\r");
	takes_reply(&s, 3, "abXc");
	arrives(&s, 7, "eve");
	CHECK(pty_wait(s.p, "7 eve is waiting", WAIT));
	pty_type(s.p, "\033m");
	CHECK(pty_wait(s.p, "[7 eve]", WAIT));
	end(&s);
}

static void
a_key_of_inputrc_that_sends_a_sequence_does_its_work(void)
{
	struct stage s =
	    start_inputrc("\"\\e[15~\": \"five\"\n\"\\eOP\": desk-list\n");

	pty_type(s.p, "\033[15~\033[24~\r");
	takes_reply(&s, 3, "five");
	pty_type(s.p, "\033OP");
	CHECK(pty_wait(s.p, ">3 alice", WAIT));
	end(&s);
}

static void
ctrl_c_drops_the_line_and_nothing_else(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "never to be sent");
	CHECK(pty_wait(s.p, "never to be sent", WAIT));
	pty_type(s.p, "\003");
	CHECK(pty_wait(s.p, "never to be sent^C", WAIT));
	pty_type(s.p, "\003");
	CHECK(pty_wait(s.p, "the desk goes on", WAIT));
	pty_type(s.p, "this\r");
	takes_reply(&s, 3, "this");
	end(&s);
}

static void
a_search_goes_on_while_the_prompt_changes(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "needle\r");
	takes_reply(&s, 3, "needle");
	CHECK(pty_wait(s.p, "needle ✓", WAIT));
	pty_type(s.p, "\022need");
	CHECK(pty_wait(s.p, "i-search)`need'", WAIT));
	arrives(&s, 7, "carol");
	CHECK(pty_wait(s.p, "7 carol is waiting", WAIT));
	CHECK(pty_wait(s.p, "i-search)`need'", WAIT));
	pty_type(s.p, "\033");
	CHECK(pty_wait(s.p, "[3 alice] 2 waiting", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "needle");
	end(&s);
}

/* ---- the first screen ---- */

static void
a_console_begins_with_the_twenty_who_wait_longest(void)
{
	struct stage s = start_unwelcomed(100, 100, NULL, NULL, NULL);

	welcomes_with_many(&s, MANY);
	CHECK(pty_wait(s.p, "[-] 40 waiting", WAIT));
	CHECK(pty_has(s.p, "40 open"));
	CHECK(pty_has(s.p, "40 guest40"));
	CHECK(pty_has(s.p, "21 guest21"));
	CHECK(!pty_has(s.p, "20 guest20"));
	CHECK(pty_has(s.p, "* and 20 more; /list shows them"));
	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p, " 1 guest1 ", WAIT));
	end(&s);
}

static void
one_more_than_twenty_is_no_plural(void)
{
	struct stage s = start_unwelcomed(100, 100, NULL, NULL, NULL);

	welcomes_with_many(&s, 21);
	CHECK(pty_wait(s.p, "* and 1 more; /list shows it", WAIT));
	end(&s);
}

static void
twenty_are_listed_without_a_word_about_more(void)
{
	struct stage s = start_unwelcomed(100, 100, NULL, NULL, NULL);

	welcomes_with_many(&s, 20);
	CHECK(pty_wait(s.p, "[-] 20 waiting", WAIT));
	CHECK(pty_has(s.p, " 1 guest1 "));
	CHECK(!pty_has(s.p, "/list shows"));
	end(&s);
}

/* ---- who is answered ---- */

static void
enter_takes_who_waits_longest(void)
{
	struct stage s = start();

	arrives(&s, 9, "nina");
	arrives(&s, 4, "");
	CHECK(pty_wait(s.p, "[-] 2 waiting>", WAIT));
	pty_type(s.p, "\r");
	gives(&s, 0, 9);
	CHECK(pty_wait(s.p, "[9 nina] 1 waiting>", WAIT));
	pty_type(s.p, "\033a");
	gives(&s, 9, 4);
	CHECK(pty_wait(s.p, "[4] 1 waiting", WAIT));
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[9 nina] 1 waiting", WAIT));
	end(&s);
}

static void
a_second_enter_at_once_selects_nobody(void)
{
	struct stage s = start();

	arrives(&s, 9, "nina");
	CHECK(pty_wait(s.p, "[-] 1 waiting", WAIT));
	pty_type(s.p, "/help list\r\r\r");
	CHECK(pty_wait(s.p, "* /list", WAIT));
	says(&s, 9, "hello");
	CHECK(pty_wait(s.p, "9 nina| hello", WAIT));
	CHECK(pty_wait(s.p, "[-] 1 waiting", WAIT));
	let_enter_rest();
	pty_type(s.p, "\r");
	gives(&s, 0, 9);
	CHECK(pty_wait(s.p, "[9 nina]", WAIT));
	end(&s);
}

/* A long reply scrolls the prompt away: on a terminal without cursor keys to
 * the left, in a small window to the top. */
static void
check_addressee(int rows, int cols, const char *term)
{
	static const char text[] =
	    "a reply that is so long that nobody can see any more to whom "
	    "it will go when Enter is pressed";
	struct stage s = start_in(rows, cols, NULL, NULL, term);

	arrives(&s, 3, "ann");
	CHECK(pty_wait_ever(s.p, "3 ann is", WAIT));
	pty_type(s.p, "/3\rshort\r");
	takes_reply(&s, 3, "short");
	CHECK(pty_wait_ever(s.p, "short", WAIT));
	CHECK(strstr(pty_all(s.p), "* to 3 ann:") == NULL);
	pty_type(s.p, text);
	pty_type(s.p, "\r");
	CHECK(pty_wait_ever(s.p, "* to 3 ann:", WAIT));
	takes_reply(&s, 3, text);
	end(&s);
}

static void
where_the_prompt_is_out_of_sight_a_row_names_the_addressee(void)
{
	check_addressee(24, 60, "TERM=dumb");
	check_addressee(4, 24, NULL);
}

static void
text_for_nobody_is_kept(void)
{
	struct stage s = start();

	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "[-] 1 waiting", WAIT));
	pty_type(s.p, "hello there\r");
	CHECK(pty_wait(s.p, "not sent: nobody is selected", WAIT));
	pty_type(s.p, "\033a");
	gives(&s, 0, 3);
	CHECK(pty_wait(s.p, "[3 alice]> hello there", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "hello there");
	end(&s);
}

static void
each_session_keeps_its_draft(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "for alice");
	CHECK(pty_wait(s.p, "for alice", WAIT));
	pty_type(s.p, "\033a");
	gives(&s, 3, 5);
	CHECK(pty_wait(s.p, "[5 bob] 1 waiting", WAIT));
	CHECK(pty_wait_gone(s.p, "for alice", WAIT));
	pty_type(s.p, "for bob\r");
	takes_reply(&s, 5, "for bob");
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[3 alice]> for alice", WAIT));
	pty_type(s.p, "!\r");
	takes_reply(&s, 3, "for alice!");
	end(&s);
}

/* Bob is answered, has a draft, and alice is answered again. */
static struct stage
start_with_a_draft_for_bob(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	pty_type(s.p, "for bob alone");
	CHECK(pty_wait(s.p, "for bob alone", WAIT));
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting", WAIT));
	CHECK(pty_wait_gone(s.p, "for bob alone", WAIT));
	return s;
}

static void
a_draft_entered_with_its_sessions_key_goes_to_that_session(void)
{
	struct stage s = start_with_a_draft_for_bob();

	pty_type(s.p, "\033/\r"); /* in one read */
	takes_reply(&s, 5, "for bob alone");
	end(&s);
}

static void
text_typed_ahead_of_a_sessions_prompt_goes_to_that_session(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	pty_type(s.p, "\033/to alice\r\033/to bob\r\0333\033/again\r");
	takes_reply(&s, 3, "to alice");
	takes_reply(&s, 5, "to bob");
	takes_reply(&s, 3, "again");
	end(&s);
}

static void
a_session_that_ends_while_typing_gets_nothing(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "too late");
	CHECK(pty_wait(s.p, "too late", WAIT));
	happens(&s, EV_CLOSED, 3);
	CHECK(pty_wait(s.p, "[3 alice, closed] 1 waiting", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "not sent to 3 alice: the session is closed",
	    WAIT));
	CHECK(pty_wait(s.p, "> too late", WAIT));
	pty_type(s.p, "\003/5\rhi\r");
	takes_reply(&s, 5, "hi");
	end(&s);
}

static void
a_reply_that_is_too_long_is_told_the_limit(void)
{
	static char block[8192];
	struct stage s = start_selected();

	memset(block, 'p', sizeof block);
	pty_type(s.p, "\033[200~");
	for (int i = 0; i < 9; i++)
		pty_type_bytes(s.p, block, sizeof block);
	pty_type(s.p, "\033[201~\r");
	CHECK(pty_wait(s.p, "it is too long: a reply has 65,536 bytes at most",
	    WAIT));
	CHECK(pty_wait(s.p, "> [1 line, 73,728 bytes]", WAIT));
	end(&s);
}

static void
a_refused_reply_comes_back_to_the_line(void)
{
	struct stage s = start_selected();

	happens(&s, EV_GONE, 3);
	CHECK(pty_wait(s.p, "[3 alice, left]", WAIT));
	pty_type(s.p, "still there?\r");
	answer(&s, WIRE_ERR, expect(&s, WIRE_REPLY, 3, "still there?"),
	    EV_CODE_GONE, "that customer is not connected any more");
	CHECK(pty_wait(s.p, "not sent to 3 alice: that customer is not", WAIT));
	CHECK(pty_wait(s.p, "> still there?", WAIT));
	end(&s);
}

static void
a_kept_reply_that_begins_with_a_slash_is_never_a_command(void)
{
	struct stage s = start();

	pty_type(s.p, "//quit\r");
	CHECK(pty_wait(s.p, "not sent: nobody is selected", WAIT));
	CHECK(pty_wait(s.p, "> //quit", WAIT));
	pty_type(s.p, "\003");
	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "[-] 1 waiting", WAIT));
	pty_type(s.p, "/3\r//close\r");
	answer(&s, WIRE_ERR, expect(&s, WIRE_REPLY, 3, "/close"), EV_CODE_FULL,
	    "too much waits");
	CHECK(pty_wait(s.p, "not sent to 3 alice", WAIT));
	CHECK(pty_wait(s.p, "> //close", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "/close");
	pty_type(s.p, "\020\r"); /* Ctrl-P: the last line */
	takes_reply(&s, 3, "/close");
	end(&s);
}

static void
a_refused_reply_does_not_disturb_the_next_one(void)
{
	struct stage s = start_selected();
	uint64_t id;

	pty_type(s.p, "first\r");
	id = expect(&s, WIRE_REPLY, 3, "first");
	pty_type(s.p, "second");
	CHECK(pty_wait(s.p, "second", WAIT));
	answer(&s, WIRE_ERR, id, EV_CODE_NOT_STORED, "the disk is full");
	CHECK(pty_wait(s.p, "kept as a draft", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "second");
	let_enter_rest();
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "> first", WAIT));
	end(&s);
}

static void
a_refused_reply_does_not_end_a_search_or_an_argument(void)
{
	struct stage s = start_selected();
	uint64_t id, id2;

	pty_type(s.p, "needle\r");
	takes_reply(&s, 3, "needle");
	pty_type(s.p, "first\r");
	id = expect(&s, WIRE_REPLY, 3, "first");
	pty_type(s.p, "second\r");
	id2 = expect(&s, WIRE_REPLY, 3, "second");
	pty_type(s.p, "\022");
	CHECK(pty_wait(s.p, "i-search)`'", WAIT));
	answer(&s, WIRE_ERR, id, EV_CODE_FULL, "too much waits");
	CHECK(pty_wait(s.p, "kept as a draft", WAIT));
	pty_type(s.p, "need");
	CHECK(pty_wait(s.p, "i-search)`need'", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "needle");
	pty_type(s.p, "\0333");
	CHECK(pty_wait(s.p, "(arg: 3)", WAIT));
	answer(&s, WIRE_ERR, id2, EV_CODE_FULL, "there is no room");
	CHECK(pty_wait(s.p, "there is no room; the text is kept", WAIT));
	pty_type(s.p, "x\r");
	takes_reply(&s, 3, "xxx");
	end(&s);
}

/* Promise 2, through the whole console. */
static void
every_line_goes_where_the_prompt_said(void)
{
	struct stage s = start();
	char line[64], prompt[32];
	uint64_t sid;

	srand(5);
	for (uint64_t i = 1; i <= 8; i++)
		arrives(&s, i, "");
	CHECK(pty_wait(s.p, "[-] 8 waiting", WAIT));
	for (int i = 0; i < 40; i++) {
		sid = 1 + (uint64_t)rand() % 8;
		snprintf(line, sizeof line, "/%" PRIu64 "\r", sid);
		snprintf(prompt, sizeof prompt, "[%" PRIu64 "]", sid);
		pty_type(s.p, line);
		CHECK(pty_wait(s.p, prompt, WAIT));
		says(&s, 1 + (uint64_t)rand() % 8, "beside");
		snprintf(line, sizeof line, "to %" PRIu64 " the %dth", sid, i);
		pty_type(s.p, line);
		says(&s, 1 + (uint64_t)rand() % 8, "beside");
		pty_type(s.p, "\r");
		takes_reply(&s, sid, line);
		if (s.last == NULL)
			break;
	}
	end(&s);
}

/* ---- a colleague is faster ---- */

static const struct ev_key wang = { { 9 } };

/* Wang's console has replied, and it has left. */
static void
wang_replies(struct stage *s, uint64_t sid, const char *text)
{
	is_replied(s, sid, "wang", text, wang);
	happens(s, EV_SENT, sid);
}

/* A reply comes that does not know event seq, and is refused for it. */
static void
refuses_stale(struct stage *s, uint64_t sid, const char *text, uint64_t seq)
{
	struct wire_frame f = wire_frame_of(WIRE_ERR);

	f.id = expect(s, WIRE_REPLY, sid, text);
	if (s->last != NULL)
		CHECK(s->last->seen > 0 && s->last->seen < seq);
	f.code = EV_CODE_STALE;
	f.seq = seq;
	f.text = "wang has answered meanwhile";
	f.len = strlen(f.text);
	say(s, &f);
}

/* Alice was answered by wang when lin's text came. */
static struct stage
start_refused(const char *typed, const char *text)
{
	struct stage s = start_selected();

	pty_type(s.p, typed);
	wang_replies(&s, 3, "it is done");
	refuses_stale(&s, 3, text, s.seq - 1);
	return s;
}

/* Enter, again and again, until a reply comes. */
static const struct wire_frame *
enter_until_it_is_sent(struct stage *s)
{
	int64_t deadline = dw_clock_after(WAIT);
	const struct wire_frame *f = NULL;

	while (f == NULL && dw_clock_ns() < deadline) {
		pty_type(s->p, "\r");
		f = next_frame_within(s, 0.02);
		pty_pump(s->p);
	}
	return f;
}

static bool
comes_first(struct stage *s, const char *one, const char *other)
{
	const char *all = pty_all(s->p);
	const char *a = strstr(all, one), *b = strstr(all, other);

	return a != NULL && b != NULL && a < b;
}

static void
a_text_that_a_colleague_overtook_comes_back_and_waits_for_its_reader(void)
{
	struct stage s = start_selected();
	const struct wire_frame *f;
	uint64_t seq;
	int64_t began;

	pty_type(s.p, "I will look\r");
	wang_replies(&s, 3, "it is done");
	seq = s.seq - 1;
	began = dw_clock_ns();
	refuses_stale(&s, 3, "I will look", seq);
	CHECK(pty_wait(s.p, "3 wang> it is done", WAIT));
	CHECK(pty_wait(s.p,
	    "* not sent to 3 alice: wang has answered meanwhile; Enter sends",
	    WAIT));
	CHECK(comes_first(&s, "3 wang> it is done", "* not sent to 3"));
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting, stale?> I will look", WAIT));
	if (CHECK((f = enter_until_it_is_sent(&s)) != NULL)) {
		CHECK_INT(f->op, WIRE_REPLY);
		CHECK_MEM(f->text, f->len, "I will look", 11);
		CHECK(f->seen >= seq);
		CHECK(dw_clock_ns() - began >= CON_SEEN_NS);
		is_replied(&s, 3, "lin", "I will look", f->key);
		answer(&s, WIRE_OK, f->id, EV_CODE_OK, "");
	}
	CHECK(pty_wait(s.p, "3 lin> I will look", WAIT));
	CHECK(pty_wait_gone(s.p, "stale?", WAIT));
	/* A bouncing key has brought no further row. */
	CHECK(!comes_first(&s, "Enter sends", "* not sent to 3 alice: the"));
	end(&s);
}

static void
a_colleagues_row_that_is_just_painted_is_not_answered_over(void)
{
	struct stage s = start_selected();
	uint64_t seq;
	int64_t began;

	pty_type(s.p, "I will look");
	CHECK(pty_wait(s.p, "> I will look", WAIT));
	began = dw_clock_ns();
	wang_replies(&s, 3, "it is done");
	seq = s.seq - 1;
	CHECK(pty_wait(s.p, "3 wang> it is done", WAIT));
	pty_type(s.p, "\r");
	expect(&s, WIRE_REPLY, 3, "I will look");
	if (s.last != NULL)
		CHECK(s.last->seen < seq ||
		    dw_clock_ns() - began >= CON_SEEN_NS);
	answer(&s, WIRE_OK, s.last->id, EV_CODE_OK, "");
	/* Who had time to read it answers it. */
	CHECK_INT(pty_wait_exit(s.p, 0.75), -1);
	pty_type(s.p, "thanks\r");
	expect(&s, WIRE_REPLY, 3, "thanks");
	CHECK(s.last != NULL && s.last->seen >= seq);
	end(&s);
}

/* Suspends the console with a text in its line; wang replies meanwhile.  Returns
 * the event of his reply. */
static uint64_t
sleep_while_wang_replies(struct stage *s)
{
	int status = 0;

	pty_type(s->p, "I will look");
	CHECK(pty_wait(s->p, "> I will look", WAIT));
	CHECK_INT(kill(pty_pid(s->p), SIGSTOP), 0);
	CHECK_INT(waitpid(pty_pid(s->p), &status, WUNTRACED), pty_pid(s->p));
	CHECK(WIFSTOPPED(status));
	wang_replies(s, 3, "it is done");
	return s->seq - 1;
}

static void
a_console_that_slept_does_not_answer_over_a_colleague(void)
{
	struct stage s = start_selected();
	uint64_t seq = sleep_while_wang_replies(&s);

	pty_type(s.p, "\r\r");
	CHECK_INT(kill(pty_pid(s.p), SIGCONT), 0);
	refuses_stale(&s, 3, "I will look", seq);
	CHECK(pty_wait(s.p, "stale?> I will look", WAIT));
	CHECK(comes_first(&s, "3 wang> it is done", "* not sent to 3 alice"));
	CHECK(next_frame_within(&s, 0) == NULL);
	end(&s);
}

static void
nor_when_enter_is_pressed_as_it_wakes(void)
{
	struct stage s = start_selected();
	uint64_t seq = sleep_while_wang_replies(&s), id;
	int64_t began = dw_clock_ns();

	CHECK_INT(kill(pty_pid(s.p), SIGCONT), 0);
	CHECK(pty_wait(s.p, "3 wang> it is done", WAIT));
	pty_type(s.p, "\r\r");
	id = expect(&s, WIRE_REPLY, 3, "I will look");
	if (s.last != NULL)
		CHECK(s.last->seen < seq ||
		    dw_clock_ns() - began >= CON_SEEN_NS);
	answer(&s, WIRE_ERR, id, EV_CODE_STALE, "");
	CHECK(pty_wait(s.p, "somebody else has answered; Enter sends it",
	    WAIT));
	CHECK(pty_wait(s.p, "stale?> I will look", WAIT));
	end(&s);
}

static void
a_customers_row_is_seen_when_it_is_painted(void)
{
	struct stage s = start_selected();

	says(&s, 3, "are you there?");
	CHECK(pty_wait(s.p, "3 alice| are you there?", WAIT));
	pty_type(s.p, "yes\r");
	expect(&s, WIRE_REPLY, 3, "yes");
	CHECK(s.last != NULL && s.last->seen == s.seq);
	end(&s);
}

static void
a_text_that_is_changed_is_not_stale_any_more(void)
{
	struct stage s = start_refused("yes\r", "yes");

	CHECK(pty_wait(s.p, "stale?> yes", WAIT));
	pty_type(s.p, "!");
	CHECK(pty_wait_gone(s.p, "stale?", WAIT));
	CHECK(pty_wait(s.p, "> yes!", WAIT));
	end(&s);
}

static void
a_stale_text_of_another_session_is_its_draft(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "yes\r");
	wang_replies(&s, 3, "it is done");
	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	refuses_stale(&s, 3, "yes", s.seq - 1);
	CHECK(pty_wait(s.p, "the text is kept as a draft", WAIT));
	CHECK(!pty_has(s.p, "stale?"));
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[3 alice]", WAIT));
	CHECK(pty_wait(s.p, "> yes", WAIT));
	end(&s);
}

static void
a_stale_text_does_not_disturb_what_is_typed(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "yes\r");
	expect(&s, WIRE_REPLY, 3, "yes");
	pty_type(s.p, "more");
	CHECK(pty_wait(s.p, "> more", WAIT));
	wang_replies(&s, 3, "it is done");
	answer(&s, WIRE_ERR, s.last->id, EV_CODE_STALE, "wang was faster");
	CHECK(pty_wait(s.p,
	    "not sent to 3 alice: wang was faster; the text is kept", WAIT));
	CHECK(pty_wait(s.p, "> more", WAIT));
	CHECK(!pty_has(s.p, "stale?"));
	end(&s);
}

static void
what_a_refusal_is_about_is_shown_from_the_past_if_it_was_not(void)
{
	struct stage s = start_selected();
	struct wire_frame f = wire_frame_of(WIRE_PAST);
	uint64_t id;

	s.tell_past = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	pty_type(s.p, "yes\r");
	refuses_stale(&s, 3, "yes", s.seq + 1);
	/* All that nobody has answered, and what stands before that. */
	f.id = id = expect(&s, WIRE_CMD, 0, "history 3 3 5");
	CHECK(strstr(pty_all(s.p), "not sent") == NULL);
	f.ev.kind = EV_REPLY;
	f.ev.seq = s.seq + 1;
	f.ev.n = 1;
	f.ev.sid = 3;
	f.ev.t_ms = dw_clock_wall_ms();
	f.ev.who = "wang";
	f.ev.body = "it is done";
	f.ev.len = 10;
	say(&s, &f);
	ends_past(&s, id, 1);
	CHECK(pty_wait(s.p, "stale?> yes", WAIT));
	CHECK(comes_first(&s, "3 wang> it is done", "* not sent to 3 alice"));
	end(&s);
}

static void
a_stale_text_comes_back_also_when_the_link_is_lost_before_its_page(void)
{
	struct stage s = start_selected();

	s.tell_past = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	pty_type(s.p, "yes\r");
	refuses_stale(&s, 3, "yes", s.seq + 1);
	expect(&s, WIRE_CMD, 0, "history 3 3 5");
	cut_link(&s);
	comes_back(&s);
	goes_live(&s);
	CHECK(pty_wait(s.p, "stale?> yes", WAIT));
	end(&s);
}

/* ---- what is read ---- */

/* Alice's first message is painted while she is selected. */
static struct stage
start_painted(void)
{
	struct stage s = start();
	uint64_t id;

	s.tell_past = s.tell_reads = true;
	select_alice(&s);
	id = expect(&s, WIRE_CMD, 0, "history 3 1 4");
	tells_past(&s, id, 3, 2, 1, dw_clock_wall_ms(), "hello");
	ends_past(&s, id, 0);
	CHECK(pty_wait(s.p, "* --- 3 alice, 1 unread ---", WAIT));
	CHECK(pty_wait(s.p, "* --- end", WAIT));
	return s;
}

/* The console says that so many messages of alice are read. */
static void
expect_read(struct stage *s, uint64_t n, uint64_t seq)
{
	expect(s, WIRE_READ, 3, NULL);
	if (s->last == NULL)
		return;
	CHECK_INT(s->last->n, n);
	CHECK_INT(s->last->seq, seq);
}

static void
only_a_key_reads_what_was_painted(void)
{
	struct stage s = start_painted();

	says(&s, 3, "are you there?");
	CHECK(pty_wait(s.p, "3 alice| are you there?", WAIT));
	CHECK(next_frame_within(&s, 0) == NULL);
	pty_type(s.p, "y");
	expect_read(&s, 2, 4);
	says(&s, 3, "hello?");
	CHECK(pty_wait(s.p, "3 alice| hello?", WAIT));
	pty_type(s.p, "e");
	expect_read(&s, 3, 5);
	/* Further keys read nothing new. */
	pty_type(s.p, "s\r");
	expect(&s, WIRE_REPLY, 3, "yes");
	end(&s);
}

static void
selecting_alone_reads_nothing(void)
{
	struct stage s = start_selected();
	uint64_t id;

	says(&s, 5, "and me?");
	CHECK(pty_wait(s.p, "5 bob| and me?", WAIT));
	s.tell_past = s.tell_reads = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	/* Bob's row of the past does not come before the next one is chosen. */
	pty_type(s.p, "/5\r");
	id = expect(&s, WIRE_CMD, 0, "history 5 1 5");
	pty_type(s.p, "/select -\r/list\r");
	CHECK(pty_wait(s.p, "5 bob        waiting 0 s, 1 unread", WAIT));
	tells_past(&s, id, 5, 4, 1, dw_clock_wall_ms(), "and me?");
	ends_past(&s, id, 0);
	CHECK(pty_wait(s.p, "* --- end", WAIT));
	pty_type(s.p, "\003");
	CHECK(next_frame_within(&s, 0) == NULL);
	end(&s);
}

static void
a_mark_of_another_console_lowers_what_is_unread(void)
{
	struct wire_frame f = wire_frame_of(WIRE_READ);
	struct stage s = start_selected();

	for (int i = 0; i < 3; i++)
		says(&s, 5, "a row");
	CHECK(pty_wait(s.p, "5 bob| a row", WAIT));
	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p, ", 3 unread: \"a row\"", WAIT));
	f.sid = 5;
	f.seq = s.seq - 1;
	f.n = 2;
	say(&s, &f);
	says(&s, 3, "behind the mark");
	CHECK(pty_wait(s.p, "3 alice| behind the mark", WAIT));
	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p, ", 1 unread: \"a row\"", WAIT));
	end(&s);
}

static void
what_was_read_is_told_again_to_a_desk_that_does_not_know(void)
{
	struct stage s = start_painted();

	pty_type(s.p, "y");
	expect_read(&s, 1, 2);
	cut_link(&s);
	comes_back(&s);
	goes_live(&s);
	expect_read(&s, 1, 2);
	end(&s);
}

/* ---- commands ---- */

static void
commands_are_never_said(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/clsoe 3\r");
	CHECK(pty_wait(s.p, "there is no command /clsoe", WAIT));
	CHECK(pty_wait(s.p, "> /clsoe 3", WAIT)); /* to be mended */
	pty_type(s.p, "\003/close\r");
	answer(&s, WIRE_OK, expect(&s, WIRE_CMD, 0, "close 3"), EV_CODE_OK, "");
	pty_type(s.p, "/kick\r");
	answer(&s, WIRE_ERR, expect(&s, WIRE_CMD, 0, "kick"), EV_CODE_USAGE,
	    "which session?");
	CHECK(pty_wait(s.p, "/kick: which session?", WAIT));
	pty_type(s.p, "//close\r");
	takes_reply(&s, 3, "/close");
	end(&s);
}

static void
list_and_help_say_what_there_is(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p, ">3 alice", WAIT));
	CHECK(pty_wait(s.p, " 5 bob", WAIT));
	pty_type(s.p, "/help\r");
	CHECK(pty_wait(s.p, "/select N", WAIT));
	CHECK(pty_wait(s.p, "/kick N", WAIT));
	CHECK(pty_wait(s.p, "end the conversation", WAIT));
	end(&s);
}

static void
tab_completes_commands_and_names(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/sel\tbo\t\r");
	CHECK(pty_wait(s.p, "[5 bob] 1 waiting", WAIT));
	pty_type(s.p, "/clo\t\r");
	expect(&s, WIRE_CMD, 0, "close 5");
	end(&s);
}

static void
history_is_shown_with_what_perhaps_did_not_arrive(void)
{
	struct stage s = start_selected();
	struct wire_frame f;
	uint64_t id;

	s.tell_past = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	pty_type(s.p, "/history 2\r");
	id = expect(&s, WIRE_CMD, 0, "history 2 20 4");
	f = event(&s, EV_REPLY, 2);
	s.seq--;
	f.op = WIRE_PAST;
	f.id = id;
	f.ev.n = 1;
	f.ev.who = "wang";
	f.ev.body = "lost?";
	f.ev.len = 5;
	say(&s, &f);
	answer(&s, WIRE_OK, id, EV_CODE_OK, "");
	CHECK(pty_wait(s.p, "2 wang> lost? (perhaps not delivered)", WAIT));
	end(&s);
}

static void
selecting_shows_what_was_not_read(void)
{
	struct stage s = start_selected();
	int64_t now = dw_clock_wall_ms();
	uint64_t id;

	for (int i = 0; i < 4; i++)
		says(&s, 5, "a row");
	CHECK(pty_wait(s.p, "5 bob| a row", WAIT));
	s.tell_past = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	pty_type(s.p, "/5\r");
	id = expect(&s, WIRE_CMD, 0, "history 5 4 8");
	for (uint64_t i = 4; i < 8; i++)
		tells_past(&s, id, 5, i, i - 3, now, "unread");
	ends_past(&s, id, 2);
	CHECK(pty_wait(s.p, "* --- 5 bob, 4 unread ---", WAIT));
	CHECK(pty_wait(s.p, "* --- end; 2 earlier, /history shows them ---",
	    WAIT));
	pty_type(s.p, "/select -\r");
	CHECK(pty_wait(s.p, "[-]", WAIT));
	pty_type(s.p, "/5\r");
	id = expect(&s, WIRE_CMD, 0, "history 5 3 8");
	tells_past(&s, id, 5, 7, 4, now, "unread");
	ends_past(&s, id, 0);
	CHECK(pty_wait(s.p, "* --- 5 bob, nothing unread, the last 1 ---",
	    WAIT));
	end(&s);
}

static void
history_goes_back_to_the_first_word(void)
{
	struct stage s = start_selected();
	int64_t now = dw_clock_wall_ms();
	uint64_t id;

	s.tell_past = true;
	expect(&s, WIRE_CMD, 0, "history 3 1 4");
	pty_type(s.p, "/history 5 2\r");
	id = expect(&s, WIRE_CMD, 0, "history 5 2 4");
	tells_past(&s, id, 5, 2, 2, now - INT64_C(86400000), "of yesterday");
	tells_past(&s, id, 5, 3, 3, now, "of today");
	ends_past(&s, id, 1);
	CHECK(pty_wait(s.p, "* --- 5 bob, messages 2 to 3 ---", WAIT));
	CHECK(pty_wait(s.p, "* --- 20", WAIT)); /* the day before, and now */
	CHECK(pty_wait(s.p, "* --- end; 1 earlier, /history", WAIT));
	pty_type(s.p, "/history 5 2\r");
	id = expect(&s, WIRE_CMD, 0, "history 5 2 2");
	tells_past(&s, id, 5, 1, 1, now, "the first word");
	ends_past(&s, id, 0);
	CHECK(pty_wait(s.p, "* --- 5 bob, messages 1 to 1 ---", WAIT));
	CHECK(pty_wait(s.p, "* --- end; nothing is earlier ---", WAIT));
	/* From there it begins anew. */
	pty_type(s.p, "/history 5 2\r");
	expect(&s, WIRE_CMD, 0, "history 5 2 4");
	pty_type(s.p, "/history 5 1001\r");
	CHECK(pty_wait(s.p, "a number up to 1000", WAIT));
	end(&s);
}

static void
who_has_ended_is_listed_with_when_and_why(void)
{
	struct stage s = start_selected();
	struct wire_frame f = wire_frame_of(WIRE_PAST);

	pty_type(s.p, "/list all\r");
	f.id = expect(&s, WIRE_CMD, 0, "ended 20");
	f.ev.t_ms = dw_clock_wall_ms();
	f.ev.sid = 1;
	f.ev.seq = 1;
	f.ev.kind = EV_ARRIVED;
	f.ev.addr = "127.0.0.1:1";
	f.ev.who = "guest";
	say(&s, &f);
	f.ev.kind = EV_NAME;
	f.ev.seq = 2;
	f.ev.who = "eve";
	say(&s, &f);
	f.ev.kind = EV_CLOSED;
	f.ev.seq = 3;
	f.ev.who = "";
	f.ev.why = EV_WHY_QUIT;
	say(&s, &f);
	ends_past(&s, f.id, 0);
	CHECK(pty_wait(s.p, "1 eve, ended: said goodbye (127.0.0.1:1)", WAIT));
	pty_type(s.p, "/list all\r");
	expect(&s, WIRE_CMD, 0, "ended 20 3");
	end(&s);
}

/* A customer says something and goes unanswered. */
static void
leaves(struct stage *s, uint64_t sid, const char *name)
{
	arrives(s, sid, name);
	says(s, sid, "is anybody there?");
	happens(s, EV_GONE, sid);
}

/* Enter, when no other one came just before. */
static void
enter_after_a_rest(struct stage *s)
{
	CHECK_INT(pty_wait_exit(s->p, 0.55), -1);
	pty_type(s->p, "\r");
}

static void
enter_goes_on_from_who_left_and_asks_at_who_waits(void)
{
	struct stage s = start();

	leaves(&s, 1, "eve");
	leaves(&s, 2, "joe");
	arrives(&s, 3, "alice");
	says(&s, 3, "hello");
	CHECK(pty_wait(s.p, "[-] 1 waiting, 2 left>", WAIT));
	enter_after_a_rest(&s);
	gives(&s, 0, 3);
	CHECK(pty_wait(s.p, "[3 alice] 2 left>", WAIT));
	enter_after_a_rest(&s);
	CHECK(pty_wait(s.p, "3 alice waits for your answer; Enter", WAIT));
	enter_after_a_rest(&s);
	gives(&s, 3, 1);
	CHECK(pty_wait(s.p, "[1 eve, left] 1 waiting, 1 left>", WAIT));
	enter_after_a_rest(&s);
	gives(&s, 1, 2);
	CHECK(pty_wait(s.p, "[2 joe, left]", WAIT));
	pty_type(s.p, "/close left\r");
	CHECK(pty_wait(s.p, "2 customers left unanswered; /close left", WAIT));
	pty_type(s.p, "/close left\r");
	expect(&s, WIRE_CMD, 0, "close left");
	end(&s);
}

static void
the_list_says_who_needs_what(void)
{
	struct wire_frame looks = wire_frame_of(WIRE_LOOKS);
	struct stage s = start();

	arrives(&s, 3, "alice");
	says(&s, 3, "the light\nis \033[31mred");
	looks.n = 2;
	looks.sid = 3;
	looks.name = "wang";
	say(&s, &looks);
	leaves(&s, 1, "eve"); /* and who looks is known, too */
	CHECK(pty_wait(s.p, "1 left>", WAIT));
	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p,
	    "3 alice      waiting 0 s, 1 unread: \"the light is", WAIT));
	CHECK(pty_wait(s.p, "selected by wang", WAIT));
	CHECK(pty_wait(s.p, "1 eve        left unanswered, ", WAIT));
	end(&s);
}

static void
a_reply_stands_above_the_prompt_until_the_desk_has_answered(void)
{
	struct stage s = start_selected();
	uint64_t id;

	pty_type(s.p, "are you there?\r");
	id = expect(&s, WIRE_REPLY, 3, "are you there?");
	CHECK(pty_wait(s.p, "3 lin> are you there? …", WAIT));
	says(&s, 3, "meanwhile");
	CHECK(pty_wait(s.p, "3 alice| meanwhile", WAIT));
	CHECK(pty_wait(s.p, "3 lin> are you there? …", WAIT));
	is_replied(&s, 3, "lin", "are you there?", key_of(&s));
	answer(&s, WIRE_OK, id, EV_CODE_OK, "");
	happens(&s, EV_SENT, 3);
	CHECK(pty_wait(s.p, "3 lin> are you there? ✓", WAIT));
	CHECK(strstr(pty_all(s.p), "there? …") == NULL);
	end(&s);
}

static void
a_text_without_an_answer_can_be_taken_back(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/recall\r");
	CHECK(pty_wait(s.p, "no text waits for the desk's answer", WAIT));
	pty_type(s.p, "\003too fast\r");
	expect(&s, WIRE_REPLY, 3, "too fast");
	CHECK(pty_wait(s.p, "3 lin> too fast …", WAIT));
	pty_type(s.p, "/recall\r");
	CHECK(pty_wait(s.p, "* taken back", WAIT));
	CHECK(pty_wait(s.p, "> too fast", WAIT));
	CHECK(pty_wait_gone(s.p, "too fast …", WAIT));
	/* It is none of the note that was about to be written. */
	pty_type(s.p, "\r");
	expect(&s, WIRE_REPLY, 3, "too fast");
	pty_type(s.p, "\033n");
	CHECK(pty_wait(s.p, "[3 alice NOTE]", WAIT));
	pty_type(s.p, "/recall\r");
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting> too fast", WAIT));
	end(&s);
}

static void
a_message_of_mine_rings_unless_it_is_quiet(void)
{
	struct stage s = start_selected();
	int before;

	pty_type(s.p, "hi\r");
	takes_reply(&s, 3, "hi");
	CHECK(pty_wait(s.p, "3 lin> hi ✓", WAIT));
	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	before = pty_bells(s.p);
	says(&s, 3, "thanks");
	CHECK(pty_wait(s.p, "3 alice| thanks", WAIT));
	CHECK_INT(pty_bells(s.p) - before, 1);
	says(&s, 5, "and me?");
	CHECK(pty_wait(s.p, "5 bob| and me?", WAIT));
	pty_type(s.p, "/set bell off 1h\r");
	CHECK(pty_wait(s.p, "/set bell off (", WAIT));
	says(&s, 3, "one more");
	CHECK(pty_wait(s.p, "3 alice| one more", WAIT));
	CHECK_INT(pty_bells(s.p) - before, 1);
	pty_type(s.p, "/set bell all\r");
	CHECK(pty_wait(s.p, "/set bell all (", WAIT));
	says(&s, 3, "again");
	CHECK(pty_wait(s.p, "3 alice| again", WAIT));
	CHECK_INT(pty_bells(s.p) - before, 2);
	pty_type(s.p, "/set bell loud\r");
	CHECK(pty_wait(s.p, "/set bell takes", WAIT));
	end(&s);
}

static void
rows_can_be_heard_who_and_what_first_and_once_more(void)
{
	struct stage s = start_selected();
	const char *all;

	pty_type(s.p, "/set speak on\r");
	CHECK(pty_wait(s.p, "/set speak on (", WAIT));
	says(&s, 3, "it beeps");
	CHECK(pty_wait(s.p, "3 alice| it beeps ", WAIT));
	CHECK_INT(strncmp(strstr(pty_all(s.p), "3 alice| it beeps") - 1, "\n",
		      1),
	    0);
	pty_type(s.p, "/last\r");
	CHECK(pty_wait_gone(s.p, "> /last", WAIT));
	says(&s, 3, "end");
	CHECK(pty_wait(s.p, "3 alice| end", WAIT));
	all = strstr(pty_all(s.p), "it beeps");
	CHECK(strstr(all + 1, "it beeps") != NULL);
	end(&s);
}

static void
an_idle_terminal_gets_no_byte(void)
{
	struct stage s = start_selected();
	size_t before;

	CHECK(pty_wait(s.p, "[3 alice] 1 waiting>", WAIT));
	pty_pump(s.p);
	before = pty_bytes(s.p);
	/* Seconds would have been painted by then. */
	CHECK_INT(pty_wait_exit(s.p, 1.2), -1);
	pty_pump(s.p);
	CHECK_INT(pty_bytes(s.p), before);
	end(&s);
}

static void
only_commands_are_in_the_history_file(void)
{
	char file[256], option[300], text[256] = "";
	struct stage s;
	FILE *f;

	snprintf(file, sizeof file, "%s/history", t_tmpdir());
	snprintf(option, sizeof option, "history=%s", file);
	s = start_with(24, 80, option, NULL);
	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "3 alice is waiting", WAIT));
	pty_type(s.p, "/3\r");
	CHECK(pty_wait(s.p, "[3 alice]", WAIT));
	pty_type(s.p, "a secret\r");
	takes_reply(&s, 3, "a secret");
	pty_type(s.p, "/note #3 a secret note\r");
	CHECK(pty_wait(s.p, "note> a secret note", WAIT));
	pty_type(s.p, "/mistyped secret\r");
	CHECK(pty_wait(s.p, "> /mistyped secret", WAIT));
	pty_type(s.p, "\003\004");
	CHECK_INT(pty_wait_exit(s.p, WAIT), 0);
	if (CHECK((f = fopen(file, "r")) != NULL)) {
		text[fread(text, 1, sizeof text - 1, f)] = '\0';
		fclose(f);
	}
	CHECK(strstr(text, "/3") != NULL);
	CHECK(strstr(text, "secret") == NULL);
	end(&s);
}

/* ---- what is shown ---- */

static void
a_burst_of_thousands_loses_nothing(void)
{
	int n = t_size("rows", 3000);
	struct stage s = start_selected();
	char text[32];

	pty_type(s.p, "half typed");
	CHECK(pty_wait(s.p, "half typed", WAIT));
	for (int i = 1; i <= n; i++) {
		snprintf(text, sizeof text, "row %d.", i);
		says(&s, 3, text);
		if (i % 64 == 0)
			pty_pump(s.p);
	}
	snprintf(text, sizeof text, "alice| row %d.", n);
	CHECK(pty_wait(s.p, text, WAIT));
	CHECK(pty_wait(s.p, "half typed", WAIT));
	for (int i = 1; i <= n; i += n / 100) {
		snprintf(text, sizeof text, "alice| row %d.", i);
		CHECK(pty_wait_ever(s.p, text, WAIT));
	}
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "half typed");
	end(&s);
}

static void
a_flood_beside_is_one_row_a_second(void)
{
	struct stage s = start_selected();

	for (int i = 0; i < 200; i++)
		says(&s, 5, "buy this");
	CHECK(pty_wait(s.p, "* 5 bob: 180 more, /5 shows them", WAIT));
	end(&s);
}

static void
a_stopped_terminal_stops_nobody(void)
{
	struct stage s = start_selected();

	/* Nobody reads the terminal meanwhile, and every send goes through. */
	for (int i = 0; i < 4 * CON_BOARD_ROWS; i++)
		says(&s, 3, "on and on and on and on and on and on");
	says(&s, 3, "the last one");
	CHECK(pty_wait(s.p, "alice| the last one", WAIT));
	CHECK(pty_wait_ever(s.p, "not shown, /history shows them", WAIT));
	pty_type(s.p, "awake\r");
	takes_reply(&s, 3, "awake");
	end(&s);
}

static void
a_strangers_bytes_do_nothing(void)
{
	struct stage s = start_selected();

	arrives(&s, 6, "\033]0;owned\007");
	says(&s, 3,
	    "\033]0;owned\007\033[2J\033[31m\033c\016 \x9b"
	    "5n");
	says(&s, 3, "x\n\n* 09:00:00 5 bob is gone\n[5 bob]> \r\r* forged");
	says(&s, 3,
	    "\xe2\x80\xae"
	    "abc\xff\xfe end");
	CHECK(pty_wait(s.p, "end", WAIT));
	CHECK(pty_wait(s.p, "| * 09:00:00 5 bob is gone", WAIT));
	CHECK(pty_wait(s.p, "\\x1b]0;owned\\x07", WAIT));
	CHECK_INT(pty_count_rows(s.p, "* 09:00:00 5 bob is gone"), 0);
	end(&s);
}

static void
a_new_customer_rings_once(void)
{
	struct stage s = start();
	int before = pty_bells(s.p);

	arrives(&s, 3, "alice");
	says(&s, 3, "hello");
	CHECK(pty_wait(s.p, "alice| hello", WAIT));
	CHECK_INT(pty_bells(s.p) - before, 1);
	end(&s);
}

static void
the_waiting_time_ticks(void)
{
	struct stage s = start_with(24, 80, (char *)"clock=second", NULL);

	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "[-] 1 waiting 0:00>", WAIT));
	CHECK(pty_wait(s.p, "[-] 1 waiting 0:02>", WAIT));
	end(&s);
}

static void
a_resize_keeps_what_customers_said(void)
{
	struct stage s = start_selected();

	says(&s, 3, "a somewhat longer message that is wrapped somewhere");
	CHECK(pty_wait(s.p, "wrapped somewhere", WAIT));
	pty_type(s.p, "half typed");
	CHECK(pty_wait(s.p, "half typed", WAIT));
	pty_resize(s.p, 20, 44);
	CHECK(pty_wait(s.p, "half typed", WAIT));
	says(&s, 3, "after the resize");
	CHECK(pty_wait(s.p, "alice| after the resize", WAIT));
	pty_resize(s.p, 24, 100);
	says(&s, 3, "and once more");
	CHECK(pty_wait(s.p, "alice| and once more", WAIT));
	CHECK(pty_wait_ever(s.p, "after the resize", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "half typed");
	end(&s);
}

static void
texts_of_customers_and_operators_wrap_between_words(void)
{
	struct stage s = start_with(24, 40, NULL, NULL);

	arrives(&s, 3, "alice");
	says(&s, 3,
	    "the parcel has not arrived 还没有到 👩‍👩‍👧");
	CHECK(pty_wait(s.p, "3 alice| the parcel has not", WAIT));
	CHECK(pty_wait(s.p, "                | arrived 还没有到", WAIT));
	pty_type(s.p, "/3\rplease wait for a quarter of an hour\r");
	takes_reply(&s, 3, "please wait for a quarter of an hour");
	CHECK(pty_wait(s.p, "3 lin> please wait for a", WAIT));
	CHECK(pty_wait(s.p, "              > quarter of an hour ✓", WAIT));
	end(&s);
}

static void
redraw_brings_the_last_rows_back(void)
{
	struct stage s = start_selected();

	says(&s, 3, "remember me");
	CHECK(pty_wait(s.p, "remember me", WAIT));
	pty_type(s.p, "/redraw\r");
	CHECK(pty_wait(s.p, "alice| remember me", WAIT));
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting", WAIT));
	end(&s);
}

/* ---- beginning and end ---- */

static void
an_empty_desk_says_how_to_try(void)
{
	struct stage s = start_with(24, 80, (char *)"open", NULL);

	CHECK(pty_wait(s.p, "* listening on 127.0.0.1:6666", WAIT));
	CHECK(pty_wait(s.p, "nc 127.0.0.1 6666", WAIT));
	CHECK(pty_wait(s.p, "deskwire call", WAIT));
	end(&s);
}

static void
ctrl_d_detaches(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "\004");
	expect(&s, WIRE_BYE, 0, NULL);
	CHECK_INT(pty_wait_exit(s.p, WAIT), 0);
	end(&s);
}

static void
ctrl_d_waits_for_answers_and_a_refusal_calls_it_off(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "too much\r\004");
	answer(&s, WIRE_ERR, expect(&s, WIRE_REPLY, 3, "too much"),
	    EV_CODE_FULL, "too much waits");
	CHECK(pty_wait(s.p, "1 waiting> too much", WAIT));
	pty_type(s.p, "\003once more\r\004");
	takes_reply(&s, 3, "once more");
	expect(&s, WIRE_BYE, 0, NULL);
	CHECK_INT(pty_wait_exit(s.p, WAIT), 0);
	end(&s);
}

static void
ctrl_d_does_not_wait_for_ever(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "hello\r\004");
	expect(&s, WIRE_REPLY, 3, "hello");
	expect(&s, WIRE_BYE, 0, NULL);
	CHECK_INT(pty_wait_exit(s.p, WAIT), 0);
	end(&s);
}

static void
ctrl_d_stops_a_desk_of_ones_own_the_second_time(void)
{
	struct stage s = start_with(24, 80, (char *)"open", NULL);

	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "3 alice is waiting", WAIT));
	pty_type(s.p, "\004");
	CHECK(pty_wait(s.p, "1 customer is here", WAIT));
	pty_type(s.p, "\004");
	answer(&s, WIRE_OK, expect(&s, WIRE_CMD, 0, "quit"), EV_CODE_OK, "");
	says_bye(&s);
	CHECK_INT(pty_wait_exit(s.p, WAIT), 0);
	end(&s);
}

static void
the_first_ctrl_d_is_forgotten_after_a_while(void)
{
	struct stage s =
	    start_with(24, 80, (char *)"open", (char *)"clock=second");

	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "3 alice is waiting", WAIT));
	pty_type(s.p, "\004");
	CHECK(pty_wait(s.p, "1 customer is here", WAIT));
	CHECK(pty_wait(s.p, "[-] 1 waiting 0:07>", WAIT));
	pty_type(s.p, "\004/wrong\r");
	CHECK(pty_wait(s.p, "there is no command /wrong", WAIT));
	CHECK_INT(pty_count_rows(s.p,
		      "* 1 customer is here; /quit or Ctrl-D again stops "
		      "the desk"),
	    2);
	end(&s);
}

static void
a_closed_terminal_ends_the_console(void)
{
	struct stage s = start_selected();
	int status;

	pty_type(s.p, "half typed");
	CHECK(pty_wait(s.p, "half typed", WAIT));
	pty_hangup(s.p);
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 128 + SIGHUP);
	expect(&s, WIRE_BYE, 0, NULL);
	end(&s);
}

static void
a_desk_that_dies_ends_its_own_console(void)
{
	struct stage s = start_with(24, 80, (char *)"open", NULL);
	int status;

	sks_close(s.desk);
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 1);
	CHECK(pty_has(s.p, "the desk has ended the link"));
	end(&s);
}

static void
a_desk_that_hangs_up_before_its_welcome_has_refused_us(void)
{
	char *argv[] = { (char *)victim_path(), NULL };
	struct sks_socket *theirs[LINKS];
	char fds[64];
	const char *env[] = { fds, NULL };
	struct stage s;
	int status;

	make_links(&s, theirs, fds, sizeof fds);
	s.p = pty_start(argv, 24, 80, env);
	for (int i = 0; i < LINKS; i++)
		sks_socket_free(theirs[i]);
	expect(&s, WIRE_HELLO, 0, NULL);
	sks_close(s.desk);
	status = pty_wait_exit(s.p, WAIT);
	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 5);
	CHECK(pty_has(s.p, "the desk refuses this operator"));
	end(&s);
}

static void
a_lost_link_comes_back_without_a_gap_or_a_repeat(void)
{
	struct stage s = start_selected();
	const struct wire_frame *f;

	says(&s, 3, "before the loss");
	CHECK(pty_wait(s.p, "alice| before the loss", WAIT));
	pty_type(s.p, "half typed");
	CHECK(pty_wait(s.p, "half typed", WAIT));
	cut_link(&s);
	f = next_frame(&s);
	CHECK(f != NULL && f->op == WIRE_HELLO && f->replay);
	CHECK_INT(f->seen, s.seq);
	s.seq -= 1;
	welcomes(&s, true);
	says(&s, 3, "before the loss");
	says(&s, 3, "meanwhile");
	goes_live(&s);
	CHECK(pty_wait(s.p, "alice| meanwhile", WAIT));
	CHECK(pty_has(s.p, "the desk is back"));
	CHECK_INT(strstr(strstr(pty_all(s.p), "before the loss") + 1,
		      "before the loss") == NULL,
	    1);
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "half typed");
	end(&s);
}

static void
a_reply_without_an_answer_is_sent_again_as_what_it_is(void)
{
	struct stage s = start_selected();
	struct ev_key stored, lost;
	uint64_t id, seen;

	pty_type(s.p, "stored\r");
	expect(&s, WIRE_REPLY, 3, "stored");
	stored = key_of(&s);
	pty_type(s.p, "lost\r");
	id = expect(&s, WIRE_REPLY, 3, "lost");
	lost = key_of(&s);
	seen = s.last == NULL ? 0 : s.last->seen;
	CHECK(ev_key_is_set(&stored) && !ev_key_is(&stored, &lost));
	CHECK(ev_key_is_of(&stored, &lost));
	cut_link(&s);
	comes_back(&s);
	is_replied(&s, 3, "lin", "stored", stored);
	is_replied(&s, 3, "wang", "lost", (struct ev_key){ { 9 } });
	goes_live(&s);
	CHECK_INT(expect(&s, WIRE_REPLY, 3, "lost"), id);
	if (s.last != NULL) {
		CHECK(ev_key_is(&s.last->key, &lost));
		CHECK_INT(s.last->seen, seen);
	}
	is_replied(&s, 3, "lin", "lost", lost);
	answer(&s, WIRE_OK, id, EV_CODE_OK, "");
	happens(&s, EV_SENT, 3);
	CHECK(pty_wait(s.p, "3 lin> lost ✓", WAIT));
	CHECK(pty_has(s.p, "3 lin> stored"));
	CHECK(strstr(pty_all(s.p), "not sent") == NULL);
	pty_type(s.p, "next\r");
	takes_reply(&s, 3, "next");
	end(&s);
}

/* The desk was killed between COMMIT and the answer, or the link was. */
static void
a_reply_that_was_stored_is_one_row_and_nothing_is_typed_again(void)
{
	struct stage s = start_selected();
	struct ev_key key;
	const char *row;

	pty_type(s.p, "it is on its way\r");
	expect(&s, WIRE_REPLY, 3, "it is on its way");
	key = key_of(&s);
	cut_link(&s);
	comes_back(&s);
	is_replied(&s, 3, "lin", "it is on its way", key);
	happens(&s, EV_SENT, 3);
	goes_live(&s);
	CHECK(pty_wait(s.p, "3 lin> it is on its way ✓", WAIT));
	CHECK(pty_wait_gone(s.p, "way …", WAIT));
	row = strstr(pty_all(s.p), "> it is on its way");
	CHECK(row != NULL && strstr(row + 3, "it is on its way") == NULL);
	pty_type(s.p, "next\r");
	takes_reply(&s, 3, "next");
	CHECK(strstr(pty_all(s.p), "not sent") == NULL);
	end(&s);
}

static void
what_is_typed_before_the_desk_is_live_goes_behind_what_was_lost(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "first\r");
	expect(&s, WIRE_REPLY, 3, "first");
	cut_link(&s);
	comes_back(&s);
	CHECK(pty_wait(s.p, "the desk is back", WAIT));
	pty_type(s.p, "second\r");
	CHECK(pty_wait(s.p, "3 lin> second …", WAIT));
	says(&s, 3, "meanwhile");
	CHECK(pty_wait(s.p, "3 alice| meanwhile", WAIT));
	CHECK(next_frame_within(&s, 0) == NULL);
	goes_live(&s);
	takes_reply(&s, 3, "first");
	takes_reply(&s, 3, "second");
	CHECK(pty_wait(s.p, "3 lin> second ✓", WAIT));
	end(&s);
}

static void
what_was_taken_back_is_not_sent_again(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "too fast\r");
	expect(&s, WIRE_REPLY, 3, "too fast");
	CHECK(pty_wait(s.p, "3 lin> too fast …", WAIT));
	pty_type(s.p, "/recall\r");
	CHECK(pty_wait(s.p, "> too fast", WAIT));
	cut_link(&s);
	comes_back(&s);
	goes_live(&s);
	CHECK(pty_wait(s.p, "the desk is back", WAIT));
	pty_type(s.p, ", corrected\r");
	takes_reply(&s, 3, "too fast, corrected");
	end(&s);
}

static void
a_desk_that_replays_nothing_gets_a_reply_again_too(void)
{
	struct stage s = start_selected();
	struct ev_key key;
	uint64_t id;

	pty_type(s.p, "once\r");
	id = expect(&s, WIRE_REPLY, 3, "once");
	key = key_of(&s);
	cut_link(&s);
	expect(&s, WIRE_HELLO, 0, NULL);
	welcomes_with_alice(&s);
	CHECK_INT(expect(&s, WIRE_REPLY, 3, "once"), id);
	CHECK(s.last != NULL && ev_key_is(&s.last->key, &key));
	answer(&s, WIRE_OK, id, EV_CODE_OK, "");
	CHECK(pty_wait_gone(s.p, "once …", WAIT));
	end(&s);
}

/* ---- a pipe ---- */

/* Runs a console with this script as its input, playing the desk meanwhile;
 * what it wrote. */
static int
run_piped(struct stage *s, const char *script, void (*desk)(struct stage *s),
    char *out, size_t size)
{
	struct sks_socket *theirs[LINKS];
	int in[2], from[2], status = -1;
	char fds[64];
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	make_links(s, theirs, fds, sizeof fds);
	CHECK(pipe2(in, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	if ((pid = fork()) == 0) {
		dup2(in[0], STDIN_FILENO);
		dup2(from[1], STDOUT_FILENO);
		putenv(fds);
		execl(victim_path(), victim_path(), (char *)NULL);
		_exit(98);
	}
	close(in[0]);
	close(from[1]);
	for (int i = 0; i < LINKS; i++)
		sks_socket_free(theirs[i]);
	expect(s, WIRE_HELLO, 0, NULL);
	CHECK_INT(write(in[1], script, strlen(script)),
	    (intmax_t)strlen(script));
	close(in[1]);
	desk(s);
	while (len < size - 1 &&
	    (n = read(from[0], out + len, size - 1 - len)) > 0)
		len += (size_t)n;
	out[len] = '\0';
	close(from[0]);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return status;
}

static void
piped_desk(struct stage *s)
{
	uint64_t id;

	welcomes_with_alice(s);
	takes_reply(s, 3, "hello alice");
	id = expect(s, WIRE_REPLY, 3, "and again");
	says(s, 3, "one\ntwo \033[31m");
	answer(s, WIRE_ERR, id, EV_CODE_FULL, "too much waits");
	expect(s, WIRE_BYE, 0, NULL);
}

static void
end_piped(struct stage *s)
{
	for (int i = 0; i < LINKS; i++)
		sks_socket_free(s->links[i]);
	sks_frame_free(s->in);
	wire_frame_free(s->last);
}

static void
a_script_is_answered_without_a_control_byte(void)
{
	struct stage s;
	char out[4096];
	int status = run_piped(&s, "/select alice\nhello alice\nand again\n",
	    piped_desk, out, sizeof out);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 1); /* one was refused */
	CHECK(strstr(out, "3 lin> hello alice ✓\n") != NULL);
	CHECK(strstr(out, "3 alice| one\\ntwo \\x1b[31m\n") != NULL);
	CHECK(strstr(out, "* not sent to 3 alice: too much waits\n") != NULL);
	for (const char *p = out; *p != '\0'; p++)
		CHECK((unsigned char)*p >= 0x20 || *p == '\n');
	end_piped(&s);
}

/* Alice was answered before the script came, and is again before its text. */
static void
stale_desk(struct stage *s)
{
	uint64_t id;

	s->tell_past = s->tell_reads = true;
	s->seq = 6;
	s->said[3] = 1;
	welcomes_with_alice(s);
	id = expect(s, WIRE_CMD, 0, "history 3 1 7");
	/* The text waits for the rows of the session. */
	CHECK(next_frame_within(s, 0.05) == NULL);
	tells_past(s, id, 3, 5, 1, dw_clock_wall_ms(), "help");
	ends_past(s, id, 1);
	expect(s, WIRE_READ, 3, NULL);
	CHECK(s->last != NULL && s->last->n == 1 && s->last->seq == 5);
	refuses_stale(s, 3, "hello alice", 8);
	expect(s, WIRE_BYE, 0, NULL);
}

static void
a_script_answers_what_it_has_printed_and_is_told_what_was_stale(void)
{
	struct stage s;
	char out[4096];
	int status =
	    run_piped(&s, "/3\nhello alice\n", stale_desk, out, sizeof out);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 1);
	CHECK(strstr(out, "3 alice| help\n") != NULL);
	CHECK(strstr(out,
		  "* not sent to 3 alice: wang has answered meanwhile\n") !=
	    NULL);
	end_piped(&s);
}

/* Answers only when nothing more may be waiting. */
static void
late_desk(struct stage *s)
{
	uint64_t ids[MOST_WAITING];
	char text[16];

	welcomes_with_alice(s);
	for (int i = 1; i <= PIPED_LINES; i++) {
		snprintf(text, sizeof text, "%d", i);
		ids[i % MOST_WAITING] = expect(s, WIRE_REPLY, 3, text);
		if (s->last == NULL || strcmp(s->last->text, text) != 0)
			return;
		for (int j = 0; i % MOST_WAITING == 0 && j < MOST_WAITING; j++)
			answer(s, WIRE_OK, ids[j], EV_CODE_OK, "");
	}
	for (int j = 1; j <= PIPED_LINES % MOST_WAITING; j++)
		answer(s, WIRE_OK, ids[j], EV_CODE_OK, "");
	expect(s, WIRE_BYE, 0, NULL);
}

static void
a_script_of_any_length_is_sent_whole(void)
{
	struct dw_buf script = DW_BUF_INITIALIZER;
	struct stage s;
	char out[4096];

	dw_buf_adds(&script, "/3\n");
	for (int i = 1; i <= PIPED_LINES; i++)
		dw_buf_addf(&script, "%d\n", i);
	CHECK_INT(run_piped(&s, dw_buf_str(&script), late_desk, out,
		      sizeof out),
	    0);
	CHECK(strstr(out, "not sent") == NULL);
	dw_buf_fini(&script);
	end_piped(&s);
}

static void
desk_with_many(struct stage *s)
{
	welcomes_with_many(s, MANY);
	expect(s, WIRE_BYE, 0, NULL);
}

static void
a_script_is_told_of_all_who_are_here(void)
{
	char out[16384], name[24];
	struct stage s;

	CHECK_INT(run_piped(&s, "", desk_with_many, out, sizeof out), 0);
	for (int i = 1; i <= 40; i++) {
		snprintf(name, sizeof name, "guest%d ", i);
		CHECK(strstr(out, name) != NULL);
	}
	CHECK(strstr(out, "/list shows") == NULL);
	end_piped(&s);
}

/* ---- a team ---- */

/* Somebody of the team does something: why and body as the kind wants them. */
static void
team_does(struct stage *s, enum ev_kind kind, uint64_t sid, const char *who,
    const char *why, const char *body)
{
	struct wire_frame f = event(s, kind, sid);

	f.ev.who = who;
	f.ev.why = why;
	f.ev.body = body;
	f.ev.len = strlen(body);
	say(s, &f);
}

/* Refuses a text, or (id 0) the keys of one, because ann answers there. */
static void
says_it_is_anns(struct stage *s, uint64_t id)
{
	struct wire_frame f = wire_frame_of(WIRE_ERR);

	f.id = id;
	f.code = EV_CODE_TAKEN;
	f.text = "3 is ann's since 12 s; /steal 3, /note, /join 3, or wait";
	f.len = strlen(f.text);
	say(s, &f);
}

static void
several_keys_ask_for_the_next_one_once(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "\033a\033a\033a");
	gives(&s, 3, 5);
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	CHECK(next_frame_within(&s, 0.05) == NULL);
	end(&s);
}

static void
a_line_that_is_being_typed_is_not_switched_away(void)
{
	struct stage s = start_selected();
	struct wire_frame f = wire_frame_of(WIRE_OK);

	pty_type(s.p, "\033a");
	f.id = expect(&s, WIRE_NEXT, 3, NULL);
	pty_type(s.p, "dear alice");
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting> dear alice", WAIT));
	f.sid = 5;
	say(&s, &f);
	CHECK(pty_wait(s.p, "* 5 bob is reserved for you for 30 s; /5", WAIT));
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting> dear alice", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "dear alice");
	end(&s);
}

static void
where_nobody_waits_enter_says_so(void)
{
	struct stage s = start();

	pty_type(s.p, "\r");
	gives(&s, 0, 0);
	CHECK(pty_wait(s.p, "* nobody else is waiting", WAIT));
	end(&s);
}

static void
a_lost_link_reserves_nobody_and_says_so(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "\033a");
	expect(&s, WIRE_NEXT, 3, NULL);
	cut_link(&s);
	comes_back(&s);
	goes_live(&s);
	CHECK(pty_wait(s.p, "* nobody is reserved for you: the link was lost",
	    WAIT));
	pty_type(s.p, "\033a");
	gives(&s, 3, 5);
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	end(&s);
}

static void
enter_does_not_stay_at_a_colleagues_customer(void)
{
	struct stage s = start_selected();

	team_does(&s, EV_CLAIM, 3, "ann", "taken", "");
	CHECK(pty_wait(s.p, "[3 alice, ann's] 1 waiting>", WAIT));
	enter_after_a_rest(&s);
	gives(&s, 3, 5);
	CHECK(pty_wait(s.p, "[5 bob]", WAIT));
	end(&s);
}

static void
the_first_key_of_a_text_is_told_and_none_of_a_command(void)
{
	struct stage s = start();

	s.tell_types = true;
	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "3 alice is waiting", WAIT));
	pty_type(s.p, "/3");
	expect(&s, WIRE_TYPES, 0, NULL); /* somebody is there */
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "[3 alice]>", WAIT));
	pty_type(s.p, "h");
	expect(&s, WIRE_TYPES, 3, NULL);
	pty_type(s.p, "i");
	CHECK(pty_wait(s.p, "[3 alice]> hi", WAIT));
	CHECK(next_frame_within(&s, 0.05) == NULL);
	/* The text is gone. */
	pty_type(s.p, "\025");
	expect(&s, WIRE_TYPES, 0, NULL);
	/* A note is no text for a customer. */
	pty_type(s.p, "\033nhi");
	CHECK(pty_wait(s.p, "[3 alice NOTE]> hi", WAIT));
	CHECK(next_frame_within(&s, 0.05) == NULL);
	end(&s);
}

static void
who_types_to_a_colleagues_customer_is_told_once(void)
{
	struct stage s = start();
	const char *said;

	s.tell_types = true;
	arrives(&s, 3, "alice");
	CHECK(pty_wait(s.p, "3 alice is waiting", WAIT));
	pty_type(s.p, "/3\r");
	expect(&s, WIRE_TYPES, 0, NULL);
	CHECK(pty_wait(s.p, "[3 alice]>", WAIT));
	pty_type(s.p, "h");
	expect(&s, WIRE_TYPES, 3, NULL);
	says_it_is_anns(&s, 0);
	CHECK(pty_wait(s.p, "* 3 is ann's since 12 s", WAIT));
	pty_type(s.p, "ello");
	CHECK(pty_wait(s.p, "[3 alice]> hello", WAIT));
	CHECK(next_frame_within(&s, 0.05) == NULL);
	said = strstr(pty_all(s.p), "3 is ann's since");
	CHECK(said != NULL && strstr(said + 1, "3 is ann's since") == NULL);
	end(&s);
}

static void
that_a_text_will_not_be_sent_is_said_at_its_first_key(void)
{
	struct stage s = start_selected();

	s.tell_types = true;
	expect(&s, WIRE_TYPES, 0, NULL); /* the keys so far */
	team_does(&s, EV_CLAIM, 3, "ann", "taken", "");
	CHECK(pty_wait(s.p, "[3 alice, ann's]", WAIT));
	pty_type(s.p, "h");
	CHECK(pty_wait(s.p, "* 3 alice is ann's: a text is not sent; Alt+n",
	    WAIT));
	/* Nobody is told that we type there. */
	CHECK(next_frame_within(&s, 0.05) == NULL);
	team_does(&s, EV_CLAIM, 3, "lin", "stolen", "");
	CHECK(pty_wait(s.p, "[3 alice, yours]", WAIT));
	pty_type(s.p, "i");
	expect(&s, WIRE_TYPES, 3, NULL);
	end(&s);
}

static void
a_text_for_a_colleagues_customer_is_back_in_the_line(void)
{
	struct stage s = start_selected();

	for (int i = 0; i < 2; i++) { /* Enter again changes nothing */
		pty_type(s.p, i == 0 ? "my answer\r" : "\r");
		says_it_is_anns(&s, expect(&s, WIRE_REPLY, 3, "my answer"));
		CHECK(pty_wait(s.p, "or wait; the text is back in", WAIT));
		CHECK(pty_wait(s.p, "[3 alice] 1 waiting> my answer", WAIT));
	}
	team_does(&s, EV_CLAIM, 3, "lin", "stolen", "");
	CHECK(pty_wait(s.p, "[3 alice, yours] 1 waiting> my answer", WAIT));
	pty_type(s.p, "\r");
	takes_reply(&s, 3, "my answer");
	end(&s);
}

/* Takes a note as a desk does. */
static void
takes_note(struct stage *s, uint64_t sid, const char *text)
{
	struct wire_frame f;
	uint64_t id = expect(s, WIRE_NOTE, sid, text);

	f = event(s, EV_NOTE, sid);
	f.ev.who = "lin";
	f.ev.body = text;
	f.ev.len = strlen(text);
	f.ev.key = key_of(s);
	CHECK(ev_key_is_set(&f.ev.key));
	say(s, &f);
	answer(s, WIRE_OK, id, EV_CODE_OK, "");
}

static void
alt_n_makes_a_note_of_one_line(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "she is\033n angry");
	CHECK(pty_wait(s.p, "[3 alice NOTE] 1 waiting> she is angry", WAIT));
	pty_type(s.p, "\r");
	CHECK(pty_wait(s.p, "3 alice lin note> she is angry …", WAIT));
	takes_note(&s, 3, "she is angry");
	CHECK(pty_wait_gone(s.p, "she is angry …", WAIT));
	CHECK(pty_wait(s.p, "3 alice lin note> she is angry", WAIT));
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting>", WAIT));
	pty_type(s.p, "hello\r");
	takes_reply(&s, 3, "hello");
	/* Alt+n again, and Enter without words, end it. */
	pty_type(s.p, "\033n");
	CHECK(pty_wait(s.p, "[3 alice NOTE]", WAIT));
	pty_type(s.p, "\033nto her\r");
	takes_reply(&s, 3, "to her");
	pty_type(s.p, "\033n");
	CHECK(pty_wait(s.p, "[3 alice NOTE]", WAIT));
	enter_after_a_rest(&s);
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting>", WAIT));
	pty_type(s.p, "once more\r");
	takes_reply(&s, 3, "once more");
	end(&s);
}

static void
a_draft_remembers_that_it_is_a_note(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "\033nshe is angry");
	CHECK(pty_wait(s.p, "[3 alice NOTE] 1 waiting> she is angry", WAIT));
	pty_type(s.p, "\025/5\r");
	CHECK(pty_wait(s.p, "[5 bob] 1 waiting>", WAIT));
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting>", WAIT));
	pty_type(s.p, "\033nshe is angry\033m");
	CHECK(pty_wait(s.p, "[5 bob] 1 waiting>", WAIT));
	pty_type(s.p, "hi bob\r");
	takes_reply(&s, 5, "hi bob");
	pty_type(s.p, "\033/");
	CHECK(pty_wait(s.p, "[3 alice NOTE]> she is angry", WAIT));
	pty_type(s.p, "\r");
	takes_note(&s, 3, "she is angry");
	end(&s);
}

static void
a_note_that_is_refused_comes_back_as_a_note(void)
{
	struct stage s = start_selected();
	uint64_t id;

	pty_type(s.p, "\033nshe is angry\r");
	id = expect(&s, WIRE_NOTE, 3, "she is angry");
	answer(&s, WIRE_ERR, id, EV_CODE_NOT_STORED, "the journal is full");
	CHECK(pty_wait(s.p,
	    "* the note about 3 alice is not kept: the journal is full", WAIT));
	CHECK(pty_wait(s.p, "[3 alice NOTE] 1 waiting> she is angry", WAIT));
	pty_type(s.p, "\r");
	expect(&s, WIRE_NOTE, 3, "she is angry");
	pty_type(s.p, "/recall\r");
	CHECK(pty_wait(s.p, "[3 alice NOTE] 1 waiting> she is angry", WAIT));
	end(&s);
}

static void
a_note_without_an_answer_is_sent_again_as_what_it_is(void)
{
	struct stage s = start_selected();
	struct ev_key key;
	uint64_t id;

	pty_type(s.p, "/note she is angry\r");
	id = expect(&s, WIRE_NOTE, 3, "she is angry");
	key = key_of(&s);
	cut_link(&s);
	comes_back(&s);
	goes_live(&s);
	CHECK_INT(expect(&s, WIRE_NOTE, 3, "she is angry"), id);
	CHECK(s.last != NULL && ev_key_is(&s.last->key, &key));
	end(&s);
}

static void
a_note_that_may_be_about_another_session_is_asked_about(void)
{
	struct stage s = start_selected();

	pty_type(s.p, "/note 5 apples arrived\r");
	CHECK(pty_wait(s.p, "* is 5 a session, or text?", WAIT));
	CHECK(pty_wait(s.p, "> /note 5 apples arrived", WAIT));
	pty_type(s.p, "\025/note #5 apples arrived\r");
	takes_note(&s, 5, "apples arrived");
	pty_type(s.p, "/note 7 apples arrived\r");
	takes_note(&s, 3, "7 apples arrived");
	end(&s);
}

static void
a_watched_session_counts_as_unread_and_is_shown_in_full(void)
{
	struct stage s = start_selected();

	team_does(&s, EV_CLAIM, 5, "ann", "taken", "");
	CHECK(pty_wait(s.p, "* ", WAIT));
	CHECK(pty_wait(s.p, "ann answers 5 bob now", WAIT));
	CHECK(pty_wait(s.p, "[3 alice]>", WAIT));
	pty_type(s.p, "/join bob\r");
	expect(&s, WIRE_JOINS, 5, NULL);
	CHECK(s.last != NULL && s.last->since_ms != 0);
	CHECK(pty_wait(s.p, "* you watch 5 bob; /part 5 ends it", WAIT));
	for (int i = 0; i < 40; i++)
		says(&s, 5, "one more");
	says(&s, 5, "the last");
	CHECK(pty_wait(s.p, "5 bob| the last", WAIT));
	CHECK(pty_wait(s.p, "[3 alice] 1 unread>", WAIT));
	pty_type(s.p, "/part 5\r");
	expect(&s, WIRE_JOINS, 5, NULL);
	CHECK(s.last != NULL && s.last->since_ms == 0);
	CHECK(pty_wait(s.p, "* you do not watch 5 bob any more", WAIT));
	CHECK(pty_wait(s.p, "[3 alice]>", WAIT));
	end(&s);
}

static void
the_prompt_says_that_you_are_away(void)
{
	static const struct wire_person here[] = { { "lin", 1, false } };
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct stage s = start_selected();

	cut_link(&s);
	expect(&s, WIRE_HELLO, 0, NULL);
	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.replay = true;
	f.seq = s.seq;
	f.people = here;
	f.npeople = 1;
	say(&s, &f);
	goes_live(&s);
	team_does(&s, EV_AWAY, 0, "lin", "said", "lunch");
	CHECK(pty_wait(s.p, "you are away: lunch; /back ends it", WAIT));
	CHECK(pty_wait(s.p, "[3 alice, away] 1 waiting>", WAIT));
	team_does(&s, EV_BACK, 0, "lin", "", "");
	CHECK(pty_wait(s.p, "[3 alice] 1 waiting>", WAIT));
	end(&s);
}

static void
who_is_selected_says_whose_it_is_and_who_types(void)
{
	struct wire_frame types = wire_frame_of(WIRE_TYPES);
	struct stage s = start_selected();

	team_does(&s, EV_CLAIM, 5, "ann", "taken", "");
	team_does(&s, EV_NOTE, 5, "ann", "", "he is angry");
	types.n = 2;
	types.name = "ann";
	types.sid = 5;
	say(&s, &types);
	CHECK(pty_wait(s.p, "5 bob ann note> he is angry", WAIT));
	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p,
	    "* 5 bob (line, 127.0.0.1:5000), waiting 0 s, ann's for 0 s, 1 note; ",
	    WAIT));
	CHECK(pty_wait(s.p, "ann is", WAIT));
	CHECK(pty_wait(s.p, "[5 bob, ann's] 1 waiting>", WAIT));
	pty_type(s.p, "/list\r");
	CHECK(pty_wait(s.p, ">5 bob        waiting ", WAIT));
	end(&s);
}

static void
who_was_here_before_is_shown_with_the_header(void)
{
	struct stage s = start();
	struct wire_frame f;
	uint64_t id;

	s.tell_past = true;
	arrives(&s, 5, "bob");
	f = event(&s, EV_SAME, 5);
	f.ev.who = "ann";
	f.ev.n = 1;
	say(&s, &f);
	CHECK(pty_wait(s.p, "5 bob and 1 are one person, says ann", WAIT));
	pty_type(s.p, "/5\r");
	CHECK(pty_wait(s.p, "the same person as 1", WAIT));
	id = expect(&s, WIRE_CMD, 0, "earlier 5");
	f = wire_frame_of(WIRE_PAST);
	f.id = id;
	f.ev.kind = EV_ARRIVED;
	f.ev.sid = f.ev.seq = 1;
	f.ev.t_ms = 86400000;
	f.ev.who = "bob";
	say(&s, &f);
	tells_past(&s, id, 1, 2, 1, 86400000, "it is \033dead");
	f.ev.kind = EV_REPLY;
	f.ev.seq = 3;
	f.ev.who = "wang";
	say(&s, &f);
	answer(&s, WIRE_OK, id, EV_CODE_OK, "");
	CHECK(pty_wait(s.p, "* earlier, 1970-01-0", WAIT));
	CHECK(pty_wait(s.p, ": 1 bob: \"it is ", WAIT));
	CHECK(pty_wait(s.p, "wang answered last", WAIT));
	end(&s);
}

static void
an_offer_and_a_message_to_me_ring(void)
{
	struct stage s = start_selected();
	int before = pty_bells(s.p);

	team_does(&s, EV_CLAIM, 5, "ann", "taken", "");
	team_does(&s, EV_OFFER, 5, "ann", "lin", "burnt X200");
	CHECK(pty_wait(s.p, "ann offers you 5 bob: burnt X200; Enter or",
	    WAIT));
	CHECK_INT(pty_bells(s.p) - before, 1);
	team_does(&s, EV_MSG, 0, "ann", "lin", "lunch?");
	CHECK(pty_wait(s.p, "ann to you> lunch?", WAIT));
	CHECK_INT(pty_bells(s.p) - before, 2);
	end(&s);
}

/* A script asks for the next one, and answers it. */
static void
next_desk(struct stage *s)
{
	struct wire_frame f = wire_frame_of(WIRE_OK);

	welcomes_with_alice(s);
	f.id = expect(s, WIRE_NEXT, 0, NULL);
	CHECK(next_frame_within(s, 0.05) == NULL);
	f.sid = 3;
	say(s, &f);
	takes_reply(s, 3, "hello");
	takes_note(s, 3, "she is angry");
	expect(s, WIRE_BYE, 0, NULL);
}

static void
a_script_takes_the_next_one_and_answers_it(void)
{
	struct stage s;
	char out[4096];
	int status = run_piped(&s, "\nhello\n/note she is angry\n", next_desk,
	    out, sizeof out);

	CHECK(WIFEXITED(status));
	CHECK_INT(WEXITSTATUS(status), 0);
	CHECK(strstr(out, "3 alice lin note> she is angry\n") != NULL);
	end_piped(&s);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_reply_goes_to_the_session_in_the_prompt),
		T(a_reply_that_has_not_left_says_so),
		T(a_half_typed_line_survives_what_arrives),
		T(the_cursor_stays_inside_chinese_text),
		T(a_paste_is_one_message),
		T(long_pastes_are_folded_in_the_line_and_whole_in_the_reply),
		T(a_draft_with_a_long_paste_comes_back_as_it_was),
		T(a_long_paste_says_what_enter_would_send),
		T(alt_enter_is_a_new_line),
		T(keys_without_a_meaning_and_answers_of_the_terminal_reach_nobody),
		T(they_reach_nobody_in_vi_mode),
		T(they_reach_nobody_while_vi_takes_commands),
		T(the_desks_keys_and_escape_alone_work_in_vi_mode),
		T(a_key_of_inputrc_that_sends_a_sequence_does_its_work),
		T(ctrl_c_drops_the_line_and_nothing_else),
		T(a_search_goes_on_while_the_prompt_changes),
		T(a_console_begins_with_the_twenty_who_wait_longest),
		T(one_more_than_twenty_is_no_plural),
		T(twenty_are_listed_without_a_word_about_more),
		T(enter_takes_who_waits_longest),
		T(a_second_enter_at_once_selects_nobody),
		T(where_the_prompt_is_out_of_sight_a_row_names_the_addressee),
		T(text_for_nobody_is_kept),
		T(each_session_keeps_its_draft),
		T(a_draft_entered_with_its_sessions_key_goes_to_that_session),
		T(text_typed_ahead_of_a_sessions_prompt_goes_to_that_session),
		T(a_session_that_ends_while_typing_gets_nothing),
		T(a_reply_that_is_too_long_is_told_the_limit),
		T(a_refused_reply_comes_back_to_the_line),
		T(a_kept_reply_that_begins_with_a_slash_is_never_a_command),
		T(a_refused_reply_does_not_disturb_the_next_one),
		T(a_refused_reply_does_not_end_a_search_or_an_argument),
		T(every_line_goes_where_the_prompt_said),
		T(a_text_that_a_colleague_overtook_comes_back_and_waits_for_its_reader),
		T(a_colleagues_row_that_is_just_painted_is_not_answered_over),
		T(a_console_that_slept_does_not_answer_over_a_colleague),
		T(nor_when_enter_is_pressed_as_it_wakes),
		T(a_customers_row_is_seen_when_it_is_painted),
		T(a_text_that_is_changed_is_not_stale_any_more),
		T(a_stale_text_of_another_session_is_its_draft),
		T(a_stale_text_does_not_disturb_what_is_typed),
		T(what_a_refusal_is_about_is_shown_from_the_past_if_it_was_not),
		T(a_stale_text_comes_back_also_when_the_link_is_lost_before_its_page),
		T(only_a_key_reads_what_was_painted),
		T(selecting_alone_reads_nothing),
		T(a_mark_of_another_console_lowers_what_is_unread),
		T(what_was_read_is_told_again_to_a_desk_that_does_not_know),
		T(commands_are_never_said),
		T(list_and_help_say_what_there_is),
		T(tab_completes_commands_and_names),
		T(history_is_shown_with_what_perhaps_did_not_arrive),
		T(selecting_shows_what_was_not_read),
		T(history_goes_back_to_the_first_word),
		T(who_has_ended_is_listed_with_when_and_why),
		T(enter_goes_on_from_who_left_and_asks_at_who_waits),
		T(the_list_says_who_needs_what),
		T(a_reply_stands_above_the_prompt_until_the_desk_has_answered),
		T(a_text_without_an_answer_can_be_taken_back),
		T(a_message_of_mine_rings_unless_it_is_quiet),
		T(rows_can_be_heard_who_and_what_first_and_once_more),
		T(an_idle_terminal_gets_no_byte),
		T(only_commands_are_in_the_history_file),
		T(a_burst_of_thousands_loses_nothing),
		T(a_flood_beside_is_one_row_a_second),
		T(a_stopped_terminal_stops_nobody),
		T(a_strangers_bytes_do_nothing),
		T(a_new_customer_rings_once),
		T(the_waiting_time_ticks),
		T(a_resize_keeps_what_customers_said),
		T(texts_of_customers_and_operators_wrap_between_words),
		T(redraw_brings_the_last_rows_back),
		T(an_empty_desk_says_how_to_try),
		T(ctrl_d_detaches),
		T(ctrl_d_waits_for_answers_and_a_refusal_calls_it_off),
		T(ctrl_d_does_not_wait_for_ever),
		T(ctrl_d_stops_a_desk_of_ones_own_the_second_time),
		T(the_first_ctrl_d_is_forgotten_after_a_while),
		T(a_closed_terminal_ends_the_console),
		T(a_desk_that_dies_ends_its_own_console),
		T(a_desk_that_hangs_up_before_its_welcome_has_refused_us),
		T(a_lost_link_comes_back_without_a_gap_or_a_repeat),
		T(a_reply_without_an_answer_is_sent_again_as_what_it_is),
		T(a_reply_that_was_stored_is_one_row_and_nothing_is_typed_again),
		T(what_is_typed_before_the_desk_is_live_goes_behind_what_was_lost),
		T(what_was_taken_back_is_not_sent_again),
		T(a_desk_that_replays_nothing_gets_a_reply_again_too),
		T(a_script_is_answered_without_a_control_byte),
		T(a_script_answers_what_it_has_printed_and_is_told_what_was_stale),
		T(a_script_of_any_length_is_sent_whole),
		T(a_script_is_told_of_all_who_are_here),
		T(several_keys_ask_for_the_next_one_once),
		T(a_line_that_is_being_typed_is_not_switched_away),
		T(where_nobody_waits_enter_says_so),
		T(a_lost_link_reserves_nobody_and_says_so),
		T(enter_does_not_stay_at_a_colleagues_customer),
		T(the_first_key_of_a_text_is_told_and_none_of_a_command),
		T(who_types_to_a_colleagues_customer_is_told_once),
		T(that_a_text_will_not_be_sent_is_said_at_its_first_key),
		T(a_text_for_a_colleagues_customer_is_back_in_the_line),
		T(alt_n_makes_a_note_of_one_line),
		T(a_draft_remembers_that_it_is_a_note),
		T(a_note_that_is_refused_comes_back_as_a_note),
		T(a_note_without_an_answer_is_sent_again_as_what_it_is),
		T(a_note_that_may_be_about_another_session_is_asked_about),
		T(a_watched_session_counts_as_unread_and_is_shown_in_full),
		T(the_prompt_says_that_you_are_away),
		T(who_is_selected_says_whose_it_is_and_who_types),
		T(who_was_here_before_is_shown_with_the_header),
		T(an_offer_and_a_message_to_me_ring),
		T(a_script_takes_the_next_one_and_answers_it),
	};

	signal(SIGPIPE, SIG_IGN);
	if (pty_is_missing())
		return 0;
	return t_main_shared("console", NULL, cases,
	    sizeof cases / sizeof cases[0]);
}
