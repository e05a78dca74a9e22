// The table of function pointers that a type of tensors offers.
#include "Exchange.h"

namespace keops::python {

struct ExchangeHeader {
  DLPackVersion version;
  const ExchangeHeader *previous; ///< the same for an older version of the specification
};

using SetError = void (*)(void *context, const char *kind, const char *message);

struct Exchange {
  ExchangeHeader header;
  int (*allocate)(nb::dlpack::dltensor *prototype, ManagedTensor **tensor, void *context,
                  SetError setError);
  int (*borrow)(void *object, ManagedTensor **tensor);
  int (*toObject)(ManagedTensor *tensor, void **object);
  int (*describe)(void *object, nb::dlpack::dltensor *tensor);
  int (*getStream)(int32_t deviceType, int32_t deviceId, void **stream);
};

static constexpr uint32_t knownVersion = 1;

static const Exchange *askForExchange(nb::handle type) {
  nb::object capsule = nb::getattr(type, "__dlpack_c_exchange_api__", nb::none());
  if (capsule.is_none())
    return nullptr;
  auto *header = static_cast<const ExchangeHeader *>(
      PyCapsule_GetPointer(capsule.ptr(), "dlpack_exchange_api"));
  if (!header)
    PyErr_Clear();
  while (header && header->version.major > knownVersion)
    header = header->previous;
  bool isKnown = header && header->version.major == knownVersion;
  return isKnown ? reinterpret_cast<const Exchange *>(header) : nullptr;
}

const Exchange *findExchange(nb::handle type) {
  // A type that is asked again in every call must not die and leave its address to another one.
  static nb::object *const latest = new nb::object;
  static const Exchange *found = nullptr;
  if (!latest->is(type)) {
    found = askForExchange(type);
    *latest = nb::borrow(type);
  }
  return found;
}

ManagedTensorPtr borrowTensor(const Exchange &exchange, nb::handle object) {
  ManagedTensor *tensor = nullptr;
  if (exchange.borrow(object.ptr(), &tensor) == 0)
    return ManagedTensorPtr(tensor);
  PyErr_Clear();
  return nullptr;
}

ManagedTensorPtr allocateTensor(const Exchange &exchange, nb::dlpack::dltensor prototype) {
  ManagedTensor *tensor = nullptr;
  auto setError = [](void *, const char *, const char *message) {
    PyErr_SetString(PyExc_MemoryError, message);
  };
  if (exchange.allocate(&prototype, &tensor, nullptr, setError) != 0)
    throw nb::python_error();
  return ManagedTensorPtr(tensor);
}

void *getStream(const Exchange &exchange, Device device) {
  void *stream = nullptr;
  if (exchange.getStream(device.type, device.id, &stream) != 0)
    throw nb::python_error();
  return stream;
}

nb::object toObject(const Exchange &exchange, ManagedTensorPtr tensor) {
  void *object = nullptr;
  if (exchange.toObject(tensor.release(), &object) != 0)
    throw nb::python_error();
  return nb::steal(static_cast<PyObject *>(object));
}

} // namespace keops::python
