/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the journal: what is stored, read, verified and repaired. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty_vfs.h"
#include "store_rig.h"

/* ---- helpers ---- */

/* Fills a journal with n events of one session and leaves it. */
static void
fill(const char *dir, unsigned n)
{
	struct store *s = open_in(dir);
	char body[64];

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
	for (unsigned i = 1; i < n; i++) {
		snprintf(body, sizeof body, "needle-%u-and-some-more", i + 1);
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
	}
	store_close(s);
}

/* Everything in the journal of dir, through a reader of its own. */
static void
check_all(const char *dir, const char *want)
{
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store_reader *r = NULL;

	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		CHECK_INT(store_read(r, 0, 1000, list, &got), 0);
		CHECK_STR(dw_buf_str(&got), want);
	}
	store_reader_close(r);
	dw_buf_fini(&got);
}

/* Flips one bit of the first (or last) place where `text` stands. */
static bool
flip(const char *path, const char *text)
{
	size_t len;
	char *all = slurp(path, &len);
	char *at = memmem(all, len, text, strlen(text));

	if (at != NULL) {
		at[strlen(text) / 2] ^= 4;
		spill(path, all, len);
	}
	free(all);
	return at != NULL;
}

/* A journal as kill -9 leaves it: everything still in the -wal. */
static void
fill_and_die(const char *dir, unsigned n)
{
	const char *live = t_tmpdir();
	struct store *s = open_in(live);

	for (unsigned i = 1; s != NULL && i <= n; i++) {
		char body[64];

		snprintf(body, sizeof body, "needle-%u-and-some-more", i);
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
	}
	copy(in(live, "journal.db"), in(dir, "journal.db"));
	copy(in(live, "journal.db-wal"), in(dir, "journal.db-wal"));
	copy(in(live, "head"), in(dir, "head"));
	store_close(s);
}

static mode_t
mode(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 ? st.st_mode & 07777 : 0;
}

/* ---- what is stored ---- */

static int
check_bytes(void *arg, const struct ev_event *ev)
{
	const struct ev_event *want = arg;

	if (ev->kind == EV_ARRIVED)
		return 0;
	CHECK_INT(ev->seq, want->seq);
	CHECK_INT(ev->t_ms, want->t_ms);
	CHECK_INT(ev->sid, want->sid);
	CHECK_INT(ev->kind, want->kind);
	CHECK_INT(ev->n, want->n);
	CHECK_INT(ev->flags, want->flags);
	CHECK_STR(ev->who, want->who);
	CHECK_INT(ev->mode, want->mode);
	CHECK_STR(ev->addr, want->addr);
	CHECK_STR(ev->why, want->why);
	CHECK_MEM(ev->body, ev->len, want->body, want->len);
	CHECK(ev_key_is(&ev->key, &want->key));
	return 7;
}

static void
every_field_comes_back_byte_for_byte(void)
{
	static const char raw[] = "a\0b\xff\xc3 \x1b[2J\r\n客户端已就绪\0";
	const char *dir = t_tmpdir();
	struct ev_event e = {
		.seq = 2,
		.t_ms = -5,
		.sid = UINT64_C(1) << 40,
		.kind = EV_SAID,
		.n = 3,
		.flags = EV_FLAG_CUT_SHORT,
		.who = "\xff\xfeling",
		.mode = EV_MODE_LINE,
		.addr = "[::1]:6666",
		.why = "说完",
		.body = raw,
		.len = sizeof raw,
		.key = { { 0, 1, 0xff } },
	};
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, e.sid), 0);
	CHECK_INT(append(s, &e, 1), 0);
	CHECK_INT(store_replay_open(s, check_bytes, &e), 7);
	store_close(s);
	if ((s = open_in(dir)) == NULL)
		return;
	CHECK_INT(store_replay_open(s, check_bytes, &e), 7);
	store_close(s);
}

static void
an_empty_and_a_large_body_come_back(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct ev_event e = event(2, 1, EV_SAID, "");
	size_t len = 1 << 20;
	char *large = malloc(len);

	if (s == NULL || !CHECK(large != NULL))
		return;
	for (size_t i = 0; i < len; i++)
		large[i] = (char)(i * 7);
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(append(s, &e, 1), 0);
	CHECK_INT(store_replay_open(s, check_bytes, &e), 7);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(arrive(s, 2), 0);
	e.seq = 5;
	e.sid = 2;
	e.body = large;
	e.len = len;
	CHECK_INT(append(s, &e, 1), 0);
	store_close(s);
	if ((s = open_in(dir)) != NULL) {
		CHECK_INT(last_seq(s), 5);
		CHECK_INT(store_replay_open(s, check_bytes, &e), 7);
	}
	store_close(s);
	free(large);
}

static void
a_batch_is_stored_whole_and_in_order(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	const struct ev_event evs[] = {
		event(1, 1, EV_ARRIVED, ""),
		event(2, 2, EV_ARRIVED, ""),
		event(3, 1, EV_SAID, "one"),
	};
	uint64_t seq, sid;

	if (s == NULL)
		return;
	CHECK_INT(append(s, evs, 3), 0);
	store_last(s, &seq, &sid);
	CHECK_INT(seq, 3);
	CHECK_INT(sid, 2);
	store_close(s);
	check_all(dir, "1 1 arrived \n2 2 arrived \n3 1 said one\n");
}

static void
a_journal_has_a_name_of_its_own_and_keeps_it(void)
{
	const char *dirs[] = { t_tmpdir(), t_tmpdir() };
	char ids[2][64] = { "", "" };
	struct store *s;

	for (int i = 0; i < 2 && (s = open_in(dirs[i])) != NULL; i++) {
		snprintf(ids[i], sizeof ids[i], "%s", store_id(s));
		CHECK_INT(strspn(ids[i], "0123456789abcdef"), 32);
		CHECK_INT(strlen(ids[i]), 32);
		store_close(s);
	}
	CHECK(strcmp(ids[0], ids[1]) != 0);
	for (int i = 0; i < 2 && (s = open_in(dirs[i])) != NULL; i++) {
		CHECK_STR(store_id(s), ids[i]);
		store_close(s);
	}
	/* One that is begun in place of another is another. */
	spill(in(dirs[0], "journal.db"), "damage", 6);
	if (CHECK_INT(try_open(dirs[0], true, &s), 0)) {
		CHECK_INT(strlen(store_id(s)), 32);
		CHECK(strcmp(store_id(s), ids[0]) != 0);
		store_close(s);
	}
}

static void
a_number_that_does_not_continue_is_refused(void)
{
	struct store *s = open_in(t_tmpdir());
	struct ev_event evs[] = {
		event(1, 1, EV_ARRIVED, ""),
		event(3, 1, EV_SAID, ""),
	};

	if (s == NULL)
		return;
	CHECK_INT(append(s, evs, 2), -EINVAL);
	CHECK_INT(append(s, evs + 1, 1), -EINVAL);
	CHECK_INT(append(s, evs, 0), 0);
	CHECK_INT(append(s, evs, 1), 0);
	CHECK_INT(append(s, evs, 1), -EINVAL);
	CHECK_INT(last_seq(s), 1);
	store_close(s);
}

static void
only_sessions_that_are_open_are_replayed(void)
{
	const char *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store *s = open_in(dir);
	const struct ev_event evs[] = {
		event(1, 0, EV_ON, ""),
		event(2, 1, EV_ARRIVED, ""),
		event(3, 2, EV_ARRIVED, ""),
		event(4, 1, EV_SAID, "a"),
		event(5, 2, EV_SAID, "b"),
		event(6, 1, EV_CLOSED, ""),
		event(7, 2, EV_REPLY, "c"),
		event(8, 3, EV_ARRIVED, ""),
	};

	if (s == NULL)
		return;
	CHECK_INT(append(s, evs, 8), 0);
	store_close(s);
	if ((s = open_in(dir)) == NULL)
		return;
	CHECK_INT(store_replay_open(s, list, &got), 0);
	CHECK_STR(dw_buf_str(&got),
	    "3 2 arrived \n5 2 said b\n7 2 reply c\n"
	    "8 3 arrived \n");
	store_close(s);
	dw_buf_fini(&got);
}

static void
check_replayed(struct store *s, const char *want)
{
	struct dw_buf got = DW_BUF_INITIALIZER;

	CHECK_INT(store_replay_open(s, list, &got), 0);
	CHECK_STR(dw_buf_str(&got), want);
	dw_buf_fini(&got);
}

static void
a_session_that_was_opened_again_is_open_until_it_ends_again(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(arrive(s, 2), 0);
	CHECK_INT(say(s, 2, EV_CLOSED, ""), 0);
	CHECK_INT(say(s, 1, EV_REOPENED, ""), 0);
	store_close(s);
	check_sound(dir, 5);
	if ((s = open_in(dir)) == NULL)
		return;
	check_replayed(s, "1 1 arrived \n2 1 closed \n5 1 reopened \n");
	/* One that is off the list has not ended, and comes back like that. */
	CHECK_INT(say(s, 1, EV_REOPENED, ""), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	check_replayed(s, "");
	store_close(s);
	check_sound(dir, 7);
	sql(dir, "INSERT INTO open VALUES(1)");
	check_unsound(dir, "list of open sessions");
}

static void
bans_are_replayed_with_the_sessions_that_are_open(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(say(s, 0, EV_BAN, "spam"), 0);
	CHECK_INT(say(s, 0, EV_ON, ""), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(say(s, 0, EV_UNBAN, ""), 0);
	CHECK_INT(say(s, 0, EV_BAN, "again"), 0);
	store_close(s);
	if ((s = open_in(dir)) == NULL)
		return;
	check_replayed(s, "2 0 ban spam\n5 0 unban \n6 0 ban again\n");
	store_close(s);
}

/* ---- readers ---- */

static void
a_reader_sees_what_is_committed_and_only_that(void)
{
	const char *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL || !CHECK_INT(store_reader_open(dir, &r, &why), 0))
		return;
	CHECK_INT(say(s, 1, EV_SAID, "first"), 0);
	CHECK_INT(store_read(r, 0, 10, list, &got), 0);
	CHECK_STR(dw_buf_str(&got), "1 1 said first\n");
	for (int i = 0; i < 4; i++) {
		faulty_vfs_arm(i % 2 ? FAULTY_SYNC : FAULTY_WRITE, 1);
		CHECK_INT(say(s, 1, EV_SAID, "lost"), -EIO);
		CHECK(faulty_vfs_disarm());
		dw_buf_reset(&got);
		CHECK_INT(store_read(r, 0, 10, list, &got), 0);
		CHECK_STR(dw_buf_str(&got), "1 1 said first\n");
	}
	CHECK_INT(say(s, 1, EV_SAID, "second"), 0);
	dw_buf_reset(&got);
	CHECK_INT(store_read(r, 1, 10, list, &got), 0);
	CHECK_STR(dw_buf_str(&got), "2 1 said second\n");
	store_reader_close(r);
	store_close(s);
	dw_buf_fini(&got);
}

static void
a_reader_reads_on_in_pieces(void)
{
	const char *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store_reader *r = NULL;

	fill(dir, 5);
	if (!CHECK_INT(store_reader_open(dir, &r, &why), 0))
		return;
	CHECK_INT(store_read(r, 0, 2, list, &got), 0);
	CHECK(memcmp(got.data, "1 1 arrived", 11) == 0);
	CHECK(strstr(got.data, "\n3 ") == NULL);
	dw_buf_reset(&got);
	CHECK_INT(store_read(r, 4, 2, list, &got), 0);
	CHECK(memcmp(got.data, "5 1 said", 8) == 0);
	dw_buf_reset(&got);
	CHECK_INT(store_read(r, 5, 2, list, &got), 0);
	CHECK_INT(got.len, 0);
	store_reader_close(r);
	dw_buf_fini(&got);
}

/* The page of `count` before event `before`, as rows. */
static void
check_page(struct store_reader *r, enum ev_past_of of, uint64_t sid, unsigned n,
    uint64_t before, const char *want)
{
	const struct ev_past past = { .of = of,
		.sid = sid,
		.before = before,
		.count = n };
	struct dw_buf got = DW_BUF_INITIALIZER;

	CHECK_INT(store_past(r, &past, list, &got), 0);
	CHECK_STR(dw_buf_str(&got), want);
	dw_buf_fini(&got);
}

static void
check_earlier(struct store_reader *r, enum ev_past_of of, uint64_t sid,
    uint64_t before, uint64_t want)
{
	const struct ev_past past = { .of = of,
		.sid = sid,
		.before = before,
		.count = 1 };
	uint64_t n = UINT64_MAX;

	CHECK_INT(store_past_before(r, &past, &n), 0);
	CHECK_INT(n, want);
}

static void
earlier_sessions_of_a_person_are_shown_with_their_last_words(void)
{
	const struct ev_past past = { .of = EV_PAST_SAME,
		.sid = 9,
		.count = 4,
		.same = { 1, 3 } };
	const char *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 0, EV_ON, ""), 0);
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(say(s, 1, EV_NAME, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(arrive(s, 2), 0);
	CHECK_INT(say(s, 2, EV_SAID, "other"), 0);
	CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
	CHECK_INT(say(s, 1, EV_REPLY, "c"), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(arrive(s, 3), 0);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		CHECK_INT(store_past(r, &past, list, &got), 0);
		CHECK_STR(dw_buf_str(&got),
		    "10 3 arrived \n9 1 closed \n8 1 reply c\n7 1 said b\n"
		    "3 1 name \n2 1 arrived \n");
		dw_buf_reset(&got);
		CHECK_INT(store_read_session(r, 2, list, &got), 0);
		CHECK_STR(dw_buf_str(&got), "5 2 arrived \n6 2 said other\n");
		CHECK_INT(say(s, 1, EV_REOPENED, ""), 0);
		check_page(r, EV_PAST_ENDED, 0, 9, 0, "");
		check_earlier(r, EV_PAST_ENDED, 0, 0, 0);
	}
	store_reader_close(r);
	store_close(s);
	dw_buf_fini(&got);
}

static void
what_became_of_answers_is_not_counted_as_datagrams(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 0, EV_ON, ""), 0);
	CHECK_INT(say(s, 0, EV_UDP, "a"), 0);
	CHECK_INT(say(s, 0, EV_UDP, "b"), 0);
	CHECK_INT(say(s, 0, EV_UDP_REPLY, "to b"), 0);
	CHECK_INT(say(s, 1, EV_SAID, "other"), 0);
	CHECK_INT(say(s, 0, EV_UDP_SENT, ""), 0);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		check_page(r, EV_PAST_DATAGRAMS, 0, 2, 0,
		    "6 0 udp-sent \n4 0 udp-reply to b\n3 0 udp b\n");
		check_earlier(r, EV_PAST_DATAGRAMS, 0, 3, 1);
	}
	store_reader_close(r);
	store_close(s);
}

static void
history_is_the_last_messages_of_one_session(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(say(s, 2, EV_SAID, "other"), 0);
	CHECK_INT(say(s, 1, EV_REPLY, "b"), 0);
	CHECK_INT(say(s, 1, EV_SENT, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "c"), 0);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		check_page(r, EV_PAST_SESSION, 1, 2, 0,
		    "6 1 said c\n5 1 sent \n4 1 reply b\n");
		check_page(r, EV_PAST_SESSION, 1, 9, 0,
		    "6 1 said c\n5 1 sent \n4 1 reply b\n2 1 said a\n");
		check_page(r, EV_PAST_SESSION, 9, 9, 0, "");
		check_earlier(r, EV_PAST_SESSION, 1, 6, 2);
		check_earlier(r, EV_PAST_SESSION, 9, 0, 0);
	}
	store_reader_close(r);
	store_close(s);
}

static void
page_by_page_a_history_goes_back_to_the_first_word(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(say(s, 1, EV_REPLY, "b"), 0);
	CHECK_INT(say(s, 2, EV_SENT, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "c"), 0);
	CHECK_INT(say(s, 1, EV_SENT, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "d"), 0);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		check_page(r, EV_PAST_SESSION, 1, 1, 0, "7 1 said d\n");
		check_earlier(r, EV_PAST_SESSION, 1, 7, 3);
		/* Its reply left later than the page ends. */
		check_page(r, EV_PAST_SESSION, 1, 2, 6,
		    "6 1 sent \n5 1 said c\n3 1 reply b\n");
		check_earlier(r, EV_PAST_SESSION, 1, 3, 1);
		check_page(r, EV_PAST_SESSION, 1, 2, 3,
		    "6 1 sent \n2 1 said a\n");
		check_earlier(r, EV_PAST_SESSION, 1, 2, 0);
		check_page(r, EV_PAST_SESSION, 1, 2, 2, "");
		check_page(r, EV_PAST_SESSION, 1, 1, UINT64_MAX,
		    "7 1 said d\n");
	}
	store_reader_close(r);
	store_close(s);
}

static void
ended_sessions_are_listed_with_their_name_page_by_page(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
	CHECK_INT(say(s, 2, EV_ARRIVED, ""), 0);
	CHECK_INT(say(s, 1, EV_NAME, ""), 0);
	CHECK_INT(say(s, 1, EV_NAME, ""), 0);
	CHECK_INT(say(s, 1, EV_SAID, "x"), 0);
	CHECK_INT(say(s, 3, EV_ARRIVED, ""), 0);
	CHECK_INT(say(s, 3, EV_CLOSED, ""), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(say(s, 1, EV_SENT, ""), 0);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		check_page(r, EV_PAST_ENDED, 0, 9, 0,
		    "8 1 closed \n7 3 closed \n6 3 arrived \n4 1 name \n"
		    "1 1 arrived \n");
		check_page(r, EV_PAST_ENDED, 0, 1, 0,
		    "8 1 closed \n4 1 name \n1 1 arrived \n");
		check_earlier(r, EV_PAST_ENDED, 0, 8, 1);
		check_page(r, EV_PAST_ENDED, 0, 1, 8,
		    "7 3 closed \n6 3 arrived \n");
		check_page(r, EV_PAST_ENDED, 0, 9, 7, "");
		check_earlier(r, EV_PAST_ENDED, 0, 7, 0);
	}
	store_reader_close(r);
	store_close(s);
}

struct follower {
	struct store_reader *reader;
	uint64_t until, seen;
	bool gap;
};

static int
follow_one(void *arg, const struct ev_event *ev)
{
	struct follower *f = arg;

	f->gap = f->gap || ev->seq != f->seen + 1;
	f->seen = ev->seq;
	return 0;
}

static void *
follow(void *arg)
{
	struct follower *f = arg;

	while (f->seen < f->until && !f->gap)
		if (store_read(f->reader, f->seen, 7, follow_one, f) != 0)
			f->gap = true;
	return NULL;
}

static void
a_reader_in_another_thread_follows_without_a_gap(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct follower f = { .until = (uint64_t)t_size("events", 500) };
	pthread_t thread;
	int r;

	if (s == NULL || !CHECK_INT(store_reader_open(dir, &f.reader, &why), 0))
		return;
	CHECK_INT(pthread_create(&thread, NULL, follow, &f), 0);
	for (uint64_t i = 0; i < f.until; i++) {
		/* A reader that meets half an index locks it for a moment. */
		while ((r = say(s, 1, EV_SAID, "hello")) == -EBUSY)
			;
		CHECK_INT(r, 0);
	}
	pthread_join(thread, NULL);
	CHECK_INT(f.seen, f.until);
	CHECK(!f.gap);
	store_reader_close(f.reader);
	store_close(s);
}

static void
a_reader_of_nothing_is_told_so(void)
{
	struct store_reader *r = NULL;

	CHECK_INT(store_reader_open(t_tmpdir(), &r, &why), -ENOENT);
	check_why("There is no journal in");
}

/* ---- the place ---- */

static void
everything_is_private_whatever_the_umask(void)
{
	static const mode_t umasks[] = { 0, 022, 0777 };
	static const char *const files[] = {
		"journal.db",
		"journal.db-wal",
		"journal.db-shm",
		"lock",
		"head",
	};

	for (size_t i = 0; i < 3; i++) {
		const char *top = t_tmpdir();
		char dir[256];
		mode_t old = umask(umasks[i]);
		struct store *s;

		snprintf(dir, sizeof dir, "%s/a/b", top);
		s = open_in(dir);
		if (s != NULL)
			CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
		umask(old);
		CHECK_INT(mode(in(top, "a")), 0700);
		CHECK_INT(mode(dir), 0700);
		for (size_t f = 0; f < sizeof files / sizeof files[0]; f++)
			CHECK_INT(mode(in(dir, files[f])), 0600);
		store_close(s);
	}
}

static void
a_second_desk_is_told_who_holds_the_first(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	char pid[32];

	snprintf(pid, sizeof pid, "process %ld", (long)getpid());
	check_refused(dir, -EBUSY, pid);
	check_why(dir);
	store_close(s);
	s = open_in(dir);
	CHECK(s != NULL);
	store_close(s);
}

static void
the_lock_dies_with_its_process(void)
{
	const char *dir = t_tmpdir();
	struct store *s;
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(try_open(dir, false, &s) == 0 ? 42 : 1);
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 42);
	s = open_in(dir);
	CHECK(s != NULL);
	store_close(s);
}

static void
a_symbolic_link_is_refused_in_words(void)
{
	const char *dir = t_tmpdir();

	CHECK_INT(mkdir(in(dir, "real"), 0700), 0);
	CHECK_INT(symlink("real", in(dir, "link")), 0);
	check_refused(in(dir, "link"), -EPERM, "is a symbolic link");
	CHECK_INT(symlink("/dev/null", in(dir, "real/lock")), 0);
	check_refused(in(dir, "real"), -ELOOP, "real/lock");
	CHECK_INT(unlink(in(dir, "real/lock")), 0);
	CHECK_INT(symlink("../x", in(dir, "real/journal.db")), 0);
	check_refused(in(dir, "real"), -EBADMSG, "it is not a file");
}

static void
a_folder_that_others_may_write_is_refused(void)
{
	const char *dir = t_tmpdir();

	CHECK_INT(chmod(dir, 0770), 0);
	check_refused(dir, -EPERM, "Others may write in the folder");
	CHECK_INT(chmod(dir, 0755), 0);
	store_close(open_in(dir));
}

/* As root nothing is read-only for us, so be somebody else for a moment. */
static void
a_place_that_cannot_be_written_is_said(void)
{
	const char *dir = t_tmpdir();
	uid_t was = geteuid();

	spill(in(dir, "file"), "x", 1);
	check_refused(in(dir, "file/state"), -ENOTDIR, "Cannot make the");
	check_refused(in(dir, "file"), -ENOTDIR, "Cannot open the folder");
	check_refused("", -EINVAL, "Cannot");
	CHECK_INT(mkdir(in(dir, "closed"), 0700), 0);
	CHECK_INT(chmod(in(dir, "closed"), 0500), 0);
	if (was != 0) {
		check_refused(in(dir, "closed"), -EACCES, "closed/lock");
		check_refused(in(dir, "closed/x"), -EACCES, "Cannot make");
	} else if (seteuid(65534) == 0) {
		check_refused("/", -EPERM, "belongs to user 0");
		check_refused("/usr/x", -EACCES, "Cannot make the folder");
		CHECK_INT(seteuid(was), 0);
	}
}

static void
file_systems_of_a_network_are_known(void)
{
	CHECK_STR(store_place_network(0x6969), "NFS");
	CHECK_STR(store_place_network((unsigned long)-11317950), "CIFS");
	CHECK_STR(store_place_network(0x65735546), "FUSE");
	CHECK_STR(store_place_network(0xef53), NULL);
	CHECK_STR(store_place_network(0x01021994), NULL);
}

static void
a_connection_does_what_power_loss_needs(void)
{
	const char *dir = t_tmpdir();
	sqlite3 *db = NULL;
	int64_t v = 0;

	fill(dir, 1);
	CHECK_INT(store_db_open(in(dir, "journal.db"), 0, &db, &why), 0);
	CHECK_INT(store_db_wal(db, in(dir, "journal.db"), &why), 0);
	CHECK_INT(store_db_int(db, "PRAGMA synchronous", &v), 0);
	CHECK_INT(v, 2);
	CHECK_INT(store_db_int(db, "PRAGMA secure_delete", &v), 0);
	CHECK_INT(v, 1);
	CHECK_INT(store_db_int(db, "PRAGMA busy_timeout", &v), 0);
	CHECK_INT(v, 0);
	CHECK_INT(store_db_int(db, "PRAGMA application_id", &v), 0);
	CHECK_INT(v, STORE_APPLICATION);
	CHECK_INT(store_db_int(db, "PRAGMA user_version", &v), 0);
	CHECK_INT(v, STORE_VERSION);
	sqlite3_close(db);
}

/* ---- damage ---- */

static void
a_newer_schema_is_refused(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill(dir, 2);
	sql(dir, "PRAGMA user_version=9");
	check_refused(dir, -ENOTSUP, "newer deskwire");
	CHECK_INT(try_open(dir, true, &s), -ENOTSUP);
	sql(dir, "PRAGMA user_version=2");
	store_close(open_in(dir));
}

static void
a_journal_of_format_1_is_refused_and_set_aside_on_demand(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill(dir, 2);
	sql(dir, "PRAGMA user_version=1");
	check_refused(dir, -EBADMSG, "is of format 1");
	check_why("--begin-new");
	if (CHECK_INT(try_open(dir, true, &s), 0))
		CHECK_INT(last_seq(s), 2);
	store_close(s);
}

static void
a_flipped_bit_in_the_file_names_its_event(void)
{
	const char *dir = t_tmpdir();

	fill(dir, 20);
	CHECK(flip(in(dir, "journal.db"), "needle-13-and-some-more"));
	check_refused(dir, -EBADMSG, "first bad event is 13");
	check_why("--begin-new");
}

/* SQLite itself takes a bad -wal for its end and says nothing. */
static void
a_flipped_bit_in_the_wal_names_its_event(void)
{
	const char *dir = t_tmpdir();

	fill_and_die(dir, 20);
	CHECK(flip(in(dir, "journal.db-wal"), "needle-13-and-some-more"));
	check_refused(dir, -EBADMSG, "first bad event is 13");
	check_refused(dir, -EBADMSG, "first bad event is 13");
}

static void
what_kill_left_in_the_wal_is_there_again(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill_and_die(dir, 20);
	if ((s = open_in(dir)) != NULL)
		CHECK_INT(last_seq(s), 20);
	store_close(s);
}

static void
a_changed_journal_is_found_whatever_was_changed(void)
{
	static const struct {
		const char *sql;
		const char *said;
	} changes[] = {
		{ "UPDATE event SET body=x'00' WHERE seq=4", "event is 4 " },
		{ "UPDATE event SET t=t+1 WHERE seq=5", "event is 5 " },
		{ "UPDATE event SET sid=2 WHERE seq=6", "event is 6 " },
		{ "UPDATE event SET ev='reply' WHERE seq=6", "event is 6 " },
		{ "UPDATE event SET ev='nonsense' WHERE seq=6", "event is 6 " },
		{ "UPDATE event SET n=0 WHERE seq=7", "event is 7 " },
		{ "UPDATE event SET flags=1 WHERE seq=7", "event is 7 " },
		{ "UPDATE event SET flags=flags+4294967296 WHERE seq=7",
		    "event is 7 " },
		{ "UPDATE event SET who='x' WHERE seq=8", "event is 8 " },
		{ "UPDATE event SET mode='x' WHERE seq=8", "event is 8 " },
		{ "UPDATE event SET addr='x' WHERE seq=8", "event is 8 " },
		{ "UPDATE event SET why='x' WHERE seq=8", "event is 8 " },
		{ "UPDATE event SET who='a', mode='bc' WHERE seq=8",
		    "event is 8 " },
		{ "UPDATE event SET hash=zeroblob(32) WHERE seq=9",
		    "event is 9 " },
		{ "DELETE FROM event WHERE seq=1", "event is 1 " },
		{ "DELETE FROM event WHERE seq=3", "event is 3 " },
		{ "DELETE FROM event WHERE seq=10", "event is 10 " },
		{ "DELETE FROM event WHERE seq>4", "event is 5 " },
		{ "DELETE FROM event", "event is 1 " },
		{ "DROP TABLE event", "event is 1 " },
		{ "DELETE FROM start", "event is 1 " },
		{ "UPDATE start SET sid=7", "event is 1 " },
		{ "INSERT INTO start SELECT * FROM start", "event is 1 " },
		{ "UPDATE start SET seq=1", "event is 1 " },
		{ "UPDATE start SET id='0123456789abcdef0123456789abcdef'",
		    "event is 1 " },
		{ "UPDATE start SET id='x'", "event is 1 " },
		{ "PRAGMA application_id=5", "not a journal of deskwire" },
	};

	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		const char *dir = t_tmpdir();

		fill(dir, 10);
		sql(dir, changes[i].sql);
		check_refused(dir, -EBADMSG, changes[i].said);
	}
}

/* No hash covers an index, and no start looks at it. */
static void
an_index_that_fits_no_more_is_found_by_who_looks_at_all(void)
{
	const char *dir = t_tmpdir();

	fill(dir, 20);
	sql(dir,
	    "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql="
	    "'CREATE UNIQUE INDEX event_said ON event(sid, t) "
	    "WHERE ev = ''said''' WHERE name='event_said'");
	check_unsound(dir, "event_said");
}

static void
a_replaced_end_is_found_by_the_head(void)
{
	const char *dir = t_tmpdir(), *other = t_tmpdir();
	struct store *s;

	fill(dir, 10);
	fill(other, 9);
	if ((s = open_in(other)) != NULL)
		CHECK_INT(say(s, 1, EV_SAID, "something else"), 0);
	store_close(s);
	copy(in(other, "journal.db"), in(dir, "journal.db"));
	check_refused(dir, -EBADMSG, "event is 10 (it is not the one");
}

/* It has a number that fits, and a hash of its own. */
static void
an_event_of_another_journal_is_found(void)
{
	const char *dir = t_tmpdir(), *other = t_tmpdir();
	struct dw_buf text = DW_BUF_INITIALIZER;
	struct store *s;

	fill(dir, 10);
	if ((s = open_in(other)) != NULL)
		for (int i = 0; i < 10; i++)
			CHECK_INT(say(s, 1, EV_SAID, "something else"), 0);
	store_close(s);
	dw_buf_addf(&text,
	    "ATTACH '%s/journal.db' AS other;"
	    "DELETE FROM event WHERE seq=5;"
	    "INSERT INTO event SELECT * FROM other.event WHERE seq=5",
	    other);
	sql(dir, dw_buf_str(&text));
	check_refused(dir, -EBADMSG, "event is 5 (its hash does not fit");
	dw_buf_fini(&text);
}

static void
a_reader_says_that_an_event_is_damaged(void)
{
	const char *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER;
	struct store_reader *r = NULL;

	fill(dir, 4);
	sql(dir, "UPDATE event SET ev='nonsense' WHERE seq=3");
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		CHECK_INT(store_read(r, 1, 10, list, &got), -EBADMSG);
		CHECK_STR(dw_buf_str(&got),
		    "2 1 said needle-2-and-some-more\n");
	}
	store_reader_close(r);
	dw_buf_fini(&got);
}

static void
what_is_no_journal_is_refused_and_not_touched(void)
{
	static const char page[8192] = "this is certainly no database";
	const char *dir = t_tmpdir();
	size_t len;
	char *after;

	spill(in(dir, "journal.db"), page, sizeof page);
	check_refused(dir, -EBADMSG, "not a journal of deskwire");
	after = slurp(in(dir, "journal.db"), &len);
	CHECK_MEM(after, len, page, sizeof page);
	free(after);
}

/* As most programs have it: not in WAL mode, which is kept in the file. */
static void
another_programs_database_is_refused_and_not_touched(void)
{
	const char *dir = t_tmpdir();
	size_t len, len2;
	char *before, *after;
	struct stat st;

	sql(dir, "CREATE TABLE t(a); INSERT INTO t VALUES(1)");
	before = slurp(in(dir, "journal.db"), &len);
	check_refused(dir, -EBADMSG, "Nothing was changed");
	after = slurp(in(dir, "journal.db"), &len2);
	CHECK_MEM(after, len2, before, len);
	CHECK(stat(in(dir, "journal.db-wal"), &st) < 0);
	free(before);
	free(after);
}

static void
a_journal_that_vanished_or_shrank_is_missed(void)
{
	const char *dir = t_tmpdir();
	struct stat st;

	fill(dir, 400);
	CHECK_INT(stat(in(dir, "journal.db"), &st), 0);
	CHECK_INT(truncate(in(dir, "journal.db"), st.st_size / 2), 0);
	check_refused(dir, -EBADMSG, "--begin-new");
	CHECK_INT(truncate(in(dir, "journal.db"), 0), 0);
	check_refused(dir, -EBADMSG, "it is missing, but events were stored");
	CHECK_INT(unlink(in(dir, "journal.db")), 0);
	check_refused(dir, -EBADMSG, "it is missing, but events were stored");
}

static int
accept_end(const char *dir, uint64_t end, struct store **out)
{
	const struct store_config cfg = { .dir = dir,
		.accepts_end = true,
		.accepted_end = end };

	*out = NULL;
	return store_open(&cfg, out, &why);
}

/* The first n events of the journal, as when the rest was lost. */
static void
cut_after(const char *dir, int n)
{
	char sql[128];
	sqlite3 *db;

	CHECK_INT(sqlite3_open(in(dir, "journal.db"), &db), SQLITE_OK);
	snprintf(sql, sizeof sql,
	    "DELETE FROM event WHERE seq > %d; "
	    "DELETE FROM open WHERE sid NOT IN (SELECT sid FROM event)",
	    n);
	CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static void
a_lost_end_is_missed_although_the_head_is_lost_too(void)
{
	const char *dir = t_tmpdir();

	fill(dir, 125);
	cut_after(dir, 62);
	CHECK_INT(unlink(in(dir, "head")), 0);
	check_refused(dir, -EBADMSG, "the file head beside it is missing");
	check_refused(dir, -EBADMSG, "--accept-end=62");
	check_refused(dir, -EBADMSG, "--begin-new");
	CHECK(access(in(dir, "head"), F_OK) < 0); /* nothing was changed */
	cut_after(dir, 0);
	check_refused(dir, -EBADMSG, "--accept-end=0");
	spill(in(dir, "head"), "head 1 rubbish", 14);
	check_refused(dir, -EBADMSG, "the file head beside it has changed");
	CHECK_INT(unlink(in(dir, "journal.db")), 0);
	check_refused(dir, -EBADMSG, "it is missing, but its head is there");
}

static void
an_end_that_is_accepted_is_the_end_from_then_on(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill(dir, 20);
	cut_after(dir, 12); /* as an older copy */
	check_refused(dir, -EBADMSG, "--accept-end=12");
	for (uint64_t wrong = 11; wrong <= 13; wrong += 2) {
		CHECK_INT(accept_end(dir, wrong, &s), -EINVAL);
		check_why("ends at event 12, and not at");
	}
	if (!CHECK_INT(accept_end(dir, 12, &s), 0))
		return;
	CHECK_INT(why.len, 0);
	CHECK_INT(say(s, 1, EV_SAID, "goes on"), 0);
	store_close(s);
	s = open_in(dir);
	CHECK_INT(last_seq(s), 13);
	store_close(s);
	/* It may stay in a script. */
	CHECK_INT(accept_end(dir, 12, &s), 0);
	CHECK_INT(last_seq(s), 13);
	store_close(s);
}

/* A backup of journal.db alone, in a folder of its own. */
static void
a_copy_without_its_head_can_be_put_back(void)
{
	const char *dir = t_tmpdir(), *copied = t_tmpdir();
	struct store *s;

	fill(dir, 5);
	copy(in(dir, "journal.db"), in(copied, "journal.db"));
	check_refused(copied, -EBADMSG, "--accept-end=5");
	CHECK_INT(accept_end(copied, 5, &s), 0);
	store_close(s);
	s = open_in(copied);
	CHECK_INT(last_seq(s), 5);
	store_close(s);
}

/* Its head has it that more was walked than the copy has. */
static void
a_copy_that_is_put_back_is_offered_its_end(void)
{
	const char *dir = t_tmpdir(), *copied = t_tmpdir();
	struct store *s;

	fill(dir, 20);
	copy(in(dir, "journal.db"), in(copied, "journal.db"));
	if ((s = open_in(dir)) == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "not in the copy"), 0);
	CHECK_INT(say(s, 1, EV_SAID, "nor this"), 0);
	store_close(s);
	store_close(open_in(dir)); /* and walks it */
	copy(in(copied, "journal.db"), in(dir, "journal.db"));
	check_refused(dir, -EBADMSG, "the first bad event is 21 ");
	check_refused(dir, -EBADMSG, "--accept-end=20");
}

/* Accepted is the end, and nothing else. */
static void
a_changed_journal_is_damaged_whatever_is_accepted(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill(dir, 20);
	CHECK(flip(in(dir, "journal.db"), "needle-13-and-some-more"));
	CHECK_INT(unlink(in(dir, "head")), 0);
	CHECK_INT(accept_end(dir, 20, &s), -EBADMSG);
	CHECK_INT(accept_end(dir, 12, &s), -EBADMSG);
	check_why("the first bad event is 13");
}

/* However far the first start of a desk came, the next is no damage. */
static void
a_head_is_there_before_the_journal_is(void)
{
	bool struck = true;

	for (unsigned k = 1; struck && CHECK(k < 200); k++) {
		const char *dir = t_tmpdir();
		struct store *s;

		faulty_vfs_arm(FAULTY_DEAD, k);
		(void)try_open(dir, false, &s);
		struck = faulty_vfs_disarm();
		store_close(s);
		store_close(open_in(dir));
	}
}

static void
a_wal_without_its_journal_is_kept(void)
{
	const char *dir = t_tmpdir();
	struct stat st;

	fill_and_die(dir, 3);
	CHECK_INT(unlink(in(dir, "journal.db")), 0);
	CHECK_INT(unlink(in(dir, "head")), 0);
	check_refused(dir, -EBADMSG, "only its -wal file is there");
	CHECK_INT(stat(in(dir, "journal.db-wal"), &st), 0);
	CHECK(st.st_size > 0);
}

/* Every bit of a small journal that matters is watched over; those that do
 * not are in free space. */
static void
a_flip_anywhere_is_found_or_changes_nothing(void)
{
	const char *dir = t_tmpdir();
	int tries = t_size("flips", 400);
	char *good, *want;
	size_t len;

	fill(dir, 30);
	good = slurp(in(dir, "journal.db"), &len);
	want = malloc(len);
	for (int i = 0; i < tries && want != NULL; i++) {
		struct dw_buf got = DW_BUF_INITIALIZER;
		struct store *s;
		size_t at = (size_t)i * 7919 % len;
		int r;

		memcpy(want, good, len);
		want[at] ^= (char)(1 << (i % 8));
		spill(in(dir, "journal.db"), want, len);
		unlink(in(dir, "journal.db-wal"));
		unlink(in(dir, "journal.db-shm"));
		r = try_open(dir, false, &s);
		if (r == 0) {
			CHECK_INT(store_replay_open(s, list, &got), 0);
			CHECK_INT(last_seq(s), 30);
			store_close(s);
			/* A start believes the table of open sessions. */
			if (strstr(dw_buf_str(&got),
				"30 1 said needle-30-"
				"and-some-more\n") == NULL)
				check_unsound(dir, "journal");
		} else
			CHECK(why.len > 0);
		dw_buf_fini(&got);
	}
	free(good);
	free(want);
}

/* ---- --begin-new ---- */

static const char *
aside_of(const char *dir)
{
	static char found[256];
	char command[320];
	FILE *p;

	snprintf(command, sizeof command,
	    "ls -d %s/damaged-* 2>/dev/null | tail -1", dir);
	found[0] = '\0';
	if ((p = popen(command, "r")) != NULL) {
		if (fgets(found, sizeof found, p) != NULL)
			found[strcspn(found, "\n")] = '\0';
		pclose(p);
	}
	return found;
}

static void
a_damaged_journal_is_set_aside_and_numbers_go_on(void)
{
	const char *dir = t_tmpdir();
	struct store *s;
	uint64_t seq, sid;
	char *before, *after;
	size_t len, len2;

	fill(dir, 20);
	CHECK(flip(in(dir, "journal.db"), "needle-13-and-some-more"));
	before = slurp(in(dir, "journal.db"), &len);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	check_why("The damaged journal is now in");
	check_why(aside_of(dir));
	store_last(s, &seq, &sid);
	CHECK_INT(seq, 20);
	CHECK_INT(sid, 1);
	CHECK_INT(say(s, 2, EV_ARRIVED, ""), 0);
	store_close(s);
	check_all(dir, "21 2 arrived \n");
	after = slurp(in(aside_of(dir), "journal.db"), &len2);
	CHECK_MEM(after, len2, before, len);
	CHECK_INT(mode(aside_of(dir)), 0700);
	CHECK(access(in(aside_of(dir), "head"), F_OK) == 0);
	s = open_in(dir);
	CHECK_INT(last_seq(s), 21);
	store_close(s);
	free(before);
	free(after);
}

static void
numbers_go_on_from_the_head_when_nothing_can_be_read(void)
{
	const char *dir = t_tmpdir();
	struct store *s;
	uint64_t seq, sid;

	fill(dir, 20);
	spill(in(dir, "journal.db"), "rubbish rubbish", 15);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	store_last(s, &seq, &sid);
	CHECK_INT(seq, 20);
	CHECK_INT(sid, 1);
	store_close(s);
	/* And once more, with nothing in it but where it started. */
	spill(in(dir, "journal.db"), "rubbish rubbish", 15);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	store_last(s, &seq, &sid);
	CHECK_INT(seq, 20);
	CHECK_INT(sid, 1);
	CHECK_INT(say(s, 2, EV_ARRIVED, ""), 0);
	store_close(s);
	/* Without a head: above anything that can have been. */
	spill(in(dir, "journal.db"), "rubbish rubbish", 15);
	CHECK_INT(unlink(in(dir, "head")), 0);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	CHECK(last_seq(s) > 1000000);
	store_close(s);
}

static void
numbers_go_on_from_the_journal_when_there_is_no_head(void)
{
	const char *dir = t_tmpdir();
	struct store *s;
	uint64_t seq, sid;

	fill(dir, 19);
	s = open_in(dir);
	CHECK_INT(say(s, 7, EV_ARRIVED, ""), 0);
	store_close(s);
	CHECK(flip(in(dir, "journal.db"), "needle-13-and-some-more"));
	CHECK_INT(unlink(in(dir, "head")), 0);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	store_last(s, &seq, &sid);
	CHECK_INT(seq, 20);
	CHECK_INT(sid, 7);
	store_close(s);
}

static void
a_sound_journal_is_not_set_aside(void)
{
	const char *dir = t_tmpdir();
	struct store *s;

	fill(dir, 3);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	CHECK_INT(why.len, 0);
	CHECK_INT(last_seq(s), 3);
	store_close(s);
	CHECK_STR(aside_of(dir), "");
}

static void
a_damaged_wal_is_set_aside_with_its_journal(void)
{
	const char *dir = t_tmpdir();
	struct store *s;
	char *before, *after;
	size_t len, len2;

	fill_and_die(dir, 20);
	CHECK(flip(in(dir, "journal.db-wal"), "needle-13-and-some-more"));
	before = slurp(in(dir, "journal.db-wal"), &len);
	if (!CHECK_INT(try_open(dir, true, &s), 0))
		return;
	CHECK_INT(last_seq(s), 20);
	CHECK_INT(say(s, 2, EV_ARRIVED, ""), 0);
	store_close(s);
	after = slurp(in(aside_of(dir), "journal.db-wal"), &len2);
	CHECK_MEM(after, len2, before, len);
	free(before);
	free(after);
}

/* ---- disks that fail ---- */

/* Two events of 20 KiB after one that must stay, with fault k.  Returns
 * whether the fault struck. */
static bool
append_with_fault(enum faulty_kind kind, unsigned k, size_t size)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	char *body = calloc(1, size + 1);
	struct ev_event evs[2];
	bool struck;
	int r;

	if (s == NULL || !CHECK(body != NULL))
		return false;
	memset(body, 'x', size);
	CHECK_INT(say(s, 1, EV_ARRIVED, ""), 0);
	evs[0] = event(2, 1, EV_SAID, body);
	evs[1] = event(3, 1, EV_SAID, body);
	faulty_vfs_arm(kind, k);
	r = append(s, evs, 2);
	struck = faulty_vfs_disarm();
	CHECK(struck || r == 0);
	if (r != 0)
		CHECK_INT(r, kind == FAULTY_FULL ? -ENOSPC : -EIO);
	CHECK_INT(last_seq(s), r == 0 ? 3 : 1);
	if (k % 2 == 0) {
		store_close(s);
		s = open_in(dir);
		CHECK_INT(last_seq(s), r == 0 ? 3 : 1);
	}
	CHECK_INT(say(s, 1, EV_SAID, "later"), 0);
	store_close(s);
	s = open_in(dir);
	CHECK_INT(last_seq(s), r == 0 ? 4 : 2);
	store_close(s);
	check_sound(dir, r == 0 ? 4 : 2);
	free(body);
	return struck;
}

static void
sweep(enum faulty_kind kind, size_t size, unsigned step)
{
	unsigned k = 1;

	while (append_with_fault(kind, k, size))
		k += step;
	/* It did strike, and it did end. */
	CHECK(k > 1 && k < 4000);
}

/* Small tests let every seventh write fail, which is odd and even ones. */
static unsigned
stride(void)
{
	return t_size("tenths of all writes", 10) < 10 ? 7 : 1;
}

static void
a_write_that_fails_loses_the_batch_and_nothing_else(void)
{
	sweep(FAULTY_WRITE, 20000, stride());
}

static void
a_write_that_tears_loses_the_batch_and_nothing_else(void)
{
	sweep(FAULTY_TORN, 20000, stride());
}

static void
a_failed_sync_is_never_believed_later(void)
{
	sweep(FAULTY_SYNC, 20000, 1);
}

static void
a_full_disk_loses_the_batch_and_nothing_else(void)
{
	sweep(FAULTY_FULL, 20000, stride());
}

/* Four events, a checkpoint with fault k, one more.  Returns whether the fault
 * struck. */
static bool
checkpoint_with_fault(enum faulty_kind kind, unsigned k)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	bool struck;
	int r, left;

	if (s == NULL)
		return false;
	CHECK_INT(arrive(s, 1), 0);
	for (int i = 0; i < 3; i++)
		CHECK_INT(say(s, 1, EV_SAID, "said before"), 0);
	faulty_vfs_arm(kind, k);
	r = store_checkpoint(dir, &left);
	struck = faulty_vfs_disarm();
	CHECK(struck ? r < 0 : r == 0);
	CHECK_INT(say(s, 1, EV_SAID, "later"), 0);
	store_close(s);
	s = open_in(dir);
	CHECK_INT(last_seq(s), 5);
	store_close(s);
	check_sound(dir, 5);
	return struck;
}

static void
a_checkpoint_that_fails_loses_nothing(void)
{
	static const enum faulty_kind kinds[] = { FAULTY_SYNC, FAULTY_WRITE,
		FAULTY_TORN, FAULTY_FULL };
	unsigned k;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		for (k = 1; checkpoint_with_fault(kinds[i], k); k++)
			;
		CHECK(k > 1);
	}
}

static void
somebody_is_asked_for_a_checkpoint_each_time_the_wal_has_grown(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	const size_t size = 3 << 20;
	char *body = calloc(1, size + 1);
	unsigned asked = 0;
	int left;

	if (s == NULL || !CHECK(body != NULL))
		return;
	memset(body, 'x', size);
	for (int i = 0; i < 6; i++) {
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
		asked += store_wants_checkpoint(s);
		CHECK(!store_wants_checkpoint(s));
	}
	CHECK_INT(asked, 3);
	CHECK_INT(store_checkpoint(dir, &left), 0);
	CHECK_INT(say(s, 1, EV_SAID, "at the beginning again"), 0);
	CHECK(!store_wants_checkpoint(s));
	CHECK_INT(say(s, 1, EV_SAID, body), 0);
	CHECK_INT(say(s, 1, EV_SAID, body), 0);
	CHECK(store_wants_checkpoint(s));
	store_close(s);
	free(body);
}

/* The batch is in the file, whole, when fsync says no.  Then we die.  While
 * somebody reads, SQLite does not read the -wal again for the next who opens
 * it. */
static void
sync_fails_and_we_die(enum faulty_kind kind, bool somebody_reads)
{
	const char *dir = t_tmpdir(), *copied = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "stays"), 0);
	if (somebody_reads)
		CHECK_INT(store_reader_open(dir, &r, &why), 0);
	faulty_vfs_arm(kind, 1);
	CHECK_INT(say(s, 1, EV_SAID, "never"), -EIO);
	CHECK(faulty_vfs_disarm());
	copy(in(dir, "journal.db"), in(copied, "journal.db"));
	copy(in(dir, "journal.db-wal"), in(copied, "journal.db-wal"));
	copy(in(dir, "head"), in(copied, "head"));
	store_close(open_in(copied));
	check_all(copied, "1 1 said stays\n");
	store_reader_close(r);
	store_close(s);
	check_all(dir, "1 1 said stays\n");
}

static void
what_a_failed_sync_left_in_the_wal_is_gone_at_once(void)
{
	sync_fails_and_we_die(FAULTY_SYNC, false);
}

/* What a session was before them is known by its earlier events. */
static void
a_batch_that_is_dropped_leaves_open_what_was_open(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct ev_event batch[] = {
		event(6, 1, EV_REOPENED, ""),
		event(7, 1, EV_CLOSED, ""),
		event(8, 2, EV_CLOSED, ""),
		event(9, 2, EV_REOPENED, ""),
		event(10, 3, EV_REOPENED, ""),
		event(11, 4, EV_ARRIVED, ""),
	};

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(arrive(s, 2), 0);
	CHECK_INT(arrive(s, 3), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(say(s, 3, EV_CLOSED, ""), 0);
	faulty_vfs_arm(FAULTY_SYNC, 1);
	CHECK_INT(append(s, batch, 6), -EIO);
	CHECK(faulty_vfs_disarm());
	CHECK_INT(say(s, 2, EV_SAID, "on"), 0);
	check_replayed(s, "2 2 arrived \n6 2 said on\n");
	store_close(s);
	check_sound(dir, 6);
}

static void
what_a_failed_sync_left_is_gone_also_while_somebody_reads(void)
{
	sync_fails_and_we_die(FAULTY_SYNC, true);
}

/* Where blocks are given late a full disk shows in fsync: that is no clean
 * failure, for some of the pages may be lost and some not. */
static void
a_sync_that_fails_for_a_full_disk_is_a_failed_sync(void)
{
	const char *dir = t_tmpdir();
	sqlite3 *db = NULL;
	int rc;

	sync_fails_and_we_die(FAULTY_SYNC_FULL, false);
	sweep(FAULTY_SYNC_FULL, 20000, 1);
	fill_and_die(dir, 3);
	CHECK_INT(store_db_open(in(dir, "journal.db"), 0, &db, &why), 0);
	faulty_vfs_arm(FAULTY_SYNC_FULL, 1);
	rc = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
	    NULL, NULL);
	CHECK(faulty_vfs_disarm());
	CHECK_INT(rc, SQLITE_IOERR_FSYNC);
	CHECK_INT(sqlite3_system_errno(db), ENOSPC);
	CHECK_INT(store_db_err(db, rc), -EIO);
	sqlite3_close(db);
}

/* A large -wal is none, as long as it begins anew. */
static void
a_reader_that_stays_is_noticed_when_the_wal_grows(void)
{
	const size_t size = 65 << 20, step = 5 << 20;
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	char *body = calloc(1, size + 1);
	sqlite3 *db = NULL;

	if (s == NULL || !CHECK(body != NULL))
		return;
	memset(body, 'x', size);
	CHECK_INT(say(s, 1, EV_SAID, "small"), 0);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
		CHECK(!store_is_held_back(s));
		CHECK_INT(say(s, 1, EV_SAID, "small"), 0);
		CHECK(!store_is_held_back(s));
	}
	CHECK_INT(sqlite3_open(in(dir, "journal.db"), &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM event", NULL,
		      NULL, NULL),
	    SQLITE_OK);
	CHECK_INT(say(s, 1, EV_SAID, body), 0);
	CHECK(!store_is_held_back(s));
	body[step] = '\0';
	for (int i = 0; i < 6; i++)
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
	CHECK(store_is_held_back(s));
	CHECK_INT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	for (int i = 0; i < 3; i++)
		CHECK_INT(say(s, 1, EV_SAID, body), 0);
	CHECK(!store_is_held_back(s));
	sqlite3_close(db);
	store_close(s);
	free(body);
}

/* The disk is well again only when the desk ends. */
static void
what_could_not_be_dropped_at_once_is_dropped_at_the_end(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "stays"), 0);
	faulty_vfs_arm(FAULTY_DEAD, 1);
	CHECK_INT(say(s, 1, EV_SAID, "never"), -EIO);
	CHECK_INT(say(s, 1, EV_SAID, "nor this"), -EIO);
	CHECK(faulty_vfs_disarm());
	store_close(s);
	store_close(open_in(dir));
	check_all(dir, "1 1 said stays\n");
}

static void
a_disk_that_stays_broken_stays_an_error_until_it_is_well(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	for (int i = 0; i < 5; i++) {
		faulty_vfs_arm(i % 2 ? FAULTY_SYNC : FAULTY_WRITE, 1);
		CHECK_INT(say(s, 1, EV_SAID, "b"), -EIO);
		CHECK(faulty_vfs_disarm());
	}
	for (int i = 0; i < 5; i++) {
		faulty_vfs_arm(FAULTY_FULL, 1);
		CHECK_INT(say(s, 1, EV_SAID, "b"), -ENOSPC);
		CHECK(faulty_vfs_disarm());
	}
	CHECK_INT(say(s, 1, EV_SAID, "c"), 0);
	store_close(s);
	check_all(dir, "1 1 said a\n2 1 said c\n");
}

static void
somebody_else_who_locks_the_file_is_only_a_delay(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	sqlite3 *db = NULL;

	if (s == NULL)
		return;
	CHECK_INT(sqlite3_open(in(dir, "journal.db"), &db), SQLITE_OK);
	CHECK_INT(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL),
	    SQLITE_OK);
	CHECK_INT(say(s, 1, EV_SAID, "a"), -EBUSY);
	CHECK_INT(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
	store_close(s);
	check_all(dir, "1 1 said b\n");
}

/* ---- files that vanish ---- */

static const char *const kept_files[] = { "journal.db", "journal.db-wal",
	"journal.db-shm", "head", "lock" };
#define KEPT_FILES (sizeof kept_files / sizeof kept_files[0])

static void
move_file(const char *dir, const char *file, const char *to)
{
	CHECK_INT(rename(in(dir, file), in(dir, to)), 0);
}

static void
a_file_that_is_not_there_any_more_fails_until_it_is_back(void)
{
	for (size_t i = 0; i < KEPT_FILES; i++) {
		const char *dir = t_tmpdir();
		struct store *s = open_in(dir);

		if (s == NULL)
			return;
		CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
		CHECK(store_gone(s) == NULL);
		move_file(dir, kept_files[i], "elsewhere");
		CHECK_INT(store_look(s), -ESTALE);
		CHECK_STR(store_gone(s), kept_files[i]);
		CHECK_INT(say(s, 1, EV_SAID, "lost"), -ESTALE);
		CHECK_INT(say(s, 1, EV_SAID, "lost too"), -ESTALE);
		move_file(dir, "elsewhere", kept_files[i]);
		CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
		CHECK(store_gone(s) == NULL);
		store_close(s);
		check_all(dir, "1 1 said a\n2 1 said b\n");
		check_sound(dir, 2);
	}
}

static void
another_file_in_its_place_is_not_believed(void)
{
	for (size_t i = 0; i < KEPT_FILES; i++) {
		const char *dir = t_tmpdir();
		struct store *s = open_in(dir);

		if (s == NULL)
			return;
		CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
		move_file(dir, kept_files[i], "elsewhere");
		copy(in(dir, "elsewhere"), in(dir, kept_files[i]));
		CHECK_INT(say(s, 1, EV_SAID, "lost"), -ESTALE);
		CHECK_INT(store_look(s), -ESTALE);
		move_file(dir, "elsewhere", kept_files[i]);
		CHECK_INT(store_look(s), 0);
		CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
		store_close(s);
		check_all(dir, "1 1 said a\n2 1 said b\n");
	}
}

static void
a_folder_that_was_moved_fails_until_it_is_back(void)
{
	const char *dir = t_tmpdir();
	const char *state = in(dir, "state"), *moved = in(dir, "moved");
	struct store *s = open_in(state);

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(rename(state, moved), 0);
	CHECK_INT(say(s, 1, EV_SAID, "lost"), -ESTALE);
	CHECK_STR(store_gone(s), "");
	CHECK_INT(rename(moved, state), 0);
	CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
	store_close(s);
	check_all(in(dir, "state"), "1 1 said a\n2 1 said b\n");
}

/* What happens while the transaction is written. */
static void
remove_wal(void *arg, int kind, const char *db, const char *table,
    sqlite3_int64 row)
{
	(void)kind;
	(void)db;
	(void)table;
	(void)row;
	(void)rename(in(arg, "journal.db-wal"), in(arg, "elsewhere"));
}

static void
what_was_committed_into_a_file_that_vanished_is_not_acknowledged(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	sqlite3_update_hook(s->db, remove_wal, (void *)dir);
	CHECK_INT(say(s, 1, EV_SAID, "lost"), -ESTALE);
	sqlite3_update_hook(s->db, NULL, NULL);
	CHECK_INT(last_seq(s), 1);
	move_file(dir, "elsewhere", "journal.db-wal");
	CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
	store_close(s);
	check_all(dir, "1 1 said a\n2 1 said b\n");
	check_sound(dir, 2);
}

/* Also if its desk is killed then, which is a copy of what there is. */
static void
without_its_wal_the_journal_has_all_that_was_acknowledged(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(say(s, 1, EV_SAID, "b"), 0);
	CHECK_INT(unlink(in(dir, "journal.db-wal")), 0);
	CHECK_INT(unlink(in(dir, "journal.db-shm")), 0);
	CHECK_INT(say(s, 1, EV_SAID, "lost"), -ESTALE);
	store_close(s);
	check_all(dir, "1 1 said a\n2 1 said b\n");
	check_sound(dir, 2);
	s = open_in(dir);
	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "c"), 0);
	store_close(s);
}

static void
a_desk_without_its_journal_leaves_alone_what_is_in_its_place(void)
{
	const char *dir = t_tmpdir(), *other = t_tmpdir();
	struct store *s = open_in(dir);

	fill(other, 3);
	if (s == NULL)
		return;
	CHECK_INT(say(s, 1, EV_SAID, "a"), 0);
	CHECK_INT(rename(in(other, "journal.db"), in(dir, "journal.db")), 0);
	spill(in(dir, "journal.db-wal"), "somebody's", 10);
	CHECK_INT(store_look(s), -ESTALE);
	store_close(s);
	CHECK_INT(access(in(dir, "journal.db"), F_OK), 0);
	CHECK_INT(access(in(dir, "journal.db-wal"), F_OK), 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(every_field_comes_back_byte_for_byte),
		T(an_empty_and_a_large_body_come_back),
		T(a_batch_is_stored_whole_and_in_order),
		T(a_journal_has_a_name_of_its_own_and_keeps_it),
		T(a_number_that_does_not_continue_is_refused),
		T(only_sessions_that_are_open_are_replayed),
		T(a_session_that_was_opened_again_is_open_until_it_ends_again),
		T(bans_are_replayed_with_the_sessions_that_are_open),
		T(a_reader_sees_what_is_committed_and_only_that),
		T(a_reader_reads_on_in_pieces),
		T(history_is_the_last_messages_of_one_session),
		T(page_by_page_a_history_goes_back_to_the_first_word),
		T(ended_sessions_are_listed_with_their_name_page_by_page),
		T(earlier_sessions_of_a_person_are_shown_with_their_last_words),
		T(what_became_of_answers_is_not_counted_as_datagrams),
		T(a_reader_in_another_thread_follows_without_a_gap),
		T(a_reader_of_nothing_is_told_so),
		T(everything_is_private_whatever_the_umask),
		T(a_second_desk_is_told_who_holds_the_first),
		T(the_lock_dies_with_its_process),
		T(a_symbolic_link_is_refused_in_words),
		T(a_folder_that_others_may_write_is_refused),
		T(a_place_that_cannot_be_written_is_said),
		T(file_systems_of_a_network_are_known),
		T(a_connection_does_what_power_loss_needs),
		T(a_newer_schema_is_refused),
		T(a_journal_of_format_1_is_refused_and_set_aside_on_demand),
		T(a_flipped_bit_in_the_file_names_its_event),
		T(a_flipped_bit_in_the_wal_names_its_event),
		T(what_kill_left_in_the_wal_is_there_again),
		T(a_changed_journal_is_found_whatever_was_changed),
		T(an_index_that_fits_no_more_is_found_by_who_looks_at_all),
		T(a_replaced_end_is_found_by_the_head),
		T(an_event_of_another_journal_is_found),
		T(a_reader_says_that_an_event_is_damaged),
		T(what_is_no_journal_is_refused_and_not_touched),
		T(another_programs_database_is_refused_and_not_touched),
		T(a_journal_that_vanished_or_shrank_is_missed),
		T(a_lost_end_is_missed_although_the_head_is_lost_too),
		T(an_end_that_is_accepted_is_the_end_from_then_on),
		T(a_copy_without_its_head_can_be_put_back),
		T(a_copy_that_is_put_back_is_offered_its_end),
		T(a_changed_journal_is_damaged_whatever_is_accepted),
		T(a_head_is_there_before_the_journal_is),
		T(a_wal_without_its_journal_is_kept),
		T(a_flip_anywhere_is_found_or_changes_nothing),
		T(a_damaged_journal_is_set_aside_and_numbers_go_on),
		T(numbers_go_on_from_the_head_when_nothing_can_be_read),
		T(numbers_go_on_from_the_journal_when_there_is_no_head),
		T(a_sound_journal_is_not_set_aside),
		T(a_damaged_wal_is_set_aside_with_its_journal),
		T(a_write_that_fails_loses_the_batch_and_nothing_else),
		T(a_write_that_tears_loses_the_batch_and_nothing_else),
		T(a_failed_sync_is_never_believed_later),
		T(a_full_disk_loses_the_batch_and_nothing_else),
		T(a_checkpoint_that_fails_loses_nothing),
		T(somebody_is_asked_for_a_checkpoint_each_time_the_wal_has_grown),
		T(what_a_failed_sync_left_in_the_wal_is_gone_at_once),
		T(what_a_failed_sync_left_is_gone_also_while_somebody_reads),
		T(a_batch_that_is_dropped_leaves_open_what_was_open),
		T(a_sync_that_fails_for_a_full_disk_is_a_failed_sync),
		T(a_reader_that_stays_is_noticed_when_the_wal_grows),
		T(what_could_not_be_dropped_at_once_is_dropped_at_the_end),
		T(a_disk_that_stays_broken_stays_an_error_until_it_is_well),
		T(somebody_else_who_locks_the_file_is_only_a_delay),
		T(a_file_that_is_not_there_any_more_fails_until_it_is_back),
		T(another_file_in_its_place_is_not_believed),
		T(a_folder_that_was_moved_fails_until_it_is_back),
		T(what_was_committed_into_a_file_that_vanished_is_not_acknowledged),
		T(without_its_wal_the_journal_has_all_that_was_acknowledged),
		T(a_desk_without_its_journal_leaves_alone_what_is_in_its_place),
	};

	return t_main_shared("store", faulty_vfs_install, cases,
	    sizeof cases / sizeof cases[0]);
}
