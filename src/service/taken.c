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

bool
svc_taken_all(struct svc *svc, struct desk_conn *c, uint64_t put)
{
	struct svc_customer *cu = svc_customer_of(c);
	struct svc_taking *t = &cu->taking;

	t->put = put;
	if (!dw_order_has(&t->asking)) {
		t->since_ms = dw_clock_steady_ms();
		t->taken = sks_outbox_taken(cu->outbox);
		if (t->taken >= put)
			return true;
	}
	t->pause_ns = PAUSE_NS;
	dw_order_put(&svc->untaken, &t->asking, dw_clock_ns() + PAUSE_NS);
	return false;
}

uint64_t
svc_taken(struct svc_customer *cu)
{
	return dw_order_has(&cu->taking.asking) ? sks_outbox_taken(cu->outbox) :
						  cu->taking.taken;
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
	for (struct dw_order_node *n = dw_order_first(&svc->untaken); n != NULL;
	    n = dw_order_next(n)) {
		const struct svc_taking *t =
		    DW_LIST_OF(n, struct svc_taking, asking);

		if (t->told_sid != 0)
			fn(arg, t->told_sid, t->since_ms);
	}
}

void
svc_taken_forget(struct svc_customer *cu)
{
	dw_order_del(&cu->svc->untaken, &cu->taking.asking);
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
	dw_order_put(&svc->untaken, &t->asking, now_ns + t->pause_ns);
}

void
svc_ask_taken(struct svc *svc)
{
	int64_t now_ns;

	if (dw_order_size(&svc->untaken) == 0)
		return;
	now_ns = dw_clock_ns();
	while (dw_order_least(&svc->untaken) <= now_ns)
		ask(svc,
		    DW_LIST_OF(dw_order_first(&svc->untaken),
			struct svc_customer, taking.asking),
		    now_ns);
}
