# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/client/call.c src/client/call.h \
	src/client/classic_mode.c \
	src/client/conversation.c \
	src/client/datagram_mode.c \
	src/client/internal.h \
	src/client/ledger.c src/client/ledger.h \
	src/client/sentence.c src/client/sentence.h \
	src/client/scripted.c \
	src/client/scripted.h \
	src/client/line_mode.c
