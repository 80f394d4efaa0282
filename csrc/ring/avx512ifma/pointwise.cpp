// Residue by residue: sums, products, sums of products, changes of modulus and of representation.
#include "backend.hpp"
#include "vector.hpp"

namespace heflow::ring::avx512ifma {
namespace {

// `Count` terms, if not 0, are two or three: each adds at most p - 2 to the Montgomery quotient, which stays below 4p. Of more,
// as many at once as keep it below 2^52.
template <std::size_t Count>
void inner_products_of(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                       std::size_t given, std::size_t n, const Modulus& m) {
  const Constants c = constants(m);
  const std::size_t count = Count > 0 ? Count : given, room = Count > 0 ? Count : (Word{1} << kRadix) / m.p - 2;
  const Word *x[Count > 0 ? Count : kMaxPrimes], *y0[Count > 0 ? Count : kMaxPrimes], *y1[Count > 0 ? Count : kMaxPrimes];
  for (std::size_t k = 0; k < count; ++k) x[k] = digits[k], y0[k] = keys0[k], y1[k] = keys1[k];
  for (std::size_t i = 0; i < n; i += kLanes) {
    Vec total0 = zero(), total1 = zero();
    for (std::size_t first = 0; first < count; first += room) {
      const std::size_t last = first + room < count ? first + room : count;
      Vec low0 = zero(), high0 = zero(), low1 = zero(), high1 = zero();
      for (std::size_t k = first; k < last; ++k) {
        const Vec d = load(x[k] + i), k0 = load(y0[k] + i), k1 = load(y1[k] + i);
        _mm_prefetch(reinterpret_cast<const char*>(y0[k] + i + 64), _MM_HINT_T0);
        _mm_prefetch(reinterpret_cast<const char*>(y1[k] + i + 64), _MM_HINT_T0);
        low0 = _mm512_madd52lo_epu64(low0, d, k0), high0 = _mm512_madd52hi_epu64(high0, d, k0);
        low1 = _mm512_madd52lo_epu64(low1, d, k1), high1 = _mm512_madd52hi_epu64(high1, d, k1);
      }
      const Vec q0 = montgomery(low0, high0, c), q1 = montgomery(low1, high1, c);
      if (Count > 0) {
        total0 = correct(correct(q0, c.twice), c.p), total1 = correct(correct(q1, c.twice), c.p);
      } else {
        total0 = sum(total0, canonical(q0, c), c), total1 = sum(total1, canonical(q1, c), c);
      }
    }
    store(r0 + i, total0), store(r1 + i, total1);
  }
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
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, difference(zero(), load(a + i), c));
}

void reduce(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, canonical(load(a + i), c));
}

void prepare(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Vec square = broadcast(m.square);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, product(load(a + i), square, c));
}

void multiply(Word* r, const Word* a, const Word* prepared, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, product(load(a + i), load(prepared + i), c));
}

void multiply_add(Word* r, const Word* a, const Word* prepared, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(r + i, sum(product(load(a + i), load(prepared + i), c), load(addend + i), c));
}

void scale(Word* r, const Word* a, const Factor& w, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Factors factors = broadcast(w);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, correct(times(load(a + i), factors, c), c.p));
}

void scale_add(Word* r, const Word* a, const Factor& w, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Factors factors = broadcast(w);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(r + i, sum(correct(times(load(a + i), factors, c), c.p), load(addend + i), c));
}

void difference_scale(Word* r, const Word* a, const Word* b, const Factor& w, const Word* addend, std::size_t n,
                      const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Factors factors = broadcast(w);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec d = plus(minus(load(a + i), load(b + i)), c.p);  // below 2p
    Vec x = correct(times(d, factors, c), c.p);
    if (addend != nullptr) x = sum(x, load(addend + i), c);
    store(r + i, x);
  }
}

void tensor(Word* d0, Word* d1, Word* d2, const Word* x0, const Word* x1, const Word* y0, const Word* y1, std::size_t n,
            const Modulus& m) noexcept {
  const Constants c = constants(m);
  const Vec square = broadcast(m.square);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec a0 = load(x0 + i), a1 = load(x1 + i);
    const Vec b0 = product(load(y0 + i), square, c), b1 = product(load(y1 + i), square, c);
    const Vec low = _mm512_madd52lo_epu64(_mm512_madd52lo_epu64(zero(), a0, b1), a1, b0);
    const Vec high = _mm512_madd52hi_epu64(_mm512_madd52hi_epu64(zero(), a0, b1), a1, b0);
    store(d0 + i, product(a0, b0, c));
    store(d2 + i, product(a1, b1, c));
    store(d1 + i, correct(correct(montgomery(low, high, c), c.twice), c.p));  // below 3p + 2^12
  }
}

void inner_products(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                    std::size_t count, std::size_t n, const Modulus& m) noexcept {
  if (count == 2) return inner_products_of<2>(r0, r1, digits, keys0, keys1, count, n, m);
  if (count == 3) return inner_products_of<3>(r0, r1, digits, keys0, keys1, count, n, m);
  inner_products_of<0>(r0, r1, digits, keys0, keys1, count, n, m);
}

void switch_modulus(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept {
  const Constants c = constants(to);
  const Vec shift = broadcast(from.p / 2 % to.p);
  const Centred centred(from);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, difference(canonical(centred(load(a + i)), c), shift, c));
}

void from_int8(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept {
  const Vec p = broadcast(m.p);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec x = load_int8(a + i);
    store(r + i, _mm512_mask_add_epi64(x, _mm512_movepi64_mask(x), x, p));
  }
}

void from_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const SignedReducer reducer(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, correct(reducer(_mm512_load_pd(a + i)), reducer.c.p));
}

void from_wide_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const SignedReducer reducer(m);
  for (std::size_t i = 0; i < n; i += kLanes) store(r + i, correct(reducer.wide(_mm512_load_pd(a + i)), reducer.c.p));
}

void to_doubles(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  const Vec p = broadcast(m.p), half = broadcast(m.p / 2);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Vec x = load(a + i);
    _mm512_store_pd(r + i, _mm512_cvtepi64_pd(_mm512_mask_sub_epi64(x, _mm512_cmpgt_epu64_mask(x, half), x, p)));
  }
}

// Blocks of 64 come from blocks of 64: with rows of eight counted in reversed order, row h from rows h g + q, where q and the
// lane it comes from depend on the lane only (docs/maths/ntt.md).
void permute(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept {
  constexpr std::size_t kRow[kLanes] = {0, 32, 16, 48, 8, 40, 24, 56};  // of h
  const auto turn_of = [&](std::size_t at) { return kRow[positions[at] / 8 % 8] / 8; };
  const std::size_t g = (turn_of(kRow[1]) - turn_of(0)) % 8;
  for (std::size_t block = 0; block < n; block += 64) {
    const Vec first = _mm512_cvtepu32_epi64(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(positions + block)));
    const Word* from = a + positions[block] / 64 * 64;
    Vec x[kLanes], y[kLanes];
    HEFLOW_UNROLL
    for (std::size_t h = 0; h < kLanes; ++h) x[h] = _mm512_permutexvar_epi64(first, load(from + kRow[h]));
    // By q rows, bit after bit: those of the row in a position, reversed.
    const __mmask8 one = _mm512_test_epi64_mask(first, broadcast(32)), two = _mm512_test_epi64_mask(first, broadcast(16)),
                   four = _mm512_test_epi64_mask(first, broadcast(8));
    HEFLOW_UNROLL
    for (std::size_t h = 0; h < kLanes; ++h) y[h] = _mm512_mask_blend_epi64(one, x[h], x[(h + 1) % 8]);
    HEFLOW_UNROLL
    for (std::size_t h = 0; h < kLanes; ++h) x[h] = _mm512_mask_blend_epi64(two, y[h], y[(h + 2) % 8]);
    HEFLOW_UNROLL
    for (std::size_t h = 0; h < kLanes; ++h)  // g g = 1 modulo 8
      store(r + block + kRow[h * g % 8], _mm512_mask_blend_epi64(four, x[h], x[(h + 4) % 8]));
  }
}

}  // namespace heflow::ring::avx512ifma
