/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The thread "desk": takes what waits, lets the desk decide, stores what it
 * decided in one transaction, and only then publishes it.  It waits for its
 * inbox and for the journal and for nothing else.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "service/internal.h"
#include "wire/line.h"
#include "wire/op.h"

#define PATIENCE_NS  (2 * DW_SECOND)    /* with somebody else's lock */
#define AGAIN_NS     (10 * DW_MS)       /* between two tries meanwhile */
#define SLOW_MS      1000               /* a COMMIT that is worth a row, */
#define VERY_SLOW_MS 5000               /* and that operators are told of */
#define VERIFIED_NS  (3600 * DW_SECOND) /* between two rows about the journal */

/*
 * The sink.
 */

static void
sink_event(void *arg, const struct ev_event *ev, const struct desk_session *s,
    const struct desk_conn *c)
{
	struct svc *svc = svc_of(arg);

	svc_operator_event(svc, ev);
	svc_metrics_event(&svc->metrics, ev, s != NULL ? &s->facts : NULL);
	svc_record(svc, ev, s, c);
	svc_log_event(svc, ev, s, c);
	svc_bans_event(&svc->bans, ev, svc_now());
	if (ev->kind == EV_CLOSED) {
		svc_marks_forget(&svc->marks, ev->sid);
		svc_hand_marks(svc);
	}
}

/* The same in another encoding, in which 0xff may be a letter: telnet gets that
 * twice, and so does our own client. */
static int
encode_in(struct dw_buf *out, const struct desk_conn *c,
    const struct desk_say *say, bool telnet)
{
	struct dw_buf text = DW_BUF_INITIALIZER, coded = DW_BUF_INITIALIZER;
	int r;

	if (say->raw)
		r = dw_buf_add(&text, say->text, say->len);
	else
		r = wire_line_encode(&text, say->who, say->text, say->len,
		    telnet);
	if (r == 0)
		r = dw_charset_encode(&coded, c->charset, text.data, text.len);
	if (r == 0 && (telnet || c->wants_receipts))
		r = wire_line_quote(out, coded.data, coded.len);
	else if (r == 0)
		r = dw_buf_add(out, coded.data, coded.len);
	dw_buf_fini(&text);
	dw_buf_fini(&coded);
	return r;
}

static int
encode(struct svc *svc, const struct desk_conn *c, const struct desk_say *say)
{
	bool telnet = svc_customer_telnet(c);
	struct dw_buf *out = &svc->scratch;

	dw_buf_reset(out);
	if (say->bytes)
		return dw_buf_add(out, say->text, say->len);
	if (dw_charset_is_utf8(c->charset) && say->raw)
		return dw_buf_add(out, say->text, say->len);
	if (dw_charset_is_utf8(c->charset))
		return wire_line_encode(out, say->who, say->text, say->len,
		    telnet);
	return encode_in(out, c, say, telnet);
}

static enum desk_put
sink_say(void *arg, struct desk_conn *c, const struct desk_say *say,
    uint64_t *end)
{
	struct svc *svc = svc_of(arg);
	const struct dw_buf *out = &svc->scratch;
	bool taken = false;
	int r;

	if (encode(svc, c, say) < 0)
		return DESK_PUT_NO_MEMORY;
	r = sks_outbox_put(svc_customer_outbox(c), out->data, out->len, end);
	if (r >= 0) {
		svc_record_put(svc, c, say);
		taken = svc_taken_all(svc, c, *end);
	}
	return taken         ? DESK_PUT_TAKEN :
	    r == 1           ? DESK_PUT_SENT :
	    r == 0           ? DESK_PUT_KEPT :
	    r == SKS_ECLOSED ? DESK_PUT_SHUT :
	    r == SKS_ENOMEM  ? DESK_PUT_NO_MEMORY :
			       DESK_PUT_FULL;
}

static void
sink_charset(void *arg, struct desk_conn *c)
{
	(void)arg;
	svc_customer_writes(c);
}

static void
sink_end(void *arg, struct desk_conn *c)
{
	(void)arg;
	sks_outbox_end(svc_customer_outbox(c));
}

static void
sink_cut(void *arg, struct desk_conn *c)
{
	(void)arg;
	sks_outbox_cut(svc_customer_outbox(c));
}

void
svc_answer(struct svc *svc, struct svc_node *n, const struct desk_answer *a)
{
	assert(n->magic == SVC_NODE_MAGIC && n->out);
	if (n->answered != NULL)
		n->answered(n, a);
	svc_done(svc, n);
}

static void
sink_answer(void *arg, void *node, const struct desk_answer *a)
{
	svc_answer(svc_of(arg), node, a);
}

static void
sink_find_reply(void *arg, void *node, uint64_t sid, const struct ev_key *key,
    const struct desk_answer *otherwise)
{
	svc_operator_find_reply(svc_of(arg), node, sid, key, otherwise);
}

static void
sink_attached(void *arg, void *node, uint64_t datagrams)
{
	svc_operator_attached(svc_of(arg), node, datagrams);
}

static void
sink_past(void *arg, void *node, const struct ev_past *past)
{
	svc_operator_past(svc_of(arg), node, past);
}

static const char *
sink_datagram(void *arg, const struct desk_peer *to, const char *text,
    size_t len)
{
	return svc_udp_send(svc_of(arg), to, text, len);
}

static void
sink_unlisted(void *arg, uint64_t sid)
{
	struct wire_frame f = wire_frame_of(WIRE_UNLISTED);

	f.sid = sid;
	svc_tell_operators(svc_of(arg), &f);
}

static void
sink_warn(void *arg, struct desk_console *con, uint64_t sid, int64_t left_s)
{
	svc_operator_warn(svc_of(arg), con, sid, left_s);
}

static void
sink_list_is_full(void *arg, uint64_t n)
{
	char text[256];

	snprintf(text, sizeof text,
	    DW_PLURAL("%" PRIu64 " customer who left is off the list; "
		      "/history N still shows it",
		"%" PRIu64 " customers who left are off the list; "
		"/history N still shows them",
		n),
	    n);
	svc_notice(svc_of(arg), EV_CODE_LIMIT, text);
}

static void
sink_dropped(void *arg)
{
	svc_udp_dropped(svc_of(arg));
}

static void
sink_strangers(void *arg, uint64_t n)
{
	char text[256];

	snprintf(text, sizeof text,
	    DW_PLURAL("%" PRIu64 " came who was no customer; /visitors shows "
		      "the last",
		"%" PRIu64 " came who were no customers; /visitors shows the "
		"last",
		n),
	    n);
	svc_notice(svc_of(arg), EV_CODE_LIMIT, text);
}

static void
sink_quit(void *arg)
{
	struct svc *svc = svc_of(arg);

	struct wire_frame f = wire_frame_of(WIRE_NOTICE);

	if (atomic_fetch_add(&svc->quits, 1) == 0) {
		f.code = EV_CODE_STOP;
		f.text = _("saying goodbye to everybody; /quit again does "
			   "not wait for them");
		f.len = strlen(f.text);
		svc_tell_operators(svc, &f);
	}
	dw_wake_ring(svc->config->quit);
}

static void
sink_stopping(void *arg, bool closing, const char *text)
{
	struct svc *svc = svc_of(arg);

	if (atomic_exchange(&svc->closes, closing) != closing)
		svc_counts_changed(svc);
	snprintf(svc->stop_text, sizeof svc->stop_text, "%s", text);
	svc_notice(svc, EV_CODE_STOP,
	    text[0] != '\0' ? text :
			      _("the desk goes on, and lets everybody in "
				"again"));
}

static void
sink_waited(void *arg, int64_t ms)
{
	svc_metrics_waited(&svc_of(arg)->metrics, ms);
}

static void
sink_drained(void *arg)
{
	struct svc *svc = svc_of(arg);

	atomic_store(&svc->drained, true);
	dw_wake_ring(svc->config->quit);
}

static void
sink_find_session(void *arg, void *node, uint64_t sid)
{
	svc_operator_find_session(svc_of(arg), node, sid);
}

static void
sink_reload(void *arg, void *node)
{
	svc_reload_wanted(svc_of(arg), node);
}

static void
sink_report(void *arg, void *node, enum desk_report what)
{
	svc_report(svc_of(arg), node, what);
}

static const struct desk_sink sink = {
	.event = sink_event,
	.say = sink_say,
	.charset = sink_charset,
	.end = sink_end,
	.cut = sink_cut,
	.answer = sink_answer,
	.find_reply = sink_find_reply,
	.attached = sink_attached,
	.find_session = sink_find_session,
	.reload = sink_reload,
	.report = sink_report,
	.past = sink_past,
	.datagram = sink_datagram,
	.unlisted = sink_unlisted,
	.warn = sink_warn,
	.list_is_full = sink_list_is_full,
	.dropped = sink_dropped,
	.strangers = sink_strangers,
	.quit = sink_quit,
	.stopping = sink_stopping,
	.waited = sink_waited,
	.drained = sink_drained,
};

/*
 * The round.
 */

/* Which file of the journal is not where it was. */
static void
say_gone(const struct svc *svc, char *text, size_t size)
{
	const char *gone = store_gone(svc->store);

	snprintf(text, size,
	    _("%s%s%s is not there any more, or is another one: nothing new "
	      "is accepted until the very same is back, or the desk was "
	      "started again"),
	    svc->config->state_dir, *gone != '\0' ? "/" : "", gone);
}

/* The operators and the log are told once when storing begins to fail, and
 * once when it works again. */
static void
tell_disk(struct svc *svc, int error)
{
	char text[1024];

	if (svc->disk_failing == (error != 0))
		return;
	svc->disk_failing = error != 0;
	if (error == -ESTALE && store_gone(svc->store) != NULL)
		say_gone(svc, text, sizeof text);
	else if (error != 0)
		snprintf(text, sizeof text,
		    _("the journal cannot be written "
		      "(%s): nothing new is accepted until it can"),
		    strerror(-error));
	else
		snprintf(text, sizeof text, "%s",
		    _("the journal can be written again"));
	svc_notice_as(svc, EV_CODE_DISK,
	    error != 0 ? SVC_LOG_DISK : SVC_LOG_BACK, text);
}

/* The same for another program that reads the journal and does not stop. */
static void
tell_reader(struct svc *svc)
{
	if (store_is_held_back(svc->store) == svc->held_back)
		return;
	svc->held_back = !svc->held_back;
	svc_notice_as(svc, EV_CODE_DISK,
	    svc->held_back ? SVC_LOG_DISK : SVC_LOG_BACK,
	    svc->held_back ?
		_("another program reads the journal and does not let go: "
		  "its -wal grows for as long, and is beyond 64 MiB now") :
		_("the journal's -wal does not grow any more"));
}

/* The same for a log, of which no thread here waits for anything. */
static void
tell_log(struct svc *svc, struct dw_log *log, bool *losing)
{
	const char *path;
	char text[512];
	int error;

	if (dw_log_is_losing(log) == *losing)
		return;
	*losing = !*losing;
	error = dw_log_error(log);
	if ((path = dw_log_path(log)) == NULL)
		path = _("standard error");
	if (!*losing)
		snprintf(text, sizeof text, _("the log on %s takes rows again"),
		    path);
	else if (error != 0)
		snprintf(text, sizeof text,
		    _("the log on %s takes no rows (%s): they are lost, and a "
		      "row will say how many; nothing else waits for it"),
		    path, strerror(error));
	else
		snprintf(text, sizeof text,
		    _("the log on %s takes no rows: they are lost, and a row "
		      "will say how many; nothing else waits for it"),
		    path);
	svc_notice_as(svc, EV_CODE_LOG, *losing ? SVC_LOG_LOST : SVC_LOG_BACK,
	    text);
}

static void
tell_logs(struct svc *svc)
{
	tell_log(svc, svc->config->talk, &svc->talk_losing);
	tell_log(svc, svc->config->log, &svc->log_losing);
}

void
svc_logs_changed(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, log_news);

	assert(svc->magic == SVC_MAGIC);
	tell_logs(svc);
}

/* Without a watch it is the next round that notices. */
void
svc_look_at_journal(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, look);
	bool was_gone = store_gone(svc->store) != NULL;
	int r = store_look(svc->store);

	assert(svc->magic == SVC_MAGIC);
	if (was_gone || r == -ESTALE)
		tell_disk(svc, r);
}

/* Once when the walk has come to the end for the first time, and then not more
 * often than somebody wants to read it. */
static void
log_verified(struct svc *svc, uint64_t seq)
{
	int64_t now = dw_clock_ns();

	if (now < svc->verified_row_ns)
		return;
	svc->verified_row_ns = now + VERIFIED_NS;
	svc_log(svc, SVC_LOG_VERIFIED, NULL,
	    _("the journal is sound, up to event %" PRIu64), seq);
}

/* A damaged event is no reason to stop in the middle of a shift: the desk goes
 * on, and its next start looks at that event again. */
void
svc_upkeep_found(struct svc_node *n)
{
	struct svc *svc = DW_LIST_OF(n, struct svc, reader.upkeep.news);
	const struct svc_upkeep *u = &svc->reader.upkeep;

	assert(svc->magic == SVC_MAGIC);
	if (u->damage.len == 0) {
		svc->damage[0] = '\0';
		log_verified(svc, u->sound);
		if (u->sound > store_checked(svc->store))
			store_set_checked(svc->store, u->sound);
		return;
	}
	store_set_checked(svc->store, u->sound);
	snprintf(svc->damage, sizeof svc->damage,
	    _("%s The desk goes on; its next start will be refused."),
	    dw_buf_str(&u->damage));
	svc_notice_as(svc, EV_CODE_DISK, SVC_LOG_DAMAGED, svc->damage);
}

void
svc_hand_marks(struct svc *svc)
{
	struct svc_upkeep *u = &svc->reader.upkeep;

	if (atomic_load(&u->full) ||
	    (u->batch = svc_marks_take(&svc->marks, &u->nbatch)) == NULL)
		return;
	atomic_store(&u->full, true);
	svc_reader_stir(&svc->reader);
}

void
svc_marks_room(struct svc_node *n)
{
	svc_hand_marks(DW_LIST_OF(n, struct svc, reader.upkeep.room));
}

/* The journal has grown: the reader may look after it. */
static void
stored(struct svc *svc)
{
	struct svc_upkeep *u = &svc->reader.upkeep;

	atomic_store(&u->stored, desk_last_seq(svc->desk));
	store_checkpointed(svc->store, atomic_load(&u->wal_left));
	if (store_wants_checkpoint(svc->store))
		atomic_store(&u->wal_is_long, true);
	else if (atomic_load(&u->stored) < atomic_load(&u->wake_at))
		return;
	svc_reader_stir(&svc->reader);
}

/* Has somebody else locked the journal, perhaps only for a moment?  A backup
 * does, and what copies the -wal.  A lock that stays is a disk that fails. */
static bool
may_wait(struct svc *svc, int r)
{
	int64_t now = dw_clock_ns();

	if (r != -EBUSY || svc->disk_failing)
		return false;
	if (svc->patience_ns == 0)
		svc->patience_ns = now + PATIENCE_NS;
	return now < svc->patience_ns;
}

/* Before the desk thread waits, for the disk or for its inbox: operators get
 * what they were told, and then the nodes' owners go on. */
static void
hand_out(struct svc *svc)
{
	svc_operators_hand_out(svc);
	svc_give_back(&svc->inbox, &svc->done);
}

/* Operators are told only of what they have noticed themselves. */
static void
tell_slow_commit(struct svc *svc, int64_t ms)
{
	char text[256];

	snprintf(text, sizeof text,
	    _("the disk took %lld ms to store what had happened; everybody "
	      "waited for it"),
	    (long long)ms);
	if (ms > VERY_SLOW_MS)
		svc_notice_as(svc, EV_CODE_DISK, SVC_LOG_SLOW_COMMIT, text);
	else
		svc_log(svc, SVC_LOG_SLOW_COMMIT, NULL, "%s", text);
}

/* The row comes when it is over; it says how long everybody waited. */
static int
commit(struct svc *svc, const struct ev_event *evs, size_t n, int64_t *took)
{
	int64_t began = dw_clock_ns();
	int64_t ms;
	int r;

	atomic_store(&svc->commit_since_ms, dw_clock_steady_ms());
	r = store_append(svc->store, evs, n);
	ms = svc_commit_ms(svc);
	atomic_store(&svc->commit_since_ms, 0);
	*took = dw_clock_ns() - began;
	if (ms > SLOW_MS)
		tell_slow_commit(svc, ms);
	return r;
}

/* Stores what was decided.  Returns 0, -EAGAIN when it is to be tried again
 * before anybody hears of it, or another -errno. */
static int
append(struct svc *svc)
{
	const struct ev_event *evs;
	int64_t took;
	size_t n;
	int r;

	desk_settle(svc->desk, svc_now());
	evs = desk_events(svc->desk, &n);
	if (n == 0) {
		svc->patience_ns = 0;
		return 0;
	}
	hand_out(svc);
	r = commit(svc, evs, n, &took);
	if (may_wait(svc, r))
		return -EAGAIN;
	/* A double is no failure of the disk: it is stored already. */
	svc_metrics_committed(&svc->metrics, took, r != 0 && r != -EEXIST);
	svc->patience_ns = 0;
	if (r != -EEXIST)
		tell_disk(svc, r);
	if (r == 0)
		svc_files_ask(svc);
	tell_reader(svc);
	return r;
}

/* The round as if it had not been decided yet: nobody is told, its requests stay
 * out, so that their senders wait, and what comes meanwhile waits behind. */
static void
keep_for_later(struct svc *svc)
{
	desk_retract(svc->desk);
	dw_list_move(&svc->kept, &svc->round);
	svc->again_ns = dw_clock_ns() + AGAIN_NS;
}

static bool
waits_for_lock(const struct svc *svc)
{
	return svc->again_ns != 0;
}

/* The round is over: it was stored, or was not. */
static void
conclude(struct svc *svc, int r)
{
	/* With their answers the nodes are their owners' again. */
	while (dw_list_take(&svc->round) != NULL)
		;
	/* Told by nobody yet: our memory is not what the journal says. */
	if (r == -EEXIST)
		tell_disk(svc, r);
	if (r == 0)
		desk_publish(svc->desk, &sink, svc, svc_now());
	else
		desk_undo(svc->desk, &sink, svc, svc_now());
	if (r == 0)
		stored(svc);
	desk_tick(svc->desk, &sink, svc, svc_now());
	svc_count_waiting(svc);
	tell_logs(svc);
}

static void
end_round(struct svc *svc, int r)
{
	if (r == -EAGAIN || may_wait(svc, r))
		keep_for_later(svc);
	else
		conclude(svc, r);
}

/* The reply or note that alone is refused as a double gets the answer of the one that
 * is stored. */
static void
answer_double(struct svc *svc, struct svc_node *n)
{
	int r =
	    store_find_reply(svc->store, n->rq.sid, &n->rq.key, &n->rq.first_n);

	if (r == 0) {
		desk_retract(svc->desk);
		r = desk_decide(svc->desk, &n->rq, svc_now());
		assert(r == 0); /* there was room for more */
		r = append(svc);
	}
	end_round(svc, r == -ENOENT ? -EEXIST : r);
}

static void
decide_alone(struct svc *svc, struct svc_node *n)
{
	int r;

	while (!waits_for_lock(svc) &&
	    desk_decide(svc->desk, &n->rq, svc_now()) < 0)
		end_round(svc, append(svc));
	if (waits_for_lock(svc)) {
		dw_list_add(&svc->kept, &n->link);
		return;
	}
	dw_list_add(&svc->round, &n->link);
	r = append(svc);
	if (r == -EEXIST &&
	    (n->rq.rq == DESK_RQ_REPLY || n->rq.rq == DESK_RQ_NOTE))
		answer_double(svc, n);
	else
		end_round(svc, r);
}

/* One reply of the round is stored already, under a key that the desk has
 * forgotten.  Each request is decided again in a round of its own, so that it
 * fails none of the others. */
static void
decide_one_by_one(struct svc *svc)
{
	struct dw_list again;
	struct dw_list *n;

	dw_list_init(&again);
	dw_list_move(&again, &svc->round);
	desk_retract(svc->desk);
	while (!waits_for_lock(svc) && (n = dw_list_take(&again)) != NULL)
		decide_alone(svc, DW_LIST_OF(n, struct svc_node, link));
	dw_list_move(&svc->kept, &again);
}

static void
store(struct svc *svc)
{
	int r = append(svc);

	if (r == -EEXIST && !dw_list_empty(&svc->round))
		decide_one_by_one(svc);
	else
		end_round(svc, r);
}

/* All that comes while a round is kept waits behind it, so that no request is
 * decided in another order.  What is to be stored nowhere, a ping or a notice,
 * is told as soon as its turn has come: it overtakes what was decided before it
 * and is not stored yet, as it does without a lock. */
static void
decide(struct svc *svc, struct svc_node *n)
{
	if (waits_for_lock(svc)) {
		dw_list_add(&svc->kept, &n->link);
		return;
	}
	if (n->ready != NULL)
		n->ready(n);
	if (n->rq.rq == DESK_RQ_NONE) { /* only its ready() mattered */
		svc_done(svc, n);
		return;
	}
	while (!waits_for_lock(svc) &&
	    desk_decide(svc->desk, &n->rq, svc_now()) < 0)
		store(svc); /* which makes room for one request */
	dw_list_add(waits_for_lock(svc) ? &svc->kept : &svc->round, &n->link);
}

/* The kept requests once more, in their order. */
static void
try_again(struct svc *svc)
{
	struct dw_list again;
	struct dw_list *n;

	dw_list_init(&again);
	dw_list_move(&again, &svc->kept);
	svc->again_ns = 0;
	while ((n = dw_list_take(&again)) != NULL)
		decide(svc, DW_LIST_OF(n, struct svc_node, link));
}

/* Erased words are in the -wal while somebody reads there: that is looked at
 * again and again. */
static int64_t
deadline(struct svc *svc)
{
	int64_t due = dw_clock_sooner(desk_deadline(svc->desk),
	    dw_clock_sooner(dw_order_least(&svc->untaken), svc_log_due(svc)));
	int64_t again;

	if (waits_for_lock(svc))
		return svc->again_ns;
	if (!store_is_erasing(svc->store))
		return due;
	store_erase_more(svc->store);
	again = dw_clock_ns() + DW_SECOND;
	return again < due ? again : due;
}

void
svc_done(struct svc *svc, struct svc_node *n)
{
	dw_list_add(&svc->done, &n->link);
}

void *
svc_desk_thread(void *arg)
{
	struct svc *svc = svc_of(arg);
	struct dw_list taken;
	struct dw_list *n;
	bool last;

	dw_list_init(&taken);
	/* What was posted before the end is still dealt with. */
	do {
		last = atomic_load(&svc->ending);
		svc_take(&svc->inbox,
		    last && !waits_for_lock(svc) ? 0 : deadline(svc), &taken);
		svc_ask_taken(svc);
		if (dw_clock_ns() >= svc_log_due(svc))
			svc_log_summaries(svc);
		while ((n = dw_list_take(&taken)) != NULL)
			decide(svc, DW_LIST_OF(n, struct svc_node, link));
		if (waits_for_lock(svc) && dw_clock_ns() >= svc->again_ns)
			try_again(svc);
		if (!waits_for_lock(svc))
			store(svc);
		/* No effect of a round points to the old ones any more. */
		if (!waits_for_lock(svc))
			svc_reload_apply(svc);
		hand_out(svc);
	} while (!last || waits_for_lock(svc));
	return NULL;
}
