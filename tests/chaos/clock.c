/* A wall clock that is off by the seconds in the file named by CHAOS_CLOCK, read at most once a second; other clocks stay true. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static int (*true_gettime)(clockid_t, struct timespec *);

static long offset(void) {
    static __thread time_t read_at;
    static __thread long seconds;
    struct timespec now;
    true_gettime(CLOCK_MONOTONIC, &now);
    if (now.tv_sec != read_at) {
        FILE *file = fopen(getenv("CHAOS_CLOCK"), "r");
        read_at = now.tv_sec;
        if (file && fscanf(file, "%ld", &seconds) != 1) seconds = 0;
        if (file) fclose(file);
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    if (!true_gettime) true_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    int failed = true_gettime(clock, time);
    if (!failed && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += offset();
    return failed;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    time->tv_sec = now.tv_sec;
    time->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *into) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (into) *into = now.tv_sec;
    return now.tv_sec;
}
