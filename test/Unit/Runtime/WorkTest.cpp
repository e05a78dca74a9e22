// Work tables: of all pairs, and of ranges, whose mistakes are tested through Python
// (test/EndToEnd/test_ranges.py) except for those that only C can make.
#include "keops/Runtime/Work.h"
#include "TestSupport.h"

#include <array>

using namespace keops;
using namespace keops::test;

namespace {

/// An int64 array of `columns` columns, or of rank 1 for none.
struct Numbers {
  std::vector<int64_t> values;
  std::array<int64_t, 2> shape;
  Tensor tensor;

  Numbers(std::vector<int64_t> given, int64_t columns)
      : values(std::move(given)),
        shape{int64_t(values.size()) / std::max<int64_t>(columns, 1), columns},
        tensor{values.data(), DType::I64, columns ? 2 : 1, shape.data(), nullptr} {}
};

std::vector<std::vector<int64_t>> listBlocks(const keops_work &table) {
  std::vector<std::vector<int64_t>> blocks;
  for (int64_t k = 0; k < table.block_count; ++k) {
    const keops_block &block = table.blocks[k];
    blocks.push_back({block.begin, block.end, block.terms});
    for (int64_t l = block.first_interval; l < block.last_interval; ++l)
      blocks.back().insert(blocks.back().end(), {table.intervals[l].begin, table.intervals[l].end});
  }
  return blocks;
}

using Blocks = std::vector<std::vector<int64_t>>;

} // namespace

TEST(Work, withoutRangesIsOneBlockAndOneInterval) {
  Work work(5, 7, {});
  EXPECT_EQ(listBlocks(work.getTable(0)), (Blocks{{0, 5, 7, 0, 7}}));
  EXPECT_EQ(listBlocks(work.getTable(1)), (Blocks{{0, 7, 5, 0, 5}}));
  EXPECT_EQ(work.getTable(0).most_terms, 7);
  EXPECT_EQ(work.getPairCount(), 35);
}

TEST(Work, fillsGapsAndJoinsIntervals) {
  Numbers rows({6, 9, 1, 3, 4, 4}, 2), slices({2, 5, 5}, 0),
      parts({4, 6, 0, 4, 2, 3, 5, 7, 1, 1}, 2);
  Numbers none({}, 2), noSlices({}, 0);
  std::vector<Tensor> ranges = {rows.tensor, slices.tensor,   parts.tensor,
                                none.tensor, noSlices.tensor, none.tensor};
  Work work(10, 7, ranges);
  EXPECT_EQ(listBlocks(work.getTable(0)),
            (Blocks{{0, 1, 0}, {1, 3, 3, 2, 3, 5, 7}, {3, 6, 0}, {6, 9, 6, 0, 6}, {9, 10, 0}}));
  EXPECT_EQ(listBlocks(work.getTable(1)), (Blocks{{0, 7, 0}}));
  EXPECT_EQ(work.getTable(0).most_terms, 6);
  EXPECT_EQ(work.getPairCount(), 3 * 6 + 2 * 3);
  ranges[1].dtype = DType::F64;
  EXPECT_EQ(getErrorMessage([&] { Work(10, 7, ranges); }),
            "ranges[1] (slices_i): expected dtype int64, got float64");
  ranges[1] = slices.tensor;
  ranges[2].data = nullptr;
  EXPECT_EQ(getErrorMessage([&] { Work(10, 7, ranges); }),
            "ranges[2] (redranges_j): the data pointer is null");
}
