# SPDX-License-Identifier: GPL-3.0-or-later
# make installcheck: programs outside of this tree use what was installed.
EXTRA_DIST += tests/install/echo.c tests/install/echo.cc tests/install/run.sh

installcheck-local:
	@for what in c c++ examples; do \
	    CC='$(CC)' CXX='$(CXX)' PKG_CONFIG='$(PKG_CONFIG)' \
	    DESTDIR='$(DESTDIR)' libdir='$(libdir)' \
	    pkgconfigdir='$(pkgconfigdir)' \
	    examplesdir='$(examplesdir)' sanitizer='$(SANITIZER_CFLAGS)' \
	    $(SHELL) $(srcdir)/tests/install/run.sh $$what || \
	    test $$? = 77 || exit 1; \
	done
