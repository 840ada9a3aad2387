import FuzzDriver
import WireFuzzEntries

fuzz(.vp8)
