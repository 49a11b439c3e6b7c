/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One operator: a link on a worker of its own, over the Unix socket or over
 * one end of a socketpair for the console in this process.  The worker reads
 * frames and sends requests; frames to the operator are written by the desk
 * thread alone.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/text.h"
#include "desk/command.h"
#include "service/operator.h"

#define RECV_MAX      8192
#define HELLO_SECONDS 10
#define PEERS_TOLD    256   /* of those who wrote over UDP */
#define NEWS_BYTES    16384 /* then they do not wait for more */

/*
 * Frames to the operator, on the desk thread.
 */

/* A link with a hole in it is of no use. */
static void
cut_link(struct svc_operator *op)
{
	const struct svc_log_about about = { .who = op->console.who,
		.why = EV_WHY_SLOW };

	sks_outbox_cut(op->outbox);
	svc_log(op->svc, SVC_LOG_LIMIT, &about, "%s",
	    _("too much waits for a console, which comes again"));
}

static void
put(struct svc_operator *op, const char *bytes, size_t len)
{
	int r = len == 0 ? 0 : sks_outbox_put(op->outbox, bytes, len, NULL);

	if (r < 0 && r != SKS_ECLOSED)
		cut_link(op);
}

void
svc_operators_hand_out(struct svc *svc)
{
	struct dw_buf *news = &svc->news;

	if (news->len == 0 && !news->failed)
		return;
	DW_LIST_EACH(n, &svc->links) {
		struct svc_operator *op = svc_operator_at(n);

		if (news->failed)
			sks_outbox_cut(op->outbox);
		else
			put(op, news->data, news->len);
	}
	dw_buf_reset(news);
}

/* What is for one operator comes behind what all were told before it. */
void
svc_operator_put(struct svc_operator *op, const char *bytes, size_t len)
{
	svc_operators_hand_out(op->svc);
	put(op, bytes, len);
}

void
svc_operator_tell(struct svc_operator *op, const struct wire_frame *f)
{
	struct dw_buf *out = &op->svc->scratch;

	dw_buf_reset(out);
	if (wire_frame_encode(out, f) < 0)
		sks_outbox_cut(op->outbox);
	else
		svc_operator_put(op, out->data, out->len);
}

void
svc_tell_operators(struct svc *svc, const struct wire_frame *f)
{
	if (dw_list_empty(&svc->links))
		return;
	if (wire_frame_encode(&svc->news, f) < 0 || svc->news.len >= NEWS_BYTES)
		svc_operators_hand_out(svc);
}

void
svc_notice_as(struct svc *svc, enum ev_code code, enum svc_log_what what,
    const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_NOTICE);

	f.code = code;
	f.text = text;
	f.len = strlen(text);
	svc_tell_operators(svc, &f);
	svc_log(svc, what, NULL, "%s", text);
}

void
svc_notice(struct svc *svc, enum ev_code code, const char *text)
{
	static const enum svc_log_what whats[] = {
		[EV_CODE_DISK] = SVC_LOG_DISK,
		[EV_CODE_LOG] = SVC_LOG_LOST,
		[EV_CODE_SOCKET] = SVC_LOG_LOST,
		[EV_CODE_LIMIT] = SVC_LOG_LIMIT,
		[EV_CODE_RELOAD] = SVC_LOG_RELOADED,
		[EV_CODE_STOP] = SVC_LOG_STOPPING,
	};
	enum svc_log_what what = SVC_LOG_WARNING;

	if (code < sizeof whats / sizeof whats[0] &&
	    whats[code] != SVC_LOG_STARTED)
		what = whats[code];
	svc_notice_as(svc, code, what, text);
}

/* Of an event that names who may see it. */
static void
tell_named(struct svc *svc, const struct wire_frame *f)
{
	DW_LIST_EACH(n, &svc->links) {
		struct svc_operator *op = svc_operator_at(n);

		if (!ev_is_private(&f->ev, op->console.who))
			svc_operator_tell(op, f);
	}
}

void
svc_operator_event(struct svc *svc, const struct ev_event *ev)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);

	f.ev = *ev;
	if (ev_is_private(ev, ""))
		tell_named(svc, &f);
	else
		svc_tell_operators(svc, &f);
}

static struct wire_frame
reads_frame(uint64_t sid, int64_t since_ms)
{
	struct wire_frame f = wire_frame_of(WIRE_READS);

	f.sid = sid;
	f.since_ms = since_ms;
	f.now_ms = dw_clock_steady_ms();
	return f;
}

void
svc_operator_reads(struct svc *svc, uint64_t sid, int64_t since_ms)
{
	struct wire_frame f = reads_frame(sid, since_ms);

	svc_tell_operators(svc, &f);
}

static void
tell_reads(void *arg, uint64_t sid, int64_t since_ms)
{
	struct svc_operator *op = arg;
	struct wire_frame f = reads_frame(sid, since_ms);

	assert(op->magic == SVC_OPERATOR_MAGIC);
	svc_operator_tell(op, &f);
}

/* The answer to a reply or a command. */
static void
answered(struct svc_node *n, const struct desk_answer *a)
{
	struct wire_frame f =
	    wire_frame_of(a->code == EV_CODE_OK ? WIRE_OK : WIRE_ERR);

	f.id = n->id;
	f.sid = a->sid;
	f.n = a->n;
	f.seq = a->seq;
	f.code = a->code;
	f.text = a->text;
	f.len = strlen(a->text);
	svc_operator_tell(svc_operator_of(n), &f);
}

/*
 * The welcome.
 */

struct snapshot {
	struct ev_session *sessions;
	size_t n, cap;
};

static void
count_session(void *arg, const struct desk_session *s)
{
	struct snapshot *snap = arg;

	(void)s;
	snap->cap++;
}

static void
add_session(void *arg, const struct desk_session *s)
{
	struct snapshot *snap = arg;

	if (snap->n < snap->cap)
		snap->sessions[snap->n++] = s->facts;
}

/* Returns 0 or -ENOMEM; the caller frees the sessions. */
static int
snapshot_take(struct snapshot *snap, const struct desk *d)
{
	*snap = (struct snapshot){ NULL, 0, 0 };
	desk_each(d, count_session, snap);
	snap->sessions = calloc(snap->cap + 1, sizeof *snap->sessions);
	if (snap->sessions == NULL)
		return -ENOMEM;
	desk_each(d, add_session, snap);
	return 0;
}

/* Those that this role allows. */
static size_t
wire_commands(enum ev_role role, struct ev_command *out, size_t max)
{
	size_t n, allowed = 0;
	const struct desk_command *rows = desk_commands(&n);

	for (size_t i = 0; i < n && allowed < max; i++)
		if (rows[i].role <= role)
			out[allowed++] = (struct ev_command){ rows[i].row.name,
				rows[i].row.args, _(rows[i].row.help),
				rows[i].row.complete };
	return allowed;
}

/* Who is at a console. */
struct crowd {
	struct wire_person *all;
	size_t n, cap;
};

static void
count_person(void *arg, const struct desk_person *p)
{
	struct crowd *crowd = arg;

	(void)p;
	crowd->cap++;
}

static void
add_person(void *arg, const struct desk_person *p)
{
	struct crowd *crowd = arg;
	struct wire_person *to = &crowd->all[crowd->n++];

	assert(crowd->n <= crowd->cap);
	to->name = p->name;
	to->away = desk_person_is_away(p);
	DW_LIST_EACH(n, &p->consoles)
		to->consoles++;
}

/* Returns 0 or -ENOMEM; the caller frees them. */
static int
crowd_take(struct crowd *crowd, const struct desk *d)
{
	*crowd = (struct crowd){ NULL, 0, 0 };
	desk_each_person(d, count_person, crowd);
	if ((crowd->all = calloc(crowd->cap + 1, sizeof *crowd->all)) == NULL)
		return -ENOMEM;
	desk_each_person(d, add_person, crowd);
	return 0;
}

struct peers {
	const char *all[PEERS_TOLD];
	size_t n;
};

static void
add_peer(void *arg, const struct desk_peer *p)
{
	struct peers *peers = arg;

	if (peers->n < PEERS_TOLD)
		peers->all[peers->n++] = p->addr;
}

/* Tells a frame that has who is there now, and the sessions if it is to. */
static void
tell_with_lists(struct svc_operator *op, struct wire_frame *f, bool sessions)
{
	struct snapshot snap = { NULL, 0, 0 };
	struct crowd crowd = { NULL, 0, 0 };

	if ((!sessions || snapshot_take(&snap, op->svc->desk) == 0) &&
	    crowd_take(&crowd, op->svc->desk) == 0) {
		f->sessions = snap.sessions;
		f->nsessions = snap.n;
		f->people = crowd.all;
		f->npeople = crowd.n;
		svc_operator_tell(op, f);
	} else {
		sks_outbox_cut(op->outbox);
	}
	free(snap.sessions);
	free(crowd.all);
}

static void
welcome(struct svc_operator *op, uint64_t datagrams)
{
	struct wire_frame f = wire_frame_of(WIRE_WELCOME);
	struct ev_command commands[64];
	struct peers peers = { .n = 0 };
	struct svc *svc = op->svc;

	f.v = WIRE_OP_VERSION;
	f.name = op->console.who;
	f.as = op->console.as;
	f.role = op->console.role;
	f.desk = svc->held->name;
	f.journal = store_id(svc->store);
	f.seq = op->replay ? op->seen : desk_last_seq(svc->desk);
	f.now_ms = dw_clock_steady_ms();
	f.replay = op->replay;
	if (!op->console.bare) {
		f.commands = commands;
		f.ncommands = wire_commands(f.role, commands,
		    sizeof commands / sizeof commands[0]);
	}
	f.burst = (uint64_t)svc->held->limits.burst;
	f.unlisted = desk_unlisted(svc->desk);
	f.listeners = svc->listener_names;
	f.nlisteners = svc->nlisteners;
	if (!op->replay && !op->console.bare) {
		f.datagrams = datagrams;
		desk_each_peer(svc->desk, svc_now(), add_peer, &peers);
		f.peers = peers.all;
		f.npeers = peers.n;
	}
	if (op->console.bare && !op->rows)
		svc_operator_tell(op, &f);
	else
		tell_with_lists(op, &f, !op->replay);
}

/* What the others were told before this one came. */
static void
tell_notice(struct svc_operator *op, enum ev_code code, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_NOTICE);

	f.code = code;
	f.text = text;
	f.len = strlen(text);
	svc_operator_tell(op, &f);
}

void
svc_operator_warn(struct svc *svc, struct desk_console *con, uint64_t sid,
    int64_t left_s)
{
	struct svc_operator *op = DW_LIST_OF(con, struct svc_operator, console);
	const struct ev_session *f = desk_known(svc->desk, sid);
	char text[256];

	assert(op->magic == SVC_OPERATOR_MAGIC);
	/* Until it is live it has not been told whom it owns. */
	if (f == NULL || dw_list_empty(&op->link))
		return;
	snprintf(text, sizeof text,
	    _("%" PRIu64 " %s goes back in line in %" PRId64 " s; answer, or "
	      "/keep 10m"),
	    sid, f->name, left_s);
	tell_notice(op, EV_CODE_LEASE, text);
}

/* What still holds of what the others were told before this one came. */
static void
tell_notices(struct svc_operator *op)
{
	if (op->svc->disk_failing)
		tell_notice(op, EV_CODE_DISK,
		    _("the journal cannot be written: nothing new is "
		      "accepted until it can"));
	if (op->svc->damage[0] != '\0')
		tell_notice(op, EV_CODE_DISK, op->svc->damage);
	if (op->svc->stop_text[0] != '\0')
		tell_notice(op, EV_CODE_STOP, op->svc->stop_text);
	if (op->svc->socket_text[0] != '\0')
		tell_notice(op, EV_CODE_SOCKET, op->svc->socket_text);
	if (op->svc->log_losing || op->svc->talk_losing)
		tell_notice(op, EV_CODE_LOG,
		    _("rows of the log are lost, because it takes none"));
}

/* What was replayed says when it happened by the wall clock only, and of some
 * who came not that they went: their desk had ended. */
static void
tell_live(struct svc_operator *op)
{
	struct wire_frame f = wire_frame_of(WIRE_LIVE);

	f.seq = desk_last_seq(op->svc->desk);
	f.now_ms = dw_clock_steady_ms();
	if (op->replay)
		tell_with_lists(op, &f, true);
	else
		svc_operator_tell(op, &f);
}

/* The desk's own user is not asked what it may; but whoever comes by a relay is,
 * and so is the relay. */
static bool
is_another_now(const struct svc_operator *op)
{
	const struct svc_people *was = op->settings->people;
	const struct svc_people *now = op->svc->held->people;

	return (!op->identity.ours &&
		   svc_people_differ(was, now, op->identity.login)) ||
	    (op->identity.relay[0] != '\0' &&
		svc_people_differ(was, now, op->identity.relay));
}

void
svc_operator_look_again(struct svc_operator *op)
{
	struct wire_frame f = wire_frame_of(WIRE_BYE);

	if (atomic_load(&op->revoked) || !is_another_now(op))
		return;
	f.code = EV_CODE_RELOAD;
	f.text = _("the configuration says something else of you, or of the "
		   "groups, now; this console attaches again");
	f.len = strlen(f.text);
	svc_operator_tell(op, &f);
	atomic_store(&op->revoked, true);
	sks_outbox_cut(op->outbox);
}

static void
go_live(struct svc_operator *op)
{
	if (op->console.bare) {
		tell_live(op);
		dw_list_add(&op->svc->links, &op->link);
	} else {
		svc_links_marks(op);
		svc_each_stuck(op->svc, tell_reads, op);
		tell_live(op);
		svc_links_come(op);
		dw_list_add(&op->svc->links, &op->link);
		tell_notices(op);
	}
	/* A reload may have come while it was shown what it had missed. */
	svc_operator_look_again(op);
}

/* The reader's answer, on the reader's thread: the desk thread goes on.  It
 * may come while the node of the answer before is still out: caught_up() asks
 * for more. */
static void
job_done(struct svc_job *job)
{
	struct svc_operator *op = DW_LIST_OF(job, struct svc_operator, job);

	svc_post_again(&op->svc->inbox, &op->caught_up);
}

/* Asks the reader, but no faster than the console reads the answers. */
static void
ask(struct svc_operator *op, struct svc_node *asked)
{
	op->asked = asked;
	op->job.id = asked->id;
	op->job.who = op->console.who;
	op->job.done = job_done;
	op->waiting = sks_outbox_queued(op->outbox) > 0;
	if (!op->waiting)
		svc_reader_ask(&op->svc->reader, &op->job);
}

static void
ask_replay(struct svc_operator *op, struct svc_node *asked)
{
	op->job.past.count = 0;
	op->job.after = op->seen;
	ask(op, asked);
}

/* A link that came back is shown what it missed by the reader before it is
 * live, so that everything comes in one order. */
void
svc_operator_attached(struct svc *svc, struct svc_node *n, uint64_t datagrams)
{
	struct svc_operator *op = svc_operator_of(n);

	op->number = ++svc->last_link;
	welcome(op, datagrams);
	if (op->replay && op->seen < desk_last_seq(svc->desk)) {
		ask_replay(op, n);
		return;
	}
	go_live(op);
	svc_done(svc, n);
}

void
svc_operator_past(struct svc *svc, struct svc_node *n,
    const struct ev_past *past)
{
	struct svc_operator *op = svc_operator_of(n);

	(void)svc;
	assert(op->asked == NULL); /* its worker waits for the one before */
	op->job.past = *past;
	ask(op, n);
}

/* The desk's requests say who asks; a program does so from no console. */
static void
sign(struct svc_operator *op, struct svc_node *n)
{
	n->rq.console = op->console.bare ? NULL : &op->console;
	n->rq.who = op->console.who;
	n->rq.as = op->console.as;
	n->rq.role = op->console.role;
}

/* The reader has looked, on the reader's thread. */
static void
looked(struct svc_job *job)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(job, struct svc_operator_node, job);

	svc_post(&svc_operator_of(&on->node)->svc->inbox, &on->found);
}

static void
reply_found(struct svc_node *n)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(n, struct svc_operator_node, found);
	struct desk_answer a = on->otherwise;

	if (on->job.result == 0) {
		a = (struct desk_answer){ .code = EV_CODE_OK,
			.sid = on->job.sid,
			.n = on->job.n,
			.text = "" };
	} else if (on->job.result != -ENOENT) {
		a.code = EV_CODE_NOT_STORED;
		a.text = _("the journal cannot be read");
	}
	answered(&on->node, &a);
	svc_done(svc_operator_of(n)->svc, &on->node);
}

void
svc_operator_find_reply(struct svc *svc, struct svc_node *n, uint64_t sid,
    const struct ev_key *key, const struct desk_answer *otherwise)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(n, struct svc_operator_node, node);

	assert(n == &on->node &&
	    (n->rq.rq == DESK_RQ_REPLY || n->rq.rq == DESK_RQ_NOTE));
	on->job.key = *key;
	on->job.facts = NULL;
	on->job.sid = sid;
	on->job.done = looked;
	on->otherwise = *otherwise;
	/* Its own does not outlive the round. */
	snprintf(on->otherwise_text, sizeof on->otherwise_text, "%.*s",
	    (int)dw_text_cut(otherwise->text, strlen(otherwise->text),
		sizeof on->otherwise_text - 1),
	    otherwise->text);
	on->otherwise.text = on->otherwise_text;
	on->found.rq.rq = DESK_RQ_NONE;
	on->found.ready = reply_found;
	svc_reader_ask(&svc->reader, &on->job);
}

/* The desk has answered what the session was found for. */
static void
reopen_answered(struct svc_node *n, const struct desk_answer *a)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(n, struct svc_operator_node, node);

	answered(n, a);
	n->answered = answered;
	svc_done(svc_operator_of(n)->svc, &on->found);
}

/* It is decided next, and its answer is that of the command. */
static void
session_found(struct svc_node *n)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(n, struct svc_operator_node, found);

	n->rq.facts = on->job.result == 0 ? &on->facts : NULL;
	on->node.answered = reopen_answered;
}

void
svc_operator_find_session(struct svc *svc, struct svc_node *n, uint64_t sid)
{
	struct svc_operator_node *on =
	    DW_LIST_OF(n, struct svc_operator_node, node);

	assert(n == &on->node && n->rq.rq == DESK_RQ_COMMAND);
	on->job.key = (struct ev_key){ { 0 } };
	on->job.facts = &on->facts;
	on->job.sid = sid;
	on->job.done = looked;
	sign(svc_operator_of(n), &on->found);
	on->found.rq.rq = DESK_RQ_REOPEN;
	on->found.rq.sid = sid;
	on->found.rq.node = n;
	on->found.ready = session_found;
	svc_reader_ask(&svc->reader, &on->job);
}

/* What an answer without a row says. */
static const char *
nothing(enum ev_past_of of)
{
	switch (of) {
	case EV_PAST_SESSION:
		return "";
	case EV_PAST_DATAGRAMS:
		return _("nobody has written over UDP yet");
	case EV_PAST_SAME:
		return _("no earlier session of the same person is known");
	case EV_PAST_ENDED:
		return _("no session has ended before that");
	}
	return "";
}

static void
history_done(struct svc_operator *op)
{
	struct desk_answer a = { .code = EV_CODE_OK,
		.sid = op->job.past.sid,
		.n = op->job.earlier,
		.text = "" };

	if (op->job.result < 0) {
		a.code = EV_CODE_NOT_STORED;
		a.text = _("the journal cannot be read");
	} else {
		if (op->job.frames.len == 0)
			a.text = nothing(op->job.past.of);
		svc_operator_put(op, dw_buf_str(&op->job.frames),
		    op->job.frames.len);
	}
	answered(op->asked, &a);
}

/* Returns false when there is more to read first. */
static bool
replay_done(struct svc_operator *op)
{
	svc_operator_put(op, dw_buf_str(&op->job.frames), op->job.frames.len);
	op->seen = op->job.upto;
	if (op->job.result < 0) {
		sks_outbox_cut(op->outbox);
		return true;
	}
	if (op->job.more && op->seen < desk_last_seq(op->svc->desk)) {
		ask_replay(op, op->asked);
		return false;
	}
	go_live(op);
	return true;
}

/* The reader has answered; called before the desk would decide anything. */
static void
caught_up(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);
	struct svc_node *asked = op->asked;

	if (op->job.past.count != 0)
		history_done(op);
	else if (!replay_done(op))
		return;
	dw_buf_fini(&op->job.frames);
	op->asked = NULL;
	svc_done(op->svc, asked);
}

static void
outbox_news(void *arg, enum sks_outbox_event event)
{
	struct svc_operator *op = arg;

	assert(op->magic == SVC_OPERATOR_MAGIC);
	if (event == SKS_OUTBOX_EMPTIED || event == SKS_OUTBOX_FAILED)
		svc_post_again(&op->svc->inbox, &op->emptied);
}

static void
outbox_emptied(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);

	if (!op->waiting)
		return;
	ask(op, op->asked);
}

/* Customers are never to take one operator for another. */
static bool
is_called(const struct desk_person *p, const char *name)
{
	if (svc_is_same_name(p->name, name))
		return true;
	DW_LIST_EACH(n, &p->consoles)
		if (svc_is_same_name(DW_LIST_OF(n, struct desk_console, node)
					 ->as,
			name))
			return true;
	return false;
}

static void
compare_name(void *arg, const struct desk_person *p)
{
	struct svc_operator *op = arg;

	assert(op->magic == SVC_OPERATOR_MAGIC);
	if (strcmp(p->name, op->console.who) != 0 &&
	    is_called(p, op->console.as))
		op->name_taken = true;
}

/* The desk's own user plays whom it likes. */
static void
attaching(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);

	op->name_taken = false;
	if (op->console.as[0] != '\0' && !op->identity.ours)
		desk_each_person(op->svc->desk, compare_name, op);
	if (op->name_taken)
		n->rq.rq = DESK_RQ_NONE;
}

/* From here on no more frames are written to it. */
static void
detaching(struct svc_node *n)
{
	struct svc_operator *op = svc_operator_of(n);

	dw_list_del(&op->link);
	if (!op->console.bare)
		svc_links_go(op);
}

/*
 * The worker.
 */

static void
operator_nodes(struct svc_operator *op)
{
	for (int i = 0; i < SVC_OPERATOR_NODES; i++) {
		struct svc_node *n = &op->nodes[i].node;

		svc_node_init(n, DESK_RQ_REPLY, NULL, &op->owner);
		n->first = true;
		n->answered = answered;
		n = &op->nodes[i].found;
		svc_node_init(n, DESK_RQ_NONE, NULL, &op->owner);
		n->first = true;
	}
	svc_node_init(&op->attach, DESK_RQ_ATTACH, NULL, &op->owner);
	svc_node_init(&op->detach, DESK_RQ_DETACH, NULL, &op->owner);
	svc_node_init(&op->caught_up, DESK_RQ_NONE, NULL, &op->owner);
	svc_node_init(&op->emptied, DESK_RQ_NONE, NULL, &op->owner);
	op->emptied.first = true;
	op->emptied.ready = outbox_emptied;
	op->attach.first = op->detach.first = true;
	op->caught_up.first = true;
	op->caught_up.ready = caught_up;
	op->attach.ready = attaching;
	op->detach.ready = detaching;
	op->attach.rq.console = op->detach.rq.console = &op->console;
	svc_links_init(op);
}

static struct svc_operator *
operator_in(struct sks_handler *h)
{
	struct svc_operator *op = (struct svc_operator *)h;

	assert(op->magic == SVC_OPERATOR_MAGIC);
	return op;
}

static int
operator_setup(struct sks_handler *h)
{
	struct svc_operator *op = (struct svc_operator *)h;
	struct sks_outbox_config cfg = { .size = sizeof cfg };
	int r;

	op->magic = SVC_OPERATOR_MAGIC;
	op->svc = svc_of(sks_server_user(h->server));
	cfg.max_bytes = (size_t)op->svc->config->limits.operator_queue;
	cfg.stall_timeout_ns = SKS_NEVER;
	cfg.notify = outbox_news;
	cfg.arg = op;
	cfg.postman = op->svc->postman;
	if ((op->frames = sks_frame_new(WIRE_OP_LINE_MAX)) == NULL)
		return SKS_ENOMEM;
	if ((r = sks_outbox_new(h->request, &cfg, &op->outbox)) < 0) {
		sks_frame_free(op->frames);
		return r;
	}
	op->settings = svc_settings_take(op->svc);
	atomic_init(&op->revoked, false);
	svc_owner_init(&op->owner);
	dw_list_init(&op->link);
	operator_nodes(op);
	return 0;
}

/* Before it is attached nobody else writes to it. */
static void
refuse(struct svc_operator *op, enum ev_code code, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_BYE);
	struct dw_buf out = DW_BUF_INITIALIZER;

	f.code = code;
	f.text = text;
	f.len = strlen(text);
	if (wire_frame_encode(&out, &f) == 0)
		put(op, out.data, out.len);
	dw_buf_fini(&out);
	sks_outbox_end(op->outbox);
	op->ended = true;
}

/* Its name is not what it asked to be called: the log does not have that. */
static void
deny(struct svc_operator *op, const char *why)
{
	svc_refused_as(op->svc, SVC_REFUSED_OPERATOR, NULL,
	    _("user %lu may not have the name that it asked for: refused"),
	    (unsigned long)op->identity.uid);
	refuse(op, EV_CODE_DENIED, why);
}

/* A program that asks once a second would hide who comes and goes: each kind of
 * row has its limit. */
static void
log_attached(struct svc_operator *op)
{
	const struct svc_log_about about = { .who = op->console.who };

	if (op->console.bare)
		return;
	svc_log(op->svc, SVC_LOG_ATTACHED, &about,
	    _("a console was attached, role %s, by user %lu"),
	    ev_word(&ev_roles, op->identity.role),
	    (unsigned long)op->identity.uid);
}

static void
log_detached(struct svc_operator *op)
{
	const struct svc_log_about about = { .who = op->console.who };

	if (op->console.bare)
		return;
	svc_log(op->svc, SVC_LOG_DETACHED, &about, "%s",
	    _("a console has gone"));
}

static void
attach(struct svc_operator *op)
{
	struct svc_node *all[] = { &op->attach, &op->detach, &op->look,
		&op->types, &op->nodes[0].node, &op->nodes[1].node };

	_Static_assert(SVC_OPERATOR_NODES == 2, "both are there");
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		sign(op, all[i]);
	op->attach.rq.console = op->detach.rq.console = &op->console;
	svc_post(&op->svc->inbox, &op->attach);
	svc_wait(&op->svc->inbox, &op->attach);
	op->attached = !op->name_taken;
	if (op->attached)
		log_attached(op);
	else
		deny(op,
		    _("customers cannot see you by that name: somebody who is "
		      "here has it; choose another one with --as"));
}

/* Only the first frame can be one: whoever it is for says the rest. */
static void
relay(struct svc_operator *op, const struct wire_frame *f)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	if (op->said_relay) {
		refuse(op, EV_CODE_DENIED, _("the relay has said who you are"));
		return;
	}
	op->said_relay = true;
	if (f->as[0] != '\0' &&
	    !svc_identity_relay(&op->identity, op->settings->people, f->as,
		&why))
		refuse(op, EV_CODE_DENIED, dw_buf_str(&why));
	dw_buf_fini(&why);
}

static void
hello(struct svc_operator *op, const struct wire_frame *f)
{
	struct dw_buf why = DW_BUF_INITIALIZER;

	if (f->op != WIRE_HELLO || f->v != WIRE_OP_VERSION) {
		refuse(op, EV_CODE_USAGE,
		    _("this desk speaks version 1 of the "
		      "operator protocol, beginning with hello"));
		return;
	}
	op->said_relay = true;
	op->seen = f->seen;
	op->replay = f->replay && !f->bare;
	op->rows = f->rows;
	if (svc_identity_name(&op->identity, op->settings->people, f->name,
		&why)) {
		desk_console_init(&op->console, op->identity.who,
		    op->identity.as, op->identity.role);
		op->console.bare = f->bare;
		attach(op);
	} else {
		deny(op, dw_buf_str(&why));
	}
	dw_buf_fini(&why);
}

/* Which request of the desk is that; DESK_RQ_NONE: none that is answered. */
static enum desk_rq
request_of(enum wire_op op)
{
	switch (op) {
	case WIRE_REPLY:
		return DESK_RQ_REPLY;
	case WIRE_NOTE:
		return DESK_RQ_NOTE;
	case WIRE_NEXT:
		return DESK_RQ_NEXT;
	case WIRE_CMD:
		return DESK_RQ_COMMAND;
	default:
		return DESK_RQ_NONE;
	}
}

/* Sends what the frame asks for to the desk, which then owns the frame. */
static void
request(struct svc_operator *op, struct wire_frame *f)
{
	struct svc_operator_node *on =
	    &op->nodes[op->next++ % SVC_OPERATOR_NODES];

	svc_wait(&op->svc->inbox, &on->node);
	/* The reader answers a link one question after the other. */
	for (int i = 0; f->op == WIRE_CMD && i < SVC_OPERATOR_NODES; i++)
		svc_wait(&op->svc->inbox, &op->nodes[i].node);
	wire_frame_free(on->frame);
	on->frame = f;
	on->node.id = f->id;
	on->node.rq.rq = request_of(f->op);
	on->node.rq.facts = NULL;
	on->node.rq.sid = f->sid;
	on->node.rq.text = f->text;
	on->node.rq.len = f->len;
	on->node.rq.key = f->key;
	on->node.rq.seen = f->seen;
	on->node.rq.first_n = 0;
	svc_post(&op->svc->inbox, &on->node);
}

/* None of these is answered, so they wait for no request either. */
static void
post_session(struct svc_operator *op, struct svc_node *n, uint64_t sid,
    unsigned flags)
{
	svc_wait(&op->svc->inbox, n);
	n->rq.sid = sid;
	n->rq.flags = flags;
	svc_post(&op->svc->inbox, n);
}

static void
post_read(struct svc_operator *op, const struct wire_frame *f)
{
	svc_wait(&op->svc->inbox, &op->read);
	op->read.rq.sid = f->sid;
	op->read.rq.seen = f->seq;
	op->read.rq.offset = f->n;
	svc_post(&op->svc->inbox, &op->read);
}

static void
post_ping(struct svc_operator *op, uint64_t id)
{
	svc_wait(&op->svc->inbox, &op->ping);
	op->ping.id = id;
	svc_post(&op->svc->inbox, &op->ping);
}

/* What only somebody at a console can say. */
static void
of_console(struct svc_operator *op, const struct wire_frame *f)
{
	if (f->op == WIRE_LOOK)
		post_session(op, &op->look, f->sid, 0);
	else if (f->op == WIRE_TYPES)
		post_session(op, &op->types, f->sid, 0);
	else if (f->op == WIRE_JOINS)
		post_session(op, &op->joins, f->sid, f->since_ms != 0);
	else if (f->op == WIRE_READ)
		post_read(op, f);
}

static void
frame(struct svc_operator *op, const char *line, size_t len)
{
	struct wire_frame *f = NULL;
	const char *why = "";
	int r = wire_frame_parse(line, len, &f, &why);

	if (r == -ENOTSUP)
		return; /* of a newer console */
	if (r < 0) {
		op->ended = true;
		return;
	}
	if (!op->attached && f->op == WIRE_RELAY) {
		relay(op, f);
	} else if (!op->attached) {
		hello(op, f);
	} else if (request_of(f->op) != DESK_RQ_NONE) {
		request(op, f);
		return;
	} else if (f->op == WIRE_PING) {
		post_ping(op, f->id);
	} else if (f->op == WIRE_BYE) {
		op->ended = true;
	} else if (!op->console.bare) {
		of_console(op, f);
	}
	wire_frame_free(f);
}

static void
frames(struct svc_operator *op)
{
	const char *line;
	ssize_t n;

	while (!op->ended && !atomic_load(&op->revoked) &&
	    (n = sks_frame_next(op->frames, &line)) != SKS_EAGAIN)
		if (n < 0)
			op->ended = true;
		else
			frame(op, line, (size_t)n);
}

static int
operator_handle(struct sks_handler *h)
{
	struct svc_operator *op = operator_in(h);
	int64_t until = sks_after(HELLO_SECONDS);
	char buf[RECV_MAX];
	ssize_t n;

	if (!svc_identify(&op->identity, op->settings->people, h->request)) {
		refuse(op, EV_CODE_DENIED,
		    svc_not_an_operator(op->settings->people));
		svc_refuse_operator(op->svc, op->identity.uid);
	}
	while (!op->ended &&
	    (n = sks_recv_deadline(h->request, buf, sizeof buf,
		 op->attached ? SKS_NEVER : until)) > 0) {
		if (sks_frame_feed(op->frames, buf, (size_t)n) < 0)
			break;
		frames(op);
	}
	return 0;
}

static int
operator_finish(struct sks_handler *h)
{
	struct svc_operator *op = operator_in(h);
	struct svc_inbox *in = &op->svc->inbox;

	for (int i = 0; i < SVC_OPERATOR_NODES; i++) {
		svc_wait(in, &op->nodes[i].node);
		svc_wait(in, &op->nodes[i].found);
	}
	svc_wait(in, &op->look);
	svc_wait(in, &op->types);
	svc_wait(in, &op->joins);
	svc_wait(in, &op->ping);
	svc_wait(in, &op->read);
	if (op->attached) {
		svc_post(in, &op->detach);
		svc_wait(in, &op->detach);
		log_detached(op);
	}
	sks_outbox_close(op->outbox);
	svc_wait(in, &op->emptied);
	sks_outbox_unref(op->outbox);
	for (int i = 0; i < SVC_OPERATOR_NODES; i++)
		wire_frame_free(op->nodes[i].frame);
	sks_frame_free(op->frames);
	svc_owner_fini(&op->owner);
	svc_settings_drop(op->settings);
	return 0;
}

const struct sks_handler_ops svc_operator_ops = {
	SKS_HANDLER_OPS(struct svc_operator),
	.setup = operator_setup,
	.handle = operator_handle,
	.finish = operator_finish,
};
