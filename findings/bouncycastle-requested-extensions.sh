#!/bin/sh
# Version: BouncyCastle 1.72 (Debian 12: libbcpkix-java, libbcprov-java and libbcutil-java 1.72-2).
#
# Behaviour: PKCS10CertificationRequest.getRequestedExtensions() gives the extensions that a request asks for (RFC 2986 4.1
# and RFC 2985 5.4.2), or null when it asks for none. The first request that a process reads asks for none, whatever is in
# it, and goes on so; the same octets, read after that question, ask for their extensions. The method compares object
# identifiers as objects: a parsed one is the constant only if the class with the constants had been loaded before. A
# test that builds its request in the same process, or registers the provider, never sees it; an authority that takes one
# request a process sees no subject alternative name, ever.
#
# Output seen:
#   a new process
#     null of the attributes 1.2.840.113549.1.9.14
#     null of the same request, asked again
#     [2.5.29.17, 2.5.29.15] of the same octets, read again
#   a new process that registers the provider first
#     [2.5.29.17, 2.5.29.15] of the attributes 1.2.840.113549.1.9.14
#     [2.5.29.17, 2.5.29.15] of the same request, asked again
#     [2.5.29.17, 2.5.29.15] of the same octets, read again
#
# Unpacks pinned packages of Debian 12 into a temporary folder, and fails when the behaviour changes. Java, 11 or later,
# and OpenSSL are those of the machine.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get download -qq libbcpkix-java=1.72-2 libbcprov-java=1.72-2 libbcutil-java=1.72-2 2>apt || { cat apt; exit 1; }
for package in *.deb; do
  dpkg-deb --extract "$package" .
  dpkg-deb --show "$package"
done
openssl req -new -newkey rsa:2048 -nodes -keyout key.pem -subj /CN=alice -addext subjectAltName=DNS:host.contoso.test \
  -addext keyUsage=critical,digitalSignature -outform DER -out request.der 2>/dev/null
cat >Requested.java <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Security;
import java.util.Arrays;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

class Requested {
    public static void main(String[] arguments) throws Exception {
        if (arguments.length > 1) Security.addProvider(new BouncyCastleProvider());
        var octets = Files.readAllBytes(Path.of(arguments[0]));
        var first = new PKCS10CertificationRequest(octets);
        System.out.println("  " + requested(first) + " of the attributes " + first.getAttributes()[0].getAttrType());
        System.out.println("  " + requested(first) + " of the same request, asked again");
        System.out.println("  " + requested(new PKCS10CertificationRequest(octets)) + " of the same octets, read again");
    }

    static String requested(PKCS10CertificationRequest request) {
        var extensions = request.getRequestedExtensions();
        return extensions == null ? "null" : Arrays.toString(extensions.getExtensionOIDs());
    }
}
JAVA
archives=usr/share/java/bcpkix.jar:usr/share/java/bcprov.jar:usr/share/java/bcutil.jar
for argument in "" provider; do
  echo "a new process${argument:+ that registers the provider first}"
  # shellcheck disable=SC2086 # nothing is no argument
  java -cp "$archives" Requested.java request.der $argument
done >found
cat found
cat >expected <<'TEXT'
a new process
  null of the attributes 1.2.840.113549.1.9.14
  null of the same request, asked again
  [2.5.29.17, 2.5.29.15] of the same octets, read again
a new process that registers the provider first
  [2.5.29.17, 2.5.29.15] of the attributes 1.2.840.113549.1.9.14
  [2.5.29.17, 2.5.29.15] of the same request, asked again
  [2.5.29.17, 2.5.29.15] of the same octets, read again
TEXT
cmp expected found && echo "as described"
