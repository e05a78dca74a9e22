// Which rows a run reduces over which: all pairs, or the block-sparse ranges of the caller, checked
// in full and brought into the form of keops-c/program.h.
#ifndef KEOPS_RUNTIME_WORK_H
#define KEOPS_RUNTIME_WORK_H

#include "keops-c/program.h"
#include "keops/Runtime/Tensor.h"

#include <span>
#include <vector>

namespace keops {

/// The work tables of one run. They point into this object.
class Work {
public:
  /// Without ranges all pairs; else there are six: blocks of i, the end of each block's part of the
  /// third array, intervals of j; then the same with i and j exchanged.
  Work(int64_t sizeI, int64_t sizeJ, std::span<const Tensor> ranges);
  Work(const Work &) = delete;
  Work &operator=(const Work &) = delete;

  /// Of the reductions that keep i (0) or j (1).
  const keops_work &getTable(size_t kept) const { return tables[kept]; }
  int64_t getIntervalCount(size_t kept) const {
    return tables[kept].intervals == &allTerms[kept] ? 1 : int64_t(intervals[kept].size());
  }
  /// An upper bound of the pairs that one reduction visits, for an estimate of work.
  double getPairCount() const;

private:
  void setDense(size_t kept, int64_t keptSize, int64_t reducedSize);
  void setSparse(size_t kept, int64_t keptSize, int64_t reducedSize, const Tensor *ranges);

  keops_block allRows[2];
  keops_interval allTerms[2];
  std::vector<keops_block> blocks[2];
  std::vector<keops_interval> intervals[2];
  keops_work tables[2];
};

} // namespace keops

#endif // KEOPS_RUNTIME_WORK_H
