import ChatFuzzEntries
import FuzzDriver

fuzz(.searchQuery)
