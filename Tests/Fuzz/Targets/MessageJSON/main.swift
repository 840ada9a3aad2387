import FuzzDriver
import SignallingFuzzEntries

fuzz(.messageJSON)
