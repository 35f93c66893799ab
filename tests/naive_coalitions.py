"""What subsets and orders of opting out mean, by trying every one: uses nothing of ``results.coalitions``."""

from itertools import combinations, permutations


def subset(members):
    """Return the subset's number."""
    return sum(1 << member for member in members)


def n_members(values):
    """Return n of 2ⁿ values."""
    n = 0
    while 2**n < len(values):
        n += 1
    return n


def of_size(values, k):
    """Return what each subset of k members leaves."""
    return [values[subset(some)] for some in combinations(range(n_members(values)), k)]


def along(values, order):
    """Return what is left before anybody opts out, after the first, and so on."""
    return [values[subset(order[:k])] for k in range(len(order) + 1)]


def area(values, order):
    """Return the sum of what is left along an order."""
    return sum(along(values, order))


def orders(values):
    """Return every order."""
    return list(permutations(range(n_members(values))))


def shapley(values):
    """Return the mean over all orders of what each member takes away at its turn."""
    n, every = n_members(values), orders(values)
    taken = [0.0] * n
    for order in every:
        left = along(values, order)
        for k, member in enumerate(order):
            taken[member] += (left[k] - left[k + 1]) / len(every)
    return taken


def tipping(values, share, pick):
    """Return the smallest k at which the subsets' pick (min, mean, max) has fallen by a share of the whole fall."""
    whole = values[0] - values[-1]
    for k in range(n_members(values) + 1):
        if whole > 0 and values[0] - pick(of_size(values, k)) >= share * whole - 1e-9:
            return k
    return None
