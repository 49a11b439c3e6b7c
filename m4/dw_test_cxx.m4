# SPDX-License-Identifier: GPL-3.0-or-later
# DW_TEST_CXX
# -----------
# A C++ compiler, with which the tests show that C++ programs can use
# libsocketserver.  Sets CXX, to "no" where there is none that works.
AC_DEFUN([DW_TEST_CXX],[
AC_ARG_VAR([CXX],[C++ compiler, for the tests only])
AC_CHECK_PROGS([CXX],[g++ c++ clang++],[no])
AS_IF([test "$CXX" != no],[
	AC_MSG_CHECKING([whether $CXX makes programs])
	echo '#include <vector>
int main() { return (int)std::vector<int>().size(); }' >conftest.cc
	AS_IF([$CXX -std=c++11 -o conftest.x conftest.cc >&AS_MESSAGE_LOG_FD 2>&1],
		[AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		CXX=no])
	rm -f conftest.cc conftest.x
])
])
