// Links objects with JITLink. OpenMP entry points come from the handle that the runtime gives,
// never from the process, whose symbols may be another OpenMP runtime's; the emulator of GPUs is
// linked in here; everything else comes from the process.
#include "Link.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"

#include "keops-c/emulator.h"

#include <dlfcn.h>
#include <mutex>

using namespace llvm;
using namespace keops;

/// The undefined symbols of an object that belong to OpenMP, with their addresses.
static Expected<orc::SymbolMap> openMPSymbols(MemoryBufferRef object, void *openMP,
                                              orc::LLJIT &jit) {
  Expected<std::unique_ptr<object::ObjectFile>> file = object::ObjectFile::createObjectFile(object);
  if (!file)
    return file.takeError();
  orc::SymbolMap symbols;
  for (const object::SymbolRef &symbol : (*file)->symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<uint32_t> flags = symbol.getFlags();
    if (!name || !flags)
      return joinErrors(name.takeError(), flags.takeError());
    if (!(*flags & object::SymbolRef::SF_Undefined) ||
        !(name->starts_with("__kmpc_") || name->starts_with("omp_")))
      continue;
    void *address = openMP ? dlsym(openMP, name->str().c_str()) : nullptr;
    if (!address)
      return createStringError("LLVM's OpenMP runtime (libomp.so.5) was not found or lacks " +
                               name->str() +
                               "; install it (Debian: libomp-22-dev) or compile with threads=none");
    symbols[jit.mangleAndIntern(*name)] = {orc::ExecutorAddr::fromPtr(address),
                                           JITSymbolFlags::Exported};
  }
  return symbols;
}

Expected<std::unique_ptr<LinkedProgram>> LinkedProgram::create(StringRef object, StringRef symbol,
                                                               void *openMP) {
  static std::once_flag once;
  std::call_once(once, [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
  });
  auto program = std::make_unique<LinkedProgram>();
  Expected<std::unique_ptr<orc::LLJIT>> jit = orc::LLJITBuilder().create();
  if (!jit)
    return jit.takeError();
  program->jit = std::move(*jit);
  orc::JITDylib &library = program->jit->getMainJITDylib();
  std::unique_ptr<MemoryBuffer> buffer = MemoryBuffer::getMemBufferCopy(object, "keops-program");
  Expected<orc::SymbolMap> threads =
      openMPSymbols(buffer->getMemBufferRef(), openMP, *program->jit);
  if (!threads)
    return threads.takeError();
  orc::SymbolMap symbols = std::move(*threads);
  symbols[program->jit->mangleAndIntern("keops_emulate")] = {
      orc::ExecutorAddr::fromPtr(keops_emulate), JITSymbolFlags::Exported};
  if (Error error = library.define(orc::absoluteSymbols(std::move(symbols))))
    return error;
  auto process = orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      program->jit->getDataLayout().getGlobalPrefix());
  if (!process)
    return process.takeError();
  library.addGenerator(std::move(*process));
  if (Error error = program->jit->addObjectFile(std::move(buffer)))
    return error;
  Expected<orc::ExecutorAddr> address = program->jit->lookup(symbol);
  if (!address)
    return address.takeError();
  program->address = address->toPtr<void *>();
  return program;
}

LinkedProgram::~LinkedProgram() = default;
