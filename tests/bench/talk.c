/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections of the load generator, see talk.h. */
#include "config.h"

#include "bench/talk.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "bench/words.h"

#define EVENTS 512

struct talks talks;

static int epoll = -1;

/* By state: what is said, and what is heard then. */
#define MESSAGE "a message of thirty-two bytes..."
static const struct {
	const char *said, *heard;
} words[] = {
	[TALK_HELLO] = { WORDS_HELLO, WORDS_READY },
	[TALK_MESSAGE] = { MESSAGE, MESSAGE },
	[TALK_QUIT] = { WORDS_QUIT, WORDS_QUIT },
	[TALK_IDLE] = { "", "" },
};

int
talk_dial(int flags)
{
	static unsigned turn;
	struct sockaddr_in to = words_loopback(talks.port);
	struct sockaddr_in from = words_loopback(0);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	if (fd < 0)
		return -1;
	from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + turn++ % 16);
	words_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	words_set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	if (bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
	    (connect(fd, (struct sockaddr *)&to, sizeof to) == 0 ||
	        errno == EINPROGRESS))
		return fd;
	close(fd);
	return -1;
}

static void
talk_fail(struct talk *t)
{
	talks.errors++;
	talk_close(t);
}

/* Edges only: each event is read until nothing is left. */
void
talk_open(struct talk *t)
{
	struct epoll_event event = {
		.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
		.data.ptr = t,
	};

	talks.opened++;
	t->began = words_now_ns();
	t->state = TALK_CONNECTING;
	if ((t->fd = talk_dial(SOCK_NONBLOCK)) < 0)
		talk_fail(t);
	else if (epoll_ctl(epoll, EPOLL_CTL_ADD, t->fd, &event) < 0)
		words_die("epoll_ctl");
}

void
talk_close(struct talk *t)
{
	if (t->fd >= 0)
		close(t->fd);
	t->fd = -1;
	t->state = TALK_CLOSED;
}

void
talk_say(struct talk *t, enum talk_state what)
{
	const char *said = words[what].said;
	size_t len = strlen(said);

	t->state = what;
	t->heard = 0;
	/* It is short and the answer to the last is there: there is room. */
	if (send(t->fd, said, len, MSG_NOSIGNAL) != (ssize_t)len)
		talk_fail(t);
}

/* Takes n bytes of an answer: 1 when it is whole, -1 if it is another. */
static int
talk_take(struct talk *t, const char *buf, size_t n)
{
	const char *heard = words[t->state].heard;

	if (n > strlen(heard) - t->heard ||
	    memcmp(buf, heard + t->heard, n) != 0)
		return -1;
	t->heard += n;
	return t->heard == strlen(heard);
}

static void
talk_ended(struct talk *t, talk_next_fn *next)
{
	if (t->state != TALK_END) {
		talk_fail(t);
		return;
	}
	talks.ended++;
	histogram_add(&talks.times, words_now_ns() - t->began);
	talk_close(t);
	next(t);
}

/* Returns 0 when there may be no more to read. */
static int
talk_read(struct talk *t, talk_next_fn *next)
{
	char buf[64];
	ssize_t n = recv(t->fd, buf, sizeof buf, 0);
	int whole;

	if (n < 0 && errno == EAGAIN)
		return 0;
	/* A server that closes at once may reset whoever has had its quit. */
	if (n <= 0) {
		talk_ended(t, next);
		return 0;
	}
	whole = t->state == TALK_END ? -1 : talk_take(t, buf, (size_t)n);
	if (whole < 0)
		talk_fail(t);
	else if (whole > 0)
		next(t);
	return t->state != TALK_CLOSED;
}

static void
talk_event(struct talk *t, uint32_t events, talk_next_fn *next)
{
	if (t->state == TALK_CONNECTING) {
		if (events & (EPOLLERR | EPOLLHUP))
			talk_fail(t);
		else if (events & EPOLLOUT)
			talk_say(t, TALK_HELLO);
		return;
	}
	if (t->state == TALK_CLOSED || (events & ~(uint32_t)EPOLLOUT) == 0)
		return;
	/* An end that has come is a further thing to read. */
	while (talk_read(t, next))
		if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) == 0)
			break;
}

void
talk_loop(uint64_t ns, talk_next_fn *next, int (*enough)(void))
{
	struct epoll_event events[EVENTS];
	uint64_t now, wait, end = words_now_ns() + ns;
	struct timespec ts;
	int n;

	while (!enough() && (now = words_now_ns()) < end) {
		wait = talks.due != NULL ? talks.due(now) : UINT64_MAX;
		if (wait > end - now)
			wait = end - now;
		ts.tv_sec = (time_t)(wait / 1000000000);
		ts.tv_nsec = (long)(wait % 1000000000);
		n = epoll_pwait2(epoll, events, EVENTS, &ts, NULL);
		if (n < 0 && errno != EINTR)
			words_die("epoll_pwait2");
		for (int i = 0; i < n; i++)
			talk_event(events[i].data.ptr, events[i].events, next);
	}
}

void
talk_init(void)
{
	epoll = epoll_create1(EPOLL_CLOEXEC);
	talks.talk = calloc((size_t)talks.n, sizeof *talks.talk);
	if (epoll < 0 || talks.talk == NULL)
		words_die("talk_init");
	for (int i = 0; i < talks.n; i++)
		talks.talk[i].fd = -1;
}

static void
be_idle(struct talk *t)
{
	talks.hellos++;
	t->state = TALK_IDLE;
}

static int wanted; /* of talk_open_all(): connections that are open by now */

static int
all_said_hello(void)
{
	return talks.hellos + talks.errors >= wanted;
}

void
talk_open_all(void)
{
	uint64_t end = words_now_ns() + UINT64_C(20000000000);

	for (wanted = 0; wanted < talks.n && words_now_ns() < end;) {
		for (int i = 0; i < 4 && wanted < talks.n; i++)
			talk_open(&talks.talk[wanted++]);
		talk_loop(end - words_now_ns(), be_idle, all_said_hello);
	}
}

uint64_t
talk_server_ns(void)
{
	struct timespec ts;
	clockid_t clock;

	if (talks.pid <= 0 || clock_getcpuclockid(talks.pid, &clock) != 0 ||
	    clock_gettime(clock, &ts) < 0)
		return 0;
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}
