# SPDX-License-Identifier: GPL-3.0-or-later
# What libsocketserver shows to the world and what it needs of it.
so=$top_builddir/.libs/libsocketserver.so
echo 1..3

if [ ! -e "$so" ]; then
	for n in 1 2 3; do
		echo "ok $n # SKIP built without the shared library"
	done
	exit 0
fi
failed=0
verdict() {
	if [ -n "$3" ]; then
		echo "$3" | sed 's/^/# /'
		echo "not ok $1 - symbols: $2"
		failed=1
	else
		echo "ok $1 - symbols: $2"
	fi
}

# The sanitizers add marks of their own.
shown=$(nm -D --defined-only "$so" | awk '{ print $3 }' |
    grep -vE '^(__odr_asan|__asan|__tsan|__ubsan|_init$|_fini$)' | sort -u)
verdict 1 "the library exports only sks_ names" \
    "$(echo "$shown" | grep -v '^sks_')"
# Declarations may go over several lines; the name stands before the first "(".
declared=$(tr '\n\t' '  ' <"$top_srcdir/src/socketserver/socketserver.h" |
    grep -oE 'SKS_API [^#;(]*[ *]sks_[a-z0-9_]+ ?\(' |
    sed -E 's/.*[ *](sks_[a-z0-9_]+) ?\($/\1/' | sort -u)
verdict 2 "every function of the header is there, and no other" \
    "$({ echo "$declared" | sed p; echo "$shown"; } | sort |
	uniq -c | awk '$1 == 1 { print "not in the header: " $2 }
	    $1 == 2 { print "not in the library: " $2 }')"
verdict 3 "the library needs neither readline nor OpenSSL nor SQLite" \
    "$(readelf -d "$so" | grep NEEDED |
	grep -E 'readline|crypto|ssl|sqlite|jansson|unistring')"
exit $failed
