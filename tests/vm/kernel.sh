#!/bin/bash
# kernel.sh SUITE… -- print "SUITE VERSION PATH" of each Debian suite's newest cloud kernel, fetching what is not in
# the cache ($EBTOP_VM_CACHE, default ~/.cache/ebtop-vm). Nothing is installed and apt's own state stays as it is:
# a private configuration takes the mirrors from this machine's sources.
set -eu
cache=${EBTOP_VM_CACHE:-$HOME/.cache/ebtop-vm}
image=linux-image-cloud-$(dpkg --print-architecture)

mirror() { # mirror NAME: the first address in this machine's sources that ends in /NAME
    cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list 2>/dev/null |
        sed 's/^ *#.*//' | grep -oE "https?://[^] ]*/$1/?( |\$)" | head -1 | tr -d ' ' || true
}

private_apt() { # private_apt SUITE FOLDER: an apt that knows that suite and nothing else
    mkdir -p "$2"/{lists/partial,archives/partial,sources,none,log}
    : >"$2/status"
    source_of() { printf 'Types: deb\nURIs: %s\nSuites: %s\nComponents: main\n' "$1" "$2"
        printf 'Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n'; }
    source_of "$(mirror debian)" "$1" >"$2/sources/main.sources"
    if [ "$1" != sid ] && [ -n "$(mirror debian-security)" ]; then
        source_of "$(mirror debian-security)" "$1-security" >"$2/sources/security.sources"
    fi
    cat >"$2/apt.conf" <<END
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "$2/sources";
Dir::Etc::PreferencesParts "$2/none";
Dir::State::Lists "$2/lists";
Dir::State::status "$2/status";
Dir::Cache "$2";
Dir::Log "$2/log";
APT::Sandbox::User "root";
Acquire::Languages "none";
END
    export APT_CONFIG=$2/apt.conf
}

fetch() { # fetch SUITE FOLDER: the kernel's package, unpacked
    private_apt "$1" "$cache/apt-$1"
    apt-get -qq update >&2
    package=$(apt-cache depends "$image" | awk '/Depends: linux-image-[0-9]/ {print $2; exit}')
    package=${package:-$image}
    binary=$(apt-cache depends "$package" | awk '/Depends: linux-binary-/ {print $2; exit}') # vmlinuz since 7.0
    mkdir -p "$2"
    (cd "$2" && apt-get -qq download "${binary:-$package}" >&2 && dpkg -x ./*.deb . && rm ./*.deb)
}

for suite in "$@"; do
    folder=$cache/kernels/$suite
    vmlinuz() { find "$folder" -name 'vmlinuz*' -type f 2>/dev/null | sort -V | tail -1; }
    [ -n "$(vmlinuz)" ] || fetch "$suite" "$folder"
    [ -n "$(vmlinuz)" ] || { echo "kernel.sh: no vmlinuz in the kernel package of $suite" >&2; exit 1; }
    path=$(vmlinuz)
    echo "$suite ${path##*vmlinuz-} $path"
done
