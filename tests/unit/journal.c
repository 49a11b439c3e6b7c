/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests what the journal's format promises: nothing is stored twice,
 * what is erased is gone and the chain holds, and a start looks at what is
 * new. */
#include "config.h"

#include <inttypes.h>

#include "store_rig.h"

static struct ev_key
key_of(unsigned i)
{
	struct ev_key key = { { 1 } };

	memcpy(key.bytes + EV_KEY_CONSOLE, &i, sizeof i);
	return key;
}

static struct ev_event
reply(const struct store *s, uint64_t sid, uint64_t n, unsigned key)
{
	struct ev_event ev = event(last_seq(s) + 1, sid, EV_REPLY, "hello");

	ev.n = n;
	ev.key = key_of(key);
	return ev;
}

/* ---- once ---- */

static void
nothing_is_stored_twice(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct ev_event evs[2];

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, 1), 0);
	CHECK_INT(arrive(s, 2), 0);
	evs[0] = reply(s, 1, 1, 7);
	CHECK_INT(append(s, evs, 1), 0);
	/* The same key, whatever else the round has. */
	evs[0] = event(last_seq(s) + 1, 2, EV_SAID, "goes with it");
	evs[1] = reply(s, 1, 2, 7);
	evs[1].seq++;
	CHECK_INT(append(s, evs, 2), -EEXIST);
	CHECK_INT(last_seq(s), 3);
	CHECK_INT(append(s, evs, 1), 0);
	/* The same number, each way. */
	evs[0] = reply(s, 1, 1, 8);
	CHECK_INT(append(s, evs, 1), -EEXIST);
	evs[0] = event(last_seq(s) + 1, 2, EV_SAID, "again");
	evs[0].n = 4;
	CHECK_INT(append(s, evs, 1), -EEXIST);
	/* The same key in another session is another reply. */
	evs[0] = reply(s, 2, 1, 7);
	CHECK_INT(append(s, evs, 1), 0);
	store_close(s);
	check_sound(dir, 5);
}

static void
a_reply_is_found_by_its_key_also_when_its_session_has_ended(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;
	struct ev_key key = key_of(7), other = key_of(8);
	struct ev_event ev;
	uint64_t n = 0;

	if (s == NULL)
		return;
	CHECK_INT(arrive(s, 1), 0);
	ev = reply(s, 1, 3, 7);
	CHECK_INT(append(s, &ev, 1), 0);
	CHECK_INT(say(s, 1, EV_CLOSED, ""), 0);
	CHECK_INT(store_find_reply(s, 1, &key, &n), 0);
	CHECK_INT(n, 3);
	CHECK_INT(store_find_reply(s, 2, &key, &n), -ENOENT);
	CHECK_INT(store_find_reply(s, 1, &other, &n), -ENOENT);
	n = 0;
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		CHECK_INT(store_reader_find_reply(r, 1, &key, &n), 0);
		CHECK_INT(n, 3);
		CHECK_INT(store_reader_find_reply(r, 1, &other, &n), -ENOENT);
	}
	store_reader_close(r);
	store_close(s);
}

/* ---- what was missed ---- */

static int
datagram(struct store *s, unsigned flags)
{
	struct ev_event ev = event(last_seq(s) + 1, 0, EV_UDP, "note");

	ev.flags = flags;
	ev.addr = "127.0.0.1:4000";
	return append(s, &ev, 1);
}

static void
datagrams_that_nobody_saw_are_counted(void)
{
	struct store *s = open_in(t_tmpdir());
	uint64_t n = 9;

	if (s == NULL)
		return;
	CHECK_INT(store_unattended(s, &n), 0);
	CHECK_INT(n, 0);
	CHECK_INT(datagram(s, EV_FLAG_UNATTENDED), 0);
	CHECK_INT(datagram(s, EV_FLAG_UNATTENDED | EV_FLAG_PEER_NEW), 0);
	CHECK_INT(store_unattended(s, &n), 0);
	CHECK_INT(n, 2);
	CHECK_INT(say(s, 0, EV_ON, ""), 0);
	CHECK_INT(datagram(s, 0), 0);
	CHECK_INT(say(s, 0, EV_OFF, ""), 0);
	CHECK_INT(datagram(s, EV_FLAG_UNATTENDED), 0);
	CHECK_INT(store_unattended(s, &n), 0);
	CHECK_INT(n, 1);
	store_close(s);
}

/* ---- erased ---- */

static bool
stands_in(const char *dir, const char *file, const char *marker)
{
	size_t len;
	char *all = slurp(in(dir, file), &len);
	bool found =
	    all != NULL && memmem(all, len, marker, strlen(marker)) != NULL;

	free(all);
	return found;
}

static bool
stands(const char *dir, const char *marker)
{
	return stands_in(dir, "journal.db", marker) ||
	    stands_in(dir, "journal.db-wal", marker);
}

static int
erase(struct store *s, uint64_t sid, const char *numbers)
{
	struct ev_event ev = event(last_seq(s) + 1, sid, EV_ERASED, "");

	ev.who = "lin";
	ev.why = numbers;
	return append(s, &ev, 1);
}

#define MARKER_MAX 40

static void
marker_of(char *out, uint64_t sid, const char *what)
{
	snprintf(out, MARKER_MAX, "%s-of-%" PRIu64 "-end", what, sid);
}

/* A whole conversation, in which each thing that a customer gives is known. */
static int
converse(struct store *s, uint64_t sid, unsigned messages)
{
	char addr[MARKER_MAX], name[MARKER_MAX], words[MARKER_MAX];
	struct ev_event ev;
	int r;

	marker_of(addr, sid, "addr");
	marker_of(name, sid, "name");
	marker_of(words, sid, "words");
	ev = event(last_seq(s) + 1, sid, EV_ARRIVED, "");
	ev.addr = addr;
	ev.who = "guest";
	r = append(s, &ev, 1);
	ev = event(last_seq(s) + 1, sid, EV_NAME, "");
	ev.who = name;
	r = r < 0 ? r : append(s, &ev, 1);
	for (unsigned i = 0; r == 0 && i < messages; i++) {
		ev = event(last_seq(s) + 1, sid, i % 2 ? EV_REPLY : EV_SAID,
		    words);
		ev.who = i % 2 ? "lin" : "";
		r = append(s, &ev, 1);
	}
	return r < 0 ? r : say(s, sid, EV_CLOSED, "");
}

static void
check_gone(const char *dir, uint64_t sid, bool gone)
{
	static const char *const what[] = { "addr", "name", "words" };
	char marker[MARKER_MAX];

	for (size_t i = 0; i < sizeof what / sizeof *what; i++) {
		marker_of(marker, sid, what[i]);
		CHECK_INT(stands(dir, marker), !gone);
	}
}

static int
check_erased(void *arg, const struct ev_event *ev)
{
	uint64_t *n = arg;

	if (ev->sid != 2 || ev->kind == EV_CLOSED || ev->kind == EV_ERASED)
		return 0;
	++*n;
	CHECK((ev->flags & EV_FLAG_ERASED) != 0);
	CHECK_STR(ev->addr, "");
	CHECK_STR(ev->who, ev->kind == EV_REPLY ? "lin" : "");
	CHECK_INT(ev->len, 0);
	return 0;
}

static void
what_a_person_gave_is_erased_and_the_chain_holds(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	struct store_reader *r = NULL;
	uint64_t n = 0;

	for (uint64_t sid = 1; s != NULL && sid <= 3; sid++)
		CHECK_INT(converse(s, sid, 6), 0);
	CHECK_INT(erase(s, 2, ""), 0);
	CHECK(!store_is_erasing(s));
	check_gone(dir, 1, false);
	check_gone(dir, 2, true);
	check_gone(dir, 3, false);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0))
		CHECK_INT(store_read(r, 0, 1000, check_erased, &n), 0);
	CHECK_INT(n, 8);
	store_reader_close(r);
	store_close(s);
	check_sound(dir, 28);
	store_close(open_in(dir));
}

static void
datagrams_are_erased_by_their_numbers(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);
	char addr[MARKER_MAX];

	for (unsigned i = 1; s != NULL && i <= 6; i++) {
		struct ev_event ev = event(i, 0, EV_UDP, "");

		marker_of(addr, i, "from");
		ev.addr = addr;
		CHECK_INT(append(s, &ev, 1), 0);
	}
	CHECK_INT(erase(s, 0, "1 3-5"), 0);
	for (unsigned i = 1; i <= 6; i++) {
		marker_of(addr, i, "from");
		CHECK_INT(stands(dir, addr), i == 2 || i == 6);
	}
	store_close(s);
	check_sound(dir, 7);
}

static void
what_names_no_events_is_not_erased(void)
{
	static const char *const wrong[] = { "", "1, 2", "1  2", "x", "1-",
		"-1", "1 2x" };
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(datagram(s, 0), 0);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		CHECK_INT(erase(s, 0, wrong[i]), -EINVAL);
	CHECK(stands(dir, "note"));
	CHECK_INT(erase(s, 0, "1"), 0);
	CHECK(!stands(dir, "note"));
	store_close(s);
}

static void
erasing_goes_on_where_it_was_broken_off(void)
{
	const char *dir = t_tmpdir(), *copied = t_tmpdir();
	struct store *s = open_in(dir);
	sqlite3 *other = NULL;

	if (s == NULL)
		return;
	CHECK_INT(converse(s, 1, 4), 0);
	/* Who reads keeps the old pages in the -wal. */
	CHECK_INT(sqlite3_open(in(dir, "journal.db"), &other), SQLITE_OK);
	CHECK_INT(sqlite3_exec(other, "BEGIN; SELECT count(*) FROM event", NULL,
		      NULL, NULL),
	    SQLITE_OK);
	CHECK_INT(erase(s, 1, ""), 0);
	CHECK(store_is_erasing(s));
	check_gone(dir, 1, false);
	/* Killed here, the next start finishes it. */
	copy(in(dir, "journal.db"), in(copied, "journal.db"));
	copy(in(dir, "journal.db-wal"), in(copied, "journal.db-wal"));
	copy(in(dir, "head"), in(copied, "head"));
	store_close(open_in(copied));
	check_gone(copied, 1, true);
	/* And so does the next event once nobody reads. */
	sqlite3_close(other);
	CHECK_INT(arrive(s, 2), 0);
	CHECK(!store_is_erasing(s));
	check_gone(dir, 1, true);
	store_close(s);
}

static void
words_that_nobody_erased_are_missed_when_they_change(void)
{
	static const char *const changes[] = {
		"UPDATE event SET body=NULL, addr=NULL, salt=NULL WHERE seq=3",
		"UPDATE event SET body=NULL WHERE seq=3",
		"UPDATE event SET salt=NULL WHERE seq=3",
		"UPDATE event SET body=x'00' WHERE seq=3",
		"UPDATE event SET salt=randomblob(16) WHERE seq=3",
		"UPDATE event SET salt=NULL, commitment=NULL WHERE seq=3",
		"UPDATE event SET commitment=randomblob(32) WHERE seq=3",
		/* What fits together, but belongs elsewhere. */
		"UPDATE event SET (body, salt, commitment) = (SELECT body, "
		"salt, commitment FROM event e WHERE e.seq = 5) WHERE seq=3",
		/* Erased was another. */
		"UPDATE event SET body=NULL, addr=NULL, salt=NULL WHERE seq=3;"
		"UPDATE event SET sid=2 WHERE ev='erased'",
	};
	const char *dir = t_tmpdir();

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		struct store *s = open_in(dir = t_tmpdir());

		if (s == NULL)
			return;
		CHECK_INT(converse(s, 1, 4), 0);
		CHECK_INT(converse(s, 2, 4), 0);
		CHECK_INT(erase(s, 2, ""), 0);
		store_close(s);
		sql(dir, changes[i]);
		check_unsound(dir, "first bad event is 3 ");
	}
}

/* Sessions of ten messages, some of them erased in any order. */
static void
many_people_can_be_erased_and_nothing_of_them_is_left(void)
{
	const int size = t_size("sessions", 4000);
	const unsigned all = size < 8000 ? (unsigned)size : 8000;
	const unsigned erased = all / 8;
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	for (uint64_t sid = 1; s != NULL && sid <= all; sid++)
		CHECK_INT(converse(s, sid, 10), 0);
	for (uint64_t i = 0; s != NULL && i < erased; i++)
		CHECK_INT(erase(s, i * 7919 % all + 1, ""), 0);
	for (uint64_t i = 0; s != NULL && i < erased; i += erased / 50 + 1)
		check_gone(dir, i * 7919 % all + 1, true);
	store_close(s);
	check_sound(dir, (uint64_t)all * 13 + erased);
}

/* ---- what is looked at ---- */

/* n sessions that have ended, and one that has not. */
static void
fill_sessions(const char *dir, uint64_t n)
{
	struct store *s = open_in(dir);

	for (uint64_t sid = 1; s != NULL && sid <= n; sid++)
		CHECK_INT(converse(s, sid, 6), 0);
	if (s != NULL)
		CHECK_INT(arrive(s, n + 1), 0);
	store_close(s);
}

static void
a_start_looks_at_what_is_new_and_the_rest_is_walked_later(void)
{
	const char *dir = t_tmpdir();
	struct store_reader *r = NULL;
	struct store *s;
	uint64_t upto = 0;

	fill_sessions(dir, 3);
	store_close(open_in(dir));
	sql(dir, "UPDATE event SET body=x'00' WHERE seq=5");
	if ((s = open_in(dir)) == NULL)
		return;
	CHECK_INT(store_checked(s), 28);
	CHECK_INT(arrive(s, 9), 0);
	CHECK_INT(store_checked(s), 28);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0)) {
		CHECK_INT(store_reader_check(r, 0, 3, &upto, &why), 0);
		CHECK_INT(upto, 3);
		CHECK_INT(store_reader_check(r, 3, 12, &upto, &why), -EBADMSG);
		CHECK_INT(upto, 4);
		check_why("first bad event is 5 ");
		CHECK_INT(store_reader_check(r, 5, 99, &upto, &why), 0);
		CHECK_INT(upto, 29);
		CHECK_INT(store_reader_check(r, 29, 99, &upto, &why), 0);
		CHECK_INT(upto, 29);
	}
	store_reader_close(r);
	check_unsound(dir, "first bad event is 5 ");
	/* Whoever found it sees to it that the next start finds it, too. */
	store_set_checked(s, 4);
	store_close(s);
	check_refused(dir, -EBADMSG, "first bad event is 5 ");
}

static void
a_start_looks_at_the_open_sessions(void)
{
	const char *dir = t_tmpdir();

	fill_sessions(dir, 3);
	store_close(open_in(dir));
	sql(dir, "UPDATE event SET addr='x' WHERE seq=28");
	check_refused(dir, -EBADMSG, "first bad event is 28 ");
}

static void
verify_finds_what_no_hash_covers(void)
{
	static const struct {
		const char *sql, *said;
	} changes[] = {
		{ "DELETE FROM open", "open sessions" },
		{ "INSERT INTO open VALUES(2)", "open sessions" },
		{ "UPDATE open SET sid=9", "open sessions" },
		{ "PRAGMA writable_schema=ON; UPDATE sqlite_schema SET sql="
		  "'CREATE INDEX event_other ON event(sid, t) "
		  "WHERE ev NOT IN (''said'', ''reply'')' "
		  "WHERE name='event_other'",
		    "event_other" },
	};

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *dir = t_tmpdir();

		fill_sessions(dir, 3);
		sql(dir, changes[i].sql);
		check_unsound(dir, changes[i].said);
	}
}

static void
verify_finds_a_row_before_the_first(void)
{
	const char *dir = t_tmpdir();

	fill_sessions(dir, 3);
	sql(dir,
	    "INSERT INTO event SELECT -7, t, sid, ev, n + 100, flags, who, "
	    "mode, addr, why, body, key, salt, commitment, hash FROM event "
	    "WHERE seq = 3");
	check_unsound(dir, "first bad event");
}

static void
verify_finds_what_should_be_erased_and_is_not(void)
{
	const char *dir = t_tmpdir();
	struct store *s = open_in(dir);

	if (s == NULL)
		return;
	CHECK_INT(converse(s, 1, 4), 0);
	store_close(s);
	/* As when the desk died between the two transactions, and the list of
	 * what is still to be erased was damaged. */
	s = open_in(dir);
	sqlite3_exec(s->db,
	    "CREATE TEMP TRIGGER t BEFORE UPDATE ON event "
	    "BEGIN SELECT RAISE(FAIL, 'dead'); END",
	    NULL, NULL, NULL);
	CHECK_INT(erase(s, 1, ""), 0);
	CHECK(store_is_erasing(s));
	sqlite3_exec(s->db, "DELETE FROM erasing", NULL, NULL, NULL);
	store_close(s);
	check_gone(dir, 1, false);
	check_unsound(dir, "");
}

/* No hash of what a start looks at has it, but `head` does. */
static void
a_session_number_is_never_given_again_nor_a_huge_one(void)
{
	static const char *const changes[] = {
		"UPDATE event SET sid=1 WHERE sid=3",
		"UPDATE event SET sid=1152921504606846976 WHERE sid=3",
	};

	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		const char *dir = t_tmpdir();
		struct store *s = open_in(dir);

		for (uint64_t sid = 1; s != NULL && sid <= 3; sid++) {
			CHECK_INT(arrive(s, sid), 0);
			CHECK_INT(say(s, sid, EV_CLOSED, ""), 0);
		}
		store_close(s);
		store_close(open_in(dir)); /* all of it was walked */
		sql(dir, changes[i]);
		check_refused(dir, -EBADMSG, "--begin-new");
	}
}

struct progress {
	unsigned calls;
	uint64_t done, all;
};

static void
note_progress(void *arg, uint64_t done, uint64_t all)
{
	struct progress *p = arg;

	p->calls++;
	CHECK(done >= p->done);
	p->done = done;
	p->all = all;
}

static void
verify_tells_how_far_it_is_and_works_beside_a_desk(void)
{
	const char *dir = t_tmpdir();
	struct progress p = { 0 };
	struct store *s;
	uint64_t seq = 0;

	CHECK_INT(store_verify(dir, NULL, NULL, &seq, &why), -ENOENT);
	fill_sessions(dir, 3);
	s = open_in(dir);
	CHECK_INT(store_verify(dir, note_progress, &p, &seq, &why), 0);
	CHECK_INT(seq, 28);
	CHECK(p.calls > 0);
	CHECK_INT(p.done, 28);
	CHECK_INT(p.all, 28);
	store_close(s);
	CHECK_INT(unlink(in(dir, "head")), 0);
	check_unsound(dir, "nobody knows whether its end is missing");
}

static int
list_all(const char *dir, struct dw_buf *out)
{
	struct store_reader *r = NULL;
	int rc = store_reader_open(dir, &r, &why);

	dw_buf_reset(out);
	if (rc == 0)
		rc = store_read(r, 0, 100000, list, out);
	store_reader_close(r);
	return rc;
}

/* Of ended sessions, too, and through every index that something is read by. */
static void
any_flipped_bit_is_found_or_changes_nothing_that_is_read(void)
{
	const char *dir = t_tmpdir();
	const int tries = t_size("flips", 2000);
	struct dw_buf want = DW_BUF_INITIALIZER, got = DW_BUF_INITIALIZER;
	size_t len, found = 0;
	uint64_t seq;
	char *good;

	fill_sessions(dir, 12);
	CHECK_INT(list_all(dir, &want), 0);
	good = slurp(in(dir, "journal.db"), &len);
	for (int i = 0; good != NULL && i < tries; i++) {
		size_t at = (size_t)i * 104729 % len;

		good[at] ^= (char)(1 << (i % 8));
		spill(in(dir, "journal.db"), good, len);
		good[at] ^= (char)(1 << (i % 8));
		unlink(in(dir, "journal.db-wal"));
		unlink(in(dir, "journal.db-shm"));
		if (store_verify(dir, NULL, NULL, &seq, &why) < 0) {
			found++;
			continue;
		}
		CHECK_INT(list_all(dir, &got), 0);
		CHECK_STR(dw_buf_str(&got), dw_buf_str(&want));
	}
	CHECK(found > (size_t)tries / 4);
	free(good);
	dw_buf_fini(&want);
	dw_buf_fini(&got);
}

/* ---- the format ---- */

/* All fields of each event, in one row. */
static int
list_fields(void *arg, const struct ev_event *ev)
{
	dw_buf_addf(arg,
	    "%" PRIu64 " %" PRId64 " %" PRIu64 " %s %" PRIu64
	    " %u who=%s mode=%s addr=%s why=%s key=",
	    ev->seq, ev->t_ms, ev->sid, ev_word(&ev_kinds, ev->kind), ev->n,
	    ev->flags, ev->who, ev_word(&ev_modes, ev->mode), ev->addr,
	    ev->why);
	for (size_t i = 0; ev_key_is_set(&ev->key) && i < EV_KEY_SIZE; i++)
		dw_buf_addf(arg, "%02x", (unsigned)ev->key.bytes[i]);
	dw_buf_adds(arg, " body=");
	dw_buf_add(arg, ev->body, ev->len);
	return dw_buf_addc(arg, '\n');
}

static void
list_journal(const char *dir, struct dw_buf *out)
{
	struct store_reader *r = NULL;

	dw_buf_reset(out);
	if (CHECK_INT(store_reader_open(dir, &r, &why), 0))
		CHECK_INT(store_read(r, 0, 1000, list_fields, out), 0);
	store_reader_close(r);
}

/* Each kind of event, with a session and datagrams that are erased. */
static void
fill_with_each_kind(const char *dir)
{
	static const struct ev_event all[] = {
		{ .kind = EV_ON, .who = "lin" },
		{ .kind = EV_ARRIVED,
		    .sid = 1,
		    .mode = EV_MODE_CLASSIC,
		    .addr = "127.0.0.1:40000",
		    .who = "guest" },
		{ .kind = EV_SAID, .sid = 1, .n = 1, .body = "hi" },
		{ .kind = EV_REPLY,
		    .sid = 1,
		    .n = 1,
		    .who = "lin",
		    .body = "hello",
		    .key = { { 1, 2, [15] = 3 } } },
		{ .kind = EV_SENT, .sid = 1, .n = 1 },
		{ .kind = EV_ARRIVED,
		    .sid = 2,
		    .mode = EV_MODE_LINE,
		    .addr = "[::1]:40001" },
		{ .kind = EV_NAME, .sid = 2, .who = "bob" },
		{ .kind = EV_SAID,
		    .sid = 2,
		    .n = 1,
		    .body = "\u4f60\u597d cut",
		    .flags = EV_FLAG_CUT_SHORT },
		{ .kind = EV_EOF, .sid = 2 },
		{ .kind = EV_GONE, .sid = 2, .why = EV_WHY_LEFT },
		{ .kind = EV_CLOSED,
		    .sid = 1,
		    .who = "lin",
		    .why = EV_WHY_CLOSED },
		{ .kind = EV_OFF, .who = "lin" },
		{ .kind = EV_UDP,
		    .n = 4,
		    .addr = "127.0.0.1:5000",
		    .body = "note",
		    .flags = EV_FLAG_UNATTENDED },
		{ .kind = EV_UDP,
		    .n = 5,
		    .addr = "127.0.0.1:5001",
		    .body = "other",
		    .flags = EV_FLAG_UNATTENDED },
		{ .kind = EV_UDP_REPLY,
		    .who = "lin",
		    .addr = "127.0.0.1:5000",
		    .body = "yes" },
		{ .kind = EV_UDP_SENT, .n = 15, .addr = "127.0.0.1:5000" },
		{ .kind = EV_ERASED, .sid = 1, .who = "lin" },
		{ .kind = EV_ERASED, .who = "lin", .why = "13 15-16" },
	};
	struct store *s = open_in(dir);

	for (size_t i = 0; s != NULL && i < sizeof all / sizeof *all; i++) {
		struct ev_event ev = all[i];

		ev.seq = i + 1;
		ev.t_ms = INT64_C(1700000000000) + (int64_t)i;
		ev.who = ev.who != NULL ? ev.who : "";
		ev.addr = ev.addr != NULL ? ev.addr : "";
		ev.why = ev.why != NULL ? ev.why : "";
		ev.body = ev.body != NULL ? ev.body : "";
		ev.len = strlen(ev.body);
		CHECK_INT(append(s, &ev, 1), 0);
	}
	store_close(s);
}

/* tests/data/journal-2 was made by fill_with_each_kind(), once and for ever. */
static void
a_journal_of_format_2_is_read_for_ever(void)
{
	const char *top = getenv("top_srcdir"), *dir = t_tmpdir();
	struct dw_buf got = DW_BUF_INITIALIZER, data = DW_BUF_INITIALIZER;
	size_t len;
	char *want;

	dw_buf_addf(&data, "%s/tests/data/journal-2", top != NULL ? top : ".");
	want = slurp(in(dw_buf_str(&data), "listing"), &len);
	if (!CHECK(want != NULL && len > 0))
		return;
	copy(in(dw_buf_str(&data), "journal.db"), in(dir, "journal.db"));
	copy(in(dw_buf_str(&data), "head"), in(dir, "head"));
	list_journal(dir, &got);
	CHECK_STR(dw_buf_str(&got), want);
	check_sound(dir, 18);
	store_close(open_in(dir));
	/* And it is what is written today. */
	fill_with_each_kind(dir = t_tmpdir());
	list_journal(dir, &got);
	CHECK_STR(dw_buf_str(&got), want);
	free(want);
	dw_buf_fini(&got);
	dw_buf_fini(&data);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nothing_is_stored_twice),
		T(a_reply_is_found_by_its_key_also_when_its_session_has_ended),
		T(datagrams_that_nobody_saw_are_counted),
		T(what_a_person_gave_is_erased_and_the_chain_holds),
		T(datagrams_are_erased_by_their_numbers),
		T(what_names_no_events_is_not_erased),
		T(erasing_goes_on_where_it_was_broken_off),
		T(words_that_nobody_erased_are_missed_when_they_change),
		T(many_people_can_be_erased_and_nothing_of_them_is_left),
		T(a_start_looks_at_what_is_new_and_the_rest_is_walked_later),
		T(a_start_looks_at_the_open_sessions),
		T(verify_finds_what_no_hash_covers),
		T(verify_finds_a_row_before_the_first),
		T(verify_finds_what_should_be_erased_and_is_not),
		T(a_session_number_is_never_given_again_nor_a_huge_one),
		T(verify_tells_how_far_it_is_and_works_beside_a_desk),
		T(a_journal_of_format_2_is_read_for_ever),
		T(any_flipped_bit_is_found_or_changes_nothing_that_is_read),
	};

	return t_main("journal", cases, sizeof cases / sizeof cases[0]);
}
