// DLPack's C exchange, by which an array library lends tensors through plain function pointers: no
// Python call, no capsule. Layouts are those of the DLPack specification, version 1.2; Buffer uses
// this before the slower protocols, and Reduction makes results by it.
#ifndef KEOPS_PYTHON_EXCHANGE_H
#define KEOPS_PYTHON_EXCHANGE_H

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <string>

namespace keops::python {

namespace nb = nanobind;

struct DLPackVersion {
  uint32_t major, minor;
};

/// A tensor that keeps its memory until `deleter` is called on it.
struct ManagedTensor {
  DLPackVersion version;
  void *context;
  void (*deleter)(ManagedTensor *);
  uint64_t flags;
  nb::dlpack::dltensor tensor;

  static constexpr uint64_t readOnly = 1;
};

struct ManagedTensorDeleter {
  void operator()(ManagedTensor *tensor) const {
    if (tensor->deleter)
      tensor->deleter(tensor);
  }
};
using ManagedTensorPtr = std::unique_ptr<ManagedTensor, ManagedTensorDeleter>;

/// Where memory is: numbers of DLPack.
struct Device {
  int32_t type, id;

  static constexpr int32_t cpu = 1, cuda = 2, pinned = 3; ///< pinned memory is the CPU's
  bool isCpu() const { return type == cpu; }
  bool operator==(const Device &) const = default;
  /// "cpu", "cuda:0".
  std::string getName() const { return isCpu() ? "cpu" : "cuda:" + std::to_string(id); }
};

/// The functions of one library.
struct Exchange;
/// What a type of tensors offers; null, without a Python error, where it offers nothing.
const Exchange *findExchange(nb::handle type);

/// The tensor behind an object of the type; null, without a Python error, if it cannot be lent.
ManagedTensorPtr borrowTensor(const Exchange &exchange, nb::handle object);
/// A new tensor with the shape, element type and device of `prototype`.
ManagedTensorPtr allocateTensor(const Exchange &exchange, nb::dlpack::dltensor prototype);
/// The stream that the library puts its work on now.
void *getStream(const Exchange &exchange, Device device);
/// The library's object for a tensor.
nb::object toObject(const Exchange &exchange, ManagedTensorPtr tensor);

} // namespace keops::python

#endif // KEOPS_PYTHON_EXCHANGE_H
