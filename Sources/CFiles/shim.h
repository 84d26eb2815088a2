#pragma once
#include <sys/syscall.h>
#include <unistd.h>

// syncfs(2) as the kernel has it: the C library declares it only under _GNU_SOURCE, which an
// importer of this header cannot set any more.
static inline int cfiles_syncfs(int descriptor) {
  return (int)syscall(SYS_syncfs, descriptor);
}
