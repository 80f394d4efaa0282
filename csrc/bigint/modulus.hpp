// An odd modulus n with what its backend needs to compute modulo n and modulo n^2.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../base/buffer.hpp"
#include "kernels.hpp"
#include "natural.hpp"

namespace heflow::bigint {

// Limbs shared by all lanes; wiped when released.
class Limbs {
 public:
  Limbs() = default;
  explicit Limbs(std::size_t count) : buffer_(count, Content::secret) {}
  Word* data() { return buffer_.data(); }
  const Word* data() const { return buffer_.data(); }

 private:
  Buffer buffer_;
};

// A constant modulo n^2 as a dual number.
struct DualConstant {
  Limbs c0, c1;
};

enum class Ring { modulo_n, modulo_n_squared };

class Modulus {
 public:
  // Throws Error(parameter) if n is even, below 3 or wider than the backend's limit. With Ring::modulo_n what
  // belongs to n^2 is left out: `n_squared` and the dual constants are empty.
  Modulus(const Kernels& kernels, Natural n, Ring ring = Ring::modulo_n_squared);

  const Kernels& kernels() const { return kernels_; }
  const ModulusView& view() const { return view_; }
  const Natural& n() const { return n_; }
  const Natural& n_squared() const { return n_squared_; }
  std::size_t bits() const { return bits_; }
  std::size_t words() const { return (bits_ + 63) / 64; }             // 64-bit words of a residue modulo n
  std::size_t square_words() const { return (2 * bits_ + 63) / 64; }  // and modulo n^2
  unsigned limbs() const { return view_.limbs; }
  unsigned lanes() const { return kernels_.lanes; }
  long radix_power() const { return static_cast<long>(kernels_.radix_bits) * view_.limbs; }  // log2 R

  std::size_t group_words() const { return static_cast<std::size_t>(limbs()) * lanes(); }  // modulo n
  std::size_t dual_group_words() const { return 2 * group_words(); }                       // modulo n^2

  // x 2^power modulo n / modulo n^2, for any x.
  Limbs constant(const Natural& x, long power) const;
  DualConstant dual_constant(const Natural& x, long power) const;

  const Limbs& one() const { return one_; }                         // R mod n
  const Limbs& to_montgomery() const { return to_montgomery_; }     // R^2 mod n
  const Limbs& to_negative() const { return to_negative_; }         // -R^2 mod n
  const DualConstant& dual_one() const { return dual_one_; }        // R mod n^2
  const DualConstant& import_low() const { return import_low_; }    // R^2 mod n^2
  const DualConstant& import_high() const { return import_high_; }  // R^3 mod n^2

 private:
  Limbs limbs_of(const Natural& residue) const;        // below n
  DualConstant dual_of(const Natural& residue) const;  // below n^2

  const Kernels& kernels_;
  Natural n_, n_squared_;
  std::size_t bits_;
  Limbs n_limbs_, multiple_limbs_;
  ModulusView view_{};
  Limbs one_, to_montgomery_, to_negative_;
  DualConstant dual_one_, import_low_, import_high_;
};

using ModulusPtr = std::shared_ptr<const Modulus>;

// group = the constant in every lane
void broadcast(Word* group, const Limbs& constant, const Modulus& modulus);
void broadcast(Word* group, const DualConstant& constant, const Modulus& modulus);
// lane l of out = lane l ^ distance of in, for groups of `words` words; out is another group
void exchange_lanes(Word* out, const Word* in, unsigned distance, std::size_t words, const Modulus& modulus);

}  // namespace heflow::bigint
