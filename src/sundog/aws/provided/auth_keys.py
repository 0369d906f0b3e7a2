"""Makes the keys of an `Auth`: parameters that CloudFormation itself cannot make, and that no template ever shows."""

import base64
import itertools
import json
import math
import secrets
import time
import urllib.request
from typing import Any

import boto3

Key = dict[str, Any]

EXPONENT = 65537
PRIME_BITS = 1024
WITNESSES = 40
"""Tests of a number of which each takes at most one in four composite ones for a prime (FIPS 186-5, B.3.1)."""
SMALL_PRIMES = math.prod(n for n in range(3, 2000, 2) if all(n % d for d in range(3, math.isqrt(n) + 1, 2)))
SECRET_BYTES = 32
PRIVATE_KEYS = 2
"""The next key signs only when all know it; until then the one before it does."""
PUBLIC_KEYS = 8
"""As many as a parameter has room for."""
SETTLED_SECONDS = 600
ANSWER_SECONDS = 10
LONGEST_REASON = 1000


def handler(event: dict[str, Any], context: Any) -> None:  # noqa: ANN401 - Lambda's own
    """Answer one request of CloudFormation."""
    del context
    properties = event["ResourceProperties"]
    answer = {"Status": "SUCCESS", "Reason": "", "PhysicalResourceId": properties["Parameter"]}
    try:
        if event["RequestType"] == "Delete":
            remove(event["PhysicalResourceId"])
        else:
            provide(properties)
    except Exception as error:  # noqa: BLE001 - whatever it is, CloudFormation is to hear of it
        answer |= {"Status": "FAILED", "Reason": str(error)[:LONGEST_REASON]}
    for key in ("StackId", "RequestId", "LogicalResourceId"):
        answer[key] = event[key]
    body = json.dumps(answer).encode()
    request = urllib.request.Request(event["ResponseURL"], body, {"content-type": ""}, method="PUT")  # noqa: S310 - CloudFormation's own
    urllib.request.urlopen(request, timeout=ANSWER_SECONDS).close()  # noqa: S310 - as above


def provide(properties: dict[str, str]) -> None:
    """Put a key of the version before the others, unless it is there, and leave out those of no more use."""
    parameters, name, now = boto3.client("ssm"), properties["Parameter"], int(time.time())
    private, public = (stored(parameters, f"{name}/{part}") for part in ("private", "public"))
    version, oldest = int(properties["KeyVersion"]), int(properties["OldestKeyVersion"])
    if all(key["version"] != version for key in private):
        private = [made(version, now), *private]
    private = [key for key in private if key["version"] >= oldest][:PRIVATE_KEYS]
    signed_until = now - SETTLED_SECONDS - int(properties["SessionSeconds"])
    public = kept(shown(private, public), oldest, signed_until)
    # The public keys first: whoever then signs with a private one is understood.
    store(parameters, f"{name}/public", public, "String")
    store(parameters, f"{name}/private", private, "SecureString")


def shown(private: list[Key], public: list[Key]) -> list[Key]:
    """Return what may be known of all keys, the newest first, each with the time at which the next was made."""
    known: list[Key] = [
        {
            **{about: key[about] for about in ("id", "version", "made_at")},
            "jwk": {part: key["jwk"][part] for part in ("kty", "n", "e")},
        }
        for key in private
    ]
    known += [key for key in public if key["id"] not in [one["id"] for one in known]]
    for newer, older in itertools.pairwise(known):
        older["next"] = newer["made_at"]
    return known


def kept(keys: list[Key], oldest: int, signed_until: int) -> list[Key]:
    """Leave out keys of older versions, and those whose last sessions have expired since the next was made."""
    return [
        key for key in keys if key["version"] >= oldest and key.get("next", signed_until + 1) > signed_until
    ][:PUBLIC_KEYS]


def stored(parameters: Any, name: str) -> list[Key]:  # noqa: ANN401 - boto3 has no types
    """Return the keys of a parameter; none when it is not there yet."""
    try:
        value = parameters.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    except parameters.exceptions.ParameterNotFound:
        return []
    keys: list[Key] = json.loads(value)["keys"]
    return keys


def store(parameters: Any, name: str, keys: list[Key], kind: str) -> None:  # noqa: ANN401 - as above
    """Write the keys of a parameter."""
    value = json.dumps({"keys": keys}, separators=(",", ":"))
    parameters.put_parameter(Name=name, Value=value, Type=kind, Overwrite=True)


def remove(name: str) -> None:
    """Delete the keys; nobody stays signed in."""
    parameters = boto3.client("ssm")
    for part in ("private", "public"):
        try:
            parameters.delete_parameter(Name=f"{name}/{part}")
        except parameters.exceptions.ParameterNotFound:
            continue


def made(version: int, now: int) -> Key:
    """Make an RSA key of 2048 bits, and a secret for what its owner alone reads."""
    p, q = prime(), prime()
    while p == q:
        q = prime()
    private = pow(EXPONENT, -1, math.lcm(p - 1, q - 1))
    numbers = {"n": p * q, "e": EXPONENT, "d": private, "p": p, "q": q}
    numbers |= {"dp": private % (p - 1), "dq": private % (q - 1), "qi": pow(q, -1, p)}
    jwk = {
        part: base64url(number.to_bytes((number.bit_length() + 7) // 8, "big"))
        for part, number in numbers.items()
    }
    secret = base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    return {
        "id": secrets.token_hex(8),
        "version": version,
        "made_at": now,
        "jwk": {"kty": "RSA", **jwk},
        "secret": secret,
    }


def prime() -> int:
    """Return a random prime whose two highest bits are set, so that the product of two has all its bits."""
    while True:
        candidate = secrets.randbits(PRIME_BITS) | 3 << PRIME_BITS - 2 | 1
        if (
            math.gcd(candidate, SMALL_PRIMES) == 1
            and math.gcd(candidate - 1, EXPONENT) == 1
            and is_prime(candidate)
        ):
            return candidate


def is_prime(number: int) -> bool:
    """Whether a large odd number is prime, as certainly as anybody can need: Miller's and Rabin's test."""
    even = number - 1
    twos = (even & -even).bit_length() - 1
    odd = even >> twos
    for _ in range(WITNESSES):
        power = pow(2 + secrets.randbelow(number - 3), odd, number)
        if power in {1, number - 1}:
            continue
        for _ in range(twos - 1):
            power = power * power % number
            if power == number - 1:
                break
        else:
            return False
    return True


def base64url(content: bytes) -> str:
    """Encode as keys are."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
