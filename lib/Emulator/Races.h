// Shadow memory: who has read and written each byte, and which two accesses race. Fed by Block.cpp,
// which also keeps their order.
#ifndef KEOPS_LIB_EMULATOR_RACES_H
#define KEOPS_LIB_EMULATOR_RACES_H

#include "Order.h"

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace keops::emulator {

/// An earlier access that a later one is concurrent with.
struct Conflict {
  uintptr_t address = 0;
  Actor earlier;
  bool wasWrite = false;
};

/// The bytes of one launch, or of one block's workgroup memory.
class Shadow {
public:
  void clear();
  /// Returns whether there is a conflict, which is the first one.
  bool note(const Order &order, const Actor &now, uintptr_t address, uintptr_t bytes, bool isWrite,
            Conflict &conflict);

private:
  /// The last write is enough: one before it is either ordered before it or a conflict found then.
  /// So are, of the reads of a block, two that differ in thread and have seen the last barrier.
  struct Cell {
    Actor writer, reader, secondReader;
    std::vector<Actor> readersOfOtherBlocks;
    /// Returns whether the access conflicts with an earlier one; then it is not entered.
    bool enter(const Order &order, const Actor &now, bool isWrite, Conflict &conflict);
    void addReader(const Order &order, const Actor &now);
    Actor findReader(const Order &order, const Actor &now) const;
  };
  /// A cell for each word, until the first access that is not of whole words; then for each byte.
  struct Page {
    static constexpr uintptr_t bytes = 1024, word = 4;
    std::vector<Cell> cells = std::vector<Cell>(bytes / word);
    bool isSplit = false;
    void split();
    Cell &getCell(uintptr_t address) {
      uintptr_t place = address % bytes;
      return isSplit ? cells[place] : cells[place / word];
    }
  };

  Page &getPage(uintptr_t number);
  bool noteInPage(const Order &order, const Actor &now, uintptr_t address, uintptr_t end,
                  bool isWrite, Conflict &conflict);

  std::unordered_map<uintptr_t, Page> pages;
  uintptr_t lastNumber = 0;
  Page *lastPage = nullptr;
};

} // namespace keops::emulator

#endif // KEOPS_LIB_EMULATOR_RACES_H
