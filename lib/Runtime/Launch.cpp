// The checks, in the order in which a user would make the mistakes, and the call itself. Where an
// array cannot be addressed in whole elements (misaligned, or strides that are no multiple of the
// element) it is copied; see Packing.
#include "keops/Runtime/Launch.h"
#include "keops/Frontend/Limits.h"
#include "keops/Runtime/Error.h"
#include "keops/Runtime/Packing.h"
#include "keops/Runtime/Settings.h"
#include "keops/Runtime/Threads.h"
#include "keops/Runtime/Work.h"
#include "keops/Runtime/Workspace.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace keops {

namespace {

std::string formatShape(const std::vector<int64_t> &shape) {
  return keops::formatShape(shape.data(), int32_t(shape.size()));
}

/// What a user should pass for an input, e.g. "(M, 3)".
std::string formatExpected(Category category, int64_t components) {
  if (category == Category::P)
    return concat('(', components, ",)");
  return concat(category == Category::I ? "(M, " : "(N, ", components, ')');
}

/// An array of complex numbers stands for one of twice as many of their parts.
template <typename Describe>
void checkDType(DType given, DType expected, int64_t dimension, Describe describe) {
  bool isComplex = getPartCount(given) == 2;
  if (getPart(given) == expected && (!isComplex || dimension % 2 == 0))
    return;
  bool hasComplex = expected == DType::F32 || expected == DType::F64;
  std::string orComplex;
  if (isComplex && hasComplex)
    orComplex = concat(" or, where the dimension is even, ",
                       getName(expected == DType::F32 ? DType::C64 : DType::C128));
  raiseUserError(describe(), ": expected dtype ", getName(expected), orComplex, ", got ",
                 getName(given),
                 orComplex.empty() ? std::string() : concat(" for dimension ", dimension));
}

int64_t getRows(const ManifestOutput &output, const Sizes &sizes) {
  return output.category == Category::I ? sizes.i : sizes.j;
}

/// The parts of complex numbers stand side by side on the last axis.
bool isOutputShape(const Tensor &tensor, const ManifestOutput &output, const Sizes &sizes) {
  const std::vector<int64_t> &dimensions = output.dimensions;
  int32_t rows = sizes.batch.rank;
  if (tensor.rank != rows + 1 + int32_t(dimensions.size()) ||
      !std::equal(tensor.shape, tensor.shape + rows, sizes.batch.shape.begin()) ||
      tensor.shape[rows] != getRows(output, sizes))
    return false;
  for (int32_t axis = rows + 1; axis < tensor.rank; ++axis) {
    int64_t parts = axis + 1 == tensor.rank ? getPartCount(tensor.dtype) : 1;
    if (tensor.shape[axis] * parts != dimensions[size_t(axis - rows) - 1])
      return false;
  }
  return true;
}

/// The addresses that an array touches, as [low, high).
struct Extent {
  uintptr_t low = 0;
  uintptr_t high = 0;

  bool overlaps(const Extent &other) const { return low < other.high && other.low < high; }
};

Extent getExtent(const Tensor &tensor) {
  if (tensor.isEmpty())
    return {};
  auto base = reinterpret_cast<uintptr_t>(tensor.data);
  Extent extent{base, base + uintptr_t(getByteSize(tensor.dtype))};
  for (int32_t axis = 0; axis < tensor.rank; ++axis) {
    int64_t stride = tensor.getStride(axis);
    // Unsigned, because a caller's nonsense may overflow.
    uintptr_t reach = uintptr_t(tensor.shape[axis] - 1) * uintptr_t(stride);
    (stride < 0 ? extent.low : extent.high) += reach;
  }
  return extent;
}

uint64_t getStep(const Tensor &tensor, int32_t axis) {
  int64_t stride = tensor.getStride(axis);
  return stride < 0 ? -uint64_t(stride) : uint64_t(stride);
}

/// The bytes that an element takes and the axes of shorter steps reach over; of equal steps, the
/// later is the shorter.
uint64_t getReachInside(const Tensor &tensor, int32_t axis) {
  uint64_t step = getStep(tensor, axis), reach = uint64_t(getByteSize(tensor.dtype));
  for (int32_t other = 0; other < tensor.rank; ++other) {
    uint64_t inner = getStep(tensor, other);
    if (inner < step || (inner == step && other > axis))
      reach += uint64_t(tensor.shape[other] - 1) * inner;
  }
  return reach;
}

/// Whether elements along the axis may lie where those of the axes inside of it do.
bool sharesMemory(const Tensor &tensor, int32_t axis) {
  return tensor.shape[axis] > 1 && getStep(tensor, axis) < getReachInside(tensor, axis);
}

/// Sizes and ranks that a caller of the C interface may have filled with nonsense. `describe` names
/// the array, and is called for a message only: this is the path of every run.
template <typename Describe>
void checkDescription(const Tensor &tensor, Describe describe) {
  if (tensor.rank < 0 || tensor.rank > maxRank || (tensor.rank > 0 && !tensor.shape))
    raiseUserError(describe(), ": expected a rank from 0 to 32 and a shape, got rank ",
                   tensor.rank);
  int64_t bytes = getByteSize(tensor.dtype);
  bool isHuge = false;
  for (int32_t axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.shape[axis] < 0)
      raiseUserError(describe(), ": expected lengths of at least 0, got shape ",
                     formatShape(tensor));
    isHuge |= __builtin_mul_overflow(bytes, std::max<int64_t>(tensor.shape[axis], 1), &bytes);
  }
  // An array of stride 0 may be longer than memory, so the bound is generous.
  if (isHuge || bytes > (int64_t(1) << 56))
    raiseUserError(describe(), ": shape ", formatShape(tensor), " is too large");
  if (!tensor.data && !tensor.isEmpty())
    raiseUserError(describe(), ": the data pointer is null");
}

} // namespace

std::string Launcher::describeInput(size_t index) const {
  std::string text = concat("argument ", index + 1);
  if (index < argumentNames.size() && !argumentNames[index].empty())
    text += concat(" (", argumentNames[index], ')');
  return text;
}

std::string Launcher::describeOutput(size_t index) const {
  return concat("output ", index + 1, " (", manifest.outputs[index].name, ')');
}

void Launcher::checkInput(size_t index, const Tensor &tensor) const {
  const ManifestInput &expected = manifest.inputs[index];
  checkDescription(tensor, [&] { return describeInput(index); });
  checkDType(tensor.dtype, expected.dtype, expected.dimension,
             [&] { return describeInput(index); });
  int64_t components = expected.dimension / getPartCount(tensor.dtype);
  // A number is a vector of one component.
  bool isNumber = tensor.rank == 0 && expected.category == Category::P;
  bool hasRows = tensor.rank >= (expected.category == Category::P ? 1 : 2);
  if (isNumber ? components != 1 : !hasRows || tensor.shape[tensor.rank - 1] != components)
    raiseUserError(describeInput(index), ": expected shape ",
                   formatExpected(expected.category, components), ", got ", formatShape(tensor));
}

Sizes Launcher::checkInputs(std::span<const Tensor> inputs) const {
  if (inputs.size() != manifest.inputs.size())
    raiseUserError("expected ", manifest.inputs.size(), " arguments, got ", inputs.size());
  constexpr size_t none = ~size_t(0);
  size_t first[2] = {none, none};
  int64_t rows[2] = {1, 1};
  for (size_t k = 0; k < inputs.size(); ++k) {
    checkInput(k, inputs[k]);
    Category category = manifest.inputs[k].category;
    if (category == Category::P)
      continue;
    auto side = static_cast<size_t>(category);
    int64_t given = inputs[k].shape[inputs[k].rank - 2];
    if (first[side] == none) {
      first[side] = k;
      rows[side] = given;
    } else if (given != rows[side]) {
      raiseUserError(describeInput(k), ": expected ", side == 0 ? "M" : "N", " = ", rows[side],
                     " rows like ", describeInput(first[side]), ", got ", given);
    }
  }
  Sizes sizes;
  sizes.i = rows[0], sizes.j = rows[1];
  broadcast(inputs, sizes.batch);
  return sizes;
}

/// Leading ones of a parameter say nothing, so that a (1, 1, D) array is one wherever it stands.
int32_t Launcher::countBatchAxes(size_t index, const Tensor &tensor) const {
  return std::max(tensor.rank - (manifest.inputs[index].category == Category::P ? 1 : 2), 0);
}

void Launcher::broadcast(std::span<const Tensor> inputs, Batch &batch) const {
  int32_t most = 0;
  for (size_t k = 0; k < inputs.size(); ++k) {
    int32_t axes = countBatchAxes(k, inputs[k]), ones = 0;
    if (manifest.inputs[k].category == Category::P)
      ones = int32_t(std::find_if(inputs[k].shape, inputs[k].shape + axes,
                                  [](int64_t length) { return length != 1; }) -
                     inputs[k].shape);
    most = std::max(most, axes - ones);
  }
  if (most == 0)
    return;
  batch.begin(most);
  for (size_t k = 0; k < inputs.size(); ++k) {
    int32_t axes = countBatchAxes(k, inputs[k]), used = std::min(axes, most);
    Tensor tail = inputs[k];
    tail.shape += axes - used;
    if (!batch.add(tail, used))
      raiseUserError(describeInput(k), ": expected batch dimensions that broadcast with ",
                     formatShape(batch.shape.data(), batch.rank), ", got ",
                     formatShape(tail.shape, used));
  }
  if (!batch.count())
    raiseUserError("the batch dimensions ", formatShape(batch.shape.data(), batch.rank),
                   " are too large");
}

std::vector<int64_t> Launcher::getOutputShape(size_t index, const Sizes &sizes) const {
  const ManifestOutput &output = manifest.outputs[index];
  std::vector<int64_t> shape(sizes.batch.shape.begin(),
                             sizes.batch.shape.begin() + sizes.batch.rank);
  shape.push_back(getRows(output, sizes));
  shape.insert(shape.end(), output.dimensions.begin(), output.dimensions.end());
  return shape;
}

void Launcher::checkOutput(size_t index, const Tensor &tensor, const Sizes &sizes) const {
  const ManifestOutput &output = manifest.outputs[index];
  checkDescription(tensor, [&] { return describeOutput(index); });
  int64_t last = output.dimensions.empty() ? 1 : output.dimensions.back();
  checkDType(tensor.dtype, output.dtype, last, [&] { return describeOutput(index); });
  if (!isOutputShape(tensor, output, sizes)) {
    std::vector<int64_t> expected = getOutputShape(index, sizes);
    expected.back() /= getPartCount(tensor.dtype);
    raiseUserError(describeOutput(index), ": expected shape ", formatShape(expected), ", got ",
                   formatShape(tensor));
  }
  for (int32_t axis = 0; axis < tensor.rank; ++axis)
    if (!tensor.isEmpty() && sharesMemory(tensor, axis))
      raiseUserError(describeOutput(index), ": axis ", axis, " has stride ", tensor.getStride(axis),
                     ", so its elements share memory");
}

void Launcher::checkOverlap(std::span<const Tensor> inputs, std::span<const Tensor> outputs) const {
  for (size_t k = 0; k < outputs.size(); ++k) {
    Extent extent = getExtent(outputs[k]);
    for (size_t other = 0; other < inputs.size(); ++other)
      if (extent.overlaps(getExtent(inputs[other])))
        raiseUserError(describeOutput(k), ": expected memory of its own, but it overlaps ",
                       describeInput(other));
    for (size_t other = 0; other < k; ++other)
      if (extent.overlaps(getExtent(outputs[other])))
        raiseUserError(describeOutput(k), ": expected memory of its own, but it overlaps ",
                       describeOutput(other));
  }
}

/// Kernels are right on a grid of any size. Few blocks show what goes wrong between blocks.
static constexpr int32_t emulatedBlocks = 3;

int32_t Launcher::chooseThreads(double pairs, int32_t wanted) const {
  if (!manifest.kernels.empty())
    return emulatedBlocks;
  double worthwhile = manifest.costPerPair * pairs / double(getSettings().workPerThread);
  if (worthwhile < 2)
    return 1;
  int32_t most = wanted > 0 ? wanted : getNumThreads();
  return worthwhile >= most ? most : int32_t(worthwhile);
}

void Launcher::writeOffsets(const Packing &packing, const Batch &batch,
                            std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                            int64_t *offsets) const {
  auto step = int64_t(inputs.size() + outputs.size());
  for (size_t k = 0; k < inputs.size(); ++k, ++offsets)
    packing.writeInputOffsets(k, inputs[k], batch, countBatchAxes(k, inputs[k]), offsets, step);
  for (size_t k = 0; k < outputs.size(); ++k, ++offsets)
    packing.writeOutputOffsets(outputs[k], batch, offsets, step);
}

/// So few that their workspace stays small, unless one item needs more, and so many that threads
/// seldom wait for each other.
int64_t Launcher::chooseItemsAtOnce(const CheckedRun &run, int64_t budget) const {
  int64_t items = run.sizes.batch.items;
  if (items <= 1)
    return 1;
  int64_t item = std::max<int64_t>(manifest.workspace.getItemBytes(run.extent), 1);
  return std::clamp<int64_t>(budget / item, 1, items);
}

/// A GPU hands out memory as others left it, so kernels must not find it clean here either.
static void fillWithGarbage(char *memory, int64_t bytes) {
  std::memset(memory, 0xA5, size_t(bytes));
}

/// Beyond this numbers of pairs overflow, and no machine would come to the end.
void Launcher::checkAmount(const CheckedRun &run) const {
  constexpr double most = double(int64_t(1) << 62);
  if (run.work.getPairCount() * double(run.sizes.batch.items) > most)
    raiseUserError("expected at most 2^62 pairs, got M = ", run.sizes.i, " and N = ", run.sizes.j,
                   run.sizes.batch.rank > 0 ? concat(" in ", run.sizes.batch.items, " items") : "");
}

void Launcher::addArrays(const CheckedRun &run, Packing &packing, keops_array *inputs,
                         keops_array *outputs) const {
  for (size_t k = 0; k < run.inputs.size(); ++k)
    inputs[k] = packing.addInput(run.inputs[k], manifest.inputs[k].category == Category::P);
  for (size_t k = 0; k < run.outputs.size(); ++k)
    outputs[k] = packing.addOutput(run.outputs[k], manifest.outputs[k].getRowElements());
}

void Launcher::run(std::span<const Tensor> inputs, std::span<const Tensor> outputs,
                   const RunOptions &options) const {
  Sizes sizes = checkInputs(inputs);
  if (outputs.size() != manifest.outputs.size())
    raiseUserError("expected ", manifest.outputs.size(), " outputs, got ", outputs.size());
  for (size_t k = 0; k < outputs.size(); ++k)
    checkOutput(k, outputs[k], sizes);
  checkOverlap(inputs, outputs);
  if (device)
    checkRangePlaces(options.ranges);
  Work work(sizes.i, sizes.j, options.ranges);
  ProgramExtent extent{{sizes.i, sizes.j},
                       {work.getTable(0).block_count, work.getTable(1).block_count},
                       {work.getTable(0).most_terms, work.getTable(1).most_terms}};
  CheckedRun run{inputs, outputs, options, sizes, work, extent};
  checkAmount(run);
  if (device)
    runOnDevice(run);
  else
    runHere(run);
}

void Launcher::runHere(const CheckedRun &run) const {
  constexpr int64_t itemBudget = int64_t(32) << 20;
  const Batch &batch = run.sizes.batch;
  int32_t threads =
      chooseThreads(run.work.getPairCount() * double(batch.items), run.options.threads);
  int64_t itemsAtOnce = chooseItemsAtOnce(run, itemBudget);
  int64_t programBytes = manifest.workspace.getBytes(run.extent, itemsAtOnce, threads);
  Packing packing(programBytes);
  std::array<keops_array, maxArguments> inputArrays;
  std::array<keops_array, maxArguments> outputArrays;
  addArrays(run, packing, inputArrays.data(), outputArrays.data());
  // One item begins where the arrays do.
  static const int64_t noOffsets[2 * maxArguments] = {};
  int64_t offsetsAt = -1;
  if (batch.rank > 0)
    offsetsAt =
        packing.reserveNumbers(batch.items, int64_t(run.inputs.size() + run.outputs.size()));

  Workspace workspace(packing.getBytes());
  if (!manifest.kernels.empty())
    fillWithGarbage(workspace.getData(), programBytes);
  packing.copyInputs(workspace.getData(), run.inputs, inputArrays.data(), outputArrays.data());
  auto *offsets =
      reinterpret_cast<int64_t *>(workspace.getData() + std::max<int64_t>(offsetsAt, 0));
  if (offsetsAt >= 0)
    writeOffsets(packing, batch, run.inputs, run.outputs, offsets);
  keops_args args{run.sizes.i,
                  run.sizes.j,
                  inputArrays.data(),
                  outputArrays.data(),
                  workspace.getData(),
                  run.options.cancel,
                  run.options.poll,
                  run.options.pollData,
                  {run.work.getTable(0), run.work.getTable(1)},
                  batch.items,
                  itemsAtOnce,
                  offsetsAt >= 0 ? offsets : noOffsets,
                  threads};
  raiseStep(program.getEntry()(&args));
  packing.copyOutputs(workspace.getData(), run.outputs);
}

/// What a program returned, where it is a failure.
void Launcher::raiseStep(int32_t step) const {
  if (step == KEOPS_STEP_CANCELLED)
    throw Error(ErrorKind::Cancelled, "the run was cancelled");
  if (step == KEOPS_STEP_NO_MEMORY)
    throw Error(ErrorKind::Memory, "not enough memory for this formula and these sizes");
  if (step == KEOPS_STEP_FAULT)
    raiseInternalError("program ", manifest.symbol, ": ", program.getFault());
  if (step != KEOPS_STEP_OK)
    raiseInternalError("program ", manifest.symbol, " returned status ", step);
}

} // namespace keops
