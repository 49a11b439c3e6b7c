/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whose machine has not taken all that was put for it: nobody tells us when it
 * does, so the thread "desk" asks again, soon at first and then each second.
 * Mostly all is taken before it can ask, and then it never wakes up for that.
 * Whose machine has taken nothing for a while does not read: its kernel has no
 * room, or is out of reach.  Operators are told when that begins, and when it is
 * over.
 */
#include "config.h"

#include "service/customer.h"

#define PAUSE_NS     (5 * DW_MS)
#define PAUSE_MAX_NS DW_SECOND
#define STUCK_MS     2000 /* then the operators hear of it */

static void
ask_at(struct svc *svc, struct svc_taking *t, int64_t ns)
{
	t->ask_ns = ns;
	if (ns < svc->ask_ns)
		svc->ask_ns = ns;
}

bool
svc_taken_all(struct svc *svc, struct desk_conn *c, uint64_t put)
{
	struct svc_customer *cu = svc_customer_of(c);
	struct svc_taking *t = &cu->taking;

	t->put = put;
	if (dw_list_empty(&t->link)) {
		t->since_ms = dw_clock_steady_ms();
		t->taken = sks_outbox_taken(cu->outbox);
		if (t->taken >= put)
			return true;
		dw_list_add(&svc->untaken, &t->link);
	}
	t->pause_ns = PAUSE_NS;
	ask_at(svc, t, dw_clock_ns() + PAUSE_NS);
	return false;
}

uint64_t
svc_taken(struct svc_customer *cu)
{
	return dw_list_empty(&cu->taking.link) ? cu->taking.taken :
						 sks_outbox_taken(cu->outbox);
}

static void
tell_over(struct svc *svc, struct svc_taking *t)
{
	if (t->told_sid != 0)
		svc_operator_reads(svc, t->told_sid, 0);
	t->told_sid = 0;
}

/* The operators know sessions, and not connections. */
static void
tell_stuck(struct svc *svc, struct svc_customer *cu)
{
	const struct desk_session *s = cu->conn.session;
	struct svc_taking *t = &cu->taking;

	if (s == NULL || t->told_sid != 0 ||
	    dw_clock_steady_ms() - t->since_ms < STUCK_MS)
		return;
	t->told_sid = s->facts.sid;
	svc_operator_reads(svc, t->told_sid, t->since_ms);
}

void
svc_each_stuck(struct svc *svc,
    void (*fn)(void *arg, uint64_t sid, int64_t since_ms), void *arg)
{
	DW_LIST_EACH(n, &svc->untaken) {
		const struct svc_taking *t =
		    &DW_LIST_OF(n, struct svc_customer, taking.link)->taking;

		if (t->told_sid != 0)
			fn(arg, t->told_sid, t->since_ms);
	}
}

void
svc_taken_forget(struct svc_customer *cu)
{
	dw_list_del(&cu->taking.link);
	tell_over(cu->svc, &cu->taking);
}

static void
ask(struct svc *svc, struct svc_customer *cu, int64_t now_ns)
{
	struct svc_taking *t = &cu->taking;
	uint64_t taken = sks_outbox_taken(cu->outbox);

	if (taken > t->taken) {
		t->since_ms = dw_clock_steady_ms();
		svc_post_again(&svc->inbox, &cu->sent);
		tell_over(svc, t);
	}
	t->taken = taken;
	if (taken >= t->put) {
		svc_taken_forget(cu);
		return;
	}
	tell_stuck(svc, cu);
	t->pause_ns *= 2;
	if (t->pause_ns > PAUSE_MAX_NS)
		t->pause_ns = PAUSE_MAX_NS;
	ask_at(svc, t, now_ns + t->pause_ns);
}

void
svc_ask_taken(struct svc *svc)
{
	int64_t now_ns;

	if (svc->ask_ns == DW_NEVER || (now_ns = dw_clock_ns()) < svc->ask_ns)
		return;
	svc->ask_ns = DW_NEVER;
	DW_LIST_EACH_SAFE(n, &svc->untaken) {
		struct svc_customer *cu =
		    DW_LIST_OF(n, struct svc_customer, taking.link);

		if (cu->taking.ask_ns <= now_ns)
			ask(svc, cu, now_ns);
		else
			ask_at(svc, &cu->taking, cu->taking.ask_ns);
	}
}
