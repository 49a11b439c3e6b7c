# SPDX-License-Identifier: GPL-3.0-or-later
# What make install puts down works, and make uninstall takes all of it away.
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0
number=0
echo 1..8

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

quiet_make installcheck
installcheck=$?
for language in C C++; do
	name="a $language program outside of the tree uses the installed library"
	if reason=$(grep "^$language: not tried" "$work/log"); then
		skip "$reason"
	else
		[ $installcheck = 0 ] && grep -q "^$language: an echo" "$work/log"
		verdict $? "$name"
	fi
done

name="the examples are built with the installed library, and talk"
if reason=$(grep "^examples: not tried" "$work/log"); then
	skip "$reason"
else
	[ $installcheck = 0 ] && grep -q "^examples: a client" "$work/log"
	verdict $? "$name"
fi

man3=$(find "$work/to" -name sks_server_new.3)
echo "sks_server_new.3: $man3" >"$work/log"
[ "$(cat "$man3")" = ".so man3/sks_server.3" ] &&
    [ -e "${man3%/*}/sks_server.3" ] && [ -e "${man3%/*}/libsocketserver.3" ]
verdict $? "each function of the library has a page under its name"

quiet_make uninstall
# Folders that others may use stay; ours do not.
find "$work/to" ! -type d -o -path "*/doc/deskwire*" >"$work/log"
[ ! -s "$work/log" ]
verdict $? "make uninstall leaves nothing"
exit $failed
