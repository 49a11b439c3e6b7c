#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# An operator that is a script: it answers whoever waits with one sentence, and
# says goodbye.
#
#	answer.sh [OPTION OF deskwire ctl]...
#
# It ends when nobody is left whom it can answer.  DESKWIRE names another program
# than deskwire.
set -u

options=("$@")

ctl() {
	"${DESKWIRE:-deskwire}" ctl "${options[@]}" "$@"
}

# One customer: session $1, of which all up to event $2 is known.
answer() {
	ctl take "$1" || return
	ctl --seen "$2" reply "$1" "Thank you. We open at 9; write again then." ||
	    return
	ctl close "$1"
}

again=yes
while [ -n "$again" ]; do
	again=
	list=$(ctl list --json) || exit
	while read -r row; do
		# Whoever has left cannot read it.
		[[ $row == *'"gone":true'* ]] && continue
		[[ $row =~ ^\{\"seq\":([0-9]+),\"sid\":([0-9]+), ]] || continue
		sid=${BASH_REMATCH[2]}
		answer "$sid" "${BASH_REMATCH[1]}"
		case $? in
		0)	again=yes; echo "answered $sid" ;;
		7 | 8)	;; # it has gone, or a colleague was faster
		*)	exit 1 ;;
		esac
	done <<<"$list"
done
