"""The course around the book: exercises, their checks, and the trusted half of grading.

    catalog     what is about an exercise             stubs       students' files, from the masters
    bench       loads and runs a student's module     student     how a check calls a student's function
    protocol    frames between grader and worker      scenarios   what a check does with a function
    worker      the process that holds their code     compare     type, shape, values; the likely slip
    workers     starts workers, keeps deadlines       findings    what went wrong, in a sentence
    witness     asks the worker of one submission     scores      points, the table, the JSON
    sandbox     the command that shuts a worker off   submission  reads files without trusting them
    runner      what is in the sandbox                isolation   sandbox, practice, trusted
    syscalls    what the kernel refuses it            selftest    tries to get out of the sandbox

    desk        where a student works                 visible     what a visible check tells, for all its runners
    practice    runs the visible checks, apart        own_work    what is attempted, read from the file
    progress    what passed, which hints were taken   settings    what the instructor decides

    intake      what students hand in (intake_files,  assess      one submission through the hidden tests
                intake_notes)                         grading     a class, and what is left to do of it
    session     how a grading was begun               journal     each result, only appended
    suite       hidden tests and reference            marks       what a person should look at
    gradebook   what is made of the journal
    edition     what students get, file by file       built_book  the pages of it
    release     writes it: a folder and a zip         leaks       what must not be in it, and the search for it

A student's code never runs in the process that grades it: the worker is a witness that receives inputs and
returns plain data. Nothing here imports torch when it is imported, and nothing knows of models.
"""
