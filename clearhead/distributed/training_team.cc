// Sums of gradients over ranks, in the order of the batches.
#include "clearhead/distributed/training_team.h"

#include <algorithm>
#include <utility>

#include "clearhead/compute/rows.h"

namespace clearhead::distributed {

std::vector<double> TrainingTeam::gather(std::span<const double> numbers) {
  return ranks_.gather(numbers);
}

// What a rank sums up.
Tensor TrainingTeam::part(const Tensor& flat, std::int64_t rank) const {
  return flat.slice(0, rank * count_ / size(), (rank + 1) * count_ / size());
}

void TrainingTeam::add(std::vector<Tensor> mine, std::int64_t batches) {
  Tensor flat;  // [P]
  if (!mine.empty()) {
    shapes_.clear();
    count_ = 0;
    for (const Tensor& gradient : mine) {
      shapes_.push_back(gradient.shape());
      count_ += gradient.count();
    }
    flat = Tensor::empty({count_}, DType::f32);
    float* to = flat.mutable_data<float>();
    for (const Tensor& gradient : mine) {
      to = std::copy_n(gradient.data<float>(), gradient.count(), to);
    }
    mine.clear();
  }

  Transfer transfer(ranks_);
  const std::int64_t p = (rank() + 1) * count_ / size() - rank() * count_ / size();
  std::vector<Tensor> parts;  // [p] of each batch
  for (std::int64_t other = 0; other < size(); ++other) {
    if (other == rank()) {
      if (other < batches) parts.push_back(part(flat, other));
      continue;
    }
    if (flat.defined()) transfer.send(part(flat, other), other);
    if (other < batches) {
      parts.push_back(Tensor::empty({p}, DType::f32));
      transfer.receive(parts.back(), other);
    }
  }
  transfer.start();
  transfer.wait();
  for (const Tensor& batch : parts) {
    if (sum_.defined()) {
      compute::add(batch.count(), batch.data<float>(), sum_.mutable_data<float>());
    } else {
      sum_ = batch.clone();
    }
  }
}

std::vector<Tensor> TrainingTeam::take_sum() {
  const Tensor flat = Tensor::empty({count_}, DType::f32);
  Tensor own = part(flat, rank());
  std::copy_n(sum_.data<float>(), sum_.count(), own.mutable_data<float>());
  Transfer transfer(ranks_);
  for (std::int64_t other = 0; other < size(); ++other) {
    if (other == rank()) continue;
    transfer.send(sum_, other);
    transfer.receive(part(flat, other), other);
  }
  transfer.start();
  transfer.wait();
  sum_ = {};

  std::vector<Tensor> gradients;
  std::int64_t begin = 0;
  for (const Shape& shape : shapes_) {
    const std::int64_t count = element_count(shape);
    gradients.push_back(flat.slice(0, begin, begin + count).reshape(shape));
    begin += count;
  }
  return gradients;
}

}  // namespace clearhead::distributed
