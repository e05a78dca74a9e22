// Modules are objects of the target gpu-emulator, linked as the compiler library links them, but
// with a `keops_emulate` that only tells which kernels there are. A launch runs one of them. PTX is
// taken too, but its kernels do nothing.
#include "Machine.h"

#include "Block.h"
#include "Link.h"
#include "keops-c/emulator.h"

#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cstdio>
#include <cstring>

using namespace keops;
using namespace keops::emulated;

// NOLINTBEGIN(readability-identifier-naming)
struct CUmod_st {
  int32_t device;
  std::unique_ptr<LinkedProgram> program;
  std::vector<keops_emulated_kernel> kernels;
  std::vector<std::string> names; ///< of kernels in PTX
  std::vector<std::unique_ptr<CUfunc_st>> functions;
};
// NOLINTEND(readability-identifier-naming)

int32_t keops_emulate(const keops_args *args, const keops_emulated_program *program) {
  auto *module = static_cast<CUmodule>(args->poll_data);
  module->kernels.assign(program->kernels, program->kernels + program->kernel_count);
  return KEOPS_STEP_OK;
}

/// Its size is not given, but in its header.
static std::optional<llvm::StringRef> readImage(const void *image) {
  llvm::ELF::Elf64_Ehdr header;
  if (std::memcmp(image, llvm::ELF::ElfMagic, 4) != 0)
    return std::nullopt;
  std::memcpy(&header, image, sizeof(header));
  size_t bytes = header.e_shoff + size_t(header.e_shentsize) * header.e_shnum;
  return llvm::StringRef(static_cast<const char *>(image), bytes);
}

/// The name of the one function that an object exports.
static std::string findEntry(llvm::StringRef object) {
  using llvm::object::SymbolRef;
  llvm::MemoryBufferRef buffer(object, "module");
  auto file = llvm::cantFail(llvm::object::ObjectFile::createObjectFile(buffer));
  for (const SymbolRef &symbol : file->symbols()) {
    uint32_t flags = llvm::cantFail(symbol.getFlags());
    if ((flags & SymbolRef::SF_Global) && !(flags & SymbolRef::SF_Undefined) &&
        llvm::cantFail(symbol.getType()) == SymbolRef::ST_Function)
      return llvm::cantFail(symbol.getName()).str();
  }
  return "";
}

/// A binary that a real assembler made.
static bool isForGpu(llvm::StringRef object) {
  llvm::ELF::Elf64_Ehdr header;
  std::memcpy(&header, object.data(), sizeof(header));
  return header.e_machine == llvm::ELF::EM_CUDA;
}

static void addFunctions(CUmod_st &module) {
  for (size_t k = 0; k < module.kernels.size(); ++k)
    module.functions.push_back(std::make_unique<CUfunc_st>(CUfunc_st{&module, k}));
}

/// Takes the names of the kernels. CUDA 11, 12 and 13 came with PTX 7, 8 and 9.
static CUresult loadPtx(CUmodule &module, llvm::StringRef text, int32_t device) {
  int major = 0, minor = 0;
  size_t at = text.find(".version ");
  if (at == llvm::StringRef::npos ||
      std::sscanf(text.data() + at, ".version %d.%d", &major, &minor) != 2)
    return CUDA_ERROR_INVALID_PTX;
  if ((major + 4) * 1000 + minor * 10 > Machine::get().version)
    return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
  auto loaded = std::make_unique<CUmod_st>();
  loaded->device = device;
  constexpr llvm::StringLiteral entry = ".visible .entry ";
  for (at = text.find(entry); at != llvm::StringRef::npos; at = text.find(entry, at + 1)) {
    loaded->names.push_back(text.substr(at + entry.size()).split('(').first.str());
    loaded->kernels.push_back({nullptr, nullptr, 0, 0});
  }
  for (size_t k = 0; k < loaded->names.size(); ++k)
    loaded->kernels[k].name = loaded->names[k].c_str();
  addFunctions(*loaded);
  module = loaded.release();
  return CUDA_SUCCESS;
}

CUresult emulated::loadModule(CUmodule &module, const void *image, int32_t device) {
  std::optional<llvm::StringRef> object = readImage(image);
  if (!object)
    return loadPtx(module, static_cast<const char *>(image), device);
  if (isForGpu(*object))
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  auto loaded = std::make_unique<CUmod_st>();
  loaded->device = device;
  auto program = LinkedProgram::create(*object, findEntry(*object), nullptr);
  if (!program) {
    llvm::consumeError(program.takeError());
    return CUDA_ERROR_INVALID_IMAGE;
  }
  loaded->program = std::move(*program);
  keops_args args = {};
  args.poll_data = loaded.get();
  reinterpret_cast<int32_t (*)(const keops_args *)>(loaded->program->entry())(&args);
  addFunctions(*loaded);
  module = loaded.release();
  return CUDA_SUCCESS;
}

void emulated::unloadModule(CUmodule module) { delete module; }

CUfunction emulated::findFunction(CUmodule module, std::string_view name) {
  for (const auto &function : module->functions)
    if (module->kernels[function->number].name == name)
      return function.get();
  return nullptr;
}

int32_t emulated::getDevice(CUfunction function) { return function->module->device; }

CUresult emulated::runKernel(const KernelLaunch &launch) {
  static thread_local auto fibers = std::make_unique<keops::emulator::FiberPool>();
  const keops_emulated_kernel &kernel = launch.function->module->kernels[launch.function->number];
  // PTX does nothing: whoever collects programs for GPUs goes on to the next.
  if (!kernel.run)
    return CUDA_SUCCESS;
  if (launch.threads != kernel.threads)
    return CUDA_ERROR_INVALID_VALUE;
  const auto &given = *reinterpret_cast<const keops_launch *>(launch.arguments.data());
  // There is no room for more.
  if (launch.grid > given.args.threads)
    return CUDA_ERROR_INVALID_VALUE;
  keops::emulator::KernelRun run(kernel, given, launch.grid, *fibers);
  for (int64_t block = 0; block < launch.grid && run.getOutcome().step == KEOPS_STEP_OK; ++block)
    run.runBlock(block);
  if (run.getOutcome().step == KEOPS_STEP_OK)
    return CUDA_SUCCESS;
  std::fprintf(stderr, "emulated driver: %s\n", run.getOutcome().fault.c_str());
  // Some stand in their middle.
  fibers = std::make_unique<keops::emulator::FiberPool>();
  return CUDA_ERROR_LAUNCH_FAILED;
}
