import FuzzDriver
import SignallingFuzzEntries

fuzz(.dataPacket)
