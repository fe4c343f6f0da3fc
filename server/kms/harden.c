#include "kms/harden.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* OpenSSL's heap for private keys, and the blocks of it. */
#define HEAP (256U * 1024U)
#define HEAP_BLOCK 32U

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static bool heap_locked;

static rlim_t lockable(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0)
    return 0;
  /* What the system would allow it anyway. */
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 ? limit.rlim_cur : 0;
}

void psd_kms_harden_start(void) {
  const struct rlimit none = {0, 0};
  struct sigaction ignore = {.sa_handler = SIG_IGN};
  (void)umask(S_IRWXG | S_IRWXO);
  (void)setrlimit(RLIMIT_CORE, &none);
  (void)prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
  (void)prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
  (void)sigaction(SIGPIPE, &ignore, NULL);
  (void)sigaction(SIGXFSZ, &ignore, NULL);
  (void)lockable();
  /* 1: locked. 0: there is none, and OpenSSL takes the ordinary heap. */
  heap_locked = CRYPTO_secure_malloc_init(HEAP, HEAP_BLOCK) == 1;
}

bool psd_kms_harden_lock(const psd_keyring *ring, char warning[PSD_KMS_WHY_MAX]) {
  if (SANITIZED)
    return true;
  rlim_t most = lockable();
  /* With a limit, locking what comes later would make allocations fail once it is reached. */
  if ((most == RLIM_INFINITY || geteuid() == 0) && mlockall(MCL_CURRENT | MCL_FUTURE) == 0)
    return true;
  const char *open = "keys and";
  if (ring->locked)
    open = heap_locked ? "only" : "OpenSSL's copies of private keys and";
  (void)snprintf(warning, PSD_KMS_WHY_MAX,
                 "%s what is worked on may be swapped out: %lu KiB may be locked (raise it: LimitMEMLOCK=infinity)",
                 open, (unsigned long)(most / 1024U));
  return false;
}

bool psd_kms_harden_may_filter(void) {
  return !SANITIZED;
}

static const int allowed[] = {
    /* sockets that are there, and those of who calls */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
    SCMP_SYS(recvfrom), SCMP_SYS(sendto), SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(shutdown), SCMP_SYS(close),
    SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(ioctl),
    SCMP_SYS(fcntl), SCMP_SYS(dup), SCMP_SYS(poll), SCMP_SYS(ppoll),
    /* the loop */
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime),
    SCMP_SYS(inotify_rm_watch), SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    /* keys and log in their folder */
    SCMP_SYS(openat), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(lseek), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    SCMP_SYS(statx), SCMP_SYS(lstat), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(ftruncate), SCMP_SYS(flock),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlinkat), SCMP_SYS(unlink),
    /* memory, randomness, the end */
    SCMP_SYS(brk), SCMP_SYS(mmap), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(mprotect), SCMP_SYS(madvise),
    SCMP_SYS(mlock), SCMP_SYS(munlock), SCMP_SYS(getrandom), SCMP_SYS(futex), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(tgkill), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* Nothing that serves has a use for these: who calls them has taken the process over. */
static const int deadly[] = {SCMP_SYS(execve), SCMP_SYS(execveat),         SCMP_SYS(fork),   SCMP_SYS(vfork),
                             SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(socket), SCMP_SYS(connect)};

bool psd_kms_harden_filter(void) {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  bool done = filter != NULL;
  for (size_t i = 0; i < sizeof allowed / sizeof allowed[0] && done; i++)
    done = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
  for (size_t i = 0; i < sizeof deadly / sizeof deadly[0] && done; i++)
    done = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, deadly[i], 0) == 0;
  done = done && seccomp_load(filter) == 0;
  if (filter != NULL)
    seccomp_release(filter);
  return done;
}
