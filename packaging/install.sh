#!/bin/sh
# Installs runwell from the directory of this script, and removes it again. ./install.sh --help
set -eu

help() {
    cat <<'TEXT'
usage: ./install.sh [--prefix DIR] [--services DIR] [--destdir DIR] [--shutdown] [--force]
       ./install.sh --uninstall [--prefix DIR] [--destdir DIR]

  --prefix DIR      where bin, sbin and share are (default /usr/local)
  --services DIR    the services directory: made if it is not there, and started by PREFIX/sbin/runsvdir-start
                    (default /etc/service, which is where sv looks without SVDIR)
  --destdir DIR     install below DIR, as if that were the root directory
  --shutdown        install shutdown, halt, poweroff, reboot and telinit, too: only where runit is process no 1
  --force           replace files that are not of runwell
  --uninstall       remove what was installed there; the services directory stays
TEXT
}

die() {
    echo "install.sh: $*" >&2
    exit 1
}

prefix=/usr/local services=/etc/service destdir='' shutdown='' force='' uninstall=''
while [ $# -gt 0 ]; do
    case $1 in
        --prefix=* | --services=* | --destdir=*)
            word=$1
            shift
            set -- "${word%%=*}" "${word#*=}" "$@"
            continue
            ;;
        --prefix | --services | --destdir)
            [ $# -ge 2 ] || die "$1 needs a directory"
            case $2 in
                /*) ;;
                *) die "$1 $2: must begin with a slash" ;;
            esac
            case $1 in
                --prefix) prefix=${2%/} ;;
                --services) services=${2%/} ;;
                --destdir) destdir=${2%/} ;;
            esac
            shift
            ;;
        --shutdown) shutdown=yes ;;
        --force) force=yes ;;
        --uninstall) uninstall=yes ;;
        -h | --help)
            help
            exit 0
            ;;
        *)
            help >&2
            exit 1
            ;;
    esac
    shift
done

here=$(cd "$(dirname "$0")" && pwd)
list=$prefix/share/runwell/installed # one path in each line, without destdir; what was made as a directory ends in a slash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Removes the files, then the directories of a list, as far as they are empty.
remove_listed() {
    grep -v '/$' "$1" | while read -r path; do rm -f "$destdir$path"; done
    grep '/$' "$1" | sort -r | while read -r path; do rmdir "$destdir$path" 2>/dev/null || true; done
}

if [ -n "$uninstall" ]; then
    [ -r "$destdir$list" ] || die "nothing is installed in $destdir$prefix: there is no $destdir$list"
    cp "$destdir$list" "$work/before"
    remove_listed "$work/before"
    exit 0
fi

# -- files and their places -------------------------------------------------------------------------------------------------

belongs_to_shutdown() {
    case $1 in
        shutdown | halt | poweroff | reboot | telinit) return 0 ;;
    esac
    return 1
}

is_wanted() { [ -n "$shutdown" ] || ! belongs_to_shutdown "$1"; }

place_of() {
    case $1 in
        runit | runit-init | runsvchdir | utmpset) echo sbin ;;
        *) if belongs_to_shutdown "$1"; then echo sbin; else echo bin; fi ;;
    esac
}

# each DIRECTORY PLACE: its files, and where they go.
each() {
    (cd "$here/$1" && find . ! -type d) | while read -r file; do
        file=${file#./} name=${file#_}
        if is_wanted "${name%.fish}"; then echo "$1/$file $prefix/$2/$file"; fi
    done
}

plan() {
    for file in "$here"/bin/*; do
        name=${file##*/}
        if is_wanted "$name"; then echo "bin/$name $prefix/$(place_of "$name")/$name"; fi
    done
    for file in "$here"/man/man[1-9]/*; do
        name=${file##*/}
        if is_wanted "${name%.[1-9]}"; then echo "${file#"$here"/} $prefix/share/${file#"$here"/}"; fi
    done
    each completions/bash share/bash-completion/completions
    each completions/zsh share/zsh/site-functions
    each completions/fish share/fish/vendor_completions.d
    each docs share/doc/runwell/docs
    each examples share/doc/runwell/examples
    for name in README.md CHANGES.md LICENSE; do echo "$name $prefix/share/doc/runwell/$name"; done
}

# -- installing ------------------------------------------------------------------------------------------------

# Makes a directory and its parents, and records which of them are new.
make_directory() {
    if [ -z "$1" ] || [ -d "$destdir$1" ]; then return; fi
    make_directory "${1%/*}"
    mkdir "$destdir$1"
    echo "$1/" >>"$work/now"
}

# Replaces a running program under its name: processes that run it continue with the old file.
put() {
    make_directory "${2%/*}"
    rm -f "$destdir$2.new"
    if [ -L "$1" ]; then
        ln -s "$(readlink "$1")" "$destdir$2.new"
    else
        cp "$1" "$destdir$2.new"
        if [ -x "$1" ]; then chmod 755 "$destdir$2.new"; else chmod 644 "$destdir$2.new"; fi
    fi
    mv -f "$destdir$2.new" "$destdir$2"
}

start=$prefix/sbin/runsvdir-start
plan >"$work/plan"
{
    cut -d' ' -f2- "$work/plan"
    echo "$start"
    echo "$list"
} >"$work/now"
: >"$work/before"
[ ! -r "$destdir$list" ] || cp "$destdir$list" "$work/before"

if [ -z "$force" ]; then
    while read -r path; do
        if [ -e "$destdir$path" ] && ! grep -Fqx "$path" "$work/before"; then
            die "$destdir$path is there, and is not of runwell (--force replaces it)"
        fi
    done <"$work/now"
fi

mkdir -p "$destdir/"
make_directory "$prefix/share/runwell"
while read -r from to; do put "$here/$from" "$to"; done <"$work/plan"
cat >"$work/start" <<TEXT
#!/bin/sh
# Supervises the services of $services: runsvdir(8). On TERM it stops them all and exits.
exec env - PATH="$prefix/sbin:$prefix/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \\
    SVDIR="$services" runsvdir -P -W "$services"
TEXT
chmod 755 "$work/start"
put "$work/start" "$start"
mkdir -p "$destdir$services" # not remembered: what is in it is not ours

# Files that an earlier version installed and this one does not.
grep '/$' "$work/before" >>"$work/now" || true
grep -v '/$' "$work/before" | grep -Fvx -f "$work/now" >"$work/gone" || true
remove_listed "$work/gone"
sort -u "$work/now" >"$destdir$list"

echo "runwell is in $destdir$prefix; start the services of $services with $start"
[ "$services" = /etc/service ] || echo "sv looks for them there with: export SVDIR=$services"
