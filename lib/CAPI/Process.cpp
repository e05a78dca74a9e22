// Errors, versions, threads, cache, log and settings: what belongs to the process and not to one
// program.
#include "Handles.h"
#include "keops/Runtime/Compiler.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"
#include "keops/Runtime/Threads.h"

using namespace keops;
using namespace keops::capi;

#define KEOPS_TEXT(x) #x
#define KEOPS_EXPAND(x) KEOPS_TEXT(x)

static std::string &getErrorText() {
  static thread_local std::string text;
  return text;
}

void capi::setLastError(const char *function, const char *message) noexcept {
  try {
    getErrorText() = concat(function, ": ", message);
  } catch (const std::exception &) {
    // The capacity at hand may be zero, but clearing never allocates.
    getErrorText().clear();
  }
}

const char *keopsGetLastError(void) { return getErrorText().c_str(); }

const char *keopsGetVersion(void) {
  return KEOPS_EXPAND(KEOPS_VERSION_MAJOR) "." KEOPS_EXPAND(KEOPS_VERSION_MINOR) "." KEOPS_EXPAND(
      KEOPS_VERSION_PATCH);
}

const char *keopsGetBuildId(void) { return getRuntimeBuildId().c_str(); }

keopsStatus keopsDeviceGetCount(keopsDeviceType type, int32_t *count) {
  return guard(__func__, [&] {
    *require(count, "count") = 0;
    *count = isCuda(type, "type") ? cuda::getDeviceCount() : 1;
  });
}

static keopsDeviceInfo describeCpu(int32_t id) {
  if (id != 0)
    raiseUserError("argument 'id': expected 0, the only processor, got ", id);
  return {sizeof(keopsDeviceInfo), "CPU", 0, 0, 0, 0, ""};
}

static keopsDeviceInfo describeCuda(int32_t id) {
  const cuda::DeviceInfo &info = cuda::getDeviceInfo(id);
  return {sizeof(keopsDeviceInfo),
          info.name.c_str(),
          info.major,
          info.minor,
          info.multiprocessors,
          info.memoryBytes,
          info.driverVersion.c_str()};
}

keopsStatus keopsDeviceGetInfo(keopsDeviceType type, int32_t id, keopsDeviceInfo *info) {
  return guard(__func__, [&] {
    size_t size = require(info, "info")->size;
    if (size < sizeof(size_t) || size > (size_t(1) << 16))
      raiseUserError("argument 'info' was not initialised: its size is ", size);
    keopsDeviceInfo known = isCuda(type, "type") ? describeCuda(id) : describeCpu(id);
    known.size = size;
    std::memcpy(info, &known, std::min(size, sizeof(known)));
  });
}

keopsStatus keopsDeviceFindMemory(keopsDeviceType type, const void *address, int32_t *id) {
  return guard(__func__, [&] {
    *require(id, "id") = -1;
    if (isCuda(type, "type"))
      *id = cuda::findDevice(address);
  });
}

keopsStatus keopsDeviceWait(keopsDeviceType type, int32_t id, void *stream) {
  return guard(__func__, [&] {
    if (isCuda(type, "type"))
      cuda::waitForStream(id, stream);
  });
}

keopsStatus keopsSetNumThreads(int32_t count) {
  return guard(__func__, [&] { setNumThreads(count); });
}

int32_t keopsGetNumThreads(void) { return getNumThreads(); }

keopsStatus keopsCacheGetInfo(keopsCacheInfo *info) {
  return guard(__func__, [&] {
    ProgramCache &cache = ProgramCache::get();
    CacheCounts counts = cache.getCounts();
    DiskCache::Usage usage = cache.getDisk().getUsage();
    *require(info, "info") = {counts.memoryHits,
                              counts.diskHits,
                              counts.compilations,
                              counts.programsInMemory,
                              usage.entries,
                              usage.bytes,
                              cache.getDisk().getFolder().c_str()};
  });
}

keopsStatus keopsCacheClear(keopsCacheScope scope) {
  return guard(__func__, [&] {
    int32_t code = getCode(scope);
    if (code < KEOPS_CACHE_MEMORY || code > KEOPS_CACHE_ALL)
      raiseUserError("argument 'scope': expected KEOPS_CACHE_MEMORY, _DISK or _ALL, got ", code);
    if (code & KEOPS_CACHE_MEMORY) {
      ProgramCache::get().clearMemory();
      cuda::releaseMemory();
    }
    if (code & KEOPS_CACHE_DISK)
      ProgramCache::get().getDisk().clear();
  });
}

keopsStatus keopsCacheSetFolder(const char *folder) {
  return guard(__func__, [&] {
    std::vector<std::string> problems; // were reported when the settings were read first
    ProgramCache::get().setFolder(folder ? folder : readSettings(std::getenv, problems).cacheDir);
  });
}

void keopsSetLogLevel(keopsLogLevel level) {
  setLogLevel(LogLevel(std::clamp<int32_t>(getCode(level), KEOPS_LOG_QUIET, KEOPS_LOG_DEBUG)));
}

void keopsSetLogCallback(void (*callback)(int32_t, const char *, void *), void *user) {
  setLogCallback(callback, user);
}

void keopsForEachSetting(void (*visit)(const char *, const char *, const char *, void *),
                         void *user) {
  if (visit)
    forEachSetting([&](const char *name, const char *standard, const char *text) {
      visit(name, standard, text, user);
    });
}

keopsStatus keopsCompilerGetInfo(const char **path, const char **llvm_version,
                                 const char **host_target) {
  return guard(__func__, [&] {
    const Compiler &compiler = getCompiler();
    *require(path, "path") = compiler.path.c_str();
    *require(llvm_version, "llvm_version") = compiler.table->llvmVersion;
    *require(host_target, "host_target") = compiler.table->hostTarget;
  });
}
