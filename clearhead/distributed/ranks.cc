// Ranks and transfers in MPI's calls.
#include "clearhead/distributed/ranks.h"

#include <mpi.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <thread>

#include "clearhead/base/error.h"
#include "clearhead/base/launcher.h"

namespace clearhead::distributed {
namespace {

// A message is at most this long, since MPI counts in int.
constexpr std::int64_t kMessageBytes = std::int64_t{1} << 30;

// How long a thread sleeps before it looks again: at 10 GB/s, half a megabyte's time. MPI itself
// would look without a pause, and take a core from the calculation.
constexpr std::chrono::microseconds kPause{50};

// Longer than a message is on its way, or a rank that has it waits for a core.
constexpr std::chrono::milliseconds kPauseBeforeTheEnd{200};

void check(int status, const char* what) {
  if (status == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING];
  int length = 0;
  MPI_Error_string(status, text, &length);
  throw Error("MPI could not " + std::string(what) + ": " +
              std::string(text, static_cast<std::size_t>(length)) +
              "; if another rank has ended, start all of them again");
}

// Looks after `requests` until they are done or `is_given_up`.
void look_after(std::vector<MPI_Request>& requests, const std::atomic<bool>& is_given_up) {
  int done = 0;
  while (done == 0 && !is_given_up) {
    check(
        MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done, MPI_STATUSES_IGNORE),
        "send or receive");
    if (done == 0) std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

Ranks::Ranks() {
  int rank = 0, size = 1;
  check(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "begin");
  check(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "say which rank this is");
  check(MPI_Comm_size(MPI_COMM_WORLD, &size), "say how many ranks there are");
  rank_ = rank;
  size_ = size;
}

std::vector<double> Ranks::gather(std::span<const double> numbers) {
  if (numbers.empty()) {  // MPI would not wait for nothing
    gather(std::vector<double>{0});
    return {};
  }
  std::vector<double> all(numbers.size() * static_cast<std::size_t>(size_));
  const int count = static_cast<int>(numbers.size());
  std::vector<MPI_Request> request(1);
  check(MPI_Iallgather(numbers.data(), count, MPI_DOUBLE, all.data(), count, MPI_DOUBLE,
                       MPI_COMM_WORLD, request.data()),
        "gather numbers");
  look_after(request, false);
  return all;
}

void Ranks::require_equal(const std::string& who, const std::vector<std::string>& names,
                          std::span<const double> numbers) {
  const std::vector<double> all = gather(numbers);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t which = i % numbers.size();
    if (all[i] == all[which]) continue;
    throw Error(who + ": all ranks must agree on " + names[which] + ", got " +
                std::to_string(all[which]) + " on rank 0 and " + std::to_string(all[i]) +
                " on rank " + std::to_string(i / numbers.size()));
  }
}

struct Transfer::State {
  std::vector<Tensor> tensors;  // kept alive
  std::vector<MPI_Request> requests;
  std::thread thread;
  std::atomic<bool> is_given_up = false;
  std::exception_ptr failure;
};

Transfer::Transfer(Ranks& ranks) : ranks_(ranks), state_(std::make_unique<State>()) {}

Transfer::~Transfer() {
  state_->is_given_up = true;
  if (state_->thread.joinable()) state_->thread.join();
  // MPI may still write to the tensors.
  if (!state_->requests.empty()) static_cast<void>(state_.release());
}

void Transfer::add(const Tensor& tensor, std::int64_t other, bool is_sent) {
  const std::int64_t bytes = tensor.count() * static_cast<std::int64_t>(dtype_size(tensor.dtype()));
  auto* const data = static_cast<char*>(const_cast<void*>(tensor.address()));
  for (std::int64_t begin = 0; begin < bytes; begin += kMessageBytes) {
    const int length = static_cast<int>(std::min(kMessageBytes, bytes - begin));
    const int rank = static_cast<int>(other);
    MPI_Request& request = state_->requests.emplace_back();
    if (is_sent) {
      check(MPI_Isend(data + begin, length, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &request), "send");
    } else {
      check(MPI_Irecv(data + begin, length, MPI_BYTE, rank, 0, MPI_COMM_WORLD, &request),
            "receive");
    }
  }
  if (is_sent) ranks_.bytes_sent_ += bytes;
  state_->tensors.push_back(tensor);
}

void Transfer::send(const Tensor& tensor, std::int64_t to) { add(tensor, to, /*is_sent=*/true); }

void Transfer::receive(const Tensor& tensor, std::int64_t from) {
  add(tensor, from, /*is_sent=*/false);
}

void Transfer::start() {
  if (state_->requests.empty()) return;
  state_->thread = std::thread([state = state_.get()] {
    try {
      look_after(state->requests, state->is_given_up);
    } catch (...) {
      state->failure = std::current_exception();
    }
  });
}

void Transfer::wait() {
  if (state_->thread.joinable()) state_->thread.join();
  if (state_->failure) std::rethrow_exception(state_->failure);
  state_->requests.clear();
  state_->tensors.clear();
}

bool is_started_by_launcher() {
  // Hydra and Slurm; Open MPI; anything that speaks PMIx.
  for (const char* name : {"PMI_RANK", "OMPI_COMM_WORLD_RANK", "PMIX_RANK"}) {
    if (std::getenv(name) != nullptr) return true;
  }
  return false;
}

int run_ranks(const std::function<void(Ranks&)>& program) {
  int provided = MPI_THREAD_SINGLE;
  MPI_Init_thread(nullptr, nullptr, MPI_THREAD_SERIALIZED, &provided);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  try {
    if (provided < MPI_THREAD_SERIALIZED) {
      throw Error("this MPI lets only the first thread call it (MPI_THREAD_SERIALIZED is missing)");
    }
    Ranks ranks;
    if (ranks.size() < launched_processes()) {
      throw Error(std::to_string(launched_processes()) +
                  " processes were started together, but this program's MPI knows of " +
                  std::to_string(ranks.size()) +
                  ": start it with the mpirun of the MPI that it is built with (Debian: " +
                  "mpirun.mpich)");
    }
    program(ranks);
    // In MPI_Finalize of MPICH before 4.2 over UCX a rank asks each other whether all has arrived,
    // and answers no longer once it knows of its own. One that answers before it has asked, because
    // it is still in its last call, then waits forever (pull request 6596 of MPICH). So all wait
    // until the others have come out of theirs.
    ranks.gather({});
    if (ranks.size() > 1) std::this_thread::sleep_for(kPauseBeforeTheEnd);
  } catch (const std::exception& error) {
    // What is wrong is often wrong on all ranks: the first one says it for them.
    if (rank != 0) std::this_thread::sleep_for(std::chrono::milliseconds(300));
    std::fprintf(stderr, "rank %d: %s\n", rank, error.what());
    std::fflush(nullptr);
    // The launcher stops as soon as it hears of the end, so let it pass the message on before.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
  }
  MPI_Finalize();
  return EXIT_SUCCESS;
}

}  // namespace clearhead::distributed
