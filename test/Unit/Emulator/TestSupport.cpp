// The way of a kernel from text to a call, through the compiler's own stages.
#include "TestSupport.h"
#include "Link.h"
#include "keops/Target/Target.h"

#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "gtest/gtest.h"

#include <cstddef>

using namespace mlir;
using namespace keops;
using namespace keops::test;

static const char *const frame = R"(
module attributes {keops.manifest = "keops-program 2\0Asymbol f\0Ainput i 1 f32 x\0Ainput j 1 f32 y\0Aoutput i f32 out 1\0Aworkspace 0 0 0 0 0 0 0\0Akernel f_0 128\0A"} {
  gpu.module @keops_kernels {
    func.func private @data(%launch: !llvm.ptr, %k: i64) -> !llvm.ptr {
      %0 = llvm.getelementptr %launch[$ARRAYS] : (!llvm.ptr) -> !llvm.ptr, i8
      %1 = llvm.getelementptr %0[%k] : (!llvm.ptr, i64) -> !llvm.ptr, !llvm.array<$ARRAY x i8>
      %2 = llvm.load %1 : !llvm.ptr -> !llvm.ptr
      return %2 : !llvm.ptr
    }
    gpu.func @f_0(%launch: !llvm.ptr) $SHARED kernel attributes {known_block_size = array<i32: 128, 1, 1>} {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %x_number = arith.constant 0 : i64
      %y_number = arith.constant 1 : i64
      %out_number = arith.constant 2 : i64
      %x = func.call @data(%launch, %x_number) : (!llvm.ptr, i64) -> !llvm.ptr
      %y = func.call @data(%launch, %y_number) : (!llvm.ptr, i64) -> !llvm.ptr
      %out = func.call @data(%launch, %out_number) : (!llvm.ptr, i64) -> !llvm.ptr
      %m_at = llvm.getelementptr %launch[$SIZE_I] : (!llvm.ptr) -> !llvm.ptr, i8
      %m_read = llvm.load %m_at : !llvm.ptr -> i64
      %m = arith.index_cast %m_read : i64 to index
      %n_at = llvm.getelementptr %launch[$SIZE_J] : (!llvm.ptr) -> !llvm.ptr, i8
      %n_read = llvm.load %n_at : !llvm.ptr -> i64
      %n = arith.index_cast %n_read : i64 to index
      %thread = gpu.thread_id x
      %block = gpu.block_id x
      %threads = gpu.block_dim x
      %blocks = gpu.grid_dim x
      %rows_before = arith.muli %block, %threads : index
      %first = arith.addi %rows_before, %thread : index
      %step = arith.muli %blocks, %threads : index
      $BODY
      gpu.return
    }
  }
}
)";

std::string test::replace(std::string text, const std::string &from, const std::string &to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

static std::string writeModule(const std::string &body, const std::string &arrays) {
  std::string text = replace(frame, "$BODY", body);
  text = replace(text, "$SHARED", arrays.empty() ? "" : "workgroup(" + arrays + ")");
  text = replace(text, "$ARRAYS", std::to_string(offsetof(keops_launch, arrays)));
  text = replace(text, "$ARRAY", std::to_string(sizeof(keops_array)));
  text = replace(text, "$ITEM", std::to_string(offsetof(keops_launch, first_item)));
  text = replace(text, "$SIZE_I", std::to_string(offsetof(keops_args, size_i)));
  return replace(text, "$SIZE_J", std::to_string(offsetof(keops_args, size_j)));
}

static std::string compile(const std::string &text, StringRef target) {
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
  std::string error;
  CompileOptions options;
  options.target = *CpuTarget::get(target, error);
  if (!module || failed(runStages(*module, "loops", "llvm-dialect", options)))
    return "";
  llvm::LLVMContext llvmContext;
  auto translated = translateModule(*module, llvmContext, options);
  return failed(translated) ? "" : emitCode(**translated, options, CodeKind::Object).value_or("");
}

KernelProgram::KernelProgram(const std::string &body, Watch watch, const std::string &arrays) {
  std::string object =
      compile(writeModule(body, arrays), watch == Races ? "gpu-emulator-races" : "gpu-emulator");
  linked = llvm::cantFail(LinkedProgram::create(object, "f", nullptr));
}

KernelProgram::~KernelProgram() = default;

int32_t KernelProgram::run(Arguments &a) const {
  keops_array inputs[] = {{a.x.data(), 1, 1}, {a.y.data(), 1, 1}}, output = {a.out.data(), 1, 1};
  keops_args args = {};
  args.size_i = int64_t(a.x.size());
  args.size_j = int64_t(a.y.size());
  args.inputs = inputs;
  args.outputs = &output;
  args.cancel = a.cancel;
  args.poll = a.poll;
  args.poll_data = a.pollData;
  args.items = a.items;
  args.items_at_once = a.itemsAtOnce;
  args.threads = a.blocks;
  return reinterpret_cast<int32_t (*)(const keops_args *)>(linked->entry())(&args);
}
