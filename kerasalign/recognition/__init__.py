"""Alignment for face recognition, and verification benchmarks.

The library has no recognizer of its own: any function from face crops to embeddings will do.
"""

from kerasalign.recognition.align import align_faces, align_main_faces
from kerasalign.recognition.cfp import read_cfp_pairs
from kerasalign.recognition.detected import align_detected_faces
from kerasalign.recognition.embedding import embed_faces
from kerasalign.recognition.insightface_bin import read_insightface_bin
from kerasalign.recognition.lfw import read_lfw_pairs
from kerasalign.recognition.norm_crop import center_crop, norm_crop, norm_matrix
from kerasalign.recognition.pairs import FacePairs
from kerasalign.recognition.template import landmarks68_to_5, landmarks_to_5, template, template5
from kerasalign.recognition.verification import Rate, Verification, verify

__all__ = [
    "FacePairs",
    "Rate",
    "Verification",
    "align_detected_faces",
    "align_faces",
    "align_main_faces",
    "center_crop",
    "embed_faces",
    "landmarks68_to_5",
    "landmarks_to_5",
    "norm_crop",
    "norm_matrix",
    "read_cfp_pairs",
    "read_insightface_bin",
    "read_lfw_pairs",
    "template",
    "template5",
    "verify",
]
