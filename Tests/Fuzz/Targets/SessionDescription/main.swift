import FuzzDriver
import SignallingFuzzEntries

fuzz(.sessionDescription)
