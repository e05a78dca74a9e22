// Builds `int32_t <symbol>_call(int64_t M, int64_t N, const T *inputs..., T *outputs..., int32_t
// threads)` on contiguous row-major arrays: fills keops_args on the stack, takes the workspace from
// aligned_alloc, calls `<symbol>`.
#include "PlainFunction.h"

#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

#include "keops-c/program.h"

#include <cstddef>

using namespace mlir;
using namespace keops;

/// As keops_args asks.
static constexpr int64_t workspaceAlignment = 64;

namespace {
class PlainFunctionWriter {
public:
  PlainFunctionWriter(ModuleOp module, const Manifest &manifest)
      : module(module), manifest(manifest), b(module.getContext()), loc(module.getLoc()),
        structs(b, loc), pointer(LLVM::LLVMPointerType::get(b.getContext())) {}
  void write();

private:
  Value i64(int64_t k) { return structs.i64(k); }
  Value arrays(unsigned firstArgument, ArrayRef<int64_t> components);
  Value noOffsets(size_t arrays);
  void writeWork(Value args, unsigned kept, Value keptSize, Value reducedSize);
  Value countPieces(const ManifestPieces &pieces, Value sizeI, Value sizeJ);
  Value workspaceBytes(Value sizeI, Value sizeJ);
  Value workspace(Value sizeI, Value sizeJ);
  LLVM::LLVMFuncOp declare(StringRef name, Type result, ArrayRef<Type> arguments);

  ModuleOp module;
  const Manifest &manifest;
  OpBuilder b;
  Location loc;
  Structs structs;
  Type pointer;
  LLVM::LLVMFuncOp function;
};
} // namespace

LLVM::LLVMFuncOp PlainFunctionWriter::declare(StringRef name, Type result,
                                              ArrayRef<Type> arguments) {
  if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return known;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(module.getBody());
  return LLVM::LLVMFuncOp::create(b, loc, name, LLVM::LLVMFunctionType::get(result, arguments));
}

/// An array of keops_array on the stack for the pointer arguments from `firstArgument` on.
Value PlainFunctionWriter::arrays(unsigned firstArgument, ArrayRef<int64_t> components) {
  Value base = structs.allocate(std::max<size_t>(components.size(), 1) * sizeof(keops_array));
  for (auto [k, count] : llvm::enumerate(components)) {
    int64_t at = k * sizeof(keops_array);
    structs.write(function.getArgument(firstArgument + k), base, at + offsetof(keops_array, data));
    structs.write(i64(count), base, at + offsetof(keops_array, row_stride));
    structs.write(i64(1), base, at + offsetof(keops_array, component_stride));
  }
  return base;
}

/// One item, which begins where the arrays do.
Value PlainFunctionWriter::noOffsets(size_t arrays) {
  Value offsets = structs.allocate(arrays * sizeof(int64_t));
  for (size_t k = 0; k < arrays; ++k)
    structs.write(i64(0), offsets, k * sizeof(int64_t));
  return offsets;
}

/// One block of all rows, reduced over one interval of all others.
void PlainFunctionWriter::writeWork(Value args, unsigned kept, Value keptSize, Value reducedSize) {
  Value block = structs.allocate(sizeof(keops_block)),
        interval = structs.allocate(sizeof(keops_interval));
  structs.write(i64(0), block, offsetof(keops_block, begin));
  structs.write(keptSize, block, offsetof(keops_block, end));
  structs.write(i64(0), block, offsetof(keops_block, first_interval));
  structs.write(i64(1), block, offsetof(keops_block, last_interval));
  structs.write(reducedSize, block, offsetof(keops_block, terms));
  structs.write(i64(0), interval, offsetof(keops_interval, begin));
  structs.write(reducedSize, interval, offsetof(keops_interval, end));
  int64_t base = offsetof(keops_args, work) + kept * static_cast<int64_t>(sizeof(keops_work));
  structs.write(block, args, base + offsetof(keops_work, blocks));
  structs.write(interval, args, base + offsetof(keops_work, intervals));
  structs.write(i64(1), args, base + offsetof(keops_work, block_count));
  structs.write(reducedSize, args, base + offsetof(keops_work, most_terms));
}

/// As the program counts them (MapReduceToLoops/Storage.cpp), with one block of all rows.
Value PlainFunctionWriter::countPieces(const ManifestPieces &pieces, Value sizeI, Value sizeJ) {
  bool keepsI = pieces.kept == 'i';
  Value kept = keepsI ? sizeI : sizeJ, terms = keepsI ? sizeJ : sizeI;
  Value full = LLVM::SDivOp::create(b, loc, kept, i64(pieces.tileRows));
  Value tiles = LLVM::AddOp::create(b, loc, full, i64(1));
  Value padded = LLVM::AddOp::create(b, loc, terms, i64(pieces.leastTerms - 1));
  Value useful = LLVM::SMinOp::create(
      b, loc, LLVM::SDivOp::create(b, loc, padded, i64(pieces.leastTerms)), i64(KEOPS_MOST_PIECES));
  useful = LLVM::SMaxOp::create(b, loc, useful, i64(1));
  Value cut =
      LLVM::SMinOp::create(b, loc, i64(pieces.split), LLVM::MulOp::create(b, loc, tiles, useful));
  return LLVM::SMaxOp::create(b, loc, tiles, cut);
}

Value PlainFunctionWriter::workspaceBytes(Value sizeI, Value sizeJ) {
  auto times = [&](Value size, int64_t factor) -> Value {
    return LLVM::MulOp::create(b, loc, size, i64(factor));
  };
  Value total = LLVM::AddOp::create(b, loc, times(sizeI, manifest.workspacePerI),
                                    times(sizeJ, manifest.workspacePerJ));
  total = LLVM::AddOp::create(b, loc, total,
                              i64(manifest.workspaceConstant + manifest.workspacePerItem +
                                  manifest.workspacePerBlockI + manifest.workspacePerBlockJ +
                                  2 * workspaceAlignment - 1));
  if (manifest.workspacePerThread) {
    Value threads = function.getArguments().back();
    threads = LLVM::SExtOp::create(b, loc, b.getI64Type(), threads);
    threads = LLVM::SMaxOp::create(b, loc, threads, i64(1));
    total = LLVM::AddOp::create(b, loc, total, times(threads, manifest.workspacePerThread));
  }
  for (const ManifestPieces &pieces : manifest.pieces)
    total =
        LLVM::AddOp::create(b, loc, total, times(countPieces(pieces, sizeI, sizeJ), pieces.bytes));
  // aligned_alloc wants a multiple of the alignment, and more than nothing.
  return LLVM::AndOp::create(b, loc, total, i64(-workspaceAlignment));
}

Value PlainFunctionWriter::workspace(Value sizeI, Value sizeJ) {
  auto allocate = declare("aligned_alloc", pointer, {b.getI64Type(), b.getI64Type()});
  return LLVM::CallOp::create(b, loc, allocate,
                              ValueRange{i64(workspaceAlignment), workspaceBytes(sizeI, sizeJ)})
      .getResult();
}

void PlainFunctionWriter::write() {
  SmallVector<int64_t> inputs, outputs;
  for (const ManifestInput &input : manifest.inputs)
    inputs.push_back(input.dim);
  for (const ManifestOutput &output : manifest.outputs)
    outputs.push_back(output.components());
  SmallVector<Type> types = {b.getI64Type(), b.getI64Type()};
  types.append(inputs.size() + outputs.size(), pointer);
  types.push_back(b.getI32Type());
  b.setInsertionPointToEnd(module.getBody());
  function = LLVM::LLVMFuncOp::create(b, loc, manifest.symbol + "_call",
                                      LLVM::LLVMFunctionType::get(b.getI32Type(), types));
  Block *entry = function.addEntryBlock(b), *run = b.createBlock(&function.getBody()),
        *noMemory = b.createBlock(&function.getBody());
  b.setInsertionPointToStart(entry);
  Value sizeI = function.getArgument(0), sizeJ = function.getArgument(1),
        null = LLVM::ZeroOp::create(b, loc, pointer);
  Value args = structs.allocate(sizeof(keops_args)), inputArrays = arrays(2, inputs),
        outputArrays = arrays(2 + inputs.size(), outputs);
  Value memory = workspace(sizeI, sizeJ);
  structs.write(sizeI, args, offsetof(keops_args, size_i));
  structs.write(sizeJ, args, offsetof(keops_args, size_j));
  structs.write(inputArrays, args, offsetof(keops_args, inputs));
  structs.write(outputArrays, args, offsetof(keops_args, outputs));
  structs.write(memory, args, offsetof(keops_args, workspace));
  structs.write(null, args, offsetof(keops_args, cancel));
  structs.write(null, args, offsetof(keops_args, poll));
  structs.write(null, args, offsetof(keops_args, poll_data));
  writeWork(args, 0, sizeI, sizeJ);
  writeWork(args, 1, sizeJ, sizeI);
  structs.write(i64(1), args, offsetof(keops_args, items));
  structs.write(i64(1), args, offsetof(keops_args, items_at_once));
  structs.write(noOffsets(inputs.size() + outputs.size()), args,
                offsetof(keops_args, item_offsets));
  structs.write(function.getArgument(types.size() - 1), args, offsetof(keops_args, threads));
  LLVM::CondBrOp::create(
      b, loc, LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, memory, null), noMemory, run);
  b.setInsertionPointToStart(run);
  Value code =
      LLVM::CallOp::create(b, loc, TypeRange{b.getI32Type()}, manifest.symbol, ValueRange{args})
          .getResult();
  auto release = declare("free", LLVM::LLVMVoidType::get(b.getContext()), {pointer});
  LLVM::CallOp::create(b, loc, release, ValueRange{memory});
  LLVM::ReturnOp::create(b, loc, code);
  b.setInsertionPointToStart(noMemory);
  LLVM::ReturnOp::create(
      b, loc, LLVM::ConstantOp::create(b, loc, b.getI32Type(), KEOPS_STEP_NO_MEMORY).getResult());
}

void keops::emitPlainFunction(ModuleOp module, const Manifest &manifest) {
  PlainFunctionWriter(module, manifest).write();
}
