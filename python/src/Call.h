// One call of a reduction: the way from Python objects to keopsProgramRun (Arguments.cpp) and back
// (Results.cpp). It is walked for every call on small arrays, so it makes no Python-level calls
// except numpy.empty.
#ifndef KEOPS_PYTHON_CALL_H
#define KEOPS_PYTHON_CALL_H

#include "Neighbour.h"
#include "Pool.h"
#include "Reduction.h"

#include <array>

namespace keops::python {

/// More arguments than a formula can have never reach a program.
inline constexpr size_t maxArguments = 256;
inline constexpr int32_t maxOutputRank = 9;
/// Of the runtime, for any array.
inline constexpr int32_t maxBatchRank = 32;
inline constexpr size_t rangeArrays = 6;

/// The state of one call: what was borrowed or converted, until the run is over.
struct Reduction::Call {
  Reduction &reduction;
  bool isDetached;
  nb::handle wantedStream; ///< a number, or None
  std::array<keopsTensor, maxArguments> inputs;
  std::array<const Buffer *, maxArguments> lent; ///< null for what must be converted
  size_t inputCount = 0;
  Pool<Buffer, 8> buffers;
  Pool<Number, 8> numbers;
  std::vector<nb::object> owned;
  std::vector<nb::object> results;
  std::vector<ManagedTensorPtr> made; ///< results that become objects when they are computed
  std::vector<ManagedTensorPtr> temporary;
  Device device{Device::cpu, 0};  ///< of all arrays
  Device machine{Device::cpu, 0}; ///< of the program
  Neighbour neighbour;            ///< an array on a GPU, unless tensors come by the exchange
  keopsDType dtype = KEOPS_F64;
  keopsProgram program = nullptr;
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  std::array<keopsTensor, rangeArrays> ranges;
  int64_t sizeI = 1, sizeJ = 1;
  std::array<int64_t, maxBatchRank> batch;
  int32_t batchRank = 0;

  Call(Reduction &reduction, bool isDetached, nb::handle stream)
      : reduction(reduction), isDetached(isDetached), wantedStream(stream) {
    options.caller = reduction.caller.c_str();
  }

  /// False where PyTorch must be asked for the numbers of a tensor.
  bool readArguments(const nb::tuple &arguments, nb::handle wantedDevice);
  void readRanges(nb::handle given);
  nb::object findBatch();
  nb::object compute(nb::handle out);

private:
  bool borrowInputs(const nb::tuple &arguments);
  void chooseMachine(nb::handle wanted);
  void readInputs(const nb::tuple &arguments);
  bool isOwnTensor(nb::handle object) const;
  bool isForeignTensor(nb::handle object) const;
  bool borrowInput(size_t index, nb::handle object);
  bool canBeRead(const nb::tuple &arguments) const;
  void checkDevice(const std::string &what, const Buffer &buffer) const;
  void readInput(size_t index, nb::handle object);
  void readNumber(size_t index, nb::handle object);
  void readConverted(size_t index, nb::handle object);
  void readOnGpu(size_t index, nb::handle object);
  bool share(const std::string &what, Buffer &buffer, nb::handle object, bool isWritten = false);
  void inferSizes();
  keopsStatus run(const std::vector<keopsTensor> &outputs, bool hasMadeOutputs);
  void chooseStream(bool hasMadeOutputs);
  keopsStatus runOnGpu(const std::vector<keopsTensor> &outputs);
  void *allocateTemporary(int64_t bytes);
  keopsTensor makeOutput(int32_t index);
  keopsTensor makeResult(int32_t index, int64_t *shape, int32_t rank, keopsDType type);
  nb::object makeArray(nb::handle shape, keopsDType type) const;
  void makeComplex(int32_t index, keopsDType &type, int64_t &lastLength) const;
  keopsTensor readOutput(int32_t index, nb::handle object, bool isMade = false);
  [[noreturn]] void raise(const std::string &message) const;
  [[noreturn]] void raiseArgument(size_t index, const std::string &problem) const;
};

} // namespace keops::python

#endif // KEOPS_PYTHON_CALL_H
