// The table that streams and samplers use.
#pragma once

#include "kernels.hpp"

namespace heflow {

const RandomKernels& random_kernels() noexcept;

}  // namespace heflow
