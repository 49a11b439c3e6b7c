# SPDX-License-Identifier: GPL-3.0-or-later
# What make install puts down works, and make uninstall takes all of it away.
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0
number=0
echo 1..5

# verdict STATUS NAME: on failure shows what was written to "log".
verdict() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - install: $2"
	else
		tail -n 20 "$work/log" | sed 's/^/# /'
		echo "not ok $number - install: $2"
		failed=1
	fi
}
skip() {
	number=$((number + 1))
	echo "ok $number # SKIP $1"
}
# This runs inside of a make: its flags and its job server are not for ours.
quiet_make() {
	(unset MAKEFLAGS MFLAGS MAKELEVEL
	make -C "$top_builddir" DESTDIR="$work/to" "$@" >"$work/log" 2>&1)
}
prefix=$(sed -n 's/^prefix = //p' "$top_builddir/Makefile")
at=$work/to$prefix

quiet_make install
verdict $? "make install into a folder succeeds"

if [ -e "$top_builddir/deskwire" ]; then
	{ "$at/bin/deskwire" --version 2>&1 && "$at/bin/deskwire" --help
	} >"$work/log" 2>&1 && grep -q "$VERSION" "$work/log"
	verdict $? "the program starts from there and knows its version"
	readelf -d "$at/bin/deskwire" >"$work/log"
	! grep -q 'libsocketserver' "$work/log"
	verdict $? "the program starts without our shared library"
else
	skip "there is no program yet"
	skip "there is no program yet"
fi

if [ ! -e "$at/include/socketserver.h" ]; then
	skip "there is no public header yet"
elif grep -q '^SANITIZER_CFLAGS = .' "$top_builddir/Makefile"; then
	skip "a sanitizer's library needs its program built alike"
else
	cat >"$work/use.c" <<-'END'
	#include <socketserver.h>
	#include <string.h>
	int main(void) { return strlen(sks_strerror(0)) == 0; }
	END
	# shellcheck disable=SC2086
	$CC -Wall -Werror -o "$work/use" "$work/use.c" -I"$at/include" \
	    -L"$at/lib" -lsocketserver >"$work/log" 2>&1 &&
	    LD_LIBRARY_PATH=$at/lib "$work/use" >>"$work/log" 2>&1
	verdict $? "a program with the installed header and library works"
fi

quiet_make uninstall
find "$work/to" ! -type d >"$work/log"
[ ! -s "$work/log" ]
verdict $? "make uninstall leaves nothing"
exit $failed
