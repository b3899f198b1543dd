"""Credentials that platforms give: Google's service accounts and machines, AWS's containers, machines and clusters."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.object_stores.serving import serving

from orrery.settings.groups.storage import Storage
from orrery.storage.google import SCOPE, GoogleTokens, service_account
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import StorageUnavailable
from orrery.storage.s3.aws_identity import AwsIdentity
from orrery.storage.signing.aws import AwsKeys

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_file(token_uri: str) -> str:
    pem = PRIVATE.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"type": "service_account", "client_email": "we@ours.iam", "private_key": pem, "token_uri": token_uri}
    return base64.b64encode(json.dumps(account).encode()).decode()


async def test_a_google_service_account_signs_for_its_token() -> None:
    async def authority(request: web.Request) -> web.Response:
        form = await request.post()
        claims = jwt.decode(str(form["assertion"]), PRIVATE.public_key(), ["RS256"], audience=f"{url}/token")
        assert (claims["iss"], claims["scope"]) == ("we@ours.iam", SCOPE)
        return web.json_response({"access_token": "ya29", "expires_in": 3599, "token_type": "Bearer"})

    async with serving(authority) as url:
        lent = await GoogleTokens(service_account(key_file(f"{url}/token"), {}), {})()
    assert lent.value == "ya29"


async def test_a_google_machine_gives_its_token() -> None:
    async def metadata(request: web.Request) -> web.Response:
        assert request.headers["metadata-flavor"] == "Google"
        return web.json_response({"access_token": "of the machine", "expires_in": 100})

    async with serving(metadata) as url:
        lent = await GoogleTokens(None, {"GCE_METADATA_HOST": url.removeprefix("http://")}, clock=lambda: 1.0)()
    assert (lent.value, lent.until) == ("of the machine", 101.0)


@pytest.mark.parametrize("text", ["no base64", base64.b64encode(b"{}").decode(), base64.b64encode(b"x").decode()])
def test_a_google_key_file_that_is_none_names_its_variable(text: str) -> None:
    with pytest.raises(StorageConfigurationError, match="GOOGLE_STORAGE_SERVICE_ACCOUNT_JSON_BASE64"):
        open_storage(Storage(type="google-storage", google_bucket="b", google_account=text))


async def test_aws_variables_come_first() -> None:
    told = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_SESSION_TOKEN": "c"}
    assert (await AwsIdentity(told, region="r")()).value == AwsKeys("a", "b", "c")


async def test_an_aws_machine_gives_the_keys_of_its_role() -> None:
    async def metadata(request: web.Request) -> web.Response:
        if request.path == "/latest/api/token":
            assert request.headers["x-aws-ec2-metadata-token-ttl-seconds"] == "21600"
            return web.Response(text="session")
        assert request.headers["x-aws-ec2-metadata-token"] == "session"
        if request.path.endswith("/security-credentials/"):
            return web.Response(text="our-role")
        assert request.path.endswith("/security-credentials/our-role")
        return web.json_response(
            {"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T", "Expiration": "2030-01-01T00:00:00Z"}
        )

    async with serving(metadata) as url:
        lent = await AwsIdentity({}, region="r", metadata=url)()
    assert lent.value == AwsKeys("A", "S", "T")
    assert lent.until == 1893456000.0


async def test_an_aws_container_asks_its_agent(tmp_path: Path) -> None:
    async def agent(request: web.Request) -> web.Response:
        assert request.headers["authorization"] == "pod token"
        return web.json_response({"AccessKeyId": "A", "SecretAccessKey": "S", "Expiration": "2030-01-01T00:00:00Z"})

    (tmp_path / "token").write_text("pod token")
    async with serving(agent) as url:
        told = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{url}/v1/credentials"}
        told["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
        assert (await AwsIdentity(told, region="r")()).value == AwsKeys("A", "S")


async def test_an_aws_cluster_exchanges_its_token(tmp_path: Path) -> None:
    async def sts(request: web.Request) -> web.Response:
        form = await request.post()
        assert (form["Action"], form["WebIdentityToken"]) == ("AssumeRoleWithWebIdentity", "signed by the cluster")
        keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>S</SecretAccessKey><SessionToken>T</SessionToken>"
        end = "<Expiration>2030-01-01T00:00:00Z</Expiration>"
        inner = f"<AssumeRoleWithWebIdentityResult><Credentials>{keys}{end}</Credentials>"
        text = f'<R xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{inner}</AssumeRoleWithWebIdentityResult></R>'
        return web.Response(text=text)

    (tmp_path / "token").write_text("signed by the cluster\n")
    async with serving(sts) as url:
        told = {"AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"), "AWS_ROLE_ARN": "arn:role"}
        assert (await AwsIdentity(told, region="r", sts=url)()).value == AwsKeys("A", "S", "T")


async def test_a_machine_without_a_role_is_told() -> None:
    async def metadata(request: web.Request) -> web.Response:
        return web.Response(status=404, text="none")

    async with serving(metadata) as url:
        with pytest.raises(StorageUnavailable, match="refused PUT with status 404"):
            await AwsIdentity({}, region="r", metadata=url)()
