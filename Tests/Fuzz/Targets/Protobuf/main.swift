import FuzzDriver
import SignallingFuzzEntries

fuzz(.protobuf)
