import FuzzDriver
import WireFuzzEntries

fuzz(.h265)
