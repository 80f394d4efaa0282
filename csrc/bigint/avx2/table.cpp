// Constant-time look-ups. A table that differs by lane is scanned under masks; a table that all lanes share is
// held limb by limb, so that four entries lie in a register and one permute serves all lanes: its time does not
// depend on the indices.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::bigint::avx2 {
namespace {

constexpr unsigned kMaxEntries = 256;

HEFLOW_INLINE void scan(Vec* r, const Vec* table, unsigned entries, unsigned width, Vec wanted) {
  for (unsigned i = 0; i < width; ++i) r[i] = zero();
  for (unsigned e = 0; e < entries; ++e) {
    const Vec mask = _mm256_cmpeq_epi64(broadcast(e), wanted);
    const Vec* entry = table + static_cast<std::size_t>(e) * width;
    for (unsigned i = 0; i < width; ++i) r[i] = either(r[i], both(entry[i], mask));
  }
}

}  // namespace

void select_shared(Word* r, const Word* table, unsigned entries, unsigned width, Word index) noexcept {
  scan(vec(r), vec(table), entries, width, broadcast(index));
}

void select_lanes(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  scan(vec(r), vec(table), entries, width, _mm256_loadu_si256(reinterpret_cast<const Vec*>(indices)));
}

void select_rows(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  const Vec index = _mm256_loadu_si256(reinterpret_cast<const Vec*>(indices));
  // 32-bit positions of 64-bit entries: 2 i and 2 i + 1, of the low two bits.
  const Vec twice = _mm256_slli_epi64(both(index, broadcast(3)), 1);
  const Vec position = either(either(twice, _mm256_slli_epi64(twice, 32)), broadcast(Word{1} << 32));
  Vec masks[kMaxEntries / 4];
  for (unsigned e = 0; e < entries / 4; ++e) masks[e] = _mm256_cmpeq_epi64(_mm256_srli_epi64(index, 2), broadcast(e));
  for (unsigned i = 0; i < width; ++i) {
    const Word* limb = table + static_cast<std::size_t>(i) * entries;
    Vec selected = zero();
    for (unsigned e = 0; e < entries / 4; ++e) {
      const Vec four = _mm256_loadu_si256(reinterpret_cast<const Vec*>(limb + 4 * e));
      selected = either(selected, both(_mm256_permutevar8x32_epi32(four, position), masks[e]));
    }
    vec(r)[i] = selected;
  }
}

}  // namespace heflow::bigint::avx2
