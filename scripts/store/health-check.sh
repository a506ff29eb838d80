#!/bin/sh
# health-check PORT -- asks the storefront over IPv4 and IPv6, in waves; now and then a service that is not there.
round=0
while :; do
    round=$((round + 1))
    curl -s -o /dev/null "http://127.0.0.1:$1/$((round % 40)).html"
    curl -s -o /dev/null "http://[::1]:$1/$((round * 7 % 40)).html"
    [ $((round % 3)) -ne 0 ] || curl -s -o /dev/null "http://127.0.0.1:$1/search?q=tea"
    [ $((round % 4)) -ne 0 ] || curl -s -o /dev/null http://127.0.0.1:5433/status # refused
    [ $((round % 7)) -ne 0 ] || curl -s -o /dev/null "http://[::1]:5433/status"   # refused
    [ $((round % 20)) -lt 12 ] && sleep 0.7 || sleep 1.8
done
