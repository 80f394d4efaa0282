#include "encrypt.hpp"

#include <cstring>

#include "../random/samplers.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

double* reals(Buffer& buffer) { return reinterpret_cast<double*>(buffer.data()); }

// The inverse canonical embedding: N coefficients, rounded to integers.
void coefficients(double* out, const double* row, double scale, const Context& context) {
  const std::size_t half = context.slots();
  const std::uint32_t* position = context.slot_positions().data();
  for (std::size_t j = 0; j < half; ++j) out[position[j]] = row[j];
  std::memset(out + half, 0, half * sizeof *out);
  context.kernels().fft_inverse(out, out + half, context.fft());
  const double factor = scale / static_cast<double>(half);
  for (std::size_t i = 0; i < 2 * half; ++i) {
    const double x = out[i] * factor, shift = x < 0 ? -0x1p52 : 0x1p52, rounded = x + shift - shift;
    out[i] = x < 0x1p52 && x > -0x1p52 ? rounded : x;  // larger ones are integers already
  }
}

void to_limb(Word* limb, const double* coefficients, bool wide, std::size_t i, const Context& context) {
  const ring::Kernels& k = context.kernels();
  (wide ? k.from_wide_doubles : k.from_doubles)(limb, coefficients, context.degree(), context.modulus(i));
  k.forward(limb, context.table(i));
}

void add_small(double* coefficients, const std::int8_t* small, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) coefficients[i] += small[i];
}

}  // namespace

namespace {

// One half of an encryption of zero at the data primes, plus the message if there is one.
struct Half {
  const Limbs& key;
  const std::int8_t* error;
  const double* message;  // or null
  bool wide;
};

void add_direct(const Half& half, Word* c, const Word* u, std::size_t i, Buffer& scratch, const Context& context) {
  const ring::Kernels& k = context.kernels();
  double* x = reals(scratch);
  for (std::size_t j = 0; j < context.degree(); ++j) x[j] = half.error[j] + (half.message != nullptr ? half.message[j] : 0);
  to_limb(c, x, half.wide, i, context);
  k.multiply_add(c, u, half.key[i], c, context.degree(), context.modulus(i));
}

// rest = (key u + e mod P, balanced) - e: what the division by P subtracts from key u.
void special_rest(const Half& half, double* rest, const Word* u, const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), special = context.special();
  const Modulus& p = context.modulus(special);
  Buffer limb(n, Content::secret), error(n, Content::secret);
  k.multiply(limb.data(), u, half.key[special], n, p);
  k.inverse(limb.data(), context.table(special));
  k.from_int8(error.data(), half.error, n, p);
  k.add(limb.data(), limb.data(), error.data(), n, p);
  k.to_doubles(rest, limb.data(), n, p);
  for (std::size_t j = 0; j < n; ++j) rest[j] -= half.error[j];
}

// (key u - rest) / P + message = (key u - (rest - P message)) / P
void add_divided(const Half& half, Word* c, const Word* u, const double* rest, std::size_t i, Buffer& scratch,
                 const Context& context) {
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Modulus& m = context.modulus(i);
  k.from_doubles(scratch.data(), rest, n, m);
  if (half.message != nullptr) {
    (half.wide ? k.from_wide_doubles : k.from_doubles)(c, half.message, n, m);
    k.scale_add(scratch.data(), c, context.factor(m.p - context.prime(context.special(), i).value, i), scratch.data(), n, m);
  }
  k.forward(scratch.data(), context.table(i));
  k.multiply_difference(c, u, half.key[i], scratch.data(), context.inverse(context.special(), i), n, m);
}

}  // namespace

BatchPtr encrypt_public(const PublicKey& key, const Messages& messages, std::size_t primes) {
  const Context& context = *key.context;
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const bool divided = context.has_special();
  auto batch = std::make_shared<Batch>(key.context, messages.count, primes);
  const Seed seed = Seed::fresh();
  parallel_for(messages.count, [&](std::size_t item) {
    Buffer message(n, Content::secret), small(3 * n / 8, Content::secret), u(n, Content::secret);
    Buffer rests(2 * n, Content::secret), scratch(n, Content::secret);
    auto* ternary = reinterpret_cast<std::int8_t*>(small.data());
    std::int8_t *e0 = ternary + n, *e1 = e0 + n;
    Stream stream(seed, item);
    uniform_ternary(stream, ternary, n);
    centred_binomial21(stream, e0, n);
    centred_binomial21(stream, e1, n);
    coefficients(reals(message), messages.values + item * context.slots(), messages.scale, context);
    const Half halves[2] = {{key.b, e0, reals(message), messages.wide}, {key.a, e1, nullptr, false}};
    const auto transform = [&](std::size_t i) {
      k.from_int8(u.data(), ternary, n, context.modulus(i));
      k.forward_lazy(u.data(), context.table(i));
    };
    if (divided) {
      transform(context.special());
      for (std::size_t part = 0; part < 2; ++part) special_rest(halves[part], reals(rests) + part * n, u.data(), context);
    }
    for (std::size_t i = 0; i < primes; ++i) {
      transform(i);
      for (std::size_t part = 0; part < 2; ++part) {
        Word* c = batch->limb(item, part, i);
        if (divided) {
          add_divided(halves[part], c, u.data(), reals(rests) + part * n, i, scratch, context);
        } else {
          add_direct(halves[part], c, u.data(), i, scratch, context);
        }
      }
    }
  });
  return batch;
}

BatchPtr encrypt_symmetric(const SecretKey& key, const Messages& messages, std::size_t primes) {
  const Context& context = *key.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  auto batch = std::make_shared<Batch>(key.context(), messages.count, primes);
  batch->seed = fresh_seed_bytes();
  const Seed open = seed_of(*batch->seed), seed = Seed::fresh();
  parallel_for(messages.count, [&](std::size_t item) {
    Buffer message(n, Content::secret), small(n / 8, Content::secret), product(n, Content::secret);
    auto* e = reinterpret_cast<std::int8_t*>(small.data());
    Stream stream(seed, item);
    centred_binomial21(stream, e, n);
    coefficients(reals(message), messages.values + item * context.slots(), messages.scale, context);
    add_small(reals(message), e, n);
    for (std::size_t i = 0; i < primes; ++i) {
      const Modulus& m = context.modulus(i);
      Word *c0 = batch->limb(item, 0, i), *c1 = batch->limb(item, 1, i);
      expand_uniform(c1, open, item, i, context);
      k.multiply(product.data(), c1, key.prepared()[i], n, m);
      to_limb(c0, reals(message), messages.wide, i, context);
      k.subtract(c0, c0, product.data(), n, m);
    }
  });
  return batch;
}

void expand_seed(Batch& batch) {
  const Seed open = seed_of(*batch.seed);
  parallel_for(batch.size(), [&](std::size_t item) {
    for (std::size_t i = 0; i < batch.primes(); ++i) expand_uniform(batch.limb(item, 1, i), open, item, i, batch.context());
  });
}

void decrypt(double* values, const SecretKey& key, const Batch& batch, std::size_t primes, double scale, bool total) {
  const Context& context = batch.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), half = context.slots();
  parallel_for(batch.size(), [&](std::size_t item) {
    Buffer limbs(2 * n, Content::secret), message(2 * n, Content::secret);
    double* x = reals(message);
    for (std::size_t i = 0; i < primes; ++i) {
      Word* limb = limbs.data() + i * n;
      k.multiply_add(limb, batch.limb(item, 1, i), key.prepared()[i], batch.limb(item, 0, i), n, context.modulus(i));
      k.inverse(limb, context.table(i));
    }
    k.to_doubles(x, limbs.data(), n, context.modulus(0));
    if (primes == 2) {  // x0 + q0 ((x1 - x0) / q0 mod q1), both balanced
      Word *low = limbs.data(), *high = low + n;
      k.switch_modulus(low, low, n, context.modulus(0), context.modulus(1));
      k.difference_scale(high, high, low, context.inverse(0, 1), nullptr, n, context.modulus(1));
      k.to_doubles(x + n, high, n, context.modulus(1));
      const auto q0 = static_cast<double>(context.modulus(0).p);
      for (std::size_t i = 0; i < n; ++i) x[i] += q0 * x[n + i];
    }
    if (total) {
      values[item] = x[0] * static_cast<double>(half) / scale;
      return;
    }
    k.fft_forward(x, x + half, context.fft());
    const std::uint32_t* position = context.slot_positions().data();
    double* row = values + item * half;
    for (std::size_t j = 0; j < half; ++j) row[j] = x[position[j]] / scale;
  });
}

void encode_row(Limbs& plaintext, const double* row, const Messages& form, std::size_t primes, bool prepared,
                const Context& context) {
  Buffer message(context.degree());
  coefficients(reals(message), row, form.scale, context);
  for (std::size_t i = 0; i < primes; ++i) {
    to_limb(plaintext[i], reals(message), form.wide, i, context);
    if (prepared) prepare(plaintext[i], i, context);
  }
}

}  // namespace heflow::ckks
