// heflow._core.testing: parts below the public surface, for the tests and for `heflow doctor`.
#include <pybind11/stl.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

#include "../base/buffer.hpp"
#include "../base/error.hpp"
#include "../base/isa.hpp"
#include "../bigint/batch.hpp"
#include "../bigint/modexp_fixed_base.hpp"
#include "../bigint/select.hpp"
#include "../ckks/keys.hpp"
#include "../random/entropy.hpp"
#include "../random/samplers.hpp"
#include "../ring/fused.hpp"
#include "../ring/primes.hpp"
#include "../ring/select.hpp"
#include "../ring/tables.hpp"
#include "../threads/parallel_for.hpp"
#include "common.hpp"

namespace heflow {
namespace {

Seed seed_from(std::string_view bytes) {
  if (bytes.size() != Seed::kBytes) throw Error(ErrorKind::parameter, "a seed has 32 bytes");
  return Seed::from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()));
}

py::bytes stream(std::string_view seed, std::uint64_t substream, std::size_t bytes) {
  std::string out(bytes, '\0');
  const Seed from = seed_from(seed);
  Stream(from, substream).fill(reinterpret_cast<std::uint8_t*>(out.data()), bytes);
  return py::bytes(out);
}

// `count` samples of a substream: residues modulo p, or small integers.
py::array_t<std::int64_t> samples(const std::string& which, std::string_view seed, std::uint64_t substream, std::size_t count,
                                  std::uint64_t p) {
  const Seed from = seed_from(seed);
  Stream stream(from, substream);
  Buffer words(count);
  auto* small = reinterpret_cast<std::int8_t*>(words.data());
  py::array_t<std::int64_t> result(static_cast<py::ssize_t>(count));
  if (which == "uniform_residues") {
    uniform_residues(stream, words.data(), count, p);
    std::copy(words.data(), words.data() + count, result.mutable_data());
    return result;
  }
  if (which == "ternary") {
    uniform_ternary(stream, small, count);
  } else if (which == "centred_binomial21") {
    centred_binomial21(stream, small, count);
  } else {
    throw Error(ErrorKind::parameter, "no sampler is called " + which);
  }
  std::copy(small, small + count, result.mutable_data());
  return result;
}

bigint::Natural natural(std::string_view bytes) {
  return bigint::natural_from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

py::bytes to_bytes(const bigint::Natural& x) { return py::bytes(reinterpret_cast<const char*>(x.data()), x.size() * 8); }

py::bytes below(std::string_view seed, std::uint64_t substream, std::string_view bound) {
  const Seed from = seed_from(seed);
  const bigint::Natural limit = natural(bound);
  if (bigint::is_zero(limit)) throw Error(ErrorKind::parameter, "the bound must be positive");
  bigint::Natural out(limit.size(), 0);
  Stream drawn(from, substream);
  uniform_below(drawn, out.data(), limit.data(), limit.size());
  return to_bytes(out);
}

py::object inverse(std::string_view a, std::string_view n) {
  bigint::Natural result;
  if (!bigint::inverse_vartime(result, natural(a), natural(n))) return py::none();
  return to_bytes(result);
}

// base^exponent modulo n^2 by tables, for exponents of whole words: canonical residues.
py::bytes fixed_base_powers(std::string_view n, std::string_view base, std::string_view exponents, std::size_t bits,
                            const std::string& backend) {
  const auto modulus = std::make_shared<const bigint::Modulus>(bigint::kernels_for(backend), natural(n));
  const bigint::FixedBaseTable table(modulus, modulus->dual_constant(natural(base), modulus->radix_power()), bits,
                                     bigint::InverseMethod::divsteps_vartime);
  bigint::Natural rows = natural(exponents);
  bigint::Batch batch(modulus, rows.size() / table.exponent_words());
  const std::size_t size = batch.size(), each = bigint::residue_bytes(*modulus);
  rows.resize(batch.groups() * modulus->lanes() * table.exponent_words());
  table.powers(batch.group(0), rows.data(), size);
  std::string residues(size * each, '\0');
  bigint::export_residues(reinterpret_cast<std::uint8_t*>(residues.data()), batch);
  return py::bytes(residues);
}

// A loop of tiles that each sleep; one of them may throw. Returns the sum of the tiles' numbers.
std::uint64_t parallel_loop(std::size_t tiles, double milliseconds, std::int64_t failing_tile, bool nested) {
  py::gil_scoped_release release;
  std::atomic<std::uint64_t> sum{0};
  parallel_for(tiles, [&](std::size_t tile) {
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(milliseconds));
    if (static_cast<std::int64_t>(tile) == failing_tile)
      throw Error(ErrorKind::parameter, "tile " + std::to_string(tile) + " failed");
    if (nested) {
      parallel_for(3, [&](std::size_t inner) { sum += inner; });
    } else {
      sum += tile;
    }
  });
  return sum;
}

using Residues = py::array_t<std::uint64_t, py::array::c_style>;

// `repeats` transforms of a limb, one after the other; the result of the last.
Residues ntt(const Residues& limb, std::uint64_t p, const std::string& backend, bool inverse, std::size_t repeats) {
  const ring::Kernels& kernels = ring::kernels_for(backend);
  const auto n = static_cast<std::size_t>(limb.size());
  const ring::NttTable& table = ring::ntt_table(kernels, p, static_cast<unsigned>(__builtin_ctzll(n | 1ull << 63)));
  if (n >> table.log_degree != 1) throw Error(ErrorKind::shape, "the length of a limb is a power of two");
  Buffer values(n);
  Residues result(static_cast<py::ssize_t>(n));
  for (std::size_t i = 0; i < n; ++i) values.data()[i] = limb.data()[i] % (2 * p);
  {
    py::gil_scoped_release release;
    for (std::size_t i = 0; i < repeats; ++i)
      inverse ? kernels.inverse(values.data(), table) : kernels.forward(values.data(), table);
  }
  std::copy(values.data(), values.data() + n, result.mutable_data());
  return result;
}

// Values of a limb in NTT order times those of another.
Residues ring_product(const Residues& a, const Residues& b, std::uint64_t p, const std::string& backend) {
  const ring::Kernels& kernels = ring::kernels_for(backend);
  const auto n = static_cast<std::size_t>(a.size());
  const ring::Modulus m = ring::make_modulus(kernels, p);
  Buffer x(n), y(n);
  std::copy(a.data(), a.data() + n, x.data()), std::copy(b.data(), b.data() + n, y.data());
  kernels.prepare(y.data(), y.data(), n, m);
  kernels.multiply(x.data(), x.data(), y.data(), n, m);
  Residues result(static_cast<py::ssize_t>(n));
  std::copy(x.data(), x.data() + n, result.mutable_data());
  return result;
}

// A limb in NTT order, its polynomial's X replaced by X^exponent.
Residues permuted(const Residues& limb, std::uint32_t exponent, const std::string& backend) {
  const ring::Kernels& kernels = ring::kernels_for(backend);
  const auto n = static_cast<std::size_t>(limb.size());
  const auto positions = ckks::automorphism(exponent, static_cast<unsigned>(__builtin_ctzll(n)));
  Buffer in(n), out(n);
  std::copy(limb.data(), limb.data() + n, in.data());
  kernels.permute(out.data(), in.data(), positions.data(), n);
  Residues result(static_cast<py::ssize_t>(n));
  std::copy(out.data(), out.data() + n, result.mutable_data());
  return result;
}

// A fused transform (`which`) of limbs, small integers and doubles, modulo the last of `primes`: canonical results. What is
// empty is left out. A sum has a term for each weight: the last limbs, modulo the primes in order. Division adds multiples of
// the first prime.
Residues fused(const std::string& which, const std::string& backend, const std::vector<std::uint64_t>& primes,
               const std::vector<Residues>& limbs, const py::array_t<std::int8_t>& small,
               const std::vector<py::array_t<double>>& reals, std::uint64_t w, bool wide,
               const std::vector<std::uint64_t>& weights) {
  const ring::Kernels& k = ring::kernels_for(backend);
  const auto n = static_cast<std::size_t>(small.size());
  const std::uint64_t p = primes.back();
  const ring::NttTable& table = ring::ntt_table(k, p, static_cast<unsigned>(__builtin_ctzll(n)));
  std::vector<Buffer> words;
  std::vector<const ring::Word*> in;
  for (const Residues& limb : limbs) {
    words.emplace_back(n), in.push_back(limb.size() == 0 ? nullptr : words.back().data());
    std::copy(limb.data(), limb.data() + limb.size(), words.back().data());
  }
  std::vector<const double*> x;
  for (const auto& values : reals) {
    words.emplace_back(n);
    auto* to = reinterpret_cast<double*>(words.back().data());
    std::copy(values.data(), values.data() + values.size(), to);
    x.push_back(values.size() == 0 ? nullptr : to);
  }
  Buffer e(n), out(n);
  auto* small_copy = reinterpret_cast<std::int8_t*>(e.data());
  std::copy(small.data(), small.data() + n, small_copy);
  auto* out_reals = reinterpret_cast<double*>(out.data());
  const auto prepared = [&](std::size_t i) {
    if (in[i] != nullptr) k.prepare(words[i].data(), words[i].data(), n, table.modulus);
    return in[i];
  };
  std::vector<ring::Modulus> moduli;
  for (const std::uint64_t q : primes) moduli.push_back(ring::make_modulus(k, q));
  std::vector<ring::Term> terms;
  for (std::size_t t = 0; t < weights.size(); ++t)
    terms.push_back({in[in.size() - weights.size() + t], &moduli[t], ring::make_factor(k, weights[t], p)});
  if (which == "forward_int8") {
    ring::forward_int8(k, out.data(), small_copy, table);
    k.reduce(out.data(), out.data(), n, table.modulus);
  } else if (which == "forward_terms") {
    ring::forward_terms(k, out.data(), terms.data(), terms.size(), table);
    k.reduce(out.data(), out.data(), n, table.modulus);
  } else if (which == "forward_join") {
    ring::forward_join(k, out.data(), x[0], ring::make_factor(k, w, p), x[1], wide, in[0], prepared(1), table);
  } else if (which == "forward_divide") {
    const ring::Division by = {terms.data(), terms.size(), ring::make_factor(k, primes[0] % p, p), ring::make_factor(k, w, p)};
    ring::forward_divide(k, out.data(), in[0], in[1], by, table);
  } else if (which == "inverse_product") {
    ring::inverse_product(k, out.data(), in[0], prepared(1), in[2], table);
  } else if (which == "remainders") {
    ring::remainders(k, out_reals, in[0], small_copy, n, table.modulus);
    k.from_doubles(out.data(), out_reals, n, table.modulus);
  } else if (which == "round_scaled") {
    ring::round_scaled(k, out_reals, x[0], x[1][0], wide ? small_copy : nullptr, n);
    k.from_wide_doubles(out.data(), out_reals, n, table.modulus);
  } else {
    throw Error(ErrorKind::parameter, "no fused transform is called " + which);
  }
  Residues result(static_cast<py::ssize_t>(n));
  std::copy(out.data(), out.data() + n, result.mutable_data());
  return result;
}

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "gcc " __VERSION__;
#else
  return "unknown";
#endif
}

}  // namespace

void bind_testing(py::module_& module) {
  module.def("stream", &stream, py::arg("seed"), py::arg("substream"), py::arg("nbytes"));
  module.def("samples", &samples, py::arg("which"), py::arg("seed"), py::arg("substream"), py::arg("count"), py::arg("p") = 0);
  module.def("uniform_below", &below, py::arg("seed"), py::arg("substream"), py::arg("bound"));
  module.def(
      "entropy",
      [](std::size_t bytes) {
        std::string out(bytes, '\0');
        fill_entropy(reinterpret_cast<std::uint8_t*>(out.data()), bytes);
        return py::bytes(out);
      },
      py::arg("nbytes"));
  module.def("inverse", &inverse, py::arg("a"), py::arg("n"));
  module.def("fixed_base_powers", &fixed_base_powers, py::arg("n"), py::arg("base"), py::arg("exponents"), py::arg("bits"),
             py::arg("backend"));
  module.def("parallel_loop", &parallel_loop, py::arg("tiles"), py::arg("milliseconds"), py::arg("failing_tile") = -1,
             py::arg("nested") = false);
  module.def("pooled_bytes", &pooled_bytes);
  module.def("ntt", &ntt, py::arg("limb"), py::arg("p"), py::arg("backend"), py::arg("inverse") = false,
             py::arg("repeats") = 1);
  module.def("ring_product", &ring_product, py::arg("a"), py::arg("b"), py::arg("p"), py::arg("backend"));
  module.def("permuted", &permuted, py::arg("limb"), py::arg("exponent"), py::arg("backend"));
  module.def("fused", &fused, py::arg("which"), py::arg("backend"), py::arg("primes"), py::arg("limbs"), py::arg("small"),
             py::arg("reals"), py::arg("w") = 1, py::arg("wide") = false, py::arg("weights") = std::vector<std::uint64_t>());
  module.def(
      "ntt_primes",
      [](unsigned bits, unsigned log_degree, std::size_t count) {
        py::list primes;
        for (std::uint64_t p : ring::ntt_primes(bits, log_degree, count)) primes.append(p);
        return primes;
      },
      py::arg("bits"), py::arg("log_degree"), py::arg("count"));
  module.def("compiler", &compiler);
  module.def("cpu_name", &cpu_name);
  module.def("entropy_source", [] { return std::string(entropy_source()); });
}

}  // namespace heflow
