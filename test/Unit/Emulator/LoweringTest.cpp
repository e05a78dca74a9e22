// The kernels that formulas become, under the eyes of the emulator: they are right and free of
// races as they are, and not without any one of their barriers.
#include "Link.h"
#include "keops/Frontend/Parser.h"
#include "keops/Target/Target.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "gtest/gtest.h"

#include "keops-c/emulator.h"

#include <cmath>
#include <cstdlib>
#include <vector>

using namespace mlir;
using namespace keops;

namespace {

CompileOptions makeOptions() {
  CompileOptions options;
  std::string error;
  options.target = *CpuTarget::get("gpu-emulator-races", error);
  return options;
}

/// sum over j of exp(-(x_i - y_j)^2), as kernels.
OwningOpRef<ModuleOp> makeKernels(MLIRContext &context, const CompileOptions &options) {
  std::string error;
  Type f32 = Float32Type::get(&context);
  OwningOpRef<ModuleOp> module =
      *parseFormula("Sum_Reduction(Exp(-SqDist(x,y)),0)", {"x=Vi(1)", "y=Vj(1)"}, f32, "f",
                    Precision::Default, &context, *readSums("auto", "auto", f32, error));
  EXPECT_TRUE(succeeded(runStages(*module, "keops", "loops", options)));
  return module;
}

struct Sums {
  std::vector<float> x, y, out;
  int32_t step = -1;
};

Sums run(void *entry, size_t m, size_t n) {
  Sums sums{std::vector<float>(m), std::vector<float>(n), std::vector<float>(m), -1};
  for (size_t i = 0; i < m; ++i)
    sums.x[i] = float(i) / float(m);
  for (size_t j = 0; j < n; ++j)
    sums.y[j] = float(j) / float(n);
  keops_array inputs[] = {{sums.x.data(), 1, 1}, {sums.y.data(), 1, 1}};
  keops_array output = {sums.out.data(), 1, 1};
  auto rows = int64_t(m), columns = int64_t(n);
  keops_block blocks[] = {{0, rows, 0, 1, columns}, {0, columns, 0, 1, rows}};
  keops_interval intervals[] = {{0, columns}, {0, rows}};
  // More than these sizes ask for.
  std::vector<char> memory(size_t(8) << 20, char(0xA5));
  int64_t offsets[3] = {};
  keops_args args = {};
  args.size_i = rows;
  args.size_j = columns;
  args.inputs = inputs;
  args.outputs = &output;
  args.workspace = memory.data() + (-reinterpret_cast<uintptr_t>(memory.data()) & 63);
  args.work[0] = {blocks, intervals, 1, columns};
  args.work[1] = {blocks + 1, intervals + 1, 1, rows};
  args.items = args.items_at_once = 1;
  args.item_offsets = offsets;
  args.threads = 3;
  sums.step = reinterpret_cast<int32_t (*)(const keops_args *)>(entry)(&args);
  return sums;
}

/// Rows of one tile, once narrow and once not, whose terms are cut into pieces, so that blocks have
/// to agree. The second run is not begun where the first is at fault.
SmallVector<Sums> runKernels(ModuleOp module, const CompileOptions &options) {
  llvm::LLVMContext context;
  EXPECT_TRUE(succeeded(runStages(module, "loops", "llvm-dialect", options)));
  std::string object =
      *emitCode(**translateModule(module, context, options), options, CodeKind::Object);
  auto program = llvm::cantFail(LinkedProgram::create(object, "f", nullptr));
  SmallVector<Sums> runs = {run(program->entry(), 70, 9000)};
  if (runs.front().step == KEOPS_STEP_OK)
    runs.push_back(run(program->entry(), 600, 1500));
  return runs;
}

void expectRight(const Sums &sums) {
  ASSERT_EQ(sums.step, KEOPS_STEP_OK) << keops_emulator_get_fault();
  for (size_t i = 0; i < sums.x.size(); ++i) {
    double expected = 0;
    for (float y : sums.y)
      expected += std::exp(-std::pow(double(sums.x[i]) - double(y), 2));
    ASSERT_NEAR(sums.out[i], expected, 1e-6 * expected) << "row " << i;
  }
}

SmallVector<gpu::BarrierOp> findBarriers(ModuleOp module) {
  SmallVector<gpu::BarrierOp> barriers;
  module.walk([&](gpu::BarrierOp barrier) { barriers.push_back(barrier); });
  return barriers;
}

} // namespace

TEST(Lowering, isRightAndFreeOfRaces) {
  CompileOptions options = makeOptions();
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = makeKernels(*context, options);
  SmallVector<Sums> runs = runKernels(*module, options);
  ASSERT_EQ(runs.size(), 2u) << keops_emulator_get_fault();
  for (const Sums &sums : runs)
    expectRight(sums);
}

TEST(Lowering, needsEveryBarrier) {
  CompileOptions options = makeOptions();
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = makeKernels(*context, options);
  size_t count = findBarriers(*module).size();
  EXPECT_GE(count, 4u);
  for (size_t k = 0; k < count; ++k) {
    OwningOpRef<ModuleOp> mutant = module->clone();
    findBarriers(*mutant)[k].erase();
    EXPECT_EQ(runKernels(*mutant, options).back().step, KEOPS_STEP_FAULT) << "barrier " << k;
    EXPECT_NE(std::string(keops_emulator_get_fault()).find("data race"), std::string::npos);
  }
}
