// Every KEOPS_* environment variable, typed, with its default and one line of documentation.
// Nothing else in the runtime reads the environment.
#ifndef KEOPS_RUNTIME_SETTINGS_H
#define KEOPS_RUNTIME_SETTINGS_H

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace keops {

/// More are a mistake.
constexpr int64_t maxThreads = 4096;

struct Settings {
  int64_t numThreads = 0;
  std::string cacheDir;
  int64_t cacheSizeMb = 512;
  int64_t programsInMemory = 256;
  int32_t logLevel = 2;
  std::string compilerLibrary;
  std::string target = "native";
  std::string cudaDriver = "libcuda.so.1";
  std::string programsDir;
  int64_t gpuBlocks = 0;
  int64_t workPerThread = 200000;
  std::string sanitizeGenerated;
};

/// Looks up one environment variable; nullptr when unset.
using EnvironmentLookup = std::function<const char *(const char *name)>;

/// Reads all settings. A value that cannot be read keeps its default and adds one line to
/// `problems`.
Settings readSettings(const EnvironmentLookup &lookup, std::vector<std::string> &problems);

/// The settings of this process, read from the environment on first use.
const Settings &getSettings();

/// Calls `visit(name, default, documentation)` for every variable.
void forEachSetting(
    const std::function<void(const char *name, const char *standard, const char *text)> &visit);

} // namespace keops

#endif // KEOPS_RUNTIME_SETTINGS_H
