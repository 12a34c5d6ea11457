"""The pictures of docs/technician.md: of the firmware's self-test at work, and by the code that makes labels and reports."""
