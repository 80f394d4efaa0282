#include "keys.hpp"

#include <algorithm>

#include "../base/error.hpp"

namespace heflow::paillier {

PublicKey::PublicKey(const bigint::Kernels& kernels, const Natural& n, Natural base, std::size_t exponent_bits)
    : modulus_(std::make_shared<Modulus>(kernels, n)), base_(std::move(base)), exponent_bits_(exponent_bits) {
  if (!textbook() && (exponent_bits == 0 || !bigint::less(base_, modulus_->n_squared()))) {
    throw Error(ErrorKind::parameter, "the randomizer's base must be below n^2 and its exponents at least 1 bit long");
  }
}

std::shared_ptr<const FixedBaseTable> PublicKey::table() const {
  return table_.get([&] {
    return std::make_shared<const FixedBaseTable>(modulus_, modulus_->dual_constant(base_, modulus_->radix_power()),
                                                  exponent_bits_, bigint::InverseMethod::divsteps_vartime);
  });
}

PrimeHalf::PrimeHalf(const Modulus& n, const Natural& prime, const Natural& idempotent, const Natural& recombine, Natural base)
    : modulus_(std::make_shared<Modulus>(n.kernels(), prime)),
      order_(bigint::subtract(modulus_->n(), Natural{1})),
      base_(std::move(base)) {
  const Modulus& m = *modulus_;
  const long radix = n.kernels().radix_bits;
  if (m.limbs() > n.limbs()) throw Error(ErrorKind::parameter, "a prime factor is larger than n");
  // C0 + C1 n = R_n c. Piece j of half i counts 2^(radix offset) n^i; wanted is R_p c, and the linear map
  // itself divides by R_p.
  const Natural unit{1};
  for (unsigned half = 0; half < 2; ++half) {
    for (unsigned offset = 0; offset < n.limbs(); offset += m.limbs()) {
      const long power = radix * static_cast<long>(offset) - n.radix_power() + 2 * m.radix_power();
      pieces_.push_back({half * n.limbs() + offset, std::min(m.limbs(), n.limbs() - offset),
                         m.dual_constant(half == 0 ? unit : n.n(), power)});
    }
  }
  // A0 + A1 p = R_p a; wanted is R_n a E modulo n^2, and the linear map divides by R_n.
  const long lift = 2 * n.radix_power() - m.radix_power();
  lift_low_ = n.dual_constant(idempotent, lift);
  lift_high_ = n.dual_constant(bigint::multiply(idempotent, prime), lift);
  recombine_ = n.constant(recombine, 2 * n.radix_power());
}

std::shared_ptr<const FixedBaseTable> PrimeHalf::table() const {
  return table_.get([&] {
    return std::make_shared<const FixedBaseTable>(modulus_, modulus_->dual_constant(base_, modulus_->radix_power()),
                                                  modulus_->bits(), bigint::InverseMethod::fermat);
  });
}

void PrimeHalf::reduce(Word* result, const Word* dual_n, const Modulus& n) const {
  bigint::LinearTerm terms[8];
  std::size_t count = 0;
  for (const Piece& piece : pieces_) {
    terms[count++] = {dual_n + piece.offset * n.lanes(), piece.limbs, piece.factor.c0.data(), piece.factor.c1.data()};
  }
  modulus_->kernels().dual_linear(result, terms, count, modulus_->view());
}

}  // namespace heflow::paillier
