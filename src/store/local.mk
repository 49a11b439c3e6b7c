# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/store/append.c \
	src/store/chain.c \
	src/store/check.c \
	src/store/checkpoint.c \
	src/store/db.c \
	src/store/erase.c \
	src/store/head.c \
	src/store/internal.h \
	src/store/marks.c \
	src/store/marks.h \
	src/store/place.c \
	src/store/read.c \
	src/store/store.c \
	src/store/store.h \
	src/store/there.c \
	src/store/verify.c \
	src/store/walk.c
