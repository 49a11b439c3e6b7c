# SPDX-License-Identifier: GPL-3.0-or-later
# DW_FLAGS
# --------
# Our compiler and linker flags, each kind in a variable of its own.  CFLAGS,
# CPPFLAGS and LDFLAGS are the user's: they come after ours and win.
#   STD_CFLAGS      the language
#   WARN_CFLAGS     warnings; with --enable-werror they are errors
#   HARDEN_CPPFLAGS, HARDEN_CFLAGS, HARDEN_LDFLAGS, PIE_LDFLAGS
AC_DEFUN([DW_FLAGS],[
AC_ARG_ENABLE([werror],[AS_HELP_STRING([--enable-werror],
	[treat warnings as errors])],[],[enable_werror=no])
AC_ARG_ENABLE([hardening],[AS_HELP_STRING([--disable-hardening],
	[build without the compiler's and linker's protections])],[],
	[enable_hardening=yes])
AS_IF([test "$enable_sanitizer" != no],[enable_hardening=no])

STD_CFLAGS=-std=gnu11
WARN_CFLAGS=
AX_APPEND_COMPILE_FLAGS([-Wall -Wextra -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Wshadow -Wvla -fno-common],[WARN_CFLAGS],[-Werror])
enable_werror_says=shown
AS_IF([test "$enable_werror" = yes],[
	WARN_CFLAGS="$WARN_CFLAGS -Werror"
	enable_werror_says="are errors"])

enable_hardening_says=off
AS_IF([test "$enable_hardening" = yes],[
	enable_hardening_says=on
	AX_APPEND_COMPILE_FLAGS([-fstack-protector-strong -fstack-clash-protection -fcf-protection=full -ftrivial-auto-var-init=zero],[HARDEN_CFLAGS],[-Werror])
	AX_APPEND_LINK_FLAGS([-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed],[HARDEN_LDFLAGS])
	_DW_PIE
	_DW_FORTIFY
])
AC_SUBST([STD_CFLAGS])
AC_SUBST([WARN_CFLAGS])
AC_SUBST([HARDEN_CPPFLAGS])
AC_SUBST([HARDEN_CFLAGS])
AC_SUBST([HARDEN_LDFLAGS])
AC_SUBST([PIE_LDFLAGS])
])

# Programs at an address of the loader's choice.  Libtool puts -fPIC after
# -fPIE for what goes into a library.
AC_DEFUN([_DW_PIE],[
dw_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS -fPIE -pie -Werror"
AC_MSG_CHECKING([whether $CC makes position-independent programs])
AC_LINK_IFELSE([AC_LANG_PROGRAM],
	[AC_MSG_RESULT([yes])
	HARDEN_CFLAGS="$HARDEN_CFLAGS -fPIE"
	PIE_LDFLAGS=-pie],
	[AC_MSG_RESULT([no])])
CFLAGS=$dw_save_CFLAGS
])

# _FORTIFY_SOURCE works only when optimizing.  The highest level that compiler
# and C library have takes the place of what a distribution's compiler defines,
# but not of what the user has given.
AC_DEFUN([_DW_FORTIFY],[
dw_save_CFLAGS=$CFLAGS
AC_MSG_CHECKING([for the level of _FORTIFY_SOURCE])
dw_fortify=none
AS_CASE([" $CPPFLAGS $CFLAGS "],
	[*_FORTIFY_SOURCE*],[dw_fortify="the user's"],
	[for dw_level in 3 2; do
		dw_flags="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=$dw_level"
		CFLAGS="$dw_save_CFLAGS $dw_flags -Werror"
		AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include <stdlib.h>
#if !defined(__OPTIMIZE__) || \
    (defined(__GLIBC__) && __USE_FORTIFY_LEVEL < _FORTIFY_SOURCE)
#error not so
#endif
int main(void) { return 0; }
]])],
			[dw_fortify=$dw_level
			HARDEN_CPPFLAGS=$dw_flags
			break])
	done])
CFLAGS=$dw_save_CFLAGS
AC_MSG_RESULT([$dw_fortify])
])
