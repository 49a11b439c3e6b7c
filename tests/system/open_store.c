/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Opens the journal in a folder as a starting desk does, for
 * tests/system/powercuts.py: open_store DIR [begin-new].  It prints one row
 * with the journal's id, its last event and its last session, and each event
 * as the frame that an operator gets.  Then it goes on as a desk would: stores
 * an event, closes, and opens once more.
 *
 * Exit status 0; 1 and a sentence when it cannot be opened, 2 when only
 * begin-new can help.
 */
#include "config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "store/store.h"
#include "wire/op.h"

#define MARK "power-cut" /* who came on duty in the event that is stored */

static struct store *
open_in(const struct store_config *cfg, int *status)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	struct store *s = NULL;
	int r = store_open(cfg, &s, &why);

	*status = r == 0 ? 0 : r == -EBADMSG ? 2 : 1;
	if (why.len > 0)
		fprintf(stderr, "%s\n", dw_buf_str(&why));
	dw_buf_fini(&why);
	return r == 0 ? s : NULL;
}

static int
print_event(void *arg, const struct ev_event *ev)
{
	struct wire_frame f = wire_frame_of(WIRE_EV);
	struct dw_buf *out = arg;

	f.ev = *ev;
	return wire_frame_encode(out, &f);
}

static int
print_all(const char *dir)
{
	struct dw_buf out = DW_BUF_INITIALIZER, why = DW_BUF_INITIALIZER;
	struct store_reader *reader = NULL;
	int r;

	r = store_reader_open(dir, &reader, &why);
	if (r == 0)
		r = store_read(reader, 0, SIZE_MAX / 4, print_event, &out);
	if (r == 0)
		fwrite(dw_buf_str(&out), 1, out.len, stdout);
	else
		fprintf(stderr, "cannot list: %s %s\n", strerror(-r),
		    dw_buf_str(&why));
	store_reader_close(reader);
	dw_buf_fini(&why);
	dw_buf_fini(&out);
	return r;
}

/* The whole chain, and what no hash covers. */
static bool
is_bad(const char *dir)
{
	struct dw_buf why = DW_BUF_INITIALIZER;
	uint64_t seq;
	int r = store_verify(dir, NULL, NULL, &seq, &why);

	if (r < 0)
		fprintf(stderr, "found by store_verify(): %s\n",
		    dw_buf_str(&why));
	dw_buf_fini(&why);
	return r < 0;
}

static int
append_mark(struct store *s)
{
	struct ev_event ev = ev_event_of(EV_ON);
	uint64_t sid;
	int r;

	store_last(s, &ev.seq, &sid);
	ev.seq++;
	ev.who = MARK;
	if ((r = store_append(s, &ev, 1)) < 0)
		fprintf(stderr, "cannot append: %s\n", strerror(-r));
	return r;
}

/* The mark is there, and nothing behind it. */
static int
check_again(const struct store_config *cfg, uint64_t seq)
{
	uint64_t last, sid;
	int status;
	struct store *s = open_in(cfg, &status);

	if (s == NULL)
		return -1;
	store_last(s, &last, &sid);
	store_close(s);
	if (last == seq)
		return 0;
	fprintf(stderr, "then it ends at %" PRIu64 ", not at %" PRIu64 "\n",
	    last, seq);
	return -1;
}

int
main(int argc, char *argv[])
{
	struct store_config cfg = { .dir = argc > 1 ? argv[1] : "" };
	struct store *s;
	uint64_t seq, sid;
	int status;

	cfg.begin_new = argc > 2 && strcmp(argv[2], "begin-new") == 0;
	if ((s = open_in(&cfg, &status)) == NULL)
		return status;
	store_last(s, &seq, &sid);
	printf("%s %" PRIu64 " %" PRIu64 "\n", store_id(s), seq, sid);
	status =
	    is_bad(cfg.dir) || print_all(cfg.dir) < 0 || append_mark(s) < 0;
	store_close(s);
	cfg.begin_new = false;
	return status != 0 || check_again(&cfg, seq + 1) < 0;
}
