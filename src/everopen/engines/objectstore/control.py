"""Making buckets, with a request signed as S3 wants it (AWS Signature Version 4)."""

import hashlib
import hmac
from datetime import datetime
from urllib.parse import urlsplit

import aiohttp

from everopen.core.errors import OperationalError
from everopen.core.time import now
from everopen.engines.objectstore.render import S3Keys

_TIMEOUT = aiohttp.ClientTimeout(total=10)
_REGION = "us-east-1"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()
_ALREADY_OURS = 409


async def ensure_bucket(session: aiohttp.ClientSession, endpoint: str, keys: S3Keys, bucket: str) -> None:
    """Create a bucket; harmless if we have it already.

    Raises:
        OperationalError: the store refuses, or does not answer.
    """
    url = f"{endpoint}/{bucket}"
    headers = sign("PUT", url, keys, now())
    try:
        async with session.put(url, headers=headers, timeout=_TIMEOUT) as answer:
            said = (await answer.text())[:300]
            if answer.status not in (200, _ALREADY_OURS):
                raise OperationalError(f"The bucket {bucket} cannot be made: {answer.status} {said}")
    except (aiohttp.ClientError, TimeoutError) as error:
        raise OperationalError(f"The object store at {endpoint} does not answer: {error}") from error


def sign(method: str, url: str, keys: S3Keys, at: datetime) -> dict[str, str]:
    """Headers that sign a request without a body and without a query.

    Source: AWS, "Signature Version 4 signing process", authorization header.
    """
    parts = urlsplit(url)
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    signed = {"host": parts.netloc, "x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": stamp}
    names = ";".join(signed)
    canonical = "\n".join(
        (method, parts.path or "/", "", *(f"{k}:{v}" for k, v in signed.items()), "", names, _EMPTY_SHA256)
    )
    scope = f"{day}/{_REGION}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    key = f"AWS4{keys.secret_key}".encode()
    for part in (day, _REGION, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}"
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={keys.access_key}/{scope}"
    authorization = f"AWS4-HMAC-SHA256 {credential}, SignedHeaders={names}, Signature={signature}"
    return {**signed, "authorization": authorization}
