import FuzzDriver
import WireFuzzEntries

fuzz(.vp9)
