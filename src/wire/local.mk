# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/wire/base64.c src/wire/base64.h \
	src/wire/classic.c src/wire/classic.h \
	src/wire/json.c src/wire/json.h \
	src/wire/line.c src/wire/line.h \
	src/wire/op.c src/wire/op.h \
	src/wire/opening.c src/wire/opening.h \
	src/wire/proxy.c src/wire/proxy.h
