// How many threads a run may use, and the OpenMP runtime that gives them to compiled programs.
// Launch asks for the number; Program hands the runtime to the compiler library, which links with
// it.
#ifndef KEOPS_RUNTIME_THREADS_H
#define KEOPS_RUNTIME_THREADS_H

#include <cstdint>

namespace keops {

/// LLVM's OpenMP runtime as a handle of dlopen, opened on first use; null where there is none.
void *getOpenMP();

/// The number of threads used for large work: set by setNumThreads, or KEOPS_NUM_THREADS, or
/// OMP_NUM_THREADS, or the number of processors this process may run on; fewer where somebody
/// changed OpenMP's own number for the calling thread.
int32_t getNumThreads();
/// 0 restores the default. Throws on negative numbers.
void setNumThreads(int32_t count);

} // namespace keops

#endif // KEOPS_RUNTIME_THREADS_H
