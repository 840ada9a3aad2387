import FilesFuzzEntries
import FuzzDriver

fuzz(.multipart)
