// Constant-time look-ups: every entry is read and masked.
#include "../../base/constant_time.hpp"
#include "backend.hpp"

namespace heflow::bigint::portable {

void select_lanes(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  for (unsigned i = 0; i < width; ++i) r[i] = 0;
  for (unsigned e = 0; e < entries; ++e) {
    const Word mask = ct_equal_mask(e, indices[0]);
    const Word* entry = table + static_cast<std::size_t>(e) * width;
    for (unsigned i = 0; i < width; ++i) r[i] |= entry[i] & mask;
  }
}

void select_rows(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  Word masks[256];
  for (unsigned e = 0; e < entries; ++e) masks[e] = ct_equal_mask(e, indices[0]);
  for (unsigned i = 0; i < width; ++i) {
    Word selected = 0;
    for (unsigned e = 0; e < entries; ++e) selected |= table[static_cast<std::size_t>(i) * entries + e] & masks[e];
    r[i] = selected;
  }
}

}  // namespace heflow::bigint::portable
