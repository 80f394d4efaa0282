// heflow._core.ckks: contexts, keys and their bytes. Everything is checked here; below, nothing is.
#include <pybind11/stl.h>

#include <cstring>
#include <string_view>

#include "../ckks/keys.hpp"
#include "../ckks/wire.hpp"
#include "../ring/primes.hpp"
#include "../ring/select.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using ckks::Context;
using ckks::Limbs;
using ckks::polynomial_bytes;
using ckks::PublicKey;
using ckks::read_key;
using ckks::SecretKey;
using ckks::SeedBytes;
using ckks::SwitchKey;
using ckks::write_key;
using ring::Word;

using ContextRef = std::shared_ptr<Context>;

SeedBytes seed_bytes(std::string_view bytes) {
  if (bytes.size() != Seed::kBytes) refuse(ErrorKind::format, "a seed has 32 bytes");
  SeedBytes seed;
  std::memcpy(seed.data(), bytes.data(), seed.size());
  return seed;
}

py::bytes to_py(const SeedBytes& seed) { return py::bytes(reinterpret_cast<const char*>(seed.data()), seed.size()); }

py::tuple public_to_bytes(const PublicKey& key) {
  const Context& context = *key.context;
  py::bytes data(nullptr, polynomial_bytes(context, context.primes()));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  write_key(out, ckks::times_special(key.b, context), 0, context.primes(), context);
  return py::make_tuple(to_py(key.seed), data);
}

std::shared_ptr<PublicKey> public_from_bytes(const ContextRef& context, std::string_view seed, std::string_view data) {
  const std::size_t primes = context->primes();
  if (data.size() != polynomial_bytes(*context, primes)) refuse(ErrorKind::format, "the public key does not have its length");
  auto key =
      std::make_shared<PublicKey>(PublicKey{context, seed_bytes(seed), Limbs(*context, primes), Limbs(*context, primes)});
  const auto* in = reinterpret_cast<const std::uint8_t*>(data.data());
  read_key(key->b, key->a, in, key->seed, 0, 0, primes, *context);
  ckks::divide_by_special(key->b, *context);
  ckks::divide_by_special(key->a, *context);
  return key;
}

py::tuple switch_to_bytes(const Context& context, const SwitchKey& key) {
  py::bytes data(nullptr, context.digits() * polynomial_bytes(context, context.primes()));
  auto* out = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(data.ptr()));
  for (std::size_t i = 0; i < context.digits(); ++i) write_key(out, key.b, i * key.primes, key.primes, context);
  return py::make_tuple(to_py(key.seed), data);
}

std::shared_ptr<SwitchKey> switch_from_bytes(const ContextRef& context, std::string_view seed, std::string_view data,
                                             std::int64_t steps) {
  const std::size_t primes = context->primes(), digits = context->digits();
  if (!context->has_special() || data.size() != digits * polynomial_bytes(*context, primes))
    refuse(ErrorKind::format, "the evaluation key does not have its length");
  auto key = std::make_shared<SwitchKey>(*context);
  key->seed = seed_bytes(seed);
  const auto* in = reinterpret_cast<const std::uint8_t*>(data.data());
  for (std::size_t i = 0; i < digits; ++i) {
    read_key(key->b, key->a, in, key->seed, i, i * primes, primes, *context);
  }
  if (steps != 0)
    key->positions = ckks::automorphism(ckks::rotation_exponent(steps, context->log_degree()), context->log_degree());
  return key;
}

void bind_keys(py::module_& m) {
  using py::arg;
  m.def("choose_primes", &ring::chain_primes, arg("bits"), arg("log_degree"), arg("scale_bits") = 0, arg("data") = 0);
  m.def("secret_key", [](const ContextRef& context) { return SecretKey::fresh(context); }, arg("context"));
  m.def(
      "secret_from_bytes",
      [](const ContextRef& context, std::string_view bytes) {
        if (bytes.size() != context->degree()) refuse(ErrorKind::format, "the secret does not have its length");
        const auto* s = reinterpret_cast<const std::int8_t*>(bytes.data());
        int bad = 0;
        for (std::size_t i = 0; i < bytes.size(); ++i) bad |= (s[i] < -1) | (s[i] > 1);
        if (bad != 0) refuse(ErrorKind::format, "the secret's coefficients are not -1, 0 and 1");
        return std::make_shared<SecretKey>(context, s);
      },
      arg("context"), arg("data"));
  m.def(
      "secret_to_bytes",
      [](const SecretKey& key) {
        return py::bytes(reinterpret_cast<const char*>(key.coefficients()), key.context()->degree());
      },
      arg("secret"));
  m.def("public_key", &ckks::make_public_key, arg("secret"));
  m.def("public_to_bytes", &public_to_bytes, arg("key"));
  m.def("public_from_bytes", &public_from_bytes, arg("context"), arg("seed"), arg("data"));
  const auto require_special = [](const SecretKey& key) {
    if (!key.context()->has_special())
      refuse(ErrorKind::parameter, "these parameters have no special prime: evaluation keys need one (special_bits=)");
  };
  m.def(
      "relinearization_key",
      [require_special](const SecretKey& key) {
        require_special(key);
        py::gil_scoped_release release;
        return ckks::make_relinearization_key(key);
      },
      arg("secret"));
  m.def(
      "rotation_key",
      [require_special](const SecretKey& key, std::int64_t steps) {
        require_special(key);
        py::gil_scoped_release release;
        return ckks::make_galois_key(key, ckks::rotation_exponent(steps, key.context()->log_degree()));
      },
      arg("secret"), arg("steps"));
  m.def("switch_to_bytes", &switch_to_bytes, arg("context"), arg("key"));
  m.def("switch_from_bytes", &switch_from_bytes, arg("context"), arg("seed"), arg("data"), arg("steps"));
}

}  // namespace

void bind_ckks_keys(py::module_& module) {
  py::class_<Context, ContextRef>(module, "Context")
      .def(py::init([](const std::string& backend, unsigned log_degree, const std::vector<Word>& primes, std::size_t specials) {
             return std::make_shared<Context>(ring::kernels_for(backend), log_degree, primes, specials);
           }),
           py::arg("backend"), py::arg("log_degree"), py::arg("primes"), py::arg("specials"))
      .def_property_readonly("slots", &Context::slots)
      .def_property_readonly("primes", [](const Context& context) {
        std::vector<Word> primes;
        for (std::size_t i = 0; i < context.primes(); ++i) primes.push_back(context.modulus(i).p);
        return primes;
      });
  py::class_<SecretKey, std::shared_ptr<SecretKey>>(module, "SecretKey");
  py::class_<PublicKey, std::shared_ptr<PublicKey>>(module, "PublicKey");
  py::class_<SwitchKey, std::shared_ptr<SwitchKey>>(module, "SwitchKey");
  bind_keys(module);
}

}  // namespace heflow
