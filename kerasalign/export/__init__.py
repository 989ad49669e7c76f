"""Files for other runtimes, compared with the model; the room itself is `kerasalign.export(model, path)`."""

import sys
from inspect import signature
from types import ModuleType

from kerasalign.export.crops import portrait_crops
from kerasalign.export.errors import ParityError
from kerasalign.export.exporter import export_model
from kerasalign.export.parity import Parity, compare
from kerasalign.export.report import ExportReport

__all__ = ["ExportReport", "Parity", "ParityError", "compare", "export_model", "portrait_crops"]


class _Room(ModuleType):
    """Python sets `kerasalign.export` to this module however it is imported, so the module answers calls."""

    __signature__ = signature(export_model)

    def __call__(self, *arguments, **options) -> ExportReport:
        return export_model(*arguments, **options)


_Room.__call__.__doc__ = export_model.__doc__
sys.modules[__name__].__class__ = _Room
