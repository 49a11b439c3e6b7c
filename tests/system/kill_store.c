/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * kill -9 at any moment: what was acknowledged is there, nothing is doubled,
 * no number is missing.  A child appends batches and acknowledges each on a
 * pipe once append() has said 0; the parent reads a random number of
 * acknowledgements, waits a random moment, kills, and looks.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store.h"
#include "t.h"

#define BATCH_MAX 8

static struct store *
open_in(const char *dir)
{
	const struct store_config cfg = { .dir = dir };
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct store *s = NULL;

	if (store_open(&cfg, &s, &why) < 0)
		fprintf(stderr, "# %s\n", dw_buf_str(&why));
	dw_buf_fini(&why);
	return s;
}

/* Appends a batch after seq; its bodies can be told from any others. */
static int
append_batch(struct store *s, uint64_t seq, size_t n)
{
	char body[BATCH_MAX][32];
	struct ev_event evs[BATCH_MAX];

	for (size_t i = 0; i < n; i++) {
		uint64_t number = seq + 1 + i;

		snprintf(body[i], sizeof body[i], "event %llu",
		    (unsigned long long)number);
		evs[i] = (struct ev_event){
			.seq = number,
			.sid = 1 + number % 5,
			.kind = number <= 5 ? EV_ARRIVED : EV_SAID,
			.n = number,
			.who = "",
			.addr = "",
			.why = "",
			.body = body[i],
			.len = strlen(body[i]),
		};
	}
	return store_append(s, evs, n);
}

/* The child: until it is killed. */
static void
append_for_ever(const char *dir, int pipe_fd, unsigned seed)
{
	struct store *s = open_in(dir);
	uint64_t seq, sid;

	if (s == NULL)
		_exit(1);
	store_last(s, &seq, &sid);
	for (;;) {
		size_t n = 1 + (size_t)rand_r(&seed) % BATCH_MAX;

		if (append_batch(s, seq, n) < 0)
			_exit(1);
		seq += n;
		if (write(pipe_fd, &seq, sizeof seq) != sizeof seq)
			_exit(1);
	}
}

/* Reads until `acks` are there, then what else comes within wait_ms. */
static uint64_t
read_acks(int fd, unsigned acks, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t seq = 0;

	for (unsigned i = 0; i < acks; i++)
		if (read(fd, &seq, sizeof seq) != sizeof seq)
			return seq;
	/* Not to wait for anything: to die at no particular moment. */
	p.events = 0;
	poll(&p, 1, wait_ms);
	return seq;
}

static pid_t
start_child(const char *dir, int *read_fd, unsigned seed)
{
	int fds[2];
	pid_t pid;

	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		append_for_ever(dir, fds[1], seed);
	}
	close(fds[1]);
	*read_fd = fds[0];
	return pid;
}

/* Returns the last acknowledged number. */
static uint64_t
run_and_kill(const char *dir, unsigned *seed)
{
	uint64_t seq = 0, acked;
	int fd = -1, status;
	pid_t pid = start_child(dir, &fd, (unsigned)rand_r(seed));

	if (!CHECK(pid > 0))
		return 0;
	acked = read_acks(fd, (unsigned)rand_r(seed) % 60, rand_r(seed) % 40);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	/* What it said before it died counts as well. */
	while (read(fd, &seq, sizeof seq) == sizeof seq)
		acked = seq;
	close(fd);
	return acked;
}

struct tally {
	uint64_t last;
	bool wrong;
};

static int
tally(void *arg, const struct ev_event *ev)
{
	struct tally *t = arg;
	char body[32];

	snprintf(body, sizeof body, "event %llu", (unsigned long long)ev->seq);
	if (ev->seq != t->last + 1 || ev->n != ev->seq ||
	    ev->len != strlen(body) || memcmp(ev->body, body, ev->len) != 0)
		t->wrong = true;
	t->last = ev->seq;
	return 0;
}

static void
nothing_acknowledged_is_lost_or_doubled_by_kill_9(void)
{
	const char *dir = t_tmpdir();
	int kills = t_size("kills", 10);
	unsigned seed = 20261122;
	uint64_t acked = 0;

	for (int i = 0; i < kills; i++) {
		struct tally t = { 0, false };
		uint64_t now = run_and_kill(dir, &seed);
		struct store *s = open_in(dir);

		if (now > acked)
			acked = now;
		if (!CHECK(s != NULL))
			return;
		CHECK_INT(store_replay_open(s, tally, &t), 0);
		CHECK(!t.wrong);
		CHECK(t.last >= acked);
		CHECK(t.last <= acked + 2 * BATCH_MAX);
		acked = t.last;
		store_close(s);
	}
	CHECK(acked > 0);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(nothing_acknowledged_is_lost_or_doubled_by_kill_9),
	};

	return t_main("kill_store", cases, sizeof cases / sizeof cases[0]);
}
