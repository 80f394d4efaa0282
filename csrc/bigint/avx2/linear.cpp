// Linear maps: sums of lane-group chunks times constants that all lanes share. Import of plain words,
// reduction to another modulus and CRT recombination are all such maps.
#include "backend.hpp"
#include "reduce.hpp"

namespace heflow::bigint::avx2 {
namespace {

// Columns of the sum, ready for a reduction.
HEFLOW_INLINE void linear_columns(Vec* columns, const LinearTerm* terms, std::size_t count, bool second, const ModulusView& m) {
  const int h = static_cast<int>(m.limbs);
  start(columns, m, Products{0, h}, kHighBits);
  for (std::size_t t = 0; t < count; ++t) {
    const int limbs = static_cast<int>(terms[t].chunk_limbs);
    for (int c = 0; c < limbs + h; ++c) {
      columns[c] = minus(columns[c], broadcast(constants(meeting(limbs, h, c), meeting(limbs, h, c - 1))));
    }
  }
  for (std::size_t t = 0; t < count; ++t) {
    Scratch scratch;
    const int limbs = static_cast<int>(terms[t].chunk_limbs);
    const Real* chunk = scratch.load(terms[t].chunk, limbs);
    add_product(columns, chunk, limbs, scratch.load_shared(second ? terms[t].c1 : terms[t].c0, h), h);
  }
}

}  // namespace

void linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  Vec* columns = scratch.columns(2 * h);
  linear_columns(columns, terms, count, false, m);
  reduce_rows(columns, scratch.reals(h), n, m, NoRows{});
  normalise(vec(r), columns + h, h);
}

void dual_linear(Word* r, const LinearTerm* terms, std::size_t count, const ModulusView& m) noexcept {
  Scratch scratch;
  const int h = static_cast<int>(m.limbs);
  const double* n = scratch.load_shared(m.n, h);
  Vec *first = scratch.columns(2 * h), *second = scratch.columns(2 * h);
  Real *quotient = scratch.reals(h), *unused = scratch.reals(h);
  linear_columns(first, terms, count, false, m);
  linear_columns(second, terms, count, true, m);
  reduce_rows(first, quotient, n, m, NoRows{});
  correct(second, quotient, m);
  reduce_rows(second, unused, n, m, NoRows{});
  normalise(vec(r), first + h, h);
  normalise(vec(r) + h, second + h, h);
}

}  // namespace heflow::bigint::avx2
