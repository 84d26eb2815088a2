#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// syncfs(2) as the kernel has it: the C library declares it only under _GNU_SOURCE, which an
// importer of this header cannot set any more.
static inline int cfiles_syncfs(int descriptor) {
  return (int)syscall(SYS_syncfs, descriptor);
}

// Flags of open(2) for reading a file without noting on disk that it was read, which else costs a
// write for every first read. Only a file's owner may. Named only under _GNU_SOURCE as well.
static inline int cfiles_open_read_untouched(void) {
  return O_RDONLY | O_CLOEXEC | __O_NOATIME;
}

// flock(2), at once or not at all; as a function, since its name is also that of a structure.
static inline int cfiles_try_lock(int descriptor) {
  return flock(descriptor, LOCK_EX | LOCK_NB);
}

// An empty file without a descriptor for it: closing one would let go of the locks that this process
// has on the file. 0, or -1 with errno, EEXIST where something is there.
static inline int cfiles_make_private(const char *path) {
  return mknod(path, S_IFREG | S_IRUSR | S_IWUSR, 0);
}

// From here on nobody but the kernel's administrator reads this process's memory: neither a core
// dump nor a debugger of the same user.
static inline int cfiles_keep_memory(void) {
  return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
