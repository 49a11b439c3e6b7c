/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the inbox: requests for the desk thread, and their nodes. */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/thread.h"
#include "service/inbox.h"
#include "tests/t.h"

static struct svc_inbox in;
static struct svc_owner mine;

static int
begin(void)
{
	svc_inbox_init(&in);
	svc_owner_init(&mine);
	return 0;
}

static struct svc_node *
take_one(struct dw_list *taken)
{
	struct dw_list *n = dw_list_take(taken);

	return n != NULL ? DW_LIST_OF(n, struct svc_node, link) : NULL;
}

static void
give_back(struct svc_node *n)
{
	struct dw_list done;

	dw_list_init(&done);
	dw_list_add(&done, &n->link);
	svc_give_back(&in, &done);
}

static void
operators_go_first_and_each_kind_in_order(void)
{
	struct svc_node n[4];
	struct dw_list taken;

	dw_list_init(&taken);
	for (int i = 0; i < 4; i++) {
		svc_node_init(&n[i], DESK_RQ_SAID, NULL, &mine);
		n[i].first = i % 2 == 1;
		svc_post(&in, &n[i]);
	}
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n[1]);
	CHECK(take_one(&taken) == &n[3]);
	CHECK(take_one(&taken) == &n[0]);
	CHECK(take_one(&taken) == &n[2]);
	for (int i = 0; i < 4; i++)
		give_back(&n[i]);
}

static void
an_empty_inbox_waits_until_the_deadline(void)
{
	int64_t until = dw_clock_after(0.02);
	struct dw_list taken;

	dw_list_init(&taken);
	svc_take(&in, until, &taken);
	CHECK(dw_list_empty(&taken));
	CHECK(dw_clock_ns() >= until);
}

static void
news_for_a_node_that_is_out_come_once_more_and_only_once(void)
{
	struct svc_node n;
	struct dw_list taken;

	dw_list_init(&taken);
	svc_node_init(&n, DESK_RQ_SENT, NULL, &mine);
	svc_post_again(&in, &n);
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n);
	svc_post_again(&in, &n);
	svc_post_again(&in, &n);
	give_back(&n);
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n);
	give_back(&n);
	svc_take(&in, dw_clock_ns(), &taken);
	CHECK(take_one(&taken) == NULL);
	svc_wait(&in, &n);
}

/* The desk thread's part, for so many nodes: it gives back all that it took. */
static void *
serve(void *arg)
{
	int left = *(int *)arg;
	struct svc_node *n;
	struct dw_list taken, done;

	dw_list_init(&taken);
	dw_list_init(&done);
	while (left > 0) {
		svc_take(&in, DW_NEVER, &taken);
		while ((n = take_one(&taken)) != NULL) {
			dw_list_add(&done, &n->link);
			left--;
		}
		svc_give_back(&in, &done);
	}
	return NULL;
}

/* A sender with two nodes, as a customer's worker. */
struct sender {
	struct svc_owner owner;
	struct svc_node nodes[2];
};

static struct sender *
sender_new(void)
{
	struct sender *s = calloc(1, sizeof *s);

	svc_owner_init(&s->owner);
	for (int i = 0; i < 2; i++)
		svc_node_init(&s->nodes[i], DESK_RQ_SAID, NULL, &s->owner);
	return s;
}

static void
sender_free(struct sender *s)
{
	svc_owner_fini(&s->owner);
	memset(s, 0x5a, sizeof *s);
	free(s);
}

static void *
send(void *arg)
{
	int rounds = *(int *)arg;
	struct sender *s = sender_new();

	for (int i = 0; i < rounds; i++) {
		svc_wait(&in, &s->nodes[i % 2]);
		svc_post(&in, &s->nodes[i % 2]);
	}
	svc_wait(&in, &s->nodes[0]);
	svc_wait(&in, &s->nodes[1]);
	sender_free(s);
	return NULL;
}

/* The same, but it is another one for each request. */
static void *
send_and_go(void *arg)
{
	int rounds = *(int *)arg;

	for (int i = 0; i < rounds; i++) {
		struct sender *s = sender_new();

		svc_post(&in, &s->nodes[0]);
		svc_wait(&in, &s->nodes[0]);
		sender_free(s);
	}
	return NULL;
}

static void
serve_all(void *(*sends)(void *))
{
	enum { SENDERS = 4 };
	int rounds = t_size("requests of each sender", 5000);
	int all = rounds * SENDERS;
	pthread_t desk, senders[SENDERS];

	if (!CHECK_INT(dw_thread_start(&desk, "desk", 0, serve, &all), 0))
		return;
	for (int i = 0; i < SENDERS; i++)
		CHECK_INT(dw_thread_start(&senders[i], "sender", 0, sends,
			      &rounds),
		    0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	pthread_join(desk, NULL);
}

static void
every_sender_gets_its_nodes_back(void)
{
	serve_all(send);
}

static void
an_owner_may_go_as_soon_as_its_node_is_back(void)
{
	serve_all(send_and_go);
}

static int
wakes(struct svc_owner *o)
{
	int n = -1;

	CHECK_INT(sem_getvalue(&o->woken, &n), 0);
	return n;
}

static void
post_both(struct sender *s, struct dw_list *taken)
{
	svc_post(&in, &s->nodes[0]);
	svc_post(&in, &s->nodes[1]);
	svc_take(&in, DW_NEVER, taken);
}

static void
an_owner_that_does_not_wait_is_not_woken(void)
{
	struct sender *s = sender_new();
	struct dw_list taken;

	dw_list_init(&taken);
	post_both(s, &taken);
	svc_give_back(&in, &taken);
	CHECK(svc_is_back(&in, &s->nodes[0]));
	CHECK(svc_is_back(&in, &s->nodes[1]));
	svc_wait(&in, &s->nodes[1]);
	CHECK_INT(wakes(&s->owner), 0);
	sender_free(s);
}

/* What svc_wait() says under the lock; the test's own thread cannot wait, so
 * that it can look. */
static void
await(struct svc_node *n) DW_NO_TSA
{
	n->owner->awaits = n;
}

static void
an_owner_is_woken_once_and_only_by_the_node_it_waits_for(void)
{
	struct sender *s = sender_new();
	struct dw_list taken;

	dw_list_init(&taken);
	post_both(s, &taken);
	await(&s->nodes[1]);
	dw_list_del(&s->nodes[1].link);
	svc_give_back(&in, &taken);
	CHECK(svc_is_back(&in, &s->nodes[0]));
	CHECK_INT(wakes(&s->owner), 0);

	svc_post(&in, &s->nodes[0]);
	svc_take(&in, DW_NEVER, &taken);
	dw_list_add(&taken, &s->nodes[1].link);
	svc_give_back(&in, &taken);
	CHECK_INT(wakes(&s->owner), 1);
	sender_free(s);
}

static void
a_node_that_is_posted_once_more_wakes_nobody_until_it_is_back(void)
{
	struct sender *s = sender_new();
	struct dw_list taken;

	dw_list_init(&taken);
	svc_post_again(&in, &s->nodes[0]);
	svc_take(&in, DW_NEVER, &taken);
	svc_post_again(&in, &s->nodes[0]);
	await(&s->nodes[0]);
	svc_give_back(&in, &taken);
	CHECK_INT(wakes(&s->owner), 0);
	svc_take(&in, DW_NEVER, &taken);
	svc_give_back(&in, &taken);
	CHECK_INT(wakes(&s->owner), 1);
	sender_free(s);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(operators_go_first_and_each_kind_in_order),
		T(an_empty_inbox_waits_until_the_deadline),
		T(news_for_a_node_that_is_out_come_once_more_and_only_once),
		T(every_sender_gets_its_nodes_back),
		T(an_owner_may_go_as_soon_as_its_node_is_back),
		T(an_owner_that_does_not_wait_is_not_woken),
		T(an_owner_is_woken_once_and_only_by_the_node_it_waits_for),
		T(a_node_that_is_posted_once_more_wakes_nobody_until_it_is_back),
	};

	return t_main_setup("inbox", begin, cases,
	    sizeof cases / sizeof cases[0]);
}
