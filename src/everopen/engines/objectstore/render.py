"""SeaweedFS as one process: master, volume, filer and S3 gateway."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from everopen.engines.program import File, Program, Rendered
from everopen.topology import Instance


@dataclass(frozen=True, slots=True)
class S3Keys:
    """The keys of the platform's own S3 identity."""

    access_key: str
    secret_key: str = field(repr=False)


def render_objectstore(instance: Instance, binary: Path, keys: S3Keys) -> Rendered:
    """Configuration and command of the object store.

    The flags are those that were measured: HTTP off on the inner ports (they bypass S3's rules),
    no telemetry, no other protocols, small volumes.
    """
    identities = {
        "identities": [
            {
                "name": "everopen",
                "credentials": [{"accessKey": keys.access_key, "secretKey": keys.secret_key}],
                "actions": ["Admin", "Read", "List", "Tagging", "Write"],
            }
        ]
    }
    s3_json = instance.directory / "s3.json"
    data = instance.directory / "data"
    return Rendered(
        program=Program(
            instance=instance.name,
            command=(
                str(binary),
                "server",
                f"-dir={data}",
                f"-ip={instance.address}",
                f"-ip.bind={instance.address}",
                "-filer",
                "-s3",
                *_ports(instance),
                f"-s3.config={s3_json}",
                "-disableHttp=true",
                "-s3.iam=false",
                "-s3.autoCreateBucket=false",
                "-s3.allowDeleteBucketNotEmpty=false",
                "-s3.port.iceberg=0",
                "-s3.port.lance=0",
                "-master.telemetry=false",
                "-master.electionTimeout=1s",
                "-volume.preStopSeconds=1",
                "-master.volumeSizeLimitMB=1024",
                "-volume.max=0",
            ),
            directory=instance.directory,
            # Its filer waits for subscriptions of its own process and never ends by itself. What it has
            # acknowledged is on disk (measured: nothing lost by kill -9 under load).
            stop_wait_s=2,
        ),
        files=(File(s3_json, json.dumps(identities, indent=2) + "\n", mode=0o600),),
        directories=(data,),
    )


def _ports(instance: Instance) -> tuple[str, ...]:
    uses = {
        "-master.port": "master",
        "-master.port.grpc": "master_grpc",
        "-volume.port": "volume",
        "-volume.port.grpc": "volume_grpc",
        "-filer.port": "filer",
        "-filer.port.grpc": "filer_grpc",
        "-s3.port": "s3",
        "-s3.port.grpc": "s3_grpc",
    }
    return tuple(f"{flag}={instance.ports[use]}" for flag, use in uses.items())
