#include "coefficients.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>
#include <vector>

#include "../base/bytes.hpp"
#include "../base/error.hpp"
#include "../random/samplers.hpp"
#include "../threads/parallel_for.hpp"

namespace heflow::ckks {
namespace {

constexpr std::size_t kPad = 8, kPadBytes = 64;  // words, bytes: readable beyond packed bits

// Eight values are `width` bytes: each store carries the bits that its last byte shares with the next value.
void pack(std::uint8_t* out, const Word* values, std::size_t n, unsigned width) {
  for (std::size_t i = 0; i < n; i += 8, out += width) {
    Word carry = 0;
    std::size_t byte = 0;
    for (std::size_t lane = 0, bit = 0; lane < 8; ++lane) {
      const Word current = carry | values[i + lane] << (bit % 8);
      store64_le(out + byte, current);
      bit += width;
      carry = current >> (8 * (bit / 8 - byte));
      byte = bit / 8;
    }
  }
}

void quantise(const SumKernels& k, Word* fields, const float* x, std::size_t n, unsigned shift, const Quantiser& how,
              Counts& counts) {
  k.quantise_float(fields, x, n, shift, how, &counts.clipped, &counts.invalid);
}
void quantise(const SumKernels& k, Word* fields, const double* x, std::size_t n, unsigned shift, const Quantiser& how,
              Counts& counts) {
  k.quantise_double(fields, x, n, shift, how, &counts.clipped, &counts.invalid);
}

// Delta m of one block; values beyond the end are those of 0, as a client that has them would send.
template <class Real>
Counts message(Word* m, const Sums& sums, RealSpan<Real> values, std::size_t block) {
  const std::size_t degree = sums.context().degree(), n = sums.stride(values.size, block);
  const Packing& p = sums.packing();
  Counts counts;
  std::fill(m, m + degree, 0);
  Real padded[8];
  for (unsigned field = 0; field < p.fields; ++field) {
    const std::size_t first = std::min(block * sums.block_values() + field * n, values.size);
    const std::size_t count = std::min(n, values.size - first), whole = count / 8 * 8;
    quantise(sums.kernels(), m, values.data + first, whole, field * p.field_bits, p.quantiser, counts);
    for (std::size_t at = whole; at < n; at += 8) {
      std::fill(padded, padded + 8, Real{0});
      if (at < count) std::copy(values.data + first + at, values.data + first + count, padded);
      quantise(sums.kernels(), m + at, padded, 8, field * p.field_bits, p.quantiser, counts);
    }
  }
  for (std::size_t i = 0; i < n; ++i) m[i] <<= p.delta_bits;
  return counts;
}

// The last eight go through scratch: packing writes a few bytes too far.
std::uint8_t* send(std::uint8_t* out, const Word* values, std::size_t n, unsigned width) {
  pack(out, values, n - 8, width);
  out += (n - 8) / 8 * width;
  std::uint8_t last[kPadBytes + 8];
  pack(last, values + n - 8, 8, width);
  std::memcpy(out, last, width);
  return out + width;
}

class SharedCounts {
 public:
  void add(const Counts& counts) {
    clipped_.fetch_add(counts.clipped, std::memory_order_relaxed);
    invalid_.fetch_add(counts.invalid, std::memory_order_relaxed);
  }
  Counts get() const { return {clipped_, invalid_}; }

 private:
  std::atomic<std::uint64_t> clipped_{0}, invalid_{0};
};

}  // namespace

Sums::Sums(ContextPtr context, const Packing& packing) : context_(std::move(context)), packing_(packing) {
  const unsigned bits = context_->modulus(0).bits;
  const Packing& p = packing_;
  if (p.fields < 1 || p.field_bits < 1 || p.field_bits > 50 || p.fields * p.field_bits + p.delta_bits > bits ||
      p.drop >= p.delta_bits || p.width != bits - p.drop || !(p.quantiser.largest >= 1)) {
    throw Error(ErrorKind::parameter, "this packing does not fit a modulus of " + std::to_string(bits) + " bits");
  }
  kernels_ = &kPortableSumKernels;
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (std::strcmp(context_->kernels().name, kAvx512IfmaSumKernels.name) == 0) kernels_ = &kAvx512IfmaSumKernels;
#endif
}

std::size_t Sums::stride(std::size_t values, std::size_t block) const {
  const std::size_t left = values - block * block_values();
  if (left >= block_values()) return context_->degree();
  return ((left + packing_.fields - 1) / packing_.fields + 7) / 8 * 8;
}

std::size_t Sums::message_bytes(std::size_t values, bool shared) const {
  const std::size_t count = blocks(values);
  if (count == 0) return 0;
  const std::size_t missing = context_->degree() - stride(values, count - 1);
  return count * block_bytes(shared) - missing / 8 * packing_.width;
}

template <class Real>
Counts encrypt_shared(std::uint8_t* out, const Sums& sums, const SecretKey& key, RealSpan<Real> values, const Seed& open) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Modulus& q = context.modulus(0);
  const Seed seed = Seed::fresh();
  SharedCounts counts;
  parallel_for(sums.blocks(values.size), [&](std::size_t block) {
    Buffer m(n, Content::secret), mask(n, Content::secret), small(n / 8, Content::secret);
    auto* e = reinterpret_cast<std::int8_t*>(small.data());
    Stream errors(seed, block), public_stream(open, block);
    centred_binomial21(errors, e, n);
    uniform_residues(public_stream, mask.data(), n, q.p);
    k.multiply(mask.data(), mask.data(), key.prepared()[0], n, q);
    k.inverse(mask.data(), context.table(0));
    k.negate(mask.data(), mask.data(), n, q);
    counts.add(message(m.data(), sums, values, block));
    sums.kernels().round_sum(m.data(), m.data(), mask.data(), e, n, q.p, sums.packing().drop);
    send(out + block * sums.block_bytes(true), m.data(), sums.stride(values.size, block), sums.packing().width);
  });
  return counts.get();
}

template <class Real>
Counts encrypt_public(std::uint8_t* out, const Sums& sums, const PublicKey& key, RealSpan<Real> values) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Modulus& q = context.modulus(0);
  const Seed seed = Seed::fresh();
  SharedCounts counts;
  parallel_for(sums.blocks(values.size), [&](std::size_t block) {
    Buffer m(n, Content::secret), u(n, Content::secret), x(n, Content::secret);
    Buffer small(3 * n / 8, Content::secret);
    auto* ternary = reinterpret_cast<std::int8_t*>(small.data());
    Stream stream(seed, block);
    uniform_ternary(stream, ternary, n);
    centred_binomial21(stream, ternary + n, 2 * n);
    k.from_int8(u.data(), ternary, n, q);
    k.forward_lazy(u.data(), context.table(0));
    counts.add(message(m.data(), sums, values, block));
    std::uint8_t* target = out + block * sums.block_bytes(false);
    for (int part = 0; part < 2; ++part) {
      k.multiply(x.data(), u.data(), (part == 0 ? key.b : key.a)[0], n, q);
      k.inverse(x.data(), context.table(0));
      sums.kernels().round_sum(x.data(), x.data(), m.data(), ternary + (1 + part) * n, n, q.p, sums.packing().drop);
      target = send(target, x.data(), part == 0 ? sums.stride(values.size, block) : n, sums.packing().width);
      std::fill(m.data(), m.data() + n, 0);
    }
  });
  return counts.get();
}

template Counts encrypt_shared(std::uint8_t*, const Sums&, const SecretKey&, RealSpan<float>, const Seed&);
template Counts encrypt_shared(std::uint8_t*, const Sums&, const SecretKey&, RealSpan<double>, const Seed&);
template Counts encrypt_public(std::uint8_t*, const Sums&, const PublicKey&, RealSpan<float>);
template Counts encrypt_public(std::uint8_t*, const Sums&, const PublicKey&, RealSpan<double>);

Totals::Totals(const Sums& sums, std::size_t values, bool shared)
    : values_(values),
      blocks_(sums.blocks(values)),
      shared_(shared),
      parts_{Buffer(blocks_ * sums.context().degree()), Buffer(blocks_ * sums.context().degree())} {
  for (Buffer& part : parts_) std::fill(part.data(), part.data() + part.size(), 0);
}

void accumulate(Totals& totals, const Sums& sums, const std::uint8_t* in, const Seed* open, std::uint64_t weight) {
  const std::size_t n = sums.context().degree(), parts = totals.shared() ? 1 : 2;
  const unsigned width = sums.packing().width, drop = sums.packing().drop;
  const Word q = sums.context().modulus(0).p;
  const Word largest_allowed = (q - 1 + (drop == 0 ? 0 : Word{1} << (drop - 1))) >> drop;
  const std::uint8_t* end = in + sums.message_bytes(totals.values(), totals.shared());
  // Returns the largest integer of the block. What lies at the end is read from a copy, because unpacking reads
  // too far.
  const auto add_block = [&](std::size_t block, Word w) {
    Buffer scratch(n + kPad);
    Word largest = 0;
    const std::uint8_t* from = in + block * sums.block_bytes(totals.shared());
    for (std::size_t part = 0; part < parts; ++part) {
      const std::size_t count = part == 0 ? sums.stride(totals.values(), block) : n, bytes = count / 8 * width;
      const std::uint8_t* bits = from;
      if (from + bytes + kPadBytes > end) {
        std::memcpy(scratch.data(), from, bytes);
        bits = reinterpret_cast<const std::uint8_t*>(scratch.data());
      }
      largest = std::max(largest, sums.kernels().accumulate(totals.part(part) + block * n, bits, count, width, w));
      from += bytes;
    }
    if (totals.shared()) {
      Stream stream(*open, block);
      uniform_residues(stream, scratch.data(), n, q);
      Word* total = totals.part(1) + block * n;
      const Word* a = scratch.data();
      if (w == 1) {
        for (std::size_t i = 0; i < n; ++i) total[i] += a[i];
      } else {
        for (std::size_t i = 0; i < n; ++i) total[i] += w * a[i];
      }
    }
    return largest;
  };
  std::vector<std::uint8_t> added(totals.blocks(), 0);
  const auto undo = [&] {  // sums of words modulo 2^64 are undone exactly
    for (std::size_t block = 0; block < totals.blocks(); ++block) {
      if (added[block] != 0) add_block(block, 0 - weight);
    }
  };
  std::atomic<bool> bad{false};
  try {
    parallel_for(totals.blocks(), [&](std::size_t block) {
      if (add_block(block, weight) > largest_allowed) bad = true;
      added[block] = 1;
    });
  } catch (...) {
    undo();
    throw;
  }
  if (!bad) return;
  undo();
  throw Error(ErrorKind::format, "a coefficient is not below the modulus: the message is damaged or of another plan");
}

namespace {

// Any 64-bit words modulo q: upper is scratch.
void reduce_words(Word* r, const Word* x, Word* upper, const Context& context) {
  constexpr unsigned kLow = 52;
  const Modulus& q = context.modulus(0);
  const std::size_t n = context.degree();
  const Factor high = context.factor((Word{1} << kLow) % q.p, 0);
  for (std::size_t i = 0; i < n; ++i) upper[i] = x[i] >> kLow, r[i] = x[i] & ((Word{1} << kLow) - 1);
  context.kernels().reduce(r, r, n, q);
  context.kernels().scale_add(r, upper, high, r, n, q);
}

}  // namespace

std::size_t totals_bytes(const Sums& sums, std::size_t values) {
  const std::size_t count = sums.blocks(values), n = sums.context().degree();
  if (count == 0) return 0;
  return (2 * count * n - (n - sums.stride(values, count - 1))) / 8 * sums.context().modulus(0).bits;
}

void export_totals(std::uint8_t* out, const Totals& totals, const Sums& sums) {
  const std::size_t n = sums.context().degree();
  const unsigned bits = sums.context().modulus(0).bits;
  parallel_for(totals.blocks(), [&](std::size_t block) {
    Buffer values(n), upper(n);
    std::uint8_t* to = out + block * (n / 4 * bits);
    for (std::size_t part = 0; part < 2; ++part) {
      reduce_words(values.data(), totals.part(part) + block * n, upper.data(), sums.context());
      to = send(to, values.data(), part == 0 ? sums.stride(totals.values(), block) : n, bits);
    }
  });
}

void import_totals(Totals& totals, const Sums& sums, const std::uint8_t* in) {
  const std::size_t n = sums.context().degree();
  const Modulus& q = sums.context().modulus(0);
  std::atomic<bool> bad{false};
  parallel_for(totals.blocks(), [&](std::size_t block) {
    Buffer scratch(n + kPad);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(scratch.data());
    const std::uint8_t* from = in + block * (n / 4 * q.bits);
    for (std::size_t part = 0; part < 2; ++part) {
      const std::size_t count = part == 0 ? sums.stride(totals.values(), block) : n;
      std::memcpy(scratch.data(), from, count / 8 * q.bits);
      from += count / 8 * q.bits;
      if (sums.kernels().accumulate(totals.part(part) + block * n, bytes, count, q.bits, 1) >= q.p) bad = true;
    }
  });
  if (bad) throw Error(ErrorKind::format, "a coefficient of the sum is not below the modulus: the bytes are damaged");
}

bool decrypt(double* out, const Sums& sums, const SecretKey& key, const Totals& totals, std::uint64_t total_weight,
             double scale, double offset) {
  const Context& context = sums.context();
  const ring::Kernels& k = context.kernels();
  const std::size_t n = context.degree();
  const Modulus& q = context.modulus(0);
  const Packing& p = sums.packing();
  const Factor shift = context.factor(Word{1} << p.drop, 0), one = context.factor(1, 0);
  const Word bias = p.drop == 0 ? 0 : total_weight / 2 % q.p;  // rounding half up adds half a unit for each weight
  const auto largest = static_cast<double>(p.quantiser.largest) * static_cast<double>(total_weight);
  std::atomic<bool> fits{true};
  parallel_for(totals.blocks(), [&](std::size_t block) {
    Buffer c1(n), c0(n, Content::secret), upper(n);
    reduce_words(c1.data(), totals.part(1) + block * n, upper.data(), context);
    if (!totals.shared()) {
      k.scale(c1.data(), c1.data(), shift, n, q);
      std::fill(upper.data(), upper.data() + n, bias);
      k.subtract(c1.data(), c1.data(), upper.data(), n, q);
      k.forward(c1.data(), context.table(0));
    }
    k.multiply(c1.data(), c1.data(), key.prepared()[0], n, q);
    k.inverse(c1.data(), context.table(0));
    reduce_words(c0.data(), totals.part(0) + block * n, upper.data(), context);
    k.scale_add(c0.data(), c0.data(), shift, c1.data(), n, q);
    std::fill(upper.data(), upper.data() + n, Word{1} << (p.delta_bits - 1));  // to round to the nearest multiple
    k.scale_add(c0.data(), upper.data(), one, c0.data(), n, q);
    const Word mask = (Word{1} << p.field_bits) - 1;
    constexpr Word kExponent = 0x4330000000000000;  // the bits of 2^52: an integer below it becomes 2^52 + itself
    double most = 0;
    for (unsigned field = 0; field < p.fields; ++field) {
      const std::size_t stride = sums.stride(totals.values(), block);
      double* to = out + block * sums.block_values() + field * stride;
      const unsigned at = p.delta_bits + field * p.field_bits;
      for (std::size_t i = 0; i < stride; ++i) {
        const Word bits = (c0.data()[i] >> at & mask) | kExponent;
        double value;
        std::memcpy(&value, &bits, sizeof value);
        value -= 0x1p52;
        most = most > value ? most : value;
        to[i] = value * scale + offset;
      }
    }
    if (most > largest) fits = false;
  });
  return fits;
}

}  // namespace heflow::ckks
