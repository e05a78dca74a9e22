// One line at a time to standard error or to the callback that the application set.
#ifndef KEOPS_RUNTIME_LOG_H
#define KEOPS_RUNTIME_LOG_H

#include "keops/Runtime/Error.h"

namespace keops {

enum class LogLevel : int32_t { Quiet = 0, Error = 1, Warning = 2, Info = 3, Debug = 4 };

using LogCallback = void (*)(int32_t level, const char *message, void *user);

/// A null callback restores standard error. The callback may be called from any thread.
void setLogCallback(LogCallback callback, void *user);
void setLogLevel(LogLevel level);
bool isLogged(LogLevel level);
void writeLog(LogLevel level, const std::string &message);

template <typename... Pieces>
void log(LogLevel level, const Pieces &...pieces) {
  if (isLogged(level))
    writeLog(level, concat(pieces...));
}

} // namespace keops

#endif // KEOPS_RUNTIME_LOG_H
