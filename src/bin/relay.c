/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb relay joins standard input and output with a desk's operators'
 * socket.  It knows nothing of what goes through: who may do what, the desk
 * decides.  Two rows are its own: to the desk, before anything else, for whom it
 * comes; and to the other end, that it is there.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "bin/desk_link.h"
#include "bin/verbs.h"
#include "wire/op.h"

#define BUF_BYTES 16384
#define HELLO_NS  (10 * DW_SECOND)
/* A pipe that can be written takes as much without waiting. */
#define AT_MOST 4096
_Static_assert(AT_MOST >= _POSIX_PIPE_BUF, "it is one write");

/* Bytes on their way in one direction. */
struct way {
	char buf[BUF_BYTES];
	size_t at, end;
	bool ended; /* no more will come */
};

struct relay {
	struct sks_socket *s;
	struct way in, out; /* to the desk, and from it */
	bool shut;          /* the desk knows that no more will come */
	bool gone;          /* one of the two ends is not there any more */
};

static bool
is_empty(const struct way *w)
{
	return w->at == w->end;
}

static void
filled(struct relay *r, struct way *w, ssize_t n)
{
	w->at = 0;
	w->end = n > 0 ? (size_t)n : 0;
	w->ended = n == 0;
	r->gone = r->gone || n < 0;
}

static void
read_input(struct relay *r)
{
	ssize_t n = read(STDIN_FILENO, r->in.buf, sizeof r->in.buf);

	if (n >= 0 || errno != EINTR)
		filled(r, &r->in, n);
}

static void
read_desk(struct relay *r)
{
	filled(r, &r->out,
	    sks_recv_deadline(r->s, r->out.buf, sizeof r->out.buf,
		sks_after(1)));
}

static void
write_desk(struct relay *r)
{
	ssize_t n =
	    sks_send_now(r->s, r->in.buf + r->in.at, r->in.end - r->in.at);

	if (n > 0)
		r->in.at += (size_t)n;
	else
		r->gone = r->gone || n != SKS_EAGAIN;
}

static void
write_output(struct relay *r)
{
	size_t len = r->out.end - r->out.at;
	ssize_t n = write(STDOUT_FILENO, r->out.buf + r->out.at,
	    len < AT_MOST ? len : AT_MOST);

	if (n > 0)
		r->out.at += (size_t)n;
	else
		r->gone = r->gone || (errno != EINTR && errno != EAGAIN);
}

/* One of the two directions ended, and all that came was handed on. */
static void
pass_end_on(struct relay *r)
{
	if (r->in.ended && is_empty(&r->in) && !r->shut) {
		sks_shutdown(r->s, SKS_SHUT_WR);
		r->shut = true;
	}
	if (r->out.ended && is_empty(&r->out))
		r->gone = true;
}

static void
turn(struct relay *r)
{
	bool takes_in = is_empty(&r->in) && !r->in.ended;
	bool takes_out = is_empty(&r->out) && !r->out.ended;
	struct pollfd fds[] = {
		{ takes_in ? STDIN_FILENO : -1, POLLIN, 0 },
		{ STDOUT_FILENO, takes_out ? 0 : POLLOUT, 0 },
		{ sks_fileno(r->s),
		    (short)((takes_out ? POLLIN : 0) |
			(is_empty(&r->in) ? 0 : POLLOUT)),
		    0 },
	};

	if (poll(fds, 3, -1) < 0)
		return;
	/* A pipe without a reader says ERR, a socket HUP. */
	if ((fds[1].revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) {
		r->gone = true;
		return;
	}
	if (fds[0].revents != 0)
		read_input(r);
	if (takes_out && (fds[2].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		read_desk(r);
	if (!is_empty(&r->in) && (fds[2].revents & POLLOUT) != 0)
		write_desk(r);
	if (!is_empty(&r->out) && (fds[1].revents & POLLOUT) != 0)
		write_output(r);
	pass_end_on(r);
}

/* The same frame to both, but for the name. */
static int
say(struct relay *r, const char *as)
{
	struct wire_frame f = wire_frame_of(WIRE_RELAY);
	struct dw_buf out = DW_BUF_INITIALIZER;
	int status = DW_STATUS_FAILED;

	f.as = as;
	if (wire_frame_encode(&out, &f) == 0 &&
	    sks_sendall_deadline(r->s, out.data, out.len,
		dw_clock_ns() + HELLO_NS, NULL) == 0)
		status = DW_STATUS_OK;
	dw_buf_reset(&out);
	f.as = "";
	if (wire_frame_encode(&out, &f) == 0 && out.len <= sizeof r->out.buf) {
		memcpy(r->out.buf, out.data, out.len);
		r->out.end = out.len;
	}
	dw_buf_fini(&out);
	if (status != DW_STATUS_OK)
		print_error(_("the desk takes nothing"));
	return status;
}

int
verb_relay(struct options *o)
{
	static struct relay r;
	struct desk_link link;
	const char *why;
	int status = desk_link_init(&link, o);

	if (status == DW_STATUS_OK) {
		if ((r.s = desk_link_connect(&link, &why)) == NULL)
			status = desk_link_failed(&link);
		else
			status = say(&r, o->as != NULL ? o->as : "");
		while (status == DW_STATUS_OK && !r.gone)
			turn(&r);
		sks_socket_free(r.s);
	}
	desk_link_fini(&link);
	return status;
}
