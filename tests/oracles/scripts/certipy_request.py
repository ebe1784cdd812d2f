"""`certipy req` over web enrollment by HTTPS and NTLM: PORT CA-FILE USER PASSWORD ARGUMENT... Says what certipy says."""

import os
import sys

port, ca_file, user, password, *arguments = sys.argv[1:]
# requests verifies by what the environment names, whatever a program asks for.
os.environ.pop("CURL_CA_BUNDLE", None)
os.environ["REQUESTS_CA_BUNDLE"] = ca_file
sys.argv = ["certipy", "req", "-u", user, "-p", password, "-ca", "Contoso Issuing CA", "-web", "-scheme", "https"]
sys.argv += ["-port", port, "-target", "127.0.0.1", "-dc-ip", "127.0.0.1", *arguments]

from certipy.entry import main  # noqa: E402

main()
