#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The simulator finds mistakes: each row below plants one in a copy of the
# desk, and the simulator must fail with it.  A row whose pattern no longer
# fits the source fails too.
set -u

srcdir=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
builddir=${top_builddir:-.}
dir=$(mktemp -d /tmp/dwXXXXXX) || exit 1
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT TERM
flags="-std=gnu11 -O1 -D_GNU_SOURCE -I$builddir -I$dir -I$srcdir/src"

# file | sed | what is wrong then
mutations=$(cat <<'ROWS'
publish.c|s/say(r, fx->session->conn, ev->who/say(r, DW_LIST_OF(r->d->conns.next, struct desk_conn, node), ev->who/|a reply goes to somebody else
publish.c|s/^	fx->session = s;$/	fx->session = s; fx->undo = publish_deliver;/|a reply is sent though it is not stored
publish.c|s/fx->undo = undo_answer;/fx->undo = publish_answer;/|what is not stored is acknowledged
publish.c|/fx->undo = undo_answer;/d|nobody answers when a round is undone
publish.c|/saved\[i\]\.session->facts = /d|facts are not restored
publish.c|/^	d->seq = d->stored_seq;/d|events are missing a number
publish.c|/fx->late = true;/d|an operator sees half a round twice
publish.c|/fx->undo = undo_wrote;/d|a client whose text is not stored waits for ever
publish.c|/^	if (!c->ending)$/d|the turn of a dead client wakes the desk
turn.c|s/dw_text_cut(dw_buf_str(&t->held), t->held.len, TEXT_MAX)/t->held.len < TEXT_MAX ? t->held.len : TEXT_MAX/|a chunk is cut inside a character
turn.c|s/if (t->ended || t->unread)/if (t->ended)/|a second unread chunk
turn.c|s/dw_quit_guard(&t->held, text, len);/dw_buf_add(\&t->held, text, len);/|a typed quit hangs up on the customer
turn.c|s/t->since_ns + t->times.hold_ns;/DW_NEVER;/|no holding line
desk.c|s/d->sid = d->stored_sid = last_sid;/d->sid = d->stored_sid = last_sid - (last_sid > 0);/|a session number is used again
desk.c|s/if (left > 0) {/if (left > 0 \|\| now.ms > 0) {/|a gone session is never closed
desk.c|/desk_settle_sent(d, s, now);/d|nobody learns that a reply has left
publish.c|s/facts.state == EV_STATE_CLOSED \&\& !is_awaited(s)/facts.state == EV_STATE_CLOSED/|nobody learns that the last words have left
decide.c|s/rq->offset >= rq->conn->put_end/rq->offset > 0/|sent before it has left
decide.c|s/^		c->session->conn = NULL;$//|a connection that has left is kept
datagrams.c|s/^	fx = desk_effect_add(d, publish_answer);$/&\n	fx->undo = publish_answer;/|a datagram is sent though its answer is not stored
datagrams.c|s/^	\*copy = \*to;$/	*copy = d->peers.all[0];/|an answer goes to another sender
datagrams.c|/^	d->unread = d->stored_unread;/d|what was not stored is counted
datagrams.c|/^	d->udp_sent_emitted = 0;/d|nobody learns that an answer has left
peers.c|s/^	return only != NULL \&\& !only->quit ? only : NULL;/	return only != NULL \&\& only->quit ? ps->all : only;/|who has left is answered
peers.c|s/^		if (!is_recent(ps, &ps->all/		if (!desk_peer_is_known(ps, \&ps->all/|another is answered than who has just left
visitor.c|s/= dw_buf_take(&name)/= NULL/|a name is read when it is gone
ROWS
)

compile()
{
	# shellcheck disable=SC2086
	${CC:-cc} $flags -c "$1" -o "$2"
}

objects()
{
	mkdir "$dir/o" || return 1
	for source in "$srcdir"/tests/sim/*.c "$srcdir"/src/desk/*.c "$srcdir"/src/event/*.c \
	    "$srcdir"/src/base/buf.c "$srcdir"/src/base/mem.c \
	    "$srcdir"/src/base/quit.c "$srcdir"/src/base/text.c
	do
		compile "$source" "$dir/o/$(basename "$source" .c).o" ||
		    return 1
	done
}

link_and_run()
{
	${CC:-cc} "$dir"/o/*.o -lunistring -o "$dir/sim" || return 99
	timeout 60 "$dir/sim" --steps 300000 >"$dir/out" 2>&1
}

# The mistake's object stands where the right one was, and then goes again.
plant()
{
	object=$dir/o/${1%.c}.o
	sed "$2" "$srcdir/src/desk/$1" >"$dir/$1"
	if cmp -s "$srcdir/src/desk/$1" "$dir/$1"; then
		echo "# the row no longer fits $1: $2"
		return 1
	fi
	mv "$object" "$dir/right.o"
	compile "$dir/$1" "$object" || return 1
	link_and_run
	status=$?
	mv "$dir/right.o" "$object"
	[ $status -ne 0 ] && [ $status -ne 99 ] && [ $status -ne 124 ]
}

if ! objects || ! link_and_run; then
	[ -f "$dir/out" ] && sed 's/^/# /' "$dir/out"
	echo "Bail out! plant: the simulator fails without a mistake"
	exit 1
fi

n=0
failed=0
while IFS='|' read -r file edit what; do
	# A sed script may have | in it: the last field is the words.
	while case $what in *'|'*) true ;; *) false ;; esac; do
		edit=$edit'|'${what%%|*}
		what=${what#*|}
	done
	n=$((n + 1))
	if plant "$file" "$edit"; then
		echo "ok $n - plant: $what"
	else
		echo "not ok $n - plant: $what"
		failed=1
	fi
done <<ROWS
$mutations
ROWS
echo "1..$n"
exit $failed
