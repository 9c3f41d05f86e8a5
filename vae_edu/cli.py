"""`vae-edu`: the command line. Thin, and lazy in its imports, so that --help answers at once."""

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from vae_edu.errors import UserError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    help="A textbook that runs: train its models, solve its exercises, check what this machine has.",
)


@app.command()
def train(
    name: Annotated[str, typer.Argument(help="A recipe, such as vanilla or two-latents; an unknown name lists all.")],
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the data; the recipe's own unless given.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Fixes initial weights, order of data and noise; the recipe's unless given."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for weights, card and record; runs/NAME unless given.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the data, looked in before all others.")] = None,
    device: Annotated[
        str | None, typer.Option(help="cpu, cuda, cuda:1 …; the GPU if there is one unless given.")
    ] = None,
    bfloat16: Annotated[bool, typer.Option(help="Matrix products in bfloat16.")] = False,
    compile: Annotated[bool, typer.Option(help="Compile the objective with torch.compile.")] = False,
) -> None:
    """Train a model by its recipe. Ctrl-C keeps what was learned; the same command goes on from there."""
    from vae_edu.cli_output import show_training
    from vae_edu.training import train as run

    folder = out or Path("runs") / name
    trained = run(
        name,
        folder,
        command=shlex.join(["vae-edu", *sys.argv[1:]]),
        seed=seed,
        epochs=epochs,
        data_root=data,
        device=device,
        precision="bfloat16" if bfloat16 else "float32",
        compile=compile,
    )
    show_training(trained)


@app.command()
def reproduce(
    name: Annotated[str, typer.Argument(help="An experiment, such as k13-fig4; an unknown name lists all.")],
    budget: Annotated[
        str, typer.Option(help="quick (seconds), cpu (what is recorded) or paper (its own size).")
    ] = "cpu",
    seed: Annotated[int, typer.Option(min=0, help="Fixes everything random in it.")] = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the record; unless given book/results/NAME, or runs/NAME at budget quick."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Folder with the data, looked in before all others.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Run this point alone, for example: --only 'AEVB 20'; repeatable.")
    ] = None,
) -> None:
    """Run a figure, table or claim of the papers again, and record what comes out.

    Killed or stopped, the same command goes on where it was; run in two terminals, they share the work.
    """
    from vae_edu.experiments import Request, default_folder
    from vae_edu.experiments import reproduce as run
    from vae_edu.experiments.points import Unfinished

    request = Request(budget, seed, data, only=tuple(only or ()))
    try:
        path = run(name, out or default_folder(name, budget), request, command=shlex.join(["vae-edu", *sys.argv[1:]]))
        typer.echo(f"Recorded in {path}")
    except Unfinished as unfinished:
        typer.echo(f"Recorded so far; {unfinished}")


@app.command()
def doctor(
    data: Annotated[Path | None, typer.Option(help="Folder with the data, looked in before all others.")] = None,
) -> None:
    """Say what this machine has for reading, training, testing and grading, and what to do about what is missing."""
    from vae_edu.cli_output import show_findings
    from vae_edu.doctor import examine

    show_findings(examine(data))


Folder = Annotated[
    Path | None, typer.Option("--exercises", help="The folder with the exercises; here or above unless given.")
]
ExerciseId = Annotated[str, typer.Argument(metavar="ID", help="An exercise, for example: ch03.kl_full.")]


@app.command()
def check(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Exercises or chapters, for example: ch03.kl_full ch04."),
    ] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Check again after every save; Ctrl-C leaves.")] = False,
    exercises: Folder = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Processor time that one check may take.")] = 5.0,
) -> None:
    """Run the visible checks of your exercises: practice, not grading. Exit status 0 where all pass, else 1."""
    from vae_edu.cli_practice import check as run

    raise typer.Exit(0 if run(names or (), exercises, seconds, watch) else 1)


@app.command()
def hint(
    exercise: ExerciseId,
    again: Annotated[bool, typer.Option("--again", help="Repeat the hints taken so far.")] = False,
    exercises: Folder = None,
) -> None:
    """Give the next of an exercise's three hints."""
    from vae_edu.cli_hints import hint as give

    give(exercise, exercises, again)


@app.command()
def solution(exercise: ExerciseId, exercises: Folder = None) -> None:
    """Show the course's answer: after your own passes, or as the course's settings say."""
    from vae_edu.cli_hints import solution as show

    show(exercise, exercises)


@app.command()
def grade(
    submissions: Annotated[Path, typer.Argument(help="The folder that holds the students' folders and zips.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[ID]...", help="Exercises or chapters; the whole course unless given."),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for journal, gradebook and reports; the same one goes on.")] = Path(
        "grades"
    ),
    again: Annotated[
        list[str] | None,
        typer.Option(
            help="Grade this student, exercise or chapter anew, of what was graded so far unless IDs are given; "
            "repeatable, and both together mean both."
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Submissions graded at once; as many as cores.")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="A dask scheduler whose workers do it, for example: tcp://host:8786.")
    ] = None,
    practice: Annotated[bool, typer.Option("--practice", help="Without isolation: not for grades.")] = False,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Fixes the hidden inputs; a fresh secret one unless given.")
    ] = None,
    roster: Annotated[
        Path | None,
        typer.Option(help="The LMS's own export as CSV, for the names in canvas.csv and moodle.csv."),
    ] = None,
    similar: Annotated[bool, typer.Option(help="Look for answers that are too alike.")] = True,
    call_seconds: Annotated[float, typer.Option(min=0.1, help="Time that one call of an answer may take.")] = 5.0,
    submission_seconds: Annotated[
        float, typer.Option(min=1, help="Time that all calls of one submission may take together.")
    ] = 300.0,
) -> None:
    """Grade a class by the hidden tests. Stopped or killed, the same command goes on from there."""
    from vae_edu.cli_grade import grade as run

    run(
        submissions,
        out,
        names or (),
        again=again or (),
        jobs=jobs,
        scheduler=scheduler,
        practice=practice,
        seed=seed,
        roster=roster,
        similar=similar,
        call_seconds=call_seconds,
        submission_seconds=submission_seconds,
    )


@app.command()
def release(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The edition's folder; DIR.zip is written beside it.")],
    book: Annotated[
        Path | None, typer.Option("--book", help="The folder of the built pages; _build/html unless given.")
    ] = None,
    no_book: Annotated[bool, typer.Option("--no-book", help="Leave the book out.")] = False,
) -> None:
    """For instructors: write the student edition, without solutions and hidden tests."""
    from vae_edu.cli_release import release as write

    write(folder, book, with_book=not no_book)


def main() -> None:
    """Run the command line; a user's mistake is one sentence and exit status 2."""
    try:
        app()
    except UserError as error:
        typer.secho(f"vae-edu: {error}", fg=typer.colors.RED, err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
