import FuzzDriver
import WireFuzzEntries

fuzz(.red)
