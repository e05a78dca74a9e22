// One argument of a call, as memory: borrowed from the object through the buffer protocol, which
// costs a tenth of the array wrappers above it, or through DLPack, or the interface of arrays on
// CUDA devices, or converted when the object is a number or a list.
#ifndef KEOPS_PYTHON_BUFFER_H
#define KEOPS_PYTHON_BUFFER_H

#include "Exchange.h"
#include "keops-c/keops.h"

#include <array>
#include <string>
#include <vector>

namespace keops::python {

/// Holds a Py_buffer or a DLPack tensor. Not movable, because NumPy's buffers may point into the
/// structure.
class Buffer {
public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() {
    if (isHeld)
      PyBuffer_Release(&view);
  }

  /// Returns false, without a Python error, when the object has no memory of the CPU to lend, nor
  /// is a tensor on a GPU.
  bool acquire(PyObject *object, bool isWritten = false);
  /// The same for an object that offers DLPack's C exchange, whatever PyTorch records or does when
  /// it reads it.
  bool borrow(const Exchange &exchange, nb::handle object, bool isWritten = false);

  /// The same for an object on a GPU, which acquire() says by getDevice(): it is read on a stream,
  /// by its number in DLPack. Throws what the object's library has against it, or is wrong with
  /// what it says of itself.
  bool share(nb::handle object, int64_t stream, bool isWritten = false);

  /// Describes memory that somebody else holds. Returns false if it is of another device.
  bool setTensor(const nb::dlpack::dltensor &lent);

  /// Whether PyTorch negates or conjugates the numbers of a borrowed object when it reads them.
  bool isChangedWhenRead(nb::handle object) const;

  /// Whether the elements have a type that arrays may have, in native byte order.
  bool getDType(keopsDType &dtype) const {
    dtype = tensor.dtype;
    return isKnown;
  }

  Device getDevice() const { return device; }

  /// Whether autocast may want another type for the elements.
  bool isShort() const { return tensor.dtype == KEOPS_F16 || tensor.dtype == KEOPS_BF16; }

  /// The memory as elements of this type.
  keopsTensor getTensor(keopsDType dtype) const {
    return {tensor.data, dtype, tensor.rank, tensor.shape, tensor.strides};
  }

private:
  bool acquireView(PyObject *object, bool isWritten);
  bool acquireBFloat16(nb::handle object, bool isWritten);
  bool acquireBorrowed(nb::handle object, bool isWritten);
  bool acquireShared(nb::handle object, bool isWritten);
  bool setShared(nb::handle object, bool isWritten);
  bool setDescribed(nb::handle object, int64_t stream, bool isWritten);
  void setDescribedShape(nb::handle shape, nb::handle strides);
  keopsTensor tensor{};
  Device device{Device::cpu, 0};
  bool isKnown = false;
  Py_buffer view{};
  bool isHeld = false;
  ManagedTensorPtr borrowed;
  nb::ndarray<nb::ro> shared;
  std::array<int64_t, 8> shortStrides; ///< of arrays with few axes, so that these need no heap
  std::vector<int64_t> longStrides;    ///< of others; of described ones, behind the shape
};

/// A number that stands for a parameter of one component, or of two where it is complex.
struct Number {
  float single[2];
  double twice[2];

  explicit Number(Py_complex value)
      : single{float(value.real), float(value.imag)}, twice{value.real, value.imag} {}
  keopsTensor getTensor(keopsDType dtype) {
    bool isSingle = dtype == KEOPS_F32 || dtype == KEOPS_C64;
    return {isSingle ? static_cast<void *>(single) : twice, dtype, 0, nullptr, nullptr};
  }
};

/// A stream, by its number in DLPack, as the driver takes it.
inline void *getStreamHandle(int64_t stream) {
  constexpr int64_t legacy = 1;
  return stream == legacy ? nullptr : reinterpret_cast<void *>(stream);
}

/// Whether PyTorch records what is computed from a tensor.
bool wantsGradient(nb::handle object);
/// Whether the numbers of a tensor are what lies in memory, and no more.
bool isPlain(nb::handle object);

/// The name of an element type: "float32", "bfloat16", "complex64" ...
const char *getName(keopsDType dtype);
/// The type of the parts of a complex type, any other type itself.
keopsDType getPart(keopsDType dtype);
/// The complex type with parts of this type; there must be one.
keopsDType getComplex(keopsDType part);

/// The name under which messages show the elements of an object: "int64", "complex128", "str" ...
std::string getDTypeName(nb::handle object);

/// numpy.asarray(object, dtype); the bits of the numbers for bfloat16, which NumPy does not know.
nb::object toArray(nb::handle object, keopsDType dtype);
/// A tensor of this type in the memory of a device, made by the library of the exchange.
ManagedTensorPtr allocateTensor(const Exchange &exchange, int64_t *shape, int32_t rank,
                                keopsDType dtype, Device device);
/// So many bytes there.
ManagedTensorPtr allocateBytes(const Exchange &exchange, int64_t bytes, Device device);
/// The lengths of an array as Python's tuple.
nb::object toTuple(const int64_t *lengths, int32_t count);
/// numpy.empty(shape, dtype), where bfloat16 comes from the package ml_dtypes.
nb::object makeEmpty(nb::handle shape, keopsDType dtype);

} // namespace keops::python

#endif // KEOPS_PYTHON_BUFFER_H
