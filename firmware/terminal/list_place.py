"""What is known of the two list partitions while the code that reads them is not loaded."""


class ListPlace:
    """One of them. sectors: where the files in use begin, a base and its deltas, None until they were looked for · status: their
    `ListStatus`, None when they can't be read · is_broken: there is a base, but what belongs to it does not hang together ·
    is_damaged: a lookup met damage · is_cramped: a delta found no room."""

    def __init__(self):
        self.sectors = None
        self.forget()

    def forget(self):
        """What was here is about to be overwritten."""
        if self.sectors:
            self.sectors = []
        self.status = None
        self.is_broken = self.is_damaged = self.is_cramped = False


def age(place):
    """What orders places from the oldest list to the newest; none at all is the oldest, of two alike the damaged one."""
    status = place.status
    return (status.month, status.version, not place.is_damaged) if status else (0, 0, False)


def newest(places, month):
    """The place with the newest complete list for ``month`` (YYYYMM), or None."""
    found = [place for place in places if place.status and place.status.month == month]
    return max(found, key=age) if found else None
