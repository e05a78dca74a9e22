// Keeps level and callback. Each line leaves in one write, so that lines of several threads do not
// mix.
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"

#include <atomic>
#include <mutex>
#include <unistd.h>

namespace keops {

namespace {

constexpr int32_t levelFromSettings = -1;
std::atomic<int32_t> currentLevel{levelFromSettings};

struct Sink {
  LogCallback callback = nullptr;
  void *user = nullptr;
};

// Leaked on purpose: other threads may log while the process ends.
std::mutex &getSinkMutex() {
  static auto *mutex = new std::mutex;
  return *mutex;
}

Sink &getSink() {
  static auto *sink = new Sink;
  return *sink;
}

const char *getLevelName(LogLevel level) {
  static const char *const names[] = {"", "error", "warning", "info", "debug"};
  return names[static_cast<int32_t>(level)];
}

void writeToStandardError(LogLevel level, const std::string &message) {
  std::string line = concat("keops: ", getLevelName(level), ": ", message, '\n');
  // Nothing can be done when standard error is closed.
  [[maybe_unused]] ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

} // namespace

void setLogCallback(LogCallback callback, void *user) {
  std::lock_guard lock(getSinkMutex());
  getSink() = {callback, user};
}

void setLogLevel(LogLevel level) { currentLevel = static_cast<int32_t>(level); }

bool isLogged(LogLevel level) {
  int32_t threshold = currentLevel.load(std::memory_order_relaxed);
  if (threshold == levelFromSettings)
    threshold = getSettings().logLevel;
  return static_cast<int32_t>(level) <= threshold;
}

void writeLog(LogLevel level, const std::string &message) {
  Sink sink;
  {
    std::lock_guard lock(getSinkMutex());
    sink = getSink();
  }
  if (sink.callback)
    sink.callback(static_cast<int32_t>(level), message.c_str(), sink.user);
  else
    writeToStandardError(level, message);
}

} // namespace keops
