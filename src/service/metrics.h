/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The desk in numbers, for programs that watch it.  They are the desk thread's:
 * it counts what it publishes, and renders a page of them when somebody asks.
 * No name of anybody is among them.
 */
#ifndef SVC_METRICS_H
#define SVC_METRICS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "event/event.h"
#include "event/session.h"
#include "service/log.h"

#define SVC_BUCKETS 17 /* at most, of one histogram */

/* How long things took. */
struct svc_histogram {
	uint64_t counts[SVC_BUCKETS + 1]; /* the last one: longer than all */
	uint64_t sum_ns;
};

enum svc_direction { SVC_IN, SVC_OUT, SVC_DIRECTIONS };

struct svc_metrics {
	/* Counted since the desk began. */
	uint64_t messages[SVC_DIRECTIONS], datagrams[SVC_DIRECTIONS];
	uint64_t sessions_begun, commits_failed;
	uint64_t released, silent, lost; /* customers, by their owners */
	struct svc_histogram wait, first_reply, commit;

	/* Looked at when a page is rendered. */
	struct {
		uint64_t sessions[EV_STATE_CLOSED][EV_MODE_CLASSIC + 1];
		uint64_t unlisted, refused[SVC_REFUSALS];
		uint64_t seq, verified;
		unsigned connections, consoles, present;
		int64_t longest_wait_ms, began_ms;
		bool disk_failing, damaged, log_losing, closing;
	} now;
};

/* What an event means; facts of its session, or NULL. */
void svc_metrics_event(struct svc_metrics *m, const struct ev_event *ev,
    const struct ev_session *facts);
/* Somebody was in line for so long, and an operator answers it now. */
void svc_metrics_waited(struct svc_metrics *m, int64_t ms);
/* A COMMIT took so long; it failed. */
void svc_metrics_committed(struct svc_metrics *m, int64_t ns, bool failed);

/* Which form: Prometheus text 0.0.4, or OpenMetrics 1.0.0. */
enum svc_metrics_form { SVC_METRICS_TEXT, SVC_METRICS_OPEN };

/* What HTTP calls it. */
const char *svc_metrics_type(enum svc_metrics_form form);

/* Appends the page.  Returns 0 or -ENOMEM. */
int svc_metrics_render(struct dw_buf *out, const struct svc_metrics *m,
    enum svc_metrics_form form);

#endif
