/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests the inbox: requests for the desk thread, and their nodes. */
#include "config.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/thread.h"
#include "service/inbox.h"
#include "tests/t.h"

static struct svc_inbox in;
static struct dw_cond back;

static int
begin(void)
{
	svc_inbox_init(&in);
	dw_cond_init(&back);
	return 0;
}

static struct svc_node *
take_one(struct dw_list *taken)
{
	struct dw_list *n = dw_list_take(taken);

	return n != NULL ? DW_LIST_OF(n, struct svc_node, link) : NULL;
}

static void
operators_go_first_and_each_kind_in_order(void)
{
	struct svc_node n[4];
	struct dw_list taken;

	dw_list_init(&taken);
	for (int i = 0; i < 4; i++) {
		svc_node_init(&n[i], DESK_RQ_SAID, NULL, &back);
		n[i].first = i % 2 == 1;
		svc_post(&in, &n[i]);
	}
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n[1]);
	CHECK(take_one(&taken) == &n[3]);
	CHECK(take_one(&taken) == &n[0]);
	CHECK(take_one(&taken) == &n[2]);
	for (int i = 0; i < 4; i++)
		svc_give_back(&in, &n[i]);
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
	svc_node_init(&n, DESK_RQ_SENT, NULL, &back);
	svc_post_again(&in, &n);
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n);
	svc_post_again(&in, &n);
	svc_post_again(&in, &n);
	svc_give_back(&in, &n);
	svc_take(&in, DW_NEVER, &taken);
	CHECK(take_one(&taken) == &n);
	svc_give_back(&in, &n);
	svc_take(&in, dw_clock_ns(), &taken);
	CHECK(take_one(&taken) == NULL);
	svc_wait(&in, &n);
}

/* The desk thread's part, for so many nodes. */
static void *
serve(void *arg)
{
	int left = *(int *)arg;
	struct svc_node *n;
	struct dw_list taken;

	dw_list_init(&taken);
	while (left > 0) {
		svc_take(&in, DW_NEVER, &taken);
		while ((n = take_one(&taken)) != NULL) {
			svc_give_back(&in, n);
			left--;
		}
	}
	return NULL;
}

static void *
send(void *arg)
{
	int rounds = *(int *)arg;
	struct dw_cond mine;
	struct svc_node n;

	dw_cond_init(&mine);
	svc_node_init(&n, DESK_RQ_SAID, NULL, &mine);
	for (int i = 0; i < rounds; i++) {
		svc_post(&in, &n);
		svc_wait(&in, &n);
	}
	dw_cond_fini(&mine);
	return NULL;
}

static void
every_sender_gets_its_node_back(void)
{
	enum { SENDERS = 4 };
	int rounds = t_size("requests of each sender", 5000);
	int all = rounds * SENDERS;
	pthread_t desk, senders[SENDERS];

	if (!CHECK_INT(dw_thread_start(&desk, "desk", 0, serve, &all), 0))
		return;
	for (int i = 0; i < SENDERS; i++)
		CHECK_INT(dw_thread_start(&senders[i], "sender", 0, send,
			      &rounds),
		    0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(senders[i], NULL);
	pthread_join(desk, NULL);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(operators_go_first_and_each_kind_in_order),
		T(an_empty_inbox_waits_until_the_deadline),
		T(news_for_a_node_that_is_out_come_once_more_and_only_once),
		T(every_sender_gets_its_node_back),
	};

	return t_main_setup("inbox", begin, cases,
	    sizeof cases / sizeof cases[0]);
}
