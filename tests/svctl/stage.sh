# What the scenes of scenes.sh are made of. The shell works in an empty directory; SVDIR is below it. It is PID 1 of a PID
# namespace, so that every process of a scene ends with it.

await() {  # CONDITION...: waits until it holds
    local deadline=$((SECONDS + 60))
    while ! "$@" >/dev/null 2>&1; do
        if [ $SECONDS -gt $deadline ]; then echo "not in time: $*"; return 1; fi
        sleep 0.02
    done
}
skip() { echo "SKIP $*"; exit 0; }
said() { grep -qF -- "$1" messages; }
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# Types the cure that `wrong` has printed, the line that begins as the scene is called: what follows its last ": ".
typed() { eval "$(tr -d '\r' <wrong | grep -F -- "${key%%...*}" | sed -n 's/^svctl: .*: //p' | head -n 1)"; }
sudo() { env -i PATH="$PATH" "$@"; }  # as sudo(8) by default: nothing of the environment
terminal() { script -qec "$1" /dev/null; }
holds() { fuser -s "$1"; }
end() { kill "$@" && await gone "$@"; }
gone() {
    local pid
    for pid; do [ ! -e /proc/$pid ] || grep -q '^State:.*zombie' /proc/$pid/status || return 1; done
}

service() {  # NAME [SCRIPT]: makes its directory
    mkdir -p "$SVDIR/$1"
    printf '#!/bin/sh\n%s\n' "${2-exec sleep 1000}" >"$SVDIR/$1/run"
    chmod +x "$SVDIR/$1/run"
}
begin() { (runsv "$SVDIR/$1" 2>>messages &); }
begin_scan() { (runsvdir -P "$SVDIR" 2>>messages &); }
is_supervised() { [ -s "$SVDIR/$1/supervise/status" ] && ! sv status "$SVDIR/$1" | grep -q 'not running'; }
is_up() { sv status "$SVDIR/$1" | grep -q '^run: '; }
supervise() { begin "$1" && await is_supervised "$1"; }
scan() {
    begin_scan
    for place in "$SVDIR"/*/; do [ ! -e "$place" ] || await is_supervised "$(basename "$place")"; done
}

# Copies, in the mount namespace of the scene, of what a program writes to elsewhere.
own_etc() { cp -a /etc etc && mkdir -p etc/runit && mount --bind etc /etc; }
own_logs() { mkdir log run && touch log/wtmp run/utmp && mount --bind log /var/log && mount --bind run /run; }
