#!/bin/sh
# start -- a small shop at work: pages served, orders stored, builds, backups, checks. Runs until it is killed.
cd "$(dirname "$0")" || exit 1
as() { # as USER COMMAND ARGUMENT...
    user=$1
    shift
    setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups "$@" &
}
as www-data ./storefront 8080
as www-data ./orders data/orders.db
as games ./sessions
as nobody ./health-check 8080
as backup ./nightly-backup
as daemon ./build
wait
