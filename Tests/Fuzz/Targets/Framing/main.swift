import FuzzDriver
import WireFuzzEntries

fuzz(.framing)
