# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/doors/classic_mode.c \
	src/doors/customer.c \
	src/doors/customer.h \
	src/doors/desk_thread.c \
	src/doors/door.c \
	src/doors/door.h \
	src/doors/frames.c \
	src/doors/frames.h \
	src/doors/inbox.c \
	src/doors/inbox.h \
	src/doors/inside.h \
	src/doors/limits.c \
	src/doors/limits.def \
	src/doors/limits.h \
	src/doors/line_mode.c \
	src/doors/operator.c \
	src/doors/rate.c \
	src/doors/rate.h \
	src/doors/reader.c \
	src/doors/reader.h \
	src/doors/record.c \
	src/doors/sources.c \
	src/doors/sources.h \
	src/doors/udp.c
