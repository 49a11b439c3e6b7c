/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turn-taking with the tutorial's client, rule by rule. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/quit.h"
#include "base/text.h"
#include "desk/turn.h"
#include "t.h"

#define HOLDING "please wait"
#define S(n)    ((n) * DW_SECOND)

static const struct desk_turn_times times = { S(45), S(30), S(10) };
static struct desk_chunk chunk;

static void
add(struct desk_turn *t, const char *text, uint64_t n, int64_t now)
{
	CHECK_INT(desk_turn_add(t, text, strlen(text), n, now), 0);
}

static bool
next(struct desk_turn *t, int64_t now)
{
	return desk_turn_next(t, HOLDING, now, &chunk);
}

/* Exactly this text is due at this time, and not a moment before. */
static void
due(struct desk_turn *t, int64_t at, const char *text)
{
	CHECK_INT(desk_turn_deadline(t), at);
	CHECK(!next(t, at - 1));
	if (CHECK(next(t, at)))
		CHECK_MEM(chunk.bytes, chunk.len, text, strlen(text));
}

static void
init(struct desk_turn *t)
{
	desk_turn_init(t, &times);
	memset(&chunk, 0, sizeof chunk);
}

static void
a_client_that_owes_and_is_owed_nothing_has_no_deadline(void)
{
	struct desk_turn t;

	init(&t);
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	CHECK(!next(&t, S(1000)));
	desk_turn_fini(&t);
}

static void
an_owed_answer_goes_at_once_and_only_once(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_wrote(&t, false, S(1));
	add(&t, "hello", 1, S(5));
	due(&t, S(5), "hello");
	CHECK_INT(chunk.n, 1);
	CHECK(!chunk.last);
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	desk_turn_fini(&t);
}

static void
text_that_is_not_owed_waits_thirty_seconds_and_goes_unasked(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(100));
	add(&t, "b", 2, S(110));
	due(&t, S(130), "a\nb");
	CHECK_INT(chunk.n, 2);
	desk_turn_fini(&t);
}

static void
nothing_more_goes_until_the_client_has_taken_what_lies_there(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	due(&t, S(30), "a");
	add(&t, "b", 2, S(31));
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	CHECK(!next(&t, S(100000)));
	/* It writes, and reads "a" for its answer: it is its turn again. */
	desk_turn_wrote(&t, false, S(500));
	due(&t, S(530), "b");
	desk_turn_fini(&t);
}

static void
a_message_while_text_is_held_leaves_ten_seconds_to_add_to_it(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	desk_turn_wrote(&t, false, S(20));
	due(&t, S(30), "a");
	desk_turn_fini(&t);
}

static void
what_is_added_then_goes_at_once_with_what_was_held(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	desk_turn_wrote(&t, false, S(20));
	add(&t, "b", 2, S(23));
	due(&t, S(23), "a\nb");
	desk_turn_fini(&t);
}

static void
a_client_without_an_answer_gets_a_holding_line_at_45_seconds(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_wrote(&t, false, S(7));
	due(&t, S(52), HOLDING);
	CHECK_INT(chunk.n, 0);
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	desk_turn_fini(&t);
}

static void
a_poll_is_answered_at_once_with_what_is_there(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_wrote(&t, true, S(50));
	due(&t, S(50), HOLDING);
	add(&t, "a", 1, S(51));
	desk_turn_wrote(&t, true, S(52));
	due(&t, S(52), "a");
	desk_turn_fini(&t);
}

static void
a_poll_while_a_chunk_lies_unread_is_answered_by_that_chunk(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	due(&t, S(30), "a");
	desk_turn_wrote(&t, true, S(40));
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	desk_turn_fini(&t);
}

static void
the_desks_own_sentence_hides_no_reply_in_the_same_chunk(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 7, S(0));
	add(&t, "Your message is kept.", 0, S(0));
	desk_turn_wrote(&t, true, S(1));
	CHECK(next(&t, S(1)));
	CHECK_INT(chunk.n, 7);
	desk_turn_fini(&t);
}

/* Puts text of one repeated character through in turns, and checks each
 * chunk; what came out must be what went in. */
static void
chop(const char *character, int count)
{
	struct dw_buf in = DW_BUF_INITIALIZER, out = DW_BUF_INITIALIZER;
	struct desk_turn t;

	init(&t);
	dw_buf_addc(&in, 'x');
	for (int i = 0; i < count; i++)
		dw_buf_adds(&in, character);
	add(&t, in.data, 3, S(0));
	for (int64_t now = S(1); desk_turn_held(&t) > 0; now += S(1)) {
		desk_turn_wrote(&t, true, now);
		if (!CHECK(next(&t, now)))
			break;
		CHECK(chunk.len > 0 && chunk.len <= DESK_CHUNK_MAX);
		CHECK_INT(dw_text_valid(chunk.bytes, chunk.len), chunk.len);
		CHECK_INT(chunk.n, desk_turn_held(&t) == 0 ? 3 : 0);
		dw_buf_add(&out, chunk.bytes, chunk.len);
	}
	CHECK_MEM(out.data, out.len, in.data, in.len);
	dw_buf_fini(&in);
	dw_buf_fini(&out);
	desk_turn_fini(&t);
}

static void
no_chunk_is_longer_than_one_recv_or_cut_inside_a_character(void)
{
	for (int count = 250; count < 700; count += 7) {
		chop("a", count);
		chop("é", count);
		chop("订", count);
		chop("😀", count);
		chop("e\xcc\x81\xcc\x81\xcc\x81", count);
	}
	chop("a", 5000);
	chop("\xcc\x81", 3000);
}

static void
bytes_that_are_no_characters_go_too(void)
{
	char junk[3000];
	struct desk_turn t;
	size_t all = 0;

	memset(junk, 0x80, sizeof junk);
	init(&t);
	CHECK_INT(desk_turn_add(&t, junk, sizeof junk, 1, S(0)), 0);
	for (int64_t now = S(1); desk_turn_held(&t) > 0; now += S(1)) {
		desk_turn_wrote(&t, true, now);
		if (!CHECK(next(&t, now)))
			break;
		all += chunk.len;
	}
	CHECK_INT(all, sizeof junk);
	desk_turn_fini(&t);
}

static void
guards(const char *text, const char *want)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	CHECK_INT(dw_quit_guard(&out, text, strlen(text)), 0);
	CHECK_MEM(out.data, out.len, want, strlen(want));
	dw_buf_fini(&out);
}

static void
a_quit_inside_longer_text_is_made_harmless_and_nothing_else(void)
{
	guards("press quit now", "press q\xe2\x81\xa0uit now");
	guards("quitquit", "q\xe2\x81\xa0uitq\xe2\x81\xa0uit");
	guards("quiquit", "quiq\xe2\x81\xa0uit");
	guards("qui", "qui");
	guards("quite", "q\xe2\x81\xa0uite");
	guards("Quit", "Quit");
	guards("退出 quit 即可", "退出 q\xe2\x81\xa0uit 即可");
}

static void
a_quit_that_is_all_there_is_stays_one(void)
{
	guards("quit", "quit");
	guards(" quit\r\n", " quit\r\n");
	CHECK(dw_is_quit("quit", 4));
	CHECK(dw_is_quit("\t quit\n", 7));
	CHECK(!dw_is_quit("quit.", 5));
	CHECK(!dw_is_quit("", 0));
	CHECK(!dw_is_quit("qui", 3));
}

static void
a_quit_typed_by_an_operator_is_the_last_chunk(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_wrote(&t, false, S(1));
	add(&t, "quit", 1, S(2));
	due(&t, S(2), "quit");
	CHECK(chunk.last);
	CHECK_INT(chunk.n, 1);
	add(&t, "too late", 2, S(3));
	CHECK(!next(&t, S(1000)));
	desk_turn_fini(&t);
}

static void
no_quit_arises_where_a_chunk_is_cut(void)
{
	struct desk_turn t;
	char text[DESK_CHUNK_MAX + 8];

	for (size_t before = DESK_CHUNK_MAX - 12; before < DESK_CHUNK_MAX;
	    before++) {
		memset(text, 'a', before);
		memcpy(text + before, "quit.", 6);
		init(&t);
		add(&t, text, 1, S(0));
		for (int64_t now = S(1); desk_turn_held(&t) > 0; now += S(1)) {
			desk_turn_wrote(&t, true, now);
			CHECK(next(&t, now));
			CHECK(memmem(chunk.bytes, chunk.len, "quit", 4) ==
			    NULL);
		}
		desk_turn_fini(&t);
	}
}

static void
the_last_chunk_is_the_goodbye_and_ends_in_quit(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	desk_turn_end(&t, "bye", false, S(1));
	CHECK(next(&t, S(1)));
	CHECK_MEM(chunk.bytes, chunk.len, "a\nbye\nquit", 10);
	CHECK(chunk.last);
	CHECK_INT(chunk.n, 1);
	CHECK_INT(desk_turn_deadline(&t), DW_NEVER);
	desk_turn_wrote(&t, true, S(2));
	CHECK(!next(&t, S(1000)));
	desk_turn_fini(&t);
}

static void
a_goodbye_without_words_is_quit_alone(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_end(&t, "", false, S(1));
	due(&t, S(1), "quit");
	CHECK(chunk.last);
	desk_turn_fini(&t);
}

static void
a_goodbye_waits_until_the_unread_chunk_is_taken(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	due(&t, S(30), "a");
	desk_turn_end(&t, "bye", false, S(31));
	CHECK(!next(&t, S(10000)));
	desk_turn_wrote(&t, false, S(40));
	desk_turn_wrote(&t, false, S(41));
	CHECK(next(&t, S(41)));
	CHECK_MEM(chunk.bytes, chunk.len, "bye\nquit", 8);
	desk_turn_fini(&t);
}

static void
an_owed_client_hears_the_goodbye_at_once(void)
{
	struct desk_turn t;

	init(&t);
	desk_turn_wrote(&t, false, S(1));
	desk_turn_end(&t, "bye", false, S(2));
	due(&t, S(2), "bye\nquit");
	desk_turn_fini(&t);
}

static void
text_held_at_the_end_that_is_too_long_goes_in_several_turns(void)
{
	struct desk_turn t;
	char text[1500];
	int turns = 0;

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	init(&t);
	add(&t, text, 1, S(0));
	desk_turn_end(&t, "bye", false, S(0));
	for (int64_t now = S(0); turns < 9 && !chunk.last; now += S(40)) {
		desk_turn_wrote(&t, true, now);
		turns += next(&t, now);
	}
	CHECK_INT(turns, 2);
	CHECK(chunk.last);
	CHECK_INT(chunk.n, 1);
	desk_turn_fini(&t);
}

static void
now_or_never_drops_what_does_not_fit_into_one_chunk(void)
{
	struct desk_turn t;
	char text[1500];

	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	init(&t);
	add(&t, text, 1, S(0));
	desk_turn_end(&t, "bye", true, S(1));
	due(&t, S(1), "bye\nquit");
	CHECK_INT(chunk.n, 0);
	desk_turn_fini(&t);
}

static void
now_or_never_keeps_what_fits(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 4, S(0));
	desk_turn_end(&t, "bye", true, S(1));
	due(&t, S(1), "a\nbye\nquit");
	CHECK_INT(chunk.n, 4);
	desk_turn_fini(&t);
}

static void
now_or_never_puts_only_quit_beside_an_unread_chunk(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	due(&t, S(30), "a");
	desk_turn_end(&t, "bye", true, S(31));
	due(&t, S(31), "quit");
	CHECK(chunk.last);
	desk_turn_fini(&t);
}

static void
now_or_never_hurries_a_goodbye_that_waits(void)
{
	struct desk_turn t;

	init(&t);
	add(&t, "a", 1, S(0));
	due(&t, S(30), "a");
	desk_turn_end(&t, "bye", false, S(31));
	desk_turn_end(&t, "", true, S(91));
	due(&t, S(91), "quit");
	desk_turn_fini(&t);
}

/* GB18030 writes two bytes of UTF-8 as four. */
static void
where_text_grows_a_chunk_has_room_for_twice_as_much(void)
{
	struct desk_turn t;
	size_t all = 0;

	init(&t);
	t.grows = true;
	for (int i = 0; i < 100; i++)
		add(&t, "ãããããããããã", 1, 0);
	while (desk_turn_held(&t) > 0) {
		desk_turn_wrote(&t, true, S(100));
		if (!CHECK(next(&t, S(100))))
			break;
		CHECK(chunk.len <= DESK_CHUNK_MAX / 2);
		all += chunk.len;
	}
	CHECK_INT(all, 100 * 20 + 99);
	desk_turn_fini(&t);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_client_that_owes_and_is_owed_nothing_has_no_deadline),
		T(an_owed_answer_goes_at_once_and_only_once),
		T(text_that_is_not_owed_waits_thirty_seconds_and_goes_unasked),
		T(nothing_more_goes_until_the_client_has_taken_what_lies_there),
		T(a_message_while_text_is_held_leaves_ten_seconds_to_add_to_it),
		T(what_is_added_then_goes_at_once_with_what_was_held),
		T(a_client_without_an_answer_gets_a_holding_line_at_45_seconds),
		T(a_poll_is_answered_at_once_with_what_is_there),
		T(a_poll_while_a_chunk_lies_unread_is_answered_by_that_chunk),
		T(the_desks_own_sentence_hides_no_reply_in_the_same_chunk),
		T(no_chunk_is_longer_than_one_recv_or_cut_inside_a_character),
		T(bytes_that_are_no_characters_go_too),
		T(a_quit_inside_longer_text_is_made_harmless_and_nothing_else),
		T(a_quit_that_is_all_there_is_stays_one),
		T(a_quit_typed_by_an_operator_is_the_last_chunk),
		T(no_quit_arises_where_a_chunk_is_cut),
		T(the_last_chunk_is_the_goodbye_and_ends_in_quit),
		T(a_goodbye_without_words_is_quit_alone),
		T(a_goodbye_waits_until_the_unread_chunk_is_taken),
		T(an_owed_client_hears_the_goodbye_at_once),
		T(text_held_at_the_end_that_is_too_long_goes_in_several_turns),
		T(now_or_never_drops_what_does_not_fit_into_one_chunk),
		T(now_or_never_keeps_what_fits),
		T(now_or_never_puts_only_quit_beside_an_unread_chunk),
		T(now_or_never_hurries_a_goodbye_that_waits),
		T(where_text_grows_a_chunk_has_room_for_twice_as_much),
	};

	return t_main("turn", cases, sizeof cases / sizeof cases[0]);
}
