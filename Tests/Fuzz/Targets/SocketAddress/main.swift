import FuzzDriver
import WireFuzzEntries

fuzz(.socketAddress)
