/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What customers see.  A classic one is the tutorial's client: it writes, then
 * reads once, at most 1,024 bytes, which it decodes on their own.
 */
#include "config.h"

#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "sim.h"

#define WORD_JOINER   "\xe2\x81\xa0"
#define CLASSIC_HELLO "服务端已就绪\n"
#define RECV_MAX      1024

/* What the desk says itself.  Operators here never type a capital letter, so
 * one begins such a line; # is a number or a few words. */
static const char *const lines[] = {
	"Goodbye.",
	"Nobody is on duty right now; your message is kept.",
	"Please wait, an operator will answer soon.",
	"Thank you.",
	"There is no such command; /help lists them.",
	"This conversation was closed. Goodbye.",
	"This desk is closing.",
	"This desk is closing. Goodbye.",
	"Your message could not be stored. Please send it again.",
	"/name NAME tells us who you are, /place tells your place in line, "
	"/charset NAME in which encoding you write if it is not UTF-8, /quit "
	"ends this conversation, // begins a line with a slash; everything "
	"else goes to the operator.",
	"From now on this is in utf-8.",
	"You have changed it too often in this conversation.",
	"which encoding? These are known: ",
	"Welcome to the simulated desk.",
	"You are number",
	"Write your question.",
	"Nobody is on duty right now; what you write is kept.",
	"Type /help for help, /quit to leave.",
	"Received. Somebody will answer here.",
	"Please wait, you are number # in line.",
	"Nobody is on duty right now; somebody will be here #. Your message "
	"is kept.",
	"Nobody is on duty right now; somebody will be here #. What you write "
	"is kept.",
	"You are banned from this desk: #.",
	"Please wait, somebody is looking into it.",
	"This conversation was closed because nobody wrote. Goodbye.",
	"You are banned from this desk.",
	"Your message was sent. For help, type /help.",
	"Your message was sent. To leave, type /quit.",
};

/* Of what # stands for. */
static bool
is_any(char c)
{
	return (c >= '0' && c <= ':') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == ' ';
}

/* Is it the line, or (not whole) the beginning of it? */
static bool
begins(const char *line, const char *s, size_t len, bool whole)
{
	for (; len > 0; s++, len--) {
		if (*line != '#') {
			if (*line++ != *s)
				return false;
			continue;
		}
		if (!is_any(*s))
			return false;
		if (begins(line + 1, s + 1, len - 1, whole))
			return true;
	}
	return !whole || *line == '\0';
}

static bool
begins_line(const char *s, size_t len, bool whole)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (begins(lines[i], s, len, whole))
			return true;
	return false;
}

bool
stream_is_quit(const char *text, size_t len)
{
	dw_text_trim(&text, &len);
	return len == 4 && memcmp(text, "quit", 4) == 0;
}

/* How many bytes here are left out of a comparison. */
static size_t
silent(const char *s, size_t len)
{
	if (s[0] == '\n')
		return 1;
	return len >= 3 && memcmp(s, WORD_JOINER, 3) == 0 ? 3 : 0;
}

void
stream_add(struct stream *st, const char *text, size_t len)
{
	while (len > 0) {
		size_t skip = silent(text, len);

		if (skip == 0)
			dw_buf_addc(&st->want, *text);
		text += skip != 0 ? skip : 1;
		len -= skip != 0 ? skip : 1;
	}
	dw_buf_add(&st->ends, &st->want.len, sizeof st->want.len);
}

/* How many replies have come out wholly. */
uint64_t
stream_whole(const struct stream *st)
{
	return st->puts.len / sizeof(uint64_t);
}

void
stream_fini(struct stream *st)
{
	dw_buf_fini(&st->want);
	dw_buf_fini(&st->ends);
	dw_buf_fini(&st->puts);
}

/* One more byte of a line of the desk's own?  Its end is known when a byte
 * comes that does not go on with it. */
static bool
in_line(struct world *w, struct stream *st, char c)
{
	if (st->nline == 0 && (c < 'A' || c > 'Z'))
		return false;
	st->line[st->nline] = c;
	if (begins_line(st->line, st->nline + 1, false)) {
		st->nline++;
		return true;
	}
	/* A desk that stops drops what its client has no turn to read. */
	if (!begins_line(st->line, st->nline, true) && !w->draining)
		sim_fail(w, "the desk said %.*s", (int)st->nline + 1, st->line);
	st->nline = 0;
	return in_line(w, st, c);
}

/* Where each reply that is whole by now ended in the outbox. */
static void
pass_ends(struct world *w, struct customer *cu)
{
	struct stream *st = &cu->stream;
	size_t end;

	while (stream_whole(st) * sizeof end < st->ends.len) {
		memcpy(&end, st->ends.data + stream_whole(st) * sizeof end,
		    sizeof end);
		if (end > st->at)
			break;
		dw_buf_add(&st->puts, &cu->put, sizeof cu->put);
		w->counts.shown++;
	}
	if (cu->sid != 0)
		store_session(w, cu->sid)->put_n = stream_whole(st);
}

void
stream_see(struct world *w, struct customer *cu, const char *text, size_t len)
{
	struct stream *st = &cu->stream;
	bool last =
	    cu->may_end && len >= 4 && memcmp(text + len - 4, "quit", 4) == 0;
	size_t skip, before = 0;

	for (size_t i = 0; i < len; i += skip != 0 ? skip : 1) {
		skip = silent(text + i, len - i);
		if (last && i + 4 == len) {
			before = st->at;
			st->nline = 0; /* it may have been broken off */
		}
		if (in_line(w, st, text[i]) || skip != 0)
			continue;
		if (st->at < st->want.len && st->want.data[st->at] == text[i]) {
			st->at++;
			continue;
		}
		if (!last || i + 4 < len)
			sim_fail(w,
			    "session %" PRIu64 " was shown what nobody "
			    "told it: %.*s",
			    cu->sid, (int)(len - i), text + i);
		st->at = before; /* it was the desk's own quit */
		break;
	}
	/* Its own, or an operator's: nobody can tell. */
	cu->unsure = last && st->at == before + 4;
	pass_ends(w, cu);
}

/*
 * The tutorial's client.
 */

static bool
holds(const char *s, size_t len, const char *word)
{
	return memmem(s, len, word, strlen(word)) != NULL;
}

static void
read_once(struct world *w, struct customer *cu)
{
	struct peer *p = &cu->peer;
	size_t n = p->nunread < RECV_MAX ? p->nunread : RECV_MAX;
	bool quit = holds(p->unread, n, "quit");

	if (dw_text_valid(p->unread, n) != n)
		sim_fail(w, "the client died of half a character");
	memmove(p->unread, p->unread + n, p->nunread - n);
	p->nunread -= n;
	if (quit && !cu->may_end && !cu->said_quit)
		sim_fail(w, "quit hung up on session %" PRIu64, cu->sid);
	p->state = quit ? DONE : TYPING;
}

static void
hello(struct world *w, struct customer *cu, const char *bytes, size_t len)
{
	const size_t n = strlen(CLASSIC_HELLO);

	if (cu->may_end && holds(bytes, len, "quit")) {
		cu->peer.state = DONE;
		return;
	}
	if (len > RECV_MAX || len < n || memcmp(bytes, CLASSIC_HELLO, n) != 0)
		sim_fail(w, "no hello but %.*s", (int)len, bytes);
	cu->peer.state = TYPING;
}

void
peer_gets(struct world *w, struct customer *cu, const char *bytes, size_t len)
{
	struct peer *p = &cu->peer;
	bool quit = len >= 4 && memcmp(bytes + len - 4, "quit", 4) == 0;

	w->counts.chunks++;
	if (len == 0 || len > RECV_MAX)
		sim_fail(w, "a chunk of %zu bytes", len);
	if (p->state == HELLO) {
		hello(w, cu, bytes, len);
		return;
	}
	if (p->nunread > 0 && !(cu->may_end && quit))
		sim_fail(w, "a second unread chunk");
	stream_see(w, cu, bytes, len);
	if (p->state == DONE || p->nunread + len > sizeof p->unread)
		return;
	memcpy(p->unread + p->nunread, bytes, len);
	p->nunread += len;
	w->counts.unasked += p->state == TYPING;
	w->counts.holding += holds(bytes, len, "Please wait");
	if (p->state == READING)
		read_once(w, cu);
}

/* It has written, or has nothing to write but what lies there. */
void
people_type(struct world *w, struct customer *cu)
{
	cu->peer.state = READING;
	cu->peer.since_ns = w->now.ns;
	if (cu->peer.nunread > 0)
		read_once(w, cu);
}

void
peer_check(struct world *w, const struct customer *cu)
{
	if (cu->cut || cu->reset || cu->leaving || cu->eof)
		return;
	if (cu->peer.state == READING &&
	    w->now.ns - cu->peer.since_ns > GIVES_UP_NS)
		sim_fail(w, "session %" PRIu64 " gave up waiting", cu->sid);
}
