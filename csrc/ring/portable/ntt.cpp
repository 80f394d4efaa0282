// The negacyclic transform, two stages in one visit. Words have 14 bits more than the primes, so that hardly
// anything is corrected on the way: `times` takes any word, and what is subtracted gets a multiple of p first.
#include "arithmetic.hpp"
#include "backend.hpp"

namespace heflow::ring::portable {
namespace {

// Two stages on the rows x, x + stride, ...; results are at most 8p above the largest argument.
inline void forward_four(Word* x, std::size_t stride, const Factor& w, const Factor& left, const Factor& right, Word p) {
  const Word x0 = x[0] + 4 * p, x1 = x[stride] + 2 * p;
  const Word t2 = times(x[2 * stride], w, p), t3 = times(x[3 * stride], w, p);
  const Word y0 = x0 + t2, y1 = x1 + t3, y2 = x0 - t2, y3 = x1 - t3;
  const Word u1 = times(y1, left, p), u3 = times(y3, right, p);
  x[0] = y0 + u1, x[stride] = y0 - u1, x[2 * stride] = y2 + u3, x[3 * stride] = y2 - u3;
}

void forward_first(Word* a, std::size_t half, const Factor& w, Word p) {
  for (std::size_t j = 0; j < half; ++j) {
    const Word t = times(a[half + j], w, p), u = a[j];
    a[j] = u + t;
    a[half + j] = u + 2 * p - t;
  }
}

void forward_pair(Word* a, std::size_t blocks, std::size_t quarter, const Factor* tree, Word p) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Factor w = tree[blocks + b], left = tree[2 * (blocks + b)], right = tree[2 * (blocks + b) + 1];
    Word* x = a + 4 * b * quarter;
    for (std::size_t j = 0; j < quarter; ++j) forward_four(x + j, quarter, w, left, right, p);
  }
}

// x mod p for x < 66p, without a correction: factor is 2^(64+k) / p rounded up, 2^k < p < 2^(k+1), so x factor / 2^(64+k)
// exceeds x / p by less than 66p / 2^(64+k) < 2^-56. A floor would change from 1/p > 2^-51 on.
struct Exact {
  explicit Exact(Word p) : p(p) {
    while (p >> (k + 1) != 0) ++k;
    factor = static_cast<Word>((static_cast<Wide>(1) << (64 + k)) / p) + 1;
  }
  Word residue(Word x) const { return x - (high_product(factor, x) >> k) * p; }

  Word p, factor;
  unsigned k = 0;
};

// The last two stages, and the last transposition: position 8 i + j of a block holds what belongs to 8 j + i.
template <bool lazy>
void forward_last(Word* a, std::size_t n, const Factor* tree, const Modulus m) {  // by value: `a` cannot alias it
  const Factor *w = tree + n / 4, *next = tree + n / 2;
  const Exact by(m.p);
  const auto result = [&by](Word x) { return lazy ? x : by.residue(x); };
  for (Word* end = a + n; a < end; a += 64) {
    for (std::size_t j = 0; j < 64; j += 4, ++w, next += 2) forward_four(a + j, 1, *w, next[0], next[1], m.p);
    for (std::size_t i = 0; i < 8; ++i) {
      a[9 * i] = result(a[9 * i]);
      for (std::size_t j = 0; j < i; ++j) {
        const Word t = result(a[8 * i + j]);
        a[8 * i + j] = result(a[8 * j + i]);
        a[8 * j + i] = t;
      }
    }
  }
}

// Arguments < 2p; lazy results < 66p < 2^57.
template <bool lazy>
inline void forward_transform(Word* a, const NttTable& table) {
  const std::size_t n = std::size_t{1} << table.log_degree;
  const Word p = table.modulus.p;
  std::size_t blocks = 1;
  if (table.log_degree % 2 != 0) forward_first(a, n / 2, table.forward[1], p), blocks = 2;
  for (; blocks < n / 4; blocks *= 4) forward_pair(a, blocks, n / blocks / 4, table.forward, p);
  forward_last<lazy>(a, n, table.forward, table.modulus);
}

struct Four {
  Word x0, x1, x2, x3;
};

// Two stages back; arguments are at most `bound`, a multiple of p. x0 <= 4 bound, x1 < 4p, x2 and x3 < 2p.
inline Four inverse_four(const Word* x, std::size_t stride, const Factor& left, const Factor& right, const Factor& top, Word p,
                         Word bound) {
  const Word x0 = x[0], x1 = x[stride], x2 = x[2 * stride], x3 = x[3 * stride];
  const Word u0 = x0 + x1, u2 = x2 + x3;
  const Word v1 = times(x0 + bound - x1, left, p), v3 = times(x2 + bound - x3, right, p);
  return {u0 + u2, v1 + v3, times(u0 + 2 * bound - u2, top, p), times(v1 + 2 * p - v3, top, p)};
}

template <bool reduced>
void inverse_pair(Word* a, std::size_t blocks, std::size_t quarter, const Factor* tree, const Modulus& m, Word bound) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Factor left = tree[2 * (blocks + b)], right = tree[2 * (blocks + b) + 1], top = tree[blocks + b];
    Word* x = a + 4 * b * quarter;
    for (std::size_t j = 0; j < quarter; ++j, ++x) {
      const Four y = inverse_four(x, quarter, left, right, top, m.p, bound);
      x[0] = reduced ? y.x0 - high_product(m.quotient, y.x0) * m.p : y.x0;
      x[quarter] = y.x1, x[2 * quarter] = y.x2, x[3 * quarter] = y.x3;
    }
  }
}

void inverse_first(Word* a, std::size_t blocks, const Factor* tree, Word p) {
  for (std::size_t b = 0; b < blocks; ++b) {
    const Word u = a[2 * b], v = a[2 * b + 1];
    a[2 * b] = u + v;
    a[2 * b + 1] = times(u + 2 * p - v, tree[blocks + b], p);
  }
}

// The last two stages back, with the division by N.
void inverse_last(Word* x, std::size_t quarter, const NttTable& table, Word bound) {
  const Word p = table.modulus.p;
  const Factor left = table.inverse[2], right = table.inverse[3], top = table.last, scale = table.degree_inverse;
  for (std::size_t j = 0; j < quarter; ++j, ++x) {
    const Four y = inverse_four(x, quarter, left, right, top, p, bound);
    x[0] = correct(times(y.x0, scale, p), p), x[quarter] = correct(times(y.x1, scale, p), p);
    x[2 * quarter] = correct(y.x2, p), x[3 * quarter] = correct(y.x3, p);
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

void forward(Word* a, const NttTable& table) noexcept { forward_transform<false>(a, table); }

void forward_lazy(Word* a, const NttTable& table) noexcept { forward_transform<true>(a, table); }

void inverse(Word* a, const NttTable& table) noexcept {
  constexpr Word kLargest = 1024;  // beyond it sums are reduced: eight times it, times p < 2^50, fits a word
  const std::size_t n = std::size_t{1} << table.log_degree;
  const Modulus& m = table.modulus;
  transpose_blocks(a, n);
  std::size_t quarter = 1;
  Word bound = 2;  // in p
  if (table.log_degree % 2 != 0) inverse_first(a, n / 2, table.inverse, m.p), quarter = 2, bound = 4;
  for (; quarter < n / 4; quarter *= 4) {
    const std::size_t blocks = n / (4 * quarter);
    if (bound < kLargest) {
      inverse_pair<false>(a, blocks, quarter, table.inverse, m, bound * m.p), bound *= 4;
    } else {
      inverse_pair<true>(a, blocks, quarter, table.inverse, m, bound * m.p), bound = 4;
    }
  }
  inverse_last(a, quarter, table, bound * m.p);
}

}  // namespace heflow::ring::portable
