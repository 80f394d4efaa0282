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

// A lazy word times a canonical one, below p in size.
HEFLOW_INLINE Reals product(const Word* lazy, const Word* b, const Constants& c) {
  return product(reduce(load_reals(lazy, c), c), load_reals(b, c), c);
}

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
    for (std::size_t k = 0; k < count; ++k) {
      const Reals d = reduce(load_reals(digits[k] + i, c), c);
      sum0 = plus(sum0, product(d, load_reals(keys0[k] + i, c), c));
      sum1 = plus(sum1, product(d, load_reals(keys1[k] + i, c), c));
      if (k % 4 == 3) sum0 = reduce(sum0, c), sum1 = reduce(sum1, c);  // before 2^53: a term is below p
    }
    store(r0 + i, to_words(reduce(sum0, c), c)), store(r1 + i, to_words(reduce(sum1, c), c));
  }
}

void switch_modulus(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept {
  const Constants c = constants(to);
  const Vec p = broadcast(from.p), half = broadcast(from.p / 2);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec x = load(a + i), above = minus(half, x);
    // Either 2^52 or that and p is taken away again.
    const Reals shift =
        _mm256_castsi256_pd(where_negative(above, plus(p, _mm256_castpd_si256(c.unit)), _mm256_castpd_si256(c.unit)));
    const Reals balanced = minus(_mm256_castsi256_pd(_mm256_or_si256(x, _mm256_castpd_si256(c.unit))), shift);
    store(r + i, to_words(reduce(balanced, c), c));
  }
}

void from_int8(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) {
    std::int32_t four;
    __builtin_memcpy(&four, a + i, sizeof four);
    store(r + i, positive(_mm256_cvtepi8_epi64(_mm_cvtsi32_si128(four)), c));
  }
}

void from_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, to_words(reduce(_mm256_load_pd(a + i), c), c));
}

void from_wide_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Root factor = broadcast(Factor{(Word{1} << 48) % m.p, 0}, m);
  const Reals down = _mm256_set1_pd(0x1p-48), up = _mm256_set1_pd(0x1p48);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Reals x = _mm256_load_pd(a + i);
    const Reals high = minus(_mm256_fmadd_pd(x, down, c.centre), c.centre);
    const Reals low = _mm256_fnmadd_pd(high, up, x);  // exact
    store(r + i, to_words(reduce(plus(times(high, factor, c), low), c), c));
  }
}

void to_doubles(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Vec half = broadcast(m.p / 2);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec x = load(a + i);
    const Reals shift = _mm256_castsi256_pd(
        where_negative(minus(half, x), plus(c.modulus, _mm256_castpd_si256(c.unit)), _mm256_castpd_si256(c.unit)));
    _mm256_store_pd(r + i, minus(_mm256_castsi256_pd(_mm256_or_si256(x, _mm256_castpd_si256(c.unit))), shift));
  }
}

void permute(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = a[positions[i]];
}

}  // namespace heflow::ring::avx2
