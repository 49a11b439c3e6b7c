# Completes deskwire's words in bash.  'deskwire completion bash' writes this.

_deskwire_words()
{
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
	if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]]; then
		compopt -o nospace 2>/dev/null
	fi
}

_deskwire_files()
{
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <("$@" -- "$cur")
}

_deskwire()
{
	local cur=${COMP_WORDS[COMP_CWORD]}
	local prev=${COMP_WORDS[COMP_CWORD-1]}
	local verb=open options= words=

	COMPREPLY=()
	# bash takes an option and its value apart at the =.
	if [[ $cur == = ]]; then
		cur=
	elif [[ $prev == = && $COMP_CWORD -gt 1 ]]; then
		prev=${COMP_WORDS[COMP_CWORD-2]}
	fi
	if [[ $COMP_CWORD -gt 1 && ${COMP_WORDS[1]} != -* ]]; then
		verb=${COMP_WORDS[1]}
	fi
	case $prev in
	-l | --listen) return ;;
	--proxy-from) return ;;
	--metrics) return ;;
	-s | --state) _deskwire_files compgen -d; return ;;
	--operator-socket) _deskwire_files compgen -f; return ;;
	--operator-group) _deskwire_files compgen -g; return ;;
	--hours) return ;;
	--config) _deskwire_files compgen -f; return ;;
	--desk-user) _deskwire_files compgen -u; return ;;
	--name) return ;;
	--as) return ;;
	--greeting) _deskwire_files compgen -f; return ;;
	--charset) _deskwire_words "utf-8 gb18030 gbk big5 shift_jis euc-kr koi8-r windows-1251 iso-8859-1"; return ;;
	--log) _deskwire_files compgen -f; return ;;
	--log-format) _deskwire_words "text json"; return ;;
	--log-addresses) _deskwire_words "full net none"; return ;;
	--seen) return ;;
	--accept-end) return ;;
	--script) _deskwire_files compgen -f; return ;;
	--on-eof) _deskwire_words "leave stay"; return ;;
	--color) _deskwire_words "auto always never"; return ;;
	--clock) _deskwire_words "minute second off"; return ;;
	--bell) _deskwire_words "mine new all none"; return ;;
	--wait) return ;;
	--max-sessions) return ;;
	--max-per-address) return ;;
	--max-operators) return ;;
	--silence-ms) return ;;
	--hello-timeout) return ;;
	--first-line-timeout) return ;;
	--line-timeout) return ;;
	--idle-timeout) return ;;
	--max-line) return ;;
	--max-message) return ;;
	--rate) return ;;
	--burst) return ;;
	--max-datagram) return ;;
	--max-answer) return ;;
	--udp-rate) return ;;
	--udp-burst) return ;;
	--udp-queue) return ;;
	--udp-peers) return ;;
	--udp-timeout) return ;;
	--flood-timeout) return ;;
	--max-queue) return ;;
	--stall-timeout) return ;;
	--linger) return ;;
	--holding-line) return ;;
	--held-reply) return ;;
	--add-to-held) return ;;
	--keepalive) return ;;
	--user-timeout) return ;;
	--drain) return ;;
	--gone-after) return ;;
	--claim-timeout) return ;;
	--lost-grace) return ;;
	--away-after) return ;;
	--place-every) return ;;
	--quiet-after) return ;;
	--quiet-warning) return ;;
	--max-ban) return ;;
	--max-gone) return ;;
	--max-gone-per-address) return ;;
	--operator-queue) return ;;
	--stack-size) return ;;
	esac
	case $verb in
	open)
		options="--help --version --listen= --udp= --proxy-from= --metrics= --state= --operator-socket= --operator-group= --hours= --config= --one-at-a-time --name= --as= --greeting= --charset= --log= --log-format= --log-addresses= --log-words --begin-new --accept-end= --allow-plaintext-public --no-history --script= --on-eof= --allow-suspend --color= --clock= --bell= --max-sessions= --max-per-address= --max-operators= --silence-ms= --hello-timeout= --first-line-timeout= --line-timeout= --idle-timeout= --max-line= --max-message= --rate= --burst= --max-datagram= --max-answer= --udp-rate= --udp-burst= --udp-queue= --udp-peers= --udp-timeout= --flood-timeout= --max-queue= --stall-timeout= --linger= --holding-line= --held-reply= --add-to-held= --keepalive= --user-timeout= --drain= --gone-after= --claim-timeout= --lost-grace= --away-after= --place-every= --quiet-after= --quiet-warning= --max-ban= --max-gone= --max-gone-per-address= --operator-queue= --stack-size="
		;;
	demo)
		options="--help --version --listen= --udp= --one-at-a-time --name= --as= --greeting= --charset= --log= --allow-plaintext-public --no-history --script= --on-eof= --allow-suspend --color= --clock= --bell= --max-sessions= --max-per-address= --max-operators= --silence-ms= --hello-timeout= --first-line-timeout= --line-timeout= --idle-timeout= --max-line= --max-message= --rate= --burst= --max-datagram= --max-answer= --udp-rate= --udp-burst= --udp-queue= --udp-peers= --udp-timeout= --flood-timeout= --max-queue= --stall-timeout= --linger= --holding-line= --held-reply= --add-to-held= --keepalive= --user-timeout= --drain= --gone-after= --claim-timeout= --lost-grace= --away-after= --place-every= --quiet-after= --quiet-warning= --max-ban= --max-gone= --max-gone-per-address= --operator-queue= --stack-size="
		;;
	attach)
		options="--help --version --operator-socket= --desk-user= --as= --no-history --script= --on-eof= --color= --clock= --bell="
		;;
	ctl)
		options="--help --version --operator-socket= --desk-user= --as= --json --seen="
		words="away back ban bans charset close decline earlier ended history keep kick msg name note quit release reload reopen same status steal take transfer udp unban visitors whisper who list metrics reply watch"
		;;
	relay)
		options="--help --version --operator-socket= --desk-user= --as="
		;;
	serve)
		options="--help --version --listen= --udp= --proxy-from= --metrics= --state= --operator-socket= --operator-group= --hours= --config= --one-at-a-time --name= --greeting= --charset= --log= --log-format= --log-addresses= --log-words --begin-new --accept-end= --allow-plaintext-public --max-sessions= --max-per-address= --max-operators= --silence-ms= --hello-timeout= --first-line-timeout= --line-timeout= --idle-timeout= --max-line= --max-message= --rate= --burst= --max-datagram= --max-answer= --udp-rate= --udp-burst= --udp-queue= --udp-peers= --udp-timeout= --flood-timeout= --max-queue= --stall-timeout= --linger= --holding-line= --held-reply= --add-to-held= --keepalive= --user-timeout= --drain= --gone-after= --claim-timeout= --lost-grace= --away-after= --place-every= --quiet-after= --quiet-warning= --max-ban= --max-gone= --max-gone-per-address= --operator-queue= --stack-size="
		;;
	check-config)
		options="--help --version --config="
		;;
	config)
		options="--help --version --listen= --udp= --proxy-from= --metrics= --state= --operator-socket= --operator-group= --hours= --config= --example --one-at-a-time --name= --as= --greeting= --charset= --log= --log-format= --log-addresses= --log-words --begin-new --accept-end= --allow-plaintext-public --no-history --script= --on-eof= --allow-suspend --color= --clock= --bell= --max-sessions= --max-per-address= --max-operators= --silence-ms= --hello-timeout= --first-line-timeout= --line-timeout= --idle-timeout= --max-line= --max-message= --rate= --burst= --max-datagram= --max-answer= --udp-rate= --udp-burst= --udp-queue= --udp-peers= --udp-timeout= --flood-timeout= --max-queue= --stall-timeout= --linger= --holding-line= --held-reply= --add-to-held= --keepalive= --user-timeout= --drain= --gone-after= --claim-timeout= --lost-grace= --away-after= --place-every= --quiet-after= --quiet-warning= --max-ban= --max-gone= --max-gone-per-address= --operator-queue= --stack-size="
		;;
	doctor)
		options="--help --version --listen= --udp= --proxy-from= --metrics= --state= --operator-socket= --operator-group= --hours= --config= --one-at-a-time --name= --as= --greeting= --charset= --log= --log-format= --log-addresses= --log-words --begin-new --accept-end= --allow-plaintext-public --no-history --script= --on-eof= --allow-suspend --color= --clock= --bell= --max-sessions= --max-per-address= --max-operators= --silence-ms= --hello-timeout= --first-line-timeout= --line-timeout= --idle-timeout= --max-line= --max-message= --rate= --burst= --max-datagram= --max-answer= --udp-rate= --udp-burst= --udp-queue= --udp-peers= --udp-timeout= --flood-timeout= --max-queue= --stall-timeout= --linger= --holding-line= --held-reply= --add-to-held= --keepalive= --user-timeout= --drain= --gone-after= --claim-timeout= --lost-grace= --away-after= --place-every= --quiet-after= --quiet-warning= --max-ban= --max-gone= --max-gone-per-address= --operator-queue= --stack-size="
		;;
	completion)
		options="--help --version"
		words="bash zsh fish"
		;;
	call)
		options="--help --version --udp --name= --color= --classic --wait= --no-wait"
		;;
	verify)
		options="--help --version --state="
		;;
	esac
	if [[ $cur == -* ]]; then
		_deskwire_words "$options"
	elif [[ $COMP_CWORD -eq 1 ]]; then
		_deskwire_words "open demo attach ctl relay serve check-config config doctor completion call verify"
	elif [[ $COMP_CWORD -eq 2 && $prev == --help ]]; then
		_deskwire_words "all open demo attach ctl relay serve check-config config doctor completion call verify"
	else
		_deskwire_words "$words"
	fi
}
complete -F _deskwire deskwire
