// Constant-time look-ups. A table that differs by lane is scanned with masked moves; a table that all lanes
// share is held limb by limb, so that eight entries lie in a register and one permute serves all lanes:
// its time does not depend on the indices, and a 64-entry look-up costs 8 loads, 4 permutes and 3 blends.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

constexpr int kBlock = 10;  // limbs selected together, in registers

template <int Count, class MaskOf>
HEFLOW_INLINE void scan(Vec* r, const Vec* table, unsigned entries, unsigned width, const MaskOf& mask_of) {
  Vec selected[Count];
  unroll<0, Count>([&](auto i) HEFLOW_LAMBDA { selected[i] = zero(); });
  for (unsigned e = 0; e < entries; ++e) {
    const __mmask8 mask = mask_of(e);
    const Vec* entry = table + static_cast<std::size_t>(e) * width;
    unroll<0, Count>([&](auto i) HEFLOW_LAMBDA { selected[i] = _mm512_mask_mov_epi64(selected[i], mask, entry[i]); });
  }
  unroll<0, Count>([&](auto i) HEFLOW_LAMBDA { r[i] = selected[i]; });
}

template <class MaskOf>
HEFLOW_INLINE void scan_all(Word* r, const Word* table, unsigned entries, unsigned width, const MaskOf& mask_of) {
  unsigned i = 0;
  for (; i + kBlock <= width; i += kBlock) scan<kBlock>(vec(r) + i, vec(table) + i, entries, width, mask_of);
  for (; i < width; ++i) scan<1>(vec(r) + i, vec(table) + i, entries, width, mask_of);
}

// Entries 16 k .. 16 k + 15 of one limb, by the low four bits of the index.
HEFLOW_INLINE Vec permute16(const Word* entries, Vec index) {
  return _mm512_permutex2var_epi64(_mm512_loadu_si512(entries), index, _mm512_loadu_si512(entries + 8));
}

}  // namespace

void select_lanes(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  const Vec wanted = _mm512_loadu_si512(indices);
  scan_all(r, table, entries, width, [&](unsigned e) HEFLOW_LAMBDA { return _mm512_cmpeq_epi64_mask(broadcast(e), wanted); });
}

void select_rows(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  const Vec index = _mm512_loadu_si512(indices);
  if (entries == 64) {
    const __mmask8 bit4 = _mm512_test_epi64_mask(index, broadcast(16)), bit5 = _mm512_test_epi64_mask(index, broadcast(32));
    for (unsigned i = 0; i < width; ++i) {
      const Word* limb = table + static_cast<std::size_t>(i) * 64;
      const Vec a = _mm512_mask_mov_epi64(permute16(limb, index), bit4, permute16(limb + 16, index));
      const Vec b = _mm512_mask_mov_epi64(permute16(limb + 32, index), bit4, permute16(limb + 48, index));
      vec(r)[i] = _mm512_mask_mov_epi64(a, bit5, b);
    }
    return;
  }
  for (unsigned i = 0; i < width; ++i) {
    Vec selected = zero();
    for (unsigned e = 0; e < entries; e += 8) {
      const __mmask8 here = _mm512_cmpeq_epi64_mask(_mm512_srli_epi64(index, 3), broadcast(e / 8));
      const Vec eight = _mm512_loadu_si512(table + static_cast<std::size_t>(i) * entries + e);
      selected = _mm512_mask_permutexvar_epi64(selected, here, index, eight);
    }
    vec(r)[i] = selected;
  }
}

}  // namespace heflow::bigint::avx512ifma
