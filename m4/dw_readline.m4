# SPDX-License-Identifier: GPL-3.0-or-later
# DW_READLINE
# -----------
# GNU readline 8 or later, and no other: libedit installs a header and a
# library under the same names, but lacks much of the callback interface.
# Sets READLINE_CFLAGS and READLINE_LIBS, or stops with a sentence.
#
# Only the -I flags of readline.pc are taken: the rest asks for an older
# standard than we use.
AC_DEFUN([DW_READLINE],[
AC_REQUIRE([AC_PROG_CC])
AC_REQUIRE([PKG_PROG_PKG_CONFIG])
AC_ARG_VAR([READLINE_CFLAGS],[C compiler flags for GNU readline])
AC_ARG_VAR([READLINE_LIBS],[linker flags for GNU readline])
AS_IF([test -z "$READLINE_LIBS"],[
	AS_IF([test -n "$PKG_CONFIG" && $PKG_CONFIG --exists readline],[
		READLINE_CFLAGS=`$PKG_CONFIG --cflags-only-I readline`
		READLINE_LIBS=`$PKG_CONFIG --libs readline`],[
		READLINE_LIBS=-lreadline])
])
dw_save_CPPFLAGS=$CPPFLAGS
dw_save_LIBS=$LIBS
CPPFLAGS="$CPPFLAGS $READLINE_CFLAGS"
LIBS="$READLINE_LIBS $LIBS"

AC_MSG_CHECKING([for the header of GNU readline 8 or later])
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include <stdio.h>
#include <readline/readline.h>
]])],[],[
	AC_MSG_RESULT([none])
	AC_MSG_ERROR([GNU readline is required, and <readline/readline.h> is not there. On Debian: apt-get install libreadline-dev])
])
AC_COMPILE_IFELSE([AC_LANG_SOURCE([[
#include <stdio.h>
#include <readline/readline.h>
#if !defined(RL_READLINE_VERSION) || RL_READLINE_VERSION < 0x0800
#error not GNU readline 8
#endif
]])],[AC_MSG_RESULT([yes])],[
	AC_MSG_RESULT([no])
	AC_MSG_ERROR([<readline/readline.h> is not of GNU readline 8 or later but of an older one or of libedit, which cannot do what the console needs. On Debian: apt-get install libreadline-dev])
])

AC_MSG_CHECKING([for the library of GNU readline 8 or later])
AC_RUN_IFELSE([AC_LANG_PROGRAM([[
#include <stdio.h>
#include <readline/readline.h>
static void take(char *line) { (void)line; }
static void (*volatile used[])(void) = {
	(void (*)(void))rl_callback_handler_install,
	(void (*)(void))rl_callback_read_char,
	(void (*)(void))rl_clear_visible_line,
};
]],[[
	(void)take;
	return !(used[0] && used[1] && used[2] && rl_gnu_readline_p == 1 &&
	    rl_readline_version >= 0x0800);
]])],[AC_MSG_RESULT([yes])],[
	AC_MSG_RESULT([no])
	AC_MSG_ERROR([$READLINE_LIBS is not GNU readline 8 or later but an older one or libedit, which cannot do what the console needs. On Debian: apt-get install libreadline-dev])
],[AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <stdio.h>
#include <readline/readline.h>
]],[[return rl_gnu_readline_p + rl_clear_visible_line();]])],
	[AC_MSG_RESULT([it links])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([$READLINE_LIBS is not GNU readline 8 or later])])
])
CPPFLAGS=$dw_save_CPPFLAGS
LIBS=$dw_save_LIBS
])
