"""Where k cameras see the most distinct trips (or vehicles): greedy maximum coverage, with a ceiling on any other choice.

What is to be seen drives routes; a site sees it if one of its routes takes the site's road. A site's worth is the weight of
what it alone would add; when something is seen for the first time, its weight leaves the worth of every site on its way. So
each is walked twice in all, O(roads driven) however many cameras are asked for, and every pick is the exact maximum.
"""

import numpy as np

from alprsim.kernels._jit import Int32, Int32Out, Int64, Int64Out, kernel


@kernel
def seen_at(first_route: Int64, route: Int32, first: Int64, road: Int32, site_of: Int32, first_seen: Int64Out) -> Int32:
    """List what each site would see, each once however often it comes by.

    Parameters
    ----------
    first_route : int64[n + 1], route : int32[…]
        Number i drives the routes ``route[first_route[i]:first_route[i + 1]]``.
    first : int64[n_routes + 1], road : int32[…]
        Route p drives ``road[first[p]:first[p + 1]]``.
    site_of : int32[n_roads], −1 where no camera may stand
    first_seen : int64[n_sites + 1], written
        Site s sees ``answer[first_seen[s]:first_seen[s + 1]]``, in order.
    """
    n_sites = len(first_seen) - 1
    last = np.full(n_sites, -1, np.int32)
    first_seen[:] = 0
    for number in range(len(first_route) - 1):
        for way in range(first_route[number], first_route[number + 1]):
            for place in range(first[route[way]], first[route[way] + 1]):
                site = site_of[road[place]]
                if site >= 0 and last[site] != number:
                    last[site] = number
                    first_seen[site + 1] += 1
    for site in range(n_sites):
        first_seen[site + 1] += first_seen[site]
    free = first_seen[:-1].copy()
    last[:] = -1
    seen = np.empty(first_seen[n_sites], np.int32)
    for number in range(len(first_route) - 1):
        for way in range(first_route[number], first_route[number + 1]):
            for place in range(first[route[way]], first[route[way] + 1]):
                site = site_of[road[place]]
                if site >= 0 and last[site] != number:
                    last[site] = number
                    seen[free[site]] = number
                    free[site] += 1
    return seen


@kernel
def pick(
    first_route: Int64, route: Int32, first: Int64, road: Int32, site_of: Int32, first_seen: Int64, seen: Int32,
    weight: Int64, chosen: Int32Out, gain: Int64Out, ceiling: Int64Out,
) -> int:  # fmt: skip
    """Pick the site that adds the most, again and again; return how many were worth anything. Ties: the first site.

    The gains together are at least 1 − 1/e of what any ``len(chosen)`` sites see (Nemhauser, Wolsey & Fisher 1978). No choice
    sees more than what is seen by now and the ``len(chosen)`` worthiest sites beside it: the least such sum is the ceiling
    (Leskovec et al. 2007), as a rule far nearer.

    Parameters
    ----------
    first_route, route, first, road, site_of, first_seen, seen
        As `seen_at` takes and gives them.
    weight : int64[n], how much it counts that number i is seen
    chosen : int32[k], gain : int64[k], written
        The sites in the order picked and what each adds.
    ceiling : int64[1], written
        No k sites see more, nor more than there is.
    """
    k, n_sites = len(chosen), len(first_seen) - 1
    worth = np.zeros(n_sites, np.int64)
    for site in range(n_sites):
        for place in range(first_seen[site], first_seen[site + 1]):
            worth[site] += weight[seen[place]]
    known = np.zeros(len(weight), np.bool_)
    last = np.full(n_sites, -1, np.int32)
    total = 0
    ceiling[0] = weight.sum()
    for turn in range(k + 1):
        best, most = total, min(k, n_sites)
        if most == n_sites:
            best += worth.sum()
        else:
            best += np.partition(worth, n_sites - most)[n_sites - most :].sum()
        ceiling[0] = min(ceiling[0], best)
        site = int(np.argmax(worth)) if n_sites else 0
        if turn == k or n_sites == 0 or worth[site] == 0:
            return turn
        chosen[turn], gain[turn] = site, worth[site]
        total += worth[site]
        for place in range(first_seen[site], first_seen[site + 1]):
            number = seen[place]
            if known[number]:
                continue
            known[number] = True
            for way in range(first_route[number], first_route[number + 1]):
                for step in range(first[route[way]], first[route[way] + 1]):
                    other = site_of[road[step]]
                    if other >= 0 and last[other] != number:
                        last[other] = number
                        worth[other] -= weight[number]
    return k
