# SPDX-License-Identifier: GPL-3.0-or-later
# DW_LINUX_EXTRAS
# ---------------
# What Linux has beyond POSIX, and some others with it.  Each stands behind one
# small function that has a POSIX form too, chosen by the HAVE_ that is
# defined here; tests/system/rooms.py knows which file each belongs to.
# --disable-linux-extras takes every POSIX form, as on a system that has none
# of these.  DW_WITH_LINUX_EXTRAS is for what headers tell by themselves:
#	#if defined(IP_PKTINFO) && defined(DW_WITH_LINUX_EXTRAS)
AC_DEFUN([DW_LINUX_EXTRAS],[
AC_ARG_ENABLE([linux-extras],[AS_HELP_STRING([--disable-linux-extras],
	[use the POSIX forms of everything that only some systems have])],[],
	[enable_linux_extras=yes])
enable_linux_extras_says="none, as asked"
AS_IF([test "$enable_linux_extras" != no],[
	AC_DEFINE([DW_WITH_LINUX_EXTRAS],[1],
		[Define to 1 unless --disable-linux-extras.])
	AC_CHECK_FUNCS([accept4 adjtimex dl_iterate_phdr eventfd fopencookie getrandom inotify_init1 memmem memrchr signalfd])
	AC_CHECK_HEADERS([linux/sockios.h])
	AC_CHECK_FUNC([epoll_create1],
		[AC_DEFINE([HAVE_EPOLL],[1],[Define to 1 if epoll(7) is there.])])
	AC_CHECK_MEMBERS([struct statfs.f_type],[],[],[[#include <sys/vfs.h>]])
	DW_PTHREAD_SETNAME
	DW_PTHREAD_ATTR_SETSIGMASK
	DW_SEM_CLOCKWAIT
	enable_linux_extras_says="those that are there"
])
])

# DW_PTHREAD_SETNAME
# ------------------
# The form with two arguments; other systems have it with one.
AC_DEFUN([DW_PTHREAD_SETNAME],[
dw_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $PTHREAD_CFLAGS -Werror"
AC_MSG_CHECKING([for pthread_setname_np with a thread and a name])
AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <pthread.h>]],
	[[return pthread_setname_np(pthread_self(), "name");]])],
	[AC_MSG_RESULT([yes])
	AC_DEFINE([HAVE_PTHREAD_SETNAME_NP],[1],
		[Define to 1 if pthread_setname_np(thread, name) is there.])],
	[AC_MSG_RESULT([no])])
CFLAGS=$dw_save_CFLAGS
])

# DW_PTHREAD_ATTR_SETSIGMASK
# --------------------------
# A thread's attributes have its signal mask: glibc since 2.32.
AC_DEFUN([DW_PTHREAD_ATTR_SETSIGMASK],[
dw_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $PTHREAD_CFLAGS"
AC_CHECK_FUNCS([pthread_attr_setsigmask_np])
CFLAGS=$dw_save_CFLAGS
])

# DW_SEM_CLOCKWAIT
# ----------------
# A semaphore is waited for by the clock that nobody sets: glibc since 2.30.
# The thread sanitizer does not know what it does.
AC_DEFUN([DW_SEM_CLOCKWAIT],[
dw_save_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $PTHREAD_CFLAGS"
AS_CASE([$enable_sanitizer],[*thread*],[],[AC_CHECK_FUNCS([sem_clockwait])])
CFLAGS=$dw_save_CFLAGS
])
