# Comments as this project writes them, for Doxygen: the comment that opens a header is about the
# file, text is not markup, one comment is about all fields that a line declares, and what the
# language makes by itself (= default, = delete) is no part of the reference.

# What Doxygen would take for commands or tags, escaped; not within `code` and "quotes", which it
# leaves alone.
function plain(text,    result) {
  while (match(text, /`[^`]*`|"[^"]*"/)) {
    result = result escaped(substr(text, 1, RSTART - 1)) substr(text, RSTART, RLENGTH)
    text = substr(text, RSTART + RLENGTH)
  }
  return result escaped(text)
}

function escaped(text) {
  gsub(/[\\@<>&]/, "\\\\&", text)
  return text
}

function comment(marker, text) {
  return marker (text ~ /^     / ? text : plain(text))
}

# "double x = 0, y = 0;" as a declaration for each, with the same comment.
function each_field(fields, text,    names, n, i, type, result, rest) {
  if (sub(/; *$/, "", fields) == 0) return ""
  rest = fields
  gsub(/<[^<>,]*>/, "", rest)
  n = split(fields, names, /, /)
  if (n == 1 || rest ~ /[<(]/) return ""
  type = names[1]
  sub(/ [*&]*[A-Za-z0-9_]+( = .*)?$/, "", type)
  names[1] = substr(names[1], length(type) + 2)
  for (i = 1; i <= n; ++i) result = result type " " names[i] "; /**< " plain(text) " */ "
  return result
}

FNR == 1 && /^\/\// { in_head = 1; print "/// @file"; print "///" }
in_head && /^\/\// { print comment("///", substr($0, 3)); next }
{ in_head = 0 }
/= (default|delete);$/ && !is_described { print ""; next }
{ is_described = /^ *\/\/\// }
match($0, /\/\/\/<?/) {
  code = substr($0, 1, RSTART - 1)
  marker = substr($0, RSTART, RLENGTH)
  text = substr($0, RSTART + RLENGTH)
  fields = marker == "///<" ? each_field(code, text) : ""
  print fields != "" ? fields : code comment(marker, text)
  next
}
{ print }
