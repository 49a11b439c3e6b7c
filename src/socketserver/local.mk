# SPDX-License-Identifier: BSD-2-Clause
# libsks_la_SOURCES += src/socketserver/... for each file, headers too; the
# public header is in include_HEADERS += src/socketserver/socketserver.h.
