/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb demo runs a desk whose state is thrown away, with three customers
 * who have a script.  They come over TCP like any other, each on a thread of
 * its own, and say their next line when they were answered or, if it makes
 * sense without an answer, after a while.
 */
#include "config.h"

#include <assert.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "base/wake.h"
#include "bin/desk.h"
#include "bin/verbs.h"
#include "client/scripted.h"
#include "socketserver/socketserver.h"
#include "wire/classic.h"

#define DEMO_MAGIC  0xde305e1fu
#define DEMO_LISTEN "127.0.0.1:0"
#define LINES_MAX   5
#define ANSWER_S    20.0 /* seconds without an answer, then it goes on */
#define MOMENT_S    2.0  /* to read and to type */
#define LOOK_S      1.0  /* so often it looks whether it may go on */

struct demo_customer {
	const char *name; /* of its thread */
	bool classic;
	double begins; /* seconds after the desk */
	struct scripted_line lines[LINES_MAX];
};

/* What customers say is not translated. */
static const struct demo_customer customers[] = {
	{ "demo-anna", false, 1,
	    { { "/name Anna\n", false }, { "Hello? My box is dead.\n", false },
		{ "It is a model X200, and its light is red.\n", true },
		{ "Thank you, that helped!\n", true }, { NULL, false } } },
	{ "demo-wang", false, 4,
	    { { "/name 王伟\n", false }, { "我的订单在哪里\n", false },
		{ "订单号是 20261122-77\n", true }, { "好的,谢谢\n", true },
		{ NULL, false } } },
	{ "demo-classic", true, 8,
	    { { "你好,我用的是教程里的客户端", false },
		{ "how do I quit the trial?", false }, { "谢谢", true },
		{ "quit", false }, { NULL, false } } },
};
#define NCUSTOMERS (sizeof customers / sizeof customers[0])

struct demo {
	unsigned magic;
	struct sks_addr addr;
	pthread_t threads[NCUSTOMERS];
	size_t started;
	atomic_size_t next;    /* the thread that begins takes it */
	struct dw_wake ending; /* rung once, and never cleared */
};

/* Hears what comes until then.  Returns false at the end. */
static bool
hear_until(struct scripted *script, struct sks_socket *s, int64_t deadline_ns)
{
	char buf[2048];
	ssize_t n;

	while ((n = sks_recv_deadline(s, buf, sizeof buf, deadline_ns)) > 0)
		scripted_hear(script, buf, (size_t)n);
	return n == SKS_ETIMEDOUT;
}

/* The next line, once it may be said; NULL: there is none, or the
 * conversation has ended. */
static const char *
await_line(struct scripted *script, struct sks_socket *s, double patience_s)
{
	int64_t until = sks_after(patience_s);
	const char *line;

	while ((line = scripted_next(script, sks_after(0) < until)) == NULL)
		if (!hear_until(script, s, sks_after(LOOK_S)))
			return NULL;
	return line;
}

static void
play_script(const struct demo_customer *c, struct sks_socket *s)
{
	struct scripted script;
	const char *line = "";

	scripted_init(&script, c->classic, c->lines);
	if (c->classic &&
	    (sks_send_text(s, EV_CLIENT_HELLO) < 0 ||
		!hear_until(&script, s, sks_after(LOOK_S))))
		return;
	while (!scripted_is_over(&script)) {
		line =
		    await_line(&script, s, line[0] == '/' ? LOOK_S : ANSWER_S);
		if (line == NULL ||
		    !hear_until(&script, s,
			sks_after(line[0] == '/' ? 0 : MOMENT_S)) ||
		    sks_send_text(s, line) < 0)
			return;
		scripted_said(&script);
	}
	hear_until(&script, s, SKS_NEVER);
}

/* The desk's goodbye ends a conversation; before it, `ending` does. */
static void *
customer_main(void *arg)
{
	struct demo *demo = arg;
	const struct demo_customer *c =
	    &customers[atomic_fetch_add(&demo->next, 1)];
	struct pollfd pfd = { demo->ending.rd, POLLIN, 0 };
	struct sks_socket *s;

	assert(demo->magic == DEMO_MAGIC && demo->next <= NCUSTOMERS);
	if (poll(&pfd, 1, (int)(c->begins * 1000)) != 0 ||
	    sks_create_connection_addr(&demo->addr, 1.0, &s) < 0)
		return NULL;
	play_script(c, s);
	sks_socket_free(s);
	return NULL;
}

static void
start_customers(void *arg, struct svc *svc)
{
	struct demo *demo = arg;
	const struct svc_listener *all;

	assert(demo->magic == DEMO_MAGIC);
	if (svc_listeners(svc, &all) == 0)
		return;
	demo->addr = all[0].addr;
	while (demo->started < NCUSTOMERS &&
	    dw_thread_start(&demo->threads[demo->started],
		customers[demo->started].name, 0, customer_main, demo) == 0)
		demo->started++;
}

static void
end_customers(void *arg)
{
	struct demo *demo = arg;

	assert(demo->magic == DEMO_MAGIC);
	dw_wake_ring(&demo->ending);
}

static void
remove_state(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

int
verb_demo(struct options *o)
{
	static const char *listen[] = { DEMO_LISTEN };
	struct demo demo = { .magic = DEMO_MAGIC };
	char dir[] = "/tmp/deskwire-demo-XXXXXX";
	struct desk_setup setup = { .options = o,
		.console = true,
		.ready = start_customers,
		.ending = end_customers,
		.arg = &demo };
	int r;

	if ((r = open_script(o)) != DW_STATUS_OK)
		return r;
	if (dw_wake_init(&demo.ending) < 0 || mkdtemp(dir) == NULL) {
		print_error(_("no folder can be made in /tmp for the demo"));
		return DW_STATUS_FAILED;
	}
	if (o->listen.n == 0) {
		free(o->listen.all);
		o->listen.all = malloc(sizeof listen);
		if (o->listen.all != NULL) {
			memcpy(o->listen.all, listen, sizeof listen);
			o->listen.n = 1;
		}
	}
	o->no_history = true;
	setup.state_dir = dir;
	setup.hint =
	    _("This is a demo: three customers are coming. Enter on an "
	      "empty line takes who waits longest, then type an answer; /help "
	      "lists the commands, /quit ends it.");
	r = desk_run(&setup);
	dw_may_block("pthread_join");
	for (size_t i = 0; i < demo.started; i++)
		pthread_join(demo.threads[i], NULL);
	dw_wake_fini(&demo.ending);
	remove_state(dir);
	return r;
}
