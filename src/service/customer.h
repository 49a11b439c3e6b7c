/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A customer as its worker has it: what customer.c, line_mode.c and
 * classic_mode.c share.  All of it runs on the worker, except where it says
 * otherwise.
 */
#ifndef SVC_CUSTOMER_H
#define SVC_CUSTOMER_H

#include "base/buf.h"
#include "service/input.h"
#include "service/internal.h"
#include "service/rate.h"
#include "wire/classic.h"
#include "wire/line.h"
#include "wire/opening.h"

/* One message is read while the other is stored; and for who writes faster than
 * that, so many more. */
#define SAID_NODES 2
#define SAID_MORE  2

/* A message on its way to the desk, with its text. */
struct said {
	struct svc_node node;
	struct dw_buf text;
};

/* What a customer's machine has taken of what was put for it; the desk
 * thread's. */
struct svc_taking {
	struct dw_order_node asking; /* in svc.untaken while it is not all,
	                              * by when it is asked again */
	uint64_t put, taken;         /* bytes; taken is the last answer, which
	                              * counts while nobody asks again */
	int64_t pause_ns;            /* between the last time and the next */
	int64_t since_ms;            /* steady: it has taken nothing since, */
	uint64_t told_sid;           /* as operators know of this session; 0:
	                              * they do not */
};

#define SVC_CUSTOMER_MAGIC 0x5e4c0003u

struct svc_customer {
	struct sks_handler base;
	unsigned magic;
	struct svc *svc;
	struct svc_settings *settings; /* as they were when it came */
	struct desk_conn conn;
	struct sks_outbox *outbox;
	struct svc_owner owner;
	struct svc_input input;
	struct said *said; /* SAID_NODES of them, on its stack */
	struct said *more; /* SAID_MORE of them; or NULL */
	unsigned next;     /* of all these, to be used: they take turns */
	struct said *last; /* not posted: perhaps the last; or NULL */
	struct svc_node sent, stalled, disconnected;
	struct wire_keys keys; /* as far as the opening */
	union {                /* once it is known which */
		struct wire_line line;
		struct wire_classic classic;
	};
	struct svc_taking taking;
	atomic_bool telnet;
	/* In what it writes; the desk says so. */
	_Atomic(const struct dw_charset *) charset;
	bool is_line, is_classic; /* in use */
	bool proxied;             /* a proxy brings it */
	bool began_telnet;        /* its first byte was a command's */
	bool opened;              /* the desk knows it */
	bool visited;             /* as a visitor, so far */
	bool refused;             /* a classic one: not let in */
	bool over;                /* nothing more is read */
	bool hung_up;             /* while its messages were held back */
	size_t late_bytes;        /* read since then */
	enum ev_mode mode;
	bool spoke;
	bool wants_receipts;
	unsigned too_long;
	struct svc_rate rate;
	const char *why; /* of its end */
};

static inline struct svc_customer *
svc_customer_of(struct desk_conn *c)
{
	struct svc_customer *cu = DW_LIST_OF(c, struct svc_customer, conn);

	assert(cu->magic == SVC_CUSTOMER_MAGIC);
	return cu;
}

static inline const struct svc_limits *
svc_limits_of(const struct svc_customer *cu)
{
	return &cu->settings->limits;
}

/* Sends a request whose text is copied; waits until one of the nodes is
 * back. */
void svc_request(struct svc_customer *cu, enum desk_rq rq, const char *text,
    size_t len, unsigned flags);

/* The node of the request that was sent last. */
struct said *svc_said_last(struct svc_customer *cu);

/* The desk says this sentence to the customer. */
void svc_tell(struct svc_customer *cu, const char *sentence);

/* The same, no sooner than the rate of messages allows. */
void svc_tell_at_rate(struct svc_customer *cu, const char *sentence);

/* The desk says why a row of the customer's was not read. */
void svc_unread(struct svc_customer *cu, const char *sentence);

/* The desk says goodbye for this reason; the worker reads on until the end. */
void svc_give_up(struct svc_customer *cu, const char *why,
    const char *sentence);

/* Ends a conversation that cannot go on, with a sentence if that is possible. */
void svc_no_memory(struct svc_customer *cu);

/* What it speaks is known, and perhaps in which encoding (or NULL).  Returns
 * whether it was let in. */
bool svc_opened(struct svc_customer *cu, enum ev_mode mode,
    const struct dw_charset *cs);

/* Waits until the desk has answered all that this worker has sent. */
void svc_settle(struct svc_customer *cu);

/* A message, no sooner than the rate allows; at once when the customer has hung
 * up meanwhile. */
void svc_say(struct svc_customer *cu, const char *text, size_t len,
    unsigned flags);

/* The next bytes, into the input, instead of those that were there; as
 * sks_recv_deadline(). */
ssize_t svc_recv(struct svc_customer *cu, int64_t deadline_ns);

/* No more messages come.  Of one who hung up while it was held back, and had
 * about as much waiting as the socket takes, the last message says that more may
 * have followed. */
void svc_said_all(struct svc_customer *cu);

/* When it will have been silent for too long; and what happens then. */
int64_t svc_idle_ns(const struct svc_customer *cu);
void svc_idle(struct svc_customer *cu);

/* The peer has said all it had to say, and may still read.  Or it is gone: its
 * kernel tells us that only when it is asked, after a minute or so. */
void svc_await_end(struct svc_customer *cu);

/* Of one whom a proxy brings: reads for whom, and takes that address.  Returns
 * false when nobody is to be served; then all is said that there is to say. */
bool svc_introduced(struct svc_customer *cu, int64_t accepted);

/* Is a customer with this request's address let in now, as far as bans and the
 * lot decide?  If not it is told why.  The loop's thread, or the request's
 * worker. */
bool svc_lets_in(struct sks_server *srv, struct sks_request *req);

/* Reads until the first bytes decide, beginning with those that are in the input,
 * and leaves them there.  An answer
 * but for CLASSIC and LINE is for svc_refuse(). */
enum wire_opening svc_opening(struct svc_customer *cu, int64_t accepted);

/* When the customer must have begun to say something. */
int64_t svc_first_line_ns(const struct svc_customer *cu, int64_t accepted);

/* It is no customer, as far as these bytes tell: operators who ask are shown
 * it.  what is a constant.  Only the first call counts. */
void svc_visited(struct svc_customer *cu, const char *what, const char *bytes,
    size_t len);

/* Ends what is no customer, whose first bytes are in the input, with a refusal
 * in its own words where there are some. */
void svc_refuse(struct svc_customer *cu, enum wire_opening opening);

/* On the desk thread: how many bytes its machine has. */
uint64_t svc_taken(struct svc_customer *cu);

/* On the desk thread: this customer goes, and is not asked about any more. */
void svc_taken_forget(struct svc_customer *cu);

/* Serve one in each mode until it ends.  first[0, len), or what is in the input,
 * has come already. */
void svc_classic(struct svc_customer *cu, const char *first, size_t len,
    const struct dw_charset *cs);
void svc_line(struct svc_customer *cu, int64_t accepted);

#endif
