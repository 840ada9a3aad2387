import FuzzDriver
import IdentityFuzzEntries

fuzz(.credentials)
