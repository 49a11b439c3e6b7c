# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/tty/cursor.c \
	src/tty/edit.c \
	src/tty/escape.c \
	src/tty/fold.c \
	src/tty/history.c \
	src/tty/input.c \
	src/tty/internal.h \
	src/tty/keys.c \
	src/tty/modes.c \
	src/tty/out.c \
	src/tty/plain.c \
	src/tty/rows.c \
	src/tty/tail.c \
	src/tty/stream.c \
	src/tty/tty.c \
	src/tty/tty.h \
	src/tty/words.c
