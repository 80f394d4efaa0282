// The complex transform behind the embedding: the tree of square roots of i, real and imaginary parts apart.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::ring::avx512ifma {
namespace {

struct Complex {
  Reals real, imaginary;
};

// (x, y) -> (x + w y, x - w y), or back: (x + y, conj(w) (x - y))
template <bool Inverse>
HEFLOW_INLINE void butterfly(Complex& x, Complex& y, Reals wr, Reals wi) {
  if (!Inverse) {
    const Reals tr = _mm512_fmsub_pd(y.real, wr, _mm512_mul_pd(y.imaginary, wi));
    const Reals ti = _mm512_fmadd_pd(y.real, wi, _mm512_mul_pd(y.imaginary, wr));
    y = {_mm512_sub_pd(x.real, tr), _mm512_sub_pd(x.imaginary, ti)};
    x = {_mm512_add_pd(x.real, tr), _mm512_add_pd(x.imaginary, ti)};
  } else {
    const Reals dr = _mm512_sub_pd(x.real, y.real), di = _mm512_sub_pd(x.imaginary, y.imaginary);
    x = {_mm512_add_pd(x.real, y.real), _mm512_add_pd(x.imaginary, y.imaginary)};
    y = {_mm512_fmadd_pd(dr, wr, _mm512_mul_pd(di, wi)), _mm512_fmsub_pd(di, wr, _mm512_mul_pd(dr, wi))};
  }
}

// Where the roots of a stage with `groups` blocks come from: the tree, the same for all lanes, ...
struct TreeRoots {
  const FftTable& table;
  std::size_t node;
  __attribute__((always_inline)) Complex operator()(int groups, int g) const {
    const std::size_t k = static_cast<std::size_t>(groups) * node + static_cast<std::size_t>(g);
    return {_mm512_set1_pd(table.real[k]), _mm512_set1_pd(table.imaginary[k])};
  }
};

// ... or the tail, one a lane.
struct TailRoots {
  const double* tail;
  __attribute__((always_inline)) Complex operator()(int groups, int g) const {
    const double* w = tail + 16 * (groups - 1 + g);
    return {_mm512_load_pd(w), _mm512_load_pd(w + 8)};
  }
};

// From 1 to Rows / 2 groups, or back.
template <int Groups, int Rows, bool Inverse, class Roots>
HEFLOW_INLINE void stages(Complex* v, const Roots& roots) {
  if constexpr (Groups >= 1 && Groups < Rows) {
    constexpr int kHalf = Rows / (2 * Groups);
    HEFLOW_UNROLL
    for (int g = 0; g < Groups; ++g) {
      const Complex w = roots(Groups, g);
      HEFLOW_UNROLL
      for (int i = 0; i < kHalf; ++i)
        butterfly<Inverse>(v[g * 2 * kHalf + i], v[g * 2 * kHalf + i + kHalf], w.real, w.imaginary);
    }
    stages<(Inverse ? Groups / 2 : Groups * 2), Rows, Inverse>(v, roots);
  }
}

template <int Rows, bool Inverse>
void pass(double* real, double* imaginary, std::size_t length, const FftTable& table, std::size_t node) {
  const std::size_t stride = length / Rows;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Complex v[Rows];
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) v[r] = {_mm512_load_pd(real + r * stride + j), _mm512_load_pd(imaginary + r * stride + j)};
    stages<(Inverse ? Rows / 2 : 1), Rows, Inverse>(v, TreeRoots{table, node});
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) {
      _mm512_store_pd(real + r * stride + j, v[r].real);
      _mm512_store_pd(imaginary + r * stride + j, v[r].imaginary);
    }
  }
}

HEFLOW_INLINE void transpose_reals(Reals* r) {
  Vec v[8];
  HEFLOW_UNROLL
  for (int i = 0; i < 8; ++i) v[i] = _mm512_castpd_si512(r[i]);
  transpose(v);
  HEFLOW_UNROLL
  for (int i = 0; i < 8; ++i) r[i] = _mm512_castsi512_pd(v[i]);
}

// Three stages of 64 numbers in one visit.
template <bool Inverse>
void tail(double* real, double* imaginary, const double* roots) {
  Reals a[8], b[8];
  HEFLOW_UNROLL
  for (int r = 0; r < 8; ++r) a[r] = _mm512_load_pd(real + 8 * r), b[r] = _mm512_load_pd(imaginary + 8 * r);
  if (!Inverse) transpose_reals(a), transpose_reals(b);
  Complex v[8];
  HEFLOW_UNROLL
  for (int r = 0; r < 8; ++r) v[r] = {a[r], b[r]};
  stages<(Inverse ? 4 : 1), 8, Inverse>(v, TailRoots{roots});
  HEFLOW_UNROLL
  for (int r = 0; r < 8; ++r) a[r] = v[r].real, b[r] = v[r].imaginary;
  if (Inverse) transpose_reals(a), transpose_reals(b);
  HEFLOW_UNROLL
  for (int r = 0; r < 8; ++r) _mm512_store_pd(real + 8 * r, a[r]), _mm512_store_pd(imaginary + 8 * r, b[r]);
}

template <bool Inverse>
void tails(double* real, double* imaginary, const FftTable& table) {
  const std::size_t size = std::size_t{1} << (table.log_degree - 1);
  for (std::size_t b = 0; b < size / 64; ++b) tail<Inverse>(real + 64 * b, imaginary + 64 * b, table.tail + 7 * 16 * b);
}

template <int Rows, bool Inverse>
void level(double* real, double* imaginary, std::size_t length, const FftTable& table) {
  const std::size_t blocks = (std::size_t{1} << (table.log_degree - 1)) / length;
  for (std::size_t i = 0; i < blocks; ++i)
    pass<Rows, Inverse>(real + i * length, imaginary + i * length, length, table, blocks + i);
}

// The stages above the tail: radix 8 from the bottom up, the rest at the top.
struct Plan {
  unsigned eights, first;  // first: stages of the top pass, 0..2
};

HEFLOW_INLINE Plan plan(const FftTable& table) {
  const unsigned stages = table.log_degree - 1 - 3;
  return {stages / 3, stages % 3};
}

}  // namespace

void fft_forward(double* real, double* imaginary, const FftTable& table) noexcept {
  std::size_t length = std::size_t{1} << (table.log_degree - 1);
  const Plan p = plan(table);
  if (p.first == 1) level<2, false>(real, imaginary, length, table);
  if (p.first == 2) level<4, false>(real, imaginary, length, table);
  length >>= p.first;
  for (unsigned i = 0; i < p.eights; ++i, length /= 8) level<8, false>(real, imaginary, length, table);
  tails<false>(real, imaginary, table);
}

void fft_inverse(double* real, double* imaginary, const FftTable& table) noexcept {
  tails<true>(real, imaginary, table);
  const Plan p = plan(table);
  std::size_t length = 64;
  for (unsigned i = 0; i < p.eights; ++i, length *= 8) level<8, true>(real, imaginary, length, table);
  length = std::size_t{1} << (table.log_degree - 1);
  if (p.first == 1) level<2, true>(real, imaginary, length, table);
  if (p.first == 2) level<4, true>(real, imaginary, length, table);
}

}  // namespace heflow::ring::avx512ifma
