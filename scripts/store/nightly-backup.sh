#!/bin/sh
# nightly-backup -- copies, packs, reads back and looks for what is old, with pauses.
while :; do
    sleep 4
    dd if=/dev/urandom of=backup/part.img bs=256k count=96 conv=fsync
    dd if=backup/part.img of=/dev/null bs=64k iflag=direct
    sleep 2
    tar -cf - pages | gzip -3 >backup/pages.tar.gz
    sleep 3
    find /usr/share/zoneinfo/Europe /usr/share/perl5 -maxdepth 1 -name '*.old' -o -name '*.tmp'
    dd if=backup/pages.tar.gz of=backup/copy.img bs=4k oflag=dsync count=60
    cat backup/missing.key
    sleep 5
done >/dev/null 2>&1
