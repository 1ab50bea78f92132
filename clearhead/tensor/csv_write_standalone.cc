// csv_standalone.cc refuses to write .csv too.
