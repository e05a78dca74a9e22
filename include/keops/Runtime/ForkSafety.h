// Keeps locks usable in the child of a fork while other threads of the parent hold them.
#ifndef KEOPS_RUNTIME_FORKSAFETY_H
#define KEOPS_RUNTIME_FORKSAFETY_H

#include <cstdint>
#include <mutex>

namespace keops {

/// A mutex that is never destroyed and that is held across every fork, so that the child finds it
/// free and the data behind it whole. Two of them must not be held at once.
std::mutex &createForkSafeMutex();

/// Grows by one in each child: work that carries another number was begun by a thread that does not
/// exist here.
uint64_t getForkGeneration();

} // namespace keops

#endif // KEOPS_RUNTIME_FORKSAFETY_H
