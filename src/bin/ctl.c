/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The verb ctl gives a desk one command and says by its exit status what became
 * of it, so that a shell script can be an operator.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/random.h"
#include "base/signals.h"
#include "bin/ctl.h"
#include "bin/verbs.h"

#define ID 1 /* of the one request of a link */

/* ---- a request and its answer ---- */

/* Prints what comes for it, up to its end. */
static int
take_answer(struct ctl *c)
{
	int64_t deadline = sks_after(CTL_SECONDS);
	bool got;

	for (;;) {
		if (ctl_next(c, deadline, &got) != DW_STATUS_OK)
			return c->status;
		if (!got) {
			print_error(_("the desk does not answer; whether it "
				      "has done that, only it knows"));
			return DW_STATUS_FAILED;
		}
		if (c->frame->op == WIRE_PAST && c->frame->id == ID) {
			ctl_print_past(c);
			/* Who reads what we write may have taken longer. */
			deadline = sks_after(CTL_SECONDS);
		} else if ((c->frame->op == WIRE_OK ||
			       c->frame->op == WIRE_ERR) &&
		    c->frame->id == ID) {
			break;
		}
	}
	ctl_print_answer(c);
	return c->frame->op == WIRE_OK ? DW_STATUS_OK : ctl_refused(c);
}

static int
ask(struct ctl *c, const struct wire_frame *f)
{
	return ctl_send(c, f) == DW_STATUS_OK ? take_answer(c) : c->status;
}

/* ---- the commands that are not the desk's ---- */

/* A row of the desk's own table. */
static int
command(struct ctl *c, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_CMD);

	f.id = ID;
	f.text = text;
	f.len = strlen(text);
	return ask(c, &f);
}

/* Returns false when it does not begin with a number. */
static bool
take_number(const char **text, uint64_t *n)
{
	char *end;

	errno = 0;
	if (**text < '0' || **text > '9')
		return false;
	*n = strtoull(*text, &end, 10);
	if (errno != 0 || (*end != ' ' && *end != '\0'))
		return false;
	*text = end + (*end == ' ');
	return true;
}

/* Refused if a colleague has answered since this link, or the list that whoever
 * writes has seen. */
static int
reply(struct ctl *c, const char *text)
{
	struct wire_frame f = wire_frame_of(WIRE_REPLY);

	if (!take_number(&text, &f.sid) || *text == '\0') {
		print_error(_("say: ctl reply N TEXT"));
		return DW_STATUS_USAGE;
	}
	if (dw_random(f.key.bytes, sizeof f.key.bytes) < 0) {
		print_error(_("the system has no random numbers"));
		return DW_STATUS_FAILED;
	}
	f.id = ID;
	f.text = text;
	f.len = strlen(text);
	f.seen = c->o->seen != 0 ? c->o->seen : c->welcome->seq;
	if (f.seen == 0)
		f.seen = 1; /* of a new journal: 0 would look at nothing */
	return ask(c, &f);
}

/* Who waits longest comes first; who does not wait stands behind, by number. */
static int
compare(const void *a, const void *b)
{
	const struct ev_session *x = a, *y = b;
	uint64_t sx = ev_waits_since(x).seq, sy = ev_waits_since(y).seq;

	if ((sx == 0) != (sy == 0))
		return sx == 0 ? 1 : -1;
	if (sx != sy)
		return sx < sy ? -1 : 1;
	return x->sid < y->sid ? -1 : x->sid > y->sid;
}

static bool
is_wanted(const struct ctl *c, const struct ev_session *s)
{
	return ev_waits(s) &&
	    (s->owner[0] == '\0' || ev_is_owned_by(s, c->welcome->name));
}

static int
list(struct ctl *c, const char *text)
{
	size_t n = c->welcome->nsessions;
	struct ev_session *all = calloc(n + 1, sizeof *all);

	if (all == NULL) {
		print_error(_("out of memory"));
		return DW_STATUS_FAILED;
	}
	if (n > 0)
		memcpy(all, c->welcome->sessions, n * sizeof *all);
	qsort(all, n, sizeof *all, compare);
	for (size_t i = 0; i < n; i++)
		if (text[0] != '\0' || is_wanted(c, &all[i]))
			ctl_print_session(c, &all[i]);
	free(all);
	return DW_STATUS_OK;
}

/* ---- watch ---- */

/* Prints what came.  Returns false when nobody reads it. */
static bool
print_events(struct ctl *c)
{
	while (ctl_next_here(c))
		if (c->frame->op == WIRE_EV)
			ctl_print_event(c);
	return fflush(stdout) == 0;
}

/* Waits for the desk, a signal, or the end of who reads; returns whether it is
 * the desk. */
static bool
wait_for_desk(struct ctl *c, struct dw_signals *signals)
{
	/* A pipe without a reader says ERR, a socket HUP. */
	const short gone = POLLERR | POLLHUP | POLLNVAL;
	struct pollfd fds[] = { { sks_fileno(c->s), POLLIN, 0 },
		{ signals->rd, POLLIN, 0 }, { STDOUT_FILENO, 0, 0 } };

	do
		if (poll(fds, 3, -1) < 0)
			fds[0].revents = fds[1].revents = fds[2].revents = 0;
	while (fds[0].revents == 0 && fds[1].revents == 0 &&
	    (fds[2].revents & gone) == 0);
	return dw_signals_next(signals) == 0 && (fds[2].revents & gone) == 0;
}

static int
watch(struct ctl *c, const char *text)
{
	static const int sigs[] = { SIGINT, SIGTERM, 0 };
	struct dw_signals signals = DW_SIGNALS_INITIALIZER;
	bool got, read = true;

	(void)text;
	if (dw_signals_open(&signals, sigs) < 0) {
		print_error(_("out of file descriptors"));
		return DW_STATUS_FAILED;
	}
	dw_signals_here(&signals);
	while (c->status == DW_STATUS_OK && (read = print_events(c)) &&
	    c->status == DW_STATUS_OK && wait_for_desk(c, &signals))
		if (ctl_next(c, sks_after(1), &got) == DW_STATUS_OK && got &&
		    c->frame->op == WIRE_EV)
			ctl_print_event(c);
	dw_signals_close(&signals);
	/* Who has read enough is no failure; a full disk is told later. */
	if (!read && errno == EPIPE &&
	    freopen("/dev/null", "w", stdout) == NULL)
		return DW_STATUS_FAILED;
	return c->status;
}

/* ---- which one ---- */

static const struct {
	const char *name;
	const char *args; /* all that may follow; NULL: its own business */
	bool rows;        /* it needs the sessions */
	int (*run)(struct ctl *c, const char *text);
} commands[] = {
	{ "list", "all", true, list },
	{ "reply", NULL, false, reply },
	{ "watch", "", false, watch },
};

#define NCOMMANDS (sizeof commands / sizeof commands[0])

/* As one text.  The slash that a console wants may stand before it. */
static char *
join_words(const struct options *o)
{
	struct dw_buf out = DW_BUF_INITIALIZER;

	for (size_t i = 0; i < o->nwords; i++)
		dw_buf_addf(&out, "%s%s", i > 0 ? " " : "", o->words[i]);
	if (out.len > 0 && out.data[0] == '/')
		dw_buf_drop(&out, 1);
	return dw_buf_take(&out);
}

static size_t
find(const char *text)
{
	size_t len = strcspn(text, " "), i = 0;

	while (i < NCOMMANDS &&
	    (strlen(commands[i].name) != len ||
		memcmp(commands[i].name, text, len) != 0))
		i++;
	return i;
}

static int
run(const struct options *o, size_t i, const char *text, const char *rest)
{
	struct ctl c;
	int r = ctl_open(&c, o, i < NCOMMANDS && commands[i].rows);

	if (r == DW_STATUS_OK)
		r = i < NCOMMANDS ? commands[i].run(&c, rest) :
				    command(&c, text);
	ctl_close(&c);
	return r;
}

/* Returns the exit status that holds once all was written. */
static int
end_output(int status)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return status;
	print_error(_("standard output takes nothing: %s"), strerror(errno));
	return DW_STATUS_FAILED;
}

int
verb_ctl(struct options *o)
{
	char *text = join_words(o);
	const char *rest;
	size_t i;
	int r = DW_STATUS_USAGE;

	if (text == NULL || text[strspn(text, " ")] == '\0') {
		print_error(_("which command? As in: deskwire ctl list"));
		free(text);
		return r;
	}
	i = find(text);
	rest = text + strcspn(text, " ");
	rest += strspn(rest, " ");
	if (i < NCOMMANDS && commands[i].args != NULL && rest[0] != '\0' &&
	    strcmp(rest, commands[i].args) != 0)
		print_error(_("%s takes no \"%s\""), commands[i].name, rest);
	else
		r = end_output(run(o, i, text, rest));
	free(text);
	return r;
}
