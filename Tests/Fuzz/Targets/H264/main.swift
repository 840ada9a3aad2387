import FuzzDriver
import WireFuzzEntries

fuzz(.h264)
