// dlopen of the driver, its functions by name, and messages for its results.
#include "Driver.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/ForkSafety.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"

#include <dlfcn.h>

namespace keops::cuda {

namespace {

/// The driver, or why there is none. Neither changes while the process lives.
struct Loaded {
  Driver driver;
  std::string problem;
  uint64_t generation = getForkGeneration();

  Loaded();

private:
  void open(const std::string &path);
  void find(void *library, const std::string &path);
  void initialise(const std::string &path);
};

Loaded::Loaded() {
  const std::string &path = getSettings().cudaDriver;
  open(path);
  if (!problem.empty())
    problem = "no CUDA device: " + problem;
  else
    log(LogLevel::Info, "loaded ", path, ", CUDA ", driver.version);
}

void Loaded::open(const std::string &path) {
  void *library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char *reason = dlerror();
    problem = concat("NVIDIA's driver cannot be loaded: ", reason ? reason : path,
                     "; KEOPS_CUDA_DRIVER may hold its path");
    return;
  }
  find(library, path);
  if (problem.empty())
    initialise(path);
}

void Loaded::find(void *library, const std::string &path) {
#define KEOPS_CUDA_FIND(name)                                                                      \
  driver.name = reinterpret_cast<decltype(driver.name)>(dlsym(library, #name));                    \
  if (!driver.name && problem.empty())                                                             \
    problem = concat("'", path, "' lacks the function " #name "; install a newer driver");
  KEOPS_CUDA_FUNCTIONS(KEOPS_CUDA_FIND)
#undef KEOPS_CUDA_FIND
  driver.cuStreamGetId =
      reinterpret_cast<decltype(driver.cuStreamGetId)>(dlsym(library, "cuStreamGetId"));
  if (auto *target = static_cast<const char *const *>(dlsym(library, "keopsCudaTarget")))
    driver.target = *target;
}

/// With what describe() would call, were this driver known already.
std::string describeBy(const Driver &driver, CUresult result, const char *function) {
  const char *name = nullptr, *text = nullptr;
  if (driver.cuGetErrorName(result, &name) != CUDA_SUCCESS || !name)
    return concat(function, ": error ", result);
  if (driver.cuGetErrorString(result, &text) != CUDA_SUCCESS || !text)
    return concat(function, ": ", name);
  return concat(function, ": ", name, " (", text, ')');
}

void Loaded::initialise(const std::string &path) {
  CUresult result = driver.cuInit(0);
  int version = 0;
  if (result == CUDA_ERROR_STUB_LIBRARY)
    problem = concat("'", path,
                     "' is the stub that comes with a CUDA toolkit, not a driver; its folder must "
                     "not be in LD_LIBRARY_PATH");
  else if (result != CUDA_SUCCESS)
    problem = describeBy(driver, result, "cuInit");
  else if ((result = driver.cuDriverGetVersion(&version)) != CUDA_SUCCESS)
    problem = describeBy(driver, result, "cuDriverGetVersion");
  driver.version = concat(version / 1000, '.', version % 1000 / 10);
}

/// After these nothing works any more in this process.
bool isSticky(CUresult result) {
  switch (result) {
  case CUDA_ERROR_ECC_UNCORRECTABLE:
  case CUDA_ERROR_ILLEGAL_ADDRESS:
  case CUDA_ERROR_LAUNCH_TIMEOUT:
  case CUDA_ERROR_CONTEXT_IS_DESTROYED:
  case CUDA_ERROR_ASSERT:
  case CUDA_ERROR_HARDWARE_STACK_ERROR:
  case CUDA_ERROR_ILLEGAL_INSTRUCTION:
  case CUDA_ERROR_MISALIGNED_ADDRESS:
  case CUDA_ERROR_INVALID_ADDRESS_SPACE:
  case CUDA_ERROR_INVALID_PC:
  case CUDA_ERROR_LAUNCH_FAILED:
    return true;
  default:
    return false;
  }
}

} // namespace

/// Leaked on purpose: threads may still run programs while the process ends.
static const Loaded &load() {
  static const auto *loaded = new Loaded;
  return *loaded;
}

const Driver &getDriver() {
  const Loaded &loaded = load();
  if (!loaded.problem.empty())
    throw Error(ErrorKind::Device, loaded.problem);
  if (loaded.generation != getForkGeneration())
    throw Error(ErrorKind::Device, "CUDA was used before this process was forked, and a driver "
                                   "does not survive that; start processes by 'spawn' instead");
  return loaded.driver;
}

const Driver *findDriver() noexcept {
  const Loaded &loaded = load();
  bool isOfThisProcess = loaded.generation == getForkGeneration();
  return loaded.problem.empty() && isOfThisProcess ? &loaded.driver : nullptr;
}

std::string describe(CUresult result, const char *function) {
  return describeBy(getDriver(), result, function);
}

void check(CUresult result, const char *function) {
  if (result == CUDA_SUCCESS)
    return;
  std::string text = describe(result, function);
  if (result == CUDA_ERROR_OUT_OF_MEMORY)
    throw Error(ErrorKind::Memory, "not enough memory on the device: " + text);
  if (isSticky(result))
    throw Error(ErrorKind::Device,
                concat("CUDA cannot be used any more in this process, because an earlier operation "
                       "on a device failed, maybe somebody else's: ",
                       text, "; start a new process"));
  throw Error(ErrorKind::Device, "the CUDA driver refused a call: " + text);
}

} // namespace keops::cuda
