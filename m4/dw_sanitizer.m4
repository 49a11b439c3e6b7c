# SPDX-License-Identifier: GPL-3.0-or-later
# DW_SANITIZER
# ------------
# --enable-sanitizer=address,undefined|thread: one switch for the compiler,
# the linker and the hardening flags, which it turns off.  Sets
# SANITIZER_CFLAGS, which is also needed when linking.
AC_DEFUN([DW_SANITIZER],[
AC_ARG_ENABLE([sanitizer],[AS_HELP_STRING([--enable-sanitizer=LIST],
	[build with "address,undefined" or with "thread"])],[],
	[enable_sanitizer=no])
AS_CASE([$enable_sanitizer],
	[no],[],
	[yes],[AC_MSG_ERROR([which one? --enable-sanitizer=address,undefined or --enable-sanitizer=thread])],
	[SANITIZER_CFLAGS="-fsanitize=$enable_sanitizer -fno-sanitize-recover=all -fno-omit-frame-pointer"
	dw_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $SANITIZER_CFLAGS"
	AC_MSG_CHECKING([whether $CC builds with $SANITIZER_CFLAGS])
	AC_LINK_IFELSE([AC_LANG_PROGRAM],[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([$CC cannot build with -fsanitize=$enable_sanitizer])])
	CFLAGS=$dw_save_CFLAGS])
AC_SUBST([SANITIZER_CFLAGS])
])
