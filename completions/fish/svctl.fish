# Completion of svctl(8) for fish: its commands and options, then services with their state, or those that may be enabled.

functions -q __runwell_services; or source (string replace -r '[^/]*$' sv.fish (status filename))

# The words that are neither options nor their arguments, without svctl itself and the word being written.
function __runwell_svctl_words
    set -l takes 0
    for word in (commandline -opc)[2..]
        if test $takes -eq 1
            set takes 0
        else if contains -- $word --svdir --color -t --timeout -a -n --lines -S --since -U --until -g --grep -o --output -p \
                --priority -u --unit --dir --run-as --env --log --check --refresh --state --sort --columns -s --signal --file
            set takes 1
        else if test $word = --available; and not contains -- list (commandline -opc)
            set takes 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

# Whether the command is one of these.
function __runwell_svctl_is
    set -l words (__runwell_svctl_words)
    test (count $words) -ge 1; and contains -- $words[1] $argv
end

# The directory that an option names, or else what follows.
function __runwell_svctl_directory
    set -l words (commandline -opc)
    for n in (seq 2 (count $words))
        if contains -- $words[$n] (string split ' ' -- $argv[1]); and test $n -lt (count $words)
            echo $words[(math $n + 1)]
            return
        end
    end
    echo $argv[2]
end

complete -c svctl -f
complete -c svctl -s h -l help -d 'print help'
complete -c svctl -l svdir -x -a '(__fish_complete_directories (commandline -ct))' -d 'the services directory'
complete -c svctl -l user -d 'the services of your own runsvdir'
complete -c svctl -s l -l full -d 'cut nothing'
complete -c svctl -l color -x -a 'auto always never' -d 'colours'
complete -c svctl -n 'test (count (__runwell_svctl_words)) -eq 0' -s V -l version -d 'print the version'
for command in 'list\tevery service on a line' 'status\tservices in full, or all in short' \
        'logs\tread the logs of services' 'top\tservices as they are from moment to moment' \
        'watch\ta line for each change of a service' 'start\tstart services, and again whenever they end' \
        'stop\tstop services: TERM and CONT' 'restart\tstop services, and start them again' \
        'try-restart\trestart those that run' 'reload\tread the configuration again: HUP' \
        'once\tstart services, and leave them down when they end' 'kill\tsend KILL, or another signal' \
        'signal\tsend services a signal' 'wait\treturn when services are up, or down' \
        'enable\tlink services into the services directory' 'disable\ttake services out of the services directory' \
        'new\twrite a service directory' 'cat\tprint the scripts of services' 'edit\tchange a script of a service' \
        'lint\tlook for mistakes in service directories' 'is-active\twhether ./run lives' \
        'is-failed\twhether it is wanted up and is not up' 'is-enabled\twhether it is in the services directory' \
        'is-system-running\twhether all are as they are wanted' 'help\twhat svctl, or a command, takes'
    complete -c svctl -n 'test (count (__runwell_svctl_words)) -eq 0' -a (string split '\t' $command)[1] \
        -d (string split '\t' $command)[2]
end
complete -c svctl -n '__runwell_svctl_is start up stop down restart try-restart reload once kill signal enable disable wait' -s t -l timeout -x -d 'seconds to wait'
complete -c svctl -n '__runwell_svctl_is start up stop down restart try-restart reload once kill signal enable disable' -l no-wait -d 'do not wait'
complete -c svctl -n '__runwell_svctl_is list status lint logs watch wait start up stop down restart try-restart reload once kill signal enable disable' -l json -d 'as JSON'
complete -c svctl -n '__runwell_svctl_is list' -l failed -d 'only those that are wanted up and are not'
complete -c svctl -n '__runwell_svctl_is list' -l state -x -a 'run paused finish down unsupervised hidden broken missing active inactive failed' -d 'only these'
complete -c svctl -n '__runwell_svctl_is list' -l sort -x -a 'name state since pid cpu memory' -d 'in this order'
complete -c svctl -n '__runwell_svctl_is list' -l columns -x -a 'name state want pid since starts log cpu memory command' -d 'only these'
complete -c svctl -n '__runwell_svctl_is list' -l available -d 'services that are not enabled'
complete -c svctl -n '__runwell_svctl_is list' -l all -d 'all services: as without it'
complete -c svctl -n '__runwell_svctl_is list' -s q -l quiet -d 'only the names'
complete -c svctl -n '__runwell_svctl_is is-active is-failed is-enabled is-system-running' -s q -l quiet -d 'print nothing'
complete -c svctl -n '__runwell_svctl_is kill' -l all -d 'all processes of contained services'
complete -c svctl -n '__runwell_svctl_is kill' -s s -l signal -x -a 'HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP' -d 'instead of KILL'
complete -c svctl -n '__runwell_svctl_is edit' -l file -x -a 'run finish check log/run' -d 'instead of run'
complete -c svctl -n '__runwell_svctl_is watch' -l initial -d 'begin with how they are now'
complete -c svctl -n '__runwell_svctl_is top' -l refresh -x -d 'look at CPU and memory so often'
complete -c svctl -n '__runwell_svctl_is logs' -s f -l follow -d 'print new lines, too'
complete -c svctl -n '__runwell_svctl_is logs' -s n -l lines -x -d 'only the last lines'
complete -c svctl -n '__runwell_svctl_is logs' -s S -l since -x -a '10m 1h 1d today yesterday' -d 'not older'
complete -c svctl -n '__runwell_svctl_is logs' -s U -l until -x -a '10m 1h 1d today yesterday' -d 'not younger'
complete -c svctl -n '__runwell_svctl_is logs' -s i -l ignore-case -d 'small letters and capitals alike'
complete -c svctl -n '__runwell_svctl_is logs' -s r -l reverse -d 'the newest line first'
complete -c svctl -n '__runwell_svctl_is logs' -s o -l output -x -a 'short cat json' -d 'the format'
complete -c svctl -n '__runwell_svctl_is logs' -s p -l priority -x -a 'emerg alert crit err warning notice info debug' -d 'of syslog: or graver'
complete -c svctl -n '__runwell_svctl_is logs' -s u -l unit -x -d 'a service'
complete -c svctl -n '__runwell_svctl_is logs' -s g -l grep -x -d 'only lines in which this is found'
complete -c svctl -n '__runwell_svctl_is logs' -l dir -x -a '(__fish_complete_directories (commandline -ct))' -d 'a directory that svlogd writes to'
complete -c svctl -n '__runwell_svctl_is new' -s u -l run-as -x -a '(__fish_complete_users)' -d 'run as this user'
complete -c svctl -n '__runwell_svctl_is new' -l env -x -d 'a variable of the environment'
complete -c svctl -n '__runwell_svctl_is new' -l log -x -a '(__fish_complete_directories (commandline -ct))' -d 'log to this directory'
complete -c svctl -n '__runwell_svctl_is new' -l no-log -d 'no log'
complete -c svctl -n '__runwell_svctl_is new' -l check -x -d 'succeeds when it can be used'
complete -c svctl -n '__runwell_svctl_is new' -l finish -d 'write a finish, too'
complete -c svctl -n '__runwell_svctl_is new' -l down -d 'not to be started by itself'
complete -c svctl -n '__runwell_svctl_is new' -l available -x -a '(__fish_complete_directories (commandline -ct))' -d 'write it there'
complete -c svctl -n '__runwell_svctl_is wait' -l up -d 'until they are up'
complete -c svctl -n '__runwell_svctl_is wait enable' -l down -d 'until they are down; enabled, but not started'
complete -c svctl -n '__runwell_svctl_is enable' -l no-start -d 'enabled, but not started'
complete -c svctl -n '__runwell_svctl_is enable disable' -l now -d 'at once'
complete -c svctl -n '__runwell_svctl_is enable' -s a -l available -x -a '(__fish_complete_directories (commandline -ct))' -d 'where they are'
complete -c svctl -n '__runwell_svctl_is list status start up stop down restart try-restart reload once kill disable logs wait watch top cat edit is-active is-failed is-enabled' \
    -a '(__runwell_services (__runwell_svctl_directory --svdir "$SVDIR"))'
complete -c svctl -n '__runwell_svctl_is signal; and test (count (__runwell_svctl_words)) -eq 1' \
    -a 'HUP INT QUIT KILL USR1 USR2 ALRM TERM CONT STOP'
complete -c svctl -n '__runwell_svctl_is signal; and test (count (__runwell_svctl_words)) -ge 2' \
    -a '(__runwell_services (__runwell_svctl_directory --svdir "$SVDIR"))'
complete -c svctl -n '__runwell_svctl_is enable' \
    -a '(set -q SVAVAILABLE; or set -l SVAVAILABLE /etc/sv; __runwell_services (__runwell_svctl_directory "-a --available" $SVAVAILABLE))'
complete -c svctl -n '__runwell_svctl_is lint' -a '(__fish_complete_directories (commandline -ct))'
complete -c svctl -n '__runwell_svctl_is lint' -a '(__runwell_services (__runwell_svctl_directory --svdir "$SVDIR"))'
complete -c svctl -n '__runwell_svctl_is help; and test (count (__runwell_svctl_words)) -eq 1' \
    -a 'list status logs top watch start stop restart try-restart reload once kill signal wait enable disable new cat edit lint'
