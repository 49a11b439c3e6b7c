# SPDX-License-Identifier: GPL-3.0-or-later
bin_PROGRAMS += deskwire
deskwire_SOURCES = \
	src/bin/attach.c \
	src/bin/call.c \
	src/bin/conf.c \
	src/bin/conf.h \
	src/bin/conf_text.c \
	src/bin/conf_text.h \
	src/bin/config.c \
	src/bin/completion.c \
	src/bin/console_thread.c \
	src/bin/console_thread.h \
	src/bin/ctl.c \
	src/bin/ctl.h \
	src/bin/ctl_link.c \
	src/bin/ctl_print.c \
	src/bin/demo.c \
	src/bin/desk.c \
	src/bin/desk.h \
	src/bin/desk_link.c \
	src/bin/desk_link.h \
	src/bin/doctor.c \
	src/bin/doctor.h \
	src/bin/doctor_machine.c \
	src/bin/doctor_net.c \
	src/bin/doctor_people.c \
	src/bin/doctor_place.c \
	src/bin/doctor_proc.c \
	src/bin/endpoints.c \
	src/bin/endpoints.h \
	src/bin/help.c \
	src/bin/help.h \
	src/bin/input.c \
	src/bin/language.c \
	src/bin/language.h \
	src/bin/main.c \
	src/bin/notify.c \
	src/bin/notify.h \
	src/bin/open.c \
	src/bin/option_rows.h \
	src/bin/options.c \
	src/bin/options.h \
	src/bin/options_file.c \
	src/bin/options_print.c \
	src/bin/paths.c \
	src/bin/paths.h \
	src/bin/relay.c \
	src/bin/ssh.c \
	src/bin/ssh.h \
	src/bin/ssh_address.c \
	src/bin/ssh_address.h \
	src/bin/verbs.h \
	src/bin/verify.c \
	src/bin/watchdog.c \
	src/bin/watchdog.h
deskwire_LDADD = libdeskwire.la libsks.la $(CONFUSE_LIBS)
