# SPDX-License-Identifier: GPL-3.0-or-later
# configure takes GNU readline and nothing that only bears its name.
echo 1..3
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1

# configure refuses to start beside a tree that is configured in place, so it
# runs in a copy of what it looks at before it comes to readline.
cp "$top_srcdir/configure" . && ln -s "$top_srcdir/build-aux" build-aux &&
    ln -s "$top_srcdir/src" src || exit 1
mkdir -p header/readline library

cat >header/readline/readline.h <<'END'
/* As libedit's: the same functions, the version of a readline of 2006. */
#define RL_READLINE_VERSION 0x0402
extern int rl_readline_version, rl_gnu_readline_p;
void rl_callback_handler_install(const char *, void (*)(char *));
void rl_callback_read_char(void);
int rl_clear_visible_line(void);
END
cat >library/edit.c <<'END'
/* A library of libedit's kind behind the right header. */
int rl_readline_version = 0x0402, rl_gnu_readline_p = 0;
void rl_callback_handler_install(const char *p, void (*f)(char *))
{ (void)p; (void)f; }
void rl_callback_read_char(void) { }
int rl_clear_visible_line(void) { return 0; }
END
# shellcheck disable=SC2086
$CC -c -o library/edit.o library/edit.c &&
    ar rc library/libreadline.a library/edit.o || exit 1

# What this build found out is asked only once, but for readline.
sed -n '/^## Cache variables/,/^## Output variables/p' \
    "$top_builddir/config.log" | grep '^[a-z]*_cv_[A-Za-z0-9_]*=' |
    grep -v -e readline -e '^ac_cv_env_' >before
cp before cache

failed=0
# refused N NAME WORDS: what configure says in "log" must hold WORDS.
refused() {
	if [ "$status" != 0 ] && grep -q "error: .*$3" log; then
		echo "ok $1 - readline: $2"
	else
		sed 's/^/# /' log | tail -n 5
		echo "not ok $1 - readline: $2"
		failed=1
	fi
}

./configure --cache-file=cache CC="$CC" CPPFLAGS="-I$work/header" >log 2>&1
status=$?
refused 1 "the header of libedit is refused" \
    "readline.h> is not of GNU readline 8"

cp before cache
./configure --cache-file=cache CC="$CC" LDFLAGS="-L$work/library" >log 2>&1
status=$?
refused 2 "the library of libedit behind readline's header is refused" \
    "is not GNU readline 8"

if grep -q 'READLINE_LIBS=.*readline' "$top_builddir/config.log"; then
	echo "ok 3 - readline: the real one was taken for this build"
else
	echo "not ok 3 - readline: the real one was taken for this build"
	failed=1
fi
exit $failed
