import FuzzDriver
import WireFuzzEntries

fuzz(.av1)
