/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who came: a customer's worker reads until the first bytes say it.  A visitor,
 * who is none, stays connected and may become one until it has had the time of a
 * first line; that what decides is bytes alone, but for an end that does not
 * come.
 */
#include "config.h"

#include <string.h>

#include "base/clock.h"
#include "service/customer.h"

/* All that has come is looked at again whenever more comes; so much work is for
 * somebody who types byte by byte what is no row, and no more. */
#define JUDGED_MAX (1024 * 1024)

struct reading {
	struct svc_customer *cu;
	struct svc_input *in;
	int64_t accepted;
	int64_t began, last; /* when the first and the last bytes came */
	enum wire_opening opening;
	size_t judged; /* bytes, each as often as it was looked at */
};

/* Over 80 % of the places are taken. */
static bool
is_crowded(const struct svc_customer *cu)
{
	return (int64_t)atomic_load(&cu->svc->live) * 10 >
	    svc_limits_of(cu)->max_sessions * 8;
}

int64_t
svc_first_line_ns(const struct svc_customer *cu, int64_t accepted)
{
	const struct svc_limits *l = svc_limits_of(cu);

	return accepted +
	    DW_SECOND *
	    (is_crowded(cu) ? l->hello_timeout : l->first_line_timeout);
}

/* What is said when these bytes are judged as all that there are. */
static enum wire_opening
as_ended(const struct reading *r)
{
	enum wire_opening opening;
	const char *what;

	opening = wire_opening(r->in->bytes, r->in->len, true, &what);
	if (opening == WIRE_OPEN_VISITOR)
		svc_visited(r->cu, what, r->in->bytes, r->in->len);
	return opening;
}

static bool
is_blank(const struct reading *r)
{
	return wire_opening_is_blank(r->in->bytes, r->in->len);
}

/* What these bytes are as far as they go, of those that decide nothing yet. */
static enum wire_opening
so_far(const struct reading *r)
{
	const char *what;

	if (r->opening != WIRE_OPEN_MORE)
		return WIRE_OPEN_MORE;
	return wire_opening(r->in->bytes, r->in->len, true, &what);
}

/* Nothing for a moment means a customer who waits to be greeted, perhaps in the
 * midst of a row. */
static bool
is_to_greet(const struct reading *r)
{
	return !r->cu->opened &&
	    (is_blank(r) ||
		(so_far(r) == WIRE_OPEN_LINE &&
		    !wire_opening_is_cut_hello(r->in->bytes, r->in->len)));
}

/* In the midst of what is no text it is shown to operators, but a row may still
 * come of it. */
static bool
is_to_show(const struct reading *r)
{
	return !r->cu->visited && !is_blank(r) &&
	    so_far(r) == WIRE_OPEN_VISITOR;
}

/* When it must have said more. */
static int64_t
last_moment(const struct reading *r)
{
	const struct svc_limits *l = svc_limits_of(r->cu);

	if (r->opening == WIRE_OPEN_VISITOR || is_blank(r))
		return svc_first_line_ns(r->cu, r->accepted);
	if (!r->cu->opened &&
	    wire_opening_is_cut_hello(r->in->bytes, r->in->len))
		return r->accepted + l->hello_timeout * DW_SECOND;
	return r->began + l->line_timeout * DW_SECOND;
}

static int64_t
next_moment(const struct reading *r)
{
	int64_t silence = r->last + svc_limits_of(r->cu)->silence_ms * DW_MS;

	if (is_to_greet(r))
		return silence;
	if (is_to_show(r))
		return dw_clock_sooner(silence, last_moment(r));
	return last_moment(r);
}

/* Nothing came in time.  Returns whether it may go on. */
static bool
moment_passed(const struct reading *r)
{
	if (is_to_greet(r)) {
		svc_opened(r->cu, EV_MODE_LINE, NULL);
		return true;
	}
	if (is_to_show(r)) {
		as_ended(r);
		return true;
	}
	return dw_clock_ns() < last_moment(r);
}

static void
judge(struct reading *r)
{
	const char *what;

	r->judged += r->in->len;
	r->opening = wire_opening(r->in->bytes, r->in->len, false, &what);
	if (what[0] != '\0')
		svc_visited(r->cu, what, r->in->bytes, r->in->len);
}

static bool
is_open(const struct reading *r)
{
	return r->opening == WIRE_OPEN_MORE || r->opening == WIRE_OPEN_VISITOR;
}

/* Takes away what stands before the customer's own bytes.  Returns whether
 * more bytes must tell if there is such. */
static bool
drop_lead(struct svc_input *in)
{
	bool more;

	svc_input_drop(in, wire_opening_lead(in->bytes, in->len, &more));
	return more;
}

/* It has ended, or has said so much that nothing more is looked at. */
static enum wire_opening
end_reading(struct reading *r)
{
	if (r->in->len > 0)
		return as_ended(r);
	return r->cu->opened ? WIRE_OPEN_LINE : WIRE_OPEN_MORE;
}

/* Only what may be a person is told why. */
static enum wire_opening
too_late(const struct reading *r)
{
	bool no_text = as_ended(r) == WIRE_OPEN_VISITOR && !is_blank(r);

	if (!no_text && !r->cu->opened)
		svc_refused(r->cu->svc, SVC_REFUSED_SILENT,
		    r->cu->base.client_address);
	return no_text ? WIRE_OPEN_VISITOR : WIRE_OPEN_MORE;
}

/* The last n bytes have just come, behind blank rows or something else. */
static void
look_at(struct reading *r, size_t n, bool blank)
{
	struct svc_input *in = r->in;

	wire_keys_notice(&r->cu->keys, in->bytes + in->len - n, n);
	r->last = dw_clock_ns();
	/* A blank row is no beginning of the one behind it. */
	if (blank)
		r->began = r->last;
	if (!drop_lead(in) && in->len > 0)
		judge(r);
}

enum wire_opening
svc_opening(struct svc_customer *cu, int64_t accepted)
{
	struct svc_input *in = &cu->input;
	struct reading r = { .cu = cu,
		.in = in,
		.accepted = accepted,
		.last = dw_clock_ns() };
	ssize_t n;
	bool blank;

	_Static_assert(SVC_INPUT_MAX <= WIRE_OPENING_MAX,
	    "all of it is looked at");
	/* What came behind its proxy's header. */
	if (in->len > 0)
		look_at(&r, in->len, true);
	while (is_open(&r)) {
		if (svc_input_is_full(in) || r.judged > JUDGED_MAX)
			return end_reading(&r);
		blank = is_blank(&r);
		n = svc_input_recv(in, next_moment(&r));
		if (n == SKS_ETIMEDOUT && moment_passed(&r))
			continue;
		if (n == SKS_ETIMEDOUT)
			return too_late(&r);
		if (n <= 0)
			return end_reading(&r);
		look_at(&r, (size_t)n, blank);
	}
	return r.opening;
}
