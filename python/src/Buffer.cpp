// The buffer protocol, DLPack, and the NumPy functions that the module needs, looked up once.
#include "Buffer.h"
#include "Status.h"

#include <bit>
#include <string_view>

namespace keops::python {

namespace {

struct ElementType {
  const char *name;
  Py_ssize_t bytes;
  keopsDType part;
  std::string_view format;     ///< of the buffer protocol; "" for a type that it does not know
  nb::dlpack::dtype_code code; ///< of DLPack
};

/// In the order of keopsDType.
constexpr ElementType elementTypes[] = {
    {"float32", 4, KEOPS_F32, "f", nb::dlpack::dtype_code::Float},
    {"float64", 8, KEOPS_F64, "d", nb::dlpack::dtype_code::Float},
    {"int64", 8, KEOPS_I64, "l", nb::dlpack::dtype_code::Int},
    {"float16", 2, KEOPS_F16, "e", nb::dlpack::dtype_code::Float},
    {"bfloat16", 2, KEOPS_BF16, "", nb::dlpack::dtype_code::Bfloat},
    {"complex64", 8, KEOPS_F32, "Zf", nb::dlpack::dtype_code::Complex},
    {"complex128", 16, KEOPS_F64, "Zd", nb::dlpack::dtype_code::Complex}};

struct Numpy {
  nb::object asarray, ascontiguousarray, empty;
  nb::object dtypes[std::size(elementTypes)]; ///< NumPy's own ones
};

const Numpy &getNumpy() {
  // Leaked on purpose: it must not be destroyed after the interpreter.
  static const Numpy *numpy = [] {
    nb::module_ module = nb::module_::import_("numpy");
    auto *made = new Numpy{
        module.attr("asarray"), module.attr("ascontiguousarray"), module.attr("empty"), {}};
    for (size_t k = 0; k < std::size(elementTypes); ++k)
      if (k != KEOPS_BF16)
        made->dtypes[k] = module.attr("dtype")(elementTypes[k].name);
    return made;
  }();
  return *numpy;
}

nb::object getNumpyDType(keopsDType dtype) {
  if (dtype != KEOPS_BF16)
    return getNumpy().dtypes[dtype];
  return nb::module_::import_("ml_dtypes").attr("bfloat16");
}

/// The first type for which `matches` holds.
template <typename Matches>
bool findType(keopsDType &dtype, Matches matches) {
  for (size_t k = 0; k < std::size(elementTypes); ++k)
    if (matches(elementTypes[k])) {
      dtype = keopsDType(k);
      return true;
    }
  return false;
}

/// The format without the mark for native byte order; "long" and "long long" are one type here.
std::string_view getFormat(const Py_buffer &view) {
  std::string_view format = view.format ? view.format : "B";
  constexpr char native = std::endian::native == std::endian::little ? '<' : '>';
  if (format.starts_with('@') || format.starts_with('=') || format.starts_with(native))
    format.remove_prefix(1);
  return format == "q" ? "l" : format;
}

/// Rounds to nearest even; a NaN keeps its leading bits and becomes quiet.
uint16_t roundToBFloat16(float number) {
  auto bits = std::bit_cast<uint32_t>(number);
  if (number != number)
    return uint16_t(bits >> 16 | 0x40);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/// The bits of an array of float32 as bfloat16, as an array of uint16.
nb::object toBFloat16(nb::handle object) {
  nb::object numbers = getNumpy().ascontiguousarray(object, "float32");
  nb::object bits = getNumpy().empty(numbers.attr("shape"), "uint16");
  Buffer source, target;
  keopsDType single;
  if (!source.acquire(numbers.ptr()) || !source.getDType(single) ||
      !target.acquire(bits.ptr(), /*isWritten=*/true))
    throw nb::type_error("expected numbers");
  const auto *from = static_cast<const float *>(source.getTensor(single).data);
  auto *to = static_cast<uint16_t *>(target.getTensor(KEOPS_BF16).data);
  auto count = nb::cast<size_t>(numbers.attr("size"));
  for (size_t k = 0; k < count; ++k)
    to[k] = roundToBFloat16(from[k]);
  return bits;
}

} // namespace

bool Buffer::acquire(PyObject *object, bool isWritten) {
  return acquireView(object, isWritten) || acquireBorrowed(object, isWritten) ||
         acquireBFloat16(object, isWritten) || acquireShared(object, isWritten);
}

bool Buffer::acquireView(PyObject *object, bool isWritten) {
  int flags = isWritten ? PyBUF_RECORDS : PyBUF_RECORDS_RO;
  isHeld = PyObject_CheckBuffer(object) && PyObject_GetBuffer(object, &view, flags) == 0;
  if (!isHeld) {
    PyErr_Clear();
    return false;
  }
  static_assert(sizeof(Py_ssize_t) == sizeof(int64_t));
  tensor = {view.buf, KEOPS_F64, view.ndim, reinterpret_cast<const int64_t *>(view.shape),
            reinterpret_cast<const int64_t *>(view.strides)};
  std::string_view format = getFormat(view);
  isKnown = findType(tensor.dtype, [&](const ElementType &type) {
    return format == type.format && view.itemsize == type.bytes;
  });
  return true;
}

/// NumPy does not lend memory of types that it only knows by an extension, but views it as bits.
bool Buffer::acquireBFloat16(nb::handle object, bool isWritten) {
  if (!nb::hasattr(object, "view") || getDTypeName(object) != "bfloat16" ||
      !acquireView(object.attr("view")("uint16").ptr(), isWritten))
    return false;
  tensor.dtype = KEOPS_BF16;
  isKnown = true;
  return true;
}

/// Whether a method without arguments is there and says True.
static bool saysTrue(nb::handle object, PyObject *method) {
  nb::object answer = nb::steal(PyObject_CallMethodNoArgs(object.ptr(), method));
  if (!answer.is_valid())
    PyErr_Clear();
  return answer.is(Py_True);
}

bool wantsGradient(nb::handle object) {
  static PyObject *const name = PyUnicode_InternFromString("requires_grad");
  nb::object answer = nb::steal(PyObject_GetAttr(object.ptr(), name));
  if (!answer.is_valid())
    PyErr_Clear();
  return answer.is(Py_True);
}

static bool isNegated(nb::handle object) {
  static PyObject *const method = PyUnicode_InternFromString("is_neg");
  return saysTrue(object, method);
}

static bool isConjugated(nb::handle object) {
  static PyObject *const method = PyUnicode_InternFromString("is_conj");
  return saysTrue(object, method);
}

/// DLPack would forget all this without a word.
bool isPlain(nb::handle object) {
  return !wantsGradient(object) && !isNegated(object) && !isConjugated(object);
}

bool Buffer::isChangedWhenRead(nb::handle object) const {
  bool isComplex =
      borrowed && borrowed->tensor.dtype.code == uint8_t(nb::dlpack::dtype_code::Complex);
  return isNegated(object) || (isComplex && isConjugated(object));
}

bool Buffer::acquireBorrowed(nb::handle object, bool isWritten) {
  const Exchange *exchange = findExchange(object.type());
  return exchange && isPlain(object) && borrow(*exchange, object, isWritten);
}

bool Buffer::borrow(const Exchange &exchange, nb::handle object, bool isWritten) {
  borrowed = borrowTensor(exchange, object);
  return borrowed && !(isWritten && (borrowed->flags & ManagedTensor::readOnly)) &&
         setTensor(borrowed->tensor);
}

/// What does not say where it is may still be read.
static bool isOnGpu(nb::handle object) {
  try {
    return nb::hasattr(object, "__dlpack_device__") &&
           nb::cast<int32_t>(object.attr("__dlpack_device__")()[0]) == Device::cuda;
  } catch (const std::exception &) {
    return false;
  }
}

bool Buffer::acquireShared(nb::handle object, bool isWritten) {
  if (!nb::hasattr(object, "__dlpack__")) {
    if (nb::hasattr(object, "__cuda_array_interface__"))
      device.type = Device::cuda;
    return false;
  }
  if (!isPlain(object))
    return false;
  if (!isOnGpu(object))
    return setShared(object, isWritten);
  device.type = Device::cuda;
  return false;
}

bool Buffer::share(nb::handle object, int64_t stream, bool isWritten) {
  if (!nb::hasattr(object, "__dlpack__"))
    return setDescribed(object, stream, isWritten);
  return setShared(object.attr("__dlpack__")(nb::arg("stream") = stream), isWritten);
}

/// Of an object or of what its __dlpack__ gave.
bool Buffer::setShared(nb::handle object, bool isWritten) {
  nb::ndarray<> writable;
  if (!(isWritten ? nb::try_cast(object, writable, /*convert=*/false)
                  : nb::try_cast(object, shared, /*convert=*/false)))
    return false;
  if (isWritten)
    shared = nb::ndarray<nb::ro>(writable);
  return setTensor({const_cast<void *>(shared.data()),
                    {shared.device_type(), shared.device_id()},
                    int32_t(shared.ndim()),
                    shared.dtype(),
                    const_cast<int64_t *>(shared.shape_ptr()),
                    const_cast<int64_t *>(shared.stride_ptr()),
                    0});
}

static void waitForStream(int32_t gpu, int64_t stream) {
  keopsStatus status;
  {
    nb::gil_scoped_release release;
    status = keopsDeviceWait(KEOPS_CUDA, gpu, getStreamHandle(stream));
  }
  check(status);
}

/// Of what `__cuda_array_interface__` says, as Python read it.
bool Buffer::setDescribed(nb::handle object, int64_t stream, bool isWritten) {
  nb::object described =
      nb::module_::import_("keops.numpy._neighbours").attr("read_interface")(object);
  auto *address = reinterpret_cast<char *>(nb::cast<uintptr_t>(described[0]));
  if (isWritten && nb::cast<bool>(described[4]))
    return false;
  int32_t owner = 0; // what has no memory is on any device
  if (address)
    check(keopsDeviceFindMemory(KEOPS_CUDA, address, &owner));
  if (owner < 0) {
    PyErr_SetString(PyExc_ValueError, "expected memory of a GPU, got memory of the host");
    throw nb::python_error();
  }
  device = {Device::cuda, owner};
  setDescribedShape(described[2], described[3]);
  tensor.data = address;
  std::string_view name = nb::borrow<nb::str>(described[1]).c_str();
  isKnown = findType(tensor.dtype, [&](const ElementType &type) { return name == type.name; });
  auto producer = nb::cast<int64_t>(described[5]);
  if (producer && producer != stream)
    waitForStream(owner, producer);
  return true;
}

void Buffer::setDescribedShape(nb::handle shape, nb::handle strides) {
  size_t rank = nb::len(shape);
  longStrides.resize(2 * rank);
  for (size_t axis = 0; axis < rank; ++axis) {
    longStrides[axis] = nb::cast<int64_t>(shape[axis]);
    longStrides[rank + axis] = nb::cast<int64_t>(strides[axis]);
  }
  tensor.rank = int32_t(rank);
  tensor.shape = longStrides.data();
  tensor.strides = longStrides.data() + rank;
}

bool Buffer::setTensor(const nb::dlpack::dltensor &lent) {
  device = {lent.device.device_type, lent.device.device_id};
  if (device.type == Device::pinned)
    device = {Device::cpu, 0};
  if (!device.isCpu() && device.type != Device::cuda)
    return false;
  int64_t *strides = shortStrides.data();
  if (size_t(lent.ndim) > shortStrides.size()) {
    longStrides.resize(size_t(lent.ndim));
    strides = longStrides.data();
  }
  for (int32_t axis = 0; axis < lent.ndim; ++axis)
    strides[axis] = lent.strides[axis] * (lent.dtype.bits / 8);
  tensor = {static_cast<char *>(lent.data) + lent.byte_offset, KEOPS_F64, lent.ndim, lent.shape,
            strides};
  isKnown = findType(tensor.dtype, [&](const ElementType &type) {
    return lent.dtype.code == uint8_t(type.code) && lent.dtype.bits == 8 * type.bytes &&
           lent.dtype.lanes == 1;
  });
  return true;
}

const char *getName(keopsDType dtype) { return elementTypes[dtype].name; }

keopsDType getPart(keopsDType dtype) { return elementTypes[dtype].part; }

keopsDType getComplex(keopsDType part) { return part == KEOPS_F32 ? KEOPS_C64 : KEOPS_C128; }

std::string getDTypeName(nb::handle object) {
  nb::object dtype = nb::getattr(object, "dtype", nb::none());
  if (!dtype.is_none())
    return nb::str(dtype).c_str();
  return nb::str(nb::handle(reinterpret_cast<PyObject *>(Py_TYPE(object.ptr()))).attr("__name__"))
      .c_str();
}

nb::object toArray(nb::handle object, keopsDType dtype) {
  return dtype == KEOPS_BF16 ? toBFloat16(object)
                             : getNumpy().asarray(object, getNumpyDType(dtype));
}

static ManagedTensorPtr allocate(const Exchange &exchange, int64_t *shape, int32_t rank,
                                 nb::dlpack::dtype dtype, Device device) {
  nb::dlpack::dltensor prototype;
  prototype.device = {device.type, device.id};
  prototype.ndim = rank;
  prototype.dtype = dtype;
  prototype.shape = shape;
  return allocateTensor(exchange, prototype);
}

ManagedTensorPtr allocateTensor(const Exchange &exchange, int64_t *shape, int32_t rank,
                                keopsDType dtype, Device device) {
  const ElementType &type = elementTypes[dtype];
  return allocate(exchange, shape, rank, {uint8_t(type.code), uint8_t(8 * type.bytes), 1}, device);
}

ManagedTensorPtr allocateBytes(const Exchange &exchange, int64_t bytes, Device device) {
  return allocate(exchange, &bytes, 1, {uint8_t(nb::dlpack::dtype_code::UInt), 8, 1}, device);
}

nb::object toTuple(const int64_t *lengths, int32_t count) {
  nb::object tuple = nb::steal(PyTuple_New(count));
  for (int32_t k = 0; k < count; ++k)
    PyTuple_SET_ITEM(tuple.ptr(), k, PyLong_FromLongLong(lengths[k]));
  return tuple;
}

nb::object makeEmpty(nb::handle shape, keopsDType dtype) {
  return getNumpy().empty(shape, getNumpyDType(dtype));
}

} // namespace keops::python
