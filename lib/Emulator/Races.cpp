// The rule of Races.h, cell by cell. In which order the threads of a phase run does not matter to
// it.
#include "Races.h"

#include <algorithm>

using namespace keops::emulator;

void Shadow::clear() {
  pages.clear();
  lastPage = nullptr;
}

void Shadow::Page::split() {
  std::vector<Cell> parts;
  for (const Cell &cell : cells)
    parts.insert(parts.end(), word, cell);
  cells = std::move(parts);
  isSplit = true;
}

Shadow::Page &Shadow::getPage(uintptr_t number) {
  if (!lastPage || number != lastNumber) {
    lastPage = &pages[number];
    lastNumber = number;
  }
  return *lastPage;
}

void Shadow::Cell::addReader(const Order &order, const Actor &now) {
  if (reader.isSet() && !reader.isSameBlock(now)) {
    readersOfOtherBlocks.push_back(reader);
    if (secondReader.isSet())
      readersOfOtherBlocks.push_back(secondReader);
    reader = secondReader = {};
  }
  bool isFresh = reader.isSet() && order.isInPhase(reader);
  if (!isFresh)
    secondReader = {};
  if (!isFresh || reader.isSameThread(now))
    reader = now;
  else if (!secondReader.isSet() || secondReader.isSameThread(now))
    secondReader = now;
}

/// A reader that a write of now would conflict with.
Actor Shadow::Cell::findReader(const Order &order, const Actor &now) const {
  for (const Actor &earlier : {reader, secondReader})
    if (order.isConcurrent(earlier, now))
      return earlier;
  for (const Actor &earlier : readersOfOtherBlocks)
    if (order.isConcurrent(earlier, now))
      return earlier;
  return {};
}

bool Shadow::Cell::enter(const Order &order, const Actor &now, bool isWrite, Conflict &conflict) {
  if (order.isConcurrent(writer, now))
    conflict = {0, writer, true};
  else if (isWrite)
    conflict = {0, findReader(order, now), false};
  if (conflict.earlier.isSet())
    return true;
  if (isWrite)
    *this = {now, {}, {}, {}};
  else if (!(reader == now))
    addReader(order, now);
  return false;
}

bool Shadow::noteInPage(const Order &order, const Actor &now, uintptr_t address, uintptr_t end,
                        bool isWrite, Conflict &conflict) {
  Page &page = getPage(address / Page::bytes);
  if (!page.isSplit && (address % Page::word || end % Page::word))
    page.split();
  for (; address != end; address += page.isSplit ? 1 : Page::word)
    if (page.getCell(address).enter(order, now, isWrite, conflict)) {
      conflict.address = address;
      return true;
    }
  return false;
}

bool Shadow::note(const Order &order, const Actor &now, uintptr_t address, uintptr_t bytes,
                  bool isWrite, Conflict &conflict) {
  for (uintptr_t end = address + bytes, stop; address != end; address = stop) {
    stop = std::min(end, (address / Page::bytes + 1) * Page::bytes);
    if (noteInPage(order, now, address, stop, isWrite, conflict))
      return true;
  }
  return false;
}
