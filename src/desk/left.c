/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who left unanswered stays on the list until an operator has dealt with it.
 * Strangers must not be able to fill the list: of all, and of those from one
 * address, the ones that left first go off it when there are too many.  That
 * is no end: nothing is stored, the journal has them, and only the desk's
 * memory does not.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "desk/internal.h"

#define HOSTS     64
#define HOSTS_MAX ((size_t)1 << 18)

/* The length of an address without its port. */
static size_t
host_length(const struct desk_session *s)
{
	const char *port = strrchr(s->facts.addr, ':');

	return port != NULL ? (size_t)(port - s->facts.addr) :
			      strlen(s->facts.addr);
}

static bool
is_same_host(const struct desk_session *a, const struct desk_session *b)
{
	size_t len = host_length(a);

	return len == host_length(b) &&
	    memcmp(a->facts.addr, b->facts.addr, len) == 0;
}

/* FNV-1a; who can choose its address gains little by choosing its bucket. */
static struct dw_list *
host_of(struct desk *d, const struct desk_session *s)
{
	size_t len = host_length(s);
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)s->facts.addr[i]) * 16777619u;
	return &d->hosts[hash & (d->nhosts - 1)];
}

int
desk_left_init(struct desk *d)
{
	size_t n = HOSTS;

	dw_list_init(&d->off);
	while (n < d->config->max_gone / 4 && n < HOSTS_MAX)
		n *= 2;
	if ((d->hosts = calloc(n, sizeof *d->hosts)) == NULL)
		return -ENOMEM;
	d->nhosts = n;
	for (size_t i = 0; i < n; i++)
		dw_list_init(&d->hosts[i]);
	return 0;
}

void
desk_left_fini(struct desk *d)
{
	free(d->hosts);
}

void
desk_left_update(struct desk *d, struct desk_session *s)
{
	if (s->facts.state != EV_STATE_LEFT || s->conn != NULL ||
	    s->facts.owner[0] != '\0')
		dw_order_del(&d->left_nobodys, &s->nobodys);
	else if (!dw_order_has(&s->nobodys))
		dw_order_put(&d->left_nobodys, &s->nobodys,
		    (int64_t)s->facts.gone_at.seq);
}

static bool
left_before(const struct desk_session *a, const struct desk_session *b)
{
	return a->facts.gone_at.seq < b->facts.gone_at.seq;
}

void
desk_left_del(struct desk *d, struct desk_session *s)
{
	dw_order_del(&d->left, &s->left_node);
	dw_list_del(&s->host_node);
}

static void
push_off(struct desk *d, struct desk_session *s)
{
	desk_left_del(d, s);
	dw_list_add(&d->off, &s->host_node);
}

static void
bound_host(struct desk *d, struct dw_list *host, const struct desk_session *s)
{
	struct desk_session *first = NULL;
	size_t n = 0;

	DW_LIST_EACH(at, host) {
		struct desk_session *other =
		    DW_LIST_OF(at, struct desk_session, host_node);

		if (!is_same_host(other, s))
			continue;
		n++;
		if (first == NULL || left_before(other, first))
			first = other;
	}
	if (n > d->config->max_gone_per_address)
		push_off(d, first);
}

void
desk_left_add(struct desk *d, struct desk_session *s)
{
	struct dw_list *host = host_of(d, s);

	assert(s->facts.state == EV_STATE_LEFT && s->conn == NULL);
	if (!dw_list_empty(&s->host_node))
		return;
	dw_order_put(&d->left, &s->left_node, (int64_t)s->facts.gone_at.seq);
	dw_list_add(host, &s->host_node);
	if (d->config->max_gone_per_address != 0)
		bound_host(d, host, s);
}

void
desk_left_bound(struct desk *d, const struct desk_round *r)
{
	struct dw_list *at;
	uint64_t n = 0;

	while (dw_order_size(&d->left) > d->config->max_gone)
		push_off(d,
		    DW_LIST_OF(dw_order_first(&d->left), struct desk_session,
			left_node));
	for (; (at = dw_list_take(&d->off)) != NULL; n++) {
		struct desk_session *s =
		    DW_LIST_OF(at, struct desk_session, host_node);

		if (r != NULL)
			r->sink->unlisted(r->arg, s->facts.sid);
		desk_session_forget(d, s);
	}
	d->unlisted += n;
	if (r == NULL || n == 0)
		return;
	d->off_untold += n;
	desk_tally_count(d, DESK_UNLISTED, r->now);
}

void
desk_left_tell(const struct desk_round *r)
{
	uint64_t n = r->d->off_untold;

	r->d->off_untold = 0;
	r->sink->list_is_full(r->arg, n);
}

void
desk_left_again(const struct desk_round *r, const struct desk_effect *fx)
{
	(void)fx;
	if (r->d->unlisted > 0)
		r->d->unlisted--;
}

uint64_t
desk_unlisted(const struct desk *d)
{
	return d->unlisted;
}
