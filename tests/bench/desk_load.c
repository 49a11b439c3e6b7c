/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Customers in line mode and one operator of a desk, in one process with one
 * clock:
 *
 *	desk_load PORT SOCKET
 *
 * obeys a command a line and answers it with a line of JSON:
 *
 *	operator		attaches the operator: ms until the first byte
 *				and until it is live, and bytes until then
 *	dial N			connects until there are N customers, each of
 *				which says something and is greeted
 *	pace RATE MS K PROBE	RATE messages a second, a customer after the
 *				other; every Kth is answered (0: none); every
 *				PROBEth is the first customer's, and is left for
 *				another console to answer (0: none)
 *	flood MS WINDOW		all customers talk, each with at most WINDOW
 *				messages that the operator has not seen
 *	exchange		one message, its answer, and word that it was
 *				taken: events that came of it
 *
 * A text carries the moment at which it was written: "T<ns> <customer> xxx", "P"
 * for the probe's, "R<ns> ." for an answer, and "Q<ns> ." for one that was typed at
 * a console.
 */
#include "config.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "desk_times.h"

#define TEXT_LEN   40 /* with its line end */
#define WAVE       200
#define PATIENCE   (10 * DW_SECOND)
#define QUIET      (50 * DW_MS)
#define MAX_WINDOW 64
#define READ_BYTES (256 << 10)

struct customer {
	int fd;
	bool greeted;
	int unseen; /* its messages that the operator has not seen */
};

struct counts {
	uint64_t said;     /* by customers */
	uint64_t seen;     /* of these, by the operator */
	uint64_t replied;  /* by the operator */
	uint64_t answered; /* replies that came to their customers */
	uint64_t sent;     /* events that say so */
	uint64_t events;   /* of all kinds */
};

static struct {
	int epoll;
	struct sockaddr_in desk;
	const char *path; /* of the operators' socket */

	struct customer *customers;
	int n, room;

	int operator; /* -1: none */
	struct dw_buf from_desk;
	size_t scanned; /* of from_desk: there is no line end in it */
	bool live;
	int64_t first_byte;
	uint64_t bytes;

	int answer_each; /* every that many messages are answered; 0: none */
	int window;      /* 0: nobody refills */
	struct counts now;
	struct desk_times in, back, typed;
} load;

/* ---- customers speak ---- */

static void
put_text(char text[TEXT_LEN + 1], char kind, const struct customer *c)
{
	int n = snprintf(text, TEXT_LEN + 1, "%c%lld %d ", kind,
	    (long long)dw_clock_ns(), (int)(c - load.customers));

	memset(text + n, 'x', (size_t)(TEXT_LEN - 1 - n));
	text[TEXT_LEN - 1] = '\n';
}

/* Without waiting: who is not read has full sockets, which ends the bench. */
static void
say(struct customer *c, char kind, int times)
{
	char text[MAX_WINDOW * TEXT_LEN + 1];
	size_t len = (size_t)times * TEXT_LEN;

	for (int i = 0; i < times; i++)
		put_text(text + i * TEXT_LEN, kind, c);
	if (send(c->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)len)
		desk_bench_die("a customer cannot send");
	c->unseen += times;
	load.now.said += (uint64_t)times;
}

/* In halves of a window: people who talk without a pause. */
static void
refill(struct customer *c)
{
	if (load.window > 0 && c->unseen <= load.window / 2)
		say(c, 'T', load.window - c->unseen);
}

/* ---- the operator ---- */

static void
put_frame(const char *frame)
{
	size_t len = strlen(frame);

	if (send(load.operator, frame, len, MSG_NOSIGNAL) != (ssize_t)len)
		desk_bench_die("the operator cannot send");
}

static void
reply(const char *frame)
{
	const char *sid = strstr(frame, "\"sid\":");
	char out[160];

	if (sid == NULL)
		return;
	snprintf(out, sizeof out,
	    "{\"op\":\"reply\",\"id\":%llu,\"sid\":%ld,"
	    "\"text\":\"R%lld .\"}\n",
	    (unsigned long long)++load.now.replied, strtol(sid + 6, NULL, 10),
	    (long long)dw_clock_ns());
	put_frame(out);
}

static void
take_said(const char *frame)
{
	const char *text = strstr(frame, "\"text\":\"");
	char kind = text != NULL ? text[8] : '\0', *end;
	struct customer *c;
	int64_t then;

	if (kind != 'T' && kind != 'P')
		return;
	then = strtoll(text + 9, &end, 10);
	c = &load.customers[strtol(end, NULL, 10)];
	desk_times_add(&load.in, dw_clock_ns() - then);
	c->unseen--;
	load.now.seen++;
	if (kind == 'T' && load.answer_each > 0 &&
	    load.now.seen % (uint64_t)load.answer_each == 0)
		reply(frame);
	refill(c);
}

static void
take_frame(const char *frame)
{
	static const char event[] = "{\"op\":\"ev\"",
			  live[] = "{\"op\":\"live\"";

	if (strncmp(frame, live, sizeof live - 1) == 0)
		load.live = true;
	if (strncmp(frame, event, sizeof event - 1) != 0)
		return;
	load.now.events++;
	if (strstr(frame, "\"ev\":\"said\"") != NULL)
		take_said(frame);
	else if (strstr(frame, "\"ev\":\"sent\"") != NULL)
		load.now.sent++;
}

static void
take_frames(void)
{
	struct dw_buf *b = &load.from_desk;
	size_t at = 0;
	char *end;

	while ((end = memchr(b->data + load.scanned, '\n',
		    b->len - load.scanned)) != NULL) {
		*end = '\0';
		take_frame(b->data + at);
		load.scanned = at = (size_t)(end + 1 - b->data);
	}
	dw_buf_drop(b, at);
	load.scanned = b->len;
}

static void
operator_reads(void)
{
	struct dw_buf *b = &load.from_desk;
	ssize_t n;

	if (dw_buf_reserve(b, READ_BYTES) < 0)
		desk_bench_die("memory");
	n = recv(load.operator, b->data + b->len, READ_BYTES, MSG_DONTWAIT);
	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		desk_bench_die("the operator's link");
	if (load.bytes == 0)
		load.first_byte = dw_clock_ns();
	load.bytes += (uint64_t)n;
	b->len += (size_t)n;
	b->data[b->len] = '\0';
	take_frames();
}

/* ---- customers listen ---- */

/* A reply is so short that none was ever cut. */
static void
take_replies(const char *text)
{
	int64_t now = dw_clock_ns();

	for (; (text = strstr(text, ": ")) != NULL; text += 2)
		if (text[2] == 'R') {
			desk_times_add(&load.back,
			    now - strtoll(text + 3, NULL, 10));
			load.now.answered++;
		} else if (text[2] == 'Q') {
			desk_times_add(&load.typed,
			    now - strtoll(text + 3, NULL, 10));
		}
}

static void
customer_reads(struct customer *c)
{
	char text[8192];
	ssize_t n = recv(c->fd, text, sizeof text - 1, MSG_DONTWAIT);

	if (n == 0)
		errno = ECONNRESET;
	if (n <= 0)
		desk_bench_die("a customer's connection");
	text[n] = '\0';
	c->greeted = true;
	take_replies(text);
}

/* ---- everybody ---- */

static int
take_ready(void)
{
	struct epoll_event ready[256];
	int n = epoll_wait(load.epoll, ready, 256, 0);

	for (int i = 0; i < n; i++)
		if (ready[i].data.ptr == NULL)
			operator_reads();
		else
			customer_reads(ready[i].data.ptr);
	return n;
}

/* Waits no longer than until then.  Returns how much there was to read. */
static int
pump_once(int64_t until)
{
	struct pollfd p = { load.epoll, POLLIN, 0 };
	int64_t left = until - dw_clock_ns();
	struct timespec ts = { 0, 0 };

	if (left > 0)
		ts = (struct timespec){ left / DW_SECOND, left % DW_SECOND };
	return ppoll(&p, 1, &ts, NULL) > 0 ? take_ready() : 0;
}

static void
pump(int64_t until)
{
	do {
		pump_once(until);
	} while (dw_clock_ns() < until);
}

static void
pump_while(bool (*waits)(void))
{
	int64_t end = dw_clock_ns() + PATIENCE;

	while (waits() && dw_clock_ns() < end)
		pump_once(end);
}

static void
pump_until_quiet(void)
{
	while (pump_once(dw_clock_ns() + QUIET) > 0)
		;
}

static bool
is_under_way(void)
{
	return load.now.seen < load.now.said ||
	    load.now.answered < load.now.replied;
}

static bool
is_not_taken(void)
{
	return is_under_way() || load.now.sent < load.now.replied;
}

static bool
is_not_live(void)
{
	return !load.live;
}

static int
greeted(void)
{
	int n = 0;

	for (int i = 0; i < load.n; i++)
		n += load.customers[i].greeted;
	return n;
}

static bool
is_one_not_greeted(void)
{
	return greeted() < load.n;
}

static void
begin_counting(void)
{
	load.now = (struct counts){ 0 };
	desk_times_reset(&load.in);
	desk_times_reset(&load.back);
	desk_times_reset(&load.typed);
}

/* ---- commands ---- */

static double
ms_since(int64_t start)
{
	return (double)(dw_clock_ns() - start) / DW_MS;
}

static void
watch(int fd, struct customer *c)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };

	if (epoll_ctl(load.epoll, EPOLL_CTL_ADD, fd, &e) < 0)
		desk_bench_die("epoll_ctl");
}

static void
attach(const int args[4])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int64_t start = dw_clock_ns();

	(void)args;
	snprintf(a.sun_path, sizeof a.sun_path, "%s", load.path);
	load.operator= socket(AF_UNIX, SOCK_STREAM, 0);
	if (load.operator<0 ||
	    connect(load.operator,(struct sockaddr *) & a, sizeof a) < 0)
		desk_bench_die(load.path);
	watch(load.operator, NULL);
	put_frame("{\"op\":\"hello\",\"v\":1,\"name\":\"op\"}\n");
	pump_while(is_not_live);
	printf("{\"first_ms\":%.3f,\"live_ms\":%.3f,\"bytes\":%llu}\n",
	    (double)(load.first_byte - start) / DW_MS, ms_since(start),
	    (unsigned long long)load.bytes);
}

static void
connect_one(struct customer *c)
{
	int on = 1;

	c->fd = socket(AF_INET, SOCK_STREAM, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&load.desk, sizeof load.desk) < 0)
		desk_bench_die("connect");
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	watch(c->fd, c);
	if (send(c->fd, "hello\n", 6, MSG_NOSIGNAL) != 6)
		desk_bench_die("send");
}

static void
dial(const int args[4])
{
	int64_t start = dw_clock_ns();
	double ms;

	if (args[0] > load.room)
		exit(2);
	while (load.n < args[0]) {
		connect_one(&load.customers[load.n++]);
		if (load.n % WAVE == 0)
			pump_once(0);
	}
	pump_while(is_one_not_greeted);
	ms = ms_since(start);
	pump_until_quiet();
	printf("{\"ms\":%.1f,\"greeted\":%d}\n", ms, greeted());
}

static void
print_counts(double ms)
{
	printf("{\"ms\":%.1f,\"said\":%llu,\"seen\":%llu,\"answered\":%llu,"
	       "\"events\":%llu,",
	    ms, (unsigned long long)load.now.said,
	    (unsigned long long)load.now.seen,
	    (unsigned long long)load.now.answered,
	    (unsigned long long)load.now.events);
	desk_times_print("in", &load.in);
	printf(",");
	desk_times_print("back", &load.back);
	printf(",");
	desk_times_print("typed", &load.typed);
	printf("}\n");
}

/* The ith message of those who are not the probe. */
static void
say_in_turn(unsigned i, bool probe)
{
	unsigned first = probe ? 1 : 0;

	say(&load.customers[first + i % ((unsigned)load.n - first)], 'T', 1);
}

static void
pace(const int args[4])
{
	int64_t gap = DW_SECOND / args[0], start = dw_clock_ns(), next = start;
	int probe = args[3];
	unsigned i = 0;

	begin_counting();
	load.answer_each = args[2];
	for (; next < start + args[1] * DW_MS; next += gap, i++) {
		pump(next);
		if (probe > 0 && i % (unsigned)probe == 0)
			say(&load.customers[0], 'P', 1);
		else
			say_in_turn(i, probe > 0);
	}
	pump_while(is_under_way);
	pump_until_quiet();
	load.answer_each = 0;
	print_counts(ms_since(start));
}

static void
flood(const int args[4])
{
	int64_t start = dw_clock_ns();
	uint64_t seen;
	double ms;

	begin_counting();
	load.window = args[1] < MAX_WINDOW ? args[1] : MAX_WINDOW;
	for (int i = 0; i < load.n; i++)
		refill(&load.customers[i]);
	pump(start + args[0] * DW_MS);
	ms = ms_since(start);
	seen = load.now.seen;
	load.window = 0;
	pump_while(is_under_way);
	printf("{\"rate\":%.0f,\"said\":%llu,\"seen\":%llu}\n",
	    (double)seen * 1e3 / ms, (unsigned long long)load.now.said,
	    (unsigned long long)load.now.seen);
}

static void
exchange(const int args[4])
{
	(void)args;
	begin_counting();
	load.answer_each = 1;
	say(&load.customers[0], 'T', 1);
	pump_while(is_under_way);
	pump_while(is_not_taken);
	load.answer_each = 0;
	print_counts(0);
}

static const struct command {
	const char *name;
	void (*run)(const int args[4]);
} commands[] = {
	{ "operator", attach },
	{ "dial", dial },
	{ "pace", pace },
	{ "flood", flood },
	{ "exchange", exchange },
};

static void
obey(const char *line)
{
	char name[16] = "";
	int args[4] = { 0 };

	(void)sscanf(line, "%15s %d %d %d %d", name, &args[0], &args[1],
	    &args[2], &args[3]);
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(commands[i].name, name) == 0)
			commands[i].run(args);
	fflush(stdout);
}

/* All descriptors that there may be, and timers that are not rounded. */
static void
prepare(void)
{
	struct rlimit rl;

	if (getrlimit(RLIMIT_NOFILE, &rl) < 0)
		desk_bench_die("getrlimit");
	rl.rlim_cur = rl.rlim_max;
	setrlimit(RLIMIT_NOFILE, &rl);
	prctl(PR_SET_TIMERSLACK, 1);
	load.operator= - 1;
	load.epoll = epoll_create1(0);
	load.room = 1 << 20;
	if (rl.rlim_max < (rlim_t)load.room)
		load.room = (int)rl.rlim_max;
	load.customers = calloc((size_t)load.room, sizeof *load.customers);
	if (load.customers == NULL || load.epoll < 0)
		desk_bench_die("the load");
}

int
main(int argc, char **argv)
{
	char line[128];

	if (argc != 3)
		return 2;
	load.desk.sin_family = AF_INET;
	load.desk.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	load.desk.sin_port = htons((uint16_t)strtoul(argv[1], NULL, 10));
	load.path = argv[2];
	prepare();
	while (fgets(line, sizeof line, stdin) != NULL)
		obey(line);
	return 0;
}
