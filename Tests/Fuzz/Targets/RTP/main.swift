import FuzzDriver
import WireFuzzEntries

fuzz(.rtp)
