"""What the commands print: rich tables, in words a newcomer knows."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from vae_edu.doctor import Finding
from vae_edu.training import Trained, nats

console = Console()


def show_training(trained: Trained) -> None:
    """The run, epoch by epoch, and where its weights are."""
    records = trained.history.records
    table = Table(title=f"{trained.recipe.title} — nats per image")
    for column in ("epoch", *(records[0] if records else ())):
        table.add_column(column, justify="right")
    for epoch, record in enumerate(records, start=1):
        if epoch <= 5 or epoch > len(records) - 5:
            table.add_row(str(epoch), *(nats(value) for value in record.values()))
    if records:
        console.print(table)
    if trained.history.interrupted:
        console.print(
            f"Stopped. Finished epochs: {len(records)}; the same command goes on from there. "
            "The weights also hold the part of the next epoch done so far."
        )
    console.print(f"Weights: {trained.weights}  (bound per image, float16 weights: {_by_split(trained.bounds)} nats)")
    if trained.recipe.term_weights:
        words = trained.recipe.objective_in_words
        console.print(f"Maximized was not that bound but {words}: {_by_split(trained.objective)} nats per image")


def _by_split(values: dict[str, float]) -> str:
    return ", ".join(f"{split} {nats(value)}" for split, value in values.items())


def show_findings(findings: Iterable[Finding]) -> None:
    """One line each: what was looked for, whether it is there, and what to do if not."""
    table = Table("", "what", "found", "if it is missing", show_edge=False)
    for finding in findings:
        mark = "[green]yes[/]" if finding.found else "[yellow]no[/]"
        table.add_row(mark, finding.what, finding.detail, "" if finding.found else finding.remedy)
    console.print(table)
