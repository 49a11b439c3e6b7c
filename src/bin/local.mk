# SPDX-License-Identifier: GPL-3.0-or-later
bin_PROGRAMS += deskwire
deskwire_SOURCES = \
	src/bin/attach.c \
	src/bin/call.c \
	src/bin/console_thread.c \
	src/bin/console_thread.h \
	src/bin/demo.c \
	src/bin/desk.c \
	src/bin/desk.h \
	src/bin/input.c \
	src/bin/language.c \
	src/bin/language.h \
	src/bin/main.c \
	src/bin/open.c \
	src/bin/options.c \
	src/bin/options.h \
	src/bin/paths.c \
	src/bin/paths.h \
	src/bin/verbs.h \
	src/bin/verify.c
deskwire_LDADD = libdeskwire.la libsks.la
