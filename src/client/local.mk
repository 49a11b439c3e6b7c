# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/client/call.c src/client/call.h \
	src/client/chat.c \
	src/client/datagrams.c \
	src/client/session.c src/client/session.h \
	src/client/turns.c
