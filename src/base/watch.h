/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A watch on folders: something in one was made, moved or removed, or the folder
 * itself was.  It says no more than that, and who hears it looks.  It is an
 * inotify where there is one; otherwise nobody tells, and one has to look now
 * and then.
 */
#ifndef DW_WATCH_H
#define DW_WATCH_H

#include <stdbool.h>

struct dw_watch {
	int fd; /* poll this for POLLIN; -1: nobody tells */
};

#define DW_WATCH_INITIALIZER { .fd = -1 }

/* Where there is no such thing, or none to be had, fd is -1. */
void dw_watch_open(struct dw_watch *w);
void dw_watch_close(struct dw_watch *w);

/* Watches this folder from now on, also again once it was made anew; twice is
 * once.  Returns false when nobody will tell of it. */
bool dw_watch_add(struct dw_watch *w, const char *folder);

/* Has anything happened since the last call?  Never waits. */
bool dw_watch_heard(struct dw_watch *w);

#endif
