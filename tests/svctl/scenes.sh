# For each row of docs/troubleshooting.md a scene: `wrong` makes the program say the text of the row, `cure` does what the
# row's third column says, and then `right` succeeds or, without one, `wrong` does not say the text any more.
# test_troubleshooting.py runs each in a shell of its own, in mount and PID namespaces, with the functions of stage.sh.

@@ file does not exist
wrong() { chpst ./prog; }
cure() { mkdir -p bin && printf '#!/bin/sh\n' >prog && chmod +x prog; }

@@ access denied
printf '#!/bin/sh\n' >prog
wrong() { chpst ./prog; }
cure() { ls -l prog && chmod +x prog; }

@@ permission denied
wrong() { $as chpst -u nobody true; }
as=nobody
cure() { as=; }

@@ temporary failure
wrong() { chpst -L lock true; }
chpst -L lock sleep 1000 &
await holds lock
cure() { end $(fuser lock 2>/dev/null); }

@@ device not configured
service web; mkdir $SVDIR/web/supervise; mkfifo $SVDIR/web/supervise/ok
mkfifo lock
wrong() { chpst -L lock true; }
cure() { cat lock >/dev/null & }
right() { timeout 30 sh -c 'exec 3>lock'; }

@@ exec format error
printf 'exec true\n' >prog; chmod +x prog
wrong() { chpst ./prog; }
cure() { sed -i '1i #!/bin/sh' prog; }

@@ not a directory
touch place
wrong() { chpst -C place true; }
cure() { rm place && mkdir place; }

@@ is a directory
mkdir lock
wrong() { chpst -l lock true; }
cure() { rmdir lock; }

@@ out of disk space
mkdir sv; mount -t tmpfs -o size=64k x sv; head -c 1000000 /dev/zero >sv/ballast 2>/dev/null
wrong() { svctl new --available sv web -- sleep 10; }
cure() { df sv && rm sv/ballast; }
right() { svctl new --available sv web -- sleep 10; }

@@ read-only file system
service web; mkdir $SVDIR/web/supervise; mount --bind $SVDIR/web $SVDIR/web; mount -o remount,bind,ro $SVDIR/web
wrong() { timeout 5 runsv $SVDIR/web; }
cure() { mount -o remount,bind,rw $SVDIR/web; rmdir $SVDIR/web/supervise; ln -s $PWD/supervise.web $SVDIR/web/supervise; mount -o remount,bind,ro $SVDIR/web; }
right() { supervise web; await is_up web; }

@@ process cannot open more files
service web; supervise web; await is_up web
wrong() { (ulimit -Sn 3; sv status web); }
cure() { :; }
right() { (ulimit -Sn 3; exec chpst -o 64 sv status web); }

@@ file name too long
long=$(printf 'a%.0s' $(seq 300))
wrong() { chpst ./$long; }
cure() { ln -s /bin/true short; long=short; }

@@ symbolic link loop
ln -s prog prog
wrong() { chpst ./prog; }
cure() { namei prog; ln -sf /bin/true prog; }

@@ text busy
cp /bin/true prog; cp /bin/true new
exec 9>>prog
wrong() { chpst ./prog; }
cure() { mv new prog; }

@@ argument list too long
mkdir env; head -c 200000 /dev/zero | tr '\0' a >env/A
wrong() { chpst -e ./env true; }
cure() { ls -l env && echo a >env/A; }

@@ usage: ...
words=
wrong() { chpst $words; }
cure() { words=true; }

@@ fail: ...: unable to change to service directory
service web
name=wbe
wrong() { sv status $name; }
cure() { ls $SVDIR; name=web; }

@@ fail: ...: runsv not running
service web; mkdir $SVDIR/web/supervise; mkfifo $SVDIR/web/supervise/ok
wrong() { sv status web; }
cure() { runsvdir -P $SVDIR 2>>messages & await is_up web; }

@@ warning: ...: unable to open supervise/ok
service web; mkdir available; mv $SVDIR/web available/; scan
wrong() { sv status ./available/web; }
cure() { ln -s $PWD/available/web $SVDIR/; await is_up web; }

@@ warning: ...: unable to open supervise/control
service web; supervise web; chmod 755 $SVDIR/web/supervise; chmod 666 $SVDIR/web/supervise/ok
wrong() { $as sv restart web; }
as=nobody
cure() { as=; }

@@ warning: ...: unable to read supervise/status: bad format
service web; scan; await is_up web; echo short >$SVDIR/web/supervise/status
wrong() { sv status web; }
cure() { sv exit web; await is_up web; }

@@ ...; warning: .../log: unable to change directory
service web; supervise web; is_up web; touch $SVDIR/web/log
wrong() { sv status web; }
cure() { rm $SVDIR/web/log; }

@@ timeout: ...
service web; printf '#!/bin/sh\n[ -e %s/ready ]\n' $PWD >$SVDIR/web/check; chmod +x $SVDIR/web/check; supervise web
wrong() { sv -w1 start web; }
cure() { (cd $SVDIR/web; ./check; echo $?); touch ready; }
right() { sv -w30 start web; }

@@ kill: ...
service web "trap '' TERM; touch $PWD/ready; while [ ! -e $PWD/enough ]; do sleep 0.1; done"; supervise web; await [ -e ready ]
wrong() { sv -w1 force-stop web; }
cure() { touch enough; rm ready; sv start web; await [ -e ready ]; }
right() { sv -w30 force-stop web; }

@@ warning: unable to run .../check
service web; printf '#!/bin/sh\n' >$SVDIR/web/check; supervise web
wrong() { sv -w5 start web; }
cure() { chmod +x $SVDIR/web/check; }

@@ warning: unable to run .../check: other users can write to the service directory
service web; printf '#!/bin/sh\n' >$SVDIR/web/check; chmod +x $SVDIR/web/check; supervise web; chmod 777 $SVDIR/web
wrong() { sv -w5 start web; }
cure() { chown root $SVDIR/web; chmod 755 $SVDIR/web; }

@@ unable to open the services directory
service web; supervise web
wrong() { svctl --svdir $name list; }
name=$PWD/nowhere
cure() { ls -ld "$SVDIR"; name=$SVDIR; }

@@ ...: no such service in ...
service web; supervise web; name=database
wrong() { svctl status $name; }
cure() { svctl list; name=web; }

@@ ...: that service has no log service
service web; supervise web; name=web/log
wrong() { svctl status $name; }
cure() { svctl list; name=web; }

@@ ... matches no service in ...
service web; supervise web; name='d*'
wrong() { svctl status "$name"; }
cure() { svctl list; name='w*'; }

@@ ... is not the name of a service in ...
mkdir more; service web; mv $SVDIR/web more/; option= name=../more/web/
wrong() { svctl $option start $name; }
cure() { (runsvdir -P $PWD/more 2>>messages &); option="--svdir $PWD/more"; name=web; SVDIR=$PWD/more; await is_up web; }

@@ ... is a service, and a pattern for others, too
service 'a*'; service 'ab'; supervise 'a*'; supervise ab; name='a*'
wrong() { svctl status "$name"; }
cure() { name='a\*'; }

@@ ... is no command
service web; supervise web; words='bounce web'
wrong() { svctl $words; }
cure() { svctl help restart; words='restart web'; }

@@ ... is no option of it
service web; supervise web; words='restart --tiemout 9 web'
wrong() { svctl $words; }
cure() { svctl help restart; words='restart --timeout 9 web'; }

@@ ... is one argument too many
words='help list more'
wrong() { svctl is-system-running more; }
cure() { svctl help is-system-running; }
right() { service web; scan; await is_up web; svctl is-system-running; }

@@ ... is none of: ...
service web; supervise web; value=sometimes
wrong() { svctl --color $value list; }
cure() { value=never; }

@@ ... is no whole number: 0, 20 and 1000 are
service web; mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/web/log/run; echo a >$SVDIR/web/log/main/current
value=x
wrong() { svctl logs -n $value web; }
cure() { value=20; }

@@ SVWAIT=... in the environment is no number of seconds
service web; supervise web; export SVWAIT=x
wrong() { svctl restart web; }
cure() { SVWAIT=7; }

@@ TZ=... in the environment names no time zone of this machine: times are in UTC
service web; supervise web; export TZ=Nowhere/AtAll
wrong() { svctl status web; }
cure() { unset TZ; }

@@ ... (the variable SVDIR names it)
service web; here=$SVDIR; supervise web; SVDIR=/nowhere; option=
wrong() { svctl $option list; }
cure() { unset SVDIR; option="--svdir $here"; }

@@ --user: no runsvdir of this user runs, and there is no ...
wrong() { svctl --user list; }
cure() { mkdir -p ~/service; runsvdir -P ~/service 2>>messages & await pgrep -x runsvdir; }

@@ --user: this user has several runsvdir, of: ...
mkdir one two; runsvdir -P $PWD/one 2>>messages & runsvdir -P $PWD/two 2>>messages & await [ "$(pgrep -cx runsvdir)" -eq 2 ]
option=--user
wrong() { svctl $option list; }
cure() { option="--svdir $PWD/one"; }

@@ --user and --svdir name two directories
mkdir ~/service; option="--user --svdir $SVDIR"
wrong() { svctl $option list; }
cure() { option=--user; }

@@ '...' is no service of ...
mkdir available; service web; mv $SVDIR/web available/; scan
wrong() { svctl status ./available/web; }
cure() { svctl enable available/web; }

@@ ... is not contained: no service was sent anything
service web; supervise web
wrong() { svctl kill --all web; }
cure() { svctl kill web; }
right() { await is_up web; }

@@ ... is no signal that a supervisor sends
service web; supervise web; name=WINCH
wrong() { svctl signal $name web; }
cure() { svctl signal --help; name=CONT; }

@@ no runsv looks after it
service web
wrong() { svctl start web; }
cure() { runsvdir -P $SVDIR 2>>messages & await is_up web; }

@@ no runsvdir runs on ...: nothing is started or stopped now
mkdir available; service web; mv $SVDIR/web available/
wrong() { svctl enable ./available/web; }
cure() { runsvdir -P $SVDIR 2>>messages & await is_up web; }

@@ not ... after ...: ...
service web; printf '#!/bin/sh\n[ -e %s/ready ]\n' $PWD >$SVDIR/web/check; chmod +x $SVDIR/web/check; supervise web
wrong() { svctl start --timeout $seconds web; }
seconds=1
cure() { touch ready; seconds=30; }
right() { svctl start --timeout $seconds web; }

@@ there is no process to tell: it is ...
service web; touch $SVDIR/web/down; supervise web
wrong() { svctl signal HUP web; }
cure() { svctl start web; }

@@ only root and the owner of supervise/ may control it
service web; supervise web; chmod 700 $SVDIR/web/supervise
wrong() { nobody svctl restart web; }
cure() { sed -n 's/.*: sudo/sudo/p' wrong >typed && [ -s typed ] && . ./typed; }
right() { is_up web; }

@@ its directory is not there
ln -s $PWD/available/web $SVDIR/web
wrong() { svctl restart web; }
cure() { ls -l "$SVDIR"; rm $SVDIR/web; service web; supervise web; }

@@ its status cannot be read
service web; scan; await is_up web; echo short >$SVDIR/web/supervise/status
wrong() { svctl restart web; }
cure() { sv exit web; await is_up web; }

@@ its logger still reads: something that it has left behind can write to it
mkdir available; service web "sleep 1000 & echo \$! >$PWD/left; exec sleep 1000"; mv $SVDIR/web available/
mkdir -p available/web/log; printf '#!/bin/sh\nexec cat >/dev/null\n' >available/web/log/run; chmod +x available/web/log/run
ln -s $PWD/available/web $SVDIR/; scan; await is_up web; await [ -s left ]
wrong() { svctl disable --timeout 2 web; }
cure() { kill $(cat left); }
right() { await [ ! -e /proc/$(pgrep -x runsv || echo none) ]; }

@@ ..., the directory of available services, cannot be opened
service web; mkdir available; mv $SVDIR/web available; scan; option="--available /nowhere"
wrong() { svctl enable $option web; }
cure() { option="--available $PWD/available"; }

@@ ... is a link to ...
mkdir available; service web; cp -r $SVDIR/web available/; mv $SVDIR/web ./other; ln -s $PWD/other $SVDIR/web; scan
wrong() { svctl enable --available available web; }
cure() { ls -l "$SVDIR"; rm $SVDIR/web; }

@@ ...: a log service comes with its service
mkdir available; service web; mkdir $SVDIR/web/log; printf '#!/bin/sh\nexec cat >/dev/null\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; mv $SVDIR/web available; scan
name=web/log
wrong() { svctl enable --available available $name; }
cure() { name=web; }

@@ ... is not a link: to take it away would be to delete the service
service web; mkdir sv; export SVAVAILABLE=$PWD/sv; scan; await is_up web
wrong() { svctl disable web; }
cure() { sv exit web; mv $SVDIR/web sv/; svctl enable web; }

@@ unable to make the link ...
mkdir available; service web; mv $SVDIR/web available; chmod 755 $SVDIR; as=nobody
wrong() { $as svctl enable --available available web; }
cure() { as=; }

@@ ...: no moment that --since understands
service web; mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/web/log/run; echo a >$SVDIR/web/log/main/current
value='last week'
wrong() { svctl logs --since "$value" web; }
cure() { value=yesterday; }

@@ ... has no log: there is no ...
service web; supervise web; mkdir main; echo a >main/current; words=web
wrong() { svctl logs $words; }
cure() { words="--dir $PWD/main"; }

@@ unable to open log directory ...
service web; mkdir -p $SVDIR/web/log; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/web/log/run; mkdir main; echo a >main/current; words=web
wrong() { svctl logs $words; }
cure() { words="--dir $PWD/main"; }

@@ ... is a link, and another user can have put it there: svctl does not read it
mkdir main real; echo a >real/current; ln -s $PWD/real/current main/current; chown -h nobody main main/current; directory=main
wrong() { svctl logs --dir $directory; }
cure() { directory=real; }

@@ ...: only its first ... MB were unpacked
mkdir main; yes "$(printf 'a%.0s' $(seq 1000))" | head -c 140000000 | xz -0 >main/@4000000037c219bf2ef02e94.s; echo a >main/current; chown nobody main main/*
wrong() { svctl logs --dir main >/dev/null; }
cure() { xz -dc <main/@4000000037c219bf2ef02e94.s >new; mv new main/@4000000037c219bf2ef02e94.s; }

@@ ... sends its lines through ... to syslog, as ...
service web; mkdir $SVDIR/web/log; printf '#!/bin/sh\nexec logger -t web\n' >$SVDIR/web/log/run
mkdir log; mount --bind log /var/log; echo 'web: a line' >log/syslog
wrong() { svctl logs web; }
cure() { :; }
right() { $(svctl logs web 2>&1 | sed -n 's/.*: \(grep .*\)/\1/p') | grep -x 'web: a line'; }

@@ --priority ...: no line here has one: svlogd keeps none, services write text
mkdir main; echo 'an error' >main/current; words='-p err'
wrong() { svctl logs $words --dir main; }
cure() { words='--grep error'; }
right() { svctl logs $words --dir main | grep error; }

@@ ...: this user may not write it
service web; chmod 755 $SVDIR/web; export EDITOR=true; as=nobody
wrong() { $as svctl edit web; }
cure() { as=; }

@@ ... has nothing that is not enabled
mkdir sv; export SVAVAILABLE=$PWD/sv
wrong() { terminal 'svctl list --available'; }
cure() { svctl new web -- sleep 1000; }

@@ ... has been removed, and is not followed
for name in one two; do service $name; mkdir -p $SVDIR/$name/log/main; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/$name/log/run; echo a >$SVDIR/$name/log/main/current; done
follow() { svctl logs -f >followed 2>&1 & await grep -q two followed; }
wrong() { follow; rm -r $SVDIR/one/log/main; await grep -q removed followed; cat followed; }
cure() { mkdir $SVDIR/one/log/main; echo 'n20' >$SVDIR/one/log/main/config; echo a >$SVDIR/one/log/main/current; }
right() { follow; ! grep removed followed; }

@@ ...: waiting until it has a log
service web
wrong() { svctl logs -f web >followed 2>&1 & await grep -q waiting followed; cat followed; }
cure() { mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; printf '#!/bin/sh\necho hello\nexec sleep 1000\n' >$SVDIR/web/run; supervise web; }
right() { await grep -q hello followed; }

@@ this terminal is of a kind that cannot be drawn on
export TERM=nothing
wrong() { terminal 'svctl top'; }
cure() { TERM=xterm; }
right() { echo q | terminal 'svctl top'; }

@@ top draws on a terminal, and there is none
service web; supervise web; is_up web; words=top
wrong() { svctl $words; }
cure() { svctl list; words=list; }

@@ fatal: unable to change to directory
wrong() { runsv $SVDIR/web; }
cure() { ls -l $SVDIR; service web; }
right() { supervise web; }

@@ fatal: unable to lock supervise/lock: temporary failure
service web; supervise web
wrong() { runsv $SVDIR/web; }
cure() { sv exit web; }
right() { await begun_again; }
begun_again() { is_up web || { begin web; false; }; }

@@ warning: log/supervise/lock is held by another process, waiting for it
service web; mkdir -p $SVDIR/web/log/supervise; printf '#!/bin/sh\nexec cat >/dev/null\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run
chpst -b holder -L $SVDIR/web/log/supervise/lock sleep 1000 & holder=$!; await holds $SVDIR/web/log/supervise/lock
wrong() { begin web; await said 'waiting for it'; cat messages; }
cure() { fuser -v $SVDIR/web/log/supervise/lock; end $holder; }
right() { await is_up web/log; }

@@ fatal: unable to open supervise/lock
service web; chmod 755 $SVDIR $SVDIR/web; as=nobody
wrong() { $as timeout 5 runsv $SVDIR/web; }
cure() { as=; }
right() { supervise web; }

@@ unable to write supervise/stat.new
service web; mkdir $SVDIR/web/supervise; mount -t tmpfs -o size=16k x $SVDIR/web/supervise; head -c 100000 /dev/zero >$SVDIR/web/supervise/ballast 2>/dev/null
wrong() { begin web; await said 'supervise/stat'; cat messages; }
cure() { rm $SVDIR/web/supervise/ballast; }
right() { await is_up web; }

@@ fatal: unable to readlink ./supervise: name too long
service web; ln -s /$(printf 'a%.0s' $(seq 300)) $SVDIR/web/supervise
wrong() { timeout 5 runsv $SVDIR/web; }
cure() { ln -sfn $PWD/short $SVDIR/web/supervise; }
right() { supervise web; }

@@ fatal: supervise/control exists but is not a fifo
service web; mkdir $SVDIR/web/supervise; touch $SVDIR/web/supervise/control
wrong() { timeout 5 runsv $SVDIR/web; }
cure() { rm $SVDIR/web/supervise/control; }
right() { supervise web; }

@@ fatal: unable to start ./run
service web; chmod -x $SVDIR/web/run
wrong() { begin web; await said 'unable to start'; cat messages; }
cure() { chmod +x $SVDIR/web/run; }
right() { await is_up web; }

@@ fatal: unable to run control/?
service web; mkdir $SVDIR/web/control; echo "touch $PWD/asked" >$SVDIR/web/control/h; chmod +x $SVDIR/web/control/h; supervise web
wrong() { sv hup web; await said 'unable to run'; cat messages; }
cure() { sed -i '1i #!/bin/sh' $SVDIR/web/control/h; }
right() { sv start web; sv hup web; await [ -e asked ]; }

@@ fatal: unable to change directory
service web; chown -R nobody $SVDIR .; (nobody runsv $SVDIR/web 2>>messages &); await is_up web
wrong() { chmod 0 $SVDIR/web; sv restart web; await said 'unable to change directory'; cat messages; }
cure() { chmod 755 $SVDIR/web; }
right() { await is_up web; }

@@ warning: ./log: not a directory.
service web; touch $SVDIR/web/log
wrong() { timeout 5 runsv $SVDIR/web; }
cure() { mv $SVDIR/web/log $SVDIR/web/notes; }

@@ warning: unable to become the installed runsv, going on as before
mkdir own; cp "$(command -v runsv)" own/runsv; PATH=$PWD/own:$PATH; service web; supervise web; is_up web
cp own/runsv spare; printf '' >own/short; chmod +x own/short; mv own/short own/runsv
wrong() { kill -HUP $(pgrep -x runsv); await said 'unable to become'; cat messages; }
cure() { mv spare own/runsv; : >messages; kill -HUP $(pgrep -x runsv); }
right() { sv restart web && ! said 'unable to become'; }

@@ warning: others can write to supervise/, and there is no other place for the record of processes (...): if this runsv is killed, the next one cannot go on with the service
service web; chmod 777 $SVDIR/web; chown -R nobody $SVDIR/web; as=nobody; unset XDG_RUNTIME_DIR
wrong() { $as timeout 3 runsv $SVDIR/web; }
cure() { chmod go-w $SVDIR/web $SVDIR/web/supervise; }

@@ warning: unable to stat ...
ln -s /nowhere/at/all $SVDIR/web
wrong() { begin_scan; await said 'unable to stat'; cat messages; }
cure() { ls -lL $SVDIR; rm $SVDIR/web; service web; }
right() { await is_up web; }

@@ warning: unable to open directory ...
service web; chmod 755 .; chown -R nobody $SVDIR; chmod 311 $SVDIR
wrong() { (nobody runsvdir -P $SVDIR 2>>messages &); await said 'unable to open directory'; cat messages; }
cure() { chmod 755 $SVDIR; }
right() { await is_up web; }

@@ fatal: unable to start runsv ...
service web; mkdir bin; cp "$(command -v runsvdir)" bin/
wrong() { (PATH=$PWD/bin exec runsvdir -P $SVDIR 2>>messages &); await said 'unable to start runsv'; cat messages; }
cure() { end $(pgrep -x runsvdir); (PATH=$PATH exec runsvdir -P $SVDIR 2>>messages &); }
right() { await is_up web; }

@@ warning: log must have at least seven characters.
service web; title=log:
wrong() { (runsvdir -P $SVDIR $title 2>>messages &); await said 'seven characters'; cat messages; end $(pgrep -x runsvdir); }
cure() { title='log: ..............'; : >messages; }
right() { (runsvdir -P $SVDIR "$title" 2>>messages &); await is_up web; ! said 'seven characters'; }

@@ warning: unable to open log directory: ...
wrong() { echo line | svlogd ./main; }
cure() { mkdir main && chown root main; }

@@ warning: unable to lock directory: ...
mkdir main; (sleep 1000 | svlogd ./main) & await [ -e main/lock ]; await holds main/lock
wrong() { echo line | svlogd ./main; }
cure() { end $(fuser main/lock 2>/dev/null); }

@@ fatal: no functional log directories.
wrong() { echo line | svlogd ./main; }
cure() { mkdir main; }

@@ warning: unable to read config: ...
mkdir main real; echo n20 >real/config; ln -s $PWD/real/config main/config; chown -h nobody main main/config
wrong() { echo line | svlogd ./main; }
cure() { rm main/config; cp real/config main/config; chown nobody main/config; }

@@ warning: other users can write to this directory, the processor in its config is not run: ...
mkdir main; printf '!cat\n' >main/config; chown nobody main
wrong() { echo line | svlogd ./main; }
cure() { chown root main; }

@@ warning: config is larger than 64 KiB, the rest is ignored: ...
mkdir main; yes -- '-no such line' | head -n 10000 >main/config
wrong() { echo line | svlogd ./main; }
cure() { echo '-no such line' >main/config; }

@@ unable to scan ip address: ...
mkdir main; echo 'ulocalhost' >main/config
wrong() { echo line | svlogd ./main; }
cure() { echo 'u10.0.0.7:514' >main/config; }

@@ pausing: unable to write to current: ...
mkdir main; mount -t tmpfs -o size=16k x main; head -c 100000 /dev/zero >main/ballast 2>/dev/null
wrong() { (echo line | svlogd ./main 2>>messages &); await said 'pausing'; cat messages; }
cure() { rm main/ballast; }
right() { await grep -qx line main/current; }

@@ dropping: ...
mkdir main; mount -t tmpfs -o size=16k x main; head -c 100000 /dev/zero >main/ballast 2>/dev/null
wrong() { echo line | svlogd -L ./main; }
cure() { rm main/ballast; }
right() { echo line | svlogd -L ./main; grep -qx line main/current; }

@@ warning: processor failed, restart: ...
mkdir main; printf 's4000\n!false\n' >main/config
wrong() { ( (seq 3000; sleep 1000) | svlogd ./main 2>>messages &); await said 'processor failed'; cat messages; }
cure() { sh -c 'cat' <main/current >/dev/null; printf 's4000\n!cat\n' >main/config; kill -HUP $(pgrep -x svlogd); }
right() { await sh -c 'ls main/@*.s'; }

@@ fatal: unable to run: ...
wrong() { chpst prog; }
cure() { mkdir bin; printf '#!/bin/sh\n' >bin/prog; chmod +x bin/prog; PATH=$PWD/bin:$PATH; }

@@ fatal: unknown user/group: ...
who=nosuchuser
wrong() { chpst -u $who true; }
cure() { getent passwd $who; who=:1000:1000; }

@@ fatal: invalid uid/gids: ...
who=:99999999999
wrong() { chpst -u $who true; }
cure() { who=:1000:1000; chpst -u :1000:1000 true; }

@@ fatal: unable to get password/group file entry
mkdir -p root/bin root/etc; cp "$bin/chpst" root/bin/prog; cp "$bin/chpst" root/bin/
wrong() { chpst -/ root -u nobody /bin/chpst -0 /bin/prog -V; }
cure() { cp /etc/passwd /etc/group root/etc/; }

@@ fatal: unable to setgroups
as=nobody
wrong() { $as chpst -u nobody true; }
cure() { as=; }

@@ fatal: unable to lock: ...: temporary failure
chpst -L lock sleep 1000 & await holds lock
option=-L
wrong() { chpst $option lock true; }
cure() { end $(fuser lock 2>/dev/null); option=-l; }

@@ fatal: unable to switch to directory: ...
chmod 755 .; mkdir env; echo a >env/A; chmod 700 env
wrong() { nobody chpst -e ./env true; }
cure() { chmod 755 env; nobody chpst -v -e ./env true; }

@@ fatal: unable to change directory: ...
mkdir -p root/bin root/place; cp "$bin/chpst" root/bin/; place=$PWD/root/place
wrong() { chpst -/ root -C $place /bin/chpst -V; }
cure() { place=/place; }

@@ fatal: unable to set nice level
as=nobody
wrong() { $as chpst -n -5 true; }
cure() { as=; }

@@ fatal: unable to run on the cpus ...
cpus=1000
wrong() { chpst --cpus $cpus true; }
cure() { nproc; taskset -p $$; cpus=0; }

@@ fatal: unable to read ...: other users can write to the directory, and this is a link
mkdir env; echo secret >secret; ln -s $PWD/secret env/A; chown -h nobody env env/A
wrong() { chpst -e ./env true; }
cure() { rm env/A; echo secret >env/A; }

@@ fatal: unable to setrlimit()
ulimit -n 1000; chpst --hard -o 2000 true || skip "root may not raise a limit here (CAP_SYS_RESOURCE)"
wrong() { nobody chpst --hard -o 2000 true; }
cure() { :; }
right() { chpst --hard -o 2000 chpst -u nobody true; }

@@ fatal: unable to drop capabilities
as=nobody
wrong() { $as chpst --cap-keep net_raw true; }
cure() { as=; }

@@ fatal: unable to leave the network
as=nobody
wrong() { $as chpst --new-net true; }
cure() { as=; }

@@ fatal: unable to open ...
place=/nowhere/at/all
wrong() { chpst --may-read $place true; }
cure() { place=/; }

@@ fatal: unable to close stdin
option=-0
wrong() { chpst $option true <&-; }
cure() { option=-v; }

@@ fatal: unable to print the plan
wrong() { chpst --print true >$place; }
place=/dev/full
cure() { place=/dev/null; }

@@ illegal option -- ...
option=-x
wrong() { chpst $option true; }
cure() { option=-v; }

@@ fatal: unable to chdir: ...
export RUNSVDIR=/nowhere
wrong() { runsvchdir default; }
cure() { mkdir -p base/default; ln -s default base/current; RUNSVDIR=$PWD/base; }

@@ fatal: unable to stat: current
mkdir -p base/default; export RUNSVDIR=$PWD/base
wrong() { runsvchdir default; }
cure() { ln -s default base/current; }

@@ fatal: ...: not a directory.
mkdir -p base/default; touch base/file; ln -s default base/current; export RUNSVDIR=$PWD/base; name=file
wrong() { runsvchdir $name; }
cure() { name=default; }

@@ fatal: must be run as process no 1.
wrong() { runit; }
cure() { scan; }
right() { pgrep -x runsvdir; }

@@ out of memory
size=100000000
wrong() { (ulimit -v 8000; echo line | svlogd -b $size ./main); }
mkdir main
cure() { free; size=1000; }

@@ invalid argument
policy=fifo:200
wrong() { chpst --sched $policy true; }
cure() { policy=batch; }

@@ no changes can be heard: ...
service web
wrong() { unshare --user --map-root-user sh -c "$more; exec svctl watch"; }
more='sysctl -qw user.max_inotify_instances=0'
cure() { more='sysctl -qw user.max_inotify_instances=64'; }
right() { (wrong >watched 2>&1 &); await pgrep -x svctl; ! grep heard watched; }

@@ warning: unable to fork, sleeping
service web; chown -R 47677 $SVDIR .  # whose processes only this scene counts
wrong() { (ulimit -Su 1; setpriv --reuid 47677 --clear-groups runsv $SVDIR/web 2>>messages &); await said 'unable to fork'; cat messages; end $(pgrep -x runsv); }
cure() { : >messages; }
right() { (ulimit -Su 1; chpst -p 10000 setpriv --reuid 47677 --clear-groups runsv $SVDIR/web 2>>messages &); await is_up web; }

@@ warning: unable to create log pipe
service web; mkdir -p $SVDIR/web/log; printf '#!/bin/sh\nexec cat >/dev/null\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run
wrong() { for files in 5 6 7 8 9 10 11 12 13 14 15 16; do timeout 1 sh -c "ulimit -Sn $files; exec runsv $SVDIR/web"; done; }
cure() { :; }
right() { (ulimit -Sn 4; chpst -o 64 runsv $SVDIR/web 2>>messages &); await is_up web; }

@@ warning: unable to fork for ...
service web; chown -R 47678 $SVDIR .
wrong() { (ulimit -Su 1; setpriv --reuid 47678 --clear-groups runsvdir -P $SVDIR 2>>messages &); await said 'unable to fork'; cat messages; end $(pgrep -x runsvdir); }
cure() { : >messages; }
right() { (setpriv --reuid 47678 --clear-groups runsvdir -P $SVDIR 2>>messages &); await is_up web; }

@@ warning: out of disk space, delete: ...
mkdir main; mount -t tmpfs -o size=64k x main; printf 'n5\nN2\n' >main/config
for i in 1 2 3; do head -c 8000 /dev/zero | tr '\0' a >main/@4000000037c219bf2ef02e9$i.s; done; head -c 100000 /dev/zero >main/ballast 2>/dev/null
wrong() { echo line | svlogd ./main; }
cure() { rm main/ballast; }

@@ warning: lines lost: ...
mkdir main; mount -t tmpfs -o size=16k x main
fill() { head -c 100000 /dev/zero >main/ballast 2>/dev/null; }
wrong() { fill; (seq 300000; await grep -q dropping dropped; rm -f main/ballast; echo more) | svlogd -L ./main 2>dropped; cat dropped; }
cure() { mount -o remount,size=1m main; }
right() { echo line | svlogd -L ./main 2>rest; cat rest; ! grep lost rest; }

@@ warning: unable to unlink oldest logfile: ...
mkdir main; for i in 1 2 3; do echo a >main/@4000000037c219bf2ef02e9$i.s; done; echo n2 >main/config; chmod 777 main .; chmod +t main
wrong() { echo line | nobody svlogd -r x ./main; seq 2000 | (printf 's4000\nn2\n' >main/config; nobody svlogd ./main); }
cure() { chmod -t main; chown -R nobody main; }

@@ warning: failure sending through udp: ...
mkdir main; echo 'u255.255.255.255:9' >main/config
wrong() { echo line | svlogd ./main; cat main/current; rm main/current; }
cure() { echo 'u127.0.0.1:9' >main/config; }

@@ fatal: out of memory.
size=100000000; mkdir main
wrong() { (ulimit -v 8000; echo line | svlogd -b $size ./main); }
cure() { size=1000; }

@@ fatal: unable to open /dev/null
mkdir -p root/bin root/dev; cp "$bin/chpst" root/bin/
wrong() { chpst -/ root -0 /bin/chpst -V; chpst -/ root --null /bin/chpst -V; }
cure() { mknod -m 666 root/dev/null c 1 3; }

@@ fatal: unable to find the cgroups
umount -l /sys/fs/cgroup; umount -l /sys/fs/cgroup
wrong() { chpst --cgroup test true; }
cure() { mount -t cgroup2 x /sys/fs/cgroup; cat /sys/fs/cgroup/cgroup.subtree_control; }

@@ init: fatal: unable to chmod ...
own_etc
wrong() { $as runit-init 6; }
as=nobody
cure() { as=; }
right() { runit-init 6; [ -e /etc/runit/reboot ]; }

@@ telinit: fatal: unable to run runsvchdir
mkdir -p base/default base/single own; ln -s default base/current; export RUNSVDIR=$PWD/base; cp "$bin/shutdown" own/telinit
wrong() { (PATH=$PWD/own; telinit S); }
cure() { cp "$bin/runsvchdir" own/; }
right() { (PATH=$PWD/own; telinit S); [ "$(readlink base/current)" = single ]; }

@@ fatal: unable to create: current.new -> ...
mkdir -p base/default base/other; ln -s default base/current; export RUNSVDIR=$PWD/base; chmod 755 .
wrong() { $as runsvchdir other; }
as=nobody
cure() { as=; }

@@ unable to logout line ... in utmp: name too long
line=$(printf 'a%.0s' $(seq 40)); own_logs
wrong() { utmpset -w $line; }
cure() { line=tty9; }

@@ fatal: unable to open /var/run/utmp
own_logs; rm run/utmp
wrong() { utmpset -w tty9; }
cure() { touch /var/run/utmp; }


@@ warning: unable to run processor: ...
mkdir main; printf 's4000\n!cat\n' >main/config; chown -R nobody . main; processes=1
wrong() { (ulimit -Su $processes; seq 3000 | nobody svlogd ./main); }
cure() { processes=$(ulimit -Hu); }

@@ warning: unable to use ...: "..." is no signal
service web; echo bogus >$SVDIR/web/down-signal
wrong() { timeout 5 runsv $SVDIR/web; }
cure() { echo QUIT >$SVDIR/web/down-signal; }
