"""Import torchvision beside a CPU-only torch.

torchvision from the package index is a CUDA build. Beside a CPU-only torch its compiled operators do not load, and
`import torchvision` stops because it registers a second implementation for an operator nobody declared. Declaring
the two operators' schemas first lets everything this project uses (data sets, no detection models) work.
"""

from types import ModuleType

import torch

_libraries: list[torch.library.Library] = []  # a Library's declarations live as long as it does


def import_datasets() -> ModuleType:
    """`torchvision.datasets`, with the missing schemas declared only where the import fails without them."""
    try:
        from torchvision import datasets
    except RuntimeError as error:
        if "torchvision::nms" not in str(error):
            raise
        _declare_schemas()
        from torchvision import datasets
    return datasets


def _declare_schemas() -> None:
    library = torch.library.Library("torchvision", "DEF")
    for operator in ("nms", "qnms"):
        library.define(f"{operator}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    _libraries.append(library)
