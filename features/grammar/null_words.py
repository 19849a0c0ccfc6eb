"""Words that programs write for a missing value.

The spelling counts: `nan` is pandas' word, while `Nan` may be a person.
"""

from __future__ import annotations

OF_PANDAS = "<" + "NA>"
ALWAYS = frozenset({"NULL", "Null", "null", "\\N", "nan", "NaN", "NAN", OF_PANDAS, "#N/A"})  # in categories too
LEVELS = frozenset({"None", "none", "NONE", "NA", "N/A", "n/a"})  # missing too, but in categories they can be levels
NULL_WORDS = ALWAYS | LEVELS
NO_MOMENT = NULL_WORDS | {"NaT"}
