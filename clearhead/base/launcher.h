// Processes that a launcher such as mpirun started together, known without MPI.
#ifndef CLEARHEAD_BASE_LAUNCHER_H_
#define CLEARHEAD_BASE_LAUNCHER_H_

#include <cstdint>

namespace clearhead {

/// How many processes were started together with this one, itself included, as the environment has
/// it: PMI_SIZE of MPICH, Intel MPI and Slurm, or OMPI_COMM_WORLD_SIZE of Open MPI. 1 without them.
std::int64_t launched_processes();

}  // namespace clearhead

#endif  // CLEARHEAD_BASE_LAUNCHER_H_
