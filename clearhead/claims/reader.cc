// Each kind of file is known by how it begins.
#include "clearhead/claims/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "clearhead/base/error.h"
#include "clearhead/claims/csv_claims.h"
#include "clearhead/claims/fhir.h"
#include "clearhead/claims/json_claims.h"
#include "clearhead/claims/x12.h"
#include "clearhead/text/byte_stream.h"

namespace clearhead::claims {
namespace {

namespace fs = std::filesystem;

// What readers know besides the file.
struct Context {
  CsvMapping mapping;
  FhirReferences references;
};

// A kind of file: how it begins, without a byte order mark and blanks, and who reads it.
struct Format {
  bool (*begins)(std::string_view text);
  ReadSummary (*read)(ByteStream& stream, const Context& context, const ClaimSink& sink);
};

bool begins_as_json(std::string_view text) {
  return text.starts_with('{') || text.starts_with('[');
}

ReadSummary read_fhir_json(ByteStream& stream, const Context& context, const ClaimSink& sink) {
  return read_fhir(stream, context.references, sink);
}

bool begins_as_table(std::string_view text) {
  const std::string_view line = text.substr(0, text.find_first_of("\r\n"));
  if (line.starts_with("\xff\xfe") || line.starts_with("\xfe\xff")) return true;  // says what to do
  return !line.empty() && line[0] != '<' && line.find_first_of(",;\t|") != std::string_view::npos &&
         line.find('\0') == std::string_view::npos;
}

ReadSummary read_our_json(ByteStream& stream, const Context& /*context*/, const ClaimSink& sink) {
  return read_json_claims(stream, sink);
}

ReadSummary read_table(ByteStream& stream, const Context& context, const ClaimSink& sink) {
  return read_csv_claims({.lines = &stream}, context.mapping, sink);
}

ReadSummary read_segments(ByteStream& stream, const Context& /*context*/, const ClaimSink& sink) {
  return read_x12(stream, sink);
}

// The first that fits reads.
const std::vector<Format>& formats() {
  static const std::vector<Format> all = {
      {begins_as_x12, read_segments},
      {begins_as_json_claims, read_our_json},
      {begins_as_json, read_fhir_json},
      {begins_as_table, read_table},
  };
  return all;
}

const Format* format_of(ByteStream& stream) {
  std::string_view text = stream.peek(std::size_t{1} << 12);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  const auto found = std::find_if(formats().begin(), formats().end(),
                                  [text](const Format& format) { return format.begins(text); });
  return found == formats().end() ? nullptr : &*found;
}

// What files are that people take for claims, with what to do.
std::string what_came(ByteStream& stream) {
  const std::string_view begin = stream.peek(4);
  if (begin.empty()) return "an empty file";
  if (begin.starts_with("PK")) return "a zip archive or a workbook; unpack it, or save it as CSV";
  if (begin.starts_with("%PDF")) return "a PDF";
  return "something else";
}

// Patients may stand behind the claims, or in another file: they are read before. What cannot be
// read of a file is said when its claims are read. A pipe can be read only once.
void collect_references(const std::vector<fs::path>& files, FhirReferences& references) {
  for (const fs::path& path : files) {
    std::error_code none;
    if (!fs::is_regular_file(path, none)) continue;
    try {
      ByteStream stream(path);
      const Format* format = format_of(stream);
      if (format != nullptr && format->read == read_fhir_json) references.collect(stream);
    } catch (const Error&) {
      continue;
    }
  }
}

// The table of that name in the folder, plain or compressed.
std::optional<fs::path> table_in(const fs::path& folder, const std::string& name) {
  for (const char* ending : {"", ".gz"}) {
    if (fs::path path = folder / (name + ending); fs::is_regular_file(path)) return path;
  }
  return std::nullopt;
}

// Tables of which one has claims, or lines of claims. None if the folder has no such.
std::optional<ReadSummary> read_tables(const fs::path& folder, const CsvMapping& mapping,
                                       const ClaimSink& sink) {
  const auto lines = table_in(folder, mapping.lines.file);
  const auto claims = table_in(folder, mapping.claims.file);
  const auto members = table_in(folder, mapping.members.file);
  if (!lines && !claims) return std::nullopt;
  if (!lines) {
    throw Error(fmt::format("{}: expected {} beside {}, got none", folder.string(),
                            mapping.lines.file, mapping.claims.file));
  }
  std::optional<ByteStream> members_stream, claims_stream;
  ByteStream lines_stream(*lines);
  CsvTables tables{.lines = &lines_stream};
  if (claims) tables.claims = &claims_stream.emplace(*claims);
  if (members) tables.members = &members_stream.emplace(*members);
  return read_csv_claims(tables, mapping, sink);
}

// Whatever files of a folder are claims. One that cannot be read does not stop the others.
ReadSummary read_files(const fs::path& folder, Context& context, const ClaimSink& sink) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  collect_references(files, context.references);
  ReadSummary sum;
  for (const fs::path& path : files) {
    const Place place{std::make_shared<const std::string>(path.string()), 0, 0, ""};
    try {
      ByteStream stream(path);
      if (const Format* format = format_of(stream)) {
        sum += format->read(stream, context, sink);
        continue;
      }
      ++sum.warnings;
      if (sink.warning) {
        sink.warning(place, "left out: expected a file of claims, got " + what_came(stream));
      }
    } catch (const Error& error) {
      ++sum.refusals;
      std::string reason = error.what();
      if (reason.starts_with(*place.file + ": ")) reason.erase(0, place.file->size() + 2);
      if (sink.refusal) sink.refusal({place, "", std::move(reason)});
    }
  }
  if (sum.format.empty()) {
    throw Error(folder.string() +
                ": expected lines.csv and claims.csv, or files of claims in CSV, X12 or FHIR JSON");
  }
  return sum;
}

ReadSummary read_folder(const fs::path& folder, Context& context, const ClaimSink& sink) {
  try {
    const auto summary = read_tables(folder, context.mapping, sink);
    return summary ? *summary : read_files(folder, context, sink);
  } catch (const fs::filesystem_error& error) {
    throw Error(folder.string() + ": cannot read this folder: " + error.code().message());
  }
}

}  // namespace

std::string to_string(const Refusal& refusal) {
  const std::string whose = refusal.claim.empty() ? "" : "claim " + refusal.claim + ": ";
  return to_string(refusal.place) + ": " + whose + refusal.reason;
}

ReadSummary& operator+=(ReadSummary& sum, const ReadSummary& summary) {
  std::string_view formats = summary.format;
  while (!formats.empty()) {
    const std::string_view format = formats.substr(0, formats.find(", "));
    formats.remove_prefix(std::min(format.size() + 2, formats.size()));
    if (fmt::format(", {},", sum.format).find(fmt::format(", {},", format)) == std::string::npos) {
      sum.format += fmt::format("{}{}", sum.format.empty() ? "" : ", ", format);
    }
  }
  sum.claims += summary.claims;
  sum.lines += summary.lines;
  sum.refusals += summary.refusals;
  sum.warnings += summary.warnings;
  return sum;
}

ReadSummary read_claims(const fs::path& path, const ReadOptions& options, const ClaimSink& sink) {
  Context context{.mapping = read_csv_mapping(options.mapping), .references = {}};
  std::error_code none;  // what cannot be looked at cannot be opened, which says why
  if (fs::is_directory(path, none)) return read_folder(path, context, sink);
  collect_references({path}, context.references);
  ByteStream stream(path);
  const Format* format = format_of(stream);
  if (format == nullptr) {
    throw Error(path.string() + ": expected claims in CSV, X12 or FHIR JSON, plain or gzip, got " +
                what_came(stream));
  }
  return format->read(stream, context, sink);
}

}  // namespace clearhead::claims
