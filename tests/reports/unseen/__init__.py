"""Reports in layouts, words and names that no model was trained on: the figures of the README are measured with them. Not read by `training/`.

A template is text with slots: `{patient.full}` and its other forms, `{one.x}` and `{two.x}` for staff, `{kin.x}`, dates, ids, places; `[[...]]`
marks clinical text that must stay. Whoever looks at single failures here to mend them owes a newer set.
"""
