// What is behind the opaque handles of keops.h, and the guard that every function of it runs in:
// nothing is thrown into C, and each failure leaves a message.
#ifndef KEOPS_CAPI_HANDLES_H
#define KEOPS_CAPI_HANDLES_H

#include "keops-c/keops.h"
#include "keops/Runtime/Cache.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Launch.h"
#include "keops/Runtime/Program.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>
#include <vector>

struct keopsProgram_s {
  std::shared_ptr<const keops::Program> program;
  std::vector<std::string> argumentNames;
  keopsCompileInfo compileInfo;

  keops::cuda::Device *device; ///< null: this processor

  keops::Launcher getLauncher() const { return {*program, argumentNames, device}; }
  const keops::Manifest &getManifest() const { return program->getManifest(); }
};

struct keopsCancel_s {
  int32_t requested = 0;
};

namespace keops::capi {

/// Sets the message of this thread. Never throws; a message too long for memory is replaced.
void setLastError(const char *function, const char *message) noexcept;

/// Runs `body` and turns what it throws into a status and a message.
template <typename Body>
keopsStatus guard(const char *function, Body body) noexcept {
  try {
    body();
    return KEOPS_OK;
  } catch (const Error &error) {
    setLastError(function, error.what());
    static constexpr keopsStatus statuses[] = {KEOPS_INVALID, KEOPS_INTERNAL, KEOPS_CANCELLED,
                                               KEOPS_NO_MEMORY, KEOPS_DEVICE_FAILED};
    return statuses[static_cast<size_t>(error.getKind())];
  } catch (const std::bad_alloc &) {
    setLastError(function, "not enough memory");
    return KEOPS_NO_MEMORY;
  } catch (const std::exception &error) {
    setLastError(function, error.what());
    return KEOPS_INTERNAL;
  }
}

template <typename T>
T *require(T *pointer, const char *argument) {
  if (!pointer)
    raiseUserError("argument '", argument, "' is NULL");
  return pointer;
}

/// The options as this version knows them: fields that the caller's version did not have keep their
/// defaults.
template <typename Options>
Options readOptions(const Options *given, Options standard) {
  if (!given)
    return standard;
  size_t size = given->size;
  if (size < sizeof(size_t) || size > (size_t(1) << 16))
    raiseUserError("argument 'options' was not initialised: its size is ", size);
  std::memcpy(&standard, given, std::min(size, sizeof(Options)));
  return standard;
}

/// The number that a C caller stored in an enumeration, which in C may be any. Copied as bytes,
/// because in C++ even to read a value outside the enumeration is undefined.
template <typename Enumeration>
int32_t getCode(const Enumeration &value) {
  static_assert(std::is_enum_v<Enumeration> && sizeof(Enumeration) == sizeof(int32_t));
  int32_t code;
  std::memcpy(&code, &value, sizeof(code));
  return code;
}

/// Whether a device is a GPU and not this processor.
inline bool isCuda(const keopsDeviceType &type, const char *argument) {
  int32_t code = getCode(type);
  if (code != KEOPS_CPU && code != KEOPS_CUDA)
    raiseUserError("argument '", argument, "': expected KEOPS_CPU or KEOPS_CUDA, got ", code);
  return code == KEOPS_CUDA;
}

/// Which function a message names: the one that the application's user called, if the application
/// told.
template <typename Options>
const char *getCaller(const Options *options, const char *function) {
  constexpr size_t end = offsetof(Options, caller) + sizeof(options->caller);
  return options && options->size >= end && options->caller ? options->caller : function;
}

} // namespace keops::capi

#endif // KEOPS_CAPI_HANDLES_H
