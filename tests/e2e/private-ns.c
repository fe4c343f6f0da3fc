/* private-ns COMMAND…: runs a command in mount, network and process namespaces of its own, with loopback up.
 *
 * Root needs nothing else; an ordinary user gets a user namespace too, in which he is uid 0. When the command ends, or
 * on SIGTERM or SIGHUP, or when the parent ends, every process started below it is ended. Exit status: the command's;
 * 128 + n for signal n; 3 if the namespaces cannot be had. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NO_NAMESPACE 3
#define GRACE_SECONDS 3 /* between SIGTERM and SIGKILL for what is left at the end */

static void die(const char *what) {
  (void)fprintf(stderr, "private-ns: %s: %s\n", what, strerror(errno));
  exit(EXIT_NO_NAMESPACE);
}

static void write_file(const char *path, const char *text) {
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
    die(path);
  }
  (void)close(fd);
}

/* user_namespaces(7): setgroups must be denied before an unprivileged process may map its group. */
static void map_to_root(uid_t uid, gid_t gid) {
  char line[64];
  write_file("/proc/self/setgroups", "deny");
  (void)snprintf(line, sizeof line, "0 %lu 1", (unsigned long)uid);
  write_file("/proc/self/uid_map", line);
  (void)snprintf(line, sizeof line, "0 %lu 1", (unsigned long)gid);
  write_file("/proc/self/gid_map", line);
}

static void enter_namespaces(void) {
  uid_t uid = geteuid();
  gid_t gid = getegid();
  int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID;
  if (unshare(uid == 0 ? flags : flags | CLONE_NEWUSER) != 0) {
    die(uid == 0 ? "no new namespaces here (a container without CAP_SYS_ADMIN?)"
                 : "no new namespaces for ordinary users here (sysctl user.max_user_namespaces, "
                   "kernel.unprivileged_userns_clone)");
  }
  if (uid != 0) {
    map_to_root(uid, gid);
  }
}

static void bring_loopback_up(void) {
  struct ifreq request;
  memset(&request, 0, sizeof request);
  memcpy(request.ifr_name, "lo", sizeof "lo");
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) != 0) {
    die("loopback");
  }
  request.ifr_flags = (short)(request.ifr_flags | IFF_UP | IFF_RUNNING);
  if (ioctl(fd, SIOCSIFFLAGS, &request) != 0) {
    die("loopback");
  }
  (void)close(fd);
}

static void mount_own_proc(void) {
  if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
      mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0) {
    die("mount /proc");
  }
}

static int exit_status(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for the next signal of `set`; returns 0 once `deadline` (NULL: never) has passed. */
static int next_signal(const sigset_t *set, const struct timespec *deadline) {
  for (;;) {
    int signal_number;
    if (deadline == NULL) {
      signal_number = sigwaitinfo(set, NULL);
    } else {
      struct timespec now;
      (void)clock_gettime(CLOCK_MONOTONIC, &now);
      struct timespec left = {.tv_sec = deadline->tv_sec - now.tv_sec, .tv_nsec = 0};
      signal_number = left.tv_sec > 0 ? sigtimedwait(set, NULL, &left) : 0;
    }
    if (signal_number >= 0 || errno == EAGAIN) {
      return signal_number > 0 ? signal_number : 0;
    }
  }
}

/* Ends what is left in the namespace: politely at first; when process 1 exits the kernel kills the rest. */
static void end_the_rest(const sigset_t *set) {
  struct timespec deadline;
  (void)clock_gettime(CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += GRACE_SECONDS;
  (void)kill(-1, SIGTERM);
  for (;;) {
    pid_t pid = waitpid(-1, NULL, WNOHANG);
    if (pid < 0 || (pid == 0 && next_signal(set, &deadline) == 0)) {
      return;
    }
  }
}

/* Process 1 of the namespace: starts the command, reaps, and passes SIGTERM on to everybody. */
static int run_command(char **command, const sigset_t *set, const sigset_t *old_set) {
  pid_t main_child = fork();
  if (main_child < 0) {
    die("fork");
  }
  if (main_child == 0) {
    (void)sigprocmask(SIG_SETMASK, old_set, NULL);
    (void)execvp(command[0], command);
    die(command[0]);
  }
  for (;;) {
    int status;
    pid_t pid = waitpid(-1, &status, WNOHANG);
    if (pid == main_child) {
      end_the_rest(set);
      return exit_status(status);
    }
    if (pid > 0) {
      continue;
    }
    int signal_number = next_signal(set, NULL);
    if (signal_number == SIGTERM || signal_number == SIGHUP) {
      (void)kill(-1, SIGTERM);
    }
  }
}

/* Outside: waits for process 1 and hands signals on. Ctrl-C reaches the command through the terminal's process group.
 */
static int watch(pid_t init, const sigset_t *set) {
  for (;;) {
    int status;
    if (waitpid(init, &status, WNOHANG) == init) {
      return exit_status(status);
    }
    int signal_number = next_signal(set, NULL);
    if (signal_number == SIGTERM || signal_number == SIGHUP) {
      (void)kill(init, SIGTERM);
    }
  }
}

int main(int argc, char **argv) {
  if (argc < 2) {
    (void)fprintf(stderr, "usage: private-ns COMMAND [ARGUMENT]...\n");
    return 2;
  }
  sigset_t set;
  sigset_t old_set;
  (void)sigemptyset(&set);
  (void)sigaddset(&set, SIGTERM);
  (void)sigaddset(&set, SIGHUP);
  (void)sigaddset(&set, SIGINT);
  (void)sigaddset(&set, SIGCHLD);
  (void)sigprocmask(SIG_BLOCK, &set, &old_set);

  pid_t parent = getppid();
  enter_namespaces();
  /* When whoever wants the command is gone, nobody does: then it ends too. New credentials reset this, so not earlier.
   */
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
    die("prctl");
  }
  if (getppid() != parent) {
    return 128 + SIGTERM;
  }
  pid_t init = fork();
  if (init < 0) {
    die("fork");
  }
  /* _exit: a leak checker would start another process at exit, which is impossible once the namespace's first process
   * has ended. */
  if (init > 0) {
    _exit(watch(init, &set));
  }
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
    die("prctl");
  }
  mount_own_proc();
  bring_loopback_up();
  _exit(run_command(argv + 1, &set, &old_set));
}
