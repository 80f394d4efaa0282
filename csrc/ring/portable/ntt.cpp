// The negacyclic transform, stage by stage. Words have 14 bits more than the primes: nothing is corrected on
// the way forward (values stay below 34p < 2^56).
#include "arithmetic.hpp"
#include "backend.hpp"

namespace heflow::ring::portable {
namespace {

void forward_stage(Word* a, std::size_t blocks, std::size_t half, const Factor* tree, Word p) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Factor w = tree[blocks + b];
    Word *x = a + 2 * b * half, *y = x + half;
    for (std::size_t j = 0; j < half; ++j) {
      const Word t = times(y[j], w, p), u = x[j];
      x[j] = u + t;
      y[j] = u + 2 * p - t;
    }
  }
}

// Two stages in one visit.
void forward_pair(Word* a, std::size_t blocks, std::size_t quarter, const Factor* tree, Word p) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Factor w = tree[blocks + b], left = tree[2 * (blocks + b)], right = tree[2 * (blocks + b) + 1];
    Word* x = a + 4 * b * quarter;
    for (std::size_t j = 0; j < quarter; ++j) {
      Word *x0 = x + j, *x1 = x0 + quarter, *x2 = x1 + quarter, *x3 = x2 + quarter;
      const Word t2 = times(*x2, w, p), t3 = times(*x3, w, p);
      const Word y0 = *x0 + t2, y1 = *x1 + t3, y2 = *x0 + 2 * p - t2, y3 = *x1 + 2 * p - t3;
      const Word u1 = times(y1, left, p), u3 = times(y3, right, p);
      *x0 = y0 + u1, *x1 = y0 + 2 * p - u1, *x2 = y2 + u3, *x3 = y2 + 2 * p - u3;
    }
  }
}

// The first stage back: neighbours.
void inverse_stage(Word* a, std::size_t blocks, const Factor* tree, Word p) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Word u = a[2 * b], v = a[2 * b + 1];
    a[2 * b] = correct(u + v, 2 * p);
    a[2 * b + 1] = times(u - v + 2 * p, tree[blocks + b], p);
  }
}

// Two stages back in one visit of four rows; arguments and results < 2p.
void inverse_pair(Word* x, std::size_t quarter, const Factor& left, const Factor& right, const Factor& top, Word p) {
  for (std::size_t j = 0; j < quarter; ++j) {
    Word *x0 = x + j, *x1 = x0 + quarter, *x2 = x1 + quarter, *x3 = x2 + quarter;
    const Word u0 = *x0 + *x1, u2 = *x2 + *x3;  // < 4p
    const Word v1 = times(*x0 - *x1 + 2 * p, left, p), v3 = times(*x2 - *x3 + 2 * p, right, p);
    *x0 = correct(correct(u0 + u2, 4 * p), 2 * p);
    *x1 = correct(v1 + v3, 2 * p);
    *x2 = times(u0 - u2 + 4 * p, top, p);
    *x3 = times(v1 - v3 + 2 * p, top, p);
  }
}

void transpose_blocks(Word* a, std::size_t n) {
  for (std::size_t b = 0; b < n; b += 64) {
    for (std::size_t i = 1; i < 8; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Word t = a[b + 8 * i + j];
        a[b + 8 * i + j] = a[b + 8 * j + i];
        a[b + 8 * j + i] = t;
      }
    }
  }
}

}  // namespace

void forward_lazy(Word* a, const NttTable& table) noexcept {
  const std::size_t n = std::size_t{1} << table.log_degree;
  const Word p = table.modulus.p;
  std::size_t blocks = 1;
  if (table.log_degree % 2 != 0) forward_stage(a, 1, n / 2, table.forward, p), blocks = 2;
  for (; blocks < n; blocks *= 4) forward_pair(a, blocks, n / blocks / 4, table.forward, p);
  transpose_blocks(a, n);
}

void forward(Word* a, const NttTable& table) noexcept {
  forward_lazy(a, table);
  const std::size_t n = std::size_t{1} << table.log_degree;
  for (std::size_t i = 0; i < n; ++i) a[i] = canonical(a[i], table.modulus);
}

void inverse(Word* a, const NttTable& table) noexcept {
  const std::size_t n = std::size_t{1} << table.log_degree;
  const Word p = table.modulus.p;
  transpose_blocks(a, n);
  std::size_t half = 1;
  if (table.log_degree % 2 != 0) inverse_stage(a, n / 2, table.inverse, p), half = 2;
  for (; half < n / 4; half *= 4) {
    for (std::size_t b = 0; b < n / (4 * half); ++b) {
      const std::size_t outer = n / (4 * half) + b;
      inverse_pair(a + 4 * b * half, half, table.inverse[2 * outer], table.inverse[2 * outer + 1], table.inverse[outer], p);
    }
  }
  inverse_pair(a, half, table.inverse[2], table.inverse[3], table.last, p);
  for (std::size_t i = 0; i < n / 2; ++i) a[i] = correct(times(a[i], table.degree_inverse, p), p);
  for (std::size_t i = n / 2; i < n; ++i) a[i] = correct(a[i], p);
}

}  // namespace heflow::ring::portable
