// The complex transform behind the embedding: the tree of square roots of i, real and imaginary parts apart. Products
// and sums round one by one, as in `portable`: the results have the same bits.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::ring::avx2 {
namespace {

constexpr std::size_t kBlock = 64, kTail = 7 * 16;

struct Complex {
  Reals real, imaginary;
};

// (x, y) -> (x + w y, x - w y), or back: (x + y, conj(w) (x - y))
template <bool Inverse>
HEFLOW_INLINE void butterfly(Complex& x, Complex& y, Reals wr, Reals wi) {
  if (!Inverse) {
    const Reals tr = minus(_mm256_mul_pd(y.real, wr), _mm256_mul_pd(y.imaginary, wi));
    const Reals ti = plus(_mm256_mul_pd(y.real, wi), _mm256_mul_pd(y.imaginary, wr));
    y = {minus(x.real, tr), minus(x.imaginary, ti)};
    x = {plus(x.real, tr), plus(x.imaginary, ti)};
  } else {
    const Reals dr = minus(x.real, y.real), di = minus(x.imaginary, y.imaginary);
    x = {plus(x.real, y.real), plus(x.imaginary, y.imaginary)};
    y = {plus(_mm256_mul_pd(dr, wr), _mm256_mul_pd(di, wi)), minus(_mm256_mul_pd(di, wr), _mm256_mul_pd(dr, wi))};
  }
}

// Where the roots of a stage with `groups` blocks come from: the tree, the same for all lanes, ...
struct TreeRoots {
  const FftTable& table;
  std::size_t node;
  __attribute__((always_inline)) Complex operator()(int groups, int g) const {
    const std::size_t k = static_cast<std::size_t>(groups) * node + static_cast<std::size_t>(g);
    return {_mm256_set1_pd(table.real[k]), _mm256_set1_pd(table.imaginary[k])};
  }
};

// ... or the tail, one a lane.
struct TailRoots {
  const double* tail;
  __attribute__((always_inline)) Complex operator()(int groups, int g) const {
    const double* w = tail + 16 * (groups - 1 + g);
    return {_mm256_load_pd(w), _mm256_load_pd(w + 8)};
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

template <int Rows, bool Inverse, class Roots>
HEFLOW_INLINE void all_stages(Complex* v, const Roots& roots) {
  stages<(Inverse ? Rows / 2 : 1), Rows, Inverse>(v, roots);
}

template <int Rows, bool Inverse>
void pass(double* real, double* imaginary, std::size_t length, const FftTable& table, std::size_t node) {
  const std::size_t stride = length / Rows;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Complex v[Rows];
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const std::size_t at = static_cast<std::size_t>(r) * stride + j;
      v[r] = {_mm256_load_pd(real + at), _mm256_load_pd(imaginary + at)};
    }
    all_stages<Rows, Inverse>(v, TreeRoots{table, node});
    HEFLOW_UNROLL
    for (int r = 0; r < Rows; ++r) {
      const std::size_t at = static_cast<std::size_t>(r) * stride + j;
      _mm256_store_pd(real + at, v[r].real), _mm256_store_pd(imaginary + at, v[r].imaginary);
    }
  }
}

// Eight rows of eight, left and right halves of each: loaded and stored.
struct Rows {
  double* real;
  double* imaginary;
  __attribute__((always_inline)) void load(Complex* v, int half) const {
    HEFLOW_UNROLL
    for (int r = 0; r < 8; ++r) v[r] = {_mm256_load_pd(real + 8 * r + 4 * half), _mm256_load_pd(imaginary + 8 * r + 4 * half)};
  }
  __attribute__((always_inline)) void store(const Complex* v, int half) const {
    HEFLOW_UNROLL
    for (int r = 0; r < 8; ++r) {
      _mm256_store_pd(real + 8 * r + 4 * half, v[r].real);
      _mm256_store_pd(imaginary + 8 * r + 4 * half, v[r].imaginary);
    }
  }
  // Halves of columns become rows.
  __attribute__((always_inline)) void store_transposed(const Complex* v, int half) const {
    Reals a[8], b[8];
    HEFLOW_UNROLL
    for (int r = 0; r < 8; ++r) a[r] = v[r].real, b[r] = v[r].imaginary;
    transpose(a), transpose(a + 4), transpose(b), transpose(b + 4);
    HEFLOW_UNROLL
    for (int r = 0; r < 4; ++r) {
      const int at = 8 * (4 * half + r);
      _mm256_store_pd(real + at, a[r]), _mm256_store_pd(real + at + 4, a[4 + r]);
      _mm256_store_pd(imaginary + at, b[r]), _mm256_store_pd(imaginary + at + 4, b[4 + r]);
    }
  }
};

// Six stages of 64 numbers: three across rows of eight and three along them, transposed.
template <bool Inverse>
void block(double* real, double* imaginary, const FftTable& table, std::size_t node) {
  alignas(32) double reals[kBlock], imaginaries[kBlock];
  const Rows numbers{real, imaginary}, turned{reals, imaginaries};
  const TreeRoots tree{table, node};
  const double* tail = table.tail + (node - (std::size_t{1} << (table.log_degree - 1)) / kBlock) * kTail;
  for (int half = 0; half < 2; ++half) {
    Complex v[8];
    numbers.load(v, half);
    if constexpr (Inverse) {
      all_stages<8, true>(v, TailRoots{tail + 4 * half});
    } else {
      all_stages<8, false>(v, tree);
    }
    turned.store_transposed(v, half);
  }
  for (int half = 0; half < 2; ++half) {
    Complex v[8];
    turned.load(v, half);
    if constexpr (Inverse) {
      all_stages<8, true>(v, tree);
    } else {
      all_stages<8, false>(v, TailRoots{tail + 4 * half});
    }
    numbers.store(v, half);
  }
}

// The sub-tree of `length` numbers below a node, as in the transform modulo p.
template <bool Inverse>
void tree(double* real, double* imaginary, std::size_t length, const FftTable& table, std::size_t node) {
  if (length == kBlock) return block<Inverse>(real, imaginary, table, node);
  const bool eight = static_cast<unsigned>(__builtin_ctzll(length / kBlock)) % 3 == 0;
  const std::size_t rows = eight ? 8 : 4, part = length / rows;
  if (!Inverse)
    eight ? pass<8, false>(real, imaginary, length, table, node) : pass<4, false>(real, imaginary, length, table, node);
  for (std::size_t i = 0; i < rows; ++i) tree<Inverse>(real + i * part, imaginary + i * part, part, table, rows * node + i);
  if (Inverse)
    eight ? pass<8, true>(real, imaginary, length, table, node) : pass<4, true>(real, imaginary, length, table, node);
}

}  // namespace

void fft_forward(double* real, double* imaginary, const FftTable& table) noexcept {
  tree<false>(real, imaginary, std::size_t{1} << (table.log_degree - 1), table, 1);
}

void fft_inverse(double* real, double* imaginary, const FftTable& table) noexcept {
  tree<true>(real, imaginary, std::size_t{1} << (table.log_degree - 1), table, 1);
}

}  // namespace heflow::ring::avx2
