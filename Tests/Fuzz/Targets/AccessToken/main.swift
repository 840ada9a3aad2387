import FuzzDriver
import SignallingFuzzEntries

fuzz(.accessToken)
