// One OpenMP runtime of LLVM's family in a process: a second one ends it, so one that is there
// already is taken. Opened for ourselves alone, so that runtimes of other families (PyTorch's) stay
// untouched.
#include "keops/Runtime/Threads.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Settings.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <limits>
#include <link.h>
#include <sched.h>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace keops {

namespace {

std::atomic<int32_t> chosenThreads{0};

//===-- OpenMP ------------------------------------------------------------------------------===//

/// libomp.so.5, libomp-1a2b.so of a wheel, libiomp5.so.
int keepOpenMPPath(dl_phdr_info *info, size_t, void *user) {
  std::string_view path = info->dlpi_name;
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (name.starts_with("libomp") || name.starts_with("libiomp"))
    static_cast<std::vector<std::string> *>(user)->emplace_back(path);
  return 0;
}

void *findLoaded() {
  std::vector<std::string> paths;
  dl_iterate_phdr(keepOpenMPPath, &paths);
  for (const std::string &path : paths)
    if (void *found = dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD))
      if (dlsym(found, "__kmpc_fork_call"))
        return found;
  return nullptr;
}

void *openLibrary() {
  // Idle workers sleep after at most a millisecond; a user's own setting wins.
  setenv("KMP_BLOCKTIME", "1", /*overwrite=*/0);
  if (void *loaded = findLoaded())
    return loaded;
  for (const char *name : {"libomp.so.5", "libomp.so", "/usr/lib/llvm-22/lib/libomp.so"})
    if (void *found = dlopen(name, RTLD_NOW | RTLD_LOCAL))
      return found;
  return nullptr;
}

struct OpenMP {
  void *library = openLibrary();
  int (*getMaxThreads)() = nullptr;
  int atStart = 0;

  OpenMP() {
    if (library)
      getMaxThreads = reinterpret_cast<int (*)()>(dlsym(library, "omp_get_max_threads"));
    if (getMaxThreads)
      atStart = getMaxThreads();
  }
};

const OpenMP &getRuntime() {
  static const OpenMP runtime;
  return runtime;
}

/// What was asked of OpenMP itself, by threadpoolctl for instance. Its number at the start is its
/// default, of which those who chose another number for keops think nothing.
int32_t getOpenMPLimit() {
  const OpenMP &runtime = getRuntime();
  int32_t now = runtime.getMaxThreads ? runtime.getMaxThreads() : runtime.atStart;
  return now == runtime.atStart ? std::numeric_limits<int32_t>::max() : now;
}

//===-- Processors --------------------------------------------------------------------------===//

/// Processors' worth of time that a container grants, or 0 for no bound. More threads than that
/// would be stopped together in the middle of their work.
int32_t readContainerBound() {
  FILE *file = std::fopen("/sys/fs/cgroup/cpu.max", "re");
  if (!file)
    return 0;
  double quota = 0, period = 0;
  int count = std::fscanf(file, "%lf %lf", &quota, &period); // "max 100000" reads as nothing
  std::fclose(file);
  if (count != 2 || !(quota > 0) || !(period > 0))
    return 0;
  return static_cast<int32_t>(std::clamp(std::ceil(quota / period), 1.0, double(maxThreads)));
}

int32_t countProcessors() {
  cpu_set_t set;
  int32_t count = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
  if (sched_getaffinity(0, sizeof(set), &set) == 0)
    count = CPU_COUNT(&set);
  int32_t bound = readContainerBound();
  return bound > 0 ? std::min(count, bound) : count;
}

} // namespace

void *getOpenMP() { return getRuntime().library; }

int32_t getNumThreads() {
  static const int32_t standard =
      getSettings().numThreads ? static_cast<int32_t>(getSettings().numThreads) : countProcessors();
  int32_t chosen = chosenThreads.load(std::memory_order_relaxed);
  return std::min(chosen ? chosen : standard, getOpenMPLimit());
}

void setNumThreads(int32_t count) {
  if (count < 0 || count > maxThreads)
    raiseUserError("the number of threads must be from 0 (default) to ", maxThreads, ", got ",
                   count);
  chosenThreads = count;
}

} // namespace keops
