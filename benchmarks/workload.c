/* SPDX-License-Identifier: Apache-2.0 */
/* The known loads.
 *   workload cost CPU CALLS    pinned, makes CALLS getppid() and prints the nanoseconds of CPU time each one took
 *   workload switch CPU TURNS  two threads on one CPU that wait for each other TURNS times; prints the nanoseconds of CPU
 *                              time of each change from one to the other
 *   workload keys PROCESSES    PROCESSES children make KEYS different system calls each, every half second, until killed
 *   workload busy              getppid() for ever, in bursts that leave the CPU half free */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define KEYS 80
#define FIRST 340 /* numbers without a call behind them, x86-64 and arm64: the kernel answers ENOSYS, but counts */

static double cpu_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1e9 + now.tv_nsec;
}

static void pause_ms(long ms) {
    struct timespec span = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&span, 0);
}

static int pin(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof(set), &set) == 0)
        return 0;
    perror("sched_setaffinity");
    return 1;
}

static int cost(int cpu, long calls) {
    if (pin(cpu))
        return 1;
    double start = cpu_ns();
    for (long call = 0; call < calls; call++)
        syscall(SYS_getppid);
    printf("%.2f\n", (cpu_ns() - start) / calls);
    return 0;
}

struct turns {
    int in, out;
    long left;
};

static void *answer(void *given) {
    struct turns *turns = given;
    char byte;
    for (; turns->left; turns->left--)
        if (read(turns->in, &byte, 1) != 1 || write(turns->out, &byte, 1) != 1)
            exit(1);
    return 0;
}

static int switching(int cpu, long turns) {
    int there[2], back[2];
    if (pin(cpu) || pipe(there) || pipe(back))
        return 1;
    struct turns one = {back[0], there[1], turns}, other = {there[0], back[1], turns};
    struct timespec used;
    pthread_t thread;
    if (pthread_create(&thread, 0, answer, &other) || write(there[1], "", 1) != 1)
        return 1;
    one.left--; /* the byte above was its first turn's */
    answer(&one);
    pthread_join(thread, 0);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("%.2f\n", (used.tv_sec * 1e9 + used.tv_nsec) / (2.0 * turns));
    return 0;
}

static void keys(int processes) {
    for (int child = 1; child < processes; child++)
        if (fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            break;
        }
    for (;; pause_ms(500))
        for (int number = 0; number < KEYS; number++)
            syscall(FIRST + number);
}

static void busy(void) {
    for (;; pause_ms(5))
        for (int call = 0; call < 10000; call++)
            syscall(SYS_getppid);
}

int main(int count, char **words) {
    if (count == 4 && !strcmp(words[1], "cost"))
        return cost(atoi(words[2]), atol(words[3]));
    if (count == 4 && !strcmp(words[1], "switch"))
        return switching(atoi(words[2]), atol(words[3]));
    if (count == 3 && !strcmp(words[1], "keys"))
        keys(atoi(words[2]));
    if (count == 2 && !strcmp(words[1], "busy"))
        busy();
    return 2;
}
