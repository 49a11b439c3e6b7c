/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread `link`, and the sends that the thread `readline` makes over its
 * connection.
 */
#include "config.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/lock.h"
#include "base/thread.h"
#include "console/link.h"

#define RECV_BYTES       (16 * 1024)
#define BACKOFF_FIRST_NS (200 * DW_MS)
#define BACKOFF_MOST_NS  (5 * DW_SECOND)
#define HELLO_SECONDS    10.0
#define STACK_BYTES      (512 * 1024) /* a frame is parsed on it */

/*
 * One connection.  The link's thread reads it, the readline thread writes it;
 * whoever lets go of it last closes it.  Only the link's thread changes
 * generation, so it alone may read it without the lock.
 */
struct conn {
	struct sks_socket *socket;
	unsigned refs;       /* guarded by the link's lock */
	unsigned generation; /* the same; 0: no welcome */
};

#define LINK_MAGIC 0xc0150002u

struct con_link {
	unsigned magic;
	struct con_link_config cfg; /* set by start */
	pthread_t thread;
	struct sks_socket *first; /* only the thread's, as these: */
	uint64_t seen;            /* the last event handed over */
	char journal[40];         /* of the first welcome */

	struct dw_lock lock; /* "console" */
	struct dw_cond stopped;
	struct conn *conn DW_GUARDED_BY(lock); /* or NULL */
	unsigned generation DW_GUARDED_BY(lock);
	bool stop DW_GUARDED_BY(lock);
};

/* ---- the connection ---- */

/* The connection with a reference of the caller's; NULL without one. */
static struct conn *
conn_get(struct con_link *l, unsigned *generation)
{
	struct conn *c;

	dw_lock(&l->lock);
	c = l->conn;
	if (c != NULL) {
		c->refs++;
		*generation = c->generation;
	}
	dw_unlock(&l->lock);
	return c;
}

static void
conn_put(struct con_link *l, struct conn *c)
{
	bool last;

	dw_lock(&l->lock);
	assert(c->refs > 0);
	last = --c->refs == 0;
	dw_unlock(&l->lock);
	if (!last)
		return;
	sks_socket_free(c->socket);
	free(c);
}

/* Takes the socket over.  The one reference is l->conn's. */
static struct conn *
conn_open(struct con_link *l, struct sks_socket *s)
{
	struct conn *c = calloc(1, sizeof *c);
	bool stop;

	if (c == NULL) {
		sks_socket_free(s);
		return NULL;
	}
	c->socket = s;
	c->refs = 1;
	dw_lock(&l->lock);
	l->conn = c;
	stop = l->stop;
	dw_unlock(&l->lock);
	/* Who stopped us saw no connection to shut down. */
	if (stop)
		sks_shutdown(s, SKS_SHUT_RDWR);
	return c;
}

static void
conn_close(struct con_link *l, struct conn *c)
{
	dw_lock(&l->lock);
	l->conn = NULL;
	dw_unlock(&l->lock);
	sks_shutdown(c->socket, SKS_SHUT_RDWR);
	conn_put(l, c);
}

static int
send_frame(struct conn *c, const struct wire_frame *f)
{
	struct dw_buf b = DW_BUF_INITIALIZER;
	int r = wire_frame_encode(&b, f);

	if (r < 0) {
		dw_buf_fini(&b);
		return r;
	}
	r = sks_sendall_deadline(c->socket, b.data, b.len,
	    dw_clock_after(CON_SEND_SECONDS), NULL);
	dw_buf_fini(&b);
	if (r == 0)
		return 0;
	/* Half a frame may be out: nothing can follow it. */
	sks_shutdown(c->socket, SKS_SHUT_RDWR);
	return r == SKS_ETIMEDOUT ? -ETIMEDOUT : -ENOTCONN;
}

int
con_link_send(struct con_link *l, const struct wire_frame *f)
{
	unsigned generation = 0;
	struct conn *c = conn_get(l, &generation);
	int r = -ENOTCONN;

	if (c == NULL)
		return r;
	if (generation > 0 && (r = send_frame(c, f)) == 0)
		r = (int)generation;
	conn_put(l, c);
	return r;
}

unsigned
con_link_generation(struct con_link *l)
{
	unsigned generation = 0;
	struct conn *c = conn_get(l, &generation);

	if (c != NULL)
		conn_put(l, c);
	return generation;
}

/* ---- the thread ---- */

static int
say_hello(struct con_link *l, struct conn *c)
{
	struct wire_frame f = wire_frame_of(WIRE_HELLO);

	f.v = WIRE_OP_VERSION;
	f.name = l->cfg.name;
	f.seen = l->seen;
	f.replay = f.seen > 0;
	return send_frame(c, &f);
}

/* Why a reading loop came to its end. */
enum end {
	END_NONE,  /* it goes on */
	END_LOST,  /* the connection is lost: try again */
	END_BYE,   /* this connection is of no more use: try again */
	END_DONE,  /* the desk wants no more of us */
	END_NOISE, /* what came is not the protocol */
	END_OTHER  /* it is not the desk that it was */
};

/* Who has never been in does not wait for a place there. */
static bool
is_final(const struct con_link *l, enum ev_code code)
{
	return code == EV_CODE_STOP || code == EV_CODE_DENIED ||
	    code == EV_CODE_USAGE ||
	    (code == EV_CODE_LIMIT && l->journal[0] == '\0');
}

static void
welcomed(struct con_link *l, struct conn *c)
{
	dw_lock(&l->lock);
	c->generation = ++l->generation;
	dw_unlock(&l->lock);
}

/* Numbers of another journal are other sessions: a draft for 3 must not go to
 * a stranger who is 3 there. */
static bool
is_other_journal(struct con_link *l, const char *journal)
{
	if (l->journal[0] != '\0')
		return strcmp(l->journal, journal) != 0;
	snprintf(l->journal, sizeof l->journal, "%s", journal);
	return false;
}

/* The last event that the readline thread will have with this frame. */
static uint64_t
seen_with(const struct con_link *l, const struct wire_frame *f)
{
	if (f->op == WIRE_WELCOME && !f->replay)
		return f->seq;
	return f->op == WIRE_EV && f->ev.seq > l->seen ? f->ev.seq : l->seen;
}

/* What a frame means to the link itself. */
static enum end
look_at(struct con_link *l, struct conn *c, const struct wire_frame *f)
{
	switch (f->op) {
	case WIRE_WELCOME:
		if (is_other_journal(l, f->journal))
			return END_OTHER;
		welcomed(l, c);
		return END_NONE;
	case WIRE_BYE:
		return is_final(l, f->code) ? END_DONE : END_BYE;
	case WIRE_LIVE:
		if (f->seq >= l->seen)
			return END_NONE;
		/* The desk has less than we do. */
		l->seen = 0;
		return END_BYE;
	default:
		return END_NONE;
	}
}

static enum end
take_line(struct con_link *l, struct conn *c, const char *line, size_t len)
{
	struct wire_frame *f;
	const char *why;
	enum end end;
	uint64_t seen;
	int r = wire_frame_parse(line, len, &f, &why);

	if (r == -ENOTSUP)
		return END_NONE;
	if (r < 0)
		return END_NOISE;
	if ((end = look_at(l, c, f)) == END_OTHER) {
		wire_frame_free(f);
		return end;
	}
	seen = seen_with(l, f);
	/* A frame that is lost is asked for again, by the old number. */
	if (con_inbox_frame(l->cfg.inbox, f, c->generation, dw_clock_ns()) < 0)
		return end == END_NONE ? END_LOST : end;
	l->seen = seen;
	return end;
}

/* END_NONE means that all lines are taken. */
static enum end
take_lines(struct con_link *l, struct conn *c, struct sks_frame *frame)
{
	const char *line;
	enum end end;
	ssize_t n;

	for (;;) {
		n = sks_frame_next(frame, &line);
		if (n == SKS_EAGAIN)
			return END_NONE;
		if (n < 0)
			return END_NOISE;
		if ((end = take_line(l, c, line, (size_t)n)) != END_NONE)
			return end;
	}
}

/* As recv; tells the console when nothing comes for long. */
static ssize_t
recv_some(struct con_link *l, struct conn *c, char *buf, size_t size)
{
	static const enum con_news_kind said[] = { CON_NEWS_QUIET,
		CON_NEWS_SILENT };

	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		ssize_t n = sks_recv_deadline(c->socket, buf, size,
		    dw_clock_after(l->cfg.quiet_seconds));

		if (n != SKS_ETIMEDOUT)
			return n;
		con_inbox_says_nothing(l->cfg.inbox, said[i]);
	}
	return sks_recv_deadline(c->socket, buf, size, SKS_NEVER);
}

static enum end
read_until_end(struct con_link *l, struct conn *c, struct sks_frame *frame)
{
	int64_t deadline = dw_clock_after(HELLO_SECONDS);
	enum end end = END_NONE;
	char buf[RECV_BYTES];
	ssize_t n;

	while (end == END_NONE) {
		n = c->generation > 0 ?
		    recv_some(l, c, buf, sizeof buf) :
		    sks_recv_deadline(c->socket, buf, sizeof buf, deadline);
		if (n <= 0)
			return END_LOST;
		if (sks_frame_feed(frame, buf, (size_t)n) < 0)
			return END_LOST;
		end = take_lines(l, c, frame);
	}
	return end;
}

/* From the hello to the loss. */
static enum end
converse(struct con_link *l, struct conn *c)
{
	struct sks_frame *frame = sks_frame_new(WIRE_OP_FRAME_MAX);
	enum end end = END_LOST;
	int r;

	if (frame == NULL)
		return end;
	/* A desk that takes nobody has said so before it ended the link, and
	 * that can still be read. */
	if ((r = say_hello(l, c)) == 0 || r == -ENOTCONN)
		end = read_until_end(l, c, frame);
	sks_frame_free(frame);
	return end;
}

/* Waits before the next try.  False when the link is to stop. */
static bool
back_off(struct con_link *l, int64_t *pause_ns)
{
	int64_t until = dw_clock_ns() + *pause_ns;
	bool stop, in_time = true;

	*pause_ns *= 2;
	if (*pause_ns > BACKOFF_MOST_NS)
		*pause_ns = BACKOFF_MOST_NS;
	dw_lock(&l->lock);
	while (!l->stop && in_time)
		in_time = dw_cond_wait_until(&l->stopped, &l->lock, until);
	stop = l->stop;
	dw_unlock(&l->lock);
	return !stop;
}

static struct sks_socket *
next_socket(struct con_link *l, const char **why)
{
	struct sks_socket *s = l->first;

	l->first = NULL;
	if (s == NULL && l->cfg.connect != NULL)
		s = l->cfg.connect(l->cfg.arg, why);
	return s;
}

/*
 * One connection from its beginning to its end.  Returns whether it was
 * welcomed; *end says how it ended.
 */
static bool
one_connection(struct con_link *l, struct sks_socket *s, enum end *end)
{
	struct conn *c = conn_open(l, s);
	bool was_welcomed;

	*end = END_LOST;
	if (c == NULL)
		return false;
	*end = converse(l, c);
	was_welcomed = c->generation > 0;
	conn_close(l, c);
	return was_welcomed;
}

static const char *
sentence(enum end end)
{
	if (end == END_OTHER)
		return _("another desk answers there now; attach again");
	return end == END_NOISE ? _("the desk sent something that is not the "
				    "operator protocol") :
				  _("the desk has ended the link");
}

/* On any connection so far. */
static bool
was_welcomed(struct con_link *l)
{
	unsigned generation;

	dw_lock(&l->lock);
	generation = l->generation;
	dw_unlock(&l->lock);
	return generation > 0;
}

/* Tries until the link ends for good; why. */
static const char *
run(struct con_link *l, bool *refused)
{
	int64_t pause_ns = BACKOFF_FIRST_NS;
	const char *why = "";
	struct sks_socket *s;
	bool told = false;
	enum end end;

	do {
		end = END_LOST;
		if ((s = next_socket(l, &why)) != NULL) {
			why = "";
			if (one_connection(l, s, &end)) {
				pause_ns = BACKOFF_FIRST_NS;
				told = false;
			}
		}
		if (end == END_DONE)
			return "";
		if (end == END_NOISE || end == END_OTHER ||
		    l->cfg.connect == NULL)
			return sentence(end);
		*refused = s != NULL && !was_welcomed(l);
		if (*refused)
			return _("the desk refuses this operator");
		if (!told)
			con_inbox_lost(l->cfg.inbox, why);
		told = true;
	} while (back_off(l, &pause_ns));
	return "";
}

static void *
link_thread(void *arg)
{
	struct con_link *l = arg;
	bool refused = false;
	const char *why;

	assert(l->magic == LINK_MAGIC);
	why = run(l, &refused);
	con_inbox_ended(l->cfg.inbox, why, refused);
	return NULL;
}

/* ---- life ---- */

int
con_link_start(struct con_link **out, const struct con_link_config *cfg)
{
	struct con_link *l = calloc(1, sizeof *l);
	int r;

	*out = NULL;
	if (l == NULL) {
		sks_socket_free(cfg->socket);
		return -ENOMEM;
	}
	l->magic = LINK_MAGIC;
	l->cfg = *cfg;
	if (l->cfg.quiet_seconds <= 0)
		l->cfg.quiet_seconds = CON_QUIET_SECONDS;
	l->first = cfg->socket;
	dw_lock_init(&l->lock, DW_LOCK_console);
	dw_cond_init(&l->stopped);
	r = dw_thread_start(&l->thread, "link", STACK_BYTES, link_thread, l);
	if (r == 0) {
		*out = l;
		return 0;
	}
	sks_socket_free(cfg->socket);
	dw_cond_fini(&l->stopped);
	dw_lock_fini(&l->lock);
	free(l);
	return r;
}

void
con_link_stop(struct con_link *l)
{
	struct wire_frame bye = wire_frame_of(WIRE_BYE);
	unsigned generation;
	struct conn *c;

	if (l == NULL)
		return;
	con_link_send(l, &bye);
	dw_lock(&l->lock);
	l->stop = true;
	dw_cond_broadcast(&l->stopped);
	dw_unlock(&l->lock);
	if ((c = conn_get(l, &generation)) != NULL) {
		sks_shutdown(c->socket, SKS_SHUT_RDWR);
		conn_put(l, c);
	}
	dw_may_block("pthread_join");
	pthread_join(l->thread, NULL);
	sks_socket_free(l->first);
	dw_cond_fini(&l->stopped);
	dw_lock_fini(&l->lock);
	free(l);
}
