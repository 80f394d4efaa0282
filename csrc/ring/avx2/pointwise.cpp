// Residue by residue: sums, products, sums of products, changes of modulus and of representation. Here R = 1: a
// prepared limb is the limb itself.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::ring::avx2 {
namespace {

HEFLOW_INLINE Vec correct(Vec x, const Constants& c) {
  const Vec d = minus(x, c.modulus);
  return where_negative(d, x, d);
}
HEFLOW_INLINE Vec sum(Vec a, Vec b, const Constants& c) { return correct(plus(a, b), c); }
HEFLOW_INLINE Vec positive(Vec x, const Constants& c) { return where_negative(x, plus(x, c.modulus), x); }
HEFLOW_INLINE Vec difference(Vec a, Vec b, const Constants& c) { return positive(minus(a, b), c); }

// The exact sum of up to four products below 2^101, none negative: of a lazy and a canonical word each. Added to 2^103, a
// product is rounded to a multiple of 2^51; what that loses, at most 2^50, is exact too.
struct Products {
  static constexpr std::size_t kMost = 4;
  Reals upper = _mm256_set1_pd(0x1p103), lower = _mm256_setzero_pd();
  __attribute__((always_inline)) void add(Reals a, Reals b) {
    const Reals next = _mm256_fmadd_pd(a, b, upper);
    lower = plus(lower, _mm256_fmsub_pd(a, b, minus(next, upper)));
    upper = next;
  }
  // Modulo p, below 2^53 - p in size: the quotient, below 2^103 / p, is off by 2^-52 of itself, and 1/2.
  __attribute__((always_inline)) Reals total(const Constants& c) const {
    const Reals x = minus(upper, _mm256_set1_pd(0x1p103));
    const Reals q = _mm256_round_pd(_mm256_mul_pd(x, c.inverse), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    return plus(_mm256_fnmadd_pd(q, c.p, x), lower);
  }
};

}  // namespace

void add(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, sum(load(a + i), load(b + i), c));
}

void subtract(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, difference(load(a + i), load(b + i), c));
}

void negate(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, difference(_mm256_setzero_si256(), load(a + i), c));
}

void reduce(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(reduce(load_reals(a + i, c), c), c));
}

void prepare(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept { reduce(r, a, n, m); }

void multiply(Word* r, const Word* a, const Word* prepared, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(product(a + i, prepared + i, c), c));
}

void multiply_add(Word* r, const Word* a, const Word* prepared, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(r + i, sum(to_words(product(a + i, prepared + i, c), c), load(addend + i), c));
}

void scale(Word* r, const Word* a, const Factor& w, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Root factor = broadcast(w, m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(times(load_reals(a + i, c), factor, c), c));
}

void scale_add(Word* r, const Word* a, const Factor& w, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Root factor = broadcast(w, m);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(r + i, sum(to_words(times(load_reals(a + i, c), factor, c), c), load(addend + i), c));
}

void difference_scale(Word* r, const Word* a, const Word* b, const Factor& w, const Word* addend, std::size_t n,
                      const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Root factor = broadcast(w, m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Reals d = minus(load_reals(a + i, c), load_reals(b + i, c));
    const Vec x = to_words(times(d, factor, c), c);
    store(r + i, addend == nullptr ? x : sum(x, load(addend + i), c));
  }
}

void tensor(Word* d0, Word* d1, Word* d2, const Word* x0, const Word* x1, const Word* y0, const Word* y1, std::size_t n,
            const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Reals a0 = load_reals(x0 + i, c), a1 = load_reals(x1 + i, c), b0 = load_reals(y0 + i, c), b1 = load_reals(y1 + i, c);
    const Reals cross = plus(product(a0, b1, c), product(a1, b0, c));
    store(d0 + i, to_words(product(a0, b0, c), c));
    store(d1 + i, to_words(reduce(cross, c), c));
    store(d2 + i, to_words(product(a1, b1, c), c));
  }
}

void inner_products(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                    std::size_t count, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    Reals sum0 = _mm256_setzero_pd(), sum1 = sum0;
    for (std::size_t first = 0; first < count; first += Products::kMost) {
      const std::size_t last = first + Products::kMost < count ? first + Products::kMost : count;
      Products products0, products1;
      for (std::size_t k = first; k < last; ++k) {
        const Reals d = load_reals(digits[k] + i, c);
        // Keys outgrow the caches, and are more streams than the processor foresees.
        _mm_prefetch(reinterpret_cast<const char*>(keys0[k] + i + 64), _MM_HINT_T0);
        _mm_prefetch(reinterpret_cast<const char*>(keys1[k] + i + 64), _MM_HINT_T0);
        products0.add(d, load_reals(keys0[k] + i, c)), products1.add(d, load_reals(keys1[k] + i, c));
      }
      sum0 = reduce(plus(sum0, products0.total(c)), c), sum1 = reduce(plus(sum1, products1.total(c)), c);
    }
    store(r0 + i, to_words(sum0, c)), store(r1 + i, to_words(sum1, c));
  }
}

void switch_modulus(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept {
  const Constants c = constants(to);
  const Balanced balanced(from);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(reduce(balanced(a + i), c), c));
}

void from_int8(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(load_int8(a + i), c));
}

void from_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(reduce(_mm256_load_pd(a + i), c), c));
}

void from_wide_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Wide wide(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(reduce(wide(_mm256_load_pd(a + i)), c), c));
}

void to_doubles(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Balanced balanced(m);
  for (std::size_t i = 0; i < n; i += kLanes) _mm256_store_pd(r + i, balanced(a + i));
}

void permute(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = a[positions[i]];
}

}  // namespace heflow::ring::avx2
