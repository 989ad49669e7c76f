"""Results in files: CSV, JSON, COCO keypoints and `.pts`, at once or as they come."""

from kerasalign.inference.exporters.coco import CocoSink
from kerasalign.inference.exporters.csv_file import CsvSink
from kerasalign.inference.exporters.mixin import Exportable
from kerasalign.inference.exporters.pts import PtsSink
from kerasalign.inference.exporters.sinks import JsonLinesSink, JsonSink, Sink

__all__ = ["CocoSink", "CsvSink", "Exportable", "JsonLinesSink", "JsonSink", "PtsSink", "Sink"]
