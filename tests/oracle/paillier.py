"""The slow, obvious Paillier over Python integers, with given randomness."""

from math import lcm


def encrypt(m, n, r):
    return (1 + m * n) * pow(r, n, n * n) % (n * n)


def decrypt(c, p, q):
    n = p * q
    lam = lcm(p - 1, q - 1)
    m = (pow(c, lam, n * n) - 1) // n * pow(lam, -1, n) % n
    return m if 2 * m < n else m - n
