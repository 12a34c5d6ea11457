"""A merchant's cashiers in the settings of a terminal, as one text: of each its number, two hexadecimal digits, and the proof of
its PIN, 16 of them (`protocol.pin.proof`). Ascending by number. A text, for the heap that takes it in with each customer.
"""

from protocol.messages import MessageError, bytes_of

MOST = 16
ENTRY = 18  # of digits


def text_of(proofs):
    """The text of ``proofs``, by number."""
    return "".join(["%02x%s" % (number, proofs[number]) for number in sorted(proofs)])


def numbers(text):
    """The numbers in it (bytes); `MessageError` when it is not of that form."""
    if type(text) is not str or len(text) % ENTRY or len(text) > MOST * ENTRY:
        raise MessageError("cashiers: up to %d of %d digits expected" % (MOST, ENTRY))
    found = bytes_of(text)
    last = 0
    for at in range(0, len(found), ENTRY // 2):
        if found[at] <= last:
            raise MessageError("cashiers: not in ascending order")
        last = found[at]
    return bytes([found[at] for at in range(0, len(found), ENTRY // 2)])


def whose(text, proof):
    """The number of the cashier whose PIN gives ``proof``, 0 for nobody's."""
    for at in range(0, len(text), ENTRY):
        if text[at + 2 : at + ENTRY] == proof:
            return int(text[at : at + 2], 16)
    return 0
