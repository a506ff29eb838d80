#!/bin/sh
# build -- compiles the catalogue again and again, with a pause after every few rounds.
round=0
while :; do
    round=$((round + 1))
    [ $((round % 8)) -ne 0 ] || make -s -C catalogue clean
    make -s -C catalogue -W price.c
    sleep 3
    [ $((round % 6)) -ne 0 ] || sleep 5
done >/dev/null 2>&1
