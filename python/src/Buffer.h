// One argument of a call, as memory: borrowed from the object through the buffer protocol, which
// costs a tenth of the array wrappers above it, or converted when the object is a number or a list.
#ifndef KEOPS_PYTHON_BUFFER_H
#define KEOPS_PYTHON_BUFFER_H

#include "keops-c/keops.h"

#include <nanobind/nanobind.h>

#include <string>

namespace keops::python {

namespace nb = nanobind;

/// Holds a Py_buffer. Not movable, because NumPy's buffers may point into the structure.
class Buffer {
public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer() {
    if (isHeld)
      PyBuffer_Release(&view);
  }

  /// Returns false, without a Python error, when the object has no readable buffer.
  bool acquire(PyObject *object, int flags = PyBUF_RECORDS_RO);

  /// Whether the elements are float32 or float64 (or int64, for outputs) in native byte order.
  bool getDType(keopsDType &dtype) const;

  keopsTensor getTensor(keopsDType dtype) const {
    static_assert(sizeof(Py_ssize_t) == sizeof(int64_t));
    return {view.buf, dtype, view.ndim, reinterpret_cast<const int64_t *>(view.shape),
            reinterpret_cast<const int64_t *>(view.strides)};
  }

private:
  Py_buffer view{};
  bool isHeld = false;
};

/// A number that stands for a parameter of one component.
struct Number {
  float single;
  double twice;

  explicit Number(double value) : single(float(value)), twice(value) {}
  keopsTensor getTensor(keopsDType dtype) {
    void *data = dtype == KEOPS_F32 ? static_cast<void *>(&single) : &twice;
    return {data, dtype, 0, nullptr, nullptr};
  }
};

/// The name under which messages show the elements of an object: "int64", "complex128", "str" ...
std::string getDTypeName(nb::handle object);

/// numpy.float32, numpy.float64 or numpy.int64, as an object.
nb::handle getNumpyDType(keopsDType dtype);
/// numpy.asarray(object, dtype)
nb::object toArray(nb::handle object, keopsDType dtype);
/// numpy.empty(shape, dtype)
nb::object makeEmpty(const int64_t *shape, int32_t rank, keopsDType dtype);

} // namespace keops::python

#endif // KEOPS_PYTHON_BUFFER_H
