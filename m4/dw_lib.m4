# SPDX-License-Identifier: GPL-3.0-or-later
# _DW_FIND_LIB(VAR, MODULE, VERSION, HEADER, LIBRARY, FUNCTION, IF-NOT-FOUND)
# ---------------------------------------------------------------------------
# By pkg-config; where that knows nothing of the module, by its header and its
# library.  Sets VAR_CFLAGS and VAR_LIBS.
AC_DEFUN([_DW_FIND_LIB],[
PKG_CHECK_MODULES([$1],[$2 >= $3],[],[
	dw_found=no
	AS_IF([test -z "$PKG_CONFIG" || ! $PKG_CONFIG --exists $2],[
		AC_CHECK_HEADER([$4],[
			AC_CHECK_LIB([$5],[$6],[dw_found=yes])])])
	AS_IF([test $dw_found = yes],[$1_LIBS=-l$5],[$7])
])])

# DW_LIB(VAR, MODULE, VERSION, HEADER, LIBRARY, FUNCTION, DEBIAN-PACKAGE)
# -----------------------------------------------------------------------
# A library without which nothing is built.
AC_DEFUN([DW_LIB],[
_DW_FIND_LIB([$1],[$2],[$3],[$4],[$5],[$6],
	[AC_MSG_ERROR([$2 >= $3 is required. On Debian: apt-get install $7])])
])

# DW_TEST_LIB(same)
# -----------------
# A library that only make check needs: its absence is written down.
AC_DEFUN([DW_TEST_LIB],[
_DW_FIND_LIB([$1],[$2],[$3],[$4],[$5],[$6],
	[missing_for_tests="$missing_for_tests $7"])
])

# DW_UNISTRING
# ------------
# libunistring >= 1.0, which has no .pc file.  Sets LIBUNISTRING_LIBS.
AC_DEFUN([DW_UNISTRING],[
AC_ARG_VAR([LIBUNISTRING_LIBS],[linker flags for libunistring])
AS_IF([test -z "$LIBUNISTRING_LIBS"],[LIBUNISTRING_LIBS=-lunistring])
dw_save_LIBS=$LIBS
LIBS="$LIBUNISTRING_LIBS $LIBS"
AC_MSG_CHECKING([for libunistring 1.0 or later])
AC_LINK_IFELSE([AC_LANG_PROGRAM([[
#include <uniconv.h>
#include <unictype.h>
#include <unistring/version.h>
#include <uniwidth.h>
#if _LIBUNISTRING_VERSION < 0x010000
#error too old
#endif
]],[[return uc_is_property_join_control(0x200d) + uc_width(0x8ba2, "UTF-8");]])],
	[AC_MSG_RESULT([yes])],
	[AC_MSG_RESULT([no])
	AC_MSG_ERROR([libunistring >= 1.0 is required. On Debian: apt-get install libunistring-dev])])
LIBS=$dw_save_LIBS
])
