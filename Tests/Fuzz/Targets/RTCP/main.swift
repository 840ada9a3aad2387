import FuzzDriver
import WireFuzzEntries

fuzz(.rtcp)
