#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Builds a program against the installed library, as somebody would who has
# nothing of this tree, and runs it.
#	tests/install/run.sh c|c++
# The environment names what was installed where: DESTDIR, libdir,
# pkgconfigdir; and the tools: CC, CXX, PKG_CONFIG, sanitizer (flags the
# library was built with).  Exits 77 with a sentence where it cannot be tried.
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
*)	sed -n '5s/^#	/usage: /p' "$0" >&2; exit 2 ;;
esac

[ "$name" = C ] || [ "$CXX" != no ] || skip "$name" "there is no C++ compiler"
[ "$name" = C ] || [ -z "$sanitizer" ] ||
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
# Nothing of the source tree: neither its headers nor its folder.
cp "$source" "$work/"
cd "$work"
# shellcheck disable=SC2086
flags=$("$PKG_CONFIG" --cflags $libs libsocketserver)
# shellcheck disable=SC2086
$compile $sanitizer -o program "$(basename "$source")" $flags
LD_LIBRARY_PATH=$DESTDIR$libdir${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH} ./program
