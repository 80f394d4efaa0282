#include "keys.hpp"

#include <cstring>
#include <vector>

#include "../random/entropy.hpp"
#include "../random/samplers.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

// b = e - a s' (+ t P on the limbs of `digit`), prepared like a.
void fill_pair(Limbs& b, Limbs& a, std::size_t first, std::size_t primes, const Limbs& target, Stream& errors, const Seed& seed,
               std::uint64_t polynomial, const Limbs* message, std::size_t digit, const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  Buffer small(n / 8, Content::secret), product(n, Content::secret);
  auto* e = reinterpret_cast<std::int8_t*>(small.data());
  centred_binomial21(errors, e, n);
  for (std::size_t i = 0; i < primes; ++i) {
    const Modulus& m = context.modulus(i);
    Word *bi = b[first + i], *ai = a[first + i];
    expand_uniform(ai, seed, polynomial, i, context);
    k.multiply(product.data(), ai, target[i], n, m);
    k.from_int8(bi, e, n, m);
    k.forward(bi, context.table(i));
    k.subtract(bi, bi, product.data(), n, m);
    k.prepare(bi, bi, n, m);
    k.prepare(ai, ai, n, m);
    // The message is prepared already.
    if (message != nullptr && i < context.data_primes() && i / context.digit_primes() == digit)
      k.scale_add(bi, (*message)[i], context.special_product(i), bi, n, m);
  }
}

std::shared_ptr<SwitchKey> make_switch_key(const Context& context, const Limbs& target, const Limbs& message) {
  auto key = std::make_shared<SwitchKey>(context);
  key->seed = fresh_seed_bytes();
  const Seed seed = seed_of(key->seed), noise = Seed::fresh();
  parallel_for(context.digits(), [&](std::size_t i) {
    Stream errors(noise, i);
    fill_pair(key->b, key->a, i * key->primes, context.primes(), target, errors, seed, i, &message, i, context);
  });
  return key;
}

}  // namespace

SecretKey::SecretKey(ContextPtr context, const std::int8_t* coefficients)
    : context_(std::move(context)),
      coefficients_(context_->degree() / 8, Content::secret),
      prepared_(*context_, context_->primes(), Content::secret),
      negated_(*context_, context_->data_primes(), Content::secret) {
  const ring::Kernels& k = context_->kernels();
  const std::size_t n = context_->degree();
  std::memcpy(coefficients_.data(), coefficients, n);
  for (std::size_t i = 0; i < context_->primes(); ++i) {
    k.from_int8(prepared_[i], coefficients, n, context_->modulus(i));
    k.forward(prepared_[i], context_->table(i));
    k.prepare(prepared_[i], prepared_[i], n, context_->modulus(i));
    if (i < context_->data_primes()) k.negate(negated_[i], prepared_[i], n, context_->modulus(i));
  }
}

std::shared_ptr<SecretKey> SecretKey::fresh(ContextPtr context) {
  const std::size_t n = context->degree();
  Buffer small(n / 8, Content::secret);
  const Seed seed = Seed::fresh();
  Stream stream(seed, 0);
  uniform_ternary(stream, reinterpret_cast<std::int8_t*>(small.data()), n);
  return std::make_shared<SecretKey>(std::move(context), reinterpret_cast<const std::int8_t*>(small.data()));
}

std::shared_ptr<PublicKey> make_public_key(const SecretKey& secret) {
  const Context& context = *secret.context();
  auto key = std::make_shared<PublicKey>(
      PublicKey{secret.context(), fresh_seed_bytes(), Limbs(context, context.primes()), Limbs(context, context.primes())});
  const Seed seed = seed_of(key->seed), noise = Seed::fresh();
  Stream errors(noise, 0);
  fill_pair(key->b, key->a, 0, context.primes(), secret.prepared(), errors, seed, 0, nullptr, 0, context);
  divide_by_special(key->b, context);
  divide_by_special(key->a, context);
  return key;
}

void divide_by_special(Limbs& key, const Context& context) {
  for (std::size_t i = 0; context.has_special() && i < context.data_primes(); ++i)
    context.kernels().scale(key[i], key[i], context.inverse(context.special(), i), context.degree(), context.modulus(i));
}

Limbs times_special(const Limbs& key, const Context& context) {
  Limbs result(context, context.primes());
  for (std::size_t i = 0; i < context.primes(); ++i) {
    const bool divided = context.has_special() && i < context.data_primes();
    const Factor w = divided ? context.prime(context.special(), i) : context.factor(1, i);
    context.kernels().scale(result[i], key[i], w, context.degree(), context.modulus(i));
  }
  return result;
}

std::shared_ptr<SwitchKey> make_relinearization_key(const SecretKey& secret) {
  const Context& context = *secret.context();
  Limbs square(context, context.primes(), Content::secret);
  for (std::size_t i = 0; i < context.primes(); ++i)  // (s R)(s R) / R
    context.kernels().multiply(square[i], secret.prepared()[i], secret.prepared()[i], context.degree(), context.modulus(i));
  return make_switch_key(context, secret.prepared(), square);
}

std::shared_ptr<SwitchKey> make_galois_key(const SecretKey& secret, std::uint32_t exponent) {
  const Context& context = *secret.context();
  const auto back = automorphism(inverse_exponent(exponent, context.log_degree()), context.log_degree());
  Limbs turned(context, context.primes(), Content::secret);
  for (std::size_t i = 0; i < context.primes(); ++i)
    context.kernels().permute(turned[i], secret.prepared()[i], back.data(), context.degree());
  auto key = make_switch_key(context, turned, secret.prepared());
  key->positions = automorphism(exponent, context.log_degree());
  return key;
}

void expand_uniform(Word* limb, const Seed& seed, std::uint64_t polynomial, std::size_t prime, const Context& context) {
  Stream stream(seed, polynomial * ring::kMaxPrimes + prime);
  uniform_residues(stream, limb, context.degree(), context.modulus(prime).p);
}

Seed seed_of(const SeedBytes& bytes) { return Seed::from_bytes(bytes.data()); }

SeedBytes fresh_seed_bytes() {
  SeedBytes bytes;
  fill_entropy(bytes.data(), bytes.size());
  return bytes;
}

std::vector<std::uint32_t> automorphism(std::uint32_t exponent, unsigned log_degree) {
  const std::uint32_t n = 1u << log_degree;
  std::vector<std::uint32_t> table(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint64_t from = std::uint64_t{ring::exponent_at_position(i, log_degree)} * exponent % (2 * std::uint64_t{n});
    table[i] = ring::position_of_exponent(static_cast<std::uint32_t>(from), log_degree);
  }
  return table;
}

std::uint32_t rotation_exponent(std::int64_t steps, unsigned log_degree) {
  const std::int64_t slots = std::int64_t{1} << (log_degree - 1);
  std::uint64_t exponent = 1;
  for (std::int64_t i = ((steps % slots) + slots) % slots; i > 0; --i)
    exponent = exponent * 5 % (4 * static_cast<std::uint64_t>(slots));
  return static_cast<std::uint32_t>(exponent);
}

std::uint32_t inverse_exponent(std::uint32_t exponent, unsigned log_degree) {
  std::uint32_t inverse = exponent;  // modulo a power of two: right bits double
  for (int i = 0; i < 5; ++i) inverse *= 2 - exponent * inverse;
  return inverse & ((2u << log_degree) - 1);
}

void prepare(Word* limb, std::size_t prime, const Context& context) {
  context.kernels().prepare(limb, limb, context.degree(), context.modulus(prime));
}

void unprepare(Word* out, const Word* prepared, std::size_t prime, const Context& context) {
  Buffer ones(context.degree());
  for (std::size_t i = 0; i < context.degree(); ++i) ones.data()[i] = 1;
  context.kernels().multiply(out, prepared, ones.data(), context.degree(), context.modulus(prime));
}

}  // namespace heflow::ckks
