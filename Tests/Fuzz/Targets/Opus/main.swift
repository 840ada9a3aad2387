import FuzzDriver
import WireFuzzEntries

fuzz(.opus)
