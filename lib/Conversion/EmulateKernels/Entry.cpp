// The exported function of an emulated program: fills a keops_emulated_program on its stack and
// hands it on.
#include "Parts.h"

#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include "keops-c/emulator.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::emulation;

namespace {
class EntryWriter {
public:
  EntryWriter(ModuleOp module, const Manifest &manifest)
      : module(module), manifest(manifest), b(OpBuilder::atBlockEnd(module.getBody())),
        loc(module.getLoc()), structs(b, loc), pointer(LLVM::LLVMPointerType::get(b.getContext())) {
  }
  void write(ArrayRef<Kernel> kernels);

private:
  Value address(func::FuncOp function);
  Value text(StringRef name);
  Value writeKernels(ArrayRef<Kernel> kernels);
  Value writeProgram(Value kernels, size_t count);

  ModuleOp module;
  const Manifest &manifest;
  OpBuilder b;
  Location loc;
  Structs structs;
  Type pointer;
};
} // namespace

/// A function value becomes a pointer with the conversion to the LLVM dialect.
Value EntryWriter::address(func::FuncOp function) {
  Value value = func::ConstantOp::create(b, loc, function.getFunctionType(), function.getName());
  return UnrealizedConversionCastOp::create(b, loc, pointer, value).getResult(0);
}

Value EntryWriter::text(StringRef name) {
  return LLVM::createGlobalString(loc, b, (name + "_name").str(), name.str() + '\0',
                                  LLVM::Linkage::Internal);
}

Value EntryWriter::writeKernels(ArrayRef<Kernel> kernels) {
  using Row = keops_emulated_kernel;
  Value rows = structs.allocate(int64_t(std::max<size_t>(kernels.size(), 1) * sizeof(Row)));
  for (auto [k, kernel] : llvm::enumerate(kernels)) {
    auto row = static_cast<int64_t>(k * sizeof(Row));
    func::FuncOp function = kernel.function;
    structs.write(address(function), rows, row + offsetof(Row, run));
    structs.write(text(function.getName()), rows, row + offsetof(Row, name));
    structs.write(structs.i64(kernel.threads), rows, row + offsetof(Row, threads));
    structs.write(structs.i64(kernel.sharedBytes), rows, row + offsetof(Row, shared_bytes));
  }
  return rows;
}

Value EntryWriter::writeProgram(Value kernels, size_t count) {
  using Program = keops_emulated_program;
  Value program = structs.allocate(sizeof(Program));
  auto number = [&](int64_t value, int64_t offset) {
    structs.write(structs.i64(value), program, offset);
  };
  number(int64_t(manifest.inputs.size()), offsetof(Program, inputs));
  number(int64_t(manifest.outputs.size()), offsetof(Program, outputs));
  number(int64_t(count), offsetof(Program, kernel_count));
  structs.write(kernels, program, offsetof(Program, kernels));
  return program;
}

void EntryWriter::write(ArrayRef<Kernel> kernels) {
  Type code = b.getI32Type();
  auto emulate =
      func::FuncOp::create(b, loc, "keops_emulate", b.getFunctionType({pointer, pointer}, code));
  emulate.setPrivate();
  auto entry = func::FuncOp::create(b, loc, manifest.symbol, b.getFunctionType(pointer, code));
  b.setInsertionPointToStart(entry.addEntryBlock());
  Value program = writeProgram(writeKernels(kernels), kernels.size());
  auto call = func::CallOp::create(b, loc, emulate, ValueRange{entry.getArgument(0), program});
  func::ReturnOp::create(b, loc, call.getResults());
}

void emulation::emitEmulatorEntry(ModuleOp module, const Manifest &manifest,
                                  ArrayRef<Kernel> kernels) {
  EntryWriter(module, manifest).write(kernels);
}
