import FuzzDriver
import WireFuzzEntries

fuzz(.stun)
