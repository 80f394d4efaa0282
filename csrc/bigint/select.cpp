#include "select.hpp"

#include "../base/error.hpp"
#include "../base/isa.hpp"

namespace heflow::bigint {
namespace {

struct Entry {
  const char* name;
  std::vector<std::string> features;
  const Kernels* kernels;  // null if not built
};

std::vector<Entry> entries() {
#if defined(HEFLOW_HAVE_AVX2)
  const Kernels* avx2 = &kAvx2Kernels;
#else
  const Kernels* avx2 = nullptr;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
  const Kernels* ifma = &kAvx512IfmaKernels;
#else
  const Kernels* ifma = nullptr;
#endif
  return {
      {"portable", {}, &kPortableKernels},
      {"avx2", {"avx2", "fma", "pclmul"}, avx2},
      {"avx512ifma",
       {"pclmul", "avx512f", "avx512dq", "avx512vl", "avx512bw", "avx512ifma", "avx512vbmi", "avx512vpopcntdq", "vpclmulqdq"},
       ifma},
  };
}

std::string reason(const Entry& entry) {
  if (entry.kernels == nullptr) return "not built for this processor family";
  std::string missing;
  for (const std::string& feature : entry.features) {
    if (!cpu_has(feature)) missing += (missing.empty() ? "" : ", ") + feature;
  }
  return missing.empty() ? "" : "this CPU, or its operating system, does not offer " + missing;
}

}  // namespace

std::vector<BackendInfo> backends() {
  std::vector<BackendInfo> infos;
  for (const Entry& entry : entries()) infos.push_back({entry.name, reason(entry).empty(), reason(entry), entry.features});
  return infos;
}

const Kernels& kernels_for(const std::string& name) {
  std::string known;
  for (const Entry& entry : entries()) {
    if (name == entry.name) {
      if (reason(entry).empty()) return *entry.kernels;
      throw Error(ErrorKind::backend, "backend '" + name + "' is not available: " + reason(entry) + "; see heflow.backends()");
    }
    known += (known.empty() ? "'" : ", '") + std::string(entry.name) + "'";
  }
  throw Error(ErrorKind::backend, "unknown backend '" + name + "'; known are " + known);
}

}  // namespace heflow::bigint
