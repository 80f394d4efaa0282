#include "../../base/bytes.hpp"
#include "../kernels.hpp"

namespace heflow::ckks {
namespace {

using Word = std::uint64_t;

constexpr double kTwo52 = 0x1p52;  // adding it rounds numbers below 2^51 to integers, ties to even
constexpr Word kTwo52Bits = 0x4330000000000000;

Word mask_of(unsigned bits) { return (Word{1} << bits) - 1; }

template <class Real>
void quantise(Word* words, const Real* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  Word beyond = 0, bad = 0;
  for (std::size_t i = 0; i < n; ++i) words[i] = 0;
  for (unsigned field = 0; field < fields.count; ++field) {
    const unsigned shift = fields.shift + field * fields.bits;
    const Real* from = x + field * n;
    for (std::size_t i = 0; i < n; ++i) {
      const double v = static_cast<double>(from[i]);
      bad += !(v - v == 0);
      beyond += (v > how.clip) | (v < -how.clip);
      double c = v < how.clip ? v : how.clip;  // NaN: clip
      c = c > -how.clip ? c : -how.clip;
      const double rounded = (c + how.clip) * how.scale + kTwo52;
      Word bits;
      __builtin_memcpy(&bits, &rounded, sizeof bits);
      words[i] |= (bits ^ kTwo52Bits) << shift;
    }
  }
  counts->clipped += beyond, counts->invalid += bad;
}

void quantise_float(Word* words, const float* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise(words, x, n, fields, how, counts);
}

void quantise_double(Word* words, const double* x, std::size_t n, const Fields& fields, const Quantiser& how, Counts* counts) {
  quantise(words, x, n, fields, how, counts);
}

template <class Real>
double restore(Real* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  const Word mask = mask_of(fields.bits);
  double largest = 0;
  for (unsigned field = 0; field < fields.count; ++field) {
    const unsigned shift = fields.shift + field * fields.bits;
    Real* to = out + field * n;
    for (std::size_t i = 0; i < n; ++i) {
      const Word bits = (words[i] >> shift & mask) | kTwo52Bits;
      double value;
      __builtin_memcpy(&value, &bits, sizeof value);
      value -= kTwo52;
      largest = largest > value ? largest : value;
      const double scaled = value * scale;
      to[i] = static_cast<Real>(scaled + offset);
    }
  }
  return largest;
}

double restore_float(float* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

double restore_double(double* out, const Word* words, std::size_t n, const Fields& fields, double scale, double offset) {
  return restore(out, words, n, fields, scale, offset);
}

inline Word correct(Word x, Word q) {
  const Word d = x - q;
  return d + (q & (0 - (d >> 63)));
}

void round_difference(Word* r, const Word* a, const Word* b, const std::int8_t* small, std::size_t n, Word q, unsigned drop) {
  const Word half = drop == 0 ? 0 : Word{1} << (drop - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const Word x = a[i] - b[i] + 2 * q + static_cast<Word>(static_cast<std::int64_t>(small[i]));
    r[i] = (correct(correct(correct(x, q), q), q) + half) >> drop;
  }
}

// Eight values are `width` bytes: the bits that a byte shares with the next value are carried along.
void pack(std::uint8_t* out, const Word* values, std::size_t n, unsigned width) {
  const std::size_t bytes = n / 8 * width;
  Word carry = 0;
  unsigned held = 0;  // bits of it, below 8
  std::size_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const Word current = carry | values[i] << held;
    const unsigned whole = (held + width) / 8;
    if (at + 8 <= bytes) {
      store64_le(out + at, current);
    } else {
      for (unsigned k = 0; k < whole; ++k) out[at + k] = static_cast<std::uint8_t>(current >> (8 * k));
    }
    at += whole;
    carry = whole == 8 ? 0 : current >> (8 * whole);
    held = (held + width) % 8;
  }
}

Word unpack_add(Word* total, const std::uint8_t* bits, std::size_t n, unsigned width, Word weight) {
  const Word mask = mask_of(width);
  const std::size_t bytes = n / 8 * width;
  Word largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t bit = i * width, at = bit / 8;
    Word word = 0;
    if (at + 8 <= bytes) {
      word = load64_le(bits + at);
    } else {
      for (std::size_t k = at; k < bytes; ++k) word |= Word{bits[k]} << (8 * (k - at));
    }
    const Word x = word >> (bit % 8) & mask;
    largest = x > largest ? x : largest;
    total[i] += weight * x;
  }
  return largest;
}

void add_multiple(Word* total, const Word* x, std::size_t n, Word weight) {
  if (weight == 1) {
    for (std::size_t i = 0; i < n; ++i) total[i] += x[i];
  } else {
    for (std::size_t i = 0; i < n; ++i) total[i] += weight * x[i];
  }
}

}  // namespace

const SumKernels kPortableSumKernels = {"portable",        &quantise_float, &quantise_double, &restore_float, &restore_double,
                                        &round_difference, &pack,           &unpack_add,      &add_multiple};

}  // namespace heflow::ckks
