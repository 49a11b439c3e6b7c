dnl SPDX-License-Identifier: GPL-3.0-or-later
dnl DW_SYSTEMD: where systemd's units are installed.  The folder that systemd
dnl reads is taken only when everything else is the system's, too: whoever
dnl installs elsewhere may not write there.
AC_DEFUN([DW_SYSTEMD],[
AC_ARG_WITH([systemdsystemunitdir],
	[AS_HELP_STRING([--with-systemdsystemunitdir=DIR],
		[install systemd's units there; no: nowhere])],
	[],[with_systemdsystemunitdir=yes])
AS_IF([test "x$with_systemdsystemunitdir" = xyes],[
	with_systemdsystemunitdir='${prefix}/lib/systemd/system'
	AS_IF([test "x$prefix" = x/usr],[
		PKG_CHECK_VAR([units],[systemd],[systemdsystemunitdir],
			[with_systemdsystemunitdir=$units],[:])
	])
])
AC_SUBST([systemdsystemunitdir],[$with_systemdsystemunitdir])
AM_CONDITIONAL([WITH_UNITS],[test "x$with_systemdsystemunitdir" != xno])
])
