import FuzzDriver
import WireFuzzEntries

fuzz(.dependencyDescriptor)
