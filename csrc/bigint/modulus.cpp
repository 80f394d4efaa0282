#include "modulus.hpp"

#include "../base/error.hpp"

namespace heflow::bigint {
namespace {

// -1/n modulo 2^radix_bits by Newton's iteration, which doubles the number of right bits.
Word negative_inverse(Word n, unsigned radix_bits) {
  Word inverse = n;  // right to 3 bits
  for (int i = 0; i < 5; ++i) inverse *= 2 - n * inverse;
  return (0 - inverse) & ((Word{1} << radix_bits) - 1);
}

unsigned limbs_for(std::size_t bits, const Kernels& kernels) {
  const std::size_t step = static_cast<std::size_t>(kernels.radix_bits) * kernels.limb_multiple;
  return static_cast<unsigned>((bits + kSlackBits + step - 1) / step) * kernels.limb_multiple;
}

void broadcast_limbs(Word* group, const Word* limbs, unsigned count, unsigned lanes) {
  for (unsigned i = 0; i < count; ++i) {
    for (unsigned l = 0; l < lanes; ++l) group[i * lanes + l] = limbs[i];
  }
}

}  // namespace

Modulus::Modulus(const Kernels& kernels, Natural n, Ring ring) : kernels_(kernels), n_(std::move(n)), bits_(bit_length(n_)) {
  if (bits_ < 2 || (n_[0] & 1) == 0) {
    throw Error(ErrorKind::parameter, "the modulus must be odd and at least 3");
  }
  n_.resize((bits_ + 63) / 64);
  const unsigned h = limbs_for(bits_, kernels);
  if (h >= kMaxLimbs) {
    throw Error(ErrorKind::parameter, "the modulus has " + std::to_string(bits_) + " bits; the limit is 8192");
  }
  n_limbs_ = Limbs(h);
  to_limbs(n_limbs_.data(), h, kernels.radix_bits, n_);
  view_.limbs = h;
  view_.n = n_limbs_.data();
  view_.negative_inverse = negative_inverse(n_[0], kernels.radix_bits);

  // The smallest multiple of n that is >= R is R + (-R mod n).
  Natural power(static_cast<std::size_t>(radix_power()) / 64 + 1, 0);
  power[static_cast<std::size_t>(radix_power()) / 64] = Word{1} << (radix_power() % 64);
  const Natural remainder = divide(power, n_).remainder;
  const Natural missing = is_zero(remainder) ? Natural(n_.size(), 0) : subtract(n_, remainder);
  Word carry = 0;
  for (std::size_t i = 0; i < power.size(); ++i) {
    const Word m = i < missing.size() ? missing[i] : 0;
    const Word sum = power[i] + m + carry;
    carry = carry ? sum <= m : sum < m;
    power[i] = sum;
  }
  multiple_limbs_ = Limbs(h + 1);
  to_limbs(multiple_limbs_.data(), h + 1, kernels.radix_bits, power);
  view_.multiple = multiple_limbs_.data();

  const long r = radix_power();
  Natural power_of_r = times_power_of_two({1}, r, n_);
  one_ = limbs_of(power_of_r);
  power_of_r = times_power_of_two(std::move(power_of_r), r, n_);
  to_montgomery_ = limbs_of(power_of_r);
  to_negative_ = limbs_of(subtract(n_, power_of_r));
  if (ring == Ring::modulo_n) return;
  n_squared_ = multiply(n_, n_);
  power_of_r = times_power_of_two({1}, r, n_squared_);
  dual_one_ = dual_of(power_of_r);
  power_of_r = times_power_of_two(std::move(power_of_r), r, n_squared_);
  import_low_ = dual_of(power_of_r);
  import_high_ = dual_of(times_power_of_two(std::move(power_of_r), r, n_squared_));
}

Limbs Modulus::limbs_of(const Natural& residue) const {
  Limbs limbs(view_.limbs);
  to_limbs(limbs.data(), view_.limbs, kernels_.radix_bits, residue);
  return limbs;
}

DualConstant Modulus::dual_of(const Natural& residue) const {
  const QuotientRemainder halves = divide(residue, n_);
  return {limbs_of(halves.remainder), limbs_of(halves.quotient)};
}

Limbs Modulus::constant(const Natural& x, long power) const {
  return limbs_of(times_power_of_two(divide(x, n_).remainder, power, n_));
}

DualConstant Modulus::dual_constant(const Natural& x, long power) const {
  return dual_of(times_power_of_two(divide(x, n_squared_).remainder, power, n_squared_));
}

void broadcast(Word* group, const Limbs& constant, const Modulus& modulus) {
  broadcast_limbs(group, constant.data(), modulus.limbs(), modulus.lanes());
}

void broadcast(Word* group, const DualConstant& constant, const Modulus& modulus) {
  broadcast_limbs(group, constant.c0.data(), modulus.limbs(), modulus.lanes());
  broadcast_limbs(group + modulus.group_words(), constant.c1.data(), modulus.limbs(), modulus.lanes());
}

void exchange_lanes(Word* out, const Word* in, unsigned distance, std::size_t words, const Modulus& modulus) {
  const unsigned lanes = modulus.lanes();
  for (std::size_t i = 0; i < words; i += lanes) {
    for (unsigned l = 0; l < lanes; ++l) out[i + l] = in[i + (l ^ distance)];
  }
}

}  // namespace heflow::bigint
