#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a program against the installed library, as somebody would who has
# nothing of this tree, and runs it.
#	tests/install/run.sh c|c++
#	tests/install/run.sh examples	builds those that were installed
# The environment names what was installed where: DESTDIR, libdir,
# pkgconfigdir, examplesdir; and the tools: CC, CXX, PKG_CONFIG, sanitizer (flags
# the library was built with).  Exits 77 with a sentence where it cannot be
# tried.
set -eu

skip() {
	echo "$1: not tried, $2"
	exit 77
}

here=$(cd "$(dirname "$0")" && pwd)
strict="-Wall -Wextra -pedantic -Werror"
case ${1-} in
c)	name=C compile="$CC -std=c99 $strict" source=$here/echo.c ;;
c++)	name=C++ compile="$CXX -std=c++11 $strict" source=$here/echo.cc ;;
examples) name=examples ;;
*)	sed -n '5,6s/^#	/usage: /p' "$0" >&2; exit 2 ;;
esac

[ "$name" != C++ ] || [ "$CXX" != no ] || skip "$name" "there is no C++ compiler"
[ "$name" != C++ ] || [ -z "$sanitizer" ] ||
    skip "$name" "the C++ compiler's sanitizer may be another than the C one's"
"$PKG_CONFIG" --version >/dev/null 2>&1 ||
    skip "$name" "there is no pkg-config"

# pkg-config leaves out the folders that a compiler searches anyway, which
# those in DESTDIR are not.
PKG_CONFIG_PATH=$DESTDIR$pkgconfigdir${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
export PKG_CONFIG_PATH
if [ -n "$DESTDIR" ]; then
	PKG_CONFIG_SYSROOT_DIR=$DESTDIR
	PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
	PKG_CONFIG_ALLOW_SYSTEM_LIBS=1
	export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_ALLOW_SYSTEM_CFLAGS \
	    PKG_CONFIG_ALLOW_SYSTEM_LIBS
fi
libs=--libs
[ -e "$DESTDIR$libdir/libsocketserver.so" ] || libs="--static --libs"

work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
LD_LIBRARY_PATH=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export LD_LIBRARY_PATH

# As its first lines say: in an empty folder, from the installed Makefile.
build_examples() {
	make --version 2>/dev/null | grep -q GNU ||
	    skip "$name" "this is no GNU make"
	(unset MAKEFLAGS MFLAGS MAKELEVEL
	# shellcheck disable=SC2086
	make -s -C "$work" -f "$DESTDIR$examplesdir/Makefile" CC="$CC" \
	    CFLAGS="-std=c99 $strict $sanitizer" PKG_CONFIG="$PKG_CONFIG" \
	    SKS_LIBS="$("$PKG_CONFIG" $libs libsocketserver)")
}

# A client that says quit, and the server's end when it is told to.
run_examples() {
	mkfifo "$work/rows"
	"$work/threading_server" 127.0.0.1 0 </dev/null >"$work/rows" &
	exec 3<"$work/rows"
	read -r row <&3
	port=${row##*:}
	echo quit | "$work/tcp_client" 127.0.0.1 "${port%% *}" >"$work/log"
	grep -q 'Client received ==> .* - quit' "$work/log"
	kill $!
	wait $!
}

if [ "$name" = examples ]; then
	build_examples
	run_examples
	echo "examples: a client and a server have said quit"
	exit
fi

# Nothing of the source tree: neither its headers nor its folder.
cp "$source" "$work/"
cd "$work"
# shellcheck disable=SC2086
flags=$("$PKG_CONFIG" --cflags $libs libsocketserver)
# shellcheck disable=SC2086
$compile $sanitizer -o program "$(basename "$source")" $flags
./program
