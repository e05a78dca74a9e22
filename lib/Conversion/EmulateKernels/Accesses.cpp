// Tells the race detector of lib/Emulator about loads and stores. Atomic operations are left out:
// they never race with each other.
#include "Parts.h"

#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/TypeSwitch.h"

#include "keops-c/emulator.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::emulation;

namespace {
/// Where an operation reads or writes: through a pointer, or at indices of a memref.
struct Access {
  Value base;
  ValueRange indices;
  Type type;
  bool isWrite;
};
} // namespace

static std::optional<Access> getAccess(Operation *op) {
  using Result = std::optional<Access>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([](memref::LoadOp op) {
        return Access{op.getMemRef(), op.getIndices(), op.getType(), false};
      })
      .Case([](memref::StoreOp op) {
        return Access{op.getMemRef(), op.getIndices(), op.getValueToStore().getType(), true};
      })
      .Case([](vector::LoadOp op) {
        return Access{op.getBase(), op.getIndices(), op.getType(), false};
      })
      .Case([](vector::StoreOp op) {
        return Access{op.getBase(), op.getIndices(), op.getValueToStore().getType(), true};
      })
      .Case([](LLVM::LoadOp op) { return Access{op.getAddr(), {}, op.getType(), false}; })
      .Case(
          [](LLVM::StoreOp op) { return Access{op.getAddr(), {}, op.getValue().getType(), true}; })
      .Default([](Operation *) { return std::nullopt; });
}

static bool isAtomic(Operation *op) {
  if (auto load = dyn_cast<LLVM::LoadOp>(op))
    return load.getOrdering() != LLVM::AtomicOrdering::not_atomic;
  if (auto store = dyn_cast<LLVM::StoreOp>(op))
    return store.getOrdering() != LLVM::AtomicOrdering::not_atomic;
  return isa<LLVM::AtomicRMWOp, LLVM::AtomicCmpXchgOp, LLVM::FenceOp, memref::AtomicRMWOp>(op);
}

/// Whether all of it is the thread's own: on its stack, or a description that nobody writes. The
/// emulator knows its stacks too, so that this is no more than a call saved.
static bool isPrivate(Value base, ArrayRef<Kernel> kernels) {
  while (auto view = base.getDefiningOp<ViewLikeOpInterface>())
    base = view.getViewSource();
  return isa_and_present<memref::AllocaOp, LLVM::AllocaOp>(base.getDefiningOp()) ||
         llvm::any_of(kernels, [&](const Kernel &kernel) {
           return llvm::is_contained(func::FuncOp(kernel.function).getArguments(), base);
         });
}

static int64_t getBytes(const DataLayout &layout, Type type) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.getNumElements() *
           static_cast<int64_t>(layout.getTypeSize(vector.getElementType()));
  return static_cast<int64_t>(layout.getTypeSize(type));
}

static Value getAddress(OpBuilder &b, Location loc, const DataLayout &layout,
                        const Access &access) {
  auto type = dyn_cast<MemRefType>(access.base.getType());
  if (!type)
    return access.base;
  auto data = memref::ExtractStridedMetadataOp::create(b, loc, access.base);
  Value at = data.getOffset();
  for (auto [index, stride] : llvm::zip_equal(access.indices, data.getStrides()))
    at = arith::AddIOp::create(b, loc, at, arith::MulIOp::create(b, loc, index, stride));
  auto step = static_cast<int64_t>(layout.getTypeSize(type.getElementType()));
  at = arith::MulIOp::create(b, loc, at, arith::ConstantIndexOp::create(b, loc, step));
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, access.base);
  Value address =
      arith::IndexCastOp::create(b, loc, b.getI64Type(), arith::AddIOp::create(b, loc, start, at));
  return LLVM::IntToPtrOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), address);
}

static void announce(Operation *op, const DataLayout &layout, const Access &access) {
  OpBuilder b(op);
  Location loc = op->getLoc();
  Structs structs(b, loc);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  Value thread = getThread(op);
  Value call = structs.readPointer(thread, offsetof(keops_thread, access));
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                          {pointer, pointer, b.getI64Type(), b.getI32Type()});
  Value isWrite = LLVM::ConstantOp::create(b, loc, b.getI32Type(), access.isWrite);
  LLVM::CallOp::create(b, loc, type,
                       ValueRange{call, thread, getAddress(b, loc, layout, access),
                                  structs.i64(getBytes(layout, access.type)), isWrite});
}

/// A form of access that is not in getAccess().
static bool isUnknownAccess(Operation *op) {
  auto interface = dyn_cast<MemoryEffectOpInterface>(op);
  return interface && (interface.hasEffect<MemoryEffects::Read>() ||
                       interface.hasEffect<MemoryEffects::Write>());
}

LogicalResult emulation::announceAccesses(gpu::GPUModuleOp module, ArrayRef<Kernel> kernels) {
  DataLayout layout(module);
  // Collected first: what a call reads is no access of the kernel.
  SmallVector<std::pair<Operation *, Access>> accesses;
  WalkResult walk = module.walk([&](Operation *op) -> WalkResult {
    std::optional<Access> access = getAccess(op);
    if (isAtomic(op) || (access && isPrivate(access->base, kernels)))
      return WalkResult::advance();
    if (access)
      accesses.emplace_back(op, *access);
    else if (isUnknownAccess(op))
      return op->emitError("expected an access to memory that the race detector knows");
    return WalkResult::advance();
  });
  for (auto &[op, access] : accesses)
    announce(op, layout, access);
  return failure(walk.wasInterrupted());
}
