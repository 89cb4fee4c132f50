"""A stand-in for a department's OpenID Connect provider, on this machine only: no passwords, one click a persona."""

import argparse
import warnings

import werkzeug.serving

from gse_platform.personas import PERSONAS, claims


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--port", type=int, required=True)
    port = arguments.parse_args().port
    with warnings.catch_warnings():
        # The library still uses authlib.jose, which says at import that it is deprecated.
        warnings.simplefilter("ignore")
        import oidc_provider_mock  # noqa: PLC0415 (imported where its warning can be silenced)

        app = oidc_provider_mock.app(
            user_claims=[oidc_provider_mock.User(sub=persona.key, claims=claims(persona)) for persona in PERSONAS],
        )
    warnings.simplefilter("ignore", DeprecationWarning)
    # "localhost", since the provider takes its issuer from the address that it is asked at.
    werkzeug.serving.make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
