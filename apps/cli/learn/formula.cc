// Formulas of pages, written in LaTeX, as plain text: a walk through commands, groups, and what
// stands above or below the line.
#include "apps/cli/learn/formula.h"

#include <cctype>
#include <map>
#include <string>

namespace clearhead::cli {
namespace {

using Words = std::map<std::string, std::string, std::less<>>;

const Words kSigns = {
    {"cdot", "·"},    {"times", "×"},      {"sum", "Σ"},        {"prod", "∏"},
    {"infty", "∞"},   {"approx", "≈"},     {"le", "≤"},         {"leq", "≤"},
    {"ge", "≥"},      {"geq", "≥"},        {"ne", "≠"},         {"neq", "≠"},
    {"to", "→"},      {"in", "∈"},         {"pm", "±"},         {"odot", "⊙"},
    {"ldots", "…"},   {"dots", "…"},       {"cdots", "⋯"},      {"top", "ᵀ"},
    {"alpha", "α"},   {"beta", "β"},       {"gamma", "γ"},      {"delta", "δ"},
    {"epsilon", "ε"}, {"varepsilon", "ε"}, {"theta", "θ"},      {"lambda", "λ"},
    {"mu", "μ"},      {"pi", "π"},         {"sigma", "σ"},      {"tau", "τ"},
    {"phi", "φ"},     {"omega", "ω"},      {"Delta", "Δ"},      {"mid", "|"},
    {"lVert", "‖"},   {"rVert", "‖"},      {"|", "‖"},          {"{", "{"},
    {"}", "}"},       {"quad", "   "},     {"qquad", "      "}, {",", " "},
    {";", " "},       {" ", " "},          {"!", ""},           {"\\", "\n"},
    {"left", ""},     {"right", ""},       {"lfloor", "⌊"},     {"rfloor", "⌋"},
    {"ell", "ℓ"},     {"leftarrow", "←"},  {"rightarrow", "→"}, {"prime", "′"},
    {"propto", "∝"},  {"max", "max"},      {"min", "min"},      {"exp", "exp"},
    {"log", "log"},   {"sin", "sin"},      {"cos", "cos"},      {"tanh", "tanh"},
    {"%", "%"},       {"_", "_"},          {"eta", "η"},        {"Sigma", "Σ"},
    {"sqrt", "√"},
};

const Words kRaised = {{"0", "⁰"}, {"1", "¹"}, {"2", "²"}, {"3", "³"}, {"4", "⁴"}, {"5", "⁵"},
                       {"6", "⁶"}, {"7", "⁷"}, {"8", "⁸"}, {"9", "⁹"}, {"-", "⁻"}, {"n", "ⁿ"},
                       {"i", "ⁱ"}, {"T", "ᵀ"}, {"ᵀ", "ᵀ"}, {"′", "′"}};
const Words kLowered = {{"0", "₀"}, {"1", "₁"}, {"2", "₂"}, {"3", "₃"}, {"4", "₄"}, {"5", "₅"},
                        {"6", "₆"}, {"7", "₇"}, {"8", "₈"}, {"9", "₉"}, {"i", "ᵢ"}, {"j", "ⱼ"},
                        {"k", "ₖ"}, {"m", "ₘ"}, {"n", "ₙ"}, {"p", "ₚ"}, {"s", "ₛ"}, {"t", "ₜ"},
                        {"x", "ₓ"}, {"a", "ₐ"}, {"h", "ₕ"}, {"l", "ₗ"}, {"o", "ₒ"}, {"u", "ᵤ"},
                        {"+", "₊"}, {"-", "₋"}};

// `text` with each of its characters as `signs` has it; "" if one is not there.
std::string all_of(const std::string& text, const Words& signs) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t end = i + 1;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) ++end;
    const auto sign = signs.find(text.substr(i, end - i));
    if (sign == signs.end()) return {};
    result += sign->second;
    i = end;
  }
  return result;
}

// Brackets around what has more than one part.
std::string bracketed(const std::string& text) {
  for (const char* between : {" ", "+", "-", "/", "·", "−"}) {
    if (text.find(between) != std::string::npos) return "(" + text + ")";
  }
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view latex) : latex_(latex) {}

  // Up to the end, or to the bracket that closes the group.
  std::string all() {
    std::string text;
    while (at_ < latex_.size() && latex_[at_] != '}') {
      const char c = latex_[at_];
      if (c == '^' || c == '_') {
        ++at_;
        text += script(c);
      } else {
        const std::string next = part();
        if (next != " " || !text.ends_with(' ')) text += next;  // one space is enough
      }
    }
    return text;
  }

 private:
  // A letter, a command with its groups, or a group.
  std::string part() {
    const char c = latex_[at_++];
    if (c == '\\') return command();
    if (c != '{') return std::string(1, c);
    const std::string inner = all();
    if (at_ < latex_.size()) ++at_;
    return inner;
  }

  std::string argument() {
    while (at_ < latex_.size() && latex_[at_] == ' ') ++at_;
    return at_ < latex_.size() ? part() : std::string();
  }

  std::string script(char kind) {
    const std::string inner = argument();
    const std::string small = all_of(inner, kind == '^' ? kRaised : kLowered);
    if (!small.empty()) return small;
    return kind + (inner.size() == 1 ? inner : "(" + inner + ")");
  }

  std::string command() {
    std::string name;
    while (at_ < latex_.size() && std::isalpha(static_cast<unsigned char>(latex_[at_]))) {
      name += latex_[at_++];
    }
    if (name.empty() && at_ < latex_.size()) name = latex_[at_++];
    if (name == "frac" || name == "tfrac") {
      const std::string above = bracketed(argument());
      return above + " / " + bracketed(argument());
    }
    if (name == "sqrt") return "√" + bracketed(argument());
    if (name == "mathrm" || name == "text" || name == "operatorname" || name == "mathbf") {
      return argument();
    }
    if (name == "partial") return "∂" + argument();
    const auto sign = kSigns.find(name);
    return sign == kSigns.end() ? "\\" + name : sign->second;
  }

  std::string_view latex_;
  std::size_t at_ = 0;
};

}  // namespace

std::string plain_formula(std::string_view latex) { return Reader(latex).all(); }

}  // namespace clearhead::cli
