# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/event/command.h \
	src/event/event.c src/event/event.h \
	src/event/past.h \
	src/event/receipt.c src/event/receipt.h \
	src/event/session.c src/event/session.h \
	src/event/words.c src/event/words.h
