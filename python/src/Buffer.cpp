// The buffer protocol, and the three NumPy functions that the module needs, looked up once.
#include "Buffer.h"

#include <bit>

namespace keops::python {

namespace {

struct Numpy {
  nb::object asarray, empty, dtypes[3];
};

const Numpy &getNumpy() {
  // Leaked on purpose: it must not be destroyed after the interpreter.
  static const Numpy *numpy = [] {
    nb::module_ module = nb::module_::import_("numpy");
    return new Numpy{module.attr("asarray"),
                     module.attr("empty"),
                     {module.attr("dtype")("float32"), module.attr("dtype")("float64"),
                      module.attr("dtype")("int64")}};
  }();
  return *numpy;
}

/// The single format character, or 0 when the format says more than that.
char getFormatCode(const Py_buffer &view) {
  const char *format = view.format ? view.format : "B";
  constexpr char native = std::endian::native == std::endian::little ? '<' : '>';
  if (*format == '@' || *format == '=' || *format == native)
    ++format;
  return format[0] && !format[1] ? format[0] : '\0';
}

} // namespace

bool Buffer::acquire(PyObject *object, int flags) {
  isHeld = PyObject_CheckBuffer(object) && PyObject_GetBuffer(object, &view, flags) == 0;
  if (!isHeld)
    PyErr_Clear();
  return isHeld;
}

bool Buffer::getDType(keopsDType &dtype) const {
  switch (getFormatCode(view)) {
  case 'f':
    dtype = KEOPS_F32;
    return view.itemsize == 4;
  case 'd':
    dtype = KEOPS_F64;
    return view.itemsize == 8;
  case 'l':
  case 'q':
    dtype = KEOPS_I64;
    return view.itemsize == 8;
  default:
    return false;
  }
}

std::string getDTypeName(nb::handle object) {
  nb::object dtype = nb::getattr(object, "dtype", nb::none());
  if (!dtype.is_none())
    return nb::str(dtype).c_str();
  return nb::str(nb::handle(reinterpret_cast<PyObject *>(Py_TYPE(object.ptr()))).attr("__name__"))
      .c_str();
}

nb::handle getNumpyDType(keopsDType dtype) { return getNumpy().dtypes[dtype]; }

nb::object toArray(nb::handle object, keopsDType dtype) {
  return getNumpy().asarray(object, getNumpyDType(dtype));
}

nb::object makeEmpty(const int64_t *shape, int32_t rank, keopsDType dtype) {
  nb::object lengths = nb::steal(PyTuple_New(rank));
  for (int32_t axis = 0; axis < rank; ++axis)
    PyTuple_SET_ITEM(lengths.ptr(), axis, PyLong_FromLongLong(shape[axis]));
  return getNumpy().empty(lengths, getNumpyDType(dtype));
}

} // namespace keops::python
