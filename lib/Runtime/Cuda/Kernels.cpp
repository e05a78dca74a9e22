// Code to functions: the driver assembles PTX or takes a binary, and what it says when it cannot.
#include "Arguments.h"
#include "Driver.h"

#include "keops/Runtime/Error.h"
#include "keops/Runtime/Log.h"
#include "keops/Runtime/Settings.h"

#include <algorithm>
#include <array>

namespace keops::cuda {

namespace {

constexpr std::string_view elfMagic = "\177ELF";

/// The number behind ".version" in PTX.
std::string_view getPtxVersion(std::string_view code) {
  constexpr std::string_view word = ".version ";
  size_t at = code.find(word);
  if (at == std::string_view::npos)
    return "?";
  code.remove_prefix(at + word.size());
  return code.substr(0, code.find_first_of(" \n\r"));
}

[[noreturn]] void raiseLoadError(CUresult result, const Device &device, const char *code,
                                 std::string_view messages) {
  auto fail = [&](const auto &...pieces) {
    throw Error(ErrorKind::Device,
                concat("device ", device.number, " (", device.info.name, "): ", pieces...));
  };
  if (result == CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
    fail("the driver, for CUDA ", device.info.driverVersion, ", is too old for PTX ",
         getPtxVersion(code), " of this program; install a newer driver");
  if (result == CUDA_ERROR_NO_BINARY_FOR_GPU)
    fail("the program was compiled for another GPU: ", describe(result, "cuModuleLoadDataEx"));
  if (result == CUDA_ERROR_JIT_COMPILER_NOT_FOUND)
    fail("the installed driver lacks its compiler of PTX, libnvidia-ptxjitcompiler.so.1");
  if (result == CUDA_ERROR_INVALID_PTX || result == CUDA_ERROR_INVALID_IMAGE)
    fail("the driver does not accept the code of this program: ",
         describe(result, "cuModuleLoadDataEx"), messages.empty() ? "" : "\n", messages);
  check(result, "cuModuleLoadDataEx");
  raiseInternalError("no error in loading a program");
}

CUmodule loadModule(const Device &device, const char *code) {
  std::array<char, 8192> log{};
  CUjit_option options[] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void *values[] = {log.data(), reinterpret_cast<void *>(log.size() - 1)};
  CUmodule module = nullptr;
  OutsideCapture outside;
  CUresult result = getDriver().cuModuleLoadDataEx(&module, code, 2, options, values);
  if (result != CUDA_SUCCESS)
    raiseLoadError(result, device, code, log.data());
  return module;
}

} // namespace

/// Asked before code is loaded: the driver would say it in its own way.
static void checkArrayCount(const Manifest &manifest) {
  size_t arrays = manifest.inputs.size() + manifest.outputs.size();
  if (arrays > Arguments::getMostArrays())
    raiseUserError("expected at most ", Arguments::getMostArrays(),
                   " arguments and outputs on a device, got ", arrays);
}

Kernels::Kernels(Device &device, const Manifest &manifest, const char *code)
    : device(device), module(loadModule(device, code)) {
  for (const ManifestKernel &kernel : manifest.kernels)
    kernels.push_back(find(kernel));
}

Kernels::Kernel Kernels::find(const ManifestKernel &kernel) const {
  OutsideCapture outside;
  Kernel result;
  result.threads = unsigned(kernel.threads);
  KEOPS_CUDA_CALL(cuModuleGetFunction, &result.function, module, kernel.name.c_str());
  int blocks = 0;
  KEOPS_CUDA_CALL(cuOccupancyMaxActiveBlocksPerMultiprocessor, &blocks, result.function,
                  int(kernel.threads), 0);
  if (blocks < 1)
    throw Error(ErrorKind::Device,
                concat("device ", device.number, " (", device.info.name, "): kernel ", kernel.name,
                       " needs more registers or shared memory than a multiprocessor has"));
  result.residentBlocks = int64_t(blocks) * device.info.multiprocessors;
  if (int64_t most = getSettings().gpuBlocks)
    result.residentBlocks = std::min(result.residentBlocks, most);
  return result;
}

Kernels::~Kernels() {
  const Driver *driver = findDriver();
  if (!driver || isKept)
    return;
  try {
    CurrentContext context(device);
    OutsideCapture outside;
    driver->cuModuleUnload(module);
  } catch (const Error &error) {
    // The context is lost, and the module with it.
    log(LogLevel::Debug, error.what());
  }
}

Image::Image(std::string code) : code(std::move(code)) {}

Image::~Image() = default;

const Kernels &Image::load(Device &device, const Manifest &manifest) const {
  std::lock_guard lock(mutex);
  std::unique_ptr<const Kernels> &kernels = loaded[&device];
  if (kernels)
    return *kernels;
  checkArrayCount(manifest);
  CurrentContext context(device);
  size_t end = code.starts_with(elfMagic) ? std::string::npos : code.find('\0');
  if (end != std::string::npos) {
    try {
      // A copy, because a binary must be aligned.
      kernels = std::make_unique<Kernels>(device, manifest, code.substr(end + 1).data());
      return *kernels;
    } catch (const Error &error) {
      // A newer assembler than the driver knows, or a newer GPU than the binary is for.
      log(LogLevel::Info, "a binary is not used, the driver assembles its PTX: ", error.what());
    }
  }
  kernels = std::make_unique<Kernels>(device, manifest, code.c_str());
  return *kernels;
}

} // namespace keops::cuda
