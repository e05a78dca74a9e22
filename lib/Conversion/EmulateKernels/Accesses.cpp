// Tells the race detector of lib/Emulator about loads and stores, and about the atomic operations
// that order them.
#include "Parts.h"

#include "keops/Conversion/Structs.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
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
/// Where an operation reads or writes: through a pointer, or at indices of a memref. `kind` is a
/// KEOPS_ACCESS_ code.
struct Access {
  Value base;
  ValueRange indices;
  Type type;
  int32_t kind;
};
} // namespace

static int32_t getKind(LLVM::AtomicOrdering ordering, int32_t kind) {
  return ordering == LLVM::AtomicOrdering::not_atomic ? kind : KEOPS_ACCESS_ATOMIC;
}

static std::optional<Access> getAccess(Operation *op) {
  using Result = std::optional<Access>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case([](memref::LoadOp op) {
        return Access{op.getMemRef(), op.getIndices(), op.getType(), KEOPS_ACCESS_READ};
      })
      .Case([](memref::StoreOp op) {
        return Access{op.getMemRef(), op.getIndices(), op.getValueToStore().getType(),
                      KEOPS_ACCESS_WRITE};
      })
      .Case([](vector::LoadOp op) {
        return Access{op.getBase(), op.getIndices(), op.getType(), KEOPS_ACCESS_READ};
      })
      .Case([](vector::StoreOp op) {
        return Access{op.getBase(), op.getIndices(), op.getValueToStore().getType(),
                      KEOPS_ACCESS_WRITE};
      })
      .Case([](LLVM::LoadOp op) {
        return Access{op.getAddr(), {}, op.getType(), getKind(op.getOrdering(), KEOPS_ACCESS_READ)};
      })
      .Case([](LLVM::StoreOp op) {
        return Access{op.getAddr(),
                      {},
                      op.getValue().getType(),
                      getKind(op.getOrdering(), KEOPS_ACCESS_WRITE)};
      })
      .Case([](memref::AtomicRMWOp op) {
        return Access{op.getMemref(), op.getIndices(), op.getType(), KEOPS_ACCESS_ATOMIC};
      })
      .Case([](LLVM::AtomicRMWOp op) {
        return Access{op.getPtr(), {}, op.getType(), KEOPS_ACCESS_ATOMIC};
      })
      .Default([](Operation *) { return std::nullopt; });
}

/// An atomic operation that orders nothing but itself.
static bool isRelaxed(Operation *op) {
  LLVM::AtomicOrdering ordering =
      llvm::TypeSwitch<Operation *, LLVM::AtomicOrdering>(op)
          .Case<LLVM::LoadOp, LLVM::StoreOp, LLVM::AtomicRMWOp>(
              [](auto op) { return op.getOrdering(); })
          .Default([](Operation *) { return LLVM::AtomicOrdering::not_atomic; });
  return ordering == LLVM::AtomicOrdering::monotonic || ordering == LLVM::AtomicOrdering::unordered;
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

Value emulation::getAddress(OpBuilder &b, Location loc, const DataLayout &layout, Value base,
                            ValueRange indices) {
  auto type = dyn_cast<MemRefType>(base.getType());
  if (!type)
    return base;
  auto data = memref::ExtractStridedMetadataOp::create(b, loc, base);
  Value at = data.getOffset();
  for (auto [index, stride] : llvm::zip_equal(indices, data.getStrides()))
    at = arith::AddIOp::create(b, loc, at, arith::MulIOp::create(b, loc, index, stride));
  auto step = static_cast<int64_t>(layout.getTypeSize(type.getElementType()));
  at = arith::MulIOp::create(b, loc, at, arith::ConstantIndexOp::create(b, loc, step));
  Value start = memref::ExtractAlignedPointerAsIndexOp::create(b, loc, base);
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
  Value kind = LLVM::ConstantOp::create(b, loc, b.getI32Type(), access.kind);
  LLVM::CallOp::create(b, loc, type,
                       ValueRange{call, thread,
                                  getAddress(b, loc, layout, access.base, access.indices),
                                  structs.i64(getBytes(layout, access.type)), kind});
}

/// A form of access that is not in getAccess(). A copy is told of by those who carry it out.
static bool isUnknownAccess(Operation *op) {
  if (isa<nvgpu::DeviceAsyncCopyOp>(op))
    return false;
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
    if (isRelaxed(op) || (access && isPrivate(access->base, kernels)))
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
