"""Work for many processes and machines: landmarks of tables of photos, and series of renders.

Names load when they are first used; Ray is imported by the functions that need it.
"""

from typing import TYPE_CHECKING

from kerasalign._lazy import attach

if TYPE_CHECKING:
    from kerasalign.distributed.files import Report as Report, align_files as align_files
    from kerasalign.distributed.photos import align_dataset as align_dataset
    from kerasalign.distributed.renders import render_series as render_series
    from kerasalign.distributed.table import AlignTable as AlignTable

if not TYPE_CHECKING:  # with a `__getattr__` any misspelt name would do
    __getattr__, __dir__, __all__ = attach(
        __name__,
        {
            "files": ["Report", "align_files"],
            "photos": ["align_dataset"],
            "renders": ["render_series"],
            "table": ["AlignTable"],
        },
    )
