# SPDX-License-Identifier: GPL-3.0-or-later
# Two convenience libraries hold all the code.  Programs and tests link these
# and not the installed library, so an installed program starts whatever the
# loader's cache says.  Each room adds its files in its own local.mk.

# What libsocketserver is made of: threads and nothing else.
noinst_LTLIBRARIES += libsks.la
libsks_la_SOURCES =
libsks_la_LDFLAGS = $(lib_ldflags)
libsks_la_LIBADD = $(PTHREAD_LIBS) -lm

# The rest.
noinst_LTLIBRARIES += libdeskwire.la
libdeskwire_la_SOURCES =
libdeskwire_la_LDFLAGS = $(lib_ldflags)
libdeskwire_la_LIBADD = $(READLINE_LIBS) $(SQLITE3_LIBS) $(JANSSON_LIBS) \
	$(LIBUNISTRING_LIBS) $(LIBCRYPTO_LIBS) $(LTLIBINTL) $(PTHREAD_LIBS) -lm

# The installed library only wraps the first.
lib_LTLIBRARIES += libsocketserver.la
libsocketserver_la_SOURCES =
libsocketserver_la_LDFLAGS = $(lib_ldflags) -no-undefined \
	-version-info $(LIBSOCKETSERVER_VERSION_INFO)
libsocketserver_la_LIBADD = libsks.la
if HAVE_VERSION_SCRIPT
libsocketserver_la_LDFLAGS += \
	-Wl,--version-script=$(srcdir)/src/socketserver/libsocketserver.map
EXTRA_libsocketserver_la_DEPENDENCIES = src/socketserver/libsocketserver.map
endif
EXTRA_DIST += src/socketserver/libsocketserver.map

include src/base/local.mk
include src/socketserver/local.mk
include src/event/local.mk
include src/wire/local.mk
include src/desk/local.mk
include src/store/local.mk
include src/service/local.mk
include src/tty/local.mk
include src/console/local.mk
include src/client/local.mk
include src/bin/local.mk
