// What a Tape and its Vars share. Not for use outside this folder.
//
// Nothing in here holds a Var of this recording, which would keep both alive for ever. Records
// refer to values by position.
#ifndef CLEARHEAD_TAPE_RECORDING_INTERNAL_H_
#define CLEARHEAD_TAPE_RECORDING_INTERNAL_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clearhead/base/memory.h"
#include "clearhead/tape/tape.h"

namespace clearhead {

/// The record that a Tape and its Vars share.
struct Recording {
  /// A value, and how it came about.
  struct Entry {
    std::string name;                  ///< "" until it has one
    bool has_given_name = false;       ///< else it was made up from the kind
    std::string kind;                  ///< of the operation
    std::vector<std::int64_t> inputs;  ///< positions of the operands; −1 for what is not recorded
    Shape shape;                       ///< of the value
    DType dtype = DType::f32;          ///< of the value
    bool needs_grad = false;           ///< whether a gradient flows to it
    Record record;                     ///< its value is kept in Keep::everything, and for inputs
    Tensor grad;                       ///< after `backward`
    Tensor grad_place;                 ///< memory for it, if some was given
    BackwardOfSeveral
        backward_of_several;   ///< of this entry and those after it, if it is the first
    std::int64_t results = 1;  ///< that it is the first of; 0 for one of the others
  };
  /// An input that is used in several places.
  struct Shared {
    std::int64_t input;  ///< as it was put on the tape
    std::int64_t id;     ///< of what interventions have made of it
    Tensor value;        ///< of that
  };
  /// What is done to values whose name matches.
  struct Intervention {
    std::string pattern;       ///< as given to `Tape::intervene`
    Change change;             ///< what it does
    bool has_matched = false;  ///< whether a value had such a name
  };

  /// An empty record.
  explicit Recording(Keep keep) : keep(keep) {
    if (keep == Keep::nothing) reuse.emplace();
  }

  /// What a recorded Var is a handle on.
  static Recording& of(const Var& var) { return *var.recording_; }
  /// Its number.
  static std::int64_t id_of(const Var& var) { return var.id_; }
  /// What is recorded of it.
  static Entry& entry_of(const Var& var) { return of(var).entry(var.id_); }
  /// The value at `id` of the recording of `var`.
  static Var at(const Var& var, std::int64_t id) { return var.at(id); }

  /// The value with this number.
  Entry& entry(std::int64_t id) { return entries[static_cast<std::size_t>(id)]; }
  /// Whether there is a value of this name.
  bool contains(std::string_view name) const { return ids.find(name) != ids.end(); }
  /// Whether giving a name has no effect.
  bool names_nothing() const { return keep == Keep::nothing && interventions.empty(); }
  /// Adds a value; returns its number.
  std::int64_t append(Entry entry);

  /// Whether a value has this name, or this alias.
  bool is_called(std::int64_t id, const std::string& path) const;
  /// Makes `path` the name of a value that has none, else an alias.
  void give_name(std::int64_t id, const std::string& path);
  /// `path`, with a number appended if there is one of that name.
  std::string free_name(const std::string& path) const;
  /// The value behind `id`: itself, or, if it is a nameless move, the value that was moved.
  std::int64_t seen_through(std::int64_t id);
  /// The formula with the names of the operands of `of` for {0}, {1}, … and `y` for {y}.
  std::string filled_in(std::string_view formula, const Entry& of, std::string_view y = {});

  /// The pattern of the first intervention for this path; null if there is none, or one is acting.
  const std::string* intervention_for(const std::string& path) const;

  /// Backward through an operation with several results. `id` is the first of them, so backward
  /// comes to it last.
  void walk_several(std::int64_t id);
  /// The gradient of a value, to be added to.
  Tensor& grad_of(std::int64_t id);

  Keep keep;                         ///< what is held on to
  std::optional<ReuseMemory> reuse;  ///< values that die leave their memory to those to come
  std::deque<Entry> entries;         ///< an entry keeps its place while others are appended
  std::map<std::string, std::int64_t, std::less<>> ids;  ///< names and aliases
  std::map<const void*, Shared> shared;                  ///< by the memory of shared inputs
  std::string scope;                                     ///< "blocks.0.attn." or ""
  std::int64_t backward_from = -1;                       ///< where the last walk began
  std::vector<Intervention> interventions;               ///< in the order given
  std::string changing;                                  ///< what an intervention acts on now
};

}  // namespace clearhead

#endif  // CLEARHEAD_TAPE_RECORDING_INTERNAL_H_
