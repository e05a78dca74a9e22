// Reads the six arrays of ranges. Blocks come out in the order of their rows, and rows of no block
// in blocks without terms between them; the intervals of a block come out in order, and joined
// where they touch, so that ties and sums do not depend on how a caller cut them.
#include "keops/Runtime/Work.h"
#include "keops/Runtime/Error.h"

#include <algorithm>
#include <cstring>

namespace keops {

namespace {

const char *const rangeNames[] = {"ranges_i", "slices_i", "redranges_j",
                                  "ranges_j", "slices_j", "redranges_i"};

std::string describe(size_t number) {
  return concat("ranges[", number, "] (", rangeNames[number], ")");
}

std::string format(int64_t begin, int64_t end) { return concat('[', begin, ", ", end, ')'); }

/// [begin, end), and where the caller wrote it.
struct Entry {
  int64_t begin, end;
  size_t number;
};

/// The three arrays of one side.
class Side {
public:
  Side(size_t kept, int64_t keptSize, int64_t reducedSize, const Tensor *ranges)
      : first(3 * kept), sizes{keptSize, reducedSize}, ranges(ranges) {}

  void read(std::vector<keops_block> &blocks, std::vector<keops_interval> &intervals);

private:
  void checkArray(size_t array, int32_t rank) const;
  int64_t readNumber(size_t array, int64_t row, int64_t column) const;
  std::vector<Entry> readEntries(size_t array) const;
  std::vector<int64_t> readSlices(size_t intervalCount) const;
  void sort(std::vector<Entry>::iterator begin, std::vector<Entry>::iterator end, size_t array,
            const std::string &whose) const;
  void appendIntervals(const Entry *begin, const Entry *end, keops_block &block,
                       std::vector<keops_interval> &intervals) const;

  size_t first; ///< the number of the first array
  int64_t sizes[2];
  const Tensor *ranges;
};

void Side::checkArray(size_t array, int32_t rank) const {
  const Tensor &tensor = ranges[array];
  if (tensor.dtype != DType::I64)
    raiseUserError(describe(first + array), ": expected dtype int64, got ", getName(tensor.dtype));
  bool isRight = tensor.rank == rank && tensor.shape && tensor.shape[0] >= 0 &&
                 (rank == 1 || tensor.shape[1] == 2);
  if (!isRight)
    raiseUserError(describe(first + array), ": expected shape ", rank == 1 ? "(n,)" : "(n, 2)",
                   ", got ", formatShape(tensor));
  if (!tensor.data && tensor.shape[0] > 0)
    raiseUserError(describe(first + array), ": the data pointer is null");
}

/// Byte by byte, because the caller's memory may be at any address.
int64_t Side::readNumber(size_t array, int64_t row, int64_t column) const {
  const Tensor &tensor = ranges[array];
  int64_t offset = row * tensor.getStride(0) + (column ? tensor.getStride(1) : 0), number;
  std::memcpy(&number, static_cast<const char *>(tensor.data) + offset, sizeof(number));
  return number;
}

std::vector<Entry> Side::readEntries(size_t array) const {
  int64_t size = sizes[array == 0 ? 0 : 1], count = ranges[array].shape[0];
  std::vector<Entry> entries;
  for (int64_t row = 0; row < count; ++row) {
    Entry entry{readNumber(array, row, 0), readNumber(array, row, 1), size_t(row)};
    if (entry.begin < 0 || entry.begin > entry.end || entry.end > size)
      raiseUserError(describe(first + array), ": entry ", row,
                     ": expected 0 <= begin <= end <= ", size, ", got ",
                     format(entry.begin, entry.end));
    entries.push_back(entry);
  }
  return entries;
}

/// Where the intervals of each block end.
std::vector<int64_t> Side::readSlices(size_t intervalCount) const {
  int64_t count = ranges[1].shape[0], last = 0;
  if (count != ranges[0].shape[0])
    raiseUserError(describe(first + 1), ": expected shape (", ranges[0].shape[0],
                   ",), one entry for each of ", rangeNames[first], ", got (", count, ",)");
  std::vector<int64_t> slices;
  for (int64_t row = 0; row < count; ++row) {
    int64_t end = readNumber(1, row, 0);
    if (end < last || end > int64_t(intervalCount))
      raiseUserError(describe(first + 1), ": entry ", row, ": expected a number from ", last,
                     ", the entry before it, to ", intervalCount, ", the length of ",
                     rangeNames[first + 2], "; got ", end);
    slices.push_back(last = end);
  }
  if (last != int64_t(intervalCount))
    raiseUserError(describe(first + 1), ": expected the last entry to be ", intervalCount,
                   ", the length of ", rangeNames[first + 2], ", got ", last);
  return slices;
}

void Side::sort(std::vector<Entry>::iterator begin, std::vector<Entry>::iterator end, size_t array,
                const std::string &whose) const {
  std::sort(begin, end, [](const Entry &a, const Entry &b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  const Entry *last = nullptr;
  for (auto entry = begin; entry != end; ++entry) {
    if (entry->begin == entry->end)
      continue;
    if (last && last->end > entry->begin)
      raiseUserError(describe(first + array), ": expected entries", whose,
                     " that do not overlap, got entry ", last->number, " = ",
                     format(last->begin, last->end), " and entry ", entry->number, " = ",
                     format(entry->begin, entry->end));
    last = &*entry;
  }
}

/// Those of one block, in order.
void Side::appendIntervals(const Entry *begin, const Entry *end, keops_block &block,
                           std::vector<keops_interval> &intervals) const {
  block.first_interval = int64_t(intervals.size());
  for (const Entry *entry = begin; entry != end; ++entry) {
    block.terms += entry->end - entry->begin;
    bool isFirst = int64_t(intervals.size()) == block.first_interval;
    if (!isFirst && intervals.back().end == entry->begin)
      intervals.back().end = entry->end;
    else if (entry->begin < entry->end)
      intervals.push_back({entry->begin, entry->end});
  }
  block.last_interval = int64_t(intervals.size());
}

void Side::read(std::vector<keops_block> &blocks, std::vector<keops_interval> &intervals) {
  checkArray(0, 2);
  checkArray(1, 1);
  checkArray(2, 2);
  std::vector<Entry> rows = readEntries(0), parts = readEntries(2);
  std::vector<int64_t> slices = readSlices(parts.size());
  sort(rows.begin(), rows.end(), 0, "");
  for (size_t block = 0; block < slices.size(); ++block)
    sort(parts.begin() + (block ? slices[block - 1] : 0), parts.begin() + slices[block], 2,
         concat(" of block ", block));
  int64_t covered = 0;
  auto leaveOut = [&](int64_t end) {
    if (covered < end)
      blocks.push_back({covered, end, 0, 0, 0});
  };
  for (const Entry &entry : rows) {
    if (entry.begin == entry.end)
      continue;
    leaveOut(entry.begin);
    keops_block block{entry.begin, entry.end, 0, 0, 0};
    appendIntervals(parts.data() + (entry.number ? slices[entry.number - 1] : 0),
                    parts.data() + slices[entry.number], block, intervals);
    blocks.push_back(block);
    covered = entry.end;
  }
  leaveOut(sizes[0]);
}

} // namespace

Work::Work(int64_t sizeI, int64_t sizeJ, std::span<const Tensor> ranges) {
  if (ranges.empty()) {
    setDense(0, sizeI, sizeJ);
    setDense(1, sizeJ, sizeI);
    return;
  }
  setSparse(0, sizeI, sizeJ, ranges.data());
  setSparse(1, sizeJ, sizeI, ranges.data() + 3);
}

void Work::setDense(size_t kept, int64_t keptSize, int64_t reducedSize) {
  allRows[kept] = {0, keptSize, 0, 1, reducedSize};
  allTerms[kept] = {0, reducedSize};
  tables[kept] = {&allRows[kept], &allTerms[kept], 1, reducedSize};
}

void Work::setSparse(size_t kept, int64_t keptSize, int64_t reducedSize, const Tensor *ranges) {
  Side(kept, keptSize, reducedSize, ranges).read(blocks[kept], intervals[kept]);
  int64_t mostTerms = 0;
  for (const keops_block &block : blocks[kept])
    mostTerms = std::max(mostTerms, block.terms);
  tables[kept] = {blocks[kept].data(), intervals[kept].data(), int64_t(blocks[kept].size()),
                  mostTerms};
}

double Work::getPairCount() const {
  double most = 0;
  for (const keops_work &table : tables) {
    double pairs = 0;
    for (int64_t k = 0; k < table.block_count; ++k)
      pairs += double(table.blocks[k].end - table.blocks[k].begin) * double(table.blocks[k].terms);
    most = std::max(most, pairs);
  }
  return most;
}

} // namespace keops
