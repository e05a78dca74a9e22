// Turns the kernels of a gpu.module into functions that run as one thread each: what they ask of
// the machine they read from a keops_thread. Checks of races are in Accesses.cpp, copies in
// Copies.cpp, the exported function is in Entry.cpp.
#include "Parts.h"

#include "keops/Conversion/Manifest.h"
#include "keops/Conversion/Passes.h"
#include "keops/Conversion/Structs.h"

#include "mlir/Conversion/LLVMCommon/MemRefBuilder.h"
#include "mlir/Conversion/LLVMCommon/TypeConverter.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/TypeSwitch.h"

#include "keops-c/emulator.h"

#include <cstddef>

namespace keops {
#define GEN_PASS_DEF_EMULATEKERNELS
#include "keops/Conversion/Passes.h.inc"
} // namespace keops

using namespace mlir;
using namespace keops;
using namespace keops::emulation;

static constexpr StringRef moduleName = "keops_kernels";
/// As keops-c/emulator.h promises for the memory of a block; each array in it begins so.
static constexpr int64_t sharedAlignment = 64;

Value emulation::getThread(Operation *op) {
  return op->getParentOfType<func::FuncOp>().getArguments().back();
}

//===-- Kernels -----------------------------------------------------------------------------===//

/// An array of the block's memory, at `offset`, as a memref. The conversion to the LLVM dialect
/// meets the descriptor again and drops the cast.
static Value createSharedArray(OpBuilder &b, Location loc, Value thread, int64_t offset,
                               MemRefType type) {
  LLVMTypeConverter converter(b.getContext());
  Structs structs(b, loc);
  Value shared = structs.readPointer(thread, offsetof(keops_thread, shared));
  Value start =
      LLVM::GEPOp::create(b, loc, LLVM::LLVMPointerType::get(b.getContext()), b.getI8Type(), shared,
                          LLVM::GEPArg(static_cast<int32_t>(offset)));
  auto plain = MemRefType::Builder(type).setMemorySpace({});
  Value descriptor = MemRefDescriptor::fromStaticShape(b, loc, converter, plain, start);
  return UnrealizedConversionCastOp::create(b, loc, type, descriptor).getResult(0);
}

static LogicalResult checkKernel(gpu::GPUFuncOp kernel) {
  Type pointer = LLVM::LLVMPointerType::get(kernel.getContext());
  if (kernel.getFunctionType() != FunctionType::get(kernel.getContext(), {pointer}, {}))
    return kernel.emitError("expected a kernel of one argument, a pointer to keops_launch, got ")
           << kernel.getFunctionType();
  if (kernel.getNumPrivateAttributions())
    return kernel.emitError("expected no private attributions; memref.alloca stands for them");
  for (BlockArgument array : kernel.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(array.getType());
    if (!type.hasStaticShape() || !type.getLayout().isIdentity())
      return kernel.emitError("expected workgroup memory of static shape and identity layout, got ")
             << type;
  }
  return success();
}

/// Replaces the attributions by arrays one after another; returns the bytes they take.
static int64_t layOutSharedMemory(gpu::GPUFuncOp kernel, func::FuncOp function) {
  Block &entry = kernel.getBody().front();
  OpBuilder b = OpBuilder::atBlockBegin(&entry);
  DataLayout layout = DataLayout::closest(kernel);
  int64_t bytes = 0;
  for (BlockArgument array : kernel.getWorkgroupAttributions()) {
    auto type = cast<MemRefType>(array.getType());
    array.replaceAllUsesWith(
        createSharedArray(b, array.getLoc(), function.getArgument(1), bytes, type));
    bytes += llvm::alignTo(type.getNumElements() * layout.getTypeSize(type.getElementType()),
                           sharedAlignment);
  }
  return bytes;
}

static FailureOr<Kernel> convertKernel(gpu::GPUFuncOp kernel, int64_t threads) {
  if (failed(checkKernel(kernel)))
    return failure();
  OpBuilder b(kernel);
  Type pointer = LLVM::LLVMPointerType::get(b.getContext());
  auto function = func::FuncOp::create(b, kernel.getLoc(), kernel.getName(),
                                       b.getFunctionType({pointer, pointer}, {}));
  function.setPrivate();
  function->setAttr("llvm.linkage",
                    LLVM::LinkageAttr::get(b.getContext(), LLVM::Linkage::Internal));
  function->setAttr("passthrough", b.getStrArrayAttr({"hot"}));
  Block *start = function.addEntryBlock();
  Kernel result{function, threads, layOutSharedMemory(kernel, function)};
  Block *body = &kernel.getBody().front();
  body->getArgument(0).replaceAllUsesWith(function.getArgument(0));
  body->eraseArguments([](BlockArgument) { return true; });
  function.getBody().getBlocks().splice(function.getBody().end(), kernel.getBody().getBlocks());
  start->getOperations().splice(start->end(), body->getOperations());
  body->erase();
  kernel.erase();
  function.walk([](gpu::ReturnOp op) {
    OpBuilder b(op);
    func::ReturnOp::create(b, op.getLoc());
    op.erase();
  });
  return result;
}

//===-- Helper functions ---------------------------------------------------------------------===//

/// Kernels hand their thread to every function that they call.
static void passThreadToHelpers(gpu::GPUModuleOp module, ArrayRef<Kernel> kernels) {
  Type pointer = LLVM::LLVMPointerType::get(module.getContext());
  llvm::StringSet<> helpers;
  for (auto function : module.getOps<func::FuncOp>()) {
    auto isFunction = [&](const Kernel &kernel) { return kernel.function == function; };
    if (llvm::any_of(kernels, isFunction) || function.isExternal())
      continue;
    (void)function.insertArgument(function.getNumArguments(), pointer, {}, function.getLoc());
    helpers.insert(function.getName());
  }
  module.walk([&](func::CallOp call) {
    if (helpers.contains(call.getCallee()))
      call->insertOperands(call->getNumOperands(), getThread(call));
  });
}

//===-- What a thread asks of the machine ----------------------------------------------------===//

static Value readField(Operation *op, int64_t offset) {
  OpBuilder b(op);
  Value field = Structs(b, op->getLoc()).readI64(getThread(op), offset);
  return arith::IndexCastOp::create(b, op->getLoc(), b.getIndexType(), field);
}

template <typename Op>
static LogicalResult replaceIndex(Op op, int64_t offset) {
  if (op.getDimension() != gpu::Dimension::x)
    return op.emitError("expected the dimension x, got ") << stringifyDimension(op.getDimension());
  op.replaceAllUsesWith(readField(op, offset));
  op.erase();
  return success();
}

static LogicalResult replaceBarrier(gpu::BarrierOp op, int32_t number) {
  OpBuilder b(op);
  Location loc = op.getLoc();
  Value thread = getThread(op);
  Value barrier = Structs(b, loc).readPointer(thread, offsetof(keops_thread, barrier));
  auto type =
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()),
                                  {LLVM::LLVMPointerType::get(b.getContext()), b.getI32Type()});
  Value which = LLVM::ConstantOp::create(b, loc, b.getI32Type(), number);
  LLVM::CallOp::create(b, loc, type, ValueRange{barrier, thread, which});
  op.erase();
  return success();
}

static LogicalResult replaceQuestions(gpu::GPUModuleOp module) {
  int32_t barriers = 0;
  WalkResult walk = module.walk([&](Operation *op) -> WalkResult {
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case([](gpu::ThreadIdOp op) { return replaceIndex(op, offsetof(keops_thread, thread)); })
        .Case([](gpu::BlockIdOp op) { return replaceIndex(op, offsetof(keops_thread, block)); })
        .Case(
            [](gpu::GridDimOp op) { return replaceIndex(op, offsetof(keops_thread, block_count)); })
        .Case([](gpu::BlockDimOp op) {
          return replaceIndex(op, offsetof(keops_thread, thread_count));
        })
        .Case([&](gpu::BarrierOp op) { return replaceBarrier(op, barriers++); })
        .Default([](Operation *) { return success(); });
  });
  return failure(walk.wasInterrupted());
}

//===-- The pass ----------------------------------------------------------------------------===//

/// A block's memory is ordinary memory here.
static void dropWorkgroupSpace(ModuleOp module) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](MemRefType type) -> std::optional<Type> {
    auto space = dyn_cast_or_null<gpu::AddressSpaceAttr>(type.getMemorySpace());
    if (!space)
      return std::nullopt;
    return MemRefType(MemRefType::Builder(type).setMemorySpace({}));
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true, /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

/// What is left of the gpu.module are functions and constants for any machine.
static void hoist(gpu::GPUModuleOp module) {
  Block *body = module.getBody();
  for (Operation &op : llvm::make_early_inc_range(*body))
    op.moveBefore(module);
  module.erase();
}

static FailureOr<SmallVector<Kernel>> convertKernels(gpu::GPUModuleOp module,
                                                     const Manifest &manifest) {
  SmallVector<Kernel> kernels;
  for (const ManifestKernel &expected : manifest.kernels) {
    auto kernel = module.lookupSymbol<gpu::GPUFuncOp>(expected.name);
    if (!kernel)
      return module.emitError("expected a kernel '") << expected.name << "', as the manifest says";
    FailureOr<Kernel> converted = convertKernel(kernel, expected.threads);
    if (failed(converted))
      return failure();
    kernels.push_back(*converted);
  }
  return kernels;
}

namespace {
class EmulateKernels : public keops::impl::EmulateKernelsBase<EmulateKernels> {
public:
  using EmulateKernelsBase::EmulateKernelsBase;
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto text = module->getAttrOfType<StringAttr>("keops.manifest");
    if (!text)
      return;
    auto kernelModule = module.lookupSymbol<gpu::GPUModuleOp>(moduleName);
    if (!kernelModule) {
      module.emitError("expected the kernels in a gpu.module '") << moduleName << "'";
      return signalPassFailure();
    }
    Manifest manifest = Manifest::parse(text.getValue());
    FailureOr<SmallVector<Kernel>> kernels = convertKernels(kernelModule, manifest);
    if (failed(kernels))
      return signalPassFailure();
    passThreadToHelpers(kernelModule, *kernels);
    if ((races && failed(announceAccesses(kernelModule, *kernels))) ||
        failed(replaceCopies(kernelModule, races)) || failed(replaceQuestions(kernelModule)))
      return signalPassFailure();
    hoist(kernelModule);
    dropWorkgroupSpace(module);
    emitEmulatorEntry(module, manifest, *kernels);
  }
};
} // namespace
