// The way from Python objects to keopsProgramRun and back. It is walked for every call on small
// arrays, so it makes no Python-level calls except numpy.empty.
#include "Reduction.h"
#include "Interrupt.h"
#include "Pool.h"

#include <algorithm>
#include <array>
#include <utility>

namespace keops::python {

namespace {

/// More arguments than a formula can have never reach a program.
constexpr size_t maxArguments = 256;
constexpr int32_t maxOutputRank = 9;
/// Of the runtime, for any array.
constexpr int32_t maxBatchRank = 32;
constexpr size_t rangeArrays = 6;

/// The position of `text`, an option of the function `caller`, in `names`.
template <typename Code>
Code parseName(const std::string &caller, const char *option,
               const std::vector<const char *> &names, const std::string &text) {
  std::string expected;
  for (size_t k = 0; k < names.size(); ++k) {
    if (text == names[k])
      return Code(k);
    const char *separator = k == 0 ? "'" : k + 1 == names.size() ? "' or '" : "', '";
    expected += separator + std::string(names[k]);
  }
  std::string message = caller + ": " + option + ": expected " + expected + "', got '" + text + "'";
  throw nb::value_error(message.c_str());
}

void appendText(const char *data, size_t size, void *user) {
  static_cast<std::string *>(user)->append(data, size);
}

const char *getSourceName(keopsSource source) {
  static const char *const names[] = {"memory", "disk", "compiled", "ahead of time"};
  return names[source];
}

} // namespace

void raiseStatus(keopsStatus status) {
  // Set by a signal handler that ran during a poll.
  if (status == KEOPS_CANCELLED && PyErr_Occurred())
    throw nb::python_error();
  PyObject *type = status == KEOPS_INVALID     ? PyExc_ValueError
                   : status == KEOPS_NO_MEMORY ? PyExc_MemoryError
                                               : PyExc_RuntimeError;
  PyErr_SetString(type, keopsGetLastError());
  throw nb::python_error();
}

Reduction::Reduction(std::string formula, std::vector<std::string> aliases,
                     const std::string &precision, std::string schedule, std::string caller,
                     const std::string &sumScheme, const std::string &accumulator, bool isComplex,
                     nb::tuple tensorTypes, nb::object makeTensor)
    : formula(std::move(formula)), aliases(std::move(aliases)), schedule(std::move(schedule)),
      caller(std::move(caller)),
      precision(parseName<keopsPrecision>(this->caller, "precision", {"default", "fast", "high"},
                                          precision)),
      sumScheme(parseName<keopsSumScheme>(this->caller, "sum_scheme",
                                          {"auto", "direct_sum", "block_sum", "kahan_scheme"},
                                          sumScheme)),
      accumulator(parseName<keopsAccumulator>(this->caller, "dtype_acc",
                                              {"auto", "float32", "float64"}, accumulator)),
      isComplex(isComplex), tensorTypes(std::move(tensorTypes)),
      exchange(nb::len(this->tensorTypes) > 0 ? findExchange(this->tensorTypes[0]) : nullptr),
      makeTensor(std::move(makeTensor)) {
  for (const std::string &alias : this->aliases)
    aliasPointers.push_back(alias.c_str());
}

keopsProgramOptions Reduction::getOptions(keopsDType dtype) const {
  keopsProgramOptions options = KEOPS_PROGRAM_OPTIONS_INIT;
  options.formula = formula.c_str();
  options.aliases = aliasPointers.data();
  options.alias_count = int32_t(aliasPointers.size());
  options.dtype = dtype;
  options.precision = precision;
  options.sum_scheme = sumScheme;
  options.accumulator = accumulator;
  options.schedule = schedule.c_str();
  options.caller = caller.c_str();
  return options;
}

ProgramPtr &Reduction::findProgram(keopsDType dtype, Device device) {
  return device.isCpu() ? programs[dtype] : onGpus[{dtype, device.id}];
}

keopsProgram Reduction::getProgram(keopsDType dtype, Device device) {
  latest = dtype;
  ProgramPtr &known = findProgram(dtype, device);
  if (known)
    return known.get();
  keopsProgramOptions options = getOptions(dtype);
  options.device_type = keopsDeviceType(device.type);
  options.device_id = device.id;
  keopsProgram made = nullptr;
  keopsStatus status;
  {
    nb::gil_scoped_release release;
    status = keopsProgramCreate(&options, &made);
  }
  check(status);
  // Another thread may have been faster while the GIL was released.
  if (known)
    keopsProgramDestroy(made);
  else
    known.reset(made);
  return known.get();
}

/// The state of one call: what was borrowed or converted, until the run is over.
struct Reduction::Call {
  Reduction &reduction;
  bool isDetached;
  std::array<keopsTensor, maxArguments> inputs;
  std::array<const Buffer *, maxArguments> lent; ///< null for what must be converted
  size_t inputCount = 0;
  Pool<Buffer, 8> buffers;
  Pool<Number, 8> numbers;
  std::vector<nb::object> owned;
  std::vector<nb::object> results;
  std::vector<ManagedTensorPtr> made; ///< results that become objects when they are computed
  std::vector<ManagedTensorPtr> temporary;
  Device device{Device::cpu, 0}; ///< of all arrays
  keopsDType dtype = KEOPS_F64;
  keopsProgram program = nullptr;
  keopsRunOptions options = KEOPS_RUN_OPTIONS_INIT;
  std::array<keopsTensor, rangeArrays> ranges;
  int64_t sizeI = 1, sizeJ = 1;
  std::array<int64_t, maxBatchRank> batch;
  int32_t batchRank = 0;

  Call(Reduction &reduction, bool isDetached) : reduction(reduction), isDetached(isDetached) {
    options.caller = reduction.caller.c_str();
  }

  /// False where PyTorch must be asked for the numbers of a tensor.
  bool borrowInputs(const nb::tuple &arguments);
  void readInputs(const nb::tuple &arguments);
  void readRanges(nb::handle given);
  nb::object compute(nb::handle out);

private:
  bool isOwnTensor(nb::handle object) const;
  bool isForeignTensor(nb::handle object) const;
  bool borrowInput(size_t index, nb::handle object);
  bool canBeRead(const nb::tuple &arguments) const;
  void checkDevice(const std::string &what, const Buffer &buffer) const;
  void readInput(size_t index, nb::handle object);
  void readNumber(size_t index, nb::handle object);
  void readConverted(size_t index, nb::handle object);
  void inferSizes();
  keopsStatus run(const std::vector<keopsTensor> &outputs);
  keopsStatus runOnGpu(const std::vector<keopsTensor> &outputs);
  void *allocateTemporary(int64_t bytes);
  keopsTensor makeOutput(int32_t index);
  keopsTensor makeResult(int32_t index, int64_t *shape, int32_t rank, keopsDType type);
  nb::object makeArray(nb::handle shape, keopsDType type) const;
  void makeComplex(int32_t index, keopsDType &type, int64_t &lastLength) const;
  keopsTensor readOutput(int32_t index, nb::handle object);
  [[noreturn]] void raise(const std::string &message) const;
  [[noreturn]] void raiseArgument(size_t index, const std::string &problem) const;
};

void Reduction::Call::raise(const std::string &message) const {
  throw nb::value_error((reduction.caller + ": " + message).c_str());
}

void Reduction::Call::raiseArgument(size_t index, const std::string &problem) const {
  std::string text = "argument " + std::to_string(index + 1);
  keopsInputInfo info;
  if (keopsProgramGetInput(program, int32_t(index), &info) == KEOPS_OK && *info.name)
    text += std::string(" (") + info.name + ")";
  raise(text + ": " + problem);
}

/// NumPy's scalars of double precision are Python numbers too, and like these they do not impose
/// their precision.
static bool isNumber(nb::handle object) {
  return PyFloat_Check(object.ptr()) || PyLong_Check(object.ptr()) || PyComplex_Check(object.ptr());
}

bool Reduction::Call::isOwnTensor(nb::handle object) const {
  nb::handle type = object.type();
  for (nb::handle known : reduction.tensorTypes)
    if (type.is(known))
      return true;
  return false;
}

/// An object of another type derived from a tensor's may do anything when it is used.
bool Reduction::Call::isForeignTensor(nb::handle object) const {
  auto *type = reinterpret_cast<PyTypeObject *>(object.type().ptr());
  for (nb::handle known : reduction.tensorTypes)
    if (PyType_IsSubtype(type, reinterpret_cast<PyTypeObject *>(known.ptr())))
      return true;
  return false;
}

bool Reduction::Call::borrowInput(size_t index, nb::handle object) {
  bool isOwn = isOwnTensor(object);
  if (isOwn ? !isDetached && wantsGradient(object) : isForeignTensor(object))
    return false;
  Buffer &buffer = buffers.emplace();
  bool canBorrow = isOwn && reduction.exchange;
  bool isLent =
      canBorrow ? buffer.borrow(*reduction.exchange, object) : buffer.acquire(object.ptr());
  lent[index] = isLent ? &buffer : nullptr;
  if (!isOwn)
    return true;
  bool mayBeCast = !isDetached && isLent && buffer.isShort();
  return !mayBeCast && (canBorrow ? !buffer.isChangedWhenRead(object) : isLent || isPlain(object));
}

/// Numbers and lists follow the arrays; among arrays the first one of floating point decides, a
/// complex one by its parts, and the runtime refuses the others that differ.
bool Reduction::Call::borrowInputs(const nb::tuple &arguments) {
  inputCount = std::min(arguments.size(), maxArguments);
  bool isFound = false, hasDevice = false;
  for (size_t k = 0; k < inputCount; ++k) {
    lent[k] = nullptr;
    if (isNumber(arguments[k]))
      continue;
    if (!borrowInput(k, arguments[k]))
      return false;
    if (lent[k] && !std::exchange(hasDevice, true))
      device = lent[k]->getDevice();
    // Names are made for messages only: this is the path of every call.
    if (lent[k] && !(device.isCpu() && lent[k]->getDevice() == device))
      checkDevice("argument " + std::to_string(k + 1), *lent[k]);
    keopsDType found;
    if (!isFound && lent[k] && lent[k]->getDType(found) && found != KEOPS_I64) {
      dtype = getPart(found);
      isFound = true;
    }
  }
  return canBeRead(arguments);
}

/// A GPU reads no numbers and lists: Python makes tensors of them.
bool Reduction::Call::canBeRead(const nb::tuple &arguments) const {
  for (size_t k = 0; !device.isCpu() && k < inputCount; ++k) {
    if (!lent[k] && isDetached)
      raise("argument " + std::to_string(k + 1) + ": expected a tensor on " + device.getName() +
            ", got " + getDTypeName(arguments[k]));
    if (!lent[k])
      return false;
  }
  return true;
}

void Reduction::Call::checkDevice(const std::string &what, const Buffer &buffer) const {
  if (buffer.getDevice() != device)
    raise(what + ": expected memory of " + device.getName() + " like that of argument 1, got " +
          buffer.getDevice().getName());
  if (!device.isCpu() && !reduction.exchange)
    raise(what + ": expected memory of cpu, got " + device.getName() +
          (nb::len(reduction.tensorTypes) > 0
               ? "; this needs tensors that offer DLPack's C exchange (PyTorch 2.10 or newer)"
               : ""));
}

void Reduction::Call::readConverted(size_t index, nb::handle object) {
  // NumPy would read None as NaN and "1.5" as a number; here both are mistakes.
  if (object.is_none() || PyUnicode_Check(object.ptr()))
    raiseArgument(index, "expected an array, got " + getDTypeName(object));
  try {
    owned.push_back(toArray(object, dtype));
  } catch (nb::python_error &error) {
    raiseArgument(index,
                  std::string("cannot be read as an array: ") + nb::str(error.value()).c_str());
  }
  Buffer &buffer = buffers.emplace();
  if (!buffer.acquire(owned.back().ptr()))
    raiseArgument(index, "expected an array, got " + getDTypeName(object));
  inputs[index] = buffer.getTensor(dtype);
}

void Reduction::Call::readNumber(size_t index, nb::handle object) {
  bool isReal = !PyComplex_Check(object.ptr()), isShort = dtype == KEOPS_F16 || dtype == KEOPS_BF16;
  if (isReal && isShort)
    return readConverted(index, object);
  Py_complex value =
      isReal ? Py_complex{PyFloat_AsDouble(object.ptr()), 0} : PyComplex_AsCComplex(object.ptr());
  if (value.real == -1.0 && PyErr_Occurred()) {
    nb::python_error error;
    raiseArgument(index,
                  std::string("cannot be read as a number: ") + nb::str(error.value()).c_str());
  }
  inputs[index] = numbers.emplace(value).getTensor(isReal ? dtype : getComplex(dtype));
}

void Reduction::Call::readInput(size_t index, nb::handle object) {
  if (isNumber(object))
    return readNumber(index, object);
  if (!lent[index] && !PyObject_CheckBuffer(object.ptr()))
    return readConverted(index, object);
  // NumPy lends no memory of types that it has from extensions.
  keopsDType found;
  if (!lent[index] || !lent[index]->getDType(found) || found == KEOPS_I64)
    raiseArgument(index, std::string("expected dtype ") + getName(dtype) + ", got " +
                             getDTypeName(object));
  inputs[index] = lent[index]->getTensor(found);
}

void Reduction::Call::readInputs(const nb::tuple &arguments) {
  program = reduction.getProgram(dtype, device);
  auto expected = size_t(keopsProgramGetInputCount(program));
  if (arguments.size() != expected)
    raise("expected " + std::to_string(expected) + " arguments, got " +
          std::to_string(arguments.size()));
  for (size_t k = 0; k < inputCount; ++k)
    readInput(k, arguments[k]);
}

void Reduction::Call::readRanges(nb::handle given) {
  if (given.is_none())
    return;
  if (!PyTuple_Check(given.ptr()) || PyTuple_GET_SIZE(given.ptr()) != rangeArrays)
    raise("ranges: expected a tuple of six arrays");
  for (size_t k = 0; k < rangeArrays; ++k) {
    nb::handle object = PyTuple_GET_ITEM(given.ptr(), Py_ssize_t(k));
    Buffer &buffer = buffers.emplace();
    keopsDType found;
    if (!buffer.acquire(object.ptr()) || !buffer.getDType(found))
      raise("ranges[" + std::to_string(k) + "]: expected an array of int64, got " +
            getDTypeName(object));
    if (!buffer.getDevice().isCpu())
      raise("ranges[" + std::to_string(k) +
            "]: expected an array in the memory of cpu, got one on " +
            buffer.getDevice().getName());
    ranges[k] = buffer.getTensor(found);
  }
  options.ranges = ranges.data();
}

keopsTensor Reduction::Call::readOutput(int32_t index, nb::handle object) {
  std::string what = "output " + std::to_string(index + 1);
  Buffer &buffer = buffers.emplace();
  if (!buffer.acquire(object.ptr(), /*isWritten=*/true))
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
  return readOutput(index, results[size_t(index)]);
}

nb::object Reduction::Call::makeArray(nb::handle shape, keopsDType type) const {
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

keopsStatus Reduction::Call::run(const std::vector<keopsTensor> &outputs) {
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
  check(device.isCpu() ? run(outputs) : runOnGpu(outputs));
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

nb::object Reduction::compute(const nb::tuple &arguments, nb::handle out, nb::handle ranges,
                              bool isDetached) {
  Call call(*this, isDetached);
  if (!call.borrowInputs(arguments))
    return nb::borrow(Py_NotImplemented);
  call.readInputs(arguments);
  call.readRanges(ranges);
  return call.compute(out);
}

/// The element type of a program by its name.
static keopsDType parseDType(const std::string &caller, const std::string &name) {
  constexpr keopsDType types[] = {KEOPS_F32, KEOPS_F64, KEOPS_F16, KEOPS_BF16};
  std::vector<const char *> names;
  for (keopsDType type : types)
    names.push_back(getName(type));
  return types[parseName<size_t>(caller, "dtype", names, name)];
}

nb::tuple Reduction::describe(const std::string &dtype, int32_t gpu) {
  Device device = gpu < 0 ? Device{Device::cpu, 0} : Device{Device::cuda, gpu};
  keopsProgram program = getProgram(parseDType(caller, dtype), device);
  nb::list inputs, outputs;
  for (int32_t k = 0; k < keopsProgramGetInputCount(program); ++k) {
    keopsInputInfo info;
    check(keopsProgramGetInput(program, k, &info));
    inputs.append(nb::make_tuple(int(info.category), info.dimension, info.name));
  }
  for (int32_t k = 0; k < keopsProgramGetOutputCount(program); ++k) {
    keopsOutputInfo info;
    check(keopsProgramGetOutput(program, k, &info));
    outputs.append(nb::make_tuple(int(info.category), getName(info.dtype),
                                  toTuple(info.dimensions, info.dimension_count), info.name));
  }
  return nb::make_tuple(inputs, outputs);
}

std::string Reduction::dump(const std::string &stage, const std::string &dtype) const {
  keopsProgramOptions options = getOptions(parseDType(caller, dtype));
  std::string text;
  keopsStatus status;
  {
    nb::gil_scoped_release release;
    status = keopsDumpIR(&options, stage.c_str(), appendText, &text);
  }
  check(status);
  return text;
}

nb::object Reduction::getCompileInfo() const {
  if (latest < 0 || !programs[latest])
    return nb::none();
  keopsCompileInfo info;
  check(keopsProgramGetCompileInfo(programs[latest].get(), &info));
  nb::dict result;
  result["source"] = getSourceName(info.source);
  result["cpu_ms"] = info.cpu_milliseconds;
  result["wall_ms"] = info.wall_milliseconds;
  result["dtype"] = getName(keopsDType(latest));
  return result;
}

} // namespace keops::python
