# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/console/board.c \
	src/console/board.h \
	src/console/commands.c \
	src/console/commands.h \
	src/console/complete.c \
	src/console/console.c \
	src/console/console.h \
	src/console/inbox.c \
	src/console/inbox.h \
	src/console/drafts.c \
	src/console/drafts.h \
	src/console/internal.h \
	src/console/link.c \
	src/console/link.h \
	src/console/list.c \
	src/console/mirror.c \
	src/console/mirror.h \
	src/console/past.c \
	src/console/pending.c \
	src/console/pending.h \
	src/console/prompt.c \
	src/console/prompt.h \
	src/console/read.c \
	src/console/read.h \
	src/console/rows.c \
	src/console/rows.h \
	src/console/seen.c \
	src/console/seen.h \
	src/console/settings.c \
	src/console/show.c \
	src/console/stale.c \
	src/console/talk.c
