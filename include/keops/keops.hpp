// C++17 over keops-c/keops.h: handles that end themselves, failures as exceptions. Header only;
// needs libkeops.so.
//
//   keops::Program gauss("Sum_Reduction(Exp(-SqDist(x,y))*b,0)", {"x=Vi(3)", "y=Vj(3)",
//   "b=Vj(1)"}); std::vector<float> x(3 * m), y(3 * n), b(n), result(m); gauss.run({{x.data(), {m,
//   3}}, {y.data(), {n, 3}}, {b.data(), {n, 1}}}, {{result.data(), {m, 1}}});
#ifndef KEOPS_KEOPS_HPP
#define KEOPS_KEOPS_HPP

#include "keops-c/keops.h"

#include <array>
#include <complex>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace keops {

/// A failed call: its status, and the message of keopsGetLastError.
class Error : public std::runtime_error {
public:
  explicit Error(keopsStatus status) : std::runtime_error(keopsGetLastError()), status(status) {}
  keopsStatus getStatus() const { return status; }

private:
  keopsStatus status;
};

inline void check(keopsStatus status) {
  if (status != KEOPS_OK)
    throw Error(status);
}

/// An array of the caller, with the element type read off the pointer. Strides are in bytes; none
/// means row-major.
class Tensor {
public:
  Tensor(const float *data, std::vector<int64_t> shape, std::vector<int64_t> strides = {})
      : Tensor(data, KEOPS_F32, std::move(shape), std::move(strides)) {}
  Tensor(const double *data, std::vector<int64_t> shape, std::vector<int64_t> strides = {})
      : Tensor(data, KEOPS_F64, std::move(shape), std::move(strides)) {}
  Tensor(const int64_t *data, std::vector<int64_t> shape, std::vector<int64_t> strides = {})
      : Tensor(data, KEOPS_I64, std::move(shape), std::move(strides)) {}
  Tensor(const std::complex<float> *data, std::vector<int64_t> shape,
         std::vector<int64_t> strides = {})
      : Tensor(data, KEOPS_C64, std::move(shape), std::move(strides)) {}
  Tensor(const std::complex<double> *data, std::vector<int64_t> shape,
         std::vector<int64_t> strides = {})
      : Tensor(data, KEOPS_C128, std::move(shape), std::move(strides)) {}
  /// Of an element type that C++17 does not name, KEOPS_F16 or KEOPS_BF16.
  Tensor(const void *data, keopsDType dtype, std::vector<int64_t> shape,
         std::vector<int64_t> strides = {})
      : data(const_cast<void *>(data)), dtype(dtype), shape(std::move(shape)),
        strides(std::move(strides)) {
    if (!this->strides.empty() && this->strides.size() != this->shape.size())
      throw std::invalid_argument("keops::Tensor: shape and strides have different lengths");
  }

  /// The C view; valid as long as this tensor.
  keopsTensor get() const {
    return {data, dtype, int32_t(shape.size()), shape.data(),
            strides.empty() ? nullptr : strides.data()};
  }

private:
  void *data;
  keopsDType dtype;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
};

/// Rows and terms of block-sparse reductions: the six arrays of keopsRunOptions::ranges.
class Ranges {
public:
  /// Of intervals [begin, end).
  using Pairs = std::vector<std::array<int64_t, 2>>;
  using Numbers = std::vector<int64_t>;

  /// Those of reductions over j, and those of reductions over i.
  Ranges(Pairs rangesI, Numbers slicesI, Pairs redrangesJ, Pairs rangesJ, Numbers slicesJ,
         Pairs redrangesI)
      : pairs{std::move(rangesI), std::move(redrangesJ), std::move(rangesJ), std::move(redrangesI)},
        slices{std::move(slicesI), std::move(slicesJ)} {}

  /// Those of reductions over one index alone, which then must be the one that is reduced.
  static Ranges overJ(Pairs rangesI, Numbers slicesI, Pairs redrangesJ) {
    return {std::move(rangesI), std::move(slicesI), std::move(redrangesJ), {}, {}, {}};
  }
  static Ranges overI(Pairs rangesJ, Numbers slicesJ, Pairs redrangesI) {
    return {{}, {}, {}, std::move(rangesJ), std::move(slicesJ), std::move(redrangesI)};
  }

  std::vector<Tensor> get() const {
    return {toTensor(pairs[0]), toTensor(slices[0]), toTensor(pairs[1]),
            toTensor(pairs[2]), toTensor(slices[1]), toTensor(pairs[3])};
  }

private:
  static Tensor toTensor(const Pairs &rows) {
    return Tensor(rows.empty() ? nullptr : rows[0].data(), {int64_t(rows.size()), 2});
  }
  static Tensor toTensor(const Numbers &numbers) {
    return Tensor(numbers.data(), {int64_t(numbers.size())});
  }

  Pairs pairs[4];
  Numbers slices[2];
};

/// M, N and the shape of the batch, which has no axes where there is none.
struct Sizes {
  int64_t i = 1, j = 1;
  std::vector<int64_t> batch;
};

/// Ends the runs it was given to when request() is called, from any thread.
class CancelFlag {
public:
  CancelFlag() {
    keopsCancel made = nullptr;
    check(keopsCancelCreate(&made));
    handle.reset(made);
  }
  void request() { keopsCancelRequest(handle.get()); }
  void reset() { keopsCancelReset(handle.get()); }
  keopsCancel get() const { return handle.get(); }

private:
  struct Deleter {
    void operator()(keopsCancel cancel) const { keopsCancelDestroy(cancel); }
  };
  std::unique_ptr<keopsCancel_s, Deleter> handle;
};

struct Options {
  keopsDType dtype = KEOPS_F32;
  keopsPrecision precision = KEOPS_PRECISION_DEFAULT;
  bool singleThreaded = false;
  std::string schedule;
  keopsSumScheme sumScheme = KEOPS_SUM_AUTO;
  keopsAccumulator accumulator = KEOPS_ACCUMULATOR_AUTO;
  keopsDeviceType deviceType = KEOPS_CPU;
  int32_t deviceId = 0;
};

/// A compiled reduction. Movable; may run in many threads at once.
class Program {
public:
  Program(const std::string &formula, const std::vector<std::string> &aliases,
          const Options &options = {}) {
    std::vector<const char *> pointers = toPointers(aliases);
    keopsProgramOptions request = makeOptions(formula, pointers, options);
    keopsProgram made = nullptr;
    check(keopsProgramCreate(&request, &made));
    handle.reset(made);
  }

  /// A program compiled ahead of time, from its manifest and its function.
  static Program fromEntry(const std::string &manifest, int32_t (*entry)(const keops_args *)) {
    keopsProgram made = nullptr;
    check(keopsProgramCreateFromEntry(manifest.c_str(), entry, &made));
    return Program(made);
  }

  void run(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs,
           keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT) const {
    std::vector<keopsTensor> in = toC(inputs), out = toC(outputs);
    check(keopsProgramRun(handle.get(), in.data(), int32_t(in.size()), out.data(),
                          int32_t(out.size()), &options));
  }

  /// The same for blocks of pairs, which hold for every item of a batch.
  void run(const std::vector<Tensor> &inputs, const std::vector<Tensor> &outputs,
           const Ranges &ranges, keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT) const {
    std::vector<Tensor> tensors = ranges.get();
    std::vector<keopsTensor> views = toC(tensors);
    options.ranges = views.data();
    run(inputs, outputs, options);
  }

  Sizes inferSizes(const std::vector<Tensor> &inputs) const {
    std::vector<keopsTensor> in = toC(inputs);
    Sizes sizes;
    int32_t rank = 0, maxRank = 32;
    sizes.batch.resize(size_t(maxRank));
    check(keopsProgramInferBatch(handle.get(), in.data(), int32_t(in.size()), nullptr, &sizes.i,
                                 &sizes.j, sizes.batch.data(), maxRank, &rank));
    sizes.batch.resize(size_t(rank));
    return sizes;
  }

  /// With the axes of the batch in front.
  std::vector<int64_t> getOutputShape(int32_t index, const Sizes &sizes) const {
    std::vector<int64_t> shape = sizes.batch, own = getOutputShape(index, sizes.i, sizes.j);
    shape.insert(shape.end(), own.begin(), own.end());
    return shape;
  }

  /// Without batch.
  std::vector<int64_t> getOutputShape(int32_t index, int64_t sizeI, int64_t sizeJ) const {
    int32_t rank = 0;
    check(keopsProgramGetOutputShape(handle.get(), index, sizeI, sizeJ, nullptr, 0, &rank));
    std::vector<int64_t> shape(static_cast<size_t>(rank));
    check(keopsProgramGetOutputShape(handle.get(), index, sizeI, sizeJ, shape.data(), rank, &rank));
    return shape;
  }

  int32_t getOutputCount() const { return keopsProgramGetOutputCount(handle.get()); }
  keopsCompileInfo getCompileInfo() const {
    keopsCompileInfo info;
    check(keopsProgramGetCompileInfo(handle.get(), &info));
    return info;
  }
  keopsProgram get() const { return handle.get(); }

  /// The text of a formula after a stage of the compiler.
  static std::string dump(const std::string &formula, const std::vector<std::string> &aliases,
                          const std::string &stage, const Options &options = {}) {
    std::vector<const char *> pointers = toPointers(aliases);
    keopsProgramOptions request = makeOptions(formula, pointers, options);
    std::string text;
    auto append = [](const char *data, size_t size, void *user) {
      static_cast<std::string *>(user)->append(data, size);
    };
    check(keopsDumpIR(&request, stage.c_str(), append, &text));
    return text;
  }

private:
  struct Deleter {
    void operator()(keopsProgram program) const { keopsProgramDestroy(program); }
  };

  explicit Program(keopsProgram program) : handle(program) {}

  static std::vector<const char *> toPointers(const std::vector<std::string> &texts) {
    std::vector<const char *> pointers;
    for (const std::string &text : texts)
      pointers.push_back(text.c_str());
    return pointers;
  }

  static keopsProgramOptions makeOptions(const std::string &formula,
                                         const std::vector<const char *> &aliases,
                                         const Options &options) {
    keopsProgramOptions result = KEOPS_PROGRAM_OPTIONS_INIT;
    result.formula = formula.c_str();
    result.aliases = aliases.data();
    result.alias_count = int32_t(aliases.size());
    result.dtype = options.dtype;
    result.precision = options.precision;
    result.single_threaded = options.singleThreaded;
    result.schedule = options.schedule.c_str();
    result.sum_scheme = options.sumScheme;
    result.accumulator = options.accumulator;
    result.device_type = options.deviceType;
    result.device_id = options.deviceId;
    return result;
  }

  static std::vector<keopsTensor> toC(const std::vector<Tensor> &tensors) {
    std::vector<keopsTensor> result;
    for (const Tensor &tensor : tensors)
      result.push_back(tensor.get());
    return result;
  }

  std::unique_ptr<keopsProgram_s, Deleter> handle;
};

} // namespace keops

#endif // KEOPS_KEOPS_HPP
