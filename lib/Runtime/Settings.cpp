// The table of environment variables, and how each is read.
#include "keops/Runtime/Settings.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Log.h"

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace keops {

namespace {

/// Reads one value into the settings; returns what was expected when it cannot.
using Reader = const char *(*)(const char *value, Settings &settings);

bool readInteger(const char *value, int64_t low, int64_t high, int64_t &result) {
  int64_t number = 0;
  const char *end = value + std::strlen(value);
  auto [stop, code] = std::from_chars(value, end, number);
  if (code != std::errc() || stop != end || number < low || number > high)
    return false;
  result = number;
  return true;
}

template <auto field, int64_t low, int64_t high>
const char *readNumber(const char *value, Settings &settings) {
  static const std::string expected = concat("an integer from ", low, " to ", high);
  return readInteger(value, low, high, settings.*field) ? nullptr : expected.c_str();
}

template <auto field>
const char *readText(const char *value, Settings &settings) {
  settings.*field = value;
  return nullptr;
}

const char *readCacheFolder(const char *value, Settings &settings) {
  if (settings.cacheDir.empty())
    settings.cacheDir = value;
  return nullptr;
}

const char *readXdgCache(const char *value, Settings &settings) {
  // The XDG specification asks to ignore relative paths.
  if (settings.cacheDir.empty() && value[0] == '/')
    settings.cacheDir = concat(value, "/keops");
  return nullptr;
}

const char *readHome(const char *value, Settings &settings) {
  if (settings.cacheDir.empty() && value[0] == '/')
    settings.cacheDir = concat(value, "/.cache/keops");
  return nullptr;
}

const char *readOmpThreads(const char *value, Settings &settings) {
  // A list ("4,2") gives one number per nesting level; the first is ours. OpenMP itself reports bad
  // values.
  int64_t count = std::strtol(value, nullptr, 10);
  if (settings.numThreads == 0 && count >= 1 && count <= maxThreads)
    settings.numThreads = count;
  return nullptr;
}

const char *readLogLevel(const char *value, Settings &settings) {
  static const char *const names[] = {"quiet", "error", "warning", "info", "debug"};
  for (int32_t level = 0; level < 5; ++level)
    if (std::strcmp(value, names[level]) == 0) {
      settings.logLevel = level;
      return nullptr;
    }
  return "quiet, error, warning, info or debug";
}

struct Knob {
  const char *name;
  const char *standard;
  Reader read;
  const char *text;
};

// Read from top to bottom: of several variables for one field, the first that is set wins.
const Knob knobs[] = {
    {"KEOPS_NUM_THREADS", "OMP_NUM_THREADS, else all processors",
     readNumber<&Settings::numThreads, 0, maxThreads>,
     "threads used for large work; 0 asks for the default"},
    {"OMP_NUM_THREADS", "unset", readOmpThreads, "used when KEOPS_NUM_THREADS is not set"},
    {"KEOPS_CACHE_DIR", "KEOPS_CACHE_FOLDER, else $XDG_CACHE_HOME/keops, else ~/.cache/keops",
     readText<&Settings::cacheDir>, "folder of compiled programs; must belong to the user alone"},
    {"KEOPS_CACHE_FOLDER", "unset", readCacheFolder, "older name of KEOPS_CACHE_DIR"},
    {"XDG_CACHE_HOME", "~/.cache", readXdgCache, "parent of the default cache folder"},
    {"HOME", "unset", readHome, "last resort for the cache folder"},
    {"KEOPS_CACHE_SIZE_MB", "512", readNumber<&Settings::cacheSizeMb, 0, 1 << 24>,
     "bound on the size of the cache folder; 0 keeps nothing on disk"},
    {"KEOPS_CACHE_PROGRAMS", "256", readNumber<&Settings::programsInMemory, 1, 1 << 20>,
     "compiled programs kept in memory"},
    {"KEOPS_LOG", "warning", readLogLevel, "quiet, error, warning, info or debug"},
    {"KEOPS_COMPILER_LIBRARY", "libkeops-compiler.so beside libkeops.so",
     readText<&Settings::compilerLibrary>, "path of the compiler library"},
    {"KEOPS_TARGET", "native", readText<&Settings::target>,
     "what programs are compiled for: native, or gpu-emulator or gpu-emulator-races, which run the "
     "kernels for GPUs on the processor (for tests of keops itself)"},
    {"KEOPS_CUDA_DRIVER", "libcuda.so.1", readText<&Settings::cudaDriver>,
     "path of NVIDIA's driver, opened when a GPU is first asked for"},
    {"KEOPS_PROGRAMS", "unset", readText<&Settings::programsDir>,
     "folder of programs for GPUs that need no compiler library: looked at first, and added to; "
     "must belong to the user alone"},
    {"KEOPS_GPU_BLOCKS", "0", readNumber<&Settings::gpuBlocks, 0, 1 << 24>,
     "blocks of threads that a kernel has on a GPU at most; 0: as many as run at the same time. "
     "Results do not depend on it"},
    {"KEOPS_WORK_PER_THREAD", "200000", readNumber<&Settings::workPerThread, 1, int64_t(1) << 50>,
     "scalar operations below which another thread is not worth its start"},
    {"KEOPS_SANITIZE_GENERATED", "unset", readText<&Settings::sanitizeGenerated>,
     "1 compiles programs with AddressSanitizer (for tests of keops itself)"},
};

Settings readFromEnvironment(std::vector<std::string> &problems) {
  return readSettings([](const char *name) { return std::getenv(name); }, problems);
}

struct ProcessSettings {
  std::vector<std::string> problems;
  Settings settings = readFromEnvironment(problems);
};

} // namespace

Settings readSettings(const EnvironmentLookup &lookup, std::vector<std::string> &problems) {
  Settings settings;
  for (const Knob &knob : knobs) {
    const char *value = lookup(knob.name);
    if (!value || !*value)
      continue;
    if (const char *expected = knob.read(value, settings))
      problems.push_back(concat(knob.name, " is '", value, "', expected ", expected,
                                "; the default is used: ", knob.standard));
  }
  return settings;
}

const Settings &getSettings() {
  // Leaked on purpose: other threads may still ask while the process ends.
  static const auto *process = new ProcessSettings;
  static std::atomic<bool> reported{false};
  // After construction, because reporting asks for the log level.
  if (!reported.load(std::memory_order_relaxed) && !reported.exchange(true))
    for (const std::string &problem : process->problems)
      log(LogLevel::Warning, problem);
  return process->settings;
}

void forEachSetting(const std::function<void(const char *, const char *, const char *)> &visit) {
  for (const Knob &knob : knobs)
    visit(knob.name, knob.standard, knob.text);
}

} // namespace keops
