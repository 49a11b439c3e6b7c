/* SPDX-License-Identifier: GPL-3.0-or-later */
/* This file tests requests of a console that were not answered yet. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "console/pending.h"
#include "t.h"

static void
an_answer_finds_its_request(void)
{
	struct con_pending p;
	struct con_request *a, *b;

	con_pending_init(&p);
	a = con_pending_add(&p, CON_REQUEST_REPLY, 3, "one");
	b = con_pending_add(&p, CON_REQUEST_NOTE, 5, "two");
	CHECK(a->id != b->id);
	CHECK(con_pending_take(&p, b->id) == b);
	CHECK_INT(b->sid, 5);
	CHECK(con_pending_take(&p, b->id) == NULL);
	CHECK_INT(p.n, 1);
	con_request_free(b);
	con_pending_fini(&p);
}

/* A request that was sent over a link, with a key of its own. */
static struct con_request *
sent(struct con_pending *p, uint64_t sid, const char *text, unsigned generation)
{
	struct con_request *rq = con_pending_add(p,
	    sid == 0 ? CON_REQUEST_COMMAND : CON_REQUEST_REPLY, sid, text);

	rq->generation = generation;
	memset(rq->key.bytes, (int)rq->id, EV_KEY_SIZE);
	return rq;
}

static void
a_reply_is_known_by_its_key_and_not_by_its_text(void)
{
	struct con_pending p;
	struct con_request *a, *b;
	struct ev_key none = { { 0 } };

	con_pending_init(&p);
	a = sent(&p, 3, "yes", 1);
	b = sent(&p, 3, "yes", 1);
	con_pending_add(&p, CON_REQUEST_COMMAND, 0, "list"); /* no key */
	con_pending_stored(&p, &b->key);
	CHECK(!a->stored && b->stored);
	con_pending_stored(&p, &none);
	CHECK(!a->stored);
	CHECK(con_pending_last(&p) == a);
	con_pending_fini(&p);
}

static void
what_was_lost_with_the_link_goes_on_or_is_given_up(void)
{
	struct con_pending p;
	struct con_request *reply, *stored, *taken, *command, *late;

	con_pending_init(&p);
	reply = sent(&p, 3, "one", 1);
	stored = sent(&p, 3, "one", 1);
	taken = sent(&p, 3, "two", 1);
	command = sent(&p, 0, "close 3", 1);
	late = sent(&p, 3, "three", 2);
	stored->stored = taken->taken = true;
	CHECK(con_request_goes_on(reply, 2));
	CHECK(!con_request_goes_on(late, 2));
	CHECK(con_pending_goes_on(&p, 2));
	CHECK(!con_pending_goes_on(&p, 1));
	CHECK(!con_pending_goes_on(&p, 0)); /* there is no link */
	CHECK(con_pending_take_lost(&p, 2, false) == stored);
	CHECK(con_pending_take_lost(&p, 2, false) == taken);
	CHECK(con_pending_take_lost(&p, 2, false) == command);
	CHECK(con_pending_take_lost(&p, 2, false) == NULL);
	CHECK(con_pending_take_lost(&p, 2, true) == reply);
	CHECK(con_pending_take_lost(&p, 2, true) == NULL);
	CHECK_INT(p.n, 1);
	con_request_free(stored);
	con_request_free(taken);
	con_request_free(command);
	con_request_free(reply);
	con_pending_fini(&p);
}

static void
a_note_goes_on_as_a_reply_does_and_a_reservation_does_not(void)
{
	struct con_pending p;
	struct con_request *note, *next;

	con_pending_init(&p);
	note = sent(&p, 3, "she is angry", 1);
	note->kind = CON_REQUEST_NOTE;
	next = sent(&p, 3, "", 1);
	next->kind = CON_REQUEST_NEXT;
	CHECK(con_request_is_text(note) && !con_request_is_text(next));
	CHECK(con_pending_has(&p, CON_REQUEST_NEXT));
	CHECK(con_pending_last(&p) == note);
	CHECK(con_request_goes_on(note, 2));
	CHECK(con_pending_take_lost(&p, 2, false) == next);
	CHECK(con_pending_take_lost(&p, 2, false) == NULL);
	CHECK(!con_pending_has(&p, CON_REQUEST_NEXT));
	con_request_free(next);
	con_pending_fini(&p);
}

int
main(void)
{
	static const struct t_case cases[] = {
		T(an_answer_finds_its_request),
		T(a_reply_is_known_by_its_key_and_not_by_its_text),
		T(a_note_goes_on_as_a_reply_does_and_a_reservation_does_not),
		T(what_was_lost_with_the_link_goes_on_or_is_given_up),
	};

	return t_main("pending", cases, sizeof cases / sizeof cases[0]);
}
