import FilesFuzzEntries
import FuzzDriver

fuzz(.imageMetadata)
