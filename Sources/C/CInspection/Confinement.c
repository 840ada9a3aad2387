// Starting the child that looks at files, and what it gives up before it looks.
#define _GNU_SOURCE
#include "CInspection.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int mqvi_memory_file(const void *bytes, size_t count) {
  int file = memfd_create("mqvi-inspect", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return -errno;
  size_t written = 0;
  while (written < count) {
    ssize_t taken = write(file, (const char *)bytes + written, count - written);
    if (taken <= 0) {
      int code = taken < 0 ? errno : EIO;
      close(file);
      return -code;
    }
    written += (size_t)taken;
  }
  if (fcntl(file, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0 ||
      lseek(file, 0, SEEK_SET) < 0) {
    int code = errno;
    close(file);
    return -code;
  }
  return file;
}

int mqvi_pipe(int *ends) { return pipe2(ends, O_CLOEXEC) ? -errno : 0; }

int mqvi_spawn_confined(const char *path, const char *const *arguments, int input, int output) {
  // One thread and no surprises; vips must not compile code at run time, nor keep pixels in files.
  char *const environment[] = {
      "LC_ALL=C", "VIPS_CONCURRENCY=1", "VIPS_NOVECTOR=1", "VIPS_BLOCK_UNTRUSTED=1", "VIPS_DISC_THRESHOLD=2g",
      "G_SLICE=always-malloc", NULL};
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  int code = posix_spawn_file_actions_init(&actions);
  if (code) return -code;
  code = posix_spawnattr_init(&attributes);
  if (code) {
    posix_spawn_file_actions_destroy(&actions);
    return -code;
  }
  // The server blocks signals that end it, and ignores SIGPIPE: the child has neither.
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  pid_t process = -1;
  if (!(code = posix_spawnattr_setflags(
            &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP)) &&
      !(code = posix_spawnattr_setsigmask(&attributes, &none)) &&
      !(code = posix_spawnattr_setsigdefault(&attributes, &all)) &&
      !(code = posix_spawn_file_actions_adddup2(&actions, input, 0)) &&
      !(code = posix_spawn_file_actions_adddup2(&actions, output, 1)) &&
      !(code = posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)) &&
      !(code = posix_spawn_file_actions_addclosefrom_np(&actions, 3)) &&
      !(code = posix_spawn_file_actions_addchdir_np(&actions, "/")))
    code = posix_spawn(&process, path, &actions, &attributes, (char *const *)arguments, environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return code ? -code : process;
}

int mqvi_reap(int process) {
  kill(process, SIGKILL);
  int status;
  while (waitpid(process, &status, 0) < 0)
    if (errno != EINTR) return -errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int limit(int resource, rlim_t value) {
  struct rlimit limit = {value, value};
  return setrlimit(resource, &limit) ? -errno : 0;
}

int mqvi_confine(uint64_t memory_bytes, uint32_t cpu_seconds) {
  int code;
  if ((code = limit(RLIMIT_AS, memory_bytes)) || (code = limit(RLIMIT_CPU, cpu_seconds)) ||
      (code = limit(RLIMIT_FSIZE, 0)) || (code = limit(RLIMIT_CORE, 0)) || (code = limit(RLIMIT_NOFILE, 64)))
    return code;
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_DUMPABLE, 0))
    return -errno;
  return 0;
}

#if defined(__x86_64__)
#define MQVI_AUDIT_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define MQVI_AUDIT_ARCH AUDIT_ARCH_AARCH64
#endif

#define ALLOW(name) \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_##name, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

int mqvi_seal(void) {
#ifdef MQVI_AUDIT_ARCH
  struct sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MQVI_AUDIT_ARCH, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      // Memory.
      ALLOW(mmap), ALLOW(munmap), ALLOW(mremap), ALLOW(mprotect), ALLOW(madvise), ALLOW(brk),
      // The descriptors that are open, and no new ones.
      ALLOW(read), ALLOW(write), ALLOW(close), ALLOW(fstat), ALLOW(lseek),
      // Threads, which libvips starts for its own work; the old call, whose flags can be looked at.
      ALLOW(futex), ALLOW(set_robust_list), ALLOW(sched_yield), ALLOW(sched_getaffinity), ALLOW(gettid),
      ALLOW(getpid), ALLOW(rt_sigaction), ALLOW(rt_sigprocmask), ALLOW(rt_sigreturn), ALLOW(sigaltstack),
#ifdef __NR_rseq
      ALLOW(rseq),
#endif
      // Time, chance, the end.
      ALLOW(clock_gettime), ALLOW(clock_nanosleep), ALLOW(getrandom), ALLOW(restart_syscall), ALLOW(exit),
      ALLOW(exit_group),
      // glibc asks with clone3 first and takes "no such call" for an answer.
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone3, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_clone, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      // What else a library tries it hears that it may not, and most go on without.
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) ? -errno : 0;
#else
  return -ENOSYS;
#endif
}
