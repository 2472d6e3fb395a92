# Completion for fish of runsvdir(8), runsv(8), svlogd(8), runsvchdir(8), utmpset(8), runit(8) and runit-init(8).

for name in runsvdir runsv svlogd
    complete -c $name -f -a '(__fish_complete_directories (commandline -ct))'
end
complete -c runsvdir -s P -d 'each runsv in a session of its own'
complete -c runsvdir -s W -d 'TERM stops all services and waits'
complete -c runsvdir -s V -d 'print the version'

complete -c svlogd -s t -d 'stamp lines: -t TAI64N, -tt and -ttt UTC'
complete -c svlogd -s v -d 'say more'
complete -c svlogd -s r -x -d 'in the place of what is not printable'
complete -c svlogd -s R -x -d 'replace these, too'
complete -c svlogd -s l -x -d 'of a line for patterns'
complete -c svlogd -s b -x -d buffer
complete -c svlogd -s L -d 'drop lines rather than wait for a disk'
complete -c svlogd -s V -d 'print the version'

function __runwell_runsvdirs
    set -l base $RUNSVDIR
    test -n "$base"; or set base /etc/runit/runsvdir
    for directory in $base/*/
        set -l name (string replace -r '.*/([^/]+)/$' '$1' $directory)
        contains $name current previous; or echo $name
    end
end
complete -c runsvchdir -f -a '(__runwell_runsvdirs)'

function __runwell_lines
    for line in (string match -r "^/dev/tty(?:S|[0-9]).*" /dev/tty*)
        test -c $line; and string replace /dev/ "" $line
    end
end
complete -c utmpset -f -a '(__runwell_lines)'
complete -c utmpset -s w -d 'in wtmp, too'
complete -c utmpset -s V -d 'print the version'

complete -c runit -x -a '(__fish_complete_subcommand)'
complete -c runit -l container -d 'as in a container'
complete -c runit-init -f -a '0\t"power off" 6\treboot'
