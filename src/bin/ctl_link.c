/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * This file is ctl's link to the desk: one thread, which waits for each answer,
 * but not for ever.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "bin/ctl.h"

#define RECV_BYTES (64 * 1024)

static int
fail(struct ctl *c, const char *text)
{
	print_error("%s", text);
	return c->status = DW_STATUS_FAILED;
}

int
ctl_status(enum ev_code code)
{
	/* What is not here is a failure at run time. */
	static const struct {
		enum ev_code code;
		enum dw_status status;
	} rows[] = {
		{ EV_CODE_OK, DW_STATUS_OK },
		{ EV_CODE_USAGE, DW_STATUS_USAGE },
		{ EV_CODE_DENIED, DW_STATUS_REFUSED },
		{ EV_CODE_LIMIT, DW_STATUS_REFUSED },
		{ EV_CODE_UNKNOWN, DW_STATUS_UNKNOWN },
		{ EV_CODE_CLOSED, DW_STATUS_UNKNOWN },
		{ EV_CODE_GONE, DW_STATUS_UNKNOWN },
		{ EV_CODE_STALE, DW_STATUS_LATE },
		{ EV_CODE_TAKEN, DW_STATUS_LATE },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].code == code)
			return (int)rows[i].status;
	return DW_STATUS_FAILED;
}

int
ctl_refused(const struct ctl *c)
{
	struct dw_buf text = DW_BUF_INITIALIZER;

	if (c->frame->len > 0 &&
	    dw_text_printable(&text, c->frame->text, c->frame->len, 0) == 0)
		print_error("%s", dw_buf_str(&text));
	else
		print_error(_("the desk has refused that (%s)"),
		    ev_word(&ev_codes, c->frame->code));
	dw_buf_fini(&text);
	return ctl_status(c->frame->code);
}

/* Takes one row.  Returns whether it is a frame for us. */
static bool
take_row(struct ctl *c, const char *row, size_t len)
{
	const char *why;
	int r;

	wire_frame_free(c->frame);
	c->frame = NULL;
	c->row = row;
	c->len = len;
	r = wire_frame_parse(row, len, &c->frame, &why);
	if (r == -ENOTSUP)
		return false; /* of a newer desk */
	if (r < 0)
		fail(c,
		    r == -ENOMEM ? _("out of memory") :
				   _("what answers there is no desk"));
	else if (c->frame->op == WIRE_BYE)
		c->status = ctl_refused(c);
	return c->status == DW_STATUS_OK;
}

bool
ctl_next_here(struct ctl *c)
{
	const char *row;
	ssize_t n;

	while ((n = sks_frame_next(c->frames, &row)) >= 0)
		if (take_row(c, row, (size_t)n))
			return true;
		else if (c->status != DW_STATUS_OK)
			return false;
	if (n != SKS_EAGAIN)
		fail(c, _("what answers there is no desk"));
	return false;
}

int
ctl_next(struct ctl *c, int64_t deadline_ns, bool *got)
{
	static char buf[RECV_BYTES];
	ssize_t n;

	while (!(*got = ctl_next_here(c)) && c->status == DW_STATUS_OK) {
		n = sks_recv_deadline(c->s, buf, sizeof buf, deadline_ns);
		if (n == SKS_ETIMEDOUT)
			return DW_STATUS_OK;
		if (n <= 0)
			return fail(c, _("the desk has ended the link"));
		if (sks_frame_feed(c->frames, buf, (size_t)n) < 0)
			return fail(c, _("out of memory"));
	}
	return c->status;
}

int
ctl_send(struct ctl *c, const struct wire_frame *f)
{
	struct dw_buf out = DW_BUF_INITIALIZER;
	int r = wire_frame_encode(&out, f);

	if (r == 0)
		r = sks_sendall_deadline(c->s, out.data, out.len,
		    sks_after(CTL_SECONDS), NULL);
	else
		fail(c, _("out of memory"));
	dw_buf_fini(&out);
	/* Why a desk takes nothing, it may have said before. */
	if (r == SKS_ETIMEDOUT)
		return fail(c, _("the desk takes nothing"));
	return c->status;
}

/* Takes all up to the frame that says that the link is live. */
static int
take_welcome(struct ctl *c)
{
	int64_t deadline = sks_after(CTL_SECONDS);
	bool got = true, live = false;

	while (c->status == DW_STATUS_OK && got && !live) {
		if (ctl_next(c, deadline, &got) != DW_STATUS_OK || !got)
			break;
		live = c->frame->op == WIRE_LIVE;
		if (c->frame->op == WIRE_WELCOME && c->welcome == NULL) {
			c->welcome = c->frame;
			c->frame = NULL;
		}
	}
	if (c->status == DW_STATUS_OK && (!live || c->welcome == NULL))
		fail(c, _("the desk does not answer"));
	return c->status;
}

int
ctl_open(struct ctl *c, const struct options *o, bool rows)
{
	struct wire_frame hello = wire_frame_of(WIRE_HELLO);
	const char *why;

	memset(c, 0, sizeof *c);
	c->o = o;
	if ((c->status = desk_link_init(&c->link, o)) != DW_STATUS_OK)
		return c->status;
	if ((c->s = desk_link_connect(&c->link, &why)) == NULL)
		return c->status = desk_link_failed(&c->link);
	if ((c->frames = sks_frame_new(WIRE_OP_FRAME_MAX)) == NULL)
		return fail(c, _("out of memory"));
	hello.v = WIRE_OP_VERSION;
	hello.name = o->as != NULL ? o->as : "";
	hello.bare = true;
	hello.rows = rows;
	return ctl_send(c, &hello) == DW_STATUS_OK ? take_welcome(c) :
						     c->status;
}

void
ctl_close(struct ctl *c)
{
	wire_frame_free(c->frame);
	wire_frame_free(c->welcome);
	sks_frame_free(c->frames);
	sks_socket_free(c->s);
	desk_link_fini(&c->link);
}
