# SPDX-License-Identifier: BSD-2-Clause
# libsocketserver stands on these,
libsks_la_SOURCES += \
	src/base/clock.c \
	src/base/clock.h \
	src/base/list.h \
	src/base/lock.c \
	src/base/lock.h \
	src/base/locks.def \
	src/base/mem.c \
	src/base/mem.h \
	src/base/sink.c \
	src/base/sink.h \
	src/base/thread.c \
	src/base/thread.h \
	src/base/tsa.h \
	src/base/wake.c \
	src/base/wake.h

# and the desk on these too.
libdeskwire_la_SOURCES += \
	src/base/buf.c \
	src/base/buf.h \
	src/base/charset.c \
	src/base/charset.h \
	src/base/folder.c \
	src/base/folder.h \
	src/base/order.c \
	src/base/order.h \
	src/base/quit.c \
	src/base/quit.h \
	src/base/i18n.h \
	src/base/joiner.c \
	src/base/joiner.h \
	src/base/log.c \
	src/base/log.h \
	src/base/random.c \
	src/base/random.h \
	src/base/signals.c \
	src/base/signals.h \
	src/base/status.h \
	src/base/text.c \
	src/base/text.h \
	src/base/watch.c \
	src/base/watch.h
