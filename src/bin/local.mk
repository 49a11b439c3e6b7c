# SPDX-License-Identifier: GPL-3.0-or-later
# bin_PROGRAMS += deskwire, deskwire_SOURCES, and
# deskwire_LDADD = libdeskwire.la libsks.la
