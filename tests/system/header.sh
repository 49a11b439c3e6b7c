# SPDX-License-Identifier: GPL-3.0-or-later
# socketserver.h is all that a program needs to include, in C and in C++, and
# says nothing to a strict compiler.
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
failed=0
number=0
strict="-Wall -Wextra -pedantic -Werror -fsyntax-only
    -I$top_srcdir/src/socketserver"

# compiles NAME COMPILER STANDARD: a program from standard input.
compiles() {
	number=$((number + 1))
	cat >"$work/program"
	# shellcheck disable=SC2086
	if [ "$2" = no ]; then
		echo "ok $number # SKIP there is no C++ compiler"
	elif ! echo 'int x;' | $2 $language $3 -fsyntax-only - \
	    2>/dev/null; then
		echo "ok $number # SKIP the compiler does not know $3"
	elif $2 $language $3 $strict "$work/program" 2>"$work/log"; then
		echo "ok $number - header: $1"
	else
		sed 's/^/# /' "$work/log"
		echo "not ok $number - header: $1"
		failed=1
	fi
}

echo 1..11
cat >"$work/tables" <<'END'
#include <socketserver.h>
struct mine { struct sks_handler base; int more; };
static const struct sks_server_ops server = { SKS_SERVER_OPS };
static const struct sks_handler_ops handler = { SKS_HANDLER_OPS(struct mine) };
int use(void);
int use(void) { return server.size + handler.instance_size == 0; }
END

language='-x c'
for standard in -std=c99 -std=c11 -std=gnu2x; do
	compiles "a C program in $standard" "$CC" $standard <"$work/tables"
done

language='-x c++'
for standard in -std=c++11 -std=c++14 -std=c++17 -std=c++20; do
	compiles "a C++ program in $standard" "$CXX" $standard <<-'END'
	#include <socketserver.h>
	struct mine { sks_handler base; int more; };
	int use()
	{
		sks_server_ops server = {};
		sks_handler_ops handler = {};

		server.size = sizeof server;
		handler.size = sizeof handler;
		handler.instance_size = sizeof(mine);
		return server.size + handler.instance_size == 0;
	}
	END
done
language='-x c++ -Wno-missing-field-initializers'
compiles "the macros of the tables in C++20" "$CXX" -std=c++20 \
    <"$work/tables"

# What must not be ignored cannot be; what may be can.
# shellcheck disable=SC2086
ignores() {
	number=$((number + 1))
	printf '#include <socketserver.h>\n%s\n{ %s }\n' \
	    "void f(struct sks_socket *s); void f(struct sks_socket *s)" \
	    "$2" >"$work/program"
	if $CC -x c -Wall -Werror -I"$top_srcdir/src/socketserver" -c \
	    -o "$work/object" "$work/program" 2>"$work/log"; then
		outcome=fine
	else
		outcome=refused
		grep -q unused-result "$work/log" || outcome=broken
	fi
	if [ $outcome = "$1" ]; then
		echo "ok $number - header: $3"
	else
		sed 's/^/# /' "$work/log"
		echo "not ok $number - header: $3"
		failed=1
	fi
}
ignores refused 'sks_send_text(s, "x");' "whether bytes were sent is not ignored"
ignores fine 'sks_set_option(s, SKS_NODELAY, 1); sks_settimeout(s, 1);
	sks_setblocking(s, 1); sks_set_keepalive(s, 60, 10, 3);
	sks_shutdown(s, SKS_SHUT_WR); sks_wait_hup(s, 0); sks_close(s);' \
    "what is best effort may be ignored"

# A configuration is frozen once the server is made.
number=$((number + 1))
cat >"$work/program" <<'END'
#include <socketserver.h>
void late(struct sks_server *);
void late(struct sks_server *srv) { sks_server_get_config(srv)->backlog = 5; }
END
# shellcheck disable=SC2086
if ! $CC -x c $strict "$work/program" 2>"$work/log" &&
    grep -q 'read-only\|not assignable\|a const value' "$work/log"; then
	echo "ok $number - header: what is set too late does not compile"
else
	echo "not ok $number - header: what is set too late does not compile"
	failed=1
fi
exit $failed
