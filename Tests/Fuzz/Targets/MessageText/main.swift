import ChatFuzzEntries
import FuzzDriver

fuzz(.messageText)
