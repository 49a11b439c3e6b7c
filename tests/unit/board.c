/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What becomes of the frames that the link brings: rows, marks, counts. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "console/board.h"
#include "console/prompt.h"
#include "t.h"

#define FIRST (1000 * DW_SECOND) /* when the tests begin, in ns */

static struct con_board board;
static uint64_t seq;

/* What the link brings. */
static void
bring(enum con_news_kind kind, struct wire_frame *f, int64_t now_ns)
{
	struct con_news news = { .kind = kind,
		.frame = f,
		.at_ns = now_ns,
		.generation = 1 };

	con_board_news(&board, &news);
	CHECK(news.frame == NULL);
}

/* Posts a copy, as the link would have parsed it. */
static void
post(const struct wire_frame *f, int64_t now_ns)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	struct wire_frame *copy = NULL;
	const char *why;

	CHECK_INT(wire_frame_encode(&b, f), 0);
	CHECK_INT(wire_frame_parse(b.data, b.len - 1, &copy, &why), 0);
	bring(CON_NEWS_FRAME, copy, now_ns);
	dw_buf_fini(&b);
}

static struct wire_frame
event(enum ev_kind kind, uint64_t sid, uint64_t n)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);

	f.ev.seq = ++seq;
	f.ev.t_ms = (int64_t)seq * 1000;
	f.ev.sid = sid;
	f.ev.n = n;
	f.ev.kind = kind;
	f.ev.body = "hello";
	f.ev.len = 5;
	return f;
}

static void
happens(enum ev_kind kind, uint64_t sid, uint64_t n, int64_t now_ns)
{
	struct wire_frame f = event(kind, sid, n);

	if (kind == EV_REPLY)
		f.ev.who = "lin";
	post(&f, now_ns);
}

/* A reply that this console has sent. */
static void
we_reply(uint64_t sid, uint64_t n, int64_t now_ns)
{
	struct wire_frame f = event(EV_REPLY, sid, n);

	f.ev.who = "lin";
	f.ev.key = board.mirror.key;
	post(&f, now_ns);
}

/* A board that was welcomed and taken empty. */
static void
begin(bool flood_limit)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct dw_list items;

	seq = 0;
	con_board_init(&board, flood_limit);
	memset(board.mirror.key.bytes, 7, EV_KEY_CONSOLE);
	f.v = 1;
	f.name = "lin";
	post(&f, FIRST);
	dw_list_init(&items);
	con_board_take(&board, FIRST, 100, &items);
	con_item_free(DW_LIST_OF(dw_list_take(&items), struct con_item, node));
	CHECK(dw_list_empty(&items));
}

/* What was taken: a letter an item. */
static char taken[4096];
static uint64_t taken_count, taken_unsent;
static enum con_mark taken_mark;

static void
note(const struct con_item *item)
{
	static const char letters[] = {
		[CON_ITEM_EVENT] = 'e',
		[CON_ITEM_NOTICE] = 'n',
		[CON_ITEM_ANSWER] = 'a',
		[CON_ITEM_WELCOME] = 'w',
		[CON_ITEM_LIVE] = 'l',
		[CON_ITEM_BYE] = 'b',
		[CON_ITEM_LOST] = 'x',
		[CON_ITEM_ENDED] = 'z',
		[CON_ITEM_MORE] = 'm',
		[CON_ITEM_PAST] = 'p',
		[CON_ITEM_DROPPED] = 'd',
	};
	size_t len = strlen(taken);

	taken[len] = letters[item->kind];
	taken[len + 1] = '\0';
	if (item->count != 0)
		taken_count = item->count;
	taken_mark = item->mark;
	taken_unsent = item->unsent;
}

static int64_t
take(int64_t now_ns, size_t max)
{
	struct dw_list items, *n;
	int64_t again;

	taken[0] = '\0';
	dw_list_init(&items);
	again = con_board_take(&board, now_ns, max, &items);
	while ((n = dw_list_take(&items)) != NULL) {
		struct con_item *item = DW_LIST_OF(n, struct con_item, node);

		if (strlen(taken) < sizeof taken - 2)
			note(item);
		con_item_free(item);
	}
	return again;
}

static void
rows_come_in_order(void)
{
	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	happens(EV_SAID, 3, 1, FIRST);
	CHECK_INT(take(FIRST, 1), FIRST);
	CHECK_STR(taken, "e");
	CHECK_INT(take(FIRST, 10), DW_NEVER);
	CHECK_STR(taken, "e");
	CHECK(con_board_is_empty(&board));
	con_board_fini(&board);
}

static void
an_event_seen_before_is_no_row(void)
{
	struct wire_frame f;

	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	f = event(EV_SAID, 3, 1);
	post(&f, FIRST);
	post(&f, FIRST);
	take(FIRST, 10);
	CHECK_STR(taken, "ee");
	CHECK_INT(board.mirror.seq, 2);
	con_board_fini(&board);
}

static void
too_many_rows_drop_the_oldest_and_count_them(void)
{
	begin(false);
	board.max_rows = 10;
	happens(EV_ARRIVED, 3, 0, FIRST);
	for (uint64_t n = 1; n <= 30; n++)
		happens(EV_SAID, 3, n, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "deeeeeeeeee");
	CHECK_INT(taken_count, 21);
	CHECK_INT(con_mirror_find(&board.mirror, 3)->facts.in, 30);
	con_board_fini(&board);
}

static void
answers_are_never_dropped(void)
{
	struct wire_frame ok = wire_frame_of(WIRE_OK);

	begin(false);
	board.max_rows = 5;
	happens(EV_ARRIVED, 3, 0, FIRST);
	ok.id = 7;
	post(&ok, FIRST);
	for (uint64_t n = 1; n <= 30; n++)
		happens(EV_SAID, 3, n, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "daeeeee");
	con_board_fini(&board);
}

static void
what_says_that_our_reply_is_stored_is_never_dropped(void)
{
	begin(false);
	board.max_rows = 5;
	happens(EV_ARRIVED, 3, 0, FIRST);
	we_reply(3, 1, FIRST);
	happens(EV_SENT, 3, 1, FIRST);
	for (uint64_t n = 1; n <= 30; n++)
		happens(EV_SAID, 3, n, FIRST);
	take(FIRST, 1);
	CHECK_STR(taken, "de");
	CHECK_INT(taken_mark, CON_MARK_SENT);
	con_board_fini(&board);
}

static void
past(uint64_t id, enum ev_kind kind, uint64_t sid, uint64_t n)
{
	struct wire_frame f = event(kind, sid, n);

	f.op = WIRE_PAST;
	f.id = id;
	f.ev.seq = 0;
	post(&f, FIRST);
}

static const struct dw_charset *
charset(const char *name)
{
	return dw_charset_find(name, strlen(name));
}

/* A page of messages and what was said of their encoding; after it, a letter for
 * each message. */
static const char *
read_in(const struct ev_event *evs, size_t n)
{
	static char letters[32];
	struct wire_frame f = wire_frame_of(WIRE_OK);
	struct dw_list items, *at;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		struct wire_frame past = wire_frame_of(WIRE_PAST);

		past.id = 7;
		past.ev = evs[i];
		past.ev.sid = 3;
		past.ev.who = past.ev.who != NULL ? past.ev.who : "";
		past.ev.addr = past.ev.body = "";
		past.ev.why = past.ev.why != NULL ? past.ev.why : "";
		post(&past, FIRST);
	}
	f.id = 7;
	post(&f, FIRST);
	dw_list_init(&items);
	con_board_take(&board, FIRST, 100, &items);
	while ((at = dw_list_take(&items)) != NULL) {
		struct con_item *item = DW_LIST_OF(at, struct con_item, node);

		if (item->kind == CON_ITEM_EVENT)
			letters[len++] = item->charset == NULL ? '-' :
			    item->charset == charset("gbk")    ? 'g' :
			    item->charset == charset("big5")   ? 'b' :
								 'u';
		con_item_free(item);
	}
	letters[len] = '\0';
	return letters;
}

static void
a_message_of_the_past_is_read_as_its_customer_wrote_it(void)
{
#define SAID(at) { .kind = EV_SAID, .seq = at }
#define IN(at, whose, enc) \
	{ .kind = EV_CHARSET, .seq = at, .who = whose, .why = enc }
	static const struct ev_event
	    none[] = { SAID(2), SAID(4) },
	    first_holds_from_the_start[] = { SAID(2), SAID(6),
		    IN(5, "", "gbk") },
	    own_word_holds_from_there[] = { SAID(2), SAID(4), SAID(6),
		    IN(1, "", "gbk"), IN(5, "", "big5") },
	    operator_corrects[] = { SAID(2), SAID(4), SAID(6),
		    IN(3, "lin", "big5"), IN(5, "lin", "gbk") },
	    operator_corrects_since_own_word[] = { SAID(2), SAID(4), SAID(6),
		    IN(1, "", "utf-8"), IN(3, "", "big5"),
		    IN(7, "lin", "gbk") };
	begin(true);
	CHECK_STR(read_in(none, 2), "--");
	CHECK_STR(read_in(first_holds_from_the_start, 3), "gg");
	CHECK_STR(read_in(own_word_holds_from_there, 5), "ggb");
	CHECK_STR(read_in(operator_corrects, 5), "ggg");
	CHECK_STR(read_in(operator_corrects_since_own_word, 6), "ugg");
	CHECK_INT(board.ncharsets, 0);
	con_board_fini(&board);
#undef SAID
#undef IN
}

static void
a_reply_waits_shortly_for_its_mark(void)
{
	const int64_t late = FIRST + CON_HOLD_MS * DW_MS;

	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	happens(EV_REPLY, 3, 1, FIRST);
	happens(EV_SAID, 3, 1, FIRST);
	CHECK_INT(take(FIRST, 10), late);
	CHECK_STR(taken, "e");
	happens(EV_SENT, 3, 1, FIRST);
	CHECK_INT(take(FIRST, 1), FIRST);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_mark, CON_MARK_SENT);
	happens(EV_REPLY, 3, 2, FIRST);
	take(FIRST, 10);
	CHECK_STR(taken, "e");
	take(late, 10);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_mark, CON_MARK_STORED);
	con_board_fini(&board);
}

static void
a_reply_says_that_it_waits_for_a_classic_customers_turn(void)
{
	const int64_t late = FIRST + CON_HOLD_MS * DW_MS;
	struct wire_frame f, ok = wire_frame_of(WIRE_OK);

	begin(true);
	f = event(EV_ARRIVED, 3, 0);
	f.ev.mode = EV_MODE_CLASSIC;
	post(&f, FIRST);
	happens(EV_REPLY, 3, 1, FIRST);
	happens(EV_SENT, 3, 1, FIRST);
	take(FIRST, 10);
	CHECK_INT(taken_mark, CON_MARK_SENT);
	happens(EV_REPLY, 3, 2, FIRST);
	take(late, 10);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_mark, CON_MARK_HELD);
	past(4, EV_REPLY, 3, 2);
	ok.id = 4;
	post(&ok, FIRST);
	take(late, 2);
	CHECK_STR(taken, "pe");
	CHECK_INT(taken_mark, CON_MARK_HELD);
	con_board_fini(&board);
}

static void
an_end_waits_shortly_for_what_leaves_with_it(void)
{
	const int64_t late = FIRST + CON_HOLD_MS * DW_MS;

	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	happens(EV_REPLY, 3, 1, FIRST);
	happens(EV_REPLY, 3, 2, FIRST);
	take(late, 10);
	happens(EV_CLOSED, 3, 0, FIRST);
	CHECK_INT(take(FIRST, 10), late);
	CHECK_STR(taken, "");
	happens(EV_SENT, 3, 1, FIRST);
	CHECK_INT(take(FIRST, 10), late);
	happens(EV_SENT, 3, 2, FIRST);
	take(FIRST, 10);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_unsent, 0);
	con_board_fini(&board);
}

static void
an_end_says_what_has_not_left_by_then(void)
{
	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	happens(EV_REPLY, 3, 1, FIRST);
	happens(EV_REPLY, 3, 2, FIRST);
	happens(EV_CLOSED, 3, 0, FIRST);
	happens(EV_SENT, 3, 1, FIRST);
	take(FIRST + CON_HOLD_MS * DW_MS, 10);
	CHECK_STR(taken, "eeee");
	CHECK_INT(taken_unsent, 1);
	con_board_fini(&board);
}

static void
a_flood_beside_the_selected_is_counted(void)
{
	const int64_t later = FIRST + CON_FLOOD_MS * DW_MS;

	begin(true);
	happens(EV_ARRIVED, 3, 0, FIRST);
	happens(EV_ARRIVED, 5, 0, FIRST);
	CHECK_INT(con_mirror_select(&board.mirror, 3), 0);
	for (uint64_t n = 1; n <= 40; n++)
		happens(EV_SAID, 5, n, FIRST);
	CHECK_INT(take(FIRST, 100), later);
	CHECK_INT(strlen(taken), 2 + CON_FLOOD_BURST);
	CHECK(!con_board_is_empty(&board));
	take(later, 100);
	CHECK_STR(taken, "m");
	CHECK_INT(taken_count, 20);
	CHECK(con_board_is_empty(&board));
	happens(EV_SAID, 5, 41, later);
	take(later, 100);
	CHECK_STR(taken, "e");
	happens(EV_SAID, 5, 42, later);
	take(later, 100);
	CHECK_STR(taken, "");
	/* All of it is there when it is selected. */
	CHECK_INT(con_unread(con_mirror_find(&board.mirror, 5)), 42);
	con_board_fini(&board);
}

static void
a_paste_is_no_flood(void)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);

	begin(true);
	f.v = 1;
	f.name = "lin";
	f.burst = 6;
	post(&f, FIRST);
	happens(EV_ARRIVED, 5, 0, FIRST);
	for (uint64_t n = 1; n <= 7; n++)
		happens(EV_SAID, 5, n, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "weeeeeee");
	take(FIRST + DW_SECOND, 100);
	CHECK_STR(taken, "m");
	CHECK_INT(taken_count, 1);
	/* After a while another one may come. */
	for (uint64_t n = 8; n <= 13; n++)
		happens(EV_SAID, 5, n, FIRST + 60 * DW_SECOND);
	take(FIRST + 60 * DW_SECOND, 100);
	CHECK_STR(taken, "eeeeee");
	con_board_fini(&board);
}

static void
a_colleagues_reply_that_was_dropped_is_not_seen(void)
{
	struct con_seen *seen;

	begin(false);
	board.max_rows = 4;
	happens(EV_ARRIVED, 5, 0, FIRST);
	happens(EV_SAID, 5, 1, FIRST);
	happens(EV_REPLY, 5, 1, FIRST); /* of another console of ours */
	for (uint64_t n = 2; n <= 10; n++)
		happens(EV_SAID, 5, n, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "deeee");
	seen =
	    con_mirror_seen(&board.mirror, con_mirror_find(&board.mirror, 5));
	CHECK_INT(seen->lost, 3);
	con_seen_row(seen, seq);
	con_mirror_painted(&board.mirror, true, CON_SEEN_NS, FIRST);
	CHECK_INT(con_seen_upto(seen, FIRST + DW_SECOND), 2);
	con_board_fini(&board);
}

static void
a_page_of_the_past_that_lost_a_row_is_known(void)
{
	begin(false);
	board.max_rows = 4;
	for (uint64_t n = 1; n <= 4; n++)
		past(6, EV_SAID, 9, n);
	CHECK_INT(board.past_dropped, 0);
	past(6, EV_SAID, 9, 5);
	CHECK_INT(board.past_dropped, 6);
	con_board_fini(&board);
}

static void
a_mark_of_the_desk_is_no_row(void)
{
	struct wire_frame f = wire_frame_of(WIRE_READ);

	begin(true);
	happens(EV_ARRIVED, 5, 0, FIRST);
	happens(EV_SAID, 5, 1, FIRST);
	f.sid = 5;
	f.seq = seq;
	f.n = 1;
	post(&f, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "ee");
	CHECK_INT(con_unread(con_mirror_find(&board.mirror, 5)), 0);
	con_board_fini(&board);
}

static void
a_flood_of_datagrams_is_counted(void)
{
	const int64_t later = FIRST + CON_FLOOD_MS * DW_MS;

	begin(true);
	for (int n = 1; n <= 40; n++)
		happens(EV_UDP, 0, 1, FIRST);
	CHECK_INT(take(FIRST, 100), later);
	CHECK_INT(strlen(taken), CON_FLOOD_BURST);
	CHECK(!con_board_is_empty(&board));
	take(later, 100);
	CHECK_STR(taken, "m");
	CHECK_INT(taken_count, 20);
	CHECK(con_board_is_empty(&board));
	con_board_fini(&board);
}

static void
an_answer_over_udp_waits_for_its_mark(void)
{
	struct wire_frame f;
	uint64_t answer;

	begin(true);
	happens(EV_UDP_REPLY, 0, 0, FIRST);
	answer = seq;
	CHECK_INT(take(FIRST, 10), FIRST + CON_HOLD_MS * DW_MS);
	CHECK_STR(taken, "");
	happens(EV_UDP_SENT, 0, answer, FIRST);
	CHECK_INT(take(FIRST, 10), DW_NEVER);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_mark, CON_MARK_SENT);
	happens(EV_UDP_REPLY, 0, 0, FIRST);
	f = event(EV_UDP_SENT, 0, seq);
	f.ev.why = EV_WHY_UNREACHABLE;
	post(&f, FIRST);
	take(FIRST, 10);
	CHECK_STR(taken, "e");
	CHECK_INT(taken_mark, CON_MARK_FAILED);
	con_board_fini(&board);
}

static void
the_selected_one_is_shown_in_full(void)
{
	begin(true);
	happens(EV_ARRIVED, 5, 0, FIRST);
	CHECK_INT(con_mirror_select(&board.mirror, 5), 0);
	for (uint64_t n = 1; n <= 40; n++)
		happens(EV_SAID, 5, n, FIRST);
	take(FIRST, 100);
	CHECK_INT(strlen(taken), 41);
	con_board_fini(&board);
}

static void
a_flood_is_counted_before_its_session_ends(void)
{
	begin(true);
	happens(EV_ARRIVED, 5, 0, FIRST);
	board.burst = 4;
	for (uint64_t n = 1; n <= 10; n++)
		happens(EV_SAID, 5, n, FIRST);
	happens(EV_CLOSED, 5, 0, FIRST);
	CHECK_INT(take(FIRST, 100), DW_NEVER);
	CHECK_STR(taken, "eeeeeme");
	CHECK_INT(taken_count, 6);
	con_board_fini(&board);
}

static void
history_comes_whole_with_its_answer(void)
{
	struct wire_frame ok = wire_frame_of(WIRE_OK);

	begin(true);
	past(4, EV_REPLY, 9, 1);
	past(4, EV_SENT, 9, 1);
	past(4, EV_REPLY, 9, 2);
	take(FIRST, 100);
	CHECK_STR(taken, "");
	ok.id = 4;
	post(&ok, FIRST);
	take(FIRST, 1);
	CHECK_STR(taken, "p");
	CHECK_INT(taken_count, 2);
	take(FIRST, 1);
	CHECK_INT(taken_mark, CON_MARK_SENT);
	take(FIRST, 1);
	CHECK_INT(taken_mark, CON_MARK_DOUBT);
	take(FIRST, 1);
	CHECK_STR(taken, "a");
	con_board_fini(&board);
}

static void
a_note_of_the_past_is_shown_and_not_counted(void)
{
	struct wire_frame ok = wire_frame_of(WIRE_OK);

	begin(true);
	past(4, EV_REPLY, 9, 1);
	past(4, EV_NOTE, 9, 0);
	past(4, EV_MSG, 9, 0);
	past(4, EV_REPLY, 9, 2);
	ok.id = 4;
	post(&ok, FIRST);
	take(FIRST, 1);
	CHECK_STR(taken, "p");
	CHECK_INT(taken_count, 2);
	take(FIRST, 100);
	CHECK_STR(taken, "eeeea");
	con_board_fini(&board);
}

static void
history_of_who_is_here_may_still_be_sent(void)
{
	struct wire_frame ok = wire_frame_of(WIRE_OK);

	begin(true);
	happens(EV_ARRIVED, 9, 0, FIRST);
	take(FIRST, 10);
	past(4, EV_REPLY, 9, 1);
	ok.id = 4;
	post(&ok, FIRST);
	take(FIRST, 2);
	CHECK_STR(taken, "pe");
	CHECK_INT(taken_mark, CON_MARK_STORED);
	con_board_fini(&board);
}

static void
a_lost_link_forgets_half_an_answer(void)
{
	begin(true);
	past(4, EV_REPLY, 9, 1);
	bring(CON_NEWS_LOST, NULL, FIRST);
	take(FIRST, 100);
	CHECK_STR(taken, "x");
	CHECK(con_board_is_empty(&board));
	con_board_fini(&board);
}

/* What was sent over the link before is given up by its number. */
static void
an_end_before_a_welcome_belongs_to_the_link_before(void)
{
	struct con_news bye = { .kind = CON_NEWS_FRAME, .at_ns = FIRST };
	struct wire_frame f = wire_frame_of(WIRE_BYE), *copy = NULL;
	struct dw_buf b = DW_BUF_INITIALIZER;
	const char *why;

	begin(true);
	CHECK_INT(wire_frame_encode(&b, &f), 0);
	CHECK_INT(wire_frame_parse(b.data, b.len - 1, &copy, &why), 0);
	bye.frame = copy;
	con_board_news(&board, &bye);
	CHECK_INT(board.generation, 1);
	dw_buf_fini(&b);
	con_board_fini(&board);
}

/* ---- promise 2 ---- */

/* The number in "[3 alice] 2 waiting 0:01> "; 0 for "[-]". */
static uint64_t
named_in(const char *prompt)
{
	return strtoull(prompt + 1, NULL, 10);
}

/* Something happens that the operator did not ask for. */
static void
stir(uint64_t *last_sid)
{
	static const enum ev_kind kinds[] = { EV_SAID, EV_REPLY, EV_SENT,
		EV_NAME, EV_GONE, EV_CLOSED };
	uint64_t sid = *last_sid == 0 ? 0 : 1 + (uint64_t)rand() % *last_sid;

	if (*last_sid == 0 || rand() % 4 == 0)
		happens(EV_ARRIVED, ++*last_sid, 0, FIRST);
	else
		happens(kinds[rand() % 6], sid, 1, FIRST);
}

static void
a_typed_line_goes_to_the_painted_session_or_nobody(void)
{
	int steps = t_size("steps", 20000), entered = 0;
	struct con_prompt prompt = { .bold_at = 0 };
	struct con_facts painted = { .sid = 0 };
	uint64_t last_sid = 0, moved_by_itself = 0;

	begin(true);
	srand(11);
	for (int i = 0; i < steps; i++) {
		uint64_t before;
		struct con_facts now;

		con_mirror_facts(&board.mirror, &now);
		before = now.sid;
		stir(&last_sid);
		take(FIRST + i * DW_MS, 1000);
		con_mirror_facts(&board.mirror, &now);
		moved_by_itself += now.sid != before;
		if (rand() % 3 == 0 && last_sid > 0)
			con_mirror_select(&board.mirror,
			    1 + (uint64_t)rand() % last_sid);
		if (rand() % 2 == 0) {
			con_mirror_facts(&board.mirror, &painted);
			CHECK_INT(con_prompt_format(&prompt, &painted,
				      1000000000,
				      (unsigned)(20 + rand() % 100)),
			    0);
		}
		if (rand() % 3 != 0 || prompt.text.len == 0)
			continue;
		/* Enter: painted.sid is what the terminal hands back. */
		entered++;
		if (painted.sid != named_in(dw_buf_str(&prompt.text)))
			CHECK_INT(painted.sid,
			    named_in(dw_buf_str(&prompt.text)));
	}
	CHECK(entered > steps / 10);
	CHECK_INT(moved_by_itself, 0);
	con_prompt_fini(&prompt);
	con_board_fini(&board);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(rows_come_in_order),
		T(an_event_seen_before_is_no_row),
		T(too_many_rows_drop_the_oldest_and_count_them),
		T(answers_are_never_dropped),
		T(what_says_that_our_reply_is_stored_is_never_dropped),
		T(a_message_of_the_past_is_read_as_its_customer_wrote_it),
		T(a_reply_waits_shortly_for_its_mark),
		T(a_reply_says_that_it_waits_for_a_classic_customers_turn),
		T(an_end_waits_shortly_for_what_leaves_with_it),
		T(an_end_says_what_has_not_left_by_then),
		T(a_flood_beside_the_selected_is_counted),
		T(a_paste_is_no_flood),
		T(a_colleagues_reply_that_was_dropped_is_not_seen),
		T(a_page_of_the_past_that_lost_a_row_is_known),
		T(a_mark_of_the_desk_is_no_row),
		T(a_flood_of_datagrams_is_counted),
		T(an_answer_over_udp_waits_for_its_mark),
		T(the_selected_one_is_shown_in_full),
		T(a_flood_is_counted_before_its_session_ends),
		T(history_comes_whole_with_its_answer),
		T(a_note_of_the_past_is_shown_and_not_counted),
		T(history_of_who_is_here_may_still_be_sent),
		T(a_lost_link_forgets_half_an_answer),
		T(an_end_before_a_welcome_belongs_to_the_link_before),
		T(a_typed_line_goes_to_the_painted_session_or_nobody),
	};

	return t_main("board", cases, sizeof cases / sizeof cases[0]);
}
