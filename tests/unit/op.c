/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the operator protocol, frame by frame. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "t.h"
#include "wire/op.h"

/* Encodes, checks that it is one row, parses; NULL is a failed check. */
static struct wire_frame *
around(const struct wire_frame *f, struct dw_buf *out)
{
	struct wire_frame *back = NULL;
	const char *why;

	dw_buf_reset(out);
	CHECK_INT(wire_frame_encode(out, f), 0);
	if (!CHECK(out->len > 0) ||
	    !CHECK(memchr(out->data, '\n', out->len) ==
		out->data + out->len - 1))
		return NULL;
	CHECK_INT(wire_frame_parse(out->data, out->len - 1, &back, &why), 0);
	return back;
}

static void
a_reply_travels_as_it_is_documented(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_REPLY), *back;

	f.id = 7;
	f.sid = 12;
	f.text = "您好\n\"x\"";
	f.len = strlen(f.text);
	back = around(&f, &out);
	CHECK_STR(dw_buf_str(&out),
	    "{\"op\":\"reply\",\"id\":7,\"sid\":12,"
	    "\"text\":\"您好\\n\\\"x\\\"\"}\n");
	if (back != NULL) {
		CHECK_INT(back->op, WIRE_REPLY);
		CHECK_INT(back->id, 7);
		CHECK_INT(back->sid, 12);
		CHECK_MEM(back->text, back->len, f.text, f.len);
		CHECK_INT(back->code, EV_CODE_OK);
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
every_op_comes_back_as_itself(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (int op = 0; op < WIRE_OPS; op++) {
		struct wire_frame f = wire_frame_of((enum wire_op)op), *back;

		back = around(&f, &out);
		if (CHECK(back != NULL))
			CHECK_INT(back->op, op);
		wire_frame_free(back);
	}
	dw_buf_fini(&out);
}

/* Of the session in the two tests below. */
static void
check_moments(const struct ev_session *s)
{
	CHECK_INT(s->waiting_at.steady_ms, 123);
	CHECK_INT(s->said_at.steady_ms, 456);
	CHECK_INT(s->gone_at.steady_ms, 789);
	CHECK_INT(s->began_at.steady_ms, -5);
}

static void
the_end_of_a_replay_brings_when_things_happened_and_no_more(void)
{
	static const struct ev_session s = { .sid = 3,
		.in = 1,
		.waiting_at = { 31, 123 },
		.said_at = { 32, 456 },
		.gone_at = { 33, 789 },
		.began_at = { 30, -5 } };
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_LIVE), *back;

	f.sessions = &s;
	f.nsessions = 1;
	back = around(&f, &out);
	if (back != NULL && CHECK_INT(back->nsessions, 1)) {
		CHECK_INT(back->sessions[0].sid, 3);
		CHECK_INT(back->sessions[0].in, 0);
		CHECK_INT(back->sessions[0].waiting_at.seq, 0);
		check_moments(&back->sessions[0]);
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
a_welcome_brings_sessions_commands_and_listeners(void)
{
	static struct ev_session sessions[] = {
		{ .sid = 3,
		    .in = 1,
		    .out = 2,
		    .sent = 1,
		    .state = EV_STATE_OPEN,
		    .mode = EV_MODE_LINE,
		    .name = "王伟",
		    .addr = "127.0.0.1:5",
		    .eof = true,
		    .gone = true,
		    .by = "lin",
		    .words = "我的订单",
		    .unanswered = 2,
		    .waiting_ms = 1700000000123,
		    .said_ms = 1700000000456,
		    .gone_ms = 1700000000789,
		    .began_ms = 1700000000000,
		    .waiting_at = { 31, 123 },
		    .said_at = { 32, 456 },
		    .gone_at = { 33, 789 },
		    .began_at = { 30, -5 } },
		{ .sid = 9, .state = EV_STATE_WAITING },
	};
	static const struct ev_command commands[] = {
		{ "close", "[N]", "end this conversation", "session" },
	};
	static const char *const listeners[] = { "127.0.0.1:6666", "[::1]:1" };
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_WELCOME), *back;

	f.v = WIRE_OP_VERSION;
	f.name = "lin";
	f.desk = "desk";
	f.seq = 41;
	f.replay = true;
	sessions[0].charset = dw_charset_find("gbk", 3);
	f.sessions = sessions;
	f.nsessions = 2;
	f.commands = commands;
	f.ncommands = 1;
	f.listeners = listeners;
	f.nlisteners = 2;
	f.peers = listeners + 1;
	f.npeers = 1;
	f.datagrams = 7;
	f.burst = 20;
	f.unlisted = 3;
	f.now_ms = 12345;
	back = around(&f, &out);
	if (back != NULL && CHECK_INT(back->nsessions, 2) &&
	    CHECK_INT(back->ncommands, 1) && CHECK_INT(back->nlisteners, 2)) {
		CHECK_INT(back->v, WIRE_OP_VERSION);
		CHECK_STR(back->name, "lin");
		CHECK_STR(back->desk, "desk");
		CHECK_INT(back->seq, 41);
		CHECK(back->replay);
		CHECK_INT(back->datagrams, 7);
		CHECK_INT(back->burst, 20);
		CHECK_INT(back->unlisted, 3);
		if (CHECK_INT(back->npeers, 1))
			CHECK_STR(back->peers[0], "[::1]:1");
		CHECK_INT(back->sessions[0].sid, 3);
		CHECK_INT(back->sessions[0].in, 1);
		CHECK_INT(back->sessions[0].out, 2);
		CHECK_INT(back->sessions[0].sent, 1);
		CHECK_INT(back->sessions[0].state, EV_STATE_OPEN);
		CHECK_INT(back->sessions[0].mode, EV_MODE_LINE);
		CHECK_STR(back->sessions[0].name, "王伟");
		CHECK(back->sessions[0].charset == sessions[0].charset);
		CHECK(back->sessions[1].charset == NULL);
		CHECK_STR(back->sessions[0].addr, "127.0.0.1:5");
		CHECK(back->sessions[0].eof);
		CHECK(back->sessions[0].gone);
		CHECK_INT(back->sessions[0].waiting_ms, 1700000000123);
		CHECK_INT(back->sessions[0].began_ms, 1700000000000);
		CHECK_INT(back->sessions[0].said_ms, 1700000000456);
		CHECK_INT(back->sessions[0].gone_ms, 1700000000789);
		CHECK_INT(back->sessions[0].waiting_at.seq, 31);
		CHECK_INT(back->sessions[0].said_at.seq, 32);
		CHECK_INT(back->sessions[0].gone_at.seq, 33);
		CHECK_INT(back->sessions[0].began_at.seq, 30);
		check_moments(&back->sessions[0]);
		CHECK_INT(back->now_ms, 12345);
		CHECK_INT(back->sessions[0].unanswered, 2);
		CHECK_STR(back->sessions[0].words, "我的订单");
		CHECK_STR(back->sessions[0].by, "lin");
		CHECK_STR(back->sessions[1].name, "");
		CHECK(!back->sessions[1].eof);
		CHECK(!back->sessions[1].gone);
		CHECK_STR(back->commands[0].name, "close");
		CHECK_STR(back->commands[0].args, "[N]");
		CHECK_STR(back->commands[0].help, "end this conversation");
		CHECK_STR(back->commands[0].complete, "session");
		CHECK_STR(back->listeners[1], "[::1]:1");
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
a_reply_carries_its_key_and_what_its_writer_had_seen(void)
{
	static const char line[] =
	    "{\"op\":\"reply\",\"id\":1,\"sid\":3,\"seen\":9,"
	    "\"key\":\"00ff000000000000000000000000000a\",\"text\":\"hi\"}\n";
	static const char *const wrong[] = {
		"{\"op\":\"reply\",\"key\":\"00ff\"}",
		"{\"op\":\"reply\",\"key\":7}",
		("{\"op\":\"reply\",\"key\":"
		 "\"00FF000000000000000000000000000a\"}"),
	};
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_REPLY), *back;
	const char *why;

	f.id = 1;
	f.sid = 3;
	f.seen = 9;
	f.key = (struct ev_key){ { 0, 255, [15] = 10 } };
	f.text = "hi";
	f.len = 2;
	back = around(&f, &out);
	CHECK_STR(dw_buf_str(&out), line);
	if (CHECK(back != NULL)) {
		CHECK_INT(back->seen, 9);
		CHECK(ev_key_is(&back->key, &f.key));
	}
	wire_frame_free(back);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_INT(wire_frame_parse(wrong[i], strlen(wrong[i]), &back,
			      &why),
		    -EPROTO);
	dw_buf_fini(&out);
}

/* The frame of this text, or NULL and what was wrong with it. */
static struct wire_frame *
parsed(const char *text, int want)
{
	struct wire_frame *f;
	const char *why;

	CHECK_INT(wire_frame_parse(text, strlen(text), &f, &why), want);
	CHECK((*why == '\0') == (want == 0));
	return f;
}

static void
expect_sessions(const char *text, size_t n, uint64_t first)
{
	struct wire_frame *f = parsed(text, 0);

	if (f != NULL) {
		CHECK_INT(f->nsessions, n);
		if (f->nsessions > 0)
			CHECK_INT(f->sessions[0].sid, first);
	}
	wire_frame_free(f);
}

static void
only_the_list_of_the_frame_itself_has_its_sessions(void)
{
#define NINE "\"y\":1,\"sessions\":[{\"sid\":9}]"
	expect_sessions("{\"op\":\"welcome\",\"sessions\":[{\"sid\":1}]}", 1,
	    1);
	expect_sessions("{\"op\":\"welcome\",\"sessions\" : [ {\"sid\":1} ,"
			"{\"sid\":2}]}",
	    2, 1);
	expect_sessions("{\"op\":\"welcome\",\"sessions\":[{\"sid\":1} ,"
			"{\"sid\":2}]}",
	    2, 1);
	expect_sessions("{\"op\":\"welcome\",\"sessions\":[]}", 0, 0);
	expect_sessions("{\"sessions\":[{\"sid\":1}],\"op\":\"live\"}", 1, 1);
	expect_sessions("{\"op\":\"welcome\",\"x\":{" NINE "}}", 0, 0);
	expect_sessions("{\"op\":\"welcome\",\"x\":{" NINE "},\"sessions\":[]}",
	    0, 0);
	expect_sessions("{\"op\":\"welcome\",\"x\":{" NINE
			"},\"sessions\":[{\"sid\":1}]}",
	    1, 1);
	expect_sessions("{\"op\":\"welcome\",\"name\":\",\\\"sessions\\\":"
			"[{\",\"sessions\":[{\"sid\":1}]}",
	    1, 1);
	expect_sessions("{\"op\":\"ping\"," NINE "}", 0, 0);
#undef NINE
}

static void
a_list_of_sessions_that_is_broken_is_refused(void)
{
	static const char *const broken[] = { "{\"sid\":1}", "{\"sid\":1},",
		"{\"sid\":1},]}", "{\"sid\":1}}", "{\"sid\":1}]",
		"{\"sid\":1},2]}", "{\"sid\":1}{\"sid\":2}]}", "{\"sid\":-1}]}",
		"{\"sid\":1},{\"sid\":\"\"}]}", "{\"sid\":1},{\"sid\"",
		"{\"sid\":1}],\"v\":-1}" };
	char text[200];

	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		snprintf(text, sizeof text,
		    "{\"op\":\"welcome\",\"sessions\":[%s", broken[i]);
		CHECK(parsed(text, -EPROTO) == NULL);
	}
	CHECK(parsed("{\"op\":\"newer\",\"sessions\":[{\"sid\":\"\"}]}",
		  -ENOTSUP) == NULL);
	wire_frame_free(
	    parsed("{\"op\":\"ping\",\"sessions\":[{\"sid\":\"\"}]}", 0));
}

static void
who_looks_at_whom_travels_both_ways(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_LOOK), *back;

	f.sid = 3;
	wire_frame_free(around(&f, &out));
	CHECK_STR(dw_buf_str(&out), "{\"op\":\"look\",\"sid\":3}\n");
	f = wire_frame_of(WIRE_LOOKS);
	f.n = 2;
	f.name = "lin";
	f.sid = 3;
	back = around(&f, &out);
	CHECK_STR(dw_buf_str(&out),
	    "{\"op\":\"looks\",\"sid\":3,\"n\":2,\"name\":\"lin\"}\n");
	if (CHECK(back != NULL)) {
		CHECK_INT(back->n, 2);
		CHECK_INT(back->sid, 3);
		CHECK_STR(back->name, "lin");
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
who_types_and_who_watches_travels_both_ways(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_TYPES), *back;

	f.sid = 3;
	wire_frame_free(around(&f, &out));
	CHECK_STR(dw_buf_str(&out), "{\"op\":\"types\",\"sid\":3}\n");
	f = wire_frame_of(WIRE_JOINS);
	f.n = 2;
	f.name = "lin";
	f.sid = 3;
	f.since_ms = 7;
	f.now_ms = 9;
	back = around(&f, &out);
	if (CHECK(back != NULL)) {
		CHECK_INT(back->n, 2);
		CHECK_INT(back->sid, 3);
		CHECK_INT(back->since_ms, 7);
		CHECK_INT(back->now_ms, 9);
		CHECK_STR(back->name, "lin");
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
who_is_there_comes_with_a_welcome_and_behind_a_replay(void)
{
	static const struct wire_person people[] = { { "ann", 2, true },
		{ "bob", 1, false } };
	static const enum wire_op ops[] = { WIRE_WELCOME, WIRE_LIVE };
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < 2; i++) {
		struct wire_frame f = wire_frame_of(ops[i]), *back;

		f.people = people;
		f.npeople = 2;
		back = around(&f, &out);
		if (back != NULL && CHECK_INT(back->npeople, 2)) {
			CHECK_STR(back->people[0].name, "ann");
			CHECK_INT(back->people[0].consoles, 2);
			CHECK(back->people[0].away && !back->people[1].away);
		}
		wire_frame_free(back);
	}
	dw_buf_fini(&out);
}

static void
a_ping_and_its_pong_have_one_id(void)
{
	static const enum wire_op both[] = { WIRE_PING, WIRE_PONG };
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < 2; i++) {
		struct wire_frame f = wire_frame_of(both[i]), *back;

		f.id = 7;
		back = around(&f, &out);
		if (CHECK(back != NULL))
			CHECK_INT(back->id, 7);
		wire_frame_free(back);
	}
	dw_buf_fini(&out);
}

static void
any_bytes_of_a_body_arrive_as_they_were(void)
{
	static const char *const bodies[] = { "plain", "订单", "\xff\xfe", "a",
		"\xed\xa0\x80", "\xc3", "\033[2J", "bad \xff-abc" };
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_EV), *back;
	char all[256];

	for (size_t i = 0; i < 256; i++)
		all[i] = (char)i;
	for (size_t i = 0; i < 256 + 8; i++) {
		f.ev.kind = EV_SAID;
		f.ev.body = i < 256 ? all : bodies[i - 256];
		f.ev.len = i < 256 ? i : strlen(f.ev.body);
		back = around(&f, &out);
		if (!CHECK(back != NULL))
			break;
		CHECK_MEM(back->ev.body, back->ev.len, f.ev.body, f.ev.len);
		wire_frame_free(back);
	}
	dw_buf_fini(&out);
}

static void
an_event_keeps_all_its_members(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_PAST), *back;

	f.id = 5;
	f.ev = (struct ev_event){ .seq = 1,
		.sid = 2,
		.n = 3,
		.t_ms = -4,
		.steady_ms = 17,
		.flags = 5,
		.kind = EV_SAID,
		.who = "w",
		.mode = EV_MODE_LINE,
		.addr = "a",
		.why = "y",
		.body = "b\0c",
		.len = 3 };
	back = around(&f, &out);
	if (back != NULL) {
		CHECK_INT(back->id, 5);
		CHECK_INT(back->ev.seq, 1);
		CHECK_INT(back->ev.sid, 2);
		CHECK_INT(back->ev.n, 3);
		CHECK_INT(back->ev.t_ms, -4);
		CHECK_INT(back->ev.steady_ms, 17);
		CHECK_INT(back->ev.flags, 5);
		CHECK_INT(back->ev.kind, EV_SAID);
		CHECK_STR(back->ev.who, "w");
		CHECK_INT(back->ev.mode, EV_MODE_LINE);
		CHECK_STR(back->ev.addr, "a");
		CHECK_STR(back->ev.why, "y");
		CHECK_MEM(back->ev.body, back->ev.len, "b\0c", 3);
	}
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
a_name_that_is_no_text_is_shown_and_not_lost(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_HELLO), *back;

	f.name = "l\xffn";
	back = around(&f, &out);
	if (CHECK(back != NULL))
		CHECK_STR(back->name, "l\\xffn");
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static int
parse(const char *line)
{
	struct wire_frame *f;
	const char *why;
	int r = wire_frame_parse(line, strlen(line), &f, &why);

	CHECK((r == 0) == (f != NULL));
	CHECK(r != -EPROTO || *why != '\0');
	wire_frame_free(f);
	return r;
}

static void
what_is_not_known_is_passed_over(void)
{
	CHECK_INT(parse("{\"op\":\"live\",\"seq\":3,\"new\":[{\"a\":1}]}"), 0);
	CHECK_INT(parse("{\"op\":\"live\",\"text\":7}"), 0);
	CHECK_INT(parse("{\"op\":\"dance\"}"), -ENOTSUP);
}

static void
what_is_no_frame_is_refused_with_a_sentence(void)
{
	static const char *const rows[] = { "", "x", "[]", "7", "{}", "{",
		"{\"op\":7}", "{\"op\":\"cmd\"} x",
		"{\"op\":\"cmd\",\"id\":-1}", "{\"op\":\"cmd\",\"id\":1.5}",
		"{\"op\":\"cmd\",\"id\":\"1\"}",
		"{\"op\":\"cmd\",\"id\":99999999999999999999}",
		"{\"op\":\"cmd\",\"text\":7}",
		"{\"op\":\"cmd\",\"bytes\":\"x\"}",
		"{\"op\":\"cmd\",\"bytes\":\"AB==\"}", "{\"op\":\"ev\"}",
		"{\"op\":\"ev\",\"ev\":[]}",
		"{\"op\":\"hello\",\"v\":4294967297}",
		"{\"op\":\"hello\",\"replay\":1}",
		"{\"op\":\"hello\",\"name\":0}",
		"{\"op\":\"welcome\",\"sessions\":{}}",
		"{\"op\":\"welcome\",\"sessions\":[7]}",
		"{\"op\":\"welcome\",\"listeners\":[7]}",
		"{\"op\":\"cmd\",\"text\":\"\\u0000\"}",
		"{\"op\":\"cmd\",\"text\":\"\xff\"}",
		"{\"op\":\"cmd\",\"text\":\"\\ud800\"}" };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (!CHECK_INT(parse(rows[i]), -EPROTO))
			CHECK_STR(rows[i], "this row");
}

static void
deep_nesting_is_refused_before_it_costs_stack(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	for (int i = 0; i < 200000; i++)
		dw_buf_addc(&b, '[');
	CHECK_INT(parse(dw_buf_str(&b)), -EPROTO);
	dw_buf_fini(&b);
	CHECK_INT(parse("{\"op\":\"live\",\"x\":[[[[[[[1]]]]]]]}"), 0);
	CHECK_INT(parse("{\"op\":\"live\",\"x\":[[[[[[[[1]]]]]]]]}"), -EPROTO);
	CHECK_INT(parse("{\"op\":\"cmd\",\"text\":\"[[[[[[[[[[[[\\\"[[[\"}"),
	    0);
}

static void
the_longest_frame_is_taken_and_one_byte_more_is_not(void)
{
	struct dw_buf b = DW_BUF_INITIALIZER;

	dw_buf_adds(&b, "{\"op\":\"cmd\",\"text\":\"");
	while (b.len < WIRE_OP_FRAME_MAX - 2)
		dw_buf_addc(&b, 'x');
	dw_buf_adds(&b, "\"}");
	CHECK_INT(parse(b.data), 0);
	dw_buf_addc(&b, ' ');
	CHECK_INT(parse(b.data), -EPROTO);
	dw_buf_fini(&b);
}

static void
damaged_frames_never_do_harm(void)
{
	static const char good[] =
	    "{\"op\":\"welcome\",\"v\":1,\"name\":\"l\","
	    "\"seq\":4,\"sessions\":[{\"sid\":1,\"state\":\"open\"}],"
	    "\"commands\":[{\"name\":\"x\"}],\"listeners\":[\"a\"]}";
	int rounds = t_size("damaged frames", 20000);
	char line[sizeof good];

	srandom(2);
	for (int i = 0; i < rounds; i++) {
		memcpy(line, good, sizeof good);
		for (long k = random() % 4; k >= 0; k--)
			line[(size_t)random() % (sizeof good - 1)] =
			    "{}[]\",:01-x\\\xff "[random() % 14];
		parse(line);
	}
}

static void
check_bytes(const struct wire_frame *f, const char *want)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(wire_frame_encode(&out, f), 0);
	CHECK_STR(dw_buf_str(&out), want);
	dw_buf_fini(&out);
}

static void
what_is_absent_is_not_written(void)
{
	static const struct ev_session session = { .sid = 9,
		.state = EV_STATE_OPEN };
	struct wire_frame f = wire_frame_of(WIRE_EV);

	f.ev = ev_event_of(EV_SAID);
	f.ev.seq = 7;
	f.ev.sid = 3;
	f.ev.n = 1;
	f.ev.body = "hi";
	f.ev.len = 2;
	check_bytes(&f,
	    "{\"op\":\"ev\",\"ev\":{\"seq\":7,\"sid\":3,"
	    "\"ev\":\"said\",\"n\":1,\"text\":\"hi\"}}\n");
	f = wire_frame_of(WIRE_BYE);
	check_bytes(&f, "{\"op\":\"bye\"}\n");
	f = wire_frame_of(WIRE_WELCOME);
	f.sessions = &session;
	f.nsessions = 1;
	check_bytes(&f,
	    "{\"op\":\"welcome\",\"sessions\":[{\"sid\":9,"
	    "\"state\":\"open\"}],\"commands\":[],\"people\":[],"
	    "\"listeners\":[]}\n");
}

static void
a_program_says_so_and_a_relay_for_whom_it_comes(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct wire_frame f = wire_frame_of(WIRE_HELLO), *back;

	f.v = WIRE_OP_VERSION;
	f.bare = f.rows = true;
	back = around(&f, &out);
	CHECK_STR(dw_buf_str(&out),
	    "{\"op\":\"hello\",\"v\":1,\"bare\":true,\"rows\":true}\n");
	CHECK(back != NULL && back->bare && back->rows);
	wire_frame_free(back);
	f = wire_frame_of(WIRE_RELAY);
	f.as = "lin";
	back = around(&f, &out);
	CHECK_STR(dw_buf_str(&out), "{\"op\":\"relay\",\"as\":\"lin\"}\n");
	if (CHECK(back != NULL))
		CHECK_STR(back->as, "lin");
	wire_frame_free(back);
	dw_buf_fini(&out);
}

static void
a_session_and_an_event_are_rows_of_their_own(void)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	struct ev_session s = { .sid = 3, .state = EV_STATE_WAITING };
	struct ev_event ev = ev_event_of(EV_NOTE);

	CHECK_INT(wire_session_encode(&out, 41, &s), 0);
	ev.sid = 3;
	ev.who = "lin";
	ev.body = "a\nb";
	ev.len = 3;
	CHECK_INT(wire_event_encode(&out, &ev), 0);
	CHECK_STR(dw_buf_str(&out),
	    "{\"seq\":41,\"sid\":3,\"state\":\"waiting\"}\n"
	    "{\"sid\":3,\"ev\":\"note\",\"who\":\"lin\","
	    "\"text\":\"a\\nb\"}\n");
	dw_buf_fini(&out);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_reply_travels_as_it_is_documented),
		T(every_op_comes_back_as_itself),
		T(the_end_of_a_replay_brings_when_things_happened_and_no_more),
		T(a_welcome_brings_sessions_commands_and_listeners),
		T(a_reply_carries_its_key_and_what_its_writer_had_seen),
		T(only_the_list_of_the_frame_itself_has_its_sessions),
		T(a_list_of_sessions_that_is_broken_is_refused),
		T(who_looks_at_whom_travels_both_ways),
		T(who_types_and_who_watches_travels_both_ways),
		T(who_is_there_comes_with_a_welcome_and_behind_a_replay),
		T(a_ping_and_its_pong_have_one_id),
		T(any_bytes_of_a_body_arrive_as_they_were),
		T(an_event_keeps_all_its_members),
		T(a_name_that_is_no_text_is_shown_and_not_lost),
		T(what_is_not_known_is_passed_over),
		T(what_is_no_frame_is_refused_with_a_sentence),
		T(deep_nesting_is_refused_before_it_costs_stack),
		T(the_longest_frame_is_taken_and_one_byte_more_is_not),
		T(damaged_frames_never_do_harm),
		T(what_is_absent_is_not_written),
		T(a_program_says_so_and_a_relay_for_whom_it_comes),
		T(a_session_and_an_event_are_rows_of_their_own),
	};

	return t_main("op", cases, sizeof cases / sizeof cases[0]);
}
