# SPDX-License-Identifier: GPL-3.0-or-later
# make installcheck: programs outside of this tree use what was installed.
EXTRA_DIST += tests/install/echo.c tests/install/echo.cc tests/install/run.sh

installcheck-local:
	@for language in c c++; do \
	    CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' \
	    DESTDIR='$(DESTDIR)' libdir='$(libdir)' \
	    pkgconfigdir='$(pkgconfigdir)' sanitizer='$(SANITIZER_CFLAGS)' \
	    $(SHELL) $(srcdir)/tests/install/run.sh $$language || \
	    test $$? = 77 || exit 1; \
	done
