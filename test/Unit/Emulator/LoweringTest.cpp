// The kernels that formulas become, under the eyes of the emulator: they are right and free of
// races as they are, and not without any one of their barriers and waits.
#include "Link.h"
#include "keops/Frontend/Parser.h"
#include "keops/Target/Target.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/NVGPU/IR/NVGPUDialect.h"
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

/// A form of the kernels, and sizes for which all of them runs.
struct Form {
  const char *schedule;
  size_t dim;
  std::vector<std::pair<size_t, size_t>> sizes;
  size_t barriers; ///< at least
};

/// Rows of one tile, once narrow and once not, whose terms are cut into pieces, so that blocks have
/// to agree. Long rows have no room for two steps, but for two blocks of terms.
const Form forms[] = {{"stages=1", 1, {{70, 9000}, {600, 1500}}, 6},
                      {"stages=2", 1, {{70, 9000}, {600, 1500}}, 6},
                      {"stages=2", 20, {{70, 1500}}, 4}};

CompileOptions makeOptions(const Form &form) {
  CompileOptions options;
  std::string error;
  options.target = *CpuTarget::get("gpu-emulator-races", error);
  options.schedule = form.schedule;
  return options;
}

/// sum over j of exp(-|x_i - y_j|^2), as kernels.
OwningOpRef<ModuleOp> makeKernels(MLIRContext &context, const Form &form,
                                  const CompileOptions &options) {
  std::string error, dim = "(" + std::to_string(form.dim) + ")";
  std::string x = "x=Vi" + dim, y = "y=Vj" + dim;
  Type f32 = Float32Type::get(&context);
  OwningOpRef<ModuleOp> module =
      *parseFormula("Sum_Reduction(Exp(-SqDist(x,y)),0)", {x, y}, f32, "f", Precision::Default,
                    &context, *readSums("auto", "auto", f32, error));
  EXPECT_TRUE(succeeded(runStages(*module, "keops", "loops", options)));
  return module;
}

struct Sums {
  std::vector<float> x, y, out;
  int32_t step = -1;
};

Sums run(void *entry, size_t m, size_t n, size_t dim) {
  Sums sums{std::vector<float>(m * dim), std::vector<float>(n * dim), std::vector<float>(m), -1};
  for (size_t k = 0; k < m * dim; ++k)
    sums.x[k] = float(k) / float(m * dim);
  for (size_t k = 0; k < n * dim; ++k)
    sums.y[k] = float(k) / float(n * dim);
  auto length = int64_t(dim);
  keops_array inputs[] = {{sums.x.data(), length, 1}, {sums.y.data(), length, 1}};
  keops_array output = {sums.out.data(), 1, 1};
  auto rows = int64_t(m), columns = int64_t(n);
  // A piece of 256 terms ends one interval after an odd number of stages and begins the next.
  int64_t end = columns / 512 * 256 + 100;
  keops_block blocks[] = {{0, rows, 0, 2, columns}, {0, columns, 0, 1, rows}};
  keops_interval intervals[] = {{0, end}, {end, columns}, {0, rows}};
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
  args.work[1] = {blocks + 1, intervals + 2, 1, rows};
  args.items = args.items_at_once = 1;
  args.item_offsets = offsets;
  args.threads = 3;
  sums.step = reinterpret_cast<int32_t (*)(const keops_args *)>(entry)(&args);
  return sums;
}

/// The second run is not begun where the first is at fault.
SmallVector<Sums> runKernels(ModuleOp module, const Form &form, const CompileOptions &options) {
  llvm::LLVMContext context;
  EXPECT_TRUE(succeeded(runStages(module, "loops", "llvm-dialect", options)));
  std::string object =
      *emitCode(**translateModule(module, context, options), options, CodeKind::Object);
  auto program = llvm::cantFail(LinkedProgram::create(object, "f", nullptr));
  SmallVector<Sums> runs;
  for (auto [m, n] : form.sizes)
    if (runs.empty() || runs.back().step == KEOPS_STEP_OK)
      runs.push_back(run(program->entry(), m, n, form.dim));
  return runs;
}

void expectRight(const Sums &sums, size_t dim) {
  ASSERT_EQ(sums.step, KEOPS_STEP_OK) << keops_emulator_get_fault();
  for (size_t i = 0; i < sums.out.size(); ++i) {
    double expected = 0;
    for (size_t j = 0; j < sums.y.size() / dim; ++j) {
      double distance = 0;
      for (size_t k = 0; k < dim; ++k)
        distance += std::pow(double(sums.x[i * dim + k]) - double(sums.y[j * dim + k]), 2);
      expected += std::exp(-distance);
    }
    ASSERT_NEAR(sums.out[i], expected, 1e-6 * expected) << "row " << i;
  }
}

template <typename Op>
SmallVector<Op> findAll(ModuleOp module) {
  SmallVector<Op> found;
  module.walk([&](Op op) { found.push_back(op); });
  return found;
}

/// Each mutant lacks one operation of this kind, of which there are at least `least`.
template <typename Op>
void expectThatEachIsNeeded(const Form &form, size_t least, function_ref<void(Op)> erase) {
  CompileOptions options = makeOptions(form);
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = makeKernels(*context, form, options);
  size_t count = findAll<Op>(*module).size();
  EXPECT_GE(count, least);
  for (size_t k = 0; k < count; ++k) {
    OwningOpRef<ModuleOp> mutant = module->clone();
    erase(findAll<Op>(*mutant)[k]);
    EXPECT_EQ(runKernels(*mutant, form, options).back().step, KEOPS_STEP_FAULT) << "mutant " << k;
    EXPECT_NE(std::string(keops_emulator_get_fault()).find("data race"), std::string::npos);
  }
}

class Lowering : public testing::TestWithParam<Form> {};

} // namespace

INSTANTIATE_TEST_SUITE_P(Forms, Lowering, testing::ValuesIn(forms));

TEST_P(Lowering, isRightAndFreeOfRaces) {
  CompileOptions options = makeOptions(GetParam());
  std::unique_ptr<MLIRContext> context = createContext();
  OwningOpRef<ModuleOp> module = makeKernels(*context, GetParam(), options);
  SmallVector<Sums> runs = runKernels(*module, GetParam(), options);
  ASSERT_EQ(runs.size(), GetParam().sizes.size()) << keops_emulator_get_fault();
  for (const Sums &sums : runs)
    expectRight(sums, GetParam().dim);
}

TEST_P(Lowering, needsEveryBarrier) {
  expectThatEachIsNeeded<gpu::BarrierOp>(GetParam(), GetParam().barriers,
                                         [](gpu::BarrierOp barrier) { barrier.erase(); });
}

TEST_P(Lowering, needsEveryWait) {
  expectThatEachIsNeeded<nvgpu::DeviceAsyncWaitOp>(
      GetParam(), 1, [](nvgpu::DeviceAsyncWaitOp wait) {
        Operation *group = wait.getAsyncDependencies().getDefiningOp();
        wait.erase();
        group->erase();
      });
}
