# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/desk/charset.c \
	src/desk/claims.c \
	src/desk/command.c \
	src/desk/command.h \
	src/desk/decide.c \
	src/desk/desk.c \
	src/desk/desk.h \
	src/desk/datagrams.c \
	src/desk/duty.c \
	src/desk/left.c \
	src/desk/people.c \
	src/desk/peers.c \
	src/desk/peers.h \
	src/desk/effects.c \
	src/desk/estimate.c \
	src/desk/hours.c \
	src/desk/hours.h \
	src/desk/keys.c \
	src/desk/line.c \
	src/desk/notes.c \
	src/desk/queue.c \
	src/desk/reply.c \
	src/desk/retract.c \
	src/desk/round.c \
	src/desk/speak.c \
	src/desk/sessions.c \
	src/desk/sids.c \
	src/desk/internal.h \
	src/desk/strangers.c \
	src/desk/tally.c \
	src/desk/turn.c \
	src/desk/turn.h \
	src/desk/visitor.c \
	src/desk/wake.c
