# What the tests and benchmarks need of other projects, fetched from Debian and unpacked below build/; nothing is installed.
# Sourced by ./dev.

# Debian's runit, unpacked below build/reference: the 2.1.2 of this release, and the 2.3.1 of sid where it can be had.
reference() {
    local dir=build/reference
    mkdir -p "$dir"
    if [ ! -x "$dir/2.1.2/usr/bin/runsv" ]; then
        echo "fetching Debian's runit" >&2
        (cd "$dir" && apt-get download -q runit runit-init >/dev/null 2>&1) || { apt-get update -q >/dev/null &&
            (cd "$dir" && apt-get download -q runit runit-init >/dev/null); }
        for deb in "$dir"/runit*_2.1.2*.deb; do dpkg -x "$deb" "$dir/2.1.2"; done
    fi
    [ -x "$dir/2.3.1/usr/bin/runsv" ] || reference_of_sid "$dir" ||
        echo "NOTE: runit 2.3.1 of Debian sid cannot be had here: its differential tests are skipped" >&2
}

# Where this machine has Debian's packages from.
mirror() {
    apt-get indextargets --format '$(REPO_URI)' 'Component: main' 'Created-By: Packages' 'Origin: Debian' |
        grep -v security | head -n 1
}

# Fetches runit of Debian sid with package lists of its own, from the mirror that this machine uses.
reference_of_sid() {
    local dir mirror apt
    dir=$(readlink -f "$1")
    mirror=$(mirror)
    [ -n "$mirror" ] || return 1
    echo "fetching runit of Debian sid" >&2
    mkdir -p "$dir"/apt/{lists,cache}/partial "$dir/apt/cache/archives/partial"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$dir/apt/sources.list"
    apt=(-q -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update >/dev/null 2>&1 || return 1
    (cd "$dir" && apt-get "${apt[@]}" download runit/sid >/dev/null 2>&1) || return 1
    for deb in "$dir"/runit_2.3*.deb; do dpkg -x "$deb" "$dir/2.3.1" || return 1; done
}

# Other suites, for `./dev bench peers`: s6 as Debian has it, unpacked; and busybox, which Debian builds without runit's
# applets: its source, with its static configuration and them.
peers() {
    local dir=build/reference config=debian/config/pkg/static applet
    if [ ! -x "$dir/s6/usr/bin/s6-svscan" ]; then
        mkdir -p "$dir/s6"
        echo "fetching s6" >&2
        (cd "$dir/s6" && apt-get download -q -o APT::Sandbox::User=root s6 \
            $(apt-cache depends s6 | sed -n 's/.*Depends: \(lib\(s6\|skarnet\|execline\).*\)/\1/p') >/dev/null &&
            for deb in *.deb; do dpkg -x "$deb" .; done)
    fi
    [ -x "$dir/busybox/bin/runsv" ] && return
    rm -rf "$dir/busybox"
    mkdir -p "$dir/busybox/bin"
    (cd "$dir/busybox" && source_of busybox && dpkg-source --no-check -x busybox_*.dsc source >/dev/null && cd source &&
        sed -E 's/# CONFIG_(RUNSV|RUNSVDIR|SV|SVLOGD|CHPST) is not set/CONFIG_\1=y/' "$config" >.config &&
        { yes '' | make oldconfig >/dev/null 2>&1 || true; } && watched "building busybox" ../log make -j2)
    for applet in chpst runsv runsvdir sv svlogd; do ln -s ../source/busybox "$dir/busybox/bin/$applet"; done
}

# Fetches the source of a package into this directory, with package lists of its own.
source_of() {
    local dir=$PWD mirror release apt
    mirror=$(mirror)
    echo "fetching the source of $1" >&2
    release=$(. /etc/os-release && echo "$VERSION_CODENAME")
    mkdir -p "$dir"/apt/{lists,cache}/partial "$dir/apt/cache/archives/partial"
    echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $release main" >"$dir/apt/sources.list"
    apt=(-q -o "Dir::Etc::sourcelist=$dir/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null
        -o "Dir::State::lists=$dir/apt/lists" -o "Dir::Cache=$dir/apt/cache" -o APT::Sandbox::User=root)
    apt-get "${apt[@]}" update >/dev/null && apt-get "${apt[@]}" source --download-only "$1" >/dev/null
}

# What manages services in Debian, fetched below build/clients: for the tests to install in machines of their own.
clients() {
    local dir=build/clients name missing=()
    mkdir -p "$dir/packages" "$dir/unpacked"
    for name in runit runit-helper sysuser-helper runit-services getty-run socklog socklog-run git-daemon-run at \
        prometheus-node-exporter ansible; do
        ls "$dir/packages/$name"_*.deb >/dev/null 2>&1 || missing+=("$name")
    done
    if [ ${#missing[@]} -ne 0 ]; then
        echo "fetching: ${missing[*]}" >&2
        (cd "$dir/packages" && apt-get download -q "${missing[@]}" >/dev/null 2>&1) || { apt-get update -q >/dev/null &&
            (cd "$dir/packages" && apt-get download -q "${missing[@]}" >/dev/null); }
    fi
    [ -d "$dir/unpacked/usr/bin" ] || dpkg -x "$dir"/packages/prometheus-node-exporter_*.deb "$dir/unpacked"
    # Of Ansible's collections, the one that knows runit: a hundredth of them.
    [ -d "$dir/unpacked/usr/lib/python3" ] || dpkg --fsys-tarfile "$dir"/packages/ansible_*.deb | tar -xC "$dir/unpacked" \
        ./usr/lib/python3/dist-packages/ansible_collections/community/general
}

# A Debian 12 with its runit, below build/packages/root, and the packages beside it that are to accept ours.
debian_root() {
    local dir=build/packages
    mkdir -p "$dir/debs"
    if [ ! -e "$dir/root/etc/debian_version" ]; then
        rm -rf "$dir/root" "$dir/new"
        watched "a Debian 12 to try the packages in" "$dir/log" mmdebstrap --variant=essential \
            --include=runit,adduser,procps,mount --mode=root bookworm "$dir/new" "$(mirror)" &&
            mv "$dir/new" "$dir/root" ||
            { echo "NOTE: no Debian 12 can be had here: the tests of its packages are skipped" >&2; return 0; }
    fi
    (cd "$dir/debs" && for package in runit runit-init runit-run runit-services getty-run socklog socklog-run \
        initscripts insserv startpar sysv-rc sysvinit-utils lsb-base; do
        ls "${package}"_*.deb >/dev/null 2>&1 || apt-get download -q "$package" >/dev/null 2>&1 ||
            echo "NOTE: $package cannot be had here" >&2
    done)
}

# The kernel that Debian makes for virtual machines, unpacked below build/boot. Nothing is installed.
kernel() {
    local dir=build/boot package
    ls "$dir"/kernel/boot/vmlinuz-* >/dev/null 2>&1 && return
    mkdir -p "$dir"
    echo "fetching a kernel" >&2
    package=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p' | head -n 1)
    (cd "$dir" && apt-get download -q "$package" >/dev/null 2>&1) ||
        { echo "NOTE: no kernel can be had here: the tests of a whole machine are skipped" >&2; return 0; }
    dpkg -x "$dir"/linux-image-*.deb "$dir/kernel"
}
