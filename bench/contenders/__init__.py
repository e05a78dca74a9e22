"""One module per contender: NAME, setup(threads), and one function per workload that takes the data and returns a
callable without arguments. A module that cannot run here raises Unavailable with the reason."""


class Unavailable(Exception):
    pass
