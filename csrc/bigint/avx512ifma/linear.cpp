// Linear maps: sums of lane-group chunks times constants that all lanes share. Import of plain words,
// reduction to another modulus and CRT recombination are all such maps.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx512ifma {
namespace {

// Columns made on demand: tile d of the sum of chunk * constant, carried between calls in `acc`.
HEFLOW_INLINE void linear_columns(Vec* columns, const LinearTerm* terms, std::size_t count, bool second, int tiles) {
  Accumulator acc;
  clear(acc);
  for (int d = 0; d < 2 * tiles; ++d) {
    for (std::size_t t = 0; t < count; ++t) {
      const int chunk_tiles = static_cast<int>(terms[t].chunk_limbs) / kTile;
      const Vec* chunk = vec(terms[t].chunk);
      const Word* constant = second ? terms[t].c1 : terms[t].c0;
      const int first = d < tiles ? 0 : d - tiles + 1, last = d < chunk_tiles ? d : chunk_tiles - 1;
      for (int e = first; e <= last; ++e) multiply_tile_shared(acc, chunk + kTile * e, constant + kTile * (d - e));
    }
    store_tile(columns + kTile * d, acc);
    shift(acc);
  }
}

}  // namespace

void linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  Vec *result = scratch.take(h), *quotient = scratch.take(h), *columns = scratch.take(2 * h);
  linear_columns(columns, terms, count, false, h / kTile);
  reduce_source<false, false>(result, quotient, PlainSource{columns}, nullptr, m);
  copy(vec(r), result, h);
}

void dual_linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  Vec *r0 = scratch.take(h), *r1 = scratch.take(h), *q = scratch.take(h), *unused = scratch.take(h);
  Vec* columns = scratch.take(2 * h);
  linear_columns(columns, terms, count, false, h / kTile);
  reduce_source<false, false>(r0, q, PlainSource{columns}, nullptr, m);
  linear_columns(columns, terms, count, true, h / kTile);
  reduce_source<false, true>(r1, unused, PlainSource{columns}, q, m);
  copy(vec(r), r0, 2 * h);
}

}  // namespace heflow::bigint::avx512ifma
