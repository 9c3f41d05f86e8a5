"""What an instructor and a student get out of a grading, made from its journal alone.

    publish     writes everything below                        standing    each submission as it stands
    table       gradebook.csv                                  records     checks.jsonl, one line a check
    roster      who is behind a login                          gradescope  results.json for Gradescope
    canvas      canvas.csv                                     moodle      moodle.csv
    report      a page a student                               overview    a page about the class
    pictures    its plots                                      similarity  answers that are too alike
    text        words of a submission, made harmless           templates/  the two pages

The same journal gives the same bytes, so that a gradebook can be made again to answer an appeal. Text that comes from a
submission (names, notes) passes through `text` before it is shown anywhere.
"""
