/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file keeps the table of who is not let in.
 */
#include "config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/text.h"
#include "service/bans.h"

void
svc_bans_init(struct svc_bans *b) DW_NO_TSA
{
	dw_lock_init(&b->lock, DW_LOCK_bans);
	b->all = NULL;
	b->n = b->cap = 0;
	atomic_init(&b->none, true);
}

void
svc_bans_fini(struct svc_bans *b) DW_NO_TSA
{
	free(b->all);
	dw_lock_fini(&b->lock);
}

/* ---- the table ---- */

static void
remove_at(struct svc_bans *b, size_t i) DW_REQUIRES(b->lock)
{
	b->all[i] = b->all[--b->n];
}

static void
remove_network(struct svc_bans *b, const struct svc_ban *ban)
    DW_REQUIRES(b->lock)
{
	for (size_t i = b->n; i-- > 0;)
		if (desk_net_is(&b->all[i].net, &ban->net))
			remove_at(b, i);
}

static void
remove_ended(struct svc_bans *b, int64_t now_steady_ms) DW_REQUIRES(b->lock)
{
	for (size_t i = b->n; i-- > 0;)
		if (b->all[i].ends_steady_ms <= now_steady_ms)
			remove_at(b, i);
}

static void
remove_first(struct svc_bans *b) DW_REQUIRES(b->lock)
{
	size_t first = 0;

	for (size_t i = 1; i < b->n; i++)
		if (b->all[i].ends_steady_ms < b->all[first].ends_steady_ms)
			first = i;
	remove_at(b, first);
}

static bool
make_room(struct svc_bans *b) DW_REQUIRES(b->lock)
{
	size_t cap = b->cap == 0 ? 16 : 2 * b->cap;
	struct svc_ban *more;

	if (b->n == SVC_BANS_MAX)
		remove_first(b);
	if (b->n < b->cap)
		return true;
	if ((more = realloc(b->all, cap * sizeof *more)) == NULL)
		return false;
	b->all = more;
	b->cap = cap;
	return true;
}

static void
put(struct svc_bans *b, const struct svc_ban *ban, int64_t now_steady_ms)
{
	dw_lock(&b->lock);
	remove_network(b, ban);
	remove_ended(b, now_steady_ms);
	if (ban->ends_steady_ms > now_steady_ms && make_room(b))
		b->all[b->n++] = *ban;
	atomic_store(&b->none, b->n == 0);
	dw_unlock(&b->lock);
}

static void
drop(struct svc_bans *b, const struct svc_ban *ban)
{
	dw_lock(&b->lock);
	remove_network(b, ban);
	atomic_store(&b->none, b->n == 0);
	dw_unlock(&b->lock);
}

/* One row, harmless. */
static void
take_why(struct svc_ban *ban, const struct ev_event *ev)
{
	struct dw_buf row = DW_BUF_INITIALIZER;

	ban->why[0] = '\0';
	if (dw_text_line(&row, ev->body, ev->len, sizeof ban->why / 2) == 0)
		snprintf(ban->why, sizeof ban->why, "%s", dw_buf_str(&row));
	dw_buf_fini(&row);
}

void
svc_bans_event(struct svc_bans *b, const struct ev_event *ev,
    struct desk_time now)
{
	const int64_t longest_s = INT64_MAX / 4000;
	struct svc_ban ban;

	if ((ev->kind != EV_BAN && ev->kind != EV_UNBAN) ||
	    !desk_net_parse(&ban.net, ev->addr))
		return;
	if (ev->kind == EV_UNBAN) {
		drop(b, &ban);
		return;
	}
	ban.ends_ms = ev->t_ms +
	    1000 * (ev->n < (uint64_t)longest_s ? (int64_t)ev->n : longest_s);
	ban.ends_steady_ms = now.steady_ms + (ban.ends_ms - now.ms);
	take_why(&ban, ev);
	put(b, &ban, now.steady_ms);
}

/* The ban of this peer that ends last. */
static bool
find_locked(const struct svc_bans *b, const struct desk_net *peer,
    int64_t now_steady_ms, struct svc_ban *out) DW_REQUIRES(b->lock)
{
	bool found = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct svc_ban *ban = &b->all[i];

		if (ban->ends_steady_ms <= now_steady_ms ||
		    !desk_net_has(&ban->net, peer) ||
		    (found && ban->ends_steady_ms <= out->ends_steady_ms))
			continue;
		*out = *ban;
		found = true;
	}
	return found;
}

bool
svc_bans_find(struct svc_bans *b, const struct sks_addr *addr,
    int64_t now_steady_ms, struct svc_ban *out)
{
	char text[SKS_ADDR_TEXT];
	struct desk_net peer;
	bool found;

	if (atomic_load(&b->none) ||
	    !desk_net_of_peer(&peer,
		sks_addr_format(addr, SKS_STYLE_PLAIN, text, sizeof text)))
		return false;
	dw_lock(&b->lock);
	found = find_locked(b, &peer, now_steady_ms, out);
	dw_unlock(&b->lock);
	return found;
}

/* ---- what is said ---- */

/* The time of day, with its date if that is not today. */
static void
show_time(int64_t ms, int64_t now_ms, char *text, size_t size)
{
	time_t t = (time_t)(ms / 1000), today = (time_t)(now_ms / 1000);
	struct tm then = { 0 }, now = { 0 };

	text[0] = '\0';
	if (localtime_r(&t, &then) == NULL || localtime_r(&today, &now) == NULL)
		return;
	if (then.tm_year == now.tm_year && then.tm_yday == now.tm_yday)
		strftime(text, size, "%H:%M", &then);
	else
		strftime(text, size, "%Y-%m-%d %H:%M", &then);
}

void
svc_ban_sentence(const struct svc_ban *ban, int64_t now_ms, char *text,
    size_t size)
{
	char until[64];

	/* It is over with that minute, and not before. */
	show_time(ban->ends_ms + 59999, now_ms, until, sizeof until);
	if (ban->why[0] == '\0')
		snprintf(text, size, _("This desk does not take you until %s."),
		    until);
	else
		snprintf(text, size,
		    _("This desk does not take you until %s: %s"), until,
		    ban->why);
}
