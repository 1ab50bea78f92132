// Fields of structs as JSON: what is read, written and documented, and what is said of mistakes.
#include "clearhead/base/fields.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "clearhead/base/error.h"
#include "tests/testing.h"

namespace clearhead {
namespace {

using ::testing::HasSubstr;

enum class Shade { light, dark };

struct Wheel {
  double width = 0.5;
  std::vector<std::string> spokes = {"a"};
};

struct Car {
  std::int64_t seats = 4;
  bool open = false;
  std::string name = "car";
  Shade shade = Shade::light;
  Wheel wheel;
};

void describe(Fields& fields, Wheel& wheel) {
  fields.number("width", wheel.width, {0, 1}, "of the tyre, in metres");
  fields.texts("spokes", wheel.spokes, "their names");
}

Car racer() { return {1, true, "racer", Shade::light, {}}; }

void describe(Fields& fields, Car& car) {
  fields.like("like", car, {{"car", Car()}, {"racer", racer()}}, "begins as one of these");
  fields.integer("seats", car.seats, {.least = 1}, "how many may ride");
  fields.flag("open", car.open, "has no roof");
  fields.text("name", car.name, "");
  fields.choice("shade", car.shade, {{"light", Shade::light}, {"dark", Shade::dark}}, "");
  fields.group("wheel", car.wheel, "each of them");
}

std::string error_of(const std::string& json) {
  return clearhead::error_of([&] {
    Car car;
    read_fields(json, "car.json", car);
  });
}

TEST(Fields, WhatIsLeftOutKeepsItsDefault) {
  Car car;
  read_fields(R"({"seats": 2, "shade": "dark", "wheel": {"width": 1}})", "car.json", car);
  EXPECT_EQ(car.seats, 2);
  EXPECT_FALSE(car.open);
  EXPECT_EQ(car.name, "car");
  EXPECT_EQ(car.shade, Shade::dark);
  EXPECT_EQ(car.wheel.width, 1);
  EXPECT_EQ(car.wheel.spokes, std::vector<std::string>{"a"});
}

TEST(Fields, WhatIsWrittenReadsTheSame) {
  const Car car{3, true, "\"Ä\"", Shade::dark, {0.25, {"x", "y"}}};
  Car read;
  read_fields(write_fields(car), "car.json", read);
  EXPECT_EQ(write_fields(read), write_fields(car));
  EXPECT_EQ(read.name, car.name);
  EXPECT_EQ(read.wheel.spokes, car.wheel.spokes);
}

TEST(Fields, WhatStandsBesideLikeChangesWhatItGives) {
  for (const char* json :
       {R"({"like": "racer", "seats": 2})", R"({"seats": 2, "like": "racer"})"}) {
    Car car;
    read_fields(json, "car.json", car);
    EXPECT_EQ(car.seats, 2);
    EXPECT_TRUE(car.open);
  }
  EXPECT_EQ(write_fields(Car()).find("like"), std::string::npos);  // all fields are written instead
  EXPECT_EQ(error_of(R"({"like": "bus"})"),
            "car.json: like: expected \"car\" or \"racer\", got \"bus\"");
}

TEST(Fields, DifferencesAreNamedFieldByField) {
  const Car first{3, true, "a", Shade::dark, {0.25, {"x"}}};
  Car second = first;
  EXPECT_TRUE(different_fields(first, second).empty());
  second.shade = Shade::light;
  second.wheel.spokes = {"x", "y"};
  const auto differences = different_fields(first, second);
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].name, "shade");
  EXPECT_EQ(differences[0].first, "\"dark\"");
  EXPECT_EQ(differences[0].second, "\"light\"");
  EXPECT_EQ(differences[1].name, "wheel.spokes");
  EXPECT_EQ(differences[1].second, R"(["x","y"])");
}

TEST(Fields, MistakesAreNamed) {
  EXPECT_EQ(error_of(R"({"seats": 0})"),
            "car.json: seats: expected a whole number of at least 1, got 0");
  EXPECT_EQ(error_of(R"({"seats": 2.5})"),
            "car.json: seats: expected a whole number of at least 1, got 2.5");
  EXPECT_THAT(error_of(R"({"seats": 18446744073709551615})"),
              HasSubstr("got 18446744073709551615"));
  EXPECT_EQ(error_of(R"({"wheel": {"width": 2}})"),
            "car.json: wheel.width: expected a number between 0.0 and 1.0, got 2");
  EXPECT_EQ(error_of(R"({"wheel": {"spokes": ["a", 1]}})"),
            "car.json: wheel.spokes: expected a list of texts, [\"…\", …], got [\"a\",1]");
  EXPECT_EQ(error_of(R"({"wheel": 3})"), "car.json: wheel: expected an object { … }, got 3");
  EXPECT_EQ(error_of("[]"), "car.json: expected an object { … }, got []");
  EXPECT_EQ(error_of(R"({"open": "yes"})"), "car.json: open: expected true or false, got \"yes\"");
  EXPECT_EQ(error_of(R"({"shade": "red"})"),
            "car.json: shade: expected \"light\" or \"dark\", got \"red\"");
  EXPECT_EQ(error_of(R"({"wheel": {"widht": 1}})"),
            "car.json: wheel.widht: there is no such field; those most like it: width, spokes");
  EXPECT_THAT(error_of(R"({"seats": 1e999})"), HasSubstr("car.json: a number is beyond"));
  EXPECT_THAT(error_of("{\n  \"seats\": 2\n  \"open\": true\n}"), HasSubstr("line 3, column"));
}

TEST(Fields, TheSchemaHasRangesAndDefaults) {
  const auto schema = nlohmann::json::parse(schema_of_fields("a car", Car()));
  EXPECT_EQ(schema["properties"]["seats"]["minimum"], 1);
  EXPECT_EQ(schema["properties"]["seats"]["default"], 4);
  EXPECT_FALSE(schema["properties"]["seats"].contains("maximum"));
  EXPECT_EQ(schema["properties"]["shade"]["enum"], (nlohmann::json{"light", "dark"}));
  EXPECT_EQ(schema["properties"]["wheel"]["properties"]["width"]["maximum"], 1.0);
  EXPECT_EQ(schema["properties"]["wheel"]["additionalProperties"], false);
}

}  // namespace
}  // namespace clearhead
