/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The queue between the two threads of a console: `link` puts news in,
 * `readline` takes all of them out.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "console/inbox.h"

#define INBOX_MAGIC 0x1b0c0150u

int
con_inbox_init(struct con_inbox *in)
{
	int r;

	memset(in, 0, sizeof *in);
	if ((r = dw_wake_init(&in->wake)) < 0)
		return r;
	in->magic = INBOX_MAGIC;
	in->max_bytes = CON_INBOX_BYTES;
	dw_lock_init(&in->lock, DW_LOCK_console);
	dw_cond_init(&in->changed);
	dw_list_init(&in->news);
	dw_list_init(&in->ending.node);
	return 0;
}

/* The one that is part of the inbox has no memory of its own. */
static bool
is_embedded(const struct con_news *news)
{
	return news->kind == CON_NEWS_ENDED;
}

void
con_news_free(struct con_news *news)
{
	if (news == NULL || is_embedded(news))
		return;
	wire_frame_free(news->frame);
	free(news);
}

void
con_inbox_fini(struct con_inbox *in)
{
	struct dw_list *n;

	assert(in->magic == INBOX_MAGIC);
	in->magic = 0;
	while ((n = dw_list_take(&in->news)) != NULL)
		con_news_free(DW_LIST_OF(n, struct con_news, node));
	dw_cond_fini(&in->changed);
	dw_lock_fini(&in->lock);
	dw_wake_fini(&in->wake);
}

static size_t
cost_of(const struct wire_frame *f)
{
	return sizeof(struct con_news) + sizeof *f + f->len + f->ev.len;
}

static struct con_news *
news_new(enum con_news_kind kind, struct wire_frame *f)
{
	struct con_news *news = calloc(1, sizeof *news);

	if (news == NULL)
		return NULL;
	news->kind = kind;
	news->frame = f;
	return news;
}

static void
post(struct con_inbox *in, struct con_news *news) DW_REQUIRES(in->lock)
{
	/* Nothing can follow the end of the link. */
	assert(!in->ended);
	dw_list_add(&in->news, &news->node);
	in->ended = news->kind == CON_NEWS_ENDED;
}

int
con_inbox_frame(struct con_inbox *in, struct wire_frame *f, unsigned generation,
    int64_t now_ns)
{
	struct con_news *news = news_new(CON_NEWS_FRAME, f);

	if (news == NULL) {
		wire_frame_free(f);
		return -ENOMEM;
	}
	news->generation = generation;
	news->at_ns = now_ns;
	news->steady_ms = dw_clock_steady_ms();
	dw_lock(&in->lock);
	while (in->nbytes > in->max_bytes && !in->stop)
		dw_cond_wait(&in->changed, &in->lock);
	in->nbytes += cost_of(f);
	post(in, news);
	if (f->op == WIRE_LIVE && !in->live) {
		in->live = true;
		dw_cond_broadcast(&in->changed);
	}
	dw_unlock(&in->lock);
	dw_wake_ring(&in->wake);
	return 0;
}

/* Without memory nobody is told; the link goes on, or is tried again, all the
 * same. */
static void
say(struct con_inbox *in, enum con_news_kind kind, const char *why)
{
	struct con_news *news = news_new(kind, NULL);

	if (news == NULL)
		return;
	snprintf(news->why, sizeof news->why, "%s", why);
	dw_lock(&in->lock);
	post(in, news);
	dw_unlock(&in->lock);
	dw_wake_ring(&in->wake);
}

void
con_inbox_says_nothing(struct con_inbox *in, enum con_news_kind kind)
{
	assert(kind == CON_NEWS_QUIET || kind == CON_NEWS_SILENT);
	say(in, kind, "");
}

void
con_inbox_lost(struct con_inbox *in, const char *why)
{
	say(in, CON_NEWS_LOST, why);
}

void
con_inbox_ended(struct con_inbox *in, const char *why, bool refused)
{
	struct con_news *news = &in->ending;

	news->kind = CON_NEWS_ENDED;
	news->refused = refused;
	snprintf(news->why, sizeof news->why, "%s", why);
	dw_lock(&in->lock);
	post(in, news);
	dw_cond_broadcast(&in->changed);
	dw_unlock(&in->lock);
	dw_wake_ring(&in->wake);
}

void
con_inbox_stop(struct con_inbox *in)
{
	assert(in->magic == INBOX_MAGIC);
	dw_lock(&in->lock);
	in->stop = true;
	dw_cond_broadcast(&in->changed);
	dw_unlock(&in->lock);
	dw_wake_ring(&in->wake);
}

bool
con_inbox_stopping(struct con_inbox *in)
{
	bool stop;

	dw_lock(&in->lock);
	stop = in->stop;
	dw_unlock(&in->lock);
	return stop;
}

bool
con_inbox_wait_live(struct con_inbox *in, int64_t deadline_ns)
{
	bool in_time = true, live;

	dw_lock(&in->lock);
	while (!in->live && !in->ended && !in->stop && in_time)
		in_time =
		    dw_cond_wait_until(&in->changed, &in->lock, deadline_ns);
	live = in->live;
	dw_unlock(&in->lock);
	return live;
}

void
con_inbox_take(struct con_inbox *in, struct dw_list *out)
{
	dw_wake_clear(&in->wake);
	dw_lock(&in->lock);
	dw_list_move(out, &in->news);
	if (in->nbytes > in->max_bytes)
		dw_cond_broadcast(&in->changed);
	in->nbytes = 0;
	dw_unlock(&in->lock);
}
