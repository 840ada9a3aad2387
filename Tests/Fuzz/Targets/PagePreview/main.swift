import ChatFuzzEntries
import FuzzDriver

fuzz(.pagePreview)
