/* SPDX-License-Identifier: GPL-3.0-or-later */
/* lock, cond, clock, wake, watch, thread, list, mem and signals: small rooms,
 * one program. */
#include "config.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/signals.h"
#include "base/thread.h"
#include "base/wake.h"
#include "base/watch.h"
#include "tests/t.h"

/* Runs fn in a child; returns the signal that ended it, or 0. */
static int
signal_of(void (*fn)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		fn();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void
take_two_locks(void)
{
	struct dw_lock a, b;

	dw_lock_init(&a, DW_LOCK_test);
	dw_lock_init(&b, DW_LOCK_test);
	dw_lock(&a);
	dw_lock(&b);
}

static void
take_one_after_the_other(void)
{
	struct dw_lock a, b;

	dw_lock_init(&a, DW_LOCK_test);
	dw_lock_init(&b, DW_LOCK_test);
	dw_lock(&a);
	dw_unlock(&a);
	dw_lock(&b);
	dw_unlock(&b);
}

static void
a_thread_that_takes_a_second_lock_is_stopped(void)
{
	CHECK_INT(signal_of(take_two_locks), SIGABRT);
	CHECK_INT(signal_of(take_one_after_the_other), 0);
}

static void
block_under_a_lock(void)
{
	struct dw_lock a;

	dw_lock_init(&a, DW_LOCK_test);
	dw_lock(&a);
	dw_must_hold_none("recv");
}

static void
block_after_a_lock(void)
{
	struct dw_lock a;

	dw_lock_init(&a, DW_LOCK_test);
	dw_lock(&a);
	dw_unlock(&a);
	dw_must_hold_none("recv");
}

/* What is written to standard error there, without the newline. */
static void
last_words_of(void (*fn)(void), char *words, size_t size)
{
	int fds[2];
	pid_t pid;
	ssize_t n;

	words[0] = '\0';
	if (!CHECK(pipe(fds) == 0) || !CHECK((pid = fork()) >= 0))
		return;
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(fds[1]);
	n = read(fds[0], words, size - 1);
	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	close(fds[0]);
	waitpid(pid, NULL, 0);
}

static void
a_call_that_may_block_under_a_lock_is_stopped_by_name(void)
{
	char words[200];

	CHECK_INT(signal_of(block_under_a_lock), SIGABRT);
	CHECK_INT(signal_of(block_after_a_lock), 0);
	last_words_of(block_under_a_lock, words, sizeof words);
	CHECK_STR(words,
	    "deskwire: recv called while holding \"test\": this is a bug");
	last_words_of(take_two_locks, words, sizeof words);
	CHECK_STR(words,
	    "deskwire: lock \"test\" taken while holding \"test\": this is a "
	    "bug");
}

#ifdef DW_CHECK_BLOCKING

static void
write_under_a_lock(void)
{
	struct dw_lock a;
	struct dw_log *log = NULL;

	dw_lock_init(&a, DW_LOCK_test);
	if (dw_log_open(NULL, NULL, &log) < 0)
		_exit(1);
	dw_lock(&a);
	dw_log_close(log);
}

/* And our own calls do ask. */
static void
a_join_under_a_lock_is_stopped(void)
{
	CHECK_INT(signal_of(write_under_a_lock), SIGABRT);
}

#endif

static void
a_wait_ends_at_its_deadline(void)
{
	struct dw_lock l;
	struct dw_cond c;
	int64_t until = dw_clock_after(0.02);

	dw_lock_init(&l, DW_LOCK_test);
	dw_cond_init(&c);
	dw_lock(&l);
	while (dw_cond_wait_until(&c, &l, until))
		;
	dw_unlock(&l);
	CHECK(dw_clock_ns() >= until);
	dw_cond_fini(&c);
	dw_lock_fini(&l);
}

static void
a_deadline_is_never_polled_for_too_short_or_for_ever_by_mistake(void)
{
	CHECK_INT(dw_clock_poll_ms(DW_NEVER), -1);
	CHECK_INT(dw_clock_poll_ms(dw_clock_ns() - 1), 0);
	CHECK(dw_clock_poll_ms(dw_clock_ns() + DW_MS / 2) >= 0);
	CHECK(dw_clock_poll_ms(dw_clock_ns() + 10 * DW_SECOND) >= 9000);
	CHECK(dw_clock_after(INFINITY) == DW_NEVER);
	CHECK(dw_clock_after(1e300) == DW_NEVER);
	CHECK_INT(dw_clock_poll_ms(INT64_MIN), 0);
}

/* So that it is a moment of the clock, which every wait understands. */
static void
a_deadline_before_now_is_now(void)
{
	static const double before[] = { -1, -1e9, -1e300, -INFINITY, NAN };

	for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
		int64_t now = dw_clock_ns();
		int64_t deadline = dw_clock_after(before[i]);

		CHECK(deadline >= now);
		CHECK(deadline <= dw_clock_ns());
	}
}

static void
times_are_shown_as_the_tutorial_shows_them(void)
{
	char buf[DW_CLOCK_STAMP];

	setenv("TZ", "UTC", 1);
	dw_clock_stamp(INT64_C(1795341511000), buf);
	CHECK_STR(buf, "2026-11-22 09:58:31");
	dw_clock_hms(INT64_C(1795341511000), buf);
	CHECK_STR(buf, "09:58:31");
}

static bool
is_ringing(const struct dw_wake *w)
{
	struct pollfd pfd = { w->rd, POLLIN, 0 };

	return poll(&pfd, 1, 0) == 1;
}

static void
rings_add_up_to_one_and_are_taken_back(void)
{
	struct dw_wake w;

	if (!CHECK_INT(dw_wake_init(&w), 0))
		return;
	CHECK(!is_ringing(&w));
	for (int i = 0; i < 100000; i++)
		dw_wake_ring(&w);
	CHECK(is_ringing(&w));
	dw_wake_clear(&w);
	CHECK(!is_ringing(&w));
	dw_wake_ring(&w);
	CHECK(is_ringing(&w));
	dw_wake_fini(&w);
	CHECK_INT(w.rd, -1);
}

struct seen {
	char name[32];
	size_t stack;
	sigset_t blocked;
};

static void *
look_around(void *arg)
{
	struct seen *seen = arg;
	pthread_attr_t attr;

	pthread_getname_np(pthread_self(), seen->name, sizeof seen->name);
	pthread_sigmask(SIG_BLOCK, NULL, &seen->blocked);
	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		pthread_attr_getstacksize(&attr, &seen->stack);
		pthread_attr_destroy(&attr);
	}
	return NULL;
}

static void
a_thread_has_its_name_its_stack_and_no_signals(void)
{
	struct seen seen = { .stack = 0 };
	pthread_t t;

	if (!CHECK_INT(dw_thread_start(&t, "worker-with-a-long-name",
			   256 * 1024, look_around, &seen),
		0))
		return;
	pthread_join(t, NULL);
#ifdef HAVE_PTHREAD_SETNAME_NP
	CHECK_STR(seen.name, "worker-with-a-l");
#endif
	/* ThreadSanitizer adds its own. */
	CHECK(seen.stack >= 256 * 1024 && seen.stack < 4096 * 1024);
	CHECK_INT(sigismember(&seen.blocked, SIGTERM), 1);
	CHECK_INT(sigismember(&seen.blocked, SIGINT), 1);
}

static void
a_list_keeps_its_order_and_lets_go_of_any(void)
{
	struct dw_list head, other, n[5];

	dw_list_init(&head);
	dw_list_init(&other);
	CHECK(dw_list_empty(&head));
	CHECK(dw_list_take(&head) == NULL);
	for (int i = 0; i < 5; i++)
		dw_list_add(i < 3 ? &head : &other, &n[i]);
	dw_list_move(&head, &other);
	CHECK(dw_list_empty(&other));
	dw_list_del(&n[2]);
	dw_list_del(&n[2]); /* again is harmless */
	CHECK(dw_list_take(&head) == &n[0]);
	CHECK(dw_list_take(&head) == &n[1]);
	CHECK(dw_list_take(&head) == &n[3]);
	CHECK(dw_list_take(&head) == &n[4]);
	CHECK(dw_list_empty(&head));
}

static void
a_search_in_bytes_finds_the_first_or_the_last(void)
{
	static const char text[] = "aab\0aabaac";
	const size_t len = sizeof text - 1;

	CHECK(dw_memmem(text, len, "aac", 3) == text + 7);
	CHECK(dw_memmem(text, len, "aab", 3) == text);
	CHECK(dw_memmem(text, len, "b\0a", 3) == text + 2);
	CHECK(dw_memmem(text, len - 1, "aac", 3) == NULL);
	CHECK(dw_memmem(text, len, "", 0) == text);
	CHECK(dw_memmem(text, 2, "aab", 3) == NULL);
	CHECK(dw_memmem(text, 0, "a", 1) == NULL);
	CHECK(dw_memrchr(text, 'b', len) == text + 6);
	CHECK(dw_memrchr(text, 'a', 1) == text);
	CHECK(dw_memrchr(text, 'x', len) == NULL);
	CHECK(dw_memrchr(text, 'a', 0) == NULL);
}

static int
readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0);
}

static void
signals_come_through_a_descriptor(void)
{
	static const int sigs[] = { SIGUSR1, SIGWINCH, SIGCONT, 0 };
	struct dw_signals s;
	sigset_t old;

	pthread_sigmask(SIG_SETMASK, NULL, &old);
	if (!CHECK_INT(dw_signals_open(&s, sigs), 0))
		return;
	dw_signals_here(&s);
	CHECK_INT(readable(s.rd), 0);
	CHECK_INT(dw_signals_next(&s), 0);
	kill(getpid(), SIGWINCH); /* ignored, if nobody asks for it */
	CHECK_INT(readable(s.rd), 1);
	CHECK_INT(dw_signals_next(&s), SIGWINCH);
	CHECK(!s.by_kernel);
	kill(getpid(), SIGUSR1);
	CHECK_INT(dw_signals_next(&s), SIGUSR1);
	CHECK_INT(dw_signals_next(&s), 0);
	dw_signals_close(&s);
	kill(getpid(), SIGWINCH); /* blocked, and harms nobody */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
a_signal_before_its_reader_waits_for_it(void)
{
	static const int sigs[] = { SIGUSR1, 0 };
	struct dw_signals s;
	sigset_t old;

	pthread_sigmask(SIG_SETMASK, NULL, &old);
	if (!CHECK_INT(dw_signals_open(&s, sigs), 0))
		return;
	kill(getpid(), SIGUSR1);
	dw_signals_here(&s);
	CHECK_INT(dw_signals_next(&s), SIGUSR1);
	dw_signals_close(&s);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static bool
is_readable(int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 1;
}

/* Where nobody tells it says so, and never that it has heard something. */
static void
a_watch_hears_of_a_file_that_comes_or_goes_and_of_its_folder(void)
{
	struct dw_watch w = DW_WATCH_INITIALIZER;
	const char *dir = t_tmpdir();
	char file[256], away[256];
	bool tells;

	snprintf(file, sizeof file, "%s/file", dir);
	snprintf(away, sizeof away, "%s-away", dir);
	CHECK(!dw_watch_heard(&w));
	dw_watch_open(&w);
	tells = dw_watch_add(&w, dir);
	CHECK_INT(tells, w.fd >= 0);
	CHECK(!dw_watch_add(&w, "/nowhere"));
	CHECK(!dw_watch_heard(&w));
	for (int i = 0; i < 2; i++) {
		CHECK(mkdir(file, 0700) == 0);
		CHECK_INT(is_readable(w.fd), tells);
		CHECK_INT(dw_watch_heard(&w), tells);
		CHECK(!is_readable(w.fd));
		CHECK(!dw_watch_heard(&w));
		CHECK(rmdir(file) == 0);
		CHECK_INT(dw_watch_heard(&w), tells);
	}
	CHECK(rename(dir, away) == 0);
	CHECK_INT(dw_watch_heard(&w), tells);
	CHECK(rename(away, dir) == 0);
	dw_watch_close(&w);
	CHECK_INT(w.fd, -1);
	dw_watch_close(&w);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(a_thread_that_takes_a_second_lock_is_stopped),
		T(a_call_that_may_block_under_a_lock_is_stopped_by_name),
#ifdef DW_CHECK_BLOCKING
		T(a_join_under_a_lock_is_stopped),
#endif
		T(a_wait_ends_at_its_deadline),
		T(a_deadline_is_never_polled_for_too_short_or_for_ever_by_mistake),
		T(a_deadline_before_now_is_now),
		T(times_are_shown_as_the_tutorial_shows_them),
		T(rings_add_up_to_one_and_are_taken_back),
		T(a_thread_has_its_name_its_stack_and_no_signals),
		T(a_list_keeps_its_order_and_lets_go_of_any),
		T(a_search_in_bytes_finds_the_first_or_the_last),
		T(a_watch_hears_of_a_file_that_comes_or_goes_and_of_its_folder),
		T(signals_come_through_a_descriptor),
		T(a_signal_before_its_reader_waits_for_it),
	};

	return t_main("base", cases, sizeof cases / sizeof cases[0]);
}
