// Tail probabilities: how often something at least as surprising was seen among its like.
#ifndef CLEARHEAD_CLAIMS_CALIBRATION_H_
#define CLEARHEAD_CLAIMS_CALIBRATION_H_

#include <map>
#include <string>
#include <vector>

namespace clearhead::claims {

/// Values of normal claims, by groups. A group is a path, such as {"code", "professional",
/// "CARDIOLOGY", "frequent"}; each value also belongs to the groups that the path begins with.
class Calibration {
 public:
  /// A path.
  using Group = std::vector<std::string>;

  /// Adds the value of a normal claim.
  void add(const Group& group, double value);
  /// Ends the adding: of each group with enough values remain those of some tail probabilities.
  void finish();

  /// Whether there is no group.
  bool empty() const { return groups_.empty(); }
  /// The share of values of this group that are at least as high; of the longest beginning of the
  /// path that has enough values. Beyond the highest its log goes on falling as it
  /// fell before, by 0.2 to 1 for a unit. In (0, 1]. 1 if no group knows.
  double tail(const Group& group, double value) const;
  /// As JSON.
  std::string json() const;
  /// From it. Throws Error, which begins with `where`, if it is something else.
  static Calibration parse(const std::string& json, const std::string& where);

 private:
  // Of a distribution, values ascending.
  struct Point {
    double value = 0;
    double tail = 1;   // the share of values that are at least as high
    double above = 1;  // the share of those that are higher
  };
  const std::vector<Point>& points(const Group& group) const;

  std::map<std::string, std::vector<double>> values_;  // by path, while they are added
  std::map<std::string, std::vector<Point>> groups_;   // by path, values ascending
};

}  // namespace clearhead::claims

#endif  // CLEARHEAD_CLAIMS_CALIBRATION_H_
