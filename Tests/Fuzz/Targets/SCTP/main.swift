import DataChannelsFuzzEntries
import FuzzDriver

fuzz(.sctp)
