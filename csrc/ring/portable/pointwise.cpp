// Residue by residue: sums, products, sums of products, changes of modulus and of representation.
#include "arithmetic.hpp"
#include "backend.hpp"

namespace heflow::ring::portable {
namespace {

constexpr double kMagic = 0x1.8p52;  // adding and subtracting it rounds to the nearest integer, ties to even
constexpr Word kMagicBits = 0x4338000000000000;

// A multiple of p that makes integers above -2^50 positive.
inline Word lift(const Modulus& m) { return ((Word{1} << 50) + m.p - 1) / m.p * m.p; }

inline Word word(double integral) { return static_cast<Word>(static_cast<std::int64_t>(integral)); }

// x mod p without preparation, x < 2 p^2, by Barrett; `quotient` = floor(2^(56 + bits) / p). What both floors leave
// off is less than p / 16.
inline Word barrett(Wide x, Word quotient, const Modulus& m) {
  const Word q = high_product(static_cast<Word>(x >> (m.bits - 8)), quotient);
  return correct(static_cast<Word>(x) - q * m.p, m.p);
}

inline Word sum(Word a, Word b, Word p) { return correct(a + b, p); }

}  // namespace

void add(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = sum(a[i], b[i], m.p);
}

void subtract(Word* r, const Word* a, const Word* b, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = difference(a[i], b[i], m.p);
}

void negate(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = difference(0, a[i], m.p);
}

void reduce(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = canonical(a[i], m);
}

void prepare(Word* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = product(a[i], m.square, m);
}

void multiply(Word* r, const Word* a, const Word* prepared, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = product(a[i], prepared[i], m);
}

void multiply_add(Word* r, const Word* a, const Word* prepared, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = sum(product(a[i], prepared[i], m), addend[i], m.p);
}

void scale(Word* r, const Word* a, const Factor& w, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = correct(times(a[i], w, m.p), m.p);
}

void scale_add(Word* r, const Word* a, const Factor& w, const Word* addend, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = sum(correct(times(a[i], w, m.p), m.p), addend[i], m.p);
}

void difference_scale(Word* r, const Word* a, const Word* b, const Factor& w, const Word* addend, std::size_t n,
                      const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const Word x = correct(times(a[i] - b[i] + m.p, w, m.p), m.p);
    r[i] = addend == nullptr ? x : sum(x, addend[i], m.p);
  }
}

void tensor(Word* d0, Word* d1, Word* d2, const Word* x0, const Word* x1, const Word* y0, const Word* y1, std::size_t n,
            const Modulus& m) noexcept {
  const auto quotient = static_cast<Word>((Wide{1} << (56 + m.bits)) / m.p);
  for (std::size_t i = 0; i < n; ++i) {
    const Word a0 = x0[i], a1 = x1[i], b0 = y0[i], b1 = y1[i];
    d0[i] = barrett(static_cast<Wide>(a0) * b0, quotient, m);
    d1[i] = barrett(static_cast<Wide>(a0) * b1 + static_cast<Wide>(a1) * b0, quotient, m);
    d2[i] = barrett(static_cast<Wide>(a1) * b1, quotient, m);
  }
}

void inner_products(Word* r0, Word* r1, const Word* const* digits, const Word* const* keys0, const Word* const* keys1,
                    std::size_t count, std::size_t n, const Modulus& m) noexcept {
  // Lazy digits are at most 66p: 64 products with prepared keys stay below 2^64 p.
  for (std::size_t i = 0; i < n; ++i) {
    Wide sum0 = 0, sum1 = 0;
    for (std::size_t k = 0; k < count; ++k) {
      sum0 += static_cast<Wide>(digits[k][i]) * keys0[k][i];
      sum1 += static_cast<Wide>(digits[k][i]) * keys1[k][i];
    }
    r0[i] = montgomery(sum0, m), r1[i] = montgomery(sum1, m);
  }
}

void switch_modulus(Word* r, const Word* a, std::size_t n, const Modulus& from, const Modulus& to) noexcept {
  const Word half = from.p / 2, shift = half % to.p;
  for (std::size_t i = 0; i < n; ++i) r[i] = difference(canonical(correct(a[i] + half, from.p), to), shift, to.p);
}

void from_int8(Word* r, const std::int8_t* a, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const auto x = static_cast<Word>(static_cast<std::int64_t>(a[i]));
    r[i] = x + (m.p & (0 - (x >> 63)));
  }
}

void from_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const auto p = static_cast<double>(m.p);
  const double inverse = 1 / p;
  for (std::size_t i = 0; i < n; ++i) {
    // All integers below 2^52, hence exact; the quotient may be off by one, so |remainder| <= p.
    const double quotient = a[i] * inverse + kMagic - kMagic, biased = a[i] - quotient * p + kMagic;
    Word bits;
    __builtin_memcpy(&bits, &biased, sizeof bits);
    r[i] = correct(difference(bits, kMagicBits, m.p), m.p);
  }
}

void from_wide_doubles(Word* r, const double* a, std::size_t n, const Modulus& m) noexcept {
  const Word w = (Word{1} << 48) % m.p, lifted = lift(m);
  const Factor shift = {w, static_cast<Word>((static_cast<Wide>(w) << 64) / m.p)};
  for (std::size_t i = 0; i < n; ++i) {
    const double high = a[i] * 0x1p-48 + kMagic - kMagic, low = a[i] - high * 0x1p48;  // both exact
    r[i] = canonical(times(word(high) + lifted, shift, m.p) + word(low) + lifted, m);
  }
}

void to_doubles(double* r, const Word* a, std::size_t n, const Modulus& m) noexcept {
  for (std::size_t i = 0; i < n; ++i) {
    const Word above = 0 - ((m.p / 2 - a[i]) >> 63);
    r[i] = static_cast<double>(static_cast<std::int64_t>(a[i] - (m.p & above)));
  }
}

void permute(Word* r, const Word* a, const std::uint32_t* positions, std::size_t n) noexcept {
  for (std::size_t i = 0; i < n; ++i) r[i] = a[positions[i]];
}

}  // namespace heflow::ring::portable
