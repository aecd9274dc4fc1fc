// The transducer loss (Graves 2012, equations 16 to 20) on a band of the lattice, and its gradient with respect to the
// logits in one pass (with FastEmit, Yu et al. 2021, equation 12: the gradient through labels is scaled by 1 + lambda, so
// that words come out early). The gradient replaces the logits in place. Beside it the forced CTC alignment that places
// the band. A band follows Kuang et al. 2022 (pruned RNN-T) and Mahadeokar et al. 2021 (alignment restriction): at each step only
// `wide` consecutive label positions are computed; here CTC, which shares the encoder, says where they lie.
#include <torch/extension.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

constexpr float kNever = -1e30f;

float log_add(float a, float b) {
  const float high = std::max(a, b), low = std::min(a, b);
  return low <= kNever ? high : high + std::log1p(std::exp(low - high));
}

struct Band {
  const int64_t* low;  // first label position of each step, never falling, 0 at the first step
  int64_t wide, labels;
  bool holds(int64_t t, int64_t u) const { return u >= low[t] && u < low[t] + wide && u <= labels; }
  int64_t at(int64_t t, int64_t u) const { return t * wide + u - low[t]; }
};

// One utterance: logits (time, wide, pieces); returns the loss and writes the gradient over the logits.
float one(float* logits, const int64_t* label, int64_t time, int64_t pieces, const Band& band, float fast_emit) {
  const int64_t cells = time * band.wide, labels = band.labels;
  std::vector<float> total(cells), alpha(cells, kNever), beta(cells, kNever);
  for (int64_t c = 0; c < cells; ++c) {
    const float* z = logits + c * pieces;
    const float high = *std::max_element(z, z + pieces);
    float sum = 0;
    for (int64_t v = 0; v < pieces; ++v) sum += std::exp(z[v] - high);
    total[c] = high + std::log(sum);
  }
  auto blank = [&](int64_t c) { return logits[c * pieces] - total[c]; };
  auto emit = [&](int64_t c, int64_t u) { return logits[c * pieces + label[u]] - total[c]; };
  auto every = [&](auto&& visit, bool backwards) {
    for (int64_t i = 0; i < cells; ++i) {
      const int64_t c = backwards ? cells - 1 - i : i, t = c / band.wide, u = band.low[t] + c % band.wide;
      if (u <= labels) visit(t, u, c);
    }
  };
  every([&](int64_t t, int64_t u, int64_t c) {
    if (t == 0 && u == 0) alpha[c] = 0;
    if (t && band.holds(t - 1, u)) alpha[c] = alpha[band.at(t - 1, u)] + blank(band.at(t - 1, u));
    if (u && band.holds(t, u - 1)) alpha[c] = log_add(alpha[c], alpha[band.at(t, u - 1)] + emit(band.at(t, u - 1), u - 1));
  }, false);
  every([&](int64_t t, int64_t u, int64_t c) {
    if (t == time - 1 && u == labels) beta[c] = blank(c);
    if (t + 1 < time && band.holds(t + 1, u)) beta[c] = beta[band.at(t + 1, u)] + blank(c);
    if (u < labels && band.holds(t, u + 1)) beta[c] = log_add(beta[c], beta[band.at(t, u + 1)] + emit(c, u));
  }, true);
  const float log_likelihood = beta[band.at(0, 0)];
  std::vector<char> used(cells, 0);
  every([&](int64_t t, int64_t u, int64_t c) {
    used[c] = 1;
    const float here = alpha[c] - log_likelihood;
    float after = kNever, next = kNever;
    if (t + 1 < time && band.holds(t + 1, u)) after = beta[band.at(t + 1, u)];
    if (t + 1 == time && u == labels) after = 0;
    if (u < labels && band.holds(t, u + 1)) next = beta[band.at(t, u + 1)];
    const float through_blank = std::exp(std::min(here + blank(c) + after, 0.f));
    const float through_label = u < labels ? (1 + fast_emit) * std::exp(std::min(here + emit(c, u) + next, 0.f)) : 0.f;
    float* z = logits + c * pieces;
    for (int64_t v = 0; v < pieces; ++v) z[v] = std::exp(z[v] - total[c]) * (through_blank + through_label);
    z[0] -= through_blank;
    if (u < labels) z[label[u]] -= through_label;
  }, false);
  for (int64_t c = 0; c < cells; ++c)
    if (!used[c]) std::fill_n(logits + c * pieces, pieces, 0.f);
  return -log_likelihood;
}

// Labels begun up to each step on the best CTC path; a straight line where no path exists.
void align(const float* log_p, const int64_t* label, int64_t time, int64_t labels, int64_t pieces, int64_t* begun) {
  const int64_t states = 2 * labels + 1;
  std::vector<float> score(states, kNever), next(states);
  std::vector<signed char> back(time * states, 0);
  for (int64_t t = 0; t < time; ++t) {
    for (int64_t s = 0; s < states; ++s) {
      float best = t ? score[s] : (s < 2 ? 0 : kNever);
      signed char from = 0;
      if (t && s >= 1 && score[s - 1] > best) { best = score[s - 1]; from = 1; }
      if (t && s >= 3 && s % 2 && label[s / 2] != label[s / 2 - 1] && score[s - 2] > best) { best = score[s - 2]; from = 2; }
      next[s] = std::max(best + log_p[t * pieces + (s % 2 ? label[s / 2] : 0)], kNever);
      back[t * states + s] = from;
    }
    score.swap(next);
  }
  int64_t s = states - 1;
  if (states > 1 && score[states - 2] > score[states - 1]) s = states - 2;
  if (score[s] <= kNever) {
    for (int64_t t = 0; t < time; ++t) begun[t] = labels * (t + 1) / time;
    return;
  }
  for (int64_t t = time - 1; t >= 0; --t) {
    begun[t] = (s + 1) / 2;
    s -= back[t * states + s];
  }
}

}  // namespace

// logits float32 (B, T, W, V), contiguous, overwritten by the gradient; labels int64 (B, U); times, counts int64 (B,);
// low int64 (B, T): first label position of the band at each step.
torch::Tensor loss_and_gradient(torch::Tensor logits, torch::Tensor labels, torch::Tensor times, torch::Tensor counts,
                                torch::Tensor low, double fast_emit) {
  const int64_t batch = logits.size(0), time = logits.size(1), wide = logits.size(2), pieces = logits.size(3);
  auto loss = torch::empty({batch});
  at::parallel_for(0, batch, 1, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; ++b) {
      float* base = logits.data_ptr<float>() + b * time * wide * pieces;
      const int64_t used = times.data_ptr<int64_t>()[b];
      const Band band{low.data_ptr<int64_t>() + b * time, wide, counts.data_ptr<int64_t>()[b]};
      loss.data_ptr<float>()[b] =
          one(base, labels.data_ptr<int64_t>() + b * labels.size(1), used, pieces, band, static_cast<float>(fast_emit));
      std::fill_n(base + used * wide * pieces, (time - used) * wide * pieces, 0.f);
    }
  });
  return loss;
}

// log_p float32 (B, T, V), contiguous; returns int64 (B, T): labels begun up to and including each step.
torch::Tensor ctc_alignment(torch::Tensor log_p, torch::Tensor labels, torch::Tensor times, torch::Tensor counts) {
  const int64_t batch = log_p.size(0), time = log_p.size(1), pieces = log_p.size(2);
  auto begun = torch::zeros({batch, time}, torch::kInt64);
  for (int64_t b = 0; b < batch; ++b)
    align(log_p.data_ptr<float>() + b * time * pieces, labels.data_ptr<int64_t>() + b * labels.size(1),
          times.data_ptr<int64_t>()[b], counts.data_ptr<int64_t>()[b], pieces, begun.data_ptr<int64_t>() + b * time);
  return begun;
}

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("loss_and_gradient", &loss_and_gradient);
  m.def("ctc_alignment", &ctc_alignment);
}
