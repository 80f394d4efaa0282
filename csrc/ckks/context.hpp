// The modulus chain of one parameter set: data primes q_0 .. q_{L-1}, special primes with product P, and the constants
// between them. Immutable.
#pragma once

#include <memory>
#include <vector>

#include "../ring/tables.hpp"

namespace heflow::ckks {

using ring::Factor;
using ring::Modulus;
using ring::NttTable;
using ring::Word;

class Context {
 public:
  // The last `specials` primes are special; Error(parameter) unless all differ and have a transform.
  Context(const ring::Kernels& kernels, unsigned log_degree, std::vector<Word> primes, std::size_t specials);

  // The same chain on the same backend, whichever object holds it.
  bool same_as(const Context& other) const { return data_ == other.data_ && tables_ == other.tables_; }
  const ring::Kernels& kernels() const { return *kernels_; }
  unsigned log_degree() const { return log_degree_; }
  std::size_t degree() const { return std::size_t{1} << log_degree_; }
  std::size_t slots() const { return degree() / 2; }
  std::size_t data_primes() const { return data_; }
  std::size_t primes() const { return tables_.size(); }  // special included
  bool has_special() const { return data_ < tables_.size(); }
  std::size_t special() const { return data_; }  // number of the first
  std::size_t specials() const { return tables_.size() - data_; }
  // Data primes to a digit of key switching, and digits: the product of a digit has no more bits than P.
  std::size_t digit_primes() const { return digit_primes_; }
  std::size_t digits() const { return (data_ + digit_primes_ - 1) / digit_primes_; }
  const Factor& special_product(std::size_t i) const { return special_products_[i]; }  // P modulo q_i
  const NttTable& table(std::size_t i) const { return *tables_[i]; }
  const Modulus& modulus(std::size_t i) const { return tables_[i]->modulus; }
  Factor factor(Word w, std::size_t i) const { return ring::make_factor(*kernels_, w % modulus(i).p, modulus(i).p); }
  Factor one(std::size_t i) const { return {1, modulus(i).quotient}; }
  // 1 / q_k modulo q_i; q_k modulo q_i
  const Factor& inverse(std::size_t k, std::size_t i) const { return inverses_[k * tables_.size() + i]; }
  const Factor& prime(std::size_t k, std::size_t i) const { return residues_[k * tables_.size() + i]; }
  const ring::FftTable& fft() const { return *fft_; }
  // Where slot j lies among the N / 2 numbers of the embedding.
  const std::vector<std::uint32_t>& slot_positions() const { return slot_positions_; }

 private:
  const ring::Kernels* kernels_;
  unsigned log_degree_;
  std::size_t data_, digit_primes_ = 1;
  std::vector<const NttTable*> tables_;
  std::vector<Factor> inverses_, residues_, special_products_;
  const ring::FftTable* fft_;
  std::vector<std::uint32_t> slot_positions_;
};

using ContextPtr = std::shared_ptr<const Context>;

}  // namespace heflow::ckks
