"""Readers of pictures, recordings, videos and scans, for problem files; what they read is hashed with the problem."""

from inrpde.data.audio import Recording, read_audio
from inrpde.data.image import Image
from inrpde.data.packages import packaged
from inrpde.data.scan import Scan, read_scan
from inrpde.data.video import Video, read_video

__all__ = ["Image", "Recording", "Scan", "Video", "packaged", "read_audio", "read_scan", "read_video"]
