/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file tells whoever watches the desk from outside how it does: how many
 * wait, and whether the threads on which all others depend still get round.
 */
#include "config.h"

#include <assert.h>
#include <stdlib.h>

#include "base/i18n.h"
#include "service/internal.h"

/* A disk that needs so long does not come back by itself.  What is shorter must
 * not end all talks: after a restart there is the same disk. */
#define COMMIT_MS (5 * 60 * INT64_C(1000))

/* ---- numbers ---- */

void
svc_counts_changed(struct svc *svc)
{
	if (svc->config->tells_counts &&
	    !atomic_exchange(&svc->counts_changed, true))
		dw_wake_ring(svc->config->quit);
}

bool
svc_counts_are_new(const struct svc *svc)
{
	return atomic_load(&svc->counts_changed);
}

/* First the mark and then the look: what changes behind that is heard. */
struct svc_counts
svc_counts(struct svc *svc)
{
	struct svc_counts c;

	atomic_store(&svc->counts_changed, false);
	c.waiting = atomic_load(&svc->waiting);
	c.connected = atomic_load(&svc->live);
	c.closing = atomic_load(&svc->closes);
	return c;
}

void
svc_count_waiting(struct svc *svc)
{
	unsigned n = desk_waiting(svc->desk);

	if (atomic_exchange(&svc->waiting, n) != n)
		svc_counts_changed(svc);
}

/* ---- signs of life ---- */

int64_t
svc_commit_ms(const struct svc *svc)
{
	int64_t since = atomic_load(&svc->commit_since_ms);

	return since == 0 ? 0 : dw_clock_steady_ms() - since + 1;
}

/* On the desk thread. */
static void
beat(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, pulse);

	assert(svc->magic == SVC_MAGIC);
	atomic_fetch_add(&svc->beats, 1);
}

void
svc_pulse_init(struct svc *svc)
{
	svc_node_init(&svc->pulse, DESK_RQ_NONE, NULL, NULL);
	svc->pulse.first = true;
	svc->pulse.ready = beat;
}

static bool
desk_gets_round(struct svc *svc)
{
	uint64_t beats = atomic_load(&svc->beats);
	int64_t ms = svc_commit_ms(svc);
	bool alive = !svc->asked || beats != svc->beats_seen ||
	    (ms > 0 && ms < COMMIT_MS);

	svc->beats_seen = beats;
	svc_post_again(&svc->inbox, &svc->pulse);
	return alive;
}

/* Customers' loops end when the desk begins to say goodbye. */
static bool
loop_gets_round(struct svc *svc, struct sks_server *srv, uint64_t *seen)
{
	uint64_t turns = sks_server_wake(srv), before = *seen;

	*seen = turns;
	if (turns == 0)
		return !svc->asked || atomic_load(&svc->draining);
	return turns != before;
}

/* Each is asked, whatever the others say.  One who is served alone is served on
 * the loop's own thread, which does not get round then.  Returns the name of one
 * that hangs, or NULL. */
static const char *
find_hanging(struct svc *svc)
{
	const char *who = NULL;
	size_t n = 0;

	for (size_t i = 0; i < svc->ncustomers; i++, n++)
		if (!svc->config->one_at_a_time &&
		    !loop_gets_round(svc, svc->customers[i], &svc->turns[n]))
			who = svc->listener_names[n];
	for (size_t i = 0; i < svc->nudp; i++, n++)
		if (!loop_gets_round(svc, svc_udp_server(svc, i),
			&svc->turns[n]))
			who = svc->listener_names[n];
	return who;
}

bool
svc_ask_alive(struct svc *svc, const char **who)
{
	bool desk = desk_gets_round(svc);
	bool operators =
	    loop_gets_round(svc, svc->operators, &svc->operators_turns);
	const char *hanging = find_hanging(svc);

	svc->asked = true;
	*who = !desk   ? _("the desk's own thread") :
	    !operators ? _("the thread that accepts operators") :
			 hanging;
	return *who == NULL;
}
