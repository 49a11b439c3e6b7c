/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sks_recv_until(). */
#include "config.h"

#include <pthread.h>

#include "rig.h"

#define READY "服务端已就绪"

static struct sks_socket *ours, *theirs;
static struct sks_stream *st;

static void
open_pair(int rbufsize)
{
	CHECK_INT(sks_socketpair(&ours, &theirs), 0);
	CHECK_INT(sks_settimeout(ours, SOON), 0);
	CHECK_INT(sks_settimeout(theirs, SOON), 0);
	CHECK_INT(sks_makefile(ours, rbufsize, 0, &st), 0);
}

static void
close_pair(void)
{
	sks_stream_free(st);
	sks_socket_free(ours);
	sks_socket_free(theirs);
}

static void
say_bytes(const char *data, size_t n)
{
	CHECK_INT(sks_send_bytes(theirs, data, n), 0);
}

static void
say(const char *text)
{
	say_bytes(text, strlen(text));
}

static void
end_theirs(void)
{
	CHECK_INT(sks_shutdown(theirs, SKS_SHUT_WR), 0);
}

/* What is left in the stream and its socket, all of it, is this. */
static void
expect_left(const char *want)
{
	char buf[256];
	ssize_t n = sks_stream_readn(st, buf, sizeof buf);

	CHECK_MEM(buf, (size_t)n, want, strlen(want));
}

static const char *const expected[] = { "quit", READY };

static char buf[64];
static size_t which;

static ssize_t
until(enum sks_form form, double seconds)
{
	return sks_recv_until(st, expected, 2, form, sks_after(seconds), buf,
	    sizeof buf, &which);
}

/* With nothing expected and room for size-1 bytes. */
static ssize_t
first(enum sks_form form, size_t size, double seconds)
{
	return sks_recv_until(st, NULL, 0, form, sks_after(seconds), buf, size,
	    NULL);
}

/* --- expected texts --- */

static void
cut_once(enum sks_form form, const char *text, size_t cut, size_t end)
{
	size_t len = strlen(text);

	open_pair(-1);
	say_bytes(text, cut);
	if (cut < end)
		CHECK_INT(until(form, 0.002), SKS_ETIMEDOUT);
	say_bytes(text + cut, len - cut);
	CHECK_INT(until(form, SOON), end);
	CHECK_MEM(buf, end, text, end);
	CHECK_INT(buf[end], 0);
	CHECK_INT(which, 1);
	end_theirs();
	expect_left(text + end);
	close_pair();
}

static void
an_expected_text_cut_anywhere_is_found_and_the_rest_kept(void)
{
	static const char text[] = "您好 " READY "订单";
	const size_t end = strlen("您好 " READY);

	for (size_t cut = 1; cut < sizeof text - 1; cut++) {
		cut_once(SKS_BYTES, text, cut, end);
		cut_once(SKS_TEXT, text, cut, end);
	}
}

/* The tutorial compares what one recv returns, so pieces never match. */
static void
an_expected_text_that_comes_byte_by_byte_is_found(void)
{
	open_pair(0);
	for (size_t i = 0; i < strlen(READY); i++) {
		CHECK_INT(until(SKS_TEXT, 0.001), SKS_ETIMEDOUT);
		say_bytes(&READY[i], 1);
	}
	CHECK_INT(until(SKS_TEXT, SOON), strlen(READY));
	CHECK_STR(buf, READY);
	close_pair();
}

static void
the_text_that_ends_first_wins(void)
{
	open_pair(-1);
	say("..quit" READY);
	CHECK_INT(until(SKS_BYTES, SOON), 6);
	CHECK_INT(which, 0);
	CHECK_INT(until(SKS_BYTES, SOON), 18);
	CHECK_INT(which, 1);
	close_pair();
}

static void
a_long_text_that_began_first_yields_to_a_short_one_inside_it(void)
{
	static const char *const texts[] = { "abcd", "bc", "c" };

	open_pair(-1);
	say("abcd");
	CHECK_INT(sks_recv_until(st, texts, 3, SKS_BYTES, sks_after(SOON), buf,
		      sizeof buf, &which),
	    3);
	CHECK_INT(which, 1); /* of two that end together, the first */
	close_pair();
}

static void
what_no_text_is_found_in_is_told_and_kept(void)
{
	open_pair(-1);
	say("0123456789");
	CHECK_INT(sks_recv_until(st, expected, 2, SKS_TEXT, sks_after(SOON),
		      buf, 8, NULL),
	    SKS_ETOOLONG);
	end_theirs();
	CHECK_INT(until(SKS_TEXT, SOON), SKS_EEOF);
	CHECK_INT(until(SKS_BYTES, SOON), SKS_EEOF);
	expect_left("0123456789");
	close_pair();
}

static void
a_text_that_just_fits_is_found_and_one_byte_less_room_is_too_little(void)
{
	open_pair(-1);
	say("0123quit");
	CHECK_INT(sks_recv_until(st, expected, 2, SKS_BYTES, sks_after(SOON),
		      buf, 8, NULL),
	    SKS_ETOOLONG);
	CHECK_INT(sks_recv_until(st, expected, 2, SKS_BYTES, sks_after(SOON),
		      buf, 9, NULL),
	    8);
	close_pair();
}

static void
questions_without_sense_are_refused(void)
{
	static const char *const empty[] = { "quit", "" };
	static const char *const broken[] = { "quit", "\xe5\xae" };

	open_pair(-1);
	CHECK_INT(sks_recv_until(st, empty, 2, SKS_BYTES, SKS_NEVER, buf, 9,
		      NULL),
	    SKS_EINVAL);
	CHECK_INT(sks_recv_until(st, broken, 2, SKS_TEXT, SKS_NEVER, buf, 9,
		      NULL),
	    SKS_EINVAL);
	CHECK_INT(first(SKS_BYTES, 1, SOON), SKS_EINVAL);
	CHECK_INT(first(SKS_TEXT, 4, SOON), SKS_EINVAL);
	close_pair();
}

/* --- nothing expected --- */

static void
with_nothing_expected_the_first_bytes_are_returned(void)
{
	open_pair(-1);
	say("hello");
	CHECK_INT(first(SKS_BYTES, sizeof buf, SOON), 5);
	CHECK_STR(buf, "hello");
	say_bytes("\xff\0x", 3);
	CHECK_INT(first(SKS_BYTES, 3, SOON), 2);
	CHECK_MEM(buf, 2, "\xff\0", 2);
	CHECK_INT(first(SKS_BYTES, 3, 0), 1); /* it is here already */
	CHECK_INT(first(SKS_BYTES, 3, 0.002), SKS_ETIMEDOUT);
	end_theirs();
	CHECK_INT(first(SKS_BYTES, 3, SOON), 0);
	CHECK_STR(buf, "");
	close_pair();
}

static void
unbuffered_the_first_bytes_leave_the_rest_in_the_socket(void)
{
	open_pair(0);
	say("one客two");
	CHECK_INT(first(SKS_TEXT, 6, SOON), 3);
	CHECK_STR(buf, "one");
	CHECK_INT(first(SKS_TEXT, 6, SOON), 5); /* 2 kept bytes and 3 */
	CHECK_STR(buf, "客tw");
	CHECK_INT(sks_recv(ours, buf, sizeof buf), 1);
	CHECK_INT(buf[0], 'o');
	close_pair();
}

/* --- text --- */

static void
a_character_cut_at_the_end_waits_for_its_rest(void)
{
	static const char *const chars[] = { "é", "客", "😀" };

	for (size_t i = 0; i < 3; i++)
		for (size_t cut = 1; cut < strlen(chars[i]); cut++) {
			open_pair(-1);
			say("ab");
			say_bytes(chars[i], cut);
			CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), 2);
			CHECK_STR(buf, "ab");
			CHECK_INT(first(SKS_TEXT, sizeof buf, 0.002),
			    SKS_ETIMEDOUT);
			say(chars[i] + cut);
			CHECK_INT(first(SKS_TEXT, sizeof buf, SOON),
			    strlen(chars[i]));
			CHECK_STR(buf, chars[i]);
			close_pair();
		}
}

static void
room_that_ends_inside_a_character_ends_before_it(void)
{
	open_pair(-1);
	say("客客");
	CHECK_INT(first(SKS_TEXT, 6, SOON), 3);
	CHECK_STR(buf, "客");
	CHECK_INT(first(SKS_TEXT, 6, SOON), 3);
	close_pair();
}

static void
what_is_good_comes_before_the_bad_byte_and_nothing_is_lost(void)
{
	open_pair(-1);
	say("good\xff more");
	CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), 4);
	CHECK_STR(buf, "good");
	CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), SKS_EILSEQ);
	CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), SKS_EILSEQ);
	CHECK_INT(first(SKS_BYTES, 3, SOON), 2);
	CHECK_STR(buf, "\xff ");
	CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), 4);
	CHECK_STR(buf, "more");
	close_pair();
}

static void
a_bad_byte_counts_only_before_the_expected_text(void)
{
	open_pair(-1);
	say("quit\xff" READY);
	CHECK_INT(until(SKS_TEXT, SOON), 4);
	CHECK_INT(until(SKS_TEXT, SOON), SKS_EILSEQ);
	CHECK_INT(until(SKS_BYTES, SOON), 19);
	close_pair();
}

static void
an_end_inside_a_character_is_no_text(void)
{
	open_pair(-1);
	say("\xe5\xae");
	end_theirs();
	CHECK_INT(first(SKS_TEXT, sizeof buf, SOON), SKS_EILSEQ);
	CHECK_INT(until(SKS_TEXT, SOON), SKS_EILSEQ);
	expect_left("\xe5\xae");
	close_pair();
}

/* --- time --- */

static const char *drop;

static void *
drip(void *arg)
{
	(void)arg;
	while (sks_send_bytes(theirs, drop, strlen(drop)) == 0)
		let_pass_ms(2);
	return NULL;
}

static void
await_in_vain(enum sks_form form, const char *byte)
{
	static char large[100000];
	int64_t start = sks_now();
	pthread_t thread;

	drop = byte;
	open_pair(-1);
	pthread_create(&thread, NULL, drip, NULL);
	CHECK_INT(sks_recv_until(st, expected, 2, form, sks_after(0.1), large,
		      sizeof large, NULL),
	    SKS_ETIMEDOUT);
	CHECK(seconds_since(start) >= 0.1 && seconds_since(start) < 5);
	sks_close(ours);
	pthread_join(thread, NULL);
	close_pair();
}

static void
dripped_bytes_do_not_extend_the_deadline(void)
{
	await_in_vain(SKS_BYTES, ".");
	await_in_vain(SKS_TEXT, "客");
}

static void
the_sockets_own_timeout_may_be_the_limit(void)
{
	open_pair(-1);
	CHECK_INT(sks_settimeout(ours, 0.01), 0);
	CHECK_INT(sks_recv_until(st, expected, 2, SKS_TEXT, SKS_OWN_TIMEOUT,
		      buf, sizeof buf, NULL),
	    SKS_ETIMEDOUT);
	CHECK_INT(sks_settimeout(ours, 0), 0);
	CHECK_INT(sks_recv_until(st, expected, 2, SKS_TEXT, SKS_OWN_TIMEOUT,
		      buf, sizeof buf, NULL),
	    SKS_EAGAIN);
	close_pair();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_expected_text_cut_anywhere_is_found_and_the_rest_kept),
		T(an_expected_text_that_comes_byte_by_byte_is_found),
		T(the_text_that_ends_first_wins),
		T(a_long_text_that_began_first_yields_to_a_short_one_inside_it),
		T(what_no_text_is_found_in_is_told_and_kept),
		T(a_text_that_just_fits_is_found_and_one_byte_less_room_is_too_little),
		T(questions_without_sense_are_refused),
		T(with_nothing_expected_the_first_bytes_are_returned),
		T(unbuffered_the_first_bytes_leave_the_rest_in_the_socket),
		T(a_character_cut_at_the_end_waits_for_its_rest),
		T(room_that_ends_inside_a_character_ends_before_it),
		T(what_is_good_comes_before_the_bad_byte_and_nothing_is_lost),
		T(a_bad_byte_counts_only_before_the_expected_text),
		T(an_end_inside_a_character_is_no_text),
		T(dripped_bytes_do_not_extend_the_deadline),
		T(the_sockets_own_timeout_may_be_the_limit),
	};

	return t_main("until", cases, sizeof cases / sizeof cases[0]);
}
