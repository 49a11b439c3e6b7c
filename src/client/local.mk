# SPDX-License-Identifier: GPL-3.0-or-later
# libdeskwire_la_SOURCES += src/client/... for each file, headers too.
