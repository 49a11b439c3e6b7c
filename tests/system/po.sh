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
echo 1..5
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

# Does --help have the bytes that most Chinese characters begin and go on
# with, in this environment?
is_chinese() {
	env -u LC_ALL -u LC_MESSAGES -u LANG -u LANGUAGE \
	    DESKWIRE_LOCALEDIR="$work" "$@" "$top_builddir/deskwire" --help |
	    LC_ALL=C grep -q "$(printf '[\344-\351][\200-\277]')"
}

# Environments, one a line.  Locales that surely are not installed stand for
# those that are not.
see_chinese() {
	mkdir -p "$work/zh_CN/LC_MESSAGES"
	msgfmt -o "$work/zh_CN/LC_MESSAGES/deskwire.mo" "$po" || return 1
	while read -r asked; do
		# shellcheck disable=SC2086
		is_chinese $asked || { echo "no Chinese: $asked"; return 1; }
	done <<-'END'
	LANG=C.UTF-8 LANGUAGE=zh_CN
	LANG=C.UTF-8 LANGUAGE=zh
	LANGUAGE=zh
	LANGUAGE=fr:zh LANG=xx_YY.UTF-8
	LANG=zh_CN.UTF-8
	LANG=zh_CN.no-such-charset
	LC_ALL=zh_CN.UTF-8 LANG=C
	LC_MESSAGES=zh_CN.UTF-8 LANG=en_US.UTF-8
	LANG=zh_SG.UTF-8
	LANG=C.UTF-8 LANGUAGE=zh-Hans-CN:en
	END
}

see_english() {
	while read -r asked; do
		# shellcheck disable=SC2086
		! is_chinese $asked || { echo "Chinese: $asked"; return 1; }
	done <<-'END'
	LANG=C.UTF-8
	LANG=xx_YY.UTF-8
	LC_ALL=C LANGUAGE=zh_CN
	LANG=zh_CN.UTF-8 LANGUAGE=en
	LANG=C.UTF-8 LANGUAGE=en_GB:zh_CN
	LC_ALL=C LANG=zh_CN.UTF-8
	END
}

if [ -e "$top_builddir/deskwire" ] &&
    grep -q '^#define ENABLE_NLS 1' "$top_builddir/config.h"; then
	see_chinese >"$work/log" 2>&1
	verdict $? "who asks for Chinese sees it, also without that locale"
	see_english >"$work/log" 2>&1
	verdict $? "who asks for English, or for C, sees English"
else
	echo "ok 4 # SKIP no program with translations"
	echo "ok 5 # SKIP no program with translations"
fi
exit $failed
