// Constant-time look-ups: every entry is read whatever the index. A table that differs by lane is scanned under
// masks; a table that all lanes share is held limb by limb: bit 0 of each lane's index chooses within every pair of
// entries, and each further bit halves what is left.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::bigint::avx2 {
namespace {

constexpr unsigned kBlock = 8;  // limbs selected together, in registers

HEFLOW_INLINE Vec select(Vec a, Vec b, Real use_b) {
  return bits(_mm256_blendv_pd(_mm256_castsi256_pd(a), _mm256_castsi256_pd(b), use_b));
}

// `count` limbs of the entry whose number is `wanted`, lane by lane.
template <unsigned Count>
HEFLOW_INLINE void scan(Vec* r, const Vec* table, unsigned entries, unsigned width, Vec wanted) {
  Vec selected[Count];
  for (unsigned i = 0; i < Count; ++i) selected[i] = zero();
  for (unsigned e = 0; e < entries; ++e) {
    const Vec mask = _mm256_cmpeq_epi64(broadcast(e), wanted);
    const Vec* entry = table + static_cast<std::size_t>(e) * width;
    for (unsigned i = 0; i < Count; ++i) selected[i] = either(selected[i], both(entry[i], mask));
  }
  for (unsigned i = 0; i < Count; ++i) r[i] = selected[i];
}

HEFLOW_INLINE void scan_all(Vec* r, const Vec* table, unsigned entries, unsigned width, Vec wanted) {
  unsigned i = 0;
  for (; i + kBlock <= width; i += kBlock) scan<kBlock>(r + i, table + i, entries, width, wanted);
  for (; i < width; ++i) scan<1>(r + i, table + i, entries, width, wanted);
}

// The bits of an index as selectors: bit 0 in bit 1 of each lane, where vpermilpd reads it, others in the sign.
template <unsigned Levels>
struct Selectors {
  Vec within_pair;
  Real bit[Levels];
  HEFLOW_INLINE_MEMBER explicit Selectors(Vec index) : within_pair(plus(index, index)) {
    for (unsigned k = 0; k < Levels; ++k) {
      bit[k] = _mm256_castsi256_pd(_mm256_slli_epi64(index, static_cast<int>(62 - k)));
    }
  }
};

// One of 2^(Levels + 1) entries, for every lane its own.
template <unsigned Levels, class Selectors>
HEFLOW_INLINE Vec choose(const Word* entries, const Selectors& selectors) {
  if constexpr (Levels == 0) {
    const Real pair = _mm256_broadcast_pd(reinterpret_cast<const __m128d*>(entries));
    return bits(_mm256_permutevar_pd(pair, selectors.within_pair));
  } else {
    const Vec a = choose<Levels - 1>(entries, selectors), b = choose<Levels - 1>(entries + (1u << Levels), selectors);
    return select(a, b, selectors.bit[Levels - 1]);
  }
}

template <unsigned Levels>
HEFLOW_INLINE void choose_all(Vec* r, const Word* table, unsigned width, Vec index) {
  const Selectors<Levels> selectors(index);
  for (unsigned i = 0; i < width; ++i) r[i] = choose<Levels>(table + (static_cast<std::size_t>(i) << (Levels + 1)), selectors);
}

}  // namespace

void select_lanes(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  scan_all(vec(r), vec(table), entries, width, _mm256_loadu_si256(reinterpret_cast<const Vec*>(indices)));
}

void select_rows(Word* r, const Word* table, unsigned entries, unsigned width, const Word* indices) noexcept {
  const Vec index = _mm256_loadu_si256(reinterpret_cast<const Vec*>(indices));
  if (entries == 64) return choose_all<5>(vec(r), table, width, index);
  for (unsigned i = 0; i < width; ++i) {  // eight entries at a time
    Vec selected = zero();
    const Selectors<2> selectors(index);
    for (unsigned e = 0; e < entries; e += 8) {
      const Vec here = _mm256_cmpeq_epi64(_mm256_srli_epi64(index, 3), broadcast(e / 8));
      selected = either(selected, both(choose<2>(table + static_cast<std::size_t>(i) * entries + e, selectors), here));
    }
    vec(r)[i] = selected;
  }
}

}  // namespace heflow::bigint::avx2
