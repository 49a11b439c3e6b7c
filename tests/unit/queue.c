/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a customer in line is told, each sentence and its moment.
 */
#include "config.h"

#include "queue_rig.h"

static void
its_first_words_are_received_with_its_place(void)
{
	begin();
	open_conn(1, EV_MODE_LINE);
	open_conn(2, EV_MODE_LINE);
	round_is_over();
	say_text(1, "hi");
	stored("arrived 1; said 1; 1<Received. You are next; somebody will "
	       "answer here.; ok; ");
	say_text(2, "hi");
	stored("arrived 2; said 2; 2<Received. You are number 2 in line; "
	       "/place says it again.; ok; ");
	say_text(2, "and");
	stored("said 2; ok; ");
	finish();
}

/* Who is answered has no place, and must not hear that nothing is owed to it. */
static void
whom_somebody_answers_hears_who_it_is_instead_of_its_place(void)
{
	begin();
	come(1, 2);
	command_by(&lin, "take 1");
	round_is_over();
	say_text(1, "/place");
	stored("1<Lin is answering you now.; ok; ");
	reply_by(&lin, 1);
	round_is_over();
	say_text(1, "/place");
	stored("1<No answer is owed to you; 1 other customer waits.; ok; ");
	finish();
}

static void
two_that_come_in_one_round_have_the_places_they_have_then(void)
{
	begin();
	come(1, 1);
	open_conn(2, EV_MODE_LINE);
	say_text(2, "hi");
	reply_by(&lin, 1);
	stored("2<Welcome to us.\nYou are number 1 in line. Write your "
	       "question.\nType /help for help, /quit to leave.; ok; "
	       "arrived 2; said 2; 2<Received. You are next; somebody will "
	       "answer here.; ok; claim 1 lin (answer); reply 1 lin (Lin); "
	       "1<Lin:yes; ok; ");
	finish();
}

static void
who_comes_first_hears_it_at_once(void)
{
	begin();
	come(1, 3);
	reply_by(&lin, 1);
	stored("claim 1 lin (answer); reply 1 lin (Lin); 1<Lin:yes; ok; "
	       "2<You are next.; ");
	/* Also when the one before goes, or is thrown out. */
	leave(2, "left");
	stored("ok; gone 2 (left); 3<You are next.; ");
	finish();
}

static void
another_place_is_told_now_and_then(void)
{
	begin();
	config.claim_timeout_ms = 0;
	come(1, 4);
	pass_ms(1000);
	reply_by(&lin, 1);
	round_is_over();
	/* 60 s after each one's words somebody will come. */
	pass_ms(59000);
	stored("2<Somebody will come; you are next.; "
	       "3<Somebody will come; you are number 2 in line.; "
	       "4<Somebody will come; you are number 3 in line.; ");
	reply_by(&lin, 2);
	stored("claim 2 lin (answer); reply 2 lin (Lin); 2<Lin:yes; ok; "
	       "3<You are next.; ");
	only_after_ms(90000, "4<You are number 2 now.; ");
	/* An unchanged place is no news. */
	only_after_ms(90000, "");
	config.claim_timeout_ms = 300000;
	finish();
}

/* Its owner goes, and it stands at its old place. */
static void
a_place_only_rises_when_an_older_one_comes_back(void)
{
	begin();
	come(1, 3);
	command_by(&lin, "take 1");
	stored("claim 1 lin (taken); 1<Lin is answering you now.; ok; "
	       "2<You are next.; ");
	pass_ms(60000);
	round_is_over();
	command_by(&lin, "release 1");
	stored("free 1 lin (released); 1<You are number 1 in line again.; "
	       "ok; ");
	only_after_ms(90000,
	    "2<A customer who came before you is back in line: you are number "
	    "2.; 3<A customer who came before you is back in line: you are "
	    "number 3.; 1<Somebody will come; you are next.; ");
	finish();
}

static void
somebody_will_come_is_said_once_and_not_to_whom_somebody_answers(void)
{
	begin();
	come(1, 2);
	command_by(&lin, "take 1");
	round_is_over();
	only_after_ms(60000, "2<Somebody will come; you are next.; ");
	pass_ms(120000);
	stored("");
	finish();
}

static void
nobody_will_come_while_nobody_is_there(void)
{
	begin();
	come(1, 1);
	command_by(&lin, "away lunch");
	round_is_over();
	pass_ms(60000);
	stored("");
	command_by(&lin, "back");
	round_is_over();
	/* At the next look. */
	only_after_ms(90000, "1<Somebody will come; you are next.; ");
	finish();
}

static void
who_wrote_to_nobody_hears_when_somebody_is_there(void)
{
	begin_empty();
	come(1, 2);
	of_console(&lin, DESK_RQ_ATTACH);
	stored("on 0 lin; 1<You are next.; ");
	finish();
}

static void
who_takes_it_over_is_named_once(void)
{
	begin();
	come(1, 1);
	of_console(&ann, DESK_RQ_ATTACH);
	round_is_over();
	command_by(&ann, "take 1");
	stored("claim 1 ann (taken); 1<ann is answering you now.; ok; ");
	command_by(&lin, "steal 1");
	stored("claim 1 lin (stolen); 1<Lin is answering you now.; ok; ");
	command_by(&lin, "take 1");
	stored("ok; ");
	/* The answer itself says who it is, and what comes then is that one's. */
	reply_by(&lin, 1);
	stored("reply 1 lin (Lin); 1<Lin:yes; ok; ");
	say_text(1, "and");
	stored("said 1; ok; ");
	command_by(&lin, "transfer 1 ann");
	stored("offer 1 lin (ann); ok; ");
	command_by(&ann, "take 1");
	stored("claim 1 ann (accepted); 1<ann answers you from now on.; ok; ");
	finish();
}

static void
who_was_given_back_hears_it_when_the_same_one_comes_again(void)
{
	begin();
	come(1, 1);
	command_by(&lin, "take 1");
	stored("claim 1 lin (taken); 1<Lin is answering you now.; ok; ");
	command_by(&lin, "release 1");
	stored("free 1 lin (released); 1<You are number 1 in line again.; "
	       "ok; ");
	command_by(&lin, "take 1");
	stored("claim 1 lin (taken); 1<Lin is answering you now.; ok; ");
	/* All at once nothing has changed for it. */
	command_by(&lin, "release 1");
	command_by(&lin, "take 1");
	stored("free 1 lin (released); ok; claim 1 lin (taken); ok; ");
	finish();
}

static void
who_is_given_back_to_nobody_hears_that(void)
{
	begin();
	come(1, 1);
	command_by(&lin, "take 1");
	round_is_over();
	command_by(&lin, "away");
	command_by(&lin, "release 1");
	stored("away 0 lin (said); ok; free 1 lin (released); "
	       "1<Nobody is on duty right now; what you write is kept.; ok; ");
	command_by(&lin, "back");
	stored("back 0 lin; ok; 1<You are next.; ");
	finish();
}

static void
what_begins_to_wait_twice_in_a_round_is_received_once(void)
{
	begin();
	come(1, 1);
	reply_by(&lin, 1);
	command_by(&lin, "release 1");
	round_is_over();
	say_text(1, "and");
	reply_by(&lin, 1);
	command_by(&lin, "release 1");
	say_text(1, "and");
	stored("said 1; 1<Received. You are next; somebody will answer here.; "
	       "ok; claim 1 lin (answer); reply 1 lin (Lin); 1<Lin:yes; ok; "
	       "free 1 lin (released); ok; said 1; ok; ");
	finish();
}

static void
who_does_not_wait_hears_of_no_owner(void)
{
	begin();
	come(1, 1);
	reply_by(&lin, 1);
	command_by(&lin, "release 1");
	stored("claim 1 lin (answer); reply 1 lin (Lin); 1<Lin:yes; ok; "
	       "free 1 lin (released); ok; ");
	command_by(&lin, "take 1");
	stored("claim 1 lin (taken); ok; ");
	say_text(1, "and");
	stored("said 1; ok; ");
	finish();
}

static void
a_lease_that_ends_puts_it_in_line_again(void)
{
	begin();
	come(1, 1);
	pass_ms(10);
	command_by(&lin, "take 1");
	round_is_over();
	pass_ms(299999);
	desk_settle(desk, now);
	desk_publish(desk, &sink, NULL, now);
	dw_buf_reset(&happened);
	pass_ms(1);
	stored("free 1 lin (silent); 1<You are number 1 in line again.; ");
	finish();
}

static void
a_round_that_is_not_stored_has_told_nothing(void)
{
	begin();
	open_conn(1, EV_MODE_LINE);
	open_conn(2, EV_MODE_LINE);
	round_is_over();
	say_text(1, "hi");
	not_stored("1<Your message could not be stored. Please send it "
		   "again.; not-stored; ");
	later(1);
	say_text(2, "hi");
	stored("arrived 1; said 1; 2<Received. You are next; somebody will "
	       "answer here.; ok; ");
	say_text(1, "hi");
	stored("arrived 2; said 2; 1<Received. You are number 2 in line; "
	       "/place says it again.; ok; ");
	reply_by(&lin, 1);
	not_stored("not-stored; ");
	later(1);
	stored("");
	reply_by(&lin, 1);
	stored("claim 1 lin (answer); reply 1 lin (Lin); 2<Lin:yes; ok; "
	       "1<You are next.; ");
	finish();
}

static void
that_somebody_is_there_is_told_though_it_is_not_stored(void)
{
	begin_empty();
	come(1, 1);
	of_console(&lin, DESK_RQ_ATTACH);
	not_stored("");
	later(1);
	stored("1<You are next.; ");
	finish();
}

static void
a_round_that_is_taken_back_has_told_nothing(void)
{
	begin();
	come(1, 2);
	reply_by(&lin, 1);
	desk_settle(desk, now);
	desk_retract(desk);
	reply_by(&lin, 1);
	stored("claim 1 lin (answer); reply 1 lin (Lin); 1<Lin:yes; ok; "
	       "2<You are next.; ");
	finish();
}

static void
what_is_due_in_a_round_that_fails_is_told_in_the_next(void)
{
	begin();
	come(1, 1);
	pass_ms(60000);
	not_stored("");
	CHECK_INT(desk_deadline(desk), now.ns + DW_SECOND);
	later(1);
	stored("1<Somebody will come; you are next.; ");
	finish();
}

static void
a_classic_client_reads_its_place_instead_of_an_answer_and_hears_nothing_else(
    void)
{
	begin();
	come(1, 1);
	open_conn(2, EV_MODE_CLASSIC);
	round_is_over();
	say_text(2, "hi");
	stored("said 2; ok; ");
	pass_ms(45000);
	stored("2<Please wait, you are number 2 in line.; ");
	reply_by(&lin, 1);
	round_is_over();
	say_text(2, "hello?");
	round_is_over();
	pass_ms(45000);
	stored("2<Please wait, you are number 1 in line.; ");
	command_by(&lin, "take 2");
	round_is_over();
	say_text(2, ".");
	stored("2<Please wait, an operator will answer soon.; ok; ");
	command_by(&lin, "keep 2 10m");
	round_is_over();
	say_text(2, ".");
	stored("2<Please wait, somebody is looking into it.; ok; ");
	command_by(&lin, "release 2");
	stored("free 2 lin (released); ok; ");
	finish();
}

/* ---- the place, against a count ---- */

struct counted {
	uint64_t sid, seq, before;
};

static void
count_before(void *arg, const struct desk_session *s)
{
	struct counted *c = arg;

	if (s->conn != NULL && !s->conn->leaving && !s->facts.gone &&
	    s->facts.waiting_at.seq != 0 && s->facts.owner[0] == '\0' &&
	    s->facts.waiting_at.seq < c->seq)
		c->before++;
}

static void
find_wait(void *arg, const struct desk_session *s)
{
	struct counted *c = arg;

	if (s->facts.sid == c->sid)
		c->seq =
		    s->facts.owner[0] == '\0' ? s->facts.waiting_at.seq : 0;
}

/* What the last sentence said that has a number for a customer. */
static int
told_number(const char *row)
{
	if (strstr(row, "next") != NULL)
		return 1;
	while (*row != '\0' && (*row < '0' || *row > '9'))
		row++;
	return atoi(row);
}

/* All rows that customers got in this round. */
static int
check_told(void)
{
	int n = 0;
	char *row = happened.data, *end;

	for (; row != NULL && *row != '\0'; row = end + 2) {
		struct counted c = { 0 };
		int who = atoi(row);

		if ((end = strstr(row, "; ")) == NULL)
			break;
		/* A sentence may have a semicolon in it. */
		while (end[2] == 's' && strncmp(end + 2, "somebody", 8) == 0)
			end = strstr(end + 2, "; ");
		if (strncmp(end + 2, "you are", 7) == 0 ||
		    strncmp(end + 2, "/place", 6) == 0)
			end = strstr(end + 2, "; ");
		*end = '\0';
		if (row[1] != '<' || strstr(row, "Welcome") != NULL ||
		    (strstr(row, " number ") == NULL &&
			strstr(row, "next") == NULL))
			continue;
		c.sid = conns[who].sid;
		desk_each(desk, find_wait, &c);
		CHECK(c.seq != 0);
		desk_each(desk, count_before, &c);
		CHECK_INT(told_number(row + 2), c.before + 1);
		n++;
	}
	dw_buf_reset(&happened);
	return n;
}

static void
do_something(int i)
{
	char text[40];
	uint64_t sid = conns[i].sid;

	switch (rand() % 8) {
	case 0:
	case 1:
		if (sid != 0)
			reply_by(rand() % 2 ? &lin : &ann, sid);
		break;
	case 2:
		snprintf(text, sizeof text, "take %" PRIu64, sid);
		command_by(rand() % 2 ? &lin : &ann, text);
		break;
	case 3:
	case 4:
		snprintf(text, sizeof text, "release %" PRIu64, sid);
		command_by(rand() % 2 ? &lin : &ann, text);
		break;
	default:
		say_text(i, "and");
	}
}

static void
a_place_that_is_told_is_what_a_count_of_all_says(void)
{
	int told = 0;

	begin();
	of_console(&ann, DESK_RQ_ATTACH);
	come(1, CUSTOMERS);
	srand(20261130);
	for (int step = 0; step < 20000; step++) {
		for (int n = rand() % 3; n >= 0; n--)
			do_something(1 + rand() % CUSTOMERS);
		pass_ms(rand() % 20000);
		desk_settle(desk, now);
		if (rand() % 10 == 0)
			desk_undo(desk, &sink, NULL, now);
		else
			desk_publish(desk, &sink, NULL, now);
		told += check_told();
	}
	CHECK(told > 5000);
	finish();
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(its_first_words_are_received_with_its_place),
		T(whom_somebody_answers_hears_who_it_is_instead_of_its_place),
		T(two_that_come_in_one_round_have_the_places_they_have_then),
		T(who_comes_first_hears_it_at_once),
		T(another_place_is_told_now_and_then),
		T(a_place_only_rises_when_an_older_one_comes_back),
		T(somebody_will_come_is_said_once_and_not_to_whom_somebody_answers),
		T(nobody_will_come_while_nobody_is_there),
		T(who_wrote_to_nobody_hears_when_somebody_is_there),
		T(who_takes_it_over_is_named_once),
		T(who_was_given_back_hears_it_when_the_same_one_comes_again),
		T(who_is_given_back_to_nobody_hears_that),
		T(what_begins_to_wait_twice_in_a_round_is_received_once),
		T(who_does_not_wait_hears_of_no_owner),
		T(a_lease_that_ends_puts_it_in_line_again),
		T(a_round_that_is_not_stored_has_told_nothing),
		T(that_somebody_is_there_is_told_though_it_is_not_stored),
		T(a_round_that_is_taken_back_has_told_nothing),
		T(what_is_due_in_a_round_that_fails_is_told_in_the_next),
		T(a_classic_client_reads_its_place_instead_of_an_answer_and_hears_nothing_else),
		T(a_place_that_is_told_is_what_a_count_of_all_says),
	};

	return t_main("queue", cases, sizeof cases / sizeof cases[0]);
}
