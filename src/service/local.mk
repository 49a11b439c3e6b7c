# SPDX-License-Identifier: GPL-3.0-or-later
libdeskwire_la_SOURCES += \
	src/service/admission.c \
	src/service/classic_mode.c \
	src/service/customer.c \
	src/service/customer.h \
	src/service/desk_thread.c \
	src/service/files.c \
	src/service/service.c \
	src/service/service.h \
	src/service/inbox.c \
	src/service/inbox.h \
	src/service/input.c \
	src/service/input.h \
	src/service/internal.h \
	src/service/limits.c \
	src/service/limits.def \
	src/service/limits.h \
	src/service/line_mode.c \
	src/service/marks.c \
	src/service/marks.h \
	src/service/opening.c \
	src/service/operator.c \
	src/service/people.c \
	src/service/people.h \
	src/service/rate.c \
	src/service/rate.h \
	src/service/reader.c \
	src/service/reader.h \
	src/service/record.c \
	src/service/refuse.c \
	src/service/sources.c \
	src/service/sources.h \
	src/service/taken.c \
	src/service/udp.c \
	src/service/upkeep.c \
	src/service/upkeep.h
