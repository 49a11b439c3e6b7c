# SPDX-License-Identifier: GPL-3.0-or-later
# scripts/deps on machines of our own making: dpkg-query, apt-get, sudo and id
# are ours, so nothing is installed.
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0
number=0
echo 1..6

verdict() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - deps: $2"
	else
		sed 's/^/# /' "$work/log" "$work/apt" 2>/dev/null
		echo "not ok $number - deps: $2"
		failed=1
	fi
}

# program NAME: a script from standard input, found before the system's.
program() {
	{ echo '#!/bin/sh'; cat; } >"$work/$1"
	chmod +x "$work/$1"
}
run_deps() {
	rm -f "$work/apt"
	PATH=$work:$PATH WORK=$work "$top_srcdir/scripts/deps" >"$work/log" 2>&1
}

program dpkg-query <<'END'
for last; do :; done
[ "$last" != "${MISSING-}" ] || exit 1
echo install ok installed
END
program apt-get <<'END'
echo "$*" >>"$WORK/apt"
case $1 in
install) [ "$(wc -l <"$WORK/apt")" -gt "${FAILURES-0}" ] ;;
esac
END
program sudo <<'END'
exit 1
END
program id <<'END'
echo "${WHO-0}"
END

run_deps && [ ! -e "$work/apt" ]
verdict $? "with everything there it does nothing"

MISSING=libcunit1-dev WHO=1000
export MISSING WHO
run_deps
[ $? = 77 ] &&
    grep -q '^    sudo apt-get update && sudo apt-get install libcunit1-dev$' \
	"$work/log" &&
    [ ! -e "$work/apt" ]
verdict $? "without root it prints the line to run, with an update, and exits 77"

# Where the system has a sudo of its own it cannot be taken away.
mv "$work/sudo" "$work/no-sudo"
run_deps
[ $? = 77 ] && { command -v sudo >/dev/null ||
    grep -q '^    apt-get update && apt-get install libcunit1-dev$' \
	"$work/log"; } &&
    [ ! -e "$work/apt" ]
verdict $? "the line does not begin with a sudo that is not there"
mv "$work/no-sudo" "$work/sudo"

WHO=0
run_deps && [ "$(grep -c . "$work/apt")" = 1 ] &&
    grep -q '^install .*-o DPkg::Lock::Timeout=600 libcunit1-dev$' "$work/apt"
verdict $? "as root it installs what is missing, waiting for another apt"

FAILURES=1
export FAILURES
run_deps && [ "$(cut -d' ' -f1 "$work/apt" | tr '\n' ' ')" = \
    "install update install " ]
verdict $? "after a failure it updates the lists once and tries again"

FAILURES=9
! run_deps && [ "$(grep -c . "$work/apt")" = 3 ]
verdict $? "a second failure is a failure"
exit $failed
