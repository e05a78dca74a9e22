// What a call is given: arrays borrowed or converted, all of one type and on one device.
#include "Call.h"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>

namespace keops::python {

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
  if (!reduction.exchange && !buffer.getDevice().isCpu())
    isLent = share("argument " + std::to_string(index + 1), buffer, object);
  lent[index] = isLent ? &buffer : nullptr;
  if (!isOwn)
    return true;
  bool mayBeCast = !isDetached && isLent && buffer.isShort();
  return !mayBeCast && (canBorrow ? !buffer.isChangedWhenRead(object) : isLent || isPlain(object));
}

/// Arrays on a GPU are read on the stream of the first one's library.
bool Reduction::Call::share(const std::string &what, Buffer &buffer, nb::handle object,
                            bool isWritten) {
  try {
    if (!neighbour)
      neighbour = Neighbour(object, wantedStream);
    return buffer.share(object, neighbour.getStream(), isWritten);
  } catch (nb::python_error &error) {
    raise(what + ": cannot be read where it is, on a GPU: " + nb::str(error.value()).c_str());
  }
}

bool Reduction::Call::readArguments(const nb::tuple &arguments, nb::handle wantedDevice) {
  if (!borrowInputs(arguments))
    return false;
  if (!wantedStream.is_none() && device.isCpu())
    raise("stream: expected None for arrays of the host, whose results are waited for");
  chooseMachine(wantedDevice);
  readInputs(arguments);
  return true;
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

/// A GPU reads no numbers and lists: PyTorch makes tensors of them.
bool Reduction::Call::canBeRead(const nb::tuple &arguments) const {
  for (size_t k = 0; !device.isCpu() && reduction.exchange && k < inputCount; ++k) {
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
  if (!device.isCpu() && !reduction.exchange && nb::len(reduction.tensorTypes) > 0)
    raise(what + ": expected memory of cpu, got " + device.getName() +
          "; this needs tensors that offer DLPack's C exchange (PyTorch 2.10 or newer)");
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

/// A number or a list as an array beside the others.
void Reduction::Call::readOnGpu(size_t index, nb::handle object) {
  Buffer &buffer = buffers.emplace();
  keopsDType found;
  try {
    owned.push_back(neighbour.makeArray(object, getName(dtype), device.id));
    buffer.share(owned.back(), neighbour.getStream());
  } catch (nb::python_error &error) {
    raiseArgument(index, std::string("cannot be read as an array on ") + device.getName() + ": " +
                             nb::str(error.value()).c_str());
  }
  checkDevice("argument " + std::to_string(index + 1), buffer);
  if (!buffer.getDType(found))
    raiseArgument(index, std::string("expected dtype ") + getName(dtype) + ", got " +
                             getDTypeName(object));
  inputs[index] = buffer.getTensor(found);
}

void Reduction::Call::readInput(size_t index, nb::handle object) {
  if (!lent[index] && !device.isCpu())
    return readOnGpu(index, object);
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

/// The wishes that Python allows: "cpu", "cuda", "cuda:1".
void Reduction::Call::chooseMachine(nb::handle wanted) {
  machine = device;
  if (wanted.is_none())
    return;
  std::string text = nb::str(wanted).c_str();
  size_t colon = text.find(':');
  bool isNumbered = colon != std::string::npos;
  long most = std::numeric_limits<int32_t>::max();
  auto number = device.id;
  if (isNumbered)
    number = int32_t(std::min(std::strtol(&text[colon + 1], nullptr, 10), most));
  if (text == "cpu" && !device.isCpu())
    raise("backend: expected 'auto' or 'GPU' for arrays on " + device.getName() + ", got 'CPU'");
  if (!device.isCpu() && number != device.id)
    raise("device_id: expected " + std::to_string(device.id) + ", where the arrays are, got " +
          std::to_string(number));
  if (text != "cpu")
    machine = {Device::cuda, number};
  options.arrays_on_host = device.isCpu() && !machine.isCpu();
}

void Reduction::Call::readInputs(const nb::tuple &arguments) {
  program = reduction.getProgram(dtype, machine);
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

} // namespace keops::python
