// Paillier keys: a modulus n = p q with the constants and tables that encryption and decryption read.
#pragma once

#include <memory>
#include <vector>

#include "../bigint/batch.hpp"
#include "../bigint/modexp_fixed_base.hpp"

namespace heflow::paillier {

using bigint::DualConstant;
using bigint::FixedBaseTable;
using bigint::Limbs;
using bigint::Modulus;
using bigint::ModulusPtr;
using bigint::Natural;
using bigint::Word;

// A table made on first use. Two threads may both make it; no lock, so that a fork at any time is safe.
class LazyTable {
 public:
  template <class Make>
  std::shared_ptr<const FixedBaseTable> get(const Make& make) const {
    auto table = std::atomic_load(&table_);
    if (!table) {
      table = make();
      std::atomic_store(&table_, table);
    }
    return table;
  }

 private:
  mutable std::shared_ptr<const FixedBaseTable> table_;
};

class PublicKey {
 public:
  // base = h^n mod n^2 and the bits of its exponents (Damgard, Jurik, Nielsen 2010); empty: textbook r^n.
  PublicKey(const bigint::Kernels& kernels, const Natural& n, Natural base, std::size_t exponent_bits);

  const ModulusPtr& modulus() const { return modulus_; }
  bool textbook() const { return bigint::is_zero(base_); }
  std::size_t ciphertext_bytes() const { return bigint::residue_bytes(*modulus_); }
  std::shared_ptr<const FixedBaseTable> table() const;  // not for textbook keys

 private:
  ModulusPtr modulus_;
  Natural base_;
  std::size_t exponent_bits_;
  LazyTable table_;
};

using PublicKeyPtr = std::shared_ptr<const PublicKey>;

// One prime's half of a secret key.
class PrimeHalf {
 public:
  // idempotent: 1 mod prime^2 and 0 mod the other square; recombine: what a logarithm modulo this prime
  // counts for in the message, modulo n; base = g^prime mod prime^2 for a generator g, or empty.
  PrimeHalf(const Modulus& n, const Natural& prime, const Natural& idempotent, const Natural& recombine, Natural base);

  const Modulus& modulus() const { return *modulus_; }
  const Natural& order() const { return order_; }  // prime - 1
  const Natural& prime() const { return modulus_->n(); }
  bool has_base() const { return !bigint::is_zero(base_); }
  std::shared_ptr<const FixedBaseTable> table() const;

  // A dual number modulo n^2, cut into pieces of this prime's size, to one modulo prime^2: both Montgomery.
  void reduce(Word* result, const Word* dual_n, const Modulus& n) const;
  const DualConstant& lift_low() const { return lift_low_; }    // back: the factors of the two halves
  const DualConstant& lift_high() const { return lift_high_; }  // of a number modulo prime^2
  const Limbs& recombine() const { return recombine_; }

 private:
  struct Piece {
    std::size_t offset;  // limbs into the dual number modulo n^2
    unsigned limbs;
    DualConstant factor;
  };
  ModulusPtr modulus_;
  Natural order_, base_;
  std::vector<Piece> pieces_;
  DualConstant lift_low_, lift_high_;
  Limbs recombine_;
  LazyTable table_;
};

class SecretKey {
 public:
  SecretKey(PublicKeyPtr public_key, PrimeHalf p, PrimeHalf q)
      : public_key_(std::move(public_key)), p_(std::move(p)), q_(std::move(q)) {}
  const PublicKey& public_key() const { return *public_key_; }
  const PrimeHalf& p() const { return p_; }
  const PrimeHalf& q() const { return q_; }

 private:
  PublicKeyPtr public_key_;
  PrimeHalf p_, q_;
};

}  // namespace heflow::paillier
