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

#define V4_BITS  96 /* of a mapped address before the IPv4 one */
#define ALL_BITS 128
#define NET_BITS 64 /* a host of IPv6 has so many */

void
svc_bans_init(struct svc_bans *b) DW_NO_TSA
{
	dw_lock_init(&b->lock, DW_LOCK_bans);
	b->all = NULL;
	b->n = b->cap = 0;
}

void
svc_bans_fini(struct svc_bans *b) DW_NO_TSA
{
	free(b->all);
	dw_lock_fini(&b->lock);
}

/* ---- addresses ---- */

static bool
is_v4(const struct sks_host_key *k)
{
	static const unsigned char
	    mapped[V4_BITS / 8] = { [10] = 0xff, [11] = 0xff };

	return memcmp(k->bytes, mapped, sizeof mapped) == 0;
}

static void
mask(struct sks_host_key *k, unsigned bits)
{
	for (unsigned i = 0; i < sizeof k->bytes; i++) {
		unsigned keep = bits <= 8 * i ? 0 : bits - 8 * i;

		if (keep < 8)
			k->bytes[i] &= (unsigned char)(0xff00u >> keep);
	}
}

/* Without its length an IPv6 network is what one host has, but of loopback
 * there is one address alone. */
static unsigned
usual_bits(const struct sks_addr *a, bool v4)
{
	return v4 || sks_addr_scope(a) == SKS_SCOPE_LOOPBACK ? ALL_BITS :
							       NET_BITS;
}

/* Returns false for what is no length of a network. */
static bool
read_bits(const char *text, bool v4, unsigned *bits)
{
	unsigned most = v4 ? ALL_BITS - V4_BITS : ALL_BITS;
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || n > most)
		return false;
	*bits = (unsigned)n + (v4 ? V4_BITS : 0);
	return true;
}

/* Fills in which addresses are meant by "192.0.2.7" or "2001:db8::/48". */
static bool
read_network(struct svc_ban *ban, const char *text)
{
	char host[EV_ADDR_SIZE];
	const char *slash = strchr(text, '/');
	size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct sks_addr a;
	bool v4;

	if (len == 0 || len >= sizeof host)
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (sks_addr_parse(host, 0, &a) < 0 ||
	    !sks_addr_host_bytes(&a, &ban->net))
		return false;
	v4 = is_v4(&ban->net);
	ban->bits = usual_bits(&a, v4);
	if (slash != NULL && !read_bits(slash + 1, v4, &ban->bits))
		return false;
	mask(&ban->net, ban->bits);
	return true;
}

static bool
covers(const struct svc_ban *ban, const struct sks_host_key *host)
{
	struct sks_host_key k = *host;

	/* A network of IPv6 that is as wide has no address of IPv4. */
	if (is_v4(host) != (ban->bits >= V4_BITS && is_v4(&ban->net)))
		return false;
	mask(&k, ban->bits);
	return memcmp(&k, &ban->net, sizeof k) == 0;
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
		if (b->all[i].bits == ban->bits &&
		    memcmp(&b->all[i].net, &ban->net, sizeof ban->net) == 0)
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
	dw_unlock(&b->lock);
}

static void
drop(struct svc_bans *b, const struct svc_ban *ban)
{
	dw_lock(&b->lock);
	remove_network(b, ban);
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
	    !read_network(&ban, ev->addr))
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

bool
svc_bans_find(struct svc_bans *b, const struct sks_addr *addr,
    int64_t now_steady_ms, struct svc_ban *out)
{
	struct sks_host_key host;
	bool found = false;

	if (!sks_addr_host_bytes(addr, &host))
		return false;
	dw_lock(&b->lock);
	for (size_t i = 0; i < b->n; i++) {
		const struct svc_ban *ban = &b->all[i];

		if (ban->ends_steady_ms <= now_steady_ms ||
		    !covers(ban, &host) ||
		    (found && ban->ends_steady_ms <= out->ends_steady_ms))
			continue;
		*out = *ban;
		found = true;
	}
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
