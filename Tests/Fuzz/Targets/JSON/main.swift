import FuzzDriver
import SignallingFuzzEntries

fuzz(.json)
