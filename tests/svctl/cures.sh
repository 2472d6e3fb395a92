# For each cure that svctl prints below a failure a scene, in the form of scenes.sh: `wrong` has to print the cure. Without a
# `cure` the printed command is typed: what follows the last ": " of the cure's line. (The limits of inotify are those of a user
# namespace, where the names of the two settings begin otherwise.)

@@ name a service, or a pattern for several: svctl ... '*'
service web; supervise web
wrong() { svctl restart; }
right() { await is_up web; }

@@ how it is used: svctl ... --help
wrong() { svctl signal; }
right() { typed | grep 'SIGNAL NAME'; }

@@ how it is used: ... --help
wrong() { svctl restart --quickly=x web; }
right() { typed | grep Usage; }

@@ how it is used: svctl list --help
wrong() { svctl list --sort colour; }
right() { typed | grep -e --sort; }

@@ how it is used: svctl logs --help
mkdir main; echo a >main/current
wrong() { svctl logs --dir main -p loud; }
right() { typed | grep -e --priority; }

@@ options of the program stand behind --: ...
mkdir sv; export SVAVAILABLE=$PWD/sv
wrong() { svctl new web sleep -x 10; }
right() { grep -x 'exec sleep -x 10' sv/web/run; }

@@ did you mean ...? All of them: svctl ... --help
service web; supervise web
wrong() { svctl restart --tiemout 9 web; }
right() { typed | grep -e --timeout; }

@@ write it: svctl edit ...
mkdir -p $SVDIR/web; export EDITOR=$PWD/editor; printf '#!/bin/sh\nprintf "#!/bin/sh\\nexec sleep 1000\\n" >"$1"\n' >editor; chmod +x editor
wrong() { svctl cat web; }
right() { grep exec $SVDIR/web/run; }

@@ name another one in the variable VISUAL
service web; export VISUAL=false
wrong() { svctl edit web; }
cure() { VISUAL=true; }

@@ name one: svctl edit ...
service one; service two; export EDITOR=true
wrong() { svctl edit '*'; }
right() { typed; }

@@ these are: run, finish, check, log/run, control/t
service web; export EDITOR=true; file=../../etc/passwd
wrong() { svctl edit --file $file web; }
cure() { file=run; }

@@ edit what it leads to: sudoedit ...
service web; cp $SVDIR/web/run there; ln -sf $PWD/there $SVDIR/web/run; export EDITOR=true
wrong() { svctl edit web; }
cure() { sudoedit() { echo '# seen' >>"$1"; }; typed; }
right() { grep '# seen' there; }

@@ edit it as root: sudoedit ...
service web; chmod 755 . $SVDIR $SVDIR/web; export EDITOR=true
wrong() { nobody svctl edit web; }
cure() { sudoedit() { echo '# seen' >>"$1"; }; typed; }
right() { grep '# seen' $SVDIR/web/run; }

@@ what you have written is in ...
service web; export EDITOR=$PWD/editor; printf '#!/bin/sh\necho mine >"$1"; echo theirs >%s/web/run\n' $SVDIR >editor; chmod +x editor
wrong() { svctl edit web; }
cure() { cp $(sed -n 's/.*written is in //p' wrong) $SVDIR/web/run; }
right() { grep mine $SVDIR/web/run; }

@@ name another one: --available DIR, or the variable SVAVAILABLE
mkdir sv; service web; mv $SVDIR/web sv/; scan; export SVAVAILABLE=/nowhere
wrong() { svctl enable web; }
cure() { SVAVAILABLE=$PWD/sv; }

@@ start one: runsvdir -P ... &
mkdir sv; service web; mv $SVDIR/web sv/
wrong() { svctl enable ./sv/web; }
right() { await is_up web; }

@@ look at both, and take one away: svctl status ...
mkdir sv; service web; supervise web; await is_up web; cp -r $SVDIR/web sv/; export SVAVAILABLE=$PWD/sv
wrong() { svctl enable web; }
right() { typed | grep 'state: *run'; }

@@ enable that: svctl enable ...
mkdir sv; service web; mkdir $SVDIR/web/log; cp $SVDIR/web/run $SVDIR/web/log/; mv $SVDIR/web sv/; export SVAVAILABLE=$PWD/sv; scan
wrong() { svctl enable web/log; }
right() { await is_up web; }

@@ move its directory to where services are available, and enable it from there: mv ... ... && svctl enable ...
service web; mkdir sv; export SVAVAILABLE=$PWD/sv; scan; await is_up web
wrong() { svctl disable web; }
right() { svctl disable web && [ -d sv/web ]; }

@@ see what can be enabled: svctl list --available
mkdir sv; service web; mv $SVDIR/web sv/; export SVAVAILABLE=$PWD/sv
wrong() { terminal 'svctl list'; }
cure() { :; }
right() { svctl list --available | grep 'svctl enable web'; }

@@ say one of: 10m, 2h30m, 10:00, yesterday, "2026-11-22 10:00", @400000006b02cdf70a5758b4
mkdir main; echo a >main/current
wrong() { svctl logs --dir main --since 'a while ago'; }
cure() { for one in 10m 2h30m 10:00 yesterday '2026-11-22 10:00' @400000006b02cdf70a5758b4; do svctl logs --dir main --since "$one" || return; done; }
right() { cure; }

@@ leave one of them out
mkdir main; echo a >main/current; words='-f -r'
wrong() { svctl logs --dir main $words; }
cure() { words=-r; }

@@ look for words instead: svctl logs -i --grep 'error|fail'
service web; mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd ./main\n' >$SVDIR/web/log/run; echo 'An Error' >$SVDIR/web/log/main/current
wrong() { svctl logs -p err; }
right() { typed | grep 'An Error'; }

@@ say where it goes with --available DIRECTORY
mkdir sv; name=sv/web option=
wrong() { svctl new $option $name -- sleep 10; }
cure() { option='--available sv'; name=web; }

@@ write it as --env NAME=VALUE
export SVAVAILABLE=$PWD; variable=A
wrong() { svctl new --env $variable web -- sleep 10; }
cure() { variable=A=1; }

@@ set it in run instead: export ...=…
export SVAVAILABLE=$PWD; words='--env A=1\ '
wrong() { svctl new --env 'A=1 ' web -- sleep 10; }
cure() { svctl new web -- sleep 10; sed -i "2i export A='1 '" web/run; }
right() { grep "export A='1 '" web/run; }

@@ these are: ... ...
service web; supervise web; name=WINCH
wrong() { svctl signal $name web; }
cure() { name=$(sed -n 's/.*these are: \([A-Z0-9]*\).*/\1/p' wrong); [ -n "$name" ]; }

@@ say what it is: TERM=xterm svctl top
export TERM=nothing
wrong() { terminal 'svctl top'; }
cure() { :; }
right() { echo q | terminal 'TERM=xterm svctl top'; }

@@ in a pipe: svctl list, or svctl watch
service web; supervise web; await is_up web
wrong() { svctl top | cat; }
cure() { svctl list | grep web; }
right() { svctl list; (svctl watch --initial >watched &); await grep web watched; }

@@ set it to a whole number: SVWAIT=7, or unset it: unset SVWAIT
service web; supervise web; export SVWAIT=soon
wrong() { svctl restart web; }

@@ try it as root: ...
service web; supervise web; chmod 700 $SVDIR/web/supervise
wrong() { nobody svctl restart web; }
right() { is_up web; }

@@ send KILL to ./run alone: svctl kill ...
service web; supervise web
wrong() { svctl kill --all web; }
right() { await is_up web; }

@@ end what it has left behind: kill...
mkdir sv; service web 'sleep 1000 & exec sleep 1000'; mv $SVDIR/web sv/
mkdir -p sv/web/log; printf '#!/bin/sh\nexec cat >/dev/null\n' >sv/web/log/run; chmod +x sv/web/log/run
ln -s $PWD/sv/web $SVDIR/; scan; await is_up web
wrong() { svctl disable --timeout 2 web; }
right() { await gone_all; }
gone_all() { ! pgrep -x runsv; }

@@ its lines are lost; give it a log: .../log/run, which ends in: exec svlogd -tt ./main
service web 'echo hello; exec sleep 1000'; (runsv $SVDIR/web >/dev/null 2>&1 &); await is_up web
wrong() { svctl logs web; }
cure() { sv exit web; mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd -tt ./main\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; supervise web; }
right() { await sh -c 'svctl logs web | grep hello'; }

@@ its lines are there and nowhere else; give it a log: .../log/run, which ends in: exec svlogd -tt ./main
service web 'echo hello; exec sleep 1000'; (script -qfc "runsv $SVDIR/web" /dev/null >/dev/null 2>&1 </dev/null &); await is_up web
wrong() { svctl logs web; }
cure() { sv exit web; mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd -tt ./main\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; supervise web; }
right() { await sh -c 'svctl logs web | grep hello'; }

@@ read it: tail -F ...
service web 'echo hello; exec sleep 1000'; (runsv $SVDIR/web >lines 2>&1 &); await is_up web
wrong() { svctl logs web; }
cure() { (typed >read 2>&1 &); await grep hello read; }
right() { grep hello read; }

@@ read them there: ...
service web; mkdir $SVDIR/web/log; printf '#!/bin/sh\nexec logger -t web\n' >$SVDIR/web/log/run
mkdir log; mount --bind log /var/log; echo 'web: a line' >log/syslog
wrong() { svctl logs web; }
right() { typed | grep 'a line'; }

@@ no syslog keeps lines here; to give it a log of its own, write exec svlogd -tt ./main: svctl edit .../log
service web; mkdir $SVDIR/web/log; printf '#!/bin/sh\nexec logger -t web\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run
mkdir log run; mount --bind log /var/log; mount --bind run /run
export EDITOR=$PWD/editor; printf '#!/bin/sh\nsed -i "s/^exec .*/exec svlogd -tt .\\/main/" "$1"\n' >editor; chmod +x editor
wrong() { svctl logs web; }
cure() { typed; mkdir $SVDIR/web/log/main; supervise web; }
right() { await sh -c 'svctl logs web'; }

@@ give it one: an executable ... that ends in: exec svlogd -tt DIRECTORY
service web 'echo hello; exec sleep 1000'
wrong() { svctl logs web; }
cure() { mkdir -p $SVDIR/web/log/main; printf '#!/bin/sh\nexec svlogd -tt ./main\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; supervise web; }
right() { await sh -c 'svctl logs web | grep hello'; }

@@ say where its log is: svctl logs --dir DIRECTORY
service web; mkdir -p $SVDIR/web/log; printf '#!/bin/sh\nexec svlogd -tt "$1"\n' >$SVDIR/web/log/run; mkdir main; echo a >main/current
wrong() { svctl logs web; }
cure() { svctl logs --dir main | grep a; }
right() { svctl logs --dir main; }

@@ see it as root, or ...
service web; mkdir -p $SVDIR/web/log; printf '#!/bin/sh\nexec svlogd -tt ./nowhere\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; mkdir $SVDIR/web/log/nowhere; supervise web; await is_up web/log; chmod 755 . $SVDIR
chmod 700 $SVDIR/web/log/supervise; mv $SVDIR/web/log/nowhere main; chmod 755 main
wrong() { $as svctl logs web; }
as=nobody
cure() { as=; }

@@ if it is right, name the directory that it leads to: svctl logs --dir DIRECTORY
mkdir main real; echo a >real/current; ln -s $PWD/real/current main/current; chown -h nobody main main/current
wrong() { svctl logs --dir main; }
cure() { svctl logs --dir real | grep a; }
right() { svctl logs --dir real; }

@@ put a backslash before what is meant as it is: \[ \( \* \+ \?
mkdir main; echo 'a[b' >main/current; what='a['
wrong() { svctl logs --dir main --grep "$what"; }
cure() { what='a\['; }
right() { svctl logs --dir main --grep "$what" | grep -F 'a[b'; }

@@ for your own services: svctl --user
mkdir ~/service; own_etc; rm -rf etc/service; unset SVDIR
wrong() { svctl list; }
right() { typed; }

@@ name another one: --svdir DIR, or the variable SVDIR
service web; supervise web; here=$SVDIR; SVDIR=/nowhere
wrong() { svctl list; }
cure() { svctl --svdir $here list; SVDIR=$here; }

@@ make one: mkdir -p ... && runsvdir -P -W ... &
wrong() { svctl --user list; }
right() { await svctl --user list; }

@@ name one: svctl --svdir ...
mkdir one two; (runsvdir -P $PWD/one 2>>messages &) ; (runsvdir -P $PWD/two 2>>messages &); await sh -c '[ "$(pgrep -cx runsvdir)" -eq 2 ]'
wrong() { svctl --user list; }
right() { typed; }

@@ to have them in the zone of the machine: unset TZ
service web; supervise web; export TZ=Nowhere/AtAll
wrong() { svctl status web; }

@@ a name has no slash and no dot in front; for another directory: --svdir DIR
mkdir more; service web; mv $SVDIR/web more/; (runsvdir -P $PWD/more 2>>messages &)
wrong() { svctl status .web; }
cure() { :; }
right() { await svctl --svdir $PWD/more status web; }

@@ say which is meant: a backslash before *, ? or [ takes it as it is
service 'a*'; service ab; supervise 'a*'; supervise ab; name='a*'
wrong() { svctl status "$name"; }
cure() { name='a\*'; }

@@ see what there is: svctl list
service web; supervise web; await is_up web
wrong() { svctl status database; }
right() { typed | grep web; }

@@ did you mean '...'?
service web; supervise web; name=wbe
wrong() { svctl status $name; }
cure() { name=$(sed -n "s/.*did you mean '\(.*\)'?/\1/p" wrong); }

@@ to make it one: svctl enable ...
mkdir sv; service web; mv $SVDIR/web sv/; scan
wrong() { svctl start ./sv/web; }

@@ give it one: a directory log/ with a run of its own
service web; supervise web
wrong() { svctl status web/log; }
cure() { sv exit web; mkdir $SVDIR/web/log; printf '#!/bin/sh\nexec cat >/dev/null\n' >$SVDIR/web/log/run; chmod +x $SVDIR/web/log/run; }

@@ see all of it as root: ...
service web; supervise web; chmod 700 $SVDIR/web/supervise
wrong() { nobody svctl list; }
right() { typed | grep web; }

@@ raise the limit of open files: ulimit -n $(ulimit -Hn)
service web; supervise web; ulimit -Sn 10
for i in 1 2 3 4 5 6 7 8 9; do mkdir main$i; echo a >main$i/current; directories="${directories-} --dir main$i"; done
wrong() { (ulimit -n 9; svctl logs $directories); }
cure() { typed; }
right() { svctl logs $directories; }

@@ allow more, as root: sysctl -w fs.inotify.max_user_instances=1024
wrong() { unshare --user --map-root-user sh -c "$more; exec svctl watch"; }
more='sysctl -qw user.max_inotify_instances=0'
cure() { sysctl() { more=$(echo sysctl -q "$@" | sed 's/fs.inotify.max_user/user.max_inotify/'); }; typed; }
right() { (wrong >watched 2>&1 &); await pgrep -x svctl; ! grep heard watched; }

@@ allow more, as root: sysctl -w fs.inotify.max_user_watches=524288
service web
wrong() { unshare --user --map-root-user sh -c "$more; exec svctl watch"; }
more='sysctl -qw user.max_inotify_watches=0'
cure() { sysctl() { more=$(echo sysctl -q "$@" | sed 's/fs.inotify.max_user/user.max_inotify/'); }; typed; }
right() { (wrong >watched 2>&1 &); await pgrep -x svctl; ! grep heard watched; }
