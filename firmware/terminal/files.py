"""Where files lie that the application writes: outside its slots, so that an update leaves them as they are."""

LAST_FAULT = "/fault"  # the text of the last failure
SETTINGS = "/settings"  # a folder
PREFERENCES = SETTINGS + "/preferences"
