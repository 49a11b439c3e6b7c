/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/signals.h"
#include "bin/signals.h"

struct signals {
	struct dw_signals dw;
};

int
signals_open(struct signals **out, const int *sigs)
{
	struct signals *s = calloc(1, sizeof *s);
	int r;

	*out = NULL;
	if (s == NULL)
		return -ENOMEM;
	if ((r = dw_signals_open(&s->dw, sigs)) < 0) {
		free(s);
		return r;
	}
	dw_signals_here(&s->dw);
	*out = s;
	return 0;
}

void
signals_close(struct signals *s)
{
	if (s == NULL)
		return;
	dw_signals_close(&s->dw);
	free(s);
}

int
signals_wait(struct signals *s, int fd, int64_t deadline_ns)
{
	struct pollfd pfds[] = {
		{ s->dw.rd, POLLIN, 0 },
		{ fd, POLLIN, 0 },
	};

	/* A handler may have interrupted poll(2), which then saw nothing. */
	poll(pfds, 2, dw_clock_poll_ms(deadline_ns));
	return dw_signals_next(&s->dw);
}
