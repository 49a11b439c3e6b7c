# SPDX-License-Identifier: GPL-3.0-or-later
# DW_VERSION_SCRIPT
# -----------------
# Whether the linker gives symbols their versions: sets the automake condition
# HAVE_VERSION_SCRIPT.  Without, the library exports the same names.
AC_DEFUN([DW_VERSION_SCRIPT],[
dw_save_LDFLAGS=$LDFLAGS
LDFLAGS="$LDFLAGS -Wl,--version-script=conftest.map"
AC_MSG_CHECKING([whether the linker takes --version-script])
cat >conftest.map <<'_DW_END'
SOME_1 {
	global:
		some_*;
	local:
		*;
};
_DW_END
AC_LINK_IFELSE([AC_LANG_PROGRAM],
	[AC_MSG_RESULT([yes])
	dw_version_script=yes],
	[AC_MSG_RESULT([no])
	dw_version_script=no])
rm -f conftest.map
LDFLAGS=$dw_save_LDFLAGS
AM_CONDITIONAL([HAVE_VERSION_SCRIPT],[test $dw_version_script = yes])
])
