#!/bin/sh
# start -- a small shop at work: pages served, orders stored, builds, backups, checks. Runs until it is killed.
cd "$(dirname "$0")" || exit 1
as() { # as USER COMMAND ARGUMENT...: in a control group of its own, named as systemd would, where there is a place for it
    user=$1 place=${GROUPS_PLACE:-/nonexistent}/shop-${2#./}.service
    shift
    mkdir "$place" 2>/dev/null
    # shellcheck disable=SC2016 # the inner shell's own process
    sh -c 'echo $$ >"$0/cgroup.procs"; exec "$@"' "$place" \
        setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@" &
}
as www-data ./storefront 8080
as www-data ./orders data/orders.db
as games ./sessions
as nobody ./health-check 8080
as backup ./nightly-backup
as daemon ./build
wait
