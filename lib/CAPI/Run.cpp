// Runs: tensors and options translated, then forwarded to the launcher. No allocation on the way to
// a small program.
#include "Handles.h"
#include "keops/Frontend/Limits.h"

#include <array>

using namespace keops;
using namespace keops::capi;

namespace {

/// The caller's tensors as the runtime sees them.
class Tensors {
public:
  Tensors(const keopsTensor *given, int32_t givenCount, const char *argument) : count(givenCount) {
    if (count < 0 || count > maxArguments)
      raiseUserError("expected 0 to ", maxArguments, ' ', argument, ", got ", count);
    if (count > 0)
      require(given, argument);
    for (int32_t k = 0; k < count; ++k) {
      int32_t dtype = getCode(given[k].dtype);
      if (dtype < KEOPS_F32 || dtype > KEOPS_C128)
        raiseUserError(argument, '[', k, "]: unknown dtype ", dtype);
      tensors[size_t(k)] = {given[k].data, DType(dtype), given[k].rank, given[k].shape,
                            given[k].strides};
    }
  }

  std::span<const Tensor> get() const { return {tensors.data(), size_t(count)}; }

private:
  std::array<Tensor, maxArguments> tensors;
  int32_t count;
};

constexpr int32_t rangeArrays = 6;

/// `ranges` must outlive what is returned.
RunOptions readRunOptions(const keopsRunOptions &options, const Tensors &ranges) {
  if (options.threads < 0)
    raiseUserError("argument 'options': expected at least 0 threads, got ", options.threads);
  return {options.threads,   options.cancel ? &options.cancel->requested : nullptr,
          options.poll,      options.poll_data,
          ranges.get(),      options.stream,
          options.allocate,  options.allocate_data,
          options.wait != 0, options.arrays_on_host != 0};
}

} // namespace

keopsStatus keopsProgramInferSizes(keopsProgram program, const keopsTensor *inputs,
                                   int32_t input_count, const keopsRunOptions *options,
                                   int64_t *size_i, int64_t *size_j) {
  return guard(getCaller(options, __func__), [&] {
    require(program, "program");
    Sizes sizes = program->getLauncher().checkInputs(Tensors(inputs, input_count, "inputs").get());
    *require(size_i, "size_i") = sizes.i;
    *require(size_j, "size_j") = sizes.j;
  });
}

keopsStatus keopsProgramInferBatch(keopsProgram program, const keopsTensor *inputs,
                                   int32_t input_count, const keopsRunOptions *options,
                                   int64_t *size_i, int64_t *size_j, int64_t *shape,
                                   int32_t capacity, int32_t *rank) {
  return guard(getCaller(options, __func__), [&] {
    require(program, "program");
    Sizes sizes = program->getLauncher().checkInputs(Tensors(inputs, input_count, "inputs").get());
    *require(size_i, "size_i") = sizes.i;
    *require(size_j, "size_j") = sizes.j;
    *require(rank, "rank") = sizes.batch.rank;
    int32_t count = std::min(capacity, sizes.batch.rank);
    if (count > 0)
      std::copy_n(sizes.batch.shape.begin(), count, require(shape, "shape"));
  });
}

keopsStatus keopsProgramGetOutputShape(keopsProgram program, int32_t index, int64_t size_i,
                                       int64_t size_j, int64_t *shape, int32_t capacity,
                                       int32_t *rank) {
  return guard(__func__, [&] {
    const auto &outputs = require(program, "program")->getManifest().outputs;
    if (index < 0 || size_t(index) >= outputs.size())
      raiseUserError("argument 'index': expected 0 to ", int64_t(outputs.size()) - 1, ", got ",
                     index);
    const ManifestOutput &output = outputs[size_t(index)];
    *require(rank, "rank") = int32_t(output.dimensions.size()) + 1;
    if (capacity > 0)
      require(shape, "shape")[0] = output.category == Category::I ? size_i : size_j;
    for (int32_t axis = 1; axis < std::min(capacity, *rank); ++axis)
      shape[axis] = output.dimensions[size_t(axis) - 1];
  });
}

keopsStatus keopsProgramRun(keopsProgram program, const keopsTensor *inputs, int32_t input_count,
                            const keopsTensor *outputs, int32_t output_count,
                            const keopsRunOptions *options) {
  return guard(getCaller(options, __func__), [&] {
    require(program, "program");
    keopsRunOptions standard = KEOPS_RUN_OPTIONS_INIT;
    keopsRunOptions known = readOptions(options, standard);
    Tensors ranges(known.ranges, known.ranges ? rangeArrays : 0, "ranges");
    program->getLauncher().run(Tensors(inputs, input_count, "inputs").get(),
                               Tensors(outputs, output_count, "outputs").get(),
                               readRunOptions(known, ranges));
  });
}

keopsStatus keopsCancelCreate(keopsCancel *cancel) {
  return guard(__func__, [&] { *require(cancel, "cancel") = new keopsCancel_s; });
}

void keopsCancelDestroy(keopsCancel cancel) { delete cancel; }

// The running program reads the flag as plain memory once a tile, so the store needs no order, only
// to be one store.
void keopsCancelRequest(keopsCancel cancel) {
  if (cancel)
    __atomic_store_n(&cancel->requested, 1, __ATOMIC_RELAXED);
}

void keopsCancelReset(keopsCancel cancel) {
  if (cancel)
    __atomic_store_n(&cancel->requested, 0, __ATOMIC_RELAXED);
}
