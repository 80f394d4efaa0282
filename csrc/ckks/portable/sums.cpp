#include "../../base/bytes.hpp"
#include "../kernels.hpp"

namespace heflow::ckks {
namespace {

template <class Real>
void quantise(std::uint64_t* fields, const Real* x, std::size_t n, unsigned shift, const Quantiser& how, std::uint64_t* clipped,
              std::uint64_t* invalid) {
  constexpr double kRound = 0x1p52;  // adding it rounds numbers below 2^51 to integers, ties to even
  std::uint64_t beyond = 0, bad = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double v = static_cast<double>(x[i]);
    bad += !(v - v == 0);
    beyond += (v > how.clip) | (v < -how.clip);
    double c = v < how.clip ? v : how.clip;  // NaN: clip
    c = c > -how.clip ? c : -how.clip;
    const double rounded = (c + how.clip) * how.scale + kRound;
    std::uint64_t bits;
    __builtin_memcpy(&bits, &rounded, sizeof bits);
    fields[i] |= (bits & ((std::uint64_t{1} << 52) - 1)) << shift;
  }
  *clipped += beyond, *invalid += bad;
}

void quantise_float(std::uint64_t* fields, const float* x, std::size_t n, unsigned shift, const Quantiser& how,
                    std::uint64_t* clipped, std::uint64_t* invalid) {
  quantise(fields, x, n, shift, how, clipped, invalid);
}

void quantise_double(std::uint64_t* fields, const double* x, std::size_t n, unsigned shift, const Quantiser& how,
                     std::uint64_t* clipped, std::uint64_t* invalid) {
  quantise(fields, x, n, shift, how, clipped, invalid);
}

inline std::uint64_t correct(std::uint64_t x, std::uint64_t q) {
  const std::uint64_t d = x - q;
  return d + (q & (0 - (d >> 63)));
}

void round_sum(std::uint64_t* r, const std::uint64_t* a, const std::uint64_t* b, const std::int8_t* small, std::size_t n,
               std::uint64_t q, unsigned drop) {
  const std::uint64_t half = drop == 0 ? 0 : std::uint64_t{1} << (drop - 1);
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint64_t x = a[i] + b[i] + q + static_cast<std::uint64_t>(static_cast<std::int64_t>(small[i]));
    r[i] = (correct(correct(correct(x, q), q), q) + half) >> drop;
  }
}

std::uint64_t accumulate(std::uint64_t* total, const std::uint8_t* bits, std::size_t n, unsigned width, std::uint64_t weight) {
  const std::uint64_t mask = (std::uint64_t{1} << width) - 1;
  std::uint64_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t at = i * width;
    const std::uint64_t x = (load64_le(bits + at / 8) >> (at % 8)) & mask;
    largest = x > largest ? x : largest;
    total[i] += weight * x;
  }
  return largest;
}

}  // namespace

const SumKernels kPortableSumKernels = {"portable", &quantise_float, &quantise_double, &round_sum, &accumulate};

}  // namespace heflow::ckks
