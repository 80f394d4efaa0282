#include "backend.hpp"

namespace heflow::bigint {

const Kernels kPortableKernels = {
    "portable",
    1,
    58,
    2,
    5,
    portable::mont_mul,
    portable::mont_sqr,
    nullptr,
    portable::linear,
    portable::reduce,
    portable::dual_mul,
    portable::dual_mul_groups,
    portable::dual_sqr,
    nullptr,
    portable::dual_mul_half,
    portable::dual_linear,
    portable::dual_reduce,
    portable::dual_compose,
    portable::add,
    portable::load_words,
    portable::store_words,
    portable::load_rows,
    portable::store_rows,
    portable::select_lanes,
    portable::select_rows,
};

}  // namespace heflow::bigint
