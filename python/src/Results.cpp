// What a call gives: arrays of the caller's, or new ones of its library, and the run that fills
// them.
#include "Call.h"
#include "Interrupt.h"

#include <algorithm>

namespace keops::python {

/// One that was made here may be written, whatever its library thinks of others doing that.
keopsTensor Reduction::Call::readOutput(int32_t index, nb::handle object, bool isMade) {
  std::string what = "output " + std::to_string(index + 1);
  Buffer &buffer = buffers.emplace();
  bool isLent = buffer.acquire(object.ptr(), /*isWritten=*/true);
  if (!isLent && !buffer.getDevice().isCpu() && neighbour)
    isLent = share(what, buffer, object, /*isWritten=*/!isMade);
  if (!isLent && device.isCpu() && !buffer.getDevice().isCpu())
    raise(what + ": expected memory of cpu, got memory of a GPU");
  if (!isLent)
    raise(what + ": expected a writable array, got " + getDTypeName(object));
  keopsDType found;
  keopsOutputInfo info;
  check(keopsProgramGetOutput(program, index, &info));
  if (!buffer.getDType(found))
    raise(what + ": expected dtype " + getName(info.dtype) + ", got " + getDTypeName(object));
  checkDevice(what, buffer);
  return buffer.getTensor(found);
}

void Reduction::Call::inferSizes() {
  check(keopsProgramInferBatch(program, inputs.data(), int32_t(inputCount), &options, &sizeI,
                               &sizeJ, batch.data(), maxBatchRank, &batchRank));
}

keopsTensor Reduction::Call::makeOutput(int32_t index) {
  int64_t shape[maxBatchRank + maxOutputRank];
  int32_t rank = 0;
  keopsOutputInfo info;
  std::copy_n(batch.begin(), batchRank, shape);
  check(keopsProgramGetOutputShape(program, index, sizeI, sizeJ, shape + batchRank, maxOutputRank,
                                   &rank));
  rank += batchRank;
  check(keopsProgramGetOutput(program, index, &info));
  if (reduction.isComplex && info.dtype != KEOPS_I64)
    makeComplex(index, info.dtype, shape[rank - 1]);
  return makeResult(index, shape, rank, info.dtype);
}

keopsTensor Reduction::Call::makeResult(int32_t index, int64_t *shape, int32_t rank,
                                        keopsDType type) {
  if (reduction.exchange) {
    made[size_t(index)] = allocateTensor(*reduction.exchange, shape, rank, type, device);
    Buffer &buffer = buffers.emplace();
    buffer.setTensor(made[size_t(index)]->tensor);
    return buffer.getTensor(type);
  }
  results[size_t(index)] = makeArray(toTuple(shape, rank), type);
  return readOutput(index, results[size_t(index)], /*isMade=*/true);
}

nb::object Reduction::Call::makeArray(nb::handle shape, keopsDType type) const {
  if (!device.isCpu())
    return neighbour.makeEmpty(shape, getName(type), device.id);
  if (!reduction.makeTensor.is_none())
    return reduction.makeTensor(shape, getName(type));
  try {
    return makeEmpty(shape, type);
  } catch (nb::python_error &error) {
    if (!error.matches(PyExc_ImportError))
      throw;
    raise("results of dtype bfloat16 need the package ml_dtypes, or an array given as out");
  }
}

/// Real and imaginary parts stand side by side on the last axis.
void Reduction::Call::makeComplex(int32_t index, keopsDType &type, int64_t &lastLength) const {
  std::string what = "complex_result: output " + std::to_string(index + 1) + ": expected ";
  if (type != KEOPS_F32 && type != KEOPS_F64)
    raise(what + "dtype float32 or float64, got " + getName(type));
  if (lastLength % 2 != 0)
    raise(what + "an even dimension, got " + std::to_string(lastLength));
  type = getComplex(type);
  lastLength /= 2;
}

/// What a library makes it may read, or give to others, on any stream, unless it follows the one of
/// the run. Who gives both a stream and arrays for the results orders what comes next.
void Reduction::Call::chooseStream(bool hasMadeOutputs) {
  bool isOwned = hasMadeOutputs || !owned.empty() || !neighbour.isWanted();
  options.stream = getStreamHandle(neighbour.getStream());
  options.wait = isOwned && !neighbour.isFollowed();
}

keopsStatus Reduction::Call::run(const std::vector<keopsTensor> &outputs, bool hasMadeOutputs) {
  if (neighbour)
    chooseStream(hasMadeOutputs);
  InterruptibleRun interruptible;
  options.poll = interruptible.getPoll();
  options.poll_data = &interruptible;
  return keopsProgramRun(program, inputs.data(), int32_t(inputCount), outputs.data(),
                         int32_t(outputs.size()), &options);
}

/// On the stream of the library, with its memory, which it may give to others who use this stream
/// as soon as the run is on it. It is there in a moment, so that the GIL is kept.
keopsStatus Reduction::Call::runOnGpu(const std::vector<keopsTensor> &outputs) {
  options.stream = getStream(*reduction.exchange, device);
  options.allocate = [](int64_t bytes, void *call) {
    return static_cast<Call *>(call)->allocateTemporary(bytes);
  };
  options.allocate_data = this;
  return keopsProgramRun(program, inputs.data(), int32_t(inputCount), outputs.data(),
                         int32_t(outputs.size()), &options);
}

void *Reduction::Call::allocateTemporary(int64_t bytes) {
  try {
    temporary.push_back(allocateBytes(*reduction.exchange, bytes, device));
    return temporary.back()->tensor.data;
  } catch (nb::python_error &) {
    return nullptr;
  }
}

nb::object Reduction::Call::findBatch() {
  inferSizes();
  return toTuple(batch.data(), batchRank);
}

nb::object Reduction::Call::compute(nb::handle out) {
  inferSizes();
  int32_t count = keopsProgramGetOutputCount(program);
  bool isTuple = PyTuple_Check(out.ptr());
  if (!out.is_none() && (isTuple ? PyTuple_GET_SIZE(out.ptr()) : 1) != count)
    raise("out: expected " + std::to_string(count) + " array(s)");
  results.resize(size_t(count));
  made.resize(size_t(count));
  std::vector<keopsTensor> outputs{size_t(count)};
  for (int32_t k = 0; k < count; ++k) {
    if (out.is_none()) {
      outputs[size_t(k)] = makeOutput(k);
      continue;
    }
    results[size_t(k)] = nb::borrow(isTuple ? PyTuple_GET_ITEM(out.ptr(), k) : out.ptr());
    outputs[size_t(k)] = readOutput(k, results[size_t(k)]);
  }
  check(device.isCpu() || !reduction.exchange ? run(outputs, out.is_none()) : runOnGpu(outputs));
  for (int32_t k = 0; k < count; ++k)
    if (made[size_t(k)])
      results[size_t(k)] = toObject(*reduction.exchange, std::move(made[size_t(k)]));
  if (count == 1)
    return results[0];
  nb::object tuple = nb::steal(PyTuple_New(count));
  for (int32_t k = 0; k < count; ++k)
    PyTuple_SET_ITEM(tuple.ptr(), k, results[size_t(k)].release().ptr());
  return tuple;
}

} // namespace keops::python
