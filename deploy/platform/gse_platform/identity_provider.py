"""A stand-in for a department's OpenID Connect provider, on this machine only: no passwords, one click a persona."""

import argparse
import logging
import warnings

import werkzeug.serving
from authlib.deprecate import AuthlibDeprecationWarning  # type: ignore[import-untyped]  # it has no stubs
from jinja2 import ChoiceLoader, PackageLoader

from gse_platform.personas import PERSONAS, claims


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    # The library still uses authlib.jose, which says that it is deprecated, at import and at use.
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    import oidc_provider_mock  # noqa: PLC0415 (imported where its warning is silenced)

    app = oidc_provider_mock.app(
        user_claims=[oidc_provider_mock.User(sub=persona.key, claims=claims(persona)) for persona in PERSONAS],
    )
    # Our own page for the choice: people and what they are, and nothing from another site.
    app.jinja_loader = ChoiceLoader([PackageLoader("gse_platform"), *filter(None, [app.jinja_loader])])
    app.jinja_env.globals["personas"] = PERSONAS
    # One line for each request is of no use to anybody.
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    # "localhost", since the provider takes its issuer from the address that it is asked at.
    werkzeug.serving.make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
