// Reads every message of a folder with BouncyCastle and verifies every signature whose key is in the message: one line a file,
// `name: what it is`, or `name: error: why`.
import java.nio.file.*;
import java.util.*;
import org.bouncycastle.asn1.cmc.*;
import org.bouncycastle.asn1.x509.*;
import org.bouncycastle.cert.*;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.util.Store;

public class Messages {
    static final BouncyCastleProvider PROVIDER = new BouncyCastleProvider();

    public static void main(String[] arguments) throws Exception {
        try (var files = Files.newDirectoryStream(Path.of(arguments[0]), "*.der")) {
            for (Path file : files) {
                String name = file.getFileName().toString(), kind = name.replaceAll(".*\\.(\\w+)\\.der", "$1");
                String what;
                try {
                    byte[] der = Files.readAllBytes(file);
                    what = switch (kind) {
                        case "req" -> request(der);
                        case "resp" -> response(new CMSSignedData(der));
                        case "cer" -> certificate(new X509CertificateHolder(der));
                        case "crl" -> "list of " + new X509CRLHolder(der).getRevokedCertificates().size();
                        default -> "error: unknown kind " + kind;
                    };
                } catch (Exception | AssertionError error) {
                    what = "error: " + error;
                }
                System.out.println(name + ": " + what);
            }
        }
    }

    static String request(byte[] der) throws Exception {
        CMSSignedData message;
        try {
            message = new CMSSignedData(der);
        } catch (CMSException notCms) {
            return pkcs10(new PKCS10CertificationRequest(der));
        }
        byte[] content = (byte[]) message.getSignedContent().getContent();
        if (!message.getSignedContentTypeOID().equals(CMCObjectIdentifiers.id_cct_PKIData.getId())) {
            return "CMS of " + request(content) + signers(message, null);
        }
        PKIData data = PKIData.getInstance(content);
        List<String> parts = new ArrayList<>();
        for (TaggedAttribute control : data.getControlSequence()) parts.add(control.getAttrType().getId());
        PKCS10CertificationRequest inner = null;
        for (TaggedRequest tagged : data.getReqSequence()) {
            check(tagged.getTagNo() == TaggedRequest.TCR, "a part that is no PKCS #10");
            var tcr = TaggedCertificationRequest.getInstance(tagged.getValue());
            // The library keeps the request to itself: it is the second element.
            inner = new PKCS10CertificationRequest(((org.bouncycastle.asn1.ASN1Sequence) tcr.toASN1Primitive()).getObjectAt(1).toASN1Primitive().getEncoded());
            parts.add(pkcs10(inner));
        }
        return "CMC " + parts + signers(message, inner.getSubjectPublicKeyInfo());
    }

    static String pkcs10(PKCS10CertificationRequest request) throws Exception {
        String algorithm = request.getSignatureAlgorithm().getAlgorithm().getId();
        if (algorithm.equals("1.3.6.1.5.5.7.6.2")) return "PKCS #10 without signature";
        var key = request.getSubjectPublicKeyInfo();
        check(request.isSignatureValid(verifier(key)), "the signature of the PKCS #10 is wrong");
        return "PKCS #10, " + request.getAttributes().length + " attributes";
    }

    static String response(CMSSignedData message) throws Exception {
        String certificates = message.getCertificates().getMatches(null).size() + " certificates";
        if (message.getSignedContent() == null || message.getSignedContent().getContent() == null) return certificates;
        check(message.getSignedContentTypeOID().equals(CMCObjectIdentifiers.id_cct_PKIResponse.getId()), "no PKIResponse");
        PKIResponse response = PKIResponse.getInstance(message.getSignedContent().getContent());
        List<String> parts = new ArrayList<>();
        for (var element : response.getControlSequence()) {
            TaggedAttribute control = TaggedAttribute.getInstance(element);
            var value = control.getAttrValues().getObjectAt(0);
            boolean status = control.getAttrType().equals(CMCObjectIdentifiers.id_cmc_statusInfo);
            parts.add(status ? "status " + CMCStatusInfo.getInstance(value).getCMCStatus().toASN1Primitive() : control.getAttrType().getId());
        }
        return "PKIResponse " + parts + ", " + certificates + signers(message, null);
    }

    static String certificate(X509CertificateHolder certificate) throws Exception {
        List<String> oids = new ArrayList<>();
        for (Object oid : certificate.getExtensionOIDs()) oids.add(certificate.getExtension((org.bouncycastle.asn1.ASN1ObjectIdentifier) oid).getExtnId().getId());
        certificate.getExtensions();
        return "certificate, " + oids.size() + " extensions";
    }

    // The new key signs without a certificate; every other signer brings its own.
    static String signers(CMSSignedData message, SubjectPublicKeyInfo newKey) throws Exception {
        Store<X509CertificateHolder> certificates = message.getCertificates();
        int verified = 0;
        for (SignerInformation signer : message.getSignerInfos()) {
            var matches = certificates.getMatches(signer.getSID());
            SubjectPublicKeyInfo key = matches.isEmpty() ? newKey : ((X509CertificateHolder) matches.iterator().next()).getSubjectPublicKeyInfo();
            check(key != null, "a signer without certificate");
            var builder = new JcaSimpleSignerInfoVerifierBuilder().setProvider(PROVIDER);
            var publicKey = new org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter().setProvider(PROVIDER).getPublicKey(key);
            check(signer.verify(builder.build(publicKey)), "a signature of the message is wrong");
            verified++;
        }
        return ", " + verified + " signatures";
    }

    static org.bouncycastle.operator.ContentVerifierProvider verifier(SubjectPublicKeyInfo key) throws Exception {
        return new JcaContentVerifierProviderBuilder().setProvider(PROVIDER).build(key);
    }

    static void check(boolean holds, String why) {
        if (!holds) throw new AssertionError(why);
    }
}
