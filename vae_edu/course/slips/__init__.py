"""The usual slips of each exercise: what they would return, so that a check can name the likely cause.

One module per exercise file, one function per exercise, with the exercise's own parameters. A slip's name
completes the sentence "It looks as if ...".
"""

from typing import Any


def sums_gone_wrong(terms: Any) -> dict[str, Any]:
    """The usual slips in summing `terms`, shape (batch, dim), over the dimensions."""
    return {
        "the mean over the dimensions was taken; the equation has their sum": terms.mean(-1),
        "the sum over the dimensions is missing": terms,
        "the sum ran over the batch; sum over the last axis": terms.sum(0),
        "the sum ran over the batch too; give one number per data point": terms.sum(),
        "everything was averaged; sum over the last axis only": terms.mean(),
        "the sum over dimensions was averaged over the batch; give one number per data point": terms.sum(-1).mean(),
        "the summed axis was kept (keepdim); the result has shape (batch,)": terms.sum(-1, keepdim=True),
    }
