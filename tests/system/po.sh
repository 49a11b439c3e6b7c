# SPDX-License-Identifier: GPL-3.0-or-later
# The Chinese catalogue is complete, and a user sees it.
work=$(mktemp -d /tmp/dwXXXXXX)
trap 'rm -rf "$work"' EXIT
po=$top_srcdir/po/zh_CN.po
failed=0
number=0

# verdict STATUS NAME: on failure shows what was written to "log".
verdict() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - po: $2"
	else
		tail -n 40 "$work/log" | sed 's/^/# /'
		echo "not ok $number - po: $2"
		failed=1
	fi
}

# Every message of the sources, found anew: the lists are what is tested.
# scripts/update-po brings them up to date.
find_messages() {
	(cd "$top_srcdir" && find src -name '*.[ch]' -o -name '*.def' | sort |
	    xgettext --language=C --files-from=- --from-code=UTF-8 --keyword=_ \
		--keyword=N_ --keyword=DW_PLURAL:1,2 --no-wrap \
		--force-po -o "$work/all.pot") >"$work/log" 2>&1
}

if ! command -v xgettext >/dev/null || ! xgettext --version >/dev/null 2>&1
then
	echo "1..0 # SKIP no gettext tools"
	exit 0
fi
echo 1..4
find_messages || cat "$work/log" >&2

sed -n 's/^#: //p' "$work/all.pot" | tr ' ' '\n' | sed 's/:[0-9]*$//' |
    grep -v '^$' | sort -u >"$work/have"
grep -v '^#' "$top_srcdir/po/POTFILES.in" | grep -v '^$' | sort -u \
    >"$work/listed"
diff "$work/listed" "$work/have" >"$work/log"
verdict $? "POTFILES.in lists the files that have messages, and no other"

LC_ALL=C msgfmt --check --statistics -o /dev/null "$po" >"$work/log" 2>&1 &&
    ! grep -E 'fuzzy|untranslated' "$work/log" >/dev/null
verdict $? "no message is fuzzy or untranslated"

# The two lists side by side, each message on one line.
ids() {
	msgattrib --no-obsolete --no-wrap --no-location "$1" |
	    msgconv --no-wrap -t UTF-8 | awk '/^msgid / { on = 1; id = "" }
		/^msgstr/ { if (on && id != "") print id; on = 0 }
		on { sub(/^msgid(_plural)? /, ""); gsub(/^"|"$/, "")
		    id = id $0 }' | sort
}
sed -i 's/charset=CHARSET/charset=UTF-8/' "$work/all.pot"
ids "$work/all.pot" >"$work/wanted"
ids "$po" >"$work/there"
diff "$work/there" "$work/wanted" >"$work/log"
verdict $? "the catalogue has every message of the sources, and no other"

# The program looks where it will be installed, so its eyes are turned to
# the build's catalogue.
see_chinese() {
	mkdir -p "$work/zh_CN/LC_MESSAGES"
	msgfmt -o "$work/zh_CN/LC_MESSAGES/deskwire.mo" "$po" || return 1
	cat >"$work/turn.c" <<-'END'
	#include <dlfcn.h>
	#include <stdlib.h>
	char *
	bindtextdomain(const char *domain, const char *dir)
	{
		char *(*real)(const char *, const char *);

		*(void **)&real = dlsym(RTLD_NEXT, "bindtextdomain");
		return real(domain, dir == NULL ? dir : getenv("CATALOGUE"));
	}
	END
	# shellcheck disable=SC2086
	$CC -D_GNU_SOURCE -shared -fPIC -o "$work/turn.so" "$work/turn.c" \
	    -ldl || return 1
	env -u LC_ALL LANG=C.UTF-8 LANGUAGE=zh_CN CATALOGUE="$work" \
	    ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD="$work/turn.so" \
	    "$top_builddir/deskwire" --help >"$work/help" || return 1
	# The bytes that most Chinese characters begin and go on with.
	LC_ALL=C grep -q "$(printf '[\344-\351][\200-\277]')" "$work/help"
}

if [ -e "$top_builddir/deskwire" ] &&
    grep -q '^#define ENABLE_NLS 1' "$top_builddir/config.h"; then
	see_chinese >"$work/log" 2>&1
	verdict $? "LANG=C.UTF-8 LANGUAGE=zh_CN shows Chinese"
else
	echo "ok 4 # SKIP no program with translations"
fi
exit $failed
