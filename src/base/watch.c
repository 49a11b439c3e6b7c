/* SPDX-License-Identifier: BSD-2-Clause */
/* This file hears what happens in folders. */
#include "config.h"

#include <unistd.h>
#ifdef HAVE_INOTIFY_INIT1
#include <sys/inotify.h>
#endif

#include "base/watch.h"

#ifdef HAVE_INOTIFY_INIT1

#define HAPPENS                                                               \
	(IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_MOVE_SELF | \
	    IN_DELETE_SELF | IN_ONLYDIR)

void
dw_watch_open(struct dw_watch *w)
{
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
}

bool
dw_watch_add(struct dw_watch *w, const char *folder)
{
	return w->fd >= 0 && inotify_add_watch(w->fd, folder, HAPPENS) >= 0;
}

/* What has happened is of no interest: more may have, since. */
bool
dw_watch_heard(struct dw_watch *w)
{
	char events[4096];
	bool heard = false;

	while (w->fd >= 0 && read(w->fd, events, sizeof events) > 0)
		heard = true;
	return heard;
}

#else

void
dw_watch_open(struct dw_watch *w)
{
	w->fd = -1;
}

bool
dw_watch_add(struct dw_watch *w, const char *folder)
{
	(void)w;
	(void)folder;
	return false;
}

bool
dw_watch_heard(struct dw_watch *w)
{
	(void)w;
	return false;
}

#endif

void
dw_watch_close(struct dw_watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}
