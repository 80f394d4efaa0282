// heflow._core.paillier: keys, batches and the verbs on them. Everything is checked here; below, nothing is.
#include <pybind11/stl.h>

#include <algorithm>
#include <string_view>

#include "../bigint/modexp_multi.hpp"
#include "../bigint/select.hpp"
#include "../paillier/decrypt.hpp"
#include "common.hpp"

namespace heflow {
namespace {

using bigint::Batch;
using bigint::BatchPtr;
using bigint::Natural;
using paillier::Integers;
using paillier::PrimeHalf;
using paillier::PublicKey;
using paillier::SecretKey;

using PublicKeyRef = std::shared_ptr<PublicKey>;
using SecretKeyRef = std::shared_ptr<SecretKey>;
using Indices = py::array_t<std::int64_t, py::array::c_style>;
using Bins = py::array_t<std::int32_t, py::array::c_style>;

Natural natural(std::string_view bytes) {
  return bigint::natural_from_bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Integers integers(const Words& words) {
  if (words.ndim() != 2 || words.shape(1) < 1) refuse(ErrorKind::shape, "integers must have the shape (count, words)");
  return {words.data(), static_cast<std::size_t>(words.shape(0)), static_cast<std::size_t>(words.shape(1))};
}

Integers integers(const Words& words, const Batch& batch) {
  const Integers result = integers(words);
  if (result.count != batch.size()) {
    refuse(ErrorKind::shape,
           std::to_string(result.count) + " integers given for " + std::to_string(batch.size()) + " ciphertexts");
  }
  return result;
}

void require_key(const PublicKey& key, const Batch& batch) {
  if (&key.modulus()->kernels() != &batch.modulus().kernels()) {
    refuse(ErrorKind::backend, std::string("a batch of backend '") + batch.modulus().kernels().name +
                                   "' met a key of backend '" + key.modulus()->kernels().name +
                                   "'; convert it with x.to_backend(name)");
  }
  if (key.modulus()->n() != batch.modulus().n()) refuse(ErrorKind::key_mismatch, "the batch was encrypted under another key");
}

void require_indices(const std::int64_t* indices, std::size_t count, std::size_t size) {
  for (std::size_t i = 0; i < count; ++i) {
    if (indices[i] < 0 || static_cast<std::size_t>(indices[i]) >= size) {
      refuse(ErrorKind::shape, "index " + std::to_string(indices[i]) + " is outside a batch of " + std::to_string(size));
    }
  }
}

std::shared_ptr<Batch> shared(const BatchPtr& batch) { return std::const_pointer_cast<Batch>(batch); }

std::shared_ptr<SecretKey> make_secret(const PublicKeyRef& key, std::string_view p, std::string_view q,
                                       std::string_view idempotent_p, std::string_view idempotent_q,
                                       std::string_view recombine_p, std::string_view recombine_q, std::string_view base_p,
                                       std::string_view base_q) {
  const bigint::Modulus& n = *key->modulus();
  Natural product = bigint::multiply(natural(p), natural(q));
  product.resize(n.n().size() > product.size() ? n.n().size() : product.size(), 0);
  if (bigint::less(product, n.n()) || bigint::less(n.n(), product))
    refuse(ErrorKind::parameter, "p times q is not the public modulus");
  return std::make_shared<SecretKey>(key,
                                     PrimeHalf(n, natural(p), natural(idempotent_p), natural(recombine_p), natural(base_p)),
                                     PrimeHalf(n, natural(q), natural(idempotent_q), natural(recombine_q), natural(base_q)));
}

template <class Verb>
std::shared_ptr<Batch> without_gil(const Verb& verb) {
  py::gil_scoped_release release;
  return shared(verb());
}

Words decrypt(const SecretKey& key, const Batch& batch, std::string_view limit_bytes) {
  require_key(key.public_key(), batch);
  const Natural limit = natural(limit_bytes);
  Words result({static_cast<py::ssize_t>(batch.size()), static_cast<py::ssize_t>(paillier::words_for(limit))});
  std::int64_t* messages = result.mutable_data();
  py::gil_scoped_release release;
  paillier::decrypt(messages, key, batch, limit);
  return result;
}

std::shared_ptr<Batch> encrypt_fixed(const PublicKey& key, const Words& words, std::string_view randomizers) {
  const Integers messages = integers(words);
  const bigint::Modulus& n = *key.modulus();
  const std::size_t bytes_each = (n.bits() + 7) / 8;
  if (randomizers.size() != messages.count * bytes_each)
    refuse(ErrorKind::shape, "one randomizer of the size of n is needed for each message");
  Natural rows(messages.count * n.words(), 0);
  for (std::size_t i = 0; i < messages.count; ++i) {
    const Natural r = natural(randomizers.substr(i * bytes_each, bytes_each));
    if (bigint::is_zero(r) || !bigint::less(r, n.n())) refuse(ErrorKind::parameter, "a randomizer must lie between 0 and n");
    for (std::size_t k = 0; k < n.words(); ++k) rows[i * n.words() + k] = r[k];
  }
  return without_gil([&] { return paillier::encrypt_fixed(key, messages, rows.data()); });
}

std::shared_ptr<Batch> concatenate(const PublicKey& key, const std::vector<std::shared_ptr<Batch>>& parts) {
  if (parts.empty()) refuse(ErrorKind::shape, "nothing to concatenate");
  for (const auto& part : parts) require_key(key, *part);
  const std::vector<BatchPtr> batches(parts.begin(), parts.end());
  return without_gil([&] { return bigint::concatenate(batches); });
}

std::shared_ptr<Batch> sum(const PublicKey& key, const Batch& batch, const Indices& indices) {
  require_key(key, batch);
  if (indices.ndim() != 2 || indices.shape(1) < 1) refuse(ErrorKind::shape, "sum needs indices of shape (n_out, k), k >= 1");
  const auto rows = static_cast<std::size_t>(indices.shape(0)), count = static_cast<std::size_t>(indices.shape(1));
  require_indices(indices.data(), rows * count, batch.size());
  return without_gil([&] { return bigint::multiply_groups(batch, indices.data(), rows, count); });
}

std::shared_ptr<Batch> bucket_sum(const PublicKey& key, const Batch& batch, const Bins& bins, std::int64_t n_bins) {
  require_key(key, batch);
  if (bins.ndim() != 2 || static_cast<std::size_t>(bins.shape(0)) != batch.size() || n_bins < 1) {
    refuse(ErrorKind::shape,
           "bucket_sum needs bins of shape (" + std::to_string(batch.size()) + ", n_features) and n_bins >= 1");
  }
  const auto features = static_cast<std::size_t>(bins.shape(1));
  for (py::ssize_t i = 0; i < bins.size(); ++i) {
    if (bins.data()[i] < 0 || bins.data()[i] >= n_bins) {
      refuse(ErrorKind::shape, "bin " + std::to_string(bins.data()[i]) + " is not in 0.." + std::to_string(n_bins - 1));
    }
  }
  return without_gil(
      [&] { return bigint::bucket_product_vartime(batch, bins.data(), features, static_cast<std::size_t>(n_bins)); });
}

std::shared_ptr<Batch> matmul_plain(const PublicKey& key, const Batch& batch, const Indices& vectors, const Words& weights) {
  require_key(key, batch);
  if (vectors.ndim() != 2 || weights.ndim() != 3 || vectors.shape(1) != weights.shape(1) || weights.shape(2) < 1 ||
      vectors.shape(1) < 1) {
    refuse(ErrorKind::shape, "matmul_plain needs vectors (n_vec, N) and weights (n_rows, N, words), N >= 1");
  }
  const auto count = static_cast<std::size_t>(vectors.shape(0)), length = static_cast<std::size_t>(vectors.shape(1));
  const auto rows = static_cast<std::size_t>(weights.shape(0));
  require_indices(vectors.data(), count * length, batch.size());
  const bigint::SignedIntegers matrix{weights.data(), static_cast<std::size_t>(weights.shape(2))};
  return without_gil([&] { return bigint::multi_power_vartime(batch, vectors.data(), count, length, matrix, rows); });
}

std::shared_ptr<Batch> matmul_sparse(const PublicKey& key, const Batch& batch, const Indices& starts, const Indices& items,
                                     const Words& weights) {
  require_key(key, batch);
  if (starts.ndim() != 1 || starts.size() < 2 || items.ndim() != 1 || weights.ndim() != 2 || weights.shape(1) < 1 ||
      weights.shape(0) != items.size() || starts.data()[0] != 0 || starts.data()[starts.size() - 1] != items.size() ||
      !std::is_sorted(starts.data(), starts.data() + starts.size())) {
    refuse(ErrorKind::shape, "matmul_sparse needs starts (n_rows + 1,) from 0 up to N, items (N,) and weights (N, words)");
  }
  if (batch.size() == 0) refuse(ErrorKind::shape, "matmul_sparse needs one ciphertext or more");
  require_indices(items.data(), static_cast<std::size_t>(items.size()), batch.size());
  const bigint::SignedIntegers values{weights.data(), static_cast<std::size_t>(weights.shape(1))};
  return without_gil([&] {
    return bigint::sparse_power_vartime(batch, starts.data(), static_cast<std::size_t>(starts.size()) - 1, items.data(),
                                        values);
  });
}

std::shared_ptr<Batch> take(const PublicKey& key, const Batch& batch, const Indices& indices) {
  require_key(key, batch);
  const auto count = static_cast<std::size_t>(indices.size());
  require_indices(indices.data(), count, batch.size());
  return without_gil([&] { return bigint::take(batch, indices.data(), count); });
}

py::bytes to_bytes(const PublicKey& key, const Batch& batch) {
  require_key(key, batch);
  py::bytes result(nullptr, batch.size() * key.ciphertext_bytes());
  auto* bytes = reinterpret_cast<std::uint8_t*>(PyBytes_AS_STRING(result.ptr()));
  py::gil_scoped_release release;
  bigint::export_residues(bytes, batch);
  return result;
}

std::shared_ptr<Batch> from_bytes(const PublicKey& key, const py::buffer& data) {
  const py::buffer_info info = data.request();
  const std::size_t size = static_cast<std::size_t>(info.size * info.itemsize), each = key.ciphertext_bytes();
  if (info.ndim != 1 || size % each != 0) {
    refuse(ErrorKind::format,
           std::to_string(size) + " bytes are not a whole number of ciphertexts of " + std::to_string(each) + " bytes");
  }
  return without_gil(
      [&] { return bigint::import_residues(key.modulus(), static_cast<const std::uint8_t*>(info.ptr), size / each); });
}

void bind_encryption(py::module_& m) {
  using py::arg;
  m.def(
      "encrypt",
      [](const PublicKey& key, const Words& words) {
        const Integers messages = integers(words);
        return without_gil([&] { return paillier::encrypt(key, messages); });
      },
      arg("public"), arg("words"));
  m.def(
      "encrypt_owner",
      [](const SecretKey& key, const Words& words) {
        const Integers messages = integers(words);
        return without_gil([&] { return paillier::encrypt_owner(key, messages); });
      },
      arg("secret"), arg("words"));
  m.def("encrypt_fixed", &encrypt_fixed, arg("public"), arg("words"), arg("randomizers"));
  m.def("decrypt", &decrypt, arg("secret"), arg("batch"), arg("limit"));
  m.def(
      "rerandomize",
      [](const PublicKey& key, const Batch& a) {
        require_key(key, a);
        return without_gil([&] { return paillier::rerandomize(key, a); });
      },
      arg("public"), arg("a"));
  m.def("to_bytes", &to_bytes, arg("public"), arg("a"));
  m.def("from_bytes", &from_bytes, arg("public"), arg("data"));
}

void bind_arithmetic(py::module_& m) {
  using py::arg;
  m.def(
      "add",
      [](const PublicKey& key, const Batch& a, const Batch& b) {
        require_key(key, a), require_key(key, b);
        if (a.size() != b.size())
          refuse(ErrorKind::shape,
                 "batches of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) + " do not add");
        return without_gil([&] { return bigint::multiply(a, b); });
      },
      arg("public"), arg("a"), arg("b"));
  m.def(
      "add_plain",
      [](const PublicKey& key, const Batch& a, const Words& words) {
        require_key(key, a);
        const Integers messages = integers(words, a);
        return without_gil([&] { return paillier::add_plain(key, a, messages); });
      },
      arg("public"), arg("a"), arg("words"));
  m.def(
      "negate",
      [](const PublicKey& key, const Batch& a) {
        require_key(key, a);
        return without_gil([&] { return bigint::invert_vartime(a); });
      },
      arg("public"), arg("a"));
  m.def(
      "multiply_plain",
      [](const PublicKey& key, const Batch& a, const Words& words) {
        require_key(key, a);
        const Integers factors = integers(words, a);
        return without_gil([&] { return bigint::power_each_vartime(a, {factors.words, factors.words_each}); });
      },
      arg("public"), arg("a"), arg("words"));
  m.def("sum", &sum, arg("public"), arg("a"), arg("indices"));
  m.def("bucket_sum", &bucket_sum, arg("public"), arg("a"), arg("bins"), arg("n_bins"));
  m.def("matmul_plain", &matmul_plain, arg("public"), arg("a"), arg("vectors"), arg("weights"));
  m.def("matmul_sparse", &matmul_sparse, arg("public"), arg("a"), arg("starts"), arg("items"), arg("weights"));
  m.def("take", &take, arg("public"), arg("a"), arg("indices"));
  m.def("concatenate", &concatenate, arg("public"), arg("batches"));
}

}  // namespace

void bind_paillier(py::module_& module) {
  py::class_<PublicKey, PublicKeyRef>(module, "PublicKey")
      .def(py::init([](std::string_view n, std::string_view base, std::size_t exponent_bits, const std::string& backend) {
             return std::make_shared<PublicKey>(bigint::kernels_for(backend), natural(n), natural(base), exponent_bits);
           }),
           py::arg("n"), py::arg("base"), py::arg("exponent_bits"), py::arg("backend"))
      .def_property_readonly("backend", [](const PublicKey& key) { return key.modulus()->kernels().name; })
      .def_property_readonly("ciphertext_bytes", &PublicKey::ciphertext_bytes);
  py::class_<SecretKey, SecretKeyRef>(module, "SecretKey")
      .def(py::init(&make_secret), py::arg("public"), py::arg("p"), py::arg("q"), py::arg("idempotent_p"),
           py::arg("idempotent_q"), py::arg("recombine_p"), py::arg("recombine_q"), py::arg("base_p"), py::arg("base_q"));
  py::class_<Batch, std::shared_ptr<Batch>>(module, "Batch")
      .def("__len__", &Batch::size)
      .def_property_readonly("nbytes", &Batch::bytes)
      .def_property_readonly("backend", [](const Batch& batch) { return batch.modulus().kernels().name; });
  bind_encryption(module);
  bind_arithmetic(module);
}

}  // namespace heflow
