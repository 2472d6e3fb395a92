# Completion of sv(8) for fish: its commands, then the services of $SVDIR with their state.

# The services of a directory, each with its state from supervise/stat. Starts no program.
function __runwell_services
    set -l services $argv[1]
    test -n "$services"; or set services $SVDIR
    test -n "$services"; or set services /etc/service
    for directory in $services/*/
        set -l state 'not supervised'
        if test -d $directory/supervise; and not test -x $directory/supervise
            set state 'not for you to see'
        else if test -r $directory/supervise/stat
            read state <$directory/supervise/stat
        end
        printf '%s\t%s\n' (string replace -r '.*/([^/]+)/$' '$1' $directory) $state
    end
end

# The words that are neither options nor their arguments, without the command itself and the word being written.
function __runwell_sv_words
    set -l takes 0
    for word in (commandline -opc)[2..]
        if test $takes -eq 1
            set takes 0
        else if test "$word" = -w
            set takes 1
        else if not string match -q -- '-*' $word
            echo $word
        end
    end
end

complete -c sv -f
complete -c sv -s v -d 'wait, and say what has come of it'
complete -c sv -s w -x -d 'seconds to wait'
complete -c sv -s V -d 'print the version'
for command in 'status\tsay how services are' 'up\tstart, and start again whenever it ends' 'down\tstop: TERM and CONT' \
        'once\tstart, and leave down when it ends' 'exit\tstop, and end the supervisor' 'start\tup, and wait until it is' \
        'stop\tdown, and wait until it is' 'restart\tstop and start again, and wait' 'shutdown\texit, and wait until it is gone' \
        'reload\tHUP, and say how it is' 'check\twait until it is as it was told to be' 'try-restart\trestart it if it runs' \
        'force-stop\tstop; KILL when the time is over' 'force-reload\ttry-restart; KILL when the time is over' \
        'force-restart\trestart; KILL when the time is over' 'force-shutdown\tshutdown; KILL when the time is over' \
        'term\tsend TERM' 'kill\tsend KILL' 'hup\tsend HUP' 'alarm\tsend ALRM' 'interrupt\tsend INT' 'quit\tsend QUIT' '1\tsend USR1' \
        '2\tsend USR2' 'pause\tsend STOP' 'cont\tsend CONT'
    complete -c sv -n 'test (count (__runwell_sv_words)) -eq 0' -a (string split '\t' $command)[1] -d (string split '\t' $command)[2]
end
complete -c sv -n 'test (count (__runwell_sv_words)) -ge 1' -a '(__runwell_services)'
complete -c sv -n 'string match -qr "^[/.]" -- (commandline -ct)' -a '(__fish_complete_directories (commandline -ct))'
