/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A peer of make bench: libevent's bufferevents, one thread. */
#define _GNU_SOURCE

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>

#include "../words.h"

static void
wrote(struct bufferevent *bev, void *arg)
{
	enum words_state *state = arg;

	if (*state == WORDS_END) {
		free(state);
		bufferevent_free(bev);
	}
}

static void
gone(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	free(arg);
	bufferevent_free(bev);
}

static void
came(struct bufferevent *bev, void *arg)
{
	char buf[WORDS_MAX];
	size_t n = bufferevent_read(bev, buf, sizeof buf);
	size_t len = words_answer(buf, n, arg);

	if (len > 0)
		bufferevent_write(bev, buf, len);
}

static void
accepted(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *address, int len, void *arg)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct bufferevent *bev;

	(void)address;
	(void)len;
	(void)arg;
	words_set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
	bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(bev, came, wrote, gone,
	    calloc(1, sizeof(enum words_state)));
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

int
main(void)
{
	struct event_base *base = event_base_new();

	signal(SIGPIPE, SIG_IGN);
	words_all_files();
	evconnlistener_new(base, accepted, NULL, LEV_OPT_CLOSE_ON_FREE, 0,
	    words_listen(SOCK_NONBLOCK));
	return event_base_dispatch(base);
}
