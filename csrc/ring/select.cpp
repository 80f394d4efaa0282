#include "select.hpp"

#include "../base/error.hpp"
#include "../base/isa.hpp"

namespace heflow::ring {

const Kernels& kernels_for(const std::string& name) {
  if (name == kPortableKernels.name) return kPortableKernels;
#if defined(HEFLOW_HAVE_AVX2)
  if (runs_avx2() && name == kAvx2Kernels.name) return kAvx2Kernels;
#endif
#if defined(HEFLOW_HAVE_AVX512IFMA)
  if (runs_avx512ifma() && name == kAvx512IfmaKernels.name) return kAvx512IfmaKernels;
#endif
  throw Error(ErrorKind::backend, "backend '" + name + "' is unknown or not available here; see heflow.backends()");
}

}  // namespace heflow::ring
