"""What the commands print: rich tables, in words a newcomer knows."""

from collections.abc import Iterable

from rich.console import Console
from rich.table import Table

from vae_edu.doctor import Finding
from vae_edu.training import Trained

console = Console()


def show_training(trained: Trained) -> None:
    """The run, epoch by epoch, and where its weights are."""
    records = trained.history.records
    table = Table(title=f"{trained.recipe.title} — nats per image")
    for column in ("epoch", *(records[0] if records else ())):
        table.add_column(column, justify="right")
    for epoch, record in enumerate(records, start=1):
        if epoch <= 5 or epoch > len(records) - 5:
            table.add_row(str(epoch), *(f"{value:.2f}" for value in record.values()))
    console.print(table)
    if trained.history.interrupted:
        console.print(f"Stopped after {len(records)} finished epochs; the same command goes on from there.")
    bounds = ", ".join(f"{split} {bound:.2f}" for split, bound in trained.bounds.items())
    console.print(f"Weights: {trained.weights}  (bound per image, float16 weights: {bounds} nats)")


def show_findings(findings: Iterable[Finding]) -> None:
    """One line each: what was looked for, whether it is there, and what to do if not."""
    table = Table("", "what", "found", "if it is missing", show_edge=False)
    for finding in findings:
        mark = "[green]yes[/]" if finding.found else "[yellow]no[/]"
        table.add_row(mark, finding.what, finding.detail, "" if finding.found else finding.remedy)
    console.print(table)
