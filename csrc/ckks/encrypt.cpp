#include "encrypt.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "../random/samplers.hpp"
#include "../ring/fused.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

double* reals(Buffer& buffer) { return reinterpret_cast<double*>(buffer.data()); }

// The inverse canonical embedding: N coefficients, rounded to integers, plus e if there is one.
void coefficients(double* out, const double* row, double scale, const std::int8_t* e, const Context& context) {
  const std::size_t half = context.slots();
  const std::uint32_t* position = context.slot_positions().data();
  for (std::size_t j = 0; j < half; ++j) out[position[j]] = row[j];
  std::memset(out + half, 0, half * sizeof *out);
  context.kernels().fft_inverse(out, out + half, context.fft());
  ring::round_scaled(context.kernels(), out, out, scale / static_cast<double>(half), e, 2 * half);
}

}  // namespace

// With a special prime, (key u + e) / P rounded is key u / P - rest / P, rest = (key u + e mod P, balanced) - e; keys are
// divided already (`PublicKey`).
BatchPtr encrypt_public(const PublicKey& key, const Messages& messages, std::size_t primes) {
  const Context& context = *key.context;
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), special = context.special();
  const bool divided = context.has_special();
  auto batch = std::make_shared<Batch>(key.context, messages.count, primes);
  const Seed seed = Seed::fresh();
  parallel_for(messages.count, [&](std::size_t item) {
    Buffer message(n, Content::secret), small(3 * n / 8, Content::secret), u(n, Content::secret);
    Buffer rests(2 * n, Content::secret);
    auto* ternary = reinterpret_cast<std::int8_t*>(small.data());
    std::int8_t *e0 = ternary + n, *e1 = e0 + n;
    Stream stream(seed, item);
    uniform_ternary(stream, ternary, n);
    centred_binomial21(stream, e0, n);
    centred_binomial21(stream, e1, n);
    coefficients(reals(message), messages.values + item * context.slots(), messages.scale, divided ? nullptr : e0, context);
    double *rest0 = reals(rests), *rest1 = rest0 + n;
    if (divided) {
      Word* product = batch->limb(item, 0, 0);  // its place, for now
      ring::forward_int8(k, u.data(), ternary, context.table(special));
      ring::inverse_product(k, product, u.data(), key.b[special], nullptr, context.table(special));
      ring::remainders(k, rest0, product, e0, n, context.modulus(special));
      ring::inverse_product(k, product, u.data(), key.a[special], nullptr, context.table(special));
      ring::remainders(k, rest1, product, e1, n, context.modulus(special));
    } else {
      std::copy(e1, e1 + n, rest1);
    }
    for (std::size_t i = 0; i < primes; ++i) {
      const NttTable& table = context.table(i);
      ring::forward_int8(k, u.data(), ternary, table);
      Word *c0 = batch->limb(item, 0, i), *c1 = batch->limb(item, 1, i);
      if (divided) {
        const Factor w = context.factor(table.modulus.p - context.inverse(special, i).value, i);
        ring::forward_join(k, c0, rest0, w, reals(message), messages.wide, u.data(), key.b[i], table);
        ring::forward_join(k, c1, rest1, w, nullptr, false, u.data(), key.a[i], table);
      } else {
        ring::forward_join(k, c0, nullptr, {}, reals(message), messages.wide, u.data(), key.b[i], table);
        ring::forward_join(k, c1, nullptr, {}, rest1, false, u.data(), key.a[i], table);
      }
    }
  });
  return batch;
}

BatchPtr encrypt_symmetric(const SecretKey& key, const Messages& messages, std::size_t primes) {
  const Context& context = *key.context();
  const std::size_t n = context.degree();
  auto batch = std::make_shared<Batch>(key.context(), messages.count, primes);
  batch->seed = fresh_seed_bytes();
  const Seed open = seed_of(*batch->seed), seed = Seed::fresh();
  parallel_for(messages.count, [&](std::size_t item) {
    Buffer message(n, Content::secret), small(n / 8, Content::secret);
    auto* e = reinterpret_cast<std::int8_t*>(small.data());
    Stream stream(seed, item);
    centred_binomial21(stream, e, n);
    coefficients(reals(message), messages.values + item * context.slots(), messages.scale, e, context);
    for (std::size_t i = 0; i < primes; ++i) {
      Word *c0 = batch->limb(item, 0, i), *c1 = batch->limb(item, 1, i);
      expand_uniform(c1, open, item, i, context);
      ring::forward_join(context.kernels(), c0, nullptr, {}, reals(message), messages.wide, c1, key.negated()[i],
                         context.table(i));
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

double decrypt(double* values, const SecretKey& key, const Batch& batch, std::size_t primes, double scale, bool total) {
  const Context& context = batch.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree(), half = context.slots();
  std::vector<double> sizes(batch.size(), 0.0);
  parallel_for(batch.size(), [&](std::size_t item) {
    Buffer limbs(primes * n, Content::secret), message(primes * n, Content::secret);
    double* x = reals(message);
    for (std::size_t i = 0; i < primes; ++i) {
      Word* limb = limbs.data() + i * n;
      ring::inverse_product(k, limb, batch.limb(item, 1, i), key.prepared()[i], batch.limb(item, 0, i), context.table(i));
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
      sizes[item] = std::fabs(values[item]);
      return;
    }
    k.fft_forward(x, x + half, context.fft());
    const std::uint32_t* position = context.slot_positions().data();
    double *row = values + item * half, size[4] = {};  // four, because each waits for itself
    const double unit = 1 / scale;
    for (std::size_t j = 0; j < half; j += 4) {
      for (std::size_t u = 0; u < 4; ++u) {
        row[j + u] = x[position[j + u]] * unit;
        size[u] = std::max(size[u], std::fabs(row[j + u]));
      }
    }
    sizes[item] = *std::max_element(size, size + 4);
  });
  return sizes.empty() ? 0.0 : *std::max_element(sizes.begin(), sizes.end());
}

void encode_row(Limbs& plaintext, const double* row, const Messages& form, std::size_t primes, bool prepared,
                const Context& context) {
  Buffer message(context.degree());
  coefficients(reals(message), row, form.scale, nullptr, context);
  const ring::Kernels& k = context.kernels();
  for (std::size_t i = 0; i < primes; ++i) {
    (form.wide ? k.from_wide_doubles : k.from_doubles)(plaintext[i], reals(message), context.degree(), context.modulus(i));
    k.forward(plaintext[i], context.table(i));
    if (prepared) prepare(plaintext[i], i, context);
  }
}

}  // namespace heflow::ckks
