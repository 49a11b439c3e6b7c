# Completes deskwire's words in fish.  'deskwire completion fish' writes this.

function __deskwire_begins
	test (count (commandline -opc)) -eq 1
end

# Is the verb one of these?
function __deskwire_is
	set -l said (commandline -opc)
	set -l verb open
	if set -q said[2]; and not string match -q -- '-*' $said[2]
		set verb $said[2]
	end
	contains -- $verb $argv
end

# Is --help all that was said?
function __deskwire_helps
	set -l said (commandline -opc)
	test (count $said) -eq 2; and test $said[2] = --help
end

complete -c deskwire -f
complete -c deskwire -l help -s h -d 'show help'
complete -c deskwire -l version -s V -d 'show the version'
complete -c deskwire -n __deskwire_helps -a 'all open demo attach ctl relay serve check-config config doctor completion call verify'
complete -c deskwire -n __deskwire_begins -a open -d 'the desk, and its console in this terminal'
complete -c deskwire -n __deskwire_begins -a demo -d 'a desk with three scripted customers, to try everything'
complete -c deskwire -n __deskwire_begins -a attach -d 'an operator\'s console on a running desk'
complete -c deskwire -n __deskwire_begins -a ctl -d 'one command to a running desk, for scripts'
complete -c deskwire -n '__deskwire_is ctl' -a 'away back ban bans charset close decline earlier ended history keep kick msg name note quit release reload reopen same status steal take transfer udp unban visitors whisper who list metrics reply watch'
complete -c deskwire -n __deskwire_begins -a relay -d 'what ssh runs for attach ssh://HOST'
complete -c deskwire -n __deskwire_begins -a serve -d 'the desk without a console'
complete -c deskwire -n __deskwire_begins -a check-config -d 'look for mistakes in the configuration file'
complete -c deskwire -n __deskwire_begins -a config -d 'what holds, and where each value comes from'
complete -c deskwire -n __deskwire_begins -a doctor -d 'look whether this machine is ready for a desk'
complete -c deskwire -n __deskwire_begins -a completion -d 'write what bash, zsh or fish completes this program\'s words with'
complete -c deskwire -n '__deskwire_is completion' -a 'bash zsh fish'
complete -c deskwire -n __deskwire_begins -a call -d 'the customer\'s client'
complete -c deskwire -n __deskwire_begins -a verify -d 'look at all of a journal, also beside its desk'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l listen -s l -x -d 'take customers there (127.0.0.1:6666)'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp -x -d 'take datagrams there'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l proxy-from -x -d 'a proxy may come from there: a network as 10.0.0.0/8, or unix'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l metrics -x -d 'answer there who watches the desk, with its metrics'
complete -c deskwire -n '__deskwire_is call' -l udp -d 'send datagrams, each line one'
complete -c deskwire -n '__deskwire_is open serve config doctor verify' -l state -s s -x -a '(__fish_complete_directories)' -d 'where the journal is kept'
complete -c deskwire -n '__deskwire_is open attach ctl relay serve config doctor' -l operator-socket -r -F -d 'where consoles attach'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l operator-group -x -a '(__fish_complete_groups)' -d 'the members of this group of the system are operators, too'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l hours -x -d 'when somebody is on duty, as in "mon-fri 09:00-12:30, 13:30-18:00'
complete -c deskwire -n '__deskwire_is open serve check-config config doctor' -l config -r -F -d 'read options, people and texts from FILE (deskwire.conf in ~/.config/deskwire)'
complete -c deskwire -n '__deskwire_is config' -l example -d 'write an example of such a file, with everything in it'
complete -c deskwire -n '__deskwire_is attach ctl relay' -l desk-user -x -a '(__fish_complete_users)' -d 'trust a desk that this user runs, beside you and root'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l one-at-a-time -d 'serve one customer, the next waits to be answered'
complete -c deskwire -n '__deskwire_is open demo serve config doctor call' -l name -x -d 'the desk\'s name in its greeting'
complete -c deskwire -n '__deskwire_is open demo attach ctl relay config doctor' -l as -x -d 'your name as customers see it (your login name)'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l greeting -r -F -d 'greet customers with this text'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l charset -x -a 'utf-8 gb18030 gbk big5 shift_jis euc-kr koi8-r windows-1251 iso-8859-1' -d 'what customers write whose bytes are not UTF-8'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l log -r -F -d 'append what is said to FILE'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l log-format -x -a 'text json' -d 'the rows of the desk\'s own log: text, or json'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l log-addresses -x -a 'full net none' -d 'what that log has of a customer\'s address: full, net or none'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l log-words -d 'that log has what is said, too'
complete -c deskwire -n '__deskwire_is ctl' -l json -d 'answer in JSON, each line an object'
complete -c deskwire -n '__deskwire_is ctl' -l seen -x -d 'a reply is refused if a colleague has answered there after this event'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l begin-new -d 'set a damaged journal aside and begin a new one'
complete -c deskwire -n '__deskwire_is open serve config doctor' -l accept-end -x -d 'go on with a journal that ends at event N, as a copy may'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l allow-plaintext-public -d 'listen also where the whole world can connect'
complete -c deskwire -n '__deskwire_is open demo attach config doctor' -l no-history -d 'keep no file of the commands you typed'
complete -c deskwire -n '__deskwire_is open demo attach config doctor' -l script -r -F -d 'read the console\'s lines from FILE'
complete -c deskwire -n '__deskwire_is open demo attach config doctor' -l on-eof -x -a 'leave stay' -d 'at the end of a pipe or script: leave, or stay'
complete -c deskwire -n '__deskwire_is open demo config doctor' -l allow-suspend -d 'let Ctrl-Z stop the desk, and its customers wait'
complete -c deskwire -n '__deskwire_is open demo attach config doctor call' -l color -x -a 'auto always never' -d 'auto, always or never'
complete -c deskwire -n '__deskwire_is open demo attach config doctor' -l clock -x -a 'minute second off' -d 'since when customers wait: minute, second, or off'
complete -c deskwire -n '__deskwire_is open demo attach config doctor' -l bell -x -a 'mine new all none' -d 'ring for new customers (new), also for those you answered (mine), for all, or none'
complete -c deskwire -n '__deskwire_is call' -l classic -d 'speak the tutorial\'s protocol to the tutorial\'s servers'
complete -c deskwire -n '__deskwire_is call' -l wait -x -d 'in a pipe, how long to wait for answers (60)'
complete -c deskwire -n '__deskwire_is call' -l no-wait -d 'in a pipe, end as soon as the desk has stored everything'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-sessions -x -d 'customers at once'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-per-address -x -d 'customers at once from one IPv4 address or one IPv6 /64 network, or from one address where that is private or link-local'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-operators -x -d 'operators at once'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l silence-ms -x -d 'ms without a byte, after which a customer is greeted in line mode'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l hello-timeout -x -d 's from the connection to the end of the handshake'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l first-line-timeout -x -d 's until a customer in line mode has written a first line'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l line-timeout -x -d 's from the first byte of a line to its end'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l idle-timeout -x -d 's of silence, after which a customer who waits for nothing is told goodbye'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-line -x -d 'bytes in one line, with its end'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-message -x -d 'bytes in one reply of an operator'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l rate -x -d 'messages/s that are read from one customer'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l burst -x -d 'messages that may come at once before the rate holds'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-datagram -x -d 'bytes that are read of a datagram'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-answer -x -d 'bytes in an operator\'s answer over UDP'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp-rate -x -d 'datagrams/s that are kept at one address'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp-burst -x -d 'datagrams that may come at once before that rate holds'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp-queue -x -d 'datagrams that may wait to be stored'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp-peers -x -d 'senders of datagrams that can be answered'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l udp-timeout -x -d 's of silence after which a sender of datagrams can not be answered any more'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l flood-timeout -x -d 's of writing faster than the rate without a pause, then the customer is told goodbye'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-queue -x -d 'bytes that may wait for a customer who does not read'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l stall-timeout -x -d 's in which a customer who has text waiting takes none of it'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l linger -x -d 's that an ended conversation may stay connected'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l holding-line -x -d 's after which a customer in classic mode who got no answer gets a holding line'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l held-reply -x -d 's after which a reply that is not a classic customer\'s turn is sent all the same'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l add-to-held -x -d 's for adding to a held reply once a classic customer has written'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l keepalive -x -d 's of silence before the first keepalive probe'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l user-timeout -x -d 's that sent bytes may stay unacknowledged by the customer\'s machine'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l drain -x -d 's for telling everybody goodbye when the desk stops'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l gone-after -x -d 's after which a session whose customer left unanswered is closed'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l claim-timeout -x -d 's that an operator who has taken a customer may leave it without an answer'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l lost-grace -x -d 's without a console, after which an operator\'s customers go back to their old places in line'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l away-after -x -d 's without a key, after which an operator counts as away'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l place-every -x -d 's at least between two rows that tell a waiting customer its place in line'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l quiet-after -x -d 's in which nobody says anything, after which a conversation that waits for nothing is warned of its end'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l quiet-warning -x -d 's from that warning to the end'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-ban -x -d 's that an address may be banned by the desk itself, for floods'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-gone -x -d 'sessions that stay on the list when their customers leave unanswered'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l max-gone-per-address -x -d 'sessions of one address that stay on the list so, 0 for no limit'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l operator-queue -x -d 'bytes that may wait for an operator\'s console'
complete -c deskwire -n '__deskwire_is open demo serve config doctor' -l stack-size -x -d 'KiB of stack for each customer\'s thread (512 in sanitizer builds)'
